"""The ``atento`` command: one file per command; heavy libraries are imported where they are used."""

from atento.cli.application import main

__all__ = ["main"]
