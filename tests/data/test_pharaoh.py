"""The Pharaoh format comes back as it went; what does not fit is placed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.core.errors import DataError, OutputError
from atento.data.pharaoh import (
    Alignment,
    check_links,
    format_links,
    parse_links,
    read_alignments,
    write_alignments,
)

links = st.frozensets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12)
alignment = st.builds(lambda sure, possible: Alignment(sure=sure, possible=possible), links, links)


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
    assert read_alignments(path, invert=True) == [each.inverted() for each in alignments]
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
