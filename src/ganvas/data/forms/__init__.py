"""Pictures in files that other programs write for training: arrays, tables, records, and labels beside pictures."""
