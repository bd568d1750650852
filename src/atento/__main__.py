"""``python -m atento``: the ``atento`` command."""

from atento.cli import main

raise SystemExit(main())
