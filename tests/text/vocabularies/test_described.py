from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from atento.core.errors import ConfigurationError
from atento.core.tables import Table
from atento.text.opened.hugging_face import HuggingFaceTokenizer
from atento.text.vocabularies.described import Described, describe
from atento.text.vocabularies.picking import pick, search
from atento.text.vocabularies.tables import full_listing, listing, vocabulary_tables

PIECES = (
    "[UNK]", "casa", "▁casa", "λόγος", "שלום", "日本", "さくら", "日本の", "12", "▁2023a", "!", "▁...", "€", "😀",
    "\u0301", "a\u200db", "▁", "\t", "３", "кот", "x²",
)  # fmt: skip


@pytest.fixture(scope="module")
def entries() -> list[Described]:
    """A vocabulary of whole words by hand; the last entry is special."""
    library = Tokenizer(models.WordLevel({piece: n for n, piece in enumerate(PIECES)}, unk_token="[UNK]"))
    library.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    library.decoder = decoders.Metaspace(prepend_scheme="never")
    library.add_special_tokens(["<s>"])
    return describe(HuggingFaceTokenizer(library, "hand"))


def _rows(tables: Sequence[Table], title: str) -> list[tuple[object, ...]]:
    return next(list(table.rows) for table in tables if table.title == title)


def _pieces(entries: Sequence[Described]) -> list[str]:
    return [each.entry.piece for each in entries]


def test_scripts_are_those_of_the_letters(entries: list[Described]) -> None:
    found = {each.entry.piece: each.script for each in entries}
    assert found == {
        "[UNK]": "special", "casa": "Latin", "▁casa": "Latin", "λόγος": "Greek", "שלום": "Hebrew", "日本": "Han",
        "さくら": "Hiragana", "日本の": "mixed", "12": "Common", "▁2023a": "Latin", "!": "Common", "▁...": "Common",
        "€": "Common", "😀": "Emoji", "\u0301": "Inherited", "a\u200db": "Latin", "▁": "Common", "\t": "Common",
        "３": "Common", "кот": "Cyrillic", "x²": "Latin", "<s>": "special",
    }  # fmt: skip


def test_categories_are_those_of_all_characters_but_a_first_space(entries: list[Described]) -> None:
    found = {each.entry.piece: each.group for each in entries}
    assert found == {
        "[UNK]": "special", "casa": "letters", "▁casa": "letters", "λόγος": "letters", "שלום": "letters",
        "日本": "letters", "さくら": "letters", "日本の": "letters", "12": "digits", "▁2023a": "mixed",
        "!": "punctuation", "▁...": "punctuation", "€": "symbols", "😀": "symbols", "\u0301": "letters",
        "a\u200db": "mixed", "▁": "white space", "\t": "white space", "３": "digits", "кот": "letters", "x²": "mixed",
        "<s>": "special",
    }  # fmt: skip


def test_tables_have_the_counts_worked_out_by_hand(entries: list[Described]) -> None:
    tables = vocabulary_tables(entries, longest=2)
    counts = {str(row[0]): row[1] for row in _rows(tables, "By property")}
    assert counts["entries"] == 22
    assert (counts["special tokens"], counts["unknown token"]) == (1, 1)
    assert counts["with a space at the beginning"] == 4
    assert counts["with digits"] == 3  # a superscript is no decimal digit
    assert counts["with letters that run from right to left"] == 1
    assert counts["with a combining mark at the beginning"] == 1
    assert counts["with characters that are not seen"] == 1
    assert [row[:3] for row in _rows(tables, "Digits")] == [("1", 1, 1), ("2", 1, 1), ("4", 1, 0)]
    assert sum(int(str(row[1])) for row in _rows(tables, "By script")) == 22
    assert sum(int(str(row[1])) for row in _rows(tables, "By general category")) == 22
    lengths = {row[0]: row[1:] for row in _rows(tables, "By length")}
    assert lengths["1"] == (7, 3)  # ! € 😀 ´ ▁ tab ３ by characters; !, ▁ and tab by bytes
    assert lengths["5"] == (2, 2)  # " casa" and λόγος; " casa" and a ZWJ b
    assert [row[0] for row in _rows(tables, "The longest entries")] == [3, 6]
    assert [row[5:7] for row in _rows(tables, "The longest entries")] == [(5, 10), (3, 9)]


def test_entries_are_picked_by_what_they_are(entries: list[Described]) -> None:
    assert _pieces(pick(entries, ["script=greek"])) == ["λόγος"]
    assert _pieces(pick(entries, ["digits", "space"])) == ["▁2023a"]
    assert _pieces(pick(entries, ["characters=3"])) == ["さくら", "日本の", "a\u200db", "кот"]
    assert _pieces(pick(entries, ["characters=3", "longest"])) == ["さくら", "日本の", "кот", "a\u200db"]
    assert _pieces(pick(entries, ["special"])) == ["<s>"]
    assert _pieces(pick(entries, ["right-to-left"])) == ["שלום"]
    assert _pieces(pick(entries, ["hidden"])) == ["a\u200db"]
    assert pick(entries, []) == entries
    assert pick(entries, ["script=Greek", "digits"]) == []


@pytest.mark.parametrize(
    ("which", "hint"),
    [
        ("digit", "'digits'"),
        ("script=Grek", "'Greek'"),
        ("colour=red", "known"),
        ("partial=2", "'partial'"),
        ("", "known"),
    ],
)
def test_what_cannot_be_picked_is_said_with_what_can(entries: list[Described], which: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match=hint):
        pick(entries, [which])


def test_searching_looks_at_the_text_and_at_the_file(entries: list[Described]) -> None:
    assert _pieces(search(entries, "casa")) == ["casa", "▁casa"]
    assert _pieces(search(entries, " c")) == ["▁casa"]
    assert _pieces(search(entries, "▁c")) == ["▁casa"]
    assert search(entries, "zzz") == []


def test_lists_show_everything_and_files_have_it_as_it_is(entries: list[Described]) -> None:
    shown = listing("all", entries, more=3)
    cells = {row[2]: row[1] for row in shown.rows}
    assert cells["▁casa"] == "·casa"
    assert cells["a⟨ZWJ⟩b"] == "a⟨ZWJ⟩b"
    assert cells["→"] == "→"
    assert cells["◌\u0301"] == "◌\u0301"
    assert "3 more" in shown.notes[0]
    rows = list(csv.DictReader(io.StringIO(full_listing("all", entries).csv())))
    assert [row["piece"] for row in rows] == [*PIECES, "<s>"]
    assert all(bytes.fromhex(row["hex"]).decode() == row["text"] for row in rows if row["text"])


def test_duplicates_have_the_same_bytes() -> None:
    vocabulary = {"[UNK]": 0, "sa": 1, "##sa": 2, "ca": 3}
    library = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    library.decoder = decoders.WordPiece()
    found = describe(HuggingFaceTokenizer(library, "hand"))
    assert _pieces(pick(found, ["duplicate"])) == ["sa", "##sa"]
