"""Tokenizers of SentencePiece's own library, from a ``.model`` file (Kudo and Richardson 2018)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from atento.core.errors import DataError
from atento.text.configuration import Kind
from atento.text.opened.aligning import aligned
from atento.text.opened.protocol import Algorithm, Cut, Entry, Merges, PreToken, Role, Scores, Specials, refuse
from atento.text.sentence_pieces import SPACE, read_fields, read_sentence_pieces
from atento.text.spans import Span
from atento.text.tokenizer import Tokens, whole

_INNER = re.compile(f"[^{SPACE}]{SPACE}")
"""A space that follows something."""
_UNKNOWN_PENALTY = 10.0
"""By how much the library puts an unknown character below its worst piece."""


class SentencePieceTokenizer:
    """See the module's text.

    The library takes special tokens' names in a text as text; to parse them, the text is parted there and each part is
    cut by itself.

    Raises:
        DataError: the file cannot be read, or ``sentencepiece`` is not installed.
    """

    def __init__(self, path: Path, name: str) -> None:
        try:
            import sentencepiece
        except ImportError:
            raise DataError(
                f"{path} needs the library sentencepiece: pip install sentencepiece (or 'atento[text]')"
            ) from None
        self._model = read_sentence_pieces(path)
        self._processor: Any = sentencepiece.SentencePieceProcessor(model_file=str(path))
        self.name = name
        self.library = f"sentencepiece {sentencepiece.__version__}"
        self.kind: Kind = self._model.kind
        self.size = int(self._processor.get_piece_size())
        self.numbers: Sequence[int] = range(self.size)
        self.unknown: int | None = None if self._model.byte_fallback else self._model.unknown
        self._entries = [self._entry(number) for number in self.numbers]
        self.specials: Mapping[str, int] = {
            entry.piece: entry.number for entry in self._entries if entry.role == "special"
        }

    @property
    def losses(self) -> tuple[str, ...] | None:
        """As ``OpenTokenizer.losses``: it depends on the model's table of characters."""
        return None

    @functools.cached_property
    def algorithm(self) -> Algorithm:
        """As ``OpenTokenizer.algorithm``."""
        scores = {
            entry.piece: float(self._processor.get_score(entry.number))
            for entry in self._entries
            if entry.role == "ordinary"
        }
        if self.kind == "unigram":
            return Scores(scores=scores, unknown_score=min(scores.values()) - _UNKNOWN_PENALTY)
        pairs = {
            (text[:cut], text[cut:]): -score
            for text, score in scores.items()
            for cut in range(1, len(text))
            if text[:cut] in scores and text[cut:] in scores
        }
        entries = {piece: self._processor.piece_to_id(piece) for piece in scores}
        return Merges(ranks=pairs, entries=entries, falls_back=self._model.byte_fallback)

    def entry(self, number: int) -> Entry:
        """As ``OpenTokenizer.entry``."""
        if not 0 <= number < self.size:
            raise DataError(f"no entry of {self.name} has the id {number}; ids are 0 … {self.size - 1}")
        return self._entries[number]

    def encode(self, text: str, specials: Specials = "text") -> Tokens:
        """As ``OpenTokenizer.encode``."""
        ids: list[int] = []
        pieces: list[str] = []
        spans: list[Span] = []
        before = 0
        for part, number in self._parts(text, specials):
            raw = part.encode()
            if number is not None:
                ids.append(number)
                pieces.append(part)
                spans.append((before, before + len(raw)))
            else:
                found = list(self._cut(part))
                ids += [token for token, _, _ in found]
                pieces += [piece for _, piece, _ in found]
                own = [b"" if token == self._model.unknown else self._entries[token].raw for token, _, _ in found]
                inside = aligned(raw, own, [span for _, _, span in found])
                spans += [(before + start, before + stop) for start, stop in inside]
            before += len(raw)
        return Tokens(ids=tuple(ids), pieces=tuple(pieces), spans=tuple(spans))

    def cut(self, text: str, specials: Specials = "text") -> Cut:
        """As ``OpenTokenizer.cut``; nothing is put around a text unless a model's own code does it."""
        tokens = self.encode(text, specials)
        parts = self._parts(text, specials)
        normalised = "".join(part if number is not None else self._processor.normalize(part) for part, number in parts)
        return Cut(
            normalised=normalised, pre_tokens=tuple(self._pre_tokens(tokens)), tokens=tokens, finished=tokens.ids
        )

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """As ``OpenTokenizer.encode_batch``."""
        try:
            return list(self._processor.encode(list(texts)))
        except (TypeError, UnicodeEncodeError):  # half a character
            return list(self._processor.encode([whole(text) for text in texts]))

    def decode(self, ids: Sequence[int]) -> str:
        """As ``OpenTokenizer.decode``."""
        return str(self._processor.decode(list(ids)))

    def decode_batch(self, batch: Sequence[Sequence[int]]) -> list[str]:
        """As ``OpenTokenizer.decode_batch``."""
        return list(self._processor.decode([list(ids) for ids in batch])) if batch else []

    def _entry(self, number: int) -> Entry:
        piece = str(self._processor.id_to_piece(number))
        role: Role = "ordinary"
        raw = piece.replace(SPACE, " ").encode()
        if self._processor.is_unknown(number):
            role, raw = "unknown", piece.encode()
        elif self._processor.is_control(number):
            role, raw = "special", piece.encode()
        elif self._processor.is_byte(number):
            role, raw = "byte", bytes([int(piece[3:5], 16)])
        elif self._processor.is_unused(number):
            role = "unused"
        return Entry(number=number, piece=piece, raw=raw, role=role)

    def _parts(self, text: str, specials: Specials) -> list[tuple[str, int | None]]:
        """A text, or what stands between special tokens, and these with their ids."""
        if specials == "refuse":
            refuse(text, self.specials)
        if specials != "parse" or not self.specials:
            return [(whole(text), None)]
        names = sorted(self.specials, key=len, reverse=True)
        found = re.split(f"({'|'.join(map(re.escape, names))})", whole(text))
        return [(part, self.specials.get(part)) for part in found if part]

    def _cut(self, text: str) -> Iterator[tuple[int, str, Span]]:
        """Id, piece and byte span of each token as the library gives them."""
        message = self._processor.encode(text, **self._serialized)
        for number, value in read_fields(message):
            if number == 2 and isinstance(value, bytes):
                fields = dict(read_fields(value))
                piece, token, start, stop = (fields.get(key, 0) for key in (1, 2, 4, 5))
                assert isinstance(token, int)
                assert isinstance(start, int)
                assert isinstance(stop, int)
                yield token, piece.decode() if isinstance(piece, bytes) else "", (start, stop)

    @functools.cached_property
    def _serialized(self) -> dict[str, str]:
        """How the library is asked for spans; its releases call it differently."""
        try:
            self._processor.encode("", return_type="serialized_proto")
        except TypeError:
            return {"out_type": "serialized_proto"}
        return {"return_type": "serialized_proto"}

    def _pre_tokens(self, tokens: Tokens) -> Iterator[PreToken]:
        """Words, where no piece goes across the space before one; else the whole text is one."""
        first = 0
        for place in range(1, len(tokens.ids) + 1):
            special = tokens.ids[first] in self.specials.values()
            ends = place == len(tokens.ids) or special or tokens.ids[place] in self.specials.values()
            if ends or (self._parts_words and _word_begins(tokens.pieces[place - 1], tokens.pieces[place])):
                yield PreToken(
                    text="".join(tokens.pieces[first:place]),
                    span=(tokens.spans[first][0], tokens.spans[place - 1][1]),
                    first=first,
                    stop=place,
                    special=special,
                )
                first = place

    @functools.cached_property
    def _parts_words(self) -> bool:
        return not any(_INNER.search(entry.piece) for entry in self._entries if entry.role == "ordinary")


def _word_begins(before: str, piece: str) -> bool:
    return piece.startswith(SPACE) and not before.endswith(SPACE)
