"""The Portuguese–Spanish corpus that comes with the package, written for it, with exact word alignments."""
