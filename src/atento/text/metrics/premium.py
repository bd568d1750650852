"""Premiums: how many tokens a language costs for each of another one's, saying the same (Petrov et al. 2023).

Their *premium* (or parity) is the mean of sentences' ratios; here it is the ratio of the sums over parallel lines,
which no very short line can pull about, with an interval that draws the lines of both texts together.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from atento.core.errors import DataError
from atento.text.metrics.bootstrap import Bootstrap, Estimate, quotient
from atento.text.metrics.sums import Matrix


def premium(text: Matrix, reference: Matrix, bootstrap: Bootstrap) -> Estimate:
    """Tokens of a text over those of the reference.

    Args:
        text: sums of groups of lines, [groups, columns].
        reference: those of the reference, whose lines are dealt to groups in the same way.
        bootstrap: draws the same groups of both.
    """
    groups = max(len(text), len(reference))  # fewer, where blank lines end a text
    both = [np.pad(sums, ((0, groups - len(sums)), (0, 0))) for sums in (text, reference)]
    one, other = (bootstrap.sample([sums]) for sums in both)
    return quotient(one, other, "tokens", "tokens")


def check_parallel(lines: Mapping[str, int], against: str) -> None:
    """Refuse texts that cannot be the reference's translation line by line.

    Args:
        lines: how many each text has, by its name.
        against: the reference's name.

    Raises:
        DataError: their numbers of lines differ.
    """
    for name, count in lines.items():
        if count != lines[against]:
            raise DataError(
                f"{name} has {count:,} lines and {against} has {lines[against]:,}; a premium needs parallel texts, "
                "line by line"
            )
