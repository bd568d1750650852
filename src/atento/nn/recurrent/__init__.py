"""Recurrent layers: cells, packed sequences, plain equations, and fast kernels that agree with them."""
