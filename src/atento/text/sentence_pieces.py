"""SentencePiece models (Kudo and Richardson 2018): reading a ``.model`` or ``.spm`` file, and cutting as it does.

The file is a protocol buffer. It is read here, with the few lines that its wire format needs, because the library's own
reader of it wants protobuf, which it does not bring along; ``sentencepiece`` itself is needed only by the tests that
compare every id with it. Fields are those of ``sentencepiece_model.proto``.

What is made of a model is the ``tokenizers`` library's, piece for piece: normalisation by the model's own table, spaces
as ``▁``, then the most probable pieces (unigram, Kudo 2018) or merges in the order of scores (BPE, Sennrich et al.
2016).

Left out on purpose: models of words or characters, and BPE with pieces that the user defined. Known to be composed
otherwise: halfwidth kana with their sound marks (``ｶﾞ``), and marks heaped in an order that is not Unicode's.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

import tokenizers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers

from atento.core.errors import DataError

SPACE: Final = "▁"
HIDDEN: Final = "\uf8ff"
"""Begins entries that a text must never be cut into, though their ids must have a name; a sign for private use."""
_APART: Final = "\ufff0"
"""Parts graphemes; a control sign that Unicode has given no meaning."""
_COMPATIBILITY: Final = ("nmt_nfkc", "nfkc", "nmt_nfkc_cf", "nfkc_cf")
_LOST: Final = "\uf8fe"
"""In the place of a sign that has no entry."""
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
"""Types of pieces."""

Field = tuple[int, int | bytes]


class Piece(NamedTuple):
    """An entry of the vocabulary."""

    text: str
    score: float
    type: int


@dataclass(frozen=True, kw_only=True)
class SentencePieces:
    """A model's file."""

    kind: Literal["unigram", "bpe"]
    pieces: tuple[Piece, ...]
    normalization: str
    """What the rules of normalisation are called."""
    character_map: bytes
    """How characters are normalised, in the library's compiled form; empty: not at all."""
    dummy_prefix: bool
    """A space is put before the text."""
    removes_spaces: bool
    """Spaces at both ends are removed, and those in a row are one."""
    byte_fallback: bool
    unknown: int
    """The id of the unknown piece."""


def read_sentence_pieces(path: Path) -> SentencePieces:
    """A SentencePiece model.

    Raises:
        DataError: the file is missing, damaged, or of a kind that is not read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; copy the folder again whole") from error
    try:
        fields = list(read_fields(raw))
        pieces = tuple(_piece(value) for number, value in fields if number == 1 and isinstance(value, bytes))
        trainer, normalizer, denormalizer = (_last(fields, number) for number in (2, 3, 5))
    except (ValueError, IndexError, struct.error) as error:
        raise DataError(f"{path} is damaged or no SentencePiece model ({error}); copy it again") from error
    kind = _number(trainer, 3, 1)
    unknown = next((number for number, piece in enumerate(pieces) if piece.type == UNKNOWN), None)
    if not pieces or unknown is None:
        raise DataError(f"{path} is damaged or no SentencePiece model (it has no unknown piece); copy it again")
    if kind not in (1, 2):
        raise DataError(f"{path}: its model_type is {'word' if kind == 3 else 'char'}; only unigram and bpe are read")
    if _number(trainer, 24, 0) or not _number(normalizer, 5, 1) or _text(denormalizer, 2):
        raise DataError(f"{path}: it marks spaces behind words, not at all, or has a table to undo normalisation")
    types = {piece.type for piece in pieces}
    if kind == 2 and types & {USER_DEFINED, UNUSED}:
        raise DataError(f"{path}: a BPE model with pieces that its user defined or that are unused is not read")
    return SentencePieces(
        kind="unigram" if kind == 1 else "bpe",
        pieces=pieces,
        normalization=_text(normalizer, 1).decode(errors="replace"),
        character_map=_text(normalizer, 2),
        dummy_prefix=bool(_number(normalizer, 3, 1)),
        removes_spaces=bool(_number(normalizer, 4, 1)),
        byte_fallback=bool(_number(trainer, 35, 0)),
        unknown=unknown,
    )


def sentence_piece_tokenizer(model: SentencePieces, ids: Mapping[str, int] | None = None) -> tokenizers.Tokenizer:
    """The library's tokenizer that cuts as the model does, without special tokens.

    Args:
        model: the file's content.
        ids: entries and ids of another vocabulary (Marian's), 0 … n − 1; None: the model's own. Its entries that the
            model does not have are never cut, except single signs that the model does not know; pieces of the model
            that it lacks have ids from n on.

    Raises:
        ValueError: ``ids`` have holes, or lack the unknown piece.
    """
    entries = _entries(model, ids)
    unknown = next(number for number, piece in enumerate(entries) if piece.type == UNKNOWN)
    if model.kind == "unigram":
        scored = [(piece.text, piece.score) for piece in entries]
        library = tokenizers.Tokenizer(models.Unigram(scored, unknown, model.byte_fallback))
    else:
        library = tokenizers.Tokenizer(
            models.BPE(
                vocab={piece.text: number for number, piece in enumerate(entries)},
                merges=_merges(entries),
                unk_token=entries[unknown].text,
                fuse_unk=True,
                byte_fallback=model.byte_fallback,
            )
        )
    library.normalizer = _normalizer(model, lone=ids is not None and not model.byte_fallback)
    library.pre_tokenizer = _pre_tokenizer(entries, model.kind)
    steps: list[decoders.Decoder] = [decoders.Replace(HIDDEN, ""), decoders.Replace(SPACE, " ")]
    steps += [decoders.ByteFallback()] if model.byte_fallback else []
    steps.append(decoders.Fuse())
    if model.dummy_prefix or model.removes_spaces:
        steps.append(decoders.Replace(Regex(r"\A +" if model.removes_spaces else r"\A "), ""))
    library.decoder = decoders.Sequence(steps)
    return library


def _entries(model: SentencePieces, ids: Mapping[str, int] | None) -> list[Piece]:
    """The vocabulary in the order of ids; what no text may be cut into begins with ``HIDDEN``, or is kept apart."""
    lowest = min((piece.score for piece in model.pieces if piece.type == NORMAL), default=0.0)
    highest = max((piece.score for piece in model.pieces if piece.type == NORMAL), default=0.0)

    def own(piece: Piece) -> Piece:
        if piece.type == USER_DEFINED:  # as the library scores them: better than any other way to cut them
            return piece._replace(score=len(piece.text) * highest - 0.1)
        return _hidden(piece.text, lowest) if piece.type == UNUSED else piece

    if ids is None:
        return [own(piece) for piece in model.pieces]
    if sorted(ids.values()) != list(range(len(ids))):
        raise ValueError(f"its ids are not 0 to {len(ids) - 1}, each once")
    if model.pieces[model.unknown].text not in ids:
        raise ValueError(f"it lacks {model.pieces[model.unknown].text}")
    pieces = {piece.text: own(piece) for piece in model.pieces}
    signs = _signs(model)

    def other(text: str) -> Piece:
        if text.startswith("<") or (text.startswith(">>") and text.endswith("<<")):
            return Piece(text, 0.0, CONTROL)
        # Marian looks up what the model does not know in the vocabulary all the same, signs in a row as one.
        return Piece(text, lowest, NORMAL) if len(text) == 1 and text not in signs else _hidden(text, lowest)

    result = [pieces[text] if text in pieces else other(text) for text in sorted(ids, key=ids.__getitem__)]
    return result + [pieces[text] for text in pieces if text not in ids and pieces[text].type == NORMAL]


def _hidden(text: str, score: float) -> Piece:
    return Piece(HIDDEN + text, score, NORMAL)


def _merges(entries: Sequence[Piece]) -> list[tuple[str, str]]:
    """Every way to put a piece together from two others: the best pieces first, then those with the longest left."""
    known = {piece.text: piece.score for piece in entries if piece.type == NORMAL}
    found = [
        (score, len(text[:cut]), text[:cut], text[cut:])
        for text, score in known.items()
        for cut in range(1, len(text))
        if text[:cut] in known and text[cut:] in known
    ]
    return [(left, right) for _, _, left, right in sorted(found, key=lambda merge: (-merge[0], -merge[1]))]


def _signs(model: SentencePieces) -> frozenset[str]:
    """All that the model's pieces are made of."""
    return frozenset(sign for piece in model.pieces if piece.type in (NORMAL, USER_DEFINED) for sign in piece.text)


def _characters(model: SentencePieces) -> list[normalizers.Normalizer]:
    """The model's table of characters, applied by the ``tokenizers`` library.

    That one looks whole graphemes up, and takes the first entry that begins one: marks after it are lost. Under the
    tables of Unicode's compatibility form it suffices to compose what can be composed first, and to part marks from
    what stands before them.
    """
    if not model.character_map:
        return []
    table = normalizers.Precompiled(model.character_map)
    if model.normalization not in _COMPATIBILITY:
        return [table]
    apart = normalizers.Replace(Regex(r"(?<=.)(?=[\p{M}\uff9e\uff9f])"), _APART)
    return [normalizers.NFC(), apart, table, normalizers.Replace(_APART, "")]


def _normalizer(model: SentencePieces, *, lone: bool) -> normalizers.Normalizer:
    """With ``lone``, unknown signs have ids of their own only where they do not touch each other."""
    steps = _characters(model)
    if model.removes_spaces:
        steps += [normalizers.Replace(Regex(r"\A +"), ""), normalizers.Replace(Regex(" {2,}"), " ")]
    if model.dummy_prefix:
        steps.append(normalizers.Prepend(SPACE))
    steps.append(normalizers.Replace(" ", SPACE))
    if model.removes_spaces:
        steps.append(normalizers.Replace(Regex(rf"{SPACE}+\z"), ""))
    if lone:
        strange = f"[^{''.join(map(re.escape, sorted(_signs(model))))}]"
        steps.append(normalizers.Replace(Regex(rf"(?<={strange}){strange}|{strange}(?={strange})"), _LOST))
    return normalizers.Sequence(steps)


def _pre_tokenizer(entries: Sequence[Piece], kind: str) -> pre_tokenizers.PreTokenizer:
    """Words apart where no piece crosses them; and what looks like a special token or a byte's entry cut in two.

    (No merge leads to such entries, but the unigram model would find them.)
    """
    steps: list[pre_tokenizers.PreTokenizer] = []
    if all(SPACE not in piece.text[1:] for piece in entries if not piece.text.startswith(HIDDEN)):
        steps.append(pre_tokenizers.Split(SPACE, "merged_with_next"))
    apart = [piece.text for piece in entries if piece.type in (UNKNOWN, CONTROL, BYTE) and len(piece.text) > 1]
    if apart and kind == "unigram":
        parts = "|".join(
            f"(?<={re.escape(text[:cut])})(?={re.escape(text[cut:])})." for text, cut in _cuts(apart, entries)
        )
        steps.append(pre_tokenizers.Split(Regex(parts), "merged_with_next"))
    steps.append(pre_tokenizers.Split(HIDDEN, "isolated"))
    return pre_tokenizers.Sequence(steps)


def _cuts(apart: Sequence[str], entries: Sequence[Piece]) -> Iterator[tuple[str, int]]:
    """Where each of these entries is cut: if there is a place, where neither a piece nor unknown signs go across."""
    pieces = {piece.text for piece in entries if piece.type in (NORMAL, USER_DEFINED)}
    pairs = {text[place : place + 2] for text in pieces for place in range(len(text) - 1)}
    for text in apart:
        places = range(len(text) - 1, 0, -1)
        free = (cut for cut in places if text[cut - 1 : cut + 1] not in pairs and {text[cut - 1], text[cut]} & pieces)
        yield text, next(free, len(text) - 1)


def read_fields(raw: bytes) -> Iterator[Field]:
    """The numbered fields of a message; groups, which no file of this kind has, are refused."""
    position = 0
    while position < len(raw):
        key, position = _varint(raw, position)
        match key & 7:
            case 0:
                value, position = _varint(raw, position)
                yield key >> 3, value
            case 1:
                yield key >> 3, _slice(raw, position, 8)
                position += 8
            case 2:
                length, position = _varint(raw, position)
                yield key >> 3, _slice(raw, position, length)
                position += length
            case 5:
                yield key >> 3, _slice(raw, position, 4)
                position += 4
            case other:
                raise ValueError(f"byte {position} has no field's type but {other}")


def _varint(raw: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = raw[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise ValueError(f"byte {position} ends no number")


def _slice(raw: bytes, position: int, length: int) -> bytes:
    if position + length > len(raw):
        raise ValueError("it ends too early")
    return raw[position : position + length]


def _piece(raw: bytes) -> Piece:
    text, score, kind = "", 0.0, NORMAL
    for number, value in read_fields(raw):
        if number == 1 and isinstance(value, bytes):
            text = value.decode()
        elif number == 2 and isinstance(value, bytes):
            [score] = struct.unpack("<f", value)
        elif number == 3 and isinstance(value, int):
            kind = value
    return Piece(text, score, kind)


def _last(fields: Sequence[Field], number: int) -> dict[int, int | bytes]:
    """The fields of a message inside this one, by number; the last one counts."""
    inner = [value for key, value in fields if key == number and isinstance(value, bytes)]
    return dict(read_fields(inner[-1])) if inner else {}


def _number(fields: Mapping[int, int | bytes], number: int, default: int) -> int:
    value = fields.get(number, default)
    return value if isinstance(value, int) else default


def _text(fields: Mapping[int, int | bytes], number: int) -> bytes:
    value = fields.get(number, b"")
    return value if isinstance(value, bytes) else b""
