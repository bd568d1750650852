"""How well tokenizers suit a text: measured over a stream, with intervals, and ranked with open rules."""
