"""The Pharaoh format comes back as it went, and AER is what hand, brute force and published tables say."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.core.errors import DataError, OutputError
from atento.evaluation.alignment import (
    Alignment,
    check_links,
    format_links,
    parse_links,
    read_alignments,
    score_alignments,
    score_sentences,
    write_alignments,
)

link = st.tuples(st.integers(0, 5), st.integers(0, 5))
links = st.frozensets(link, max_size=12)
alignment = st.builds(lambda sure, possible: Alignment(sure=sure, possible=possible), links, links)
corpus = st.lists(st.tuples(links, alignment), min_size=1, max_size=4).filter(lambda all_: any(a.sure for _, a in all_))


def test_the_three_signs():
    parsed = parse_links(" 0-1 2?3\t4p5  0-1 ")
    assert parsed == Alignment(sure=frozenset({(0, 1)}), possible=frozenset({(2, 3), (4, 5)}))
    assert parsed.possible == {(0, 1), (2, 3), (4, 5)}
    assert format_links(parsed) == "0-1 2?3 4?5"
    assert format_links(parsed, one_based=True) == "1-2 3?4 5?6"
    assert parse_links("") == Alignment()
    assert parse_links("1-2 3?4", one_based=True) == parse_links("0-1 2?3")


@given(alignment, st.booleans())
def test_the_format_comes_back(given_alignment, one_based):
    line = format_links(given_alignment, one_based=one_based)
    assert parse_links(line, one_based=one_based) == given_alignment
    assert given_alignment.inverted().inverted() == given_alignment


@pytest.mark.parametrize("text", ["0", "0-", "a-b", "0-1-2", "0:1", "-1-2", "0—1", "1.0-2", "٣-1"])
def test_what_is_no_link_is_refused(text):
    with pytest.raises(DataError, match=re.escape(repr(text))):
        parse_links(f"0-0 {text}")


def test_files_come_back_and_faults_are_placed(tmp_path):
    alignments = [Alignment.of([(0, 1), (1, 0)]), Alignment(), parse_links("0?0")]
    path = tmp_path / "gold"
    write_alignments(path, alignments)
    assert path.read_bytes() == b"0-1 1-0\n\n0?0\n"
    assert read_alignments(path) == alignments
    with pytest.raises(DataError, match=r"gold, line 1: .*counts from 0"):
        read_alignments(path, one_based=True)
    path.write_text("0-0\n0-0 x\n")
    with pytest.raises(DataError, match="gold, line 2: 'x'"):
        read_alignments(path)
    path.write_text("")
    with pytest.raises(DataError, match="is empty"):
        read_alignments(path)
    with pytest.raises(OutputError):
        write_alignments(tmp_path, alignments)


def test_links_outside_their_sentences_are_found():
    alignments = [parse_links("0-0"), parse_links("1-2 2?1")]
    check_links(alignments, [1, 3], [1, 3])
    with pytest.raises(DataError, match=r"line 2: the link 2-1 .*2 and 3 words"):
        check_links(alignments, [1, 2], [1, 3])
    with pytest.raises(DataError, match="2 lines of links for 1 source and 1 target"):
        check_links(alignments, [1], [1])


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
