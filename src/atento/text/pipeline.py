"""How each kind of tokenizer cuts raw text and puts it together again, in terms of the ``tokenizers`` library.

Two families. **Tiling** kinds (char, bpe, byte-bpe, unigram) keep every space inside their pieces, so that the pieces
laid side by side are the text: no mark stands for a space and nothing can be confused with it. A space put before the
text makes its first word the same piece as inside a sentence; the decoder takes it away again (char does without).
Letters, digits and other signs never share a piece, which keeps ``casa`` and ``casa,`` related and makes it impossible
that a piece looks like a special token (``<s>``) or a byte (``<0x41>``).

**Joining** kinds (word, wordpiece) have words without spaces as pieces: a single space between two pieces is implied.
Every other sign is a piece of its own, and where it touches its neighbour it carries the mark ``JOINER`` on that side
(``casa ￭, ¿￭ Y disse ￭-￭ me``), as OpenNMT's tokenizer does. So words never come in two forms, and the decoder knows
all spacing. A space that is not a single one between two pieces is written ``SPACE``, and is such a sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tokenizers import Regex, decoders, normalizers, pre_tokenizers

from atento.text.configuration import Kind, Normalization

JOINER: Final = "￭"
JOINER_SHOWN: Final = "▪"
"""What readers are shown of it: nearly the same square, which more fonts have."""
SPACE: Final = "▁"
CONTINUATION: Final = "##"
"""WordPiece's mark of a piece that continues a word."""

TILING: Final[frozenset[Kind]] = frozenset({"char", "bpe", "byte-bpe", "unigram"})
PREFIXED: Final[frozenset[Kind]] = frozenset({"bpe", "byte-bpe", "unigram"})
"""Tiling kinds that put a space before the text."""

WORD: Final = r"\p{L}\p{M}\p{N}"
"""What words are made of, for a class of a regular expression."""
_SIGN = rf"[^ {WORD}{JOINER}]"
_CHUNKS = r" ?[\p{L}\p{M}]+| ?\p{N}| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+"
"""GPT-2's chunks without its English contractions; combining marks belong to letters, digits stand alone."""


def default_normalization(kind: Kind) -> Normalization:
    """What a configuration's ``normalization = None`` means."""
    return "none" if kind == "byte-bpe" else "nfc"


def normalizer(kind: Kind, normalization: Normalization, lowercase: bool) -> normalizers.Normalizer:
    """What is done to raw text before it is cut."""
    steps: list[normalizers.Normalizer] = []
    if normalization == "nfc":
        steps.append(normalizers.NFC())
    if lowercase:
        steps.append(normalizers.Lowercase())
    if kind in PREFIXED:
        steps.append(normalizers.Prepend(" "))
    if kind not in TILING:
        steps.append(normalizers.Replace(Regex(r" (?!\S)|(?<!\S) "), SPACE))
        # The first rule marks the left side of signs, the second their right side where no mark stands yet.
        steps.append(normalizers.Replace(Regex(rf"(?<=[^ ])(?={_SIGN})"), JOINER))
        steps.append(normalizers.Replace(Regex(rf"(?<={_SIGN})(?=[^ {JOINER}])"), JOINER))
    return normalizers.Sequence(steps)


def pre_tokenizer(kind: Kind) -> pre_tokenizers.PreTokenizer:
    """Cuts normalised text into the chunks inside which a model works."""
    if kind == "char":
        return pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    if kind == "byte-bpe":
        return pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(_CHUNKS), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    if kind in TILING:
        return pre_tokenizers.Split(Regex(_CHUNKS), "isolated")
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(" ", "removed"),
            pre_tokenizers.Split(Regex(rf"{JOINER}?{_SIGN}(?:{JOINER}(?!{_SIGN}))?"), "isolated"),
        ]
    )


def decoder(kind: Kind, byte_fallback: bool) -> decoders.Decoder:
    """Puts pieces together to raw text."""
    steps: list[decoders.Decoder] = []
    if kind == "byte-bpe":
        steps.append(decoders.ByteLevel())
    elif kind in TILING:
        steps += [decoders.ByteFallback()] if byte_fallback else []
    else:
        # The library's only decoder that puts spaces between pieces; for words no piece carries its prefix.
        steps.append(decoders.WordPiece(prefix=CONTINUATION, cleanup=False))
    steps.append(decoders.Fuse())
    if kind in PREFIXED:
        steps.append(decoders.Strip(" ", 1, 0))
    if kind not in TILING:
        steps.append(decoders.Replace(Regex(rf"{JOINER} | {JOINER}|{JOINER}"), ""))
        steps.append(decoders.Replace(SPACE, " "))
    return decoders.Sequence(steps)


def join(pieces: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """The text of a joining kind's pieces and each piece's span of characters in it; what its ``decoder`` does."""
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    length = 0
    touching = True  # nothing stands before the first piece
    for index, piece in enumerate(pieces):
        continues = index > 0 and piece.startswith(CONTINUATION)
        body = piece.removeprefix(CONTINUATION) if continues else piece
        if not (touching or continues or body.startswith(JOINER)):
            parts.append(" ")
            length += 1
        lone = body == JOINER and not (touching or continues)  # the decoder lets it take the space before it alone
        touching = body.endswith(JOINER) and not lone
        shown = body.replace(JOINER, "").replace(SPACE, " ")
        parts.append(shown)
        spans.append((length, length + len(shown)))
        length += len(shown)
    return "".join(parts), spans
