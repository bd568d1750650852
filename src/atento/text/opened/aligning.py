"""Byte spans of tokens, given roughly where each stands and the bytes that it stands for."""

from __future__ import annotations

from collections.abc import Sequence

from atento.text.spans import Span


def aligned(raw: bytes, pieces: Sequence[bytes], rough: Sequence[Span]) -> list[Span]:
    """Spans in order that do not overlap, each exactly its token's bytes wherever these stand in the text as they are.

    Libraries give whole characters to every token that has a part of one, and count spaces in different ways. Where a
    token's bytes are found from the end of the one before it, they are its span; else what is left of the rough one.

    Args:
        raw: the text.
        pieces: what each token stands for; a space that begins it may be missing in the text.
        rough: each token's span as the library gives it.
    """
    result: list[Span] = []
    position = 0
    for piece, (start, stop) in zip(pieces, rough, strict=True):
        begin = _begin(raw, piece, position, start)
        found = _length(raw, piece, begin)
        end = begin + found if found else begin if _is_put_there(raw, piece, begin, stop) else max(stop, begin)
        result.append((begin, end))
        position = end
    return result


def _begin(raw: bytes, piece: bytes, position: int, start: int) -> int:
    """Where a token begins: after the one before it, or further on if the library skipped what stands between."""
    return position if start <= position or (piece and raw.startswith(piece, position)) else start


def _length(raw: bytes, piece: bytes, begin: int) -> int:
    """How many bytes of the text are the token's; 0 if it stands there in another form."""
    if piece and raw.startswith(piece, begin):
        return len(piece)
    bare = piece.removeprefix(b" ")
    return len(bare) if bare != piece and bare and raw.startswith(bare, begin) else 0


def _is_put_there(raw: bytes, piece: bytes, begin: int, stop: int) -> bool:
    """Whether a token is a space that the library put before a text, and nothing of the text."""
    return bool(piece) and not piece.strip() and bool(raw[begin:stop].decode(errors="replace").strip())
