"""Measurements against other tools; see README.md. Run from the repository: ``python -m benchmarks``."""
