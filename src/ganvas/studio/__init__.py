"""The studio: the same as the commands, in the browser. The run folder is the only truth."""
