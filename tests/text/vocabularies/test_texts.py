from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from atento.core.tables import Table
from atento.text.opened.hugging_face import HuggingFaceTokenizer
from atento.text.opened.protocol import OpenTokenizer
from atento.text.spans import byte_level_table
from atento.text.vocabularies.scripts import script_of
from atento.text.vocabularies.text_tables import character_listing, text_tables
from atento.text.vocabularies.texts import count_text, spelling

LINES = ["Olá, mundo! 42", "", "cafe\u0301\u00a0\u200bשל\u202e", "\ufffd\x07日本 日", "a\tb"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("aé 日λ1😀\u0301"), max_size=12)


def _byte_level() -> OpenTokenizer:
    """Bytes, and é, " a" and 日 whole."""
    letters = {byte: letter for letter, byte in byte_level_table().items()}
    merges = [(letters[0xC3], letters[0xA9]), (letters[0x20], "a"), (letters[0xE6], letters[0x97])]
    merges.append((letters[0xE6] + letters[0x97], letters[0xA5]))
    pieces = [*letters.values(), *map("".join, merges)]
    library = Tokenizer(models.BPE(vocab={piece: n for n, piece in enumerate(pieces)}, merges=merges))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    return HuggingFaceTokenizer(library, "bytes")


def _words() -> OpenTokenizer:
    library = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1, "##b": 2, "é": 3}, unk_token="[UNK]"))
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    library.decoder = decoders.WordPiece()
    return HuggingFaceTokenizer(library, "words")


def _row(tables: list[Table], title: str, name: str) -> tuple[object, ...]:
    table = next(table for table in tables if table.title == title)
    return next(row for row in table.rows if row[0] == name)


def test_figures_worked_out_by_hand() -> None:
    found = count_text(LINES)
    assert (found.lines, found.empty, found.total) == (5, 1, 14 + 0 + 10 + 6 + 3)
    assert found.size == sum(len(line.encode()) for line in LINES)
    assert (found.longest, found.longest_line) == (14, 1)
    assert (found.not_composed, found.not_composed_first) == (1, 3)
    assert (found.characters["日"], found.first["日"], found.first["a"]) == (2, 4, 3)
    tables = text_tables(found)
    assert _row(tables, "The whole", "bidirectional controls")[1:] == (1, 3)
    assert _row(tables, "The whole", "controls but tabs")[1:] == (1, 4)
    assert _row(tables, "The whole", "replacement characters (U+FFFD: damaged before)")[1:] == (1, 4)
    assert _row(tables, "The whole", "decimal digits")[1:] == (2, 1)
    assert _row(tables, "The whole", "characters of a line, median")[1] == 6
    assert _row(tables, "By script", "Han")[1:] == (3, 3 / 33, 2)
    assert _row(tables, "By general category", "Nd")[2:] == (2, 2 / 33, 2)
    white = next(table for table in tables if table.title == "White space")
    assert {row[0]: row[3] for row in white.rows} == {"·": 3, "⍽": 1, "→": 1}
    unseen = next(table for table in tables if table.title == "Characters that are not seen")
    assert {row[0] for row in unseen.rows} == {"⟨ZWSP⟩", "⟨RLO⟩", "⟨U+0007⟩"}


@given(st.lists(TEXT, max_size=6))
def test_counts_equal_those_of_the_whole_text(lines: list[str]) -> None:
    found = count_text(iter(lines))
    text = "".join(lines)
    assert found.total == len(text)
    assert found.characters == {character: text.count(character) for character in set(text)}
    assert found.not_composed == sum(unicodedata.normalize("NFC", line) != line for line in lines)
    assert found.longest == max(map(len, lines), default=0)
    for table in text_tables(found):
        assert table.markdown()


@given(st.lists(TEXT, max_size=5))
def test_tokens_are_shared_out_by_bytes(lines: list[str]) -> None:
    tokenizer = _byte_level()
    found = count_text(lines, tokenizer).spelled
    assert found is not None
    shares: dict[str, float] = {}
    for line in lines:
        owners = [script_of(character) for character in line for _ in character.encode()]
        for start, stop in tokenizer.encode(line).spans:
            for owner in owners[start:stop]:
                shares[owner] = shares.get(owner, 0.0) + 1 / (stop - start)
    assert found.by_script == pytest.approx(shares)
    assert found.tokens == pytest.approx(sum(shares.values()))


def test_how_characters_are_spelled() -> None:
    found = count_text(["é 日本 a"], _byte_level())
    assert found.spelled is not None
    assert {c: s.tokens for c, s in found.spelled.characters.items()} == {" ": 1, "a": 1, "é": 1, "日": 1, "本": 3}
    several = next(table for table in text_tables(found) if "several tokens" in table.title)
    assert [(row[0], row[5]) for row in several.rows] == [("本", 3)]


def test_characters_that_are_not_known() -> None:
    tokenizer = _words()
    found = count_text(["ab é", "x é"], tokenizer)
    assert found.spelled is not None
    assert (found.spelled.tokens, found.spelled.unknown) == (5, 1)
    assert spelling(tokenizer, "x").unknown
    assert not spelling(tokenizer, "é").unknown
    unknown = next(table for table in text_tables(found) if "does not know" in table.title)
    assert [row[0] for row in unknown.rows] == ["b", "x"]  # b stands only inside words
    rows = {row[0]: row for row in character_listing("text", found).rows}
    assert rows["x"][-2:] == (1, True)
    assert rows["é"][2:5] == ("LATIN SMALL LETTER E WITH ACUTE", "Latin", "Ll")


def test_nothing_has_nothing() -> None:
    found = count_text([], _byte_level())
    assert (found.lines, found.total, found.longest_line) == (0, 0, None)
    assert all(not table.rows or table.title == "The whole" for table in text_tables(found))


def test_a_corpus_is_all_latin_and_common(corpora: Path) -> None:
    lines = (corpora / "pt-es" / "tatoeba" / "tatoeba.test.pt").read_text("utf-8").splitlines()[:500]
    found = count_text(lines, _byte_level())
    assert found.spelled is not None
    assert sum(found.spelled.by_script.values()) == pytest.approx(found.spelled.tokens)
    assert {script_of(character) for character in found.characters} == {"Latin", "Common"}
