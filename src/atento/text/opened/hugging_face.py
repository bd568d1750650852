"""Tokenizers of the Hugging Face ``tokenizers`` library: ours, and those of any ``tokenizer.json``."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

import tokenizers

from atento.core.errors import DataError
from atento.text.configuration import Kind
from atento.text.opened.aligning import aligned
from atento.text.opened.protocol import (
    Algorithm,
    Cut,
    Entry,
    LongestMatch,
    Merges,
    PreToken,
    Scores,
    Specials,
    refuse,
)
from atento.text.pipeline import JOINER
from atento.text.sentence_pieces import HIDDEN
from atento.text.spans import byte_level_table, to_bytes
from atento.text.template import roles_of
from atento.text.tokenizer import Tokenizer, Tokens, is_own, kind_of, steps_of, whole

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_UNKNOWN_PENALTY = 10.0
"""By how much the library's unigram model puts an unknown character below its worst piece."""
_LONGEST_WORD = 100


class HuggingFaceTokenizer:
    """See the module's text."""

    def __init__(self, library: tokenizers.Tokenizer, name: str) -> None:
        library.no_padding()
        library.no_truncation()
        self.name = name
        self.library = f"tokenizers {tokenizers.__version__}"
        self._description: dict[str, Any] = json.loads(library.to_str())
        self.kind: Kind = kind_of(self._description)
        self._plain, self._parsing = library, tokenizers.Tokenizer.from_str(library.to_str())
        self._plain.encode_special_tokens = True
        self._parsing.encode_special_tokens = False
        self._added = dict(library.get_added_tokens_decoder())
        self.specials: Mapping[str, int] = {token.content: n for n, token in self._added.items() if token.special}
        self._vocabulary = library.get_vocab(with_added_tokens=True)
        self.numbers: Sequence[int] = sorted(set(self._vocabulary.values()))
        self.size = len(self.numbers)
        self.unknown = self._unknown()
        self._spell = _spelling(self._description)

    @functools.cached_property
    def losses(self) -> tuple[str, ...] | None:
        """As ``OpenTokenizer.losses``: known of tokenizers that Atento trains or imports."""
        if not is_own(self._plain) and roles_of(self._description) is None:
            return None
        return Tokenizer.from_json(json.dumps(self._description)).losses

    @functools.cached_property
    def algorithm(self) -> Algorithm:
        """As ``OpenTokenizer.algorithm``."""
        model = self._description["model"]
        match model["type"]:
            case "BPE":
                merges = (pair if isinstance(pair, list) else pair.split(" ") for pair in model["merges"])
                ranks = {(left, right): float(rank) for rank, (left, right) in enumerate(merges)}
                return Merges(
                    ranks=ranks,
                    entries=model["vocab"],
                    whole=model["vocab"] if model.get("ignore_merges") else {},
                    prefix=model.get("continuing_subword_prefix") or "",
                    suffix=model.get("end_of_word_suffix") or "",
                    falls_back=bool(model.get("byte_fallback")),
                )
            case "WordPiece":
                return LongestMatch(
                    entries=model["vocab"],
                    continuation=model["continuing_subword_prefix"],
                    unknown=model["unk_token"],
                    longest=model.get("max_input_chars_per_word", _LONGEST_WORD),
                )
            case "Unigram":
                scores = dict(model["vocab"])
                return Scores(scores=scores, unknown_score=min(scores.values()) - _UNKNOWN_PENALTY)
            case _:
                return None

    def entry(self, number: int) -> Entry:
        """As ``OpenTokenizer.entry``."""
        piece = self._plain.id_to_token(number) if 0 <= number <= self.numbers[-1] else None
        if piece is None:
            raise DataError(f"no entry of {self.name} has the id {number}; ids are 0 … {self.numbers[-1]}")
        added = self._added.get(number)
        if number == self.unknown:
            return Entry(number=number, piece=piece, raw=piece.encode(), role="unknown")
        if added is not None:
            return Entry(
                number=number, piece=piece, raw=piece.encode(), role="special" if added.special else "ordinary"
            )
        if piece.startswith(HIDDEN):
            return Entry(number=number, piece=piece, raw=piece.removeprefix(HIDDEN).encode(), role="unused")
        is_byte = bool(self._description["model"].get("byte_fallback")) and _BYTE.fullmatch(piece)
        return Entry(number=number, piece=piece, raw=self._spell(piece), role="byte" if is_byte else "ordinary")

    def encode(self, text: str, specials: Specials = "text") -> Tokens:
        """As ``OpenTokenizer.encode``."""
        return self._tokens(text, self._encoding(text, specials))

    def cut(self, text: str, specials: Specials = "text") -> Cut:
        """As ``OpenTokenizer.cut``."""
        encoding = self._encoding(text, specials)
        tokens = self._tokens(text, encoding)
        finished = self._parsing.post_process(encoding, None, add_special_tokens=True)
        normalised, pre_tokens = self._pre_tokens(text, encoding, tokens)
        return Cut(normalised=normalised, pre_tokens=pre_tokens, tokens=tokens, finished=tuple(finished.ids))

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """As ``OpenTokenizer.encode_batch``."""
        try:
            encodings = self._plain.encode_batch_fast(list(texts), add_special_tokens=False)
        except (TypeError, UnicodeEncodeError):
            encodings = self._plain.encode_batch_fast([whole(text) for text in texts], add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def decode(self, ids: Sequence[int]) -> str:
        """As ``OpenTokenizer.decode``."""
        return str(self._plain.decode(list(ids), skip_special_tokens=False))

    def decode_batch(self, batch: Sequence[Sequence[int]]) -> list[str]:
        """As ``OpenTokenizer.decode_batch``."""
        return list(self._plain.decode_batch([list(ids) for ids in batch], skip_special_tokens=False))

    def _unknown(self) -> int | None:
        model = self._description["model"]
        if model["type"] == "Unigram":
            number = model.get("unk_id")
            return None if number is None else int(number)
        name = model.get("unk_token")
        return self._vocabulary.get(name) if isinstance(name, str) else None

    def _encoding(self, text: str, specials: Specials) -> tokenizers.Encoding:
        if specials == "refuse":
            refuse(text, self.specials)
        library = self._parsing if specials == "parse" else self._plain
        return library.encode(whole(text), add_special_tokens=False)

    def _tokens(self, text: str, encoding: tokenizers.Encoding) -> Tokens:
        entries = {number: self.entry(number) for number in set(encoding.ids)}
        found = [entries[number] for number in encoding.ids]
        pieces = [b"" if entry.role == "unknown" else entry.raw for entry in found]
        spans = aligned(text.encode(), pieces, to_bytes(text, encoding.offsets))
        return Tokens(ids=tuple(encoding.ids), pieces=tuple(encoding.tokens), spans=tuple(spans))

    def _pre_tokens(self, text: str, encoding: tokenizers.Encoding, tokens: Tokens) -> tuple[str, tuple[PreToken, ...]]:
        """The normalised text and its parts; added tokens in the text are parts of their own, and what stands between
        two of them is normalised and parted by itself, as the library does it."""
        words, offsets, pieces = encoding.word_ids, encoding.offsets, encoding.tokens  # the library makes lists anew
        groups = _runs(words)
        added = [
            stop - first == 1 and self._is_added(text, tokens.ids[first], offsets[first]) for first, stop in groups
        ]
        normalised: list[str] = []
        texts: list[str] = []
        place = base = (
            0  # where the part between added tokens begins in the text, and the number of its first pre-token
        )
        for is_added, run in groupby(range(len(groups)), key=added.__getitem__):
            numbers = list(run)
            if is_added:
                names = [pieces[groups[number][0]] for number in numbers]
                texts += names
                normalised += names
                last = groups[numbers[-1]][0]
                place, base = offsets[last][1], (words[last] or 0) + 1
                continue
            after = numbers[-1] + 1
            end = offsets[groups[after][0]][0] if after < len(groups) else len(text)
            normalised.append(self._normalise(text[place:end]))
            parts = dict(enumerate(filter(None, self._parts(normalised[-1])), base))
            texts += [parts.get(words[groups[number][0]] or 0, "") for number in numbers]
        if not groups:
            normalised.append(self._normalise(text))
        pre_tokens = tuple(
            PreToken(
                text=part,
                span=(tokens.spans[first][0], tokens.spans[stop - 1][1]),
                first=first,
                stop=stop,
                special=is_added,
            )
            for part, (first, stop), is_added in zip(texts, groups, added, strict=True)
        )
        return "".join(normalised), pre_tokens

    def _is_added(self, text: str, number: int, offset: tuple[int, int]) -> bool:
        added = self._added.get(number)
        if added is None:
            return False
        start, end = offset
        return text[start:end].strip() == added.content.strip() and (start, end) != (0, 0)

    def _normalise(self, text: str) -> str:
        normalizer = self._plain.normalizer
        return text if normalizer is None else str(normalizer.normalize_str(text))

    def _parts(self, normalised: str) -> list[str]:
        pre_tokenizer = self._plain.pre_tokenizer
        if pre_tokenizer is None:
            return [normalised]
        return [part for part, _ in pre_tokenizer.pre_tokenize_str(normalised)]


def _runs(words: Sequence[int | None]) -> list[tuple[int, int]]:
    """First and last token (exclusive) of every pre-token."""
    runs: list[tuple[int, int]] = []
    for _, group in groupby(range(len(words)), key=words.__getitem__):
        numbers = list(group)
        runs.append((numbers[0], numbers[-1] + 1))
    return runs


def _spelling(description: Mapping[str, Any]) -> Callable[[str], bytes]:
    """How a piece's bytes are had, by the decoder that puts pieces together."""
    decoders = steps_of(description["decoder"])
    types = {step["type"] for step in decoders}
    if "ByteLevel" in types:
        table = byte_level_table()
        return lambda piece: bytes(table[c] for c in piece) if set(piece) <= table.keys() else piece.encode()
    rules: list[tuple[str, str]] = []  # suffixes and prefixes that are marks
    marks: list[tuple[str, str]] = []
    for step in decoders:
        match step:
            case {"type": "WordPiece", "prefix": str(prefix)} if prefix:
                rules.append(("prefix", prefix))
            case {"type": "BPEDecoder", "suffix": str(suffix)} if suffix:
                rules.append(("suffix", suffix))
            case {"type": "Metaspace", "replacement": str(mark)}:
                marks.append((mark, " "))
            case {"type": "Replace", "pattern": {"String": str(mark)}, "content": str(content)}:
                marks.append((mark, content))
    if any(step.get("pattern") == {"Regex": f"{JOINER} | {JOINER}|{JOINER}"} for step in decoders):
        marks.append((JOINER, ""))
    falls_back = "ByteFallback" in types

    def spell(piece: str) -> bytes:
        byte = _BYTE.fullmatch(piece) if falls_back else None
        if byte:
            return bytes([int(byte[1], 16)])
        for where, mark in rules:
            piece = piece.removeprefix(mark) if where == "prefix" else piece.removesuffix(mark)
        for mark, content in marks:
            piece = piece.replace(mark, content)
        return piece.encode()

    return spell
