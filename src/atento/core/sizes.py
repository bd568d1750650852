"""How large the parts of a model may be: beyond that, building one would end in no reasonable time or overflow."""

from __future__ import annotations

from collections.abc import Mapping

from atento.core.errors import ConfigurationError

MOST_LAYERS = 1_000
LARGEST_SIZE = 1 << 24
"""Of vectors, vocabularies and positions, in numbers."""


def check_sizes(sizes: Mapping[str, int | None], *, most: int = LARGEST_SIZE) -> None:
    """Refuse sizes that no model can have.

    Args:
        sizes: by the key that gives them; None is one that is not given.
        most: the largest that is allowed.

    Raises:
        ConfigurationError: a size is below 1 or too large; the key and the limit are named.
    """
    for key, size in sizes.items():
        if size is None:
            continue
        if size < 1:
            raise ConfigurationError(f"{key} = {size}: it must be at least 1")
        if size > most:
            raise ConfigurationError(f"{key} = {size}: it must be at most {most:,}; more cannot be computed with")
