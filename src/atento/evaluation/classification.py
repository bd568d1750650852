"""How well texts are classified: accuracy, precision, recall, F1 a class, macro-F1, and what is taken for what.

Macro-F1 is the mean of the F1 of the classes that occur or are guessed, as scikit-learn has it with ``average="macro"``
and ``zero_division=0``. Intervals are bootstrap intervals over the texts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from atento.evaluation.formulas import Counts
from atento.evaluation.report import Interval, Report
from atento.evaluation.resampling import bootstrap_sums, interval

Int64s = npt.NDArray[np.int64]


class ClassScore(Report, frozen=True, kw_only=True):
    """One class."""

    name: str
    count: int
    """Texts that have it."""
    precision: float
    recall: float
    f1: float


class ClassificationReport(Report, frozen=True, kw_only=True):
    """A classifier's guesses of some texts. Shares of one, not per cent."""

    texts: int
    accuracy: float
    macro_f1: float
    accuracy_interval: Interval | None
    macro_f1_interval: Interval | None
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    """How many texts of class i (row) were taken for class j (column)."""


def evaluate_classes(
    right: Sequence[int], guessed: Sequence[int], names: Sequence[str], *, resamples: int = 1000, seed: int = 12345
) -> ClassificationReport:
    """Compare guesses with the right classes.

    Args:
        right: each text's class.
        guessed: what it was taken for.
        names: of the classes.
        resamples: of the bootstrap; 0: no intervals.
        seed: of the bootstrap.

    Raises:
        ValueError: no text, or unequally many.
    """
    if not len(right) or len(right) != len(guessed):
        raise ValueError(f"{len(right)} classes and {len(guessed)} guesses")
    size = len(names)
    confusion = confusion_matrix(np.array(right), np.array(guessed), size)
    precision, recall, f1 = (part[0] for part in _rates(confusion[None].astype(np.float64)))
    intervals: list[Interval | None] = [None, None]
    if resamples:
        cells = np.zeros((len(right), size * size))
        cells[np.arange(len(right)), np.array(right) * size + np.array(guessed)] = 1.0
        (sums,) = bootstrap_sums([cells], resamples, seed)
        drawn = sums.reshape(-1, size, size)
        intervals = [interval(_accuracy(drawn)), interval(_macro_f1(drawn))]
    return ClassificationReport(
        texts=len(right),
        accuracy=float(_accuracy(confusion[None].astype(np.float64))[0]),
        macro_f1=macro_f1(confusion),
        accuracy_interval=intervals[0],
        macro_f1_interval=intervals[1],
        classes=tuple(
            ClassScore(
                name=name,
                count=int(confusion[number].sum()),
                precision=float(precision[number]),
                recall=float(recall[number]),
                f1=float(f1[number]),
            )
            for number, name in enumerate(names)
        ),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
    )


def confusion_matrix(right: Int64s, guessed: Int64s, classes: int) -> Int64s:
    """[right, guessed] counts."""
    return np.bincount(right * classes + guessed, minlength=classes * classes).reshape(classes, classes)


def macro_f1(confusion: Int64s) -> float:
    """Of one matrix of counts."""
    return float(_macro_f1(confusion[None].astype(np.float64))[0])


def _accuracy(matrices: Counts) -> Counts:
    right: Counts = np.trace(matrices, axis1=1, axis2=2) / matrices.sum(axis=(1, 2))
    return right


def _rates(matrices: Counts) -> tuple[Counts, Counts, Counts]:
    """Precision, recall and F1 of every class, [matrices, classes]; 0 where there is nothing to divide by."""
    right = np.diagonal(matrices, axis1=1, axis2=2)
    guessed, wanted = matrices.sum(axis=1), matrices.sum(axis=2)
    precision, recall = _divided(right, guessed), _divided(right, wanted)
    return precision, recall, _divided(2 * right, guessed + wanted)


def _macro_f1(matrices: Counts) -> Counts:
    """Of each matrix."""
    there = (matrices.sum(axis=1) + matrices.sum(axis=2)) > 0
    mean: Counts = _rates(matrices)[2].sum(axis=1) / there.sum(axis=1)
    return mean


def _divided(above: Counts, below: Counts) -> Counts:
    result: Counts = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    return result
