"""The record of one text's way through a tokenizer, with a format and a version: terminal, files and pages read it.

raw → normalised → pre-tokens → pieces → with special tokens. Byte spans of the raw text are the truth; what a token
shows is a rendering. Tokens that share one character as a reader sees it (a grapheme, Unicode's UAX #29) are named.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import groupby, zip_longest
from typing import Final

import msgspec
import regex

from atento.core.display import Displayed, View
from atento.core.errors import DataError
from atento.core.parsing import decode_json
from atento.text.configuration import Kind
from atento.text.opened.protocol import Cut, Entry, OpenTokenizer, Role, Specials
from atento.text.pipeline import JOINER, JOINER_SHOWN, TILING
from atento.text.spans import Span, byte_level_table, to_bytes
from atento.text.traces.replay import Replay, replay
from atento.text.visible import visible, visible_bytes

FORMAT: Final = "atento.trace"
VERSION: Final = 1
_MARKS: Final = str.maketrans({" ": "▁", "\n": "⏎", "\t": "⇥"})


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Which tokenizer it was."""

    name: str
    kind: Kind
    size: int
    """Entries of its vocabulary."""
    library: str


class TracedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token of the text."""

    id: int
    piece: str
    """As the vocabulary's file has it."""
    label: str
    """For a reader: a space as ``▁``, bytes that are no whole character as ``⟨C3⟩``, what is not seen by its name."""
    raw: str
    """The bytes that its entry stands for, in hexadecimal."""
    span: Span
    """Bytes of the raw text."""
    graphemes: Span
    """The first grapheme that it has a part of, and the one after the last."""
    role: Role


class TracedPreToken(msgspec.Struct, frozen=True, kw_only=True):
    """A part that is cut by itself."""

    text: str
    span: Span
    tokens: Span
    """Its first token, and the one after its last."""
    special: bool = False
    replay: Replay | None = None
    """How it is cut, where that was asked for; None also where the steps here end otherwise than the library."""


class FinishedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token of what a model reads."""

    id: int
    piece: str
    added: bool
    """Whether the tokenizer put it around the text."""


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """A grapheme that several tokens have parts of."""

    grapheme: str
    span: Span
    """Bytes of the raw text."""
    tokens: tuple[int, ...]


class Trace(Displayed, msgspec.Struct, frozen=True, kw_only=True):
    """See the module's text."""

    format: str = FORMAT
    version: int = VERSION
    tokenizer: About
    text: str
    specials: Specials
    """What was done with special tokens' names in the text."""
    names: tuple[str, ...]
    """The special tokens' names that are in the text."""
    normalised: str
    pre_tokens: tuple[TracedPreToken, ...]
    tokens: tuple[TracedToken, ...]
    finished: tuple[FinishedToken, ...]
    graphemes: int
    """How many there are in the text."""
    shared: tuple[Shared, ...]
    decoded: str
    """The text that the library makes of the ids."""

    @property
    def exact(self) -> bool:
        """Whether the text came back as it was."""
        return self.decoded == self.text

    @property
    def difference(self) -> str:
        """Where the text that came back departs from the text first; empty if it does not."""
        if self.exact:
            return ""
        pairs = enumerate(zip_longest(self.text, self.decoded))
        place = next(number for number, (before, after) in pairs if before != after)
        before, after = self.text[place : place + 12], self.decoded[place : place + 12]
        return f"from character {place + 1} on: {before!r} → {after!r}"

    @property
    def size(self) -> int:
        """Bytes of the raw text."""
        return len(self.text.encode())

    @property
    def lost(self) -> tuple[str, ...]:
        """The parts of the text that became the unknown token, each once."""
        raw = self.text.encode()
        parts = (raw[token.span[0] : token.span[1]] for token in self.tokens if token.role == "unknown")
        return tuple(dict.fromkeys(part.decode(errors="replace").strip() for part in parts))

    @property
    def spelled(self) -> tuple[str, ...]:
        """The characters that had no entry and were spelled in bytes, each once."""
        raw = self.text.encode()
        runs = groupby(self.tokens, key=lambda token: token.role == "byte")
        spans = ([token.span for token in run] for is_byte, run in runs if is_byte)
        texts = (raw[found[0][0] : found[-1][1]].decode(errors="replace") for found in spans)
        return tuple(dict.fromkeys("".join(texts)))

    def view(self) -> View:
        """How it shows itself."""
        from atento.text.traces.view import view

        return view(self)

    def to_json(self) -> str:
        """The record as JSON, indented."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1).decode() + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, where: str = "the trace") -> Trace:
        """Read what ``to_json`` gave.

        Raises:
            DataError: it is no trace, or of a later version.
        """
        try:
            found = decode_json(text, cls)
        except msgspec.DecodeError as error:
            raise DataError(f"{where} is no trace of a tokenizer ({error}); give one") from error
        if (found.format, found.version) != (FORMAT, VERSION):
            raise DataError(f"{where} is {found.format} {found.version}; {FORMAT} {VERSION} is read")
        return found


def trace(
    tokenizer: OpenTokenizer, text: str, *, specials: Specials = "text", steps: bool = False, best: int = 3
) -> Trace:
    """Follow a text through a tokenizer.

    Args:
        tokenizer: made by ``open_tokenizer``.
        text: raw.
        specials: what becomes of special tokens' names in it.
        steps: replay how every pre-token is cut.
        best: with ``steps``, how many segmentations of a unigram model are kept.

    Raises:
        DataError: the text holds half a character, or a special token where these are refused.
    """
    cut = tokenizer.cut(text, specials)
    raw = text.encode()
    graphemes = to_bytes(text, [match.span() for match in regex.finditer(r"\X", text)])
    starts, ends = [start for start, _ in graphemes], [end for _, end in graphemes]
    entries = {number: tokenizer.entry(number) for number in {*cut.tokens.ids, *cut.finished}}
    labels = {number: label(entry, tokenizer.kind) for number, entry in entries.items() if entry.role != "unknown"}
    tokens = tuple(
        TracedToken(
            id=entry.number,
            piece=piece,
            label=labels.get(entry.number) or label(entry, tokenizer.kind, raw[span[0] : span[1]]),
            raw=entry.raw.hex(),
            span=span,
            graphemes=(bisect_right(ends, span[0]), max(bisect_right(ends, span[0]), bisect_left(starts, span[1]))),
            role=entry.role,
        )
        for entry, piece, span in zip(
            map(entries.__getitem__, cut.tokens.ids), cut.tokens.pieces, cut.tokens.spans, strict=True
        )
    )
    return Trace(
        tokenizer=About(name=tokenizer.name, kind=tokenizer.kind, size=tokenizer.size, library=tokenizer.library),
        text=text,
        specials=specials,
        names=tuple(name for name in tokenizer.specials if name and name in text),
        normalised=cut.normalised,
        pre_tokens=tuple(_pre_tokens(tokenizer, cut, best if steps else 0)),
        tokens=tokens,
        finished=_finished(entries, cut),
        graphemes=len(graphemes),
        shared=_shared(raw, graphemes, tokens),
        decoded=tokenizer.decode(cut.tokens.ids),
    )


def label(entry: Entry, kind: Kind, raw: bytes = b"") -> str:
    """An entry for a reader, nothing in it invisible.

    What the unknown token stands for in the text (``raw``) follows its name. Pieces of kinds that imply spaces (word,
    wordpiece) show as they are, with the marks that say where none is (``##``, and a joiner as ``▪``).
    """
    if entry.role == "unknown":
        lost = raw.decode(errors="replace").strip()
        return visible(f"{entry.piece}({lost})" if lost and lost != entry.piece else entry.piece)
    if entry.role == "special" or kind not in TILING:
        return visible(entry.piece.replace(JOINER, JOINER_SHOWN))
    return _marked(entry.raw)


def spelled(piece: str, kind: Kind) -> str:
    """A piece in the midst of a replay for a reader, where no entry is at hand."""
    table = byte_level_table()
    if kind == "byte-bpe" and set(piece) <= table.keys():
        return _marked(bytes(table[character] for character in piece))
    return visible(piece.replace(JOINER, JOINER_SHOWN))


def _marked(raw: bytes) -> str:
    return visible_bytes(raw).translate(_MARKS)


def boundaries(found: Trace) -> tuple[int, ...]:
    """Where tokens begin or end inside the text, in bytes: what two tokenizers can disagree about.

    A boundary after white space counts as one before it, as tokenizers differ in whose the space is, and some drop it.
    """
    raw = found.text.encode()
    inside = {before_space(raw, place) for token in found.tokens for place in token.span}
    return tuple(sorted(inside - {0, before_space(raw, len(raw))}))


def before_space(raw: bytes, place: int) -> int:
    """The place moved to the front of the white space (of ASCII) that stands before it."""
    while place and raw[place - 1 : place].isspace():
        place -= 1
    return place


def _pre_tokens(tokenizer: OpenTokenizer, cut: Cut, best: int) -> list[TracedPreToken]:
    return [
        TracedPreToken(
            text=part.text,
            span=part.span,
            tokens=(part.first, part.stop),
            special=part.special,
            replay=replay_of(tokenizer, cut, number, best=best) if best else None,
        )
        for number, part in enumerate(cut.pre_tokens)
    ]


def replay_of(tokenizer: OpenTokenizer, cut: Cut, number: int, *, best: int = 3) -> Replay | None:
    """How one pre-token of a text is cut; None for an added token, and where the steps here end otherwise than there.

    Args:
        tokenizer: which cut the text.
        cut: the text.
        number: of the pre-token, from 0.
        best: how many segmentations of a unigram model are kept.
    """
    part = cut.pre_tokens[number]
    if part.special:
        return None
    steps = replay(tokenizer.algorithm, part.text, best)
    own = slice(part.first, part.stop)
    known = all(tokenizer.entry(each).role == "ordinary" for each in cut.tokens.ids[own])
    return steps if not known or steps.pieces == cut.tokens.pieces[own] else None


def _finished(entries: Mapping[int, Entry], cut: Cut) -> tuple[FinishedToken, ...]:
    """The ids with those put around the text, which are what is left when the text's own are found in their order."""
    own = iter(cut.tokens.ids)
    expected = next(own, None)
    result = []
    for number in cut.finished:
        added = number != expected
        result.append(FinishedToken(id=number, piece=entries[number].piece, added=added))
        if not added:
            expected = next(own, None)
    return tuple(result)


def _shared(raw: bytes, graphemes: Sequence[Span], tokens: Sequence[TracedToken]) -> tuple[Shared, ...]:
    found: dict[int, list[int]] = {}
    for place, token in enumerate(tokens):
        for grapheme in range(*token.graphemes):
            found.setdefault(grapheme, []).append(place)
    return tuple(
        Shared(
            grapheme=raw[graphemes[number][0] : graphemes[number][1]].decode(),
            span=graphemes[number],
            tokens=tuple(places),
        )
        for number, places in sorted(found.items())
        if len(places) > 1
    )
