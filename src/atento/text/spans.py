"""Byte spans of tokens: from the library's character offsets, from pieces' lengths, and of decoded bytes."""

from __future__ import annotations

import codecs
import functools
from collections.abc import Container, Sequence
from itertools import accumulate, groupby, pairwise

Span = tuple[int, int]

LONGEST_BEGINNING = 3
"""Bytes of a character that can stand there without the character."""
_REPLACEMENT = "\ufffd".encode()


def to_bytes(text: str, characters: Sequence[Span]) -> list[Span]:
    """Spans of characters as spans of UTF-8 bytes."""
    if text.isascii():
        return list(characters)
    ends = [0, *accumulate(_width(character) for character in text)]
    return [(ends[start], ends[stop]) for start, stop in characters]


def of_tokens(text: str, offsets: Sequence[Span], lengths: Sequence[int | None] | None) -> list[Span]:
    """Byte spans of tokens in the raw text.

    Args:
        text: the raw text.
        offsets: each token's span of whole characters, as the library gives it.
        lengths: how many bytes each token stands for (None: unknown), if the text went through normalisation
            unchanged but for a space put before it; then pieces that share a character get their own bytes of it.
            Without it such pieces all get the whole character.
    """
    whole = to_bytes(text, offsets)
    if lengths is None:
        return whole
    result: list[Span] = []
    position = -1  # the space before the text
    for span, length in zip(whole, lengths, strict=True):
        stop = span[1] if length is None else position + length
        result.append((max(position, 0), stop))
        position = stop
    assert position <= len(text.encode())
    return result


def apart(offsets: Sequence[Span]) -> list[Span]:
    """Spans in order that do not overlap: a joining mark put before a sign is counted to the character before it."""
    result: list[Span] = []
    position = 0
    for start, stop in offsets:
        result.append((max(start, position), max(stop, position)))
        position = result[-1][1]
    return result


def readable(raw: bytes) -> str:
    """Bytes as text, those that are no whole character as ``⟨C3⟩``."""
    text = raw.decode(errors="surrogateescape")
    return "".join(f"⟨{ord(c) - 0xDC00:02X}⟩" if "\udc80" <= c <= "\udcff" else c for c in text)


def of_bytes(
    pieces: Sequence[bytes], *, strict_runs: Container[int] | None, ids: Sequence[int]
) -> tuple[str, list[Span]]:
    """The text of pieces laid side by side and the byte span of each.

    Bytes that are no UTF-8 become U+FFFD as the library's decoders do it: with ``strict_runs`` (the ids of single
    bytes) every byte of a faulty run of such ids becomes one, without it each faulty part of the whole.
    """
    if strict_runs is not None:
        mended: list[bytes] = []
        for single, group in groupby(zip(ids, pieces, strict=True), key=lambda item: item[0] in strict_runs):
            run = [piece for _, piece in group]
            mended += run if not single or _valid(b"".join(run)) else [_REPLACEMENT] * len(run)
        pieces = mended
    raw = b"".join(pieces)
    ends = [0, *accumulate(len(piece) for piece in pieces)]
    if not _valid(raw):
        raw, moved = _mend(raw)
        ends = [moved[end] for end in ends]
    return raw.decode(), list(pairwise(ends))


def without_first_space(text: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """Take the space away that was put before the text, if it is there."""
    if not text.startswith(" "):
        return text, spans
    return text[1:], [(max(start - 1, 0), max(stop - 1, 0)) for start, stop in spans]


@functools.cache
def byte_level_table() -> dict[str, int]:
    """GPT-2's printable stand-in of each byte, as character → byte."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


def ends_within_a_character(raw: bytes) -> bool:
    """Whether the last one to three bytes begin a character of UTF-8 that more bytes could complete."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(raw[-LONGEST_BEGINNING:])
    return bool(decoder.getstate()[0])


def _mend(raw: bytes) -> tuple[bytes, list[int]]:
    """Replace what is no UTF-8; also where each old byte position went (inside a faulty part: to its end)."""
    parts: list[bytes] = []
    moved: list[int] = []
    length = position = 0
    while position < len(raw):
        try:
            raw[position:].decode()
            start, stop = len(raw), len(raw)
        except UnicodeDecodeError as error:
            start, stop = position + error.start, position + error.end
        parts.append(raw[position:start])
        moved += range(length, length + start - position)
        length += start - position
        if stop > start:
            parts.append(_REPLACEMENT)
            moved += [length] + [length + len(_REPLACEMENT)] * (stop - start - 1)
            length += len(_REPLACEMENT)
        position = stop
    return b"".join(parts), [*moved, length]


def _valid(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _width(character: str) -> int:
    code = ord(character)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
