"""Networks from other programs, and for them."""
