"""AER is what hand, brute force and published tables say."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.core.errors import DataError
from atento.data.pharaoh import Alignment, check_links, parse_links, read_alignments
from atento.evaluation.alignment import score_alignments, score_sentences, score_variants, worst_sentences

link = st.tuples(st.integers(0, 5), st.integers(0, 5))
links = st.frozensets(link, max_size=12)
alignment = st.builds(lambda sure, possible: Alignment(sure=sure, possible=possible), links, links)
corpus = st.lists(st.tuples(links, alignment), min_size=1, max_size=4).filter(lambda all_: any(a.sure for _, a in all_))


def test_a_corpus_scored_by_hand():
    gold = [parse_links("0-0 1-1 2?1 2?2"), parse_links("0-1 1-0")]
    predicted = [{(0, 0), (2, 1), (3, 3)}, {(0, 1)}]
    score = score_alignments(predicted, gold)
    # A = 4 links, S = 4; A∩S = {0-0} + {0-1} = 2; A∩P = {0-0, 2-1} + {0-1} = 3
    assert (score.links, score.sure, score.sure_hits, score.possible_hits, score.sentences) == (4, 4, 2, 3, 2)
    assert score.precision == 3 / 4
    assert score.recall == 2 / 4
    assert score.f1 == pytest.approx(0.6)
    assert score.aer == 1 - 5 / 8
    assert score.rows()[0] == ("AER", "37.5 %")
    assert [each.aer for each in score_sentences(predicted, gold)] == [1 - 3 / 5, pytest.approx(1 - 2 / 3)]


@given(corpus)
def test_against_brute_force(pairs):
    predicted, gold = [links for links, _ in pairs], [alignment for _, alignment in pairs]
    a = {(n, *link) for n, links in enumerate(predicted) for link in links}
    s = {(n, *link) for n, alignment in enumerate(gold) for link in alignment.sure}
    p = {(n, *link) for n, alignment in enumerate(gold) for link in alignment.possible}
    score = score_alignments(predicted, gold)
    assert score.aer == pytest.approx(1 - (len(a & s) + len(a & p)) / (len(a) + len(s)))
    assert score.recall == len(a & s) / len(s)
    if a:
        assert score.precision == len(a & p) / len(a)
    sentences = score_sentences(predicted, gold)
    assert sum(each.sure_hits for each in sentences) == score.sure_hits
    for each in (score, *sentences):
        assert all(0 <= rate <= 1 for rate in (each.aer, each.precision, each.recall, each.f1))


@given(corpus)
def test_properties(pairs):
    predicted, gold = [links for links, _ in pairs], [alignment for _, alignment in pairs]
    score = score_alignments(predicted, gold)
    turned = score_alignments(
        [frozenset((j, i) for i, j in links) for links in predicted], [each.inverted() for each in gold]
    )
    assert turned == score
    sure = [Alignment.of(each.sure) for each in gold]
    assert score_alignments([each.sure for each in gold], gold).aer == 0
    only_sure = score_alignments(predicted, sure)
    assert only_sure.aer == pytest.approx(1 - only_sure.f1)
    assert score.aer <= only_sure.aer + 1e-12  # possible links can only forgive


@given(corpus, st.data())
def test_variants_are_scored_as_each_alone(pairs, data):
    gold = [alignment for _, alignment in pairs]
    other = [data.draw(links) for _ in gold]
    variants = [{"one": found, "other": another} for (found, _), another in zip(pairs, other, strict=True)]
    scores = score_variants(iter(variants), gold)
    assert scores == {
        "one": score_alignments([found for found, _ in pairs], gold),
        "other": score_alignments(other, gold),
    }
    variants = [*variants[:-1], {"one": variants[-1]["one"]}]  # a variant without an entry has no links there
    last = score_variants(variants, gold).get("other")
    assert last == (score_alignments([*other[:-1], frozenset()], gold) if len(gold) > 1 else None)
    for count in (len(gold) - 1, len(gold) + 1):
        with pytest.raises(DataError, match=f"{count} predicted alignments for {len(gold)}"):
            score_variants((variants * 2)[:count], gold)


def test_the_worst_sentences_come_first():
    gold = [parse_links(line) for line in ("0-0", "0-0", "0-0 1-1", "0-0 1-1", "0?0")]
    found = [{(0, 0)}, {(1, 1)}, {(1, 0), (0, 1)}, {(0, 0), (2, 2)}, {(0, 0)}]
    scores = score_sentences(found, gold)
    assert [score.errors for score in scores] == [0, 2, 4, 2, 0]
    assert worst_sentences(scores, 4) == [2, 1, 3, 0]  # of two with AER 1 the one with more errors
    assert worst_sentences(scores, 99) == [2, 1, 3, 0, 4]


def test_sentences_where_a_rate_would_be_nothing_by_nothing():
    gold = [parse_links("0-0"), Alignment(), Alignment(), parse_links("0?0")]
    scores = score_sentences([frozenset(), frozenset(), {(0, 0)}, {(0, 0)}], gold)
    assert [(each.precision, each.recall, each.f1, each.aer) for each in scores] == [
        (0.0, 0.0, 0.0, 1.0),
        (1.0, 1.0, 1.0, 0.0),
        (0.0, 1.0, 0.0, 1.0),
        (1.0, 1.0, 1.0, 0.0),
    ]


def test_a_corpus_without_predictions_has_an_error_rate_of_one():
    score = score_alignments([frozenset()], [parse_links("0-0")])
    assert (score.precision, score.recall, score.f1, score.aer) == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("gold", [[], [Alignment()], [parse_links("0?0")]])
def test_nothing_to_score_is_refused(gold):
    with pytest.raises(DataError, match="no sure link"):
        score_alignments([frozenset() for _ in gold], gold)


def test_unequal_counts_are_named():
    with pytest.raises(DataError, match="1 predicted alignments for 2"):
        score_alignments([frozenset()], [Alignment(), Alignment()])


def test_the_hansards_table(corpora):
    folder = corpora / "word-alignment" / "hansards"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    gold = read_alignments(folder / "hansards.en-fr.test.align")
    lengths = [
        [len(line.split(" ")) for line in (folder / f"hansards.en-fr.test.{side}").read_text("utf-8").splitlines()]
        for side in ("en", "fr")
    ]
    check_links(gold, *lengths)
    rows = re.findall(r"^\| (\w+) ([\w-]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \|", _readme(folder), re.M)
    assert len(rows) == 12
    for system, kind, *figures in rows:
        alignments = read_alignments(folder / "systems" / f"{system}.{kind}.pharaoh")
        if kind == "reverse":
            alignments = [each.inverted() for each in alignments]
        score = score_alignments([each.possible for each in alignments], gold)
        found = [100 * score.aer, 100 * score.precision, 100 * score.recall, score.links]
        assert found == pytest.approx([float(figure) for figure in figures], abs=0.0051)


def _readme(folder):
    return (folder / "README.md").read_text(encoding="utf-8")
