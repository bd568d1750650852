"""The formulas over arrays agree with sacrebleu's own, count by count."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from atento.evaluation import formulas

counts = st.integers(0, 50)


@st.composite
def bleu_counts(draw):
    totals = draw(st.lists(counts, min_size=4, max_size=4))
    correct = [draw(st.integers(0, total)) for total in totals]
    return [draw(counts), draw(counts), *correct, *totals]


@st.composite
def chrf_counts(draw):
    orders = []
    for _ in range(6):
        translated, reference = draw(counts), draw(counts)
        orders += [translated, reference, draw(st.integers(0, min(translated, reference)))]
    return orders


@example([[0, 0, 0, 0, 0, 1, 1, 1, 1, 1], [0, 5, 0, 0, 0, 0, 0, 0, 0, 0], [9, 9, 9, 8, 0, 0, 9, 8, 7, 0]])
@given(st.lists(bleu_counts(), min_size=1, max_size=5))
def test_bleu(rows):
    expected = [BLEU()._compute_score_from_stats(list(row)).score for row in rows]
    assert formulas.bleu(np.array(rows, dtype=float)) == pytest.approx(expected, abs=1e-9)


@given(st.lists(chrf_counts(), min_size=1, max_size=5))
def test_chrf(rows):
    expected = [CHRF()._compute_score_from_stats(row).score for row in rows]
    assert formulas.chrf(np.array(rows, dtype=float)) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.tuples(counts, counts.map(lambda total: total / 3)), min_size=1, max_size=5))
def test_ter(rows):
    expected = [TER()._compute_score_from_stats(row).score for row in rows]
    assert formulas.ter(np.array(rows, dtype=float)) == pytest.approx(expected, rel=1e-9)
