"""A tokenizer that anyone can follow by hand, and a small real one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from atento.text.opened.protocol import Cut, Entry, Specials
from atento.text.tokenizer import Tokens

UNKNOWN = 0


class Fake:
    """The longest entry that begins the rest of a text; what no entry begins is one unknown token, up to the next."""

    kind = "bpe"
    library = "by hand"
    algorithm = None
    specials: dict[str, int] = {}  # noqa: RUF012
    unknown: int | None = UNKNOWN

    def __init__(self, name: str, entries: Sequence[str], fold: Callable[[str], str] = str) -> None:
        self.name = name
        self.pieces = ["<unk>", *entries]
        self.numbers = range(len(self.pieces))
        self.size = len(self.pieces)
        self.fold = fold
        """What it does to a text first; it leaves the length in bytes as it is."""
        self.encoded = 0

    def entry(self, number: int) -> Entry:
        role = "unknown" if number == UNKNOWN else "ordinary"
        return Entry(number=number, piece=self.pieces[number], raw=self.pieces[number].encode(), role=role)

    def encode(self, text: str, specials: Specials = "text") -> Tokens:
        ids, spans, place, position = [], [], 0, 0
        folded = self.fold(text)
        known = sorted(self.pieces[1:], key=len, reverse=True)
        while place < len(folded):
            found = next((piece for piece in known if folded.startswith(piece, place)), None)
            length = len(found) if found else 1
            size = len(folded[place : place + length].encode())
            if found is None and ids and ids[-1] == UNKNOWN:
                spans[-1] = (spans[-1][0], position + size)
            else:
                ids.append(self.pieces.index(found) if found else UNKNOWN)
                spans.append((position, position + size))
            place, position = place + length, position + size
        return Tokens(ids=tuple(ids), pieces=tuple(self.pieces[n] for n in ids), spans=tuple(spans))

    def cut(self, text: str, specials: Specials = "text") -> Cut:
        raise NotImplementedError

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        self.encoded += len(texts)
        return [list(self.encode(text).ids) for text in texts]

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(self.pieces[number] for number in ids)

    def decode_batch(self, batch: Sequence[Sequence[int]]) -> list[str]:
        return [self.decode(ids) for ids in batch]


@pytest.fixture(scope="session")
def fake() -> type[Fake]:
    return Fake
