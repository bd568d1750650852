"""Corpora: reading, checking, cleaning, splitting, encoding, and batches of them."""
