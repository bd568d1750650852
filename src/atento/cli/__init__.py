"""The ``atento`` command: one file per command; heavy libraries are imported where they are used."""

import sys

try:
    from atento.cli.application import main
except KeyboardInterrupt:  # Ctrl-C before ``failures.handled`` is there to tell it
    print("interrupted", file=sys.stderr)
    raise SystemExit(130) from None

__all__ = ["main"]
