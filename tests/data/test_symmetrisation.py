"""Two directions combined: properties, another way of writing it down, and the outputs of real aligners."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from atento.core.errors import DataError
from atento.data.pharaoh import inverted, read_alignments
from atento.data.symmetrisation import METHODS, final, grow_diag, symmetrise, symmetrise_corpus

link_sets = st.frozensets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=14)
SYMAL = ((-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))
"""(target, source) steps in symal's order."""


def matrix(links, shape):
    result = np.zeros(shape, bool)
    for i, j in links:
        result[j, i] = True
    return result


def reference(forward, backward, method, order=SYMAL, both=False):
    """The heuristics on Boolean matrices [target, source], in the words of their authors' pseudo code."""
    points = forward | backward
    shape = tuple(1 + max((link[axis] for link in points), default=0) for axis in (1, 0))
    there, back = matrix(forward, shape), matrix(backward, shape)
    aligned = there | back if method == "union" else there & back
    if method.startswith("grow"):
        while grown(aligned, there | back, order, both):
            pass
    if "final" in method:
        for direction in (there, back):
            for y, x in np.argwhere(direction):
                aligned[y, x] |= free(aligned, y, x, method.endswith("and"))
    return frozenset((int(x), int(y)) for y, x in np.argwhere(aligned))


def grown(aligned, union, order, both):
    """One scan over the matrix, and whether it added anything."""
    before = aligned.sum()
    for y, x in np.ndindex(aligned.shape):
        if aligned[y, x]:
            for place in ((y + down, x + right) for down, right in order):
                if all(0 <= at < size for at, size in zip(place, aligned.shape, strict=True)) and union[place]:
                    aligned[place] |= free(aligned, *place, both)
    return aligned.sum() > before


def free(aligned, y, x, both):
    uncovered = (not aligned[y].any(), not aligned[:, x].any())
    return all(uncovered) if both else any(uncovered)


def test_by_hand():
    # three words each; both say 0-0; forward says 1-1 and 2-1, backward 1-2
    forward, backward = frozenset({(0, 0), (1, 1), (2, 1)}), frozenset({(0, 0), (1, 2)})
    found = {method: symmetrise(forward, backward, method) for method in METHODS}
    assert found["intersection"] == {(0, 0)}
    assert found["union"] == forward | backward
    # 1-1 touches 0-0; then its neighbours: 2-1 joins the free source 2, 1-2 the free target 2
    assert found["grow-diag"] == forward | backward
    far = frozenset({(0, 0), (3, 3)}), frozenset({(0, 0), (3, 0), (5, 5)})
    assert symmetrise(*far, "grow-diag") == {(0, 0)}
    assert symmetrise(*far, "grow-diag-final-and") == {(0, 0), (3, 3), (5, 5)}
    one_free = frozenset({(0, 0)}), frozenset({(0, 0), (3, 0)})
    assert symmetrise(*one_free, "grow-diag-final-and") == {(0, 0)}
    assert symmetrise(*one_free, "grow-diag-final") == {(0, 0), (3, 0)}


@given(link_sets, link_sets, st.sampled_from(METHODS))
def test_against_matrices(forward, backward, method):
    assert symmetrise(forward, backward, method) == reference(forward, backward, method)


@given(link_sets, link_sets)
def test_growing_by_words_free_on_both_sides_against_matrices(forward, backward):
    strict = grow_diag(forward, backward, free="both")
    assert strict == reference(forward, backward, "grow-diag", both=True)


@given(link_sets, link_sets)
@example(frozenset(), frozenset())
def test_properties(forward, backward):
    found = {method: symmetrise(forward, backward, method) for method in METHODS}
    assert found["intersection"] == forward & backward
    assert found["union"] == forward | backward
    for last in ("grow-diag-final-and", "grow-diag-final"):
        assert found["intersection"] <= found["grow-diag"] <= found[last] <= found["union"]
    for side in (0, 1):  # grow-diag-final leaves no word alone that some link could join
        assert {link[side] for link in found["grow-diag-final"]} == {link[side] for link in found["union"]}
    for method in METHODS:
        assert symmetrise(forward, forward, method) == forward


def test_a_final_and_may_have_a_link_that_final_has_not():
    """What a rule adds keeps other links out: here 3-2 and 0-0, each with one free word, take 3 and 0 from 3-0."""
    forward, backward = frozenset({(0, 0), (3, 2), (1, 3)}), frozenset({(0, 2), (1, 3), (3, 0)})
    assert symmetrise(forward, backward, "grow-diag") == {(1, 3), (0, 2)}
    assert symmetrise(forward, backward, "grow-diag-final") == {(1, 3), (0, 2), (0, 0), (3, 2)}
    assert symmetrise(forward, backward, "grow-diag-final-and") == {(1, 3), (0, 2), (3, 0)}


def test_unequal_numbers_are_refused():
    with pytest.raises(DataError, match="2 forward and 1 backward"):
        symmetrise_corpus([frozenset(), frozenset()], [frozenset()], "union")


@pytest.fixture
def systems(corpora: Path) -> Path:
    folder = corpora / "word-alignment" / "hansards" / "systems"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    return folder


def read(folder: Path, system: str, kind: str) -> list[frozenset[tuple[int, int]]]:
    links = [each.possible for each in read_alignments(folder / f"{system}.{kind}.pharaoh")]
    return [inverted(each) for each in links] if kind == "reverse" else links


UNORDERED = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, 0), (1, -1), (1, 1))
"""(source, target) steps as the unordered set of the script that wrote these files gave them (Python before 3.8)."""


@pytest.mark.parametrize("system", ["giza", "fastalign"])
@pytest.mark.parametrize("method", ["intersection", "union"])
def test_published_combinations(systems, system, method):
    directions = read(systems, system, "forward"), read(systems, system, "reverse")
    assert symmetrise_corpus(*directions, method) == read(systems, system, method)


@pytest.mark.parametrize(("system", "differing"), [("giza", []), ("fastalign", [64, 115, 135, 168, 188])])
@pytest.mark.parametrize("kind", ["grow-diagonal", "grow-diagonal-final"])
def test_published_growing(systems, system, kind, differing):
    """They were grown by words free on both sides; five lines depend on the order as well."""
    directions = list(zip(read(systems, system, "forward"), read(systems, system, "reverse"), strict=True))
    published = read(systems, system, kind)

    def finished(grown, forward, backward):
        return final(grown, forward, backward, free="both") if kind.endswith("final") else grown

    ours = [finished(grow_diag(*pair, free="both"), *pair) for pair in directions]
    assert [line for line, (a, b) in enumerate(zip(ours, published, strict=True), 1) if a != b] == differing
    # the script goes by source word, then by target word, and through the neighbours in its own order
    turned = [(inverted(forward), inverted(backward)) for forward, backward in directions]
    grown = [inverted(reference(*pair, "grow-diag", UNORDERED, both=True)) for pair in turned]
    assert [finished(each, *pair) for each, pair in zip(grown, directions, strict=True)] == published


@pytest.mark.parametrize("system", ["giza", "fastalign"])
def test_on_real_outputs_each_rule_contains_the_stricter_one(systems, system):
    directions = read(systems, system, "forward"), read(systems, system, "reverse")
    found = [
        symmetrise_corpus(*directions, method)
        for method in ("intersection", "grow-diag", "grow-diag-final-and", "grow-diag-final", "union")
    ]
    for smaller, larger in pairwise(found):
        assert all(a <= b for a, b in zip(smaller, larger, strict=True))
