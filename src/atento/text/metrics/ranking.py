"""Which tokenizer comes first. Bytes per token alone would put one first that turns every sentence into ``<unk>``.

So a tokenizer that loses text is flagged, and comes after all that do not, those that lose least first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from atento.core.configuration import nearest
from atento.core.errors import ConfigurationError
from atento.text.metrics.measuring import Measurement, Row

MOST_UNKNOWN: Final = 0.001
"""Of the tokens. One in a thousand is one in every forty sentences or so: a text that cannot be had back."""
MOST_LOST: Final = 0.001
"""Of the visible characters."""
LEAST_EXACT: Final = 0.99
"""Of the texts. Tokenizers that put the wrong spaces back, or make letters small, are far below; those that only tidy
rare signs (non-breaking spaces, ligatures) stay above."""

RULES: Final = (
    f"Flagged, and after all others: more than {100 * MOST_UNKNOWN:g} % of tokens unknown, more than "
    f"{100 * MOST_LOST:g} % of visible characters lost, or fewer than {100 * LEAST_EXACT:g} % of texts exact. The "
    "others stand by bytes per token, flagged ones by characters lost."
)
_BIGGER_IS_BETTER: Final = {
    "bytes_per_token": True,
    "characters_per_token": True,
    "tokens_per_word": False,
    "unknown_rate": False,
    "lost": False,
    "exact": True,
    "whole_words": True,
    "entries": False,
    "used": True,
    "renyi": True,
    "renyi_seen": True,
    "speed": True,
}
ORDERS: Final = ("rank", *_BIGGER_IS_BETTER, "name")
"""What a leaderboard can be sorted by."""


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A row with its place."""

    row: Row
    rank: int
    """By the rules above, whatever the table is sorted by."""
    flags: tuple[str, ...]
    """Why it comes after those that have none."""


def flags_of(row: Row) -> tuple[str, ...]:
    """Why a tokenizer is flagged: its reasons, worst first; none if it keeps the text."""
    figures = {key: figure.ratio.value or 0.0 for key, figure in row.overall.figures.items()}
    reasons = []
    if figures["unknown_rate"] > MOST_UNKNOWN:
        reasons.append(f"{_percent(figures['unknown_rate'])} of tokens are unknown")
    if figures["lost"] > MOST_LOST:
        reasons.append(f"loses {_percent(figures['lost'])} of characters")
    if figures["exact"] < LEAST_EXACT:
        reasons.append(f"{_percent(figures['exact'])} of texts come back exactly")
    return tuple(reasons)


def ranked(measurement: Measurement, order: str = "rank") -> list[Ranked]:
    """The tokenizers, best first.

    Args:
        measurement: what was found.
        order: one of ``ORDERS``; only ``rank`` puts flagged ones last.

    Raises:
        ConfigurationError: there is no such order.
    """
    check_order(order)
    flags = {row.name: flags_of(row) for row in measurement.rows}
    by_rank = sorted(measurement.rows, key=lambda row: _key(row, flags))
    rows = [Ranked(row=row, rank=rank, flags=flags[row.name]) for rank, row in enumerate(by_rank, 1)]
    return sorted(rows, key=lambda found: _value(found, order))


def check_order(order: str) -> None:
    """Refuse an order that does not exist.

    Raises:
        ConfigurationError: it does not.
    """
    if order not in ORDERS:
        raise ConfigurationError(f"nothing is sorted by {order!r}{nearest(order, ORDERS)}")


def _key(row: Row, flags: Mapping[str, Sequence[str]]) -> tuple[bool, float, float]:
    figures = row.overall.figures
    is_flagged = bool(flags[row.name])
    lost = figures["lost"].ratio.value or 0.0
    return is_flagged, lost if is_flagged else 0.0, -(figures["bytes_per_token"].ratio.value or 0.0)


def _value(found: Ranked, order: str) -> tuple[bool, float | str]:
    """What rows are sorted by; those that have no such figure come last."""
    row = found.row
    if order == "rank":
        return False, float(found.rank)
    if order == "name":
        return False, row.name
    value = {
        "entries": float(row.entries),
        "used": row.overall.used,
        "renyi": row.overall.renyi,
        "renyi_seen": row.overall.renyi_seen,
        "speed": row.overall.speed.total,
        **{key: figure.ratio.value for key, figure in row.overall.figures.items()},
    }[order]
    if value is None:
        return True, 0.0
    return False, -value if _BIGGER_IS_BETTER[order] else value


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 or share == 0 else f"{100 * share:.2g} %"
