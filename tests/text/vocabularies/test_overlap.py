from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from atento.text.opened.opening import open_tokenizer
from atento.text.opened.protocol import Entry, OpenTokenizer, Role
from atento.text.vocabularies.overlap import overlap


@dataclass
class Entries:
    """As much of a tokenizer as the comparison asks for."""

    name: str
    entries: list[Entry]

    @property
    def numbers(self) -> Sequence[int]:
        return [entry.number for entry in self.entries]

    def entry(self, number: int) -> Entry:
        return next(entry for entry in self.entries if entry.number == number)


def _made(name: str, *entries: tuple[int, str, bytes, Role]) -> OpenTokenizer:
    found = [Entry(number=number, piece=piece, raw=raw, role=role) for number, piece, raw, role in entries]
    return cast("OpenTokenizer", Entries(name, found))


A = _made(
    "A",
    (0, "[UNK]", b"[UNK]", "unknown"),
    (1, "casa", b"casa", "ordinary"),
    (2, "##sa", b"sa", "ordinary"),
    (3, "sa", b"sa", "ordinary"),
    (4, "é", "é".encode(), "ordinary"),
    (7, "[CLS]", b"[CLS]", "special"),
)
B = _made(
    "B",
    (0, "é", b"\xe9", "ordinary"),
    (1, "sa", b"sa", "ordinary"),
    (2, "Ã©", "é".encode(), "ordinary"),
    (3, "Ġcasa", b" casa", "ordinary"),
    (4, "[CLS]", b"[CLS]", "special"),
    (5, "<0x73>", b"s", "byte"),
)


def test_bytes_and_strings_are_counted_each_in_their_way() -> None:
    found = overlap(A, B)
    assert [(m.value, m.a, m.b) for m in found.on_bytes.common] == [(b"sa", (2, 3), (1,)), ("é".encode(), (4,), (2,))]
    assert [m.value for m in found.on_bytes.only_a] == [b"casa"]
    assert [(m.value, m.b) for m in found.on_bytes.only_b] == [(b"\xe9", (0,)), (b" casa", (3,)), (b"s", (5,))]
    assert [(m.value, m.a, m.b) for m in found.on_strings.common] == [("sa", (3,), (1,)), ("é", (4,), (0,))]
    assert [m.value for m in found.on_strings.only_a] == ["casa", "##sa"]
    assert [m.value for m in found.on_strings.only_b] == ["Ã©", "Ġcasa", "<0x73>"]
    assert [m.value for m in found.specials.common] == ["[CLS]"]
    assert [m.value for m in found.specials.only_a] == ["[UNK]"]
    assert (found.on_bytes.jaccard, found.on_strings.jaccard) == (2 / 6, 2 / 7)
    assert (found.on_bytes.share_of_a, found.on_bytes.share_of_b) == (2 / 3, 2 / 5)


def test_turned_round_it_is_the_same() -> None:
    there, back = overlap(A, B), overlap(B, A)
    assert {m.value for m in there.on_bytes.common} == {m.value for m in back.on_bytes.common}
    assert [m.value for m in there.on_bytes.only_a] == [m.value for m in back.on_bytes.only_b]
    assert there.on_strings.jaccard == back.on_strings.jaccard


def test_the_table_has_the_counts() -> None:
    rows = [row[:4] for row in overlap(A, B).table().rows]
    assert rows == [
        ("canonical bytes", 2, 1, 3),
        ("strings in the files", 2, 2, 3),
        ("special tokens, by name", 1, 1, 0),
    ]


def test_nothing_in_common_is_no_division_by_zero() -> None:
    nothing = _made("nothing")
    assert overlap(nothing, nothing).on_bytes.jaccard == 0
    assert overlap(A, nothing).on_bytes.share_of_b == 0


def test_two_files_of_gpt2_are_one_vocabulary(corpora: Path) -> None:
    folder = corpora / "tokenizers"
    one, other = open_tokenizer(folder / "gpt2"), open_tokenizer(folder / "tiktoken" / "gpt2.tiktoken")
    found = overlap(one, other)
    assert len(found.on_bytes.common) == len(found.on_strings.common) == 50256
    assert all(member.a == member.b for member in found.on_bytes.common)
    assert found.on_bytes.only_a == found.on_bytes.only_b == ()
    assert [member.value for member in found.specials.common] == ["<|endoftext|>"]


def test_sets_of_bytes_agree_with_those_of_the_files(corpora: Path) -> None:
    folder = corpora / "tokenizers"
    bert, bertimbau = folder / "bert-base-uncased", folder / "bertimbau-base-cased"
    found = overlap(open_tokenizer(bert), open_tokenizer(bertimbau))
    lines: list[set[str]] = [set((f / "vocab.txt").read_text("utf-8").split("\n")) - {""} for f in (bert, bertimbau)]
    special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    words: list[Any] = [names - special for names in lines]
    assert len(found.on_strings.common) == len(words[0] & words[1])
    bare = [{name.removeprefix("##") or name for name in names} for names in words]
    assert len(found.on_bytes.common) == len(bare[0] & bare[1])
