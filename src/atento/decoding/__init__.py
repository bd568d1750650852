"""Greedy, beam and sampling over the one Decoder protocol, and the batches that inputs are decoded in."""
