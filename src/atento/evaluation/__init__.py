"""How good translations and alignments are, with what certainty, and which of two systems is better."""
