"""Equations as pure functions, the layers that hold their parameters, the decoder protocol, and capture."""
