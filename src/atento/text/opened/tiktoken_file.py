"""Tokenizers of OpenAI's ``tiktoken`` library, from ``.tiktoken`` files of byte sequences and their ranks.

Such a file lacks two things that the ids depend on: the pattern that parts a text into words, and the special tokens.
``PRESETS`` has them for the published encodings; for any other file the pattern has to be given.
"""

from __future__ import annotations

import base64
import binascii
import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

from atento.core.errors import ConfigurationError, DataError
from atento.text.configuration import Kind
from atento.text.opened.protocol import Algorithm, Cut, Entry, Merges, PreToken, Specials, refuse
from atento.text.spans import byte_level_table
from atento.text.tokenizer import Tokens, whole

_GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
_CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
    r"|\s+(?!\S)|\s"
)
_O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
_END = "<|endoftext|>"


@dataclass(frozen=True, kw_only=True)
class Preset:
    """What a published encoding has beside its file."""

    pattern: str
    specials: Mapping[str, int] = field(default_factory=dict)
    """Special tokens and their ids; they stand only beside a file that leaves these ids free."""
    end_follows: bool = False
    """Whether ``<|endoftext|>`` comes right after the file's ranks."""


def _llama3() -> dict[str, int]:
    names = ["begin_of_text", "end_of_text", "reserved_special_token_0", "reserved_special_token_1"]
    names += ["finetune_right_pad_id", "reserved_special_token_2", "start_header_id", "end_header_id", "eom_id"]
    names += ["eot_id", "python_tag", *(f"reserved_special_token_{number}" for number in range(3, 248))]
    return {f"<|{name}|>": 128000 + number for number, name in enumerate(names)}


PRESETS: Final[Mapping[str, Preset]] = {
    "gpt2": Preset(pattern=_GPT2, end_follows=True),
    "cl100k": Preset(
        pattern=_CL100K,
        specials={
            _END: 100257,
            "<|fim_prefix|>": 100258,
            "<|fim_middle|>": 100259,
            "<|fim_suffix|>": 100260,
            "<|endofprompt|>": 100276,
        },
    ),
    "o200k": Preset(pattern=_O200K, specials={_END: 199999, "<|endofprompt|>": 200018}),
    "llama3": Preset(pattern=_LLAMA3, specials=_llama3()),
}
"""GPT-2 and GPT-3 (and Whisper), GPT-3.5 and GPT-4, GPT-4o, Llama 3: patterns as their publishers have them."""

_FILE_NAMES: Final = {
    "gpt2": "gpt2", "r50k_base": "gpt2", "p50k_base": "gpt2", "multilingual": "gpt2", "cl100k_base": "cl100k",
    "o200k_base": "o200k",
}  # fmt: skip
"""Presets of files that go by well-known names."""


class TiktokenTokenizer:
    """See the module's text."""

    kind: Kind = "byte-bpe"
    unknown: int | None = None
    losses: tuple[str, ...] | None = ()

    def __init__(self, encoding: Any, name: str) -> None:
        import tiktoken

        self._encoding = encoding
        self.name = name
        self.library = f"tiktoken {tiktoken.__version__}"
        self._ranks: dict[bytes, int] = encoding._mergeable_ranks
        self.specials: Mapping[str, int] = dict(encoding._special_tokens)
        self._names = {number: piece for piece, number in self.specials.items()}
        self._raw = {number: raw for raw, number in self._ranks.items()}
        self.numbers: Sequence[int] = sorted({*self._raw, *self._names})
        self.size = len(self.numbers)
        self._letters = {byte: letter for letter, byte in byte_level_table().items()}

    @classmethod
    def read(cls, path: Path, name: str, pattern: str | None = None) -> TiktokenTokenizer:
        """The tokenizer of a ``.tiktoken`` file.

        Args:
            path: the file.
            name: what tables call it.
            pattern: the name of a preset, or a regular expression; None: by the file's name, if it is a known one.

        Raises:
            DataError: the file is missing or damaged, or ``tiktoken`` is not installed.
            ConfigurationError: no pattern is known, or it is no regular expression.
        """
        try:
            import tiktoken
        except ImportError:
            raise DataError(f"{path} needs the library tiktoken: pip install tiktoken (or 'atento[text]')") from None
        ranks = read_ranks(path)
        preset = _preset(path, pattern)
        specials = {piece: number for piece, number in preset.specials.items() if number >= len(ranks)}
        if preset.end_follows:
            specials = {_END: len(ranks)}
        try:
            encoding = tiktoken.Encoding(
                name=name, pat_str=preset.pattern, mergeable_ranks=ranks, special_tokens=specials
            )
        except ValueError as error:  # the library's word for a bad regular expression
            raise ConfigurationError(
                f"{pattern!r} is neither {', '.join(PRESETS)} nor a pattern ({error}); mend it"
            ) from error
        return cls(encoding, name)

    @functools.cached_property
    def algorithm(self) -> Algorithm:
        """As ``OpenTokenizer.algorithm``: two entries whose bytes make an entry are merged, the least rank first."""
        ranks = {
            (self._spelled(raw[:cut]), self._spelled(raw[cut:])): float(rank)
            for raw, rank in self._ranks.items()
            for cut in range(1, len(raw))
            if raw[:cut] in self._ranks and raw[cut:] in self._ranks
        }
        entries = {self._spelled(raw): rank for raw, rank in self._ranks.items()}
        return Merges(ranks=ranks, entries=entries, whole=entries)

    def entry(self, number: int) -> Entry:
        """As ``OpenTokenizer.entry``; the piece is spelled as GPT-2's ``vocab.json`` has it."""
        if number in self._names:
            piece = self._names[number]
            return Entry(number=number, piece=piece, raw=piece.encode(), role="special")
        if number not in self._raw:
            raise DataError(f"no entry of {self.name} has the id {number}; ids are 0 … {self.numbers[-1]}")
        raw = self._raw[number]
        return Entry(number=number, piece=self._spelled(raw), raw=raw, role="ordinary")

    def encode(self, text: str, specials: Specials = "text") -> Tokens:
        """As ``OpenTokenizer.encode``."""
        return self._tokens(text, specials)

    def cut(self, text: str, specials: Specials = "text") -> Cut:
        """As ``OpenTokenizer.cut``; nothing is normalised, and nothing is put around a text."""
        tokens = self._tokens(text, specials)
        pre_tokens: list[PreToken] = []
        ends = iter(self._ends(text, tokens, specials))
        end = first = 0
        for place, (_, stop) in enumerate(tokens.spans, 1):
            if first == place - 1:
                end = next(ends)
            if stop == end:
                span = (tokens.spans[first][0], stop)
                special = tokens.ids[first] in self._names
                piece = self._names[tokens.ids[first]] if special else "".join(tokens.pieces[first:place])
                pre_tokens.append(PreToken(text=piece, span=span, first=first, stop=place, special=special))
                first = place
        return Cut(normalised=text, pre_tokens=tuple(pre_tokens), tokens=tokens, finished=tokens.ids)

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """As ``OpenTokenizer.encode_batch``."""
        checked = list(texts)
        if not _encodable("".join(checked)):  # the library would put U+FFFD in the place of what is wrong
            checked = [whole(text) for text in checked]
        return list(self._encoding.encode_ordinary_batch(checked, num_threads=os.cpu_count() or 1))

    def decode(self, ids: Sequence[int]) -> str:
        """As ``OpenTokenizer.decode``."""
        return str(self._encoding.decode(list(ids)))

    def decode_batch(self, batch: Sequence[Sequence[int]]) -> list[str]:
        """As ``OpenTokenizer.decode_batch``."""
        return list(self._encoding.decode_batch([list(ids) for ids in batch], num_threads=os.cpu_count() or 1))

    def _tokens(self, text: str, specials: Specials) -> Tokens:
        if specials == "refuse":
            refuse(text, self.specials)
        allowed: Any = "all" if specials == "parse" else set()
        ids = self._encoding.encode(whole(text), allowed_special=allowed, disallowed_special=())
        entries = [self.entry(number) for number in ids]
        ends = list(accumulate((len(entry.raw) for entry in entries), initial=0))
        if ends[-1] != len(text.encode()):
            raise ConfigurationError(
                f"the pattern of {self.name} leaves out parts of the text; give one that covers it"
            )
        pieces = tuple(entry.piece for entry in entries)
        return Tokens(ids=tuple(ids), pieces=pieces, spans=tuple(pairwise(ends)))

    def _ends(self, text: str, tokens: Tokens, specials: Specials) -> list[int]:
        """Where each pre-token ends, in bytes; special tokens are pre-tokens."""
        import regex

        raw = text.encode()
        ends: list[int] = []
        position = 0
        found = [span for span, n in zip(tokens.spans, tokens.ids, strict=True) if n in self._names]
        for start, stop in [*(found if specials == "parse" else ()), (len(raw), len(raw))]:
            between = raw[position:start].decode()
            for match in regex.finditer(self._encoding._pat_str, between):
                position += len(match.group().encode())
                ends.append(position)
            position = stop
            ends.append(stop)
        return ends

    def _spelled(self, raw: bytes) -> str:
        return "".join(self._letters[byte] for byte in raw)


def read_ranks(path: Path) -> dict[bytes, int]:
    """A ``.tiktoken`` file: a byte sequence in base64, a space, and its rank on every line.

    Raises:
        DataError: it is missing or damaged; the line is named.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; give a .tiktoken file") from error
    ranks: dict[bytes, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            token, rank = line.split()
            raw = b"" if token == b"=" else base64.b64decode(token, validate=True)  # Whisper's file has an empty entry
            value = int(rank)
        except (ValueError, binascii.Error):
            raise DataError(
                f"{path}, line {number} is no byte sequence in base64 with its rank; give a .tiktoken file"
            ) from None
        if raw in ranks:
            raise DataError(f"{path}, line {number}: its byte sequence was there before; copy the file again")
        ranks[raw] = value
    missing = [byte for byte in range(256) if bytes([byte]) not in ranks]
    if missing:
        raise DataError(f"{path} lacks {len(missing)} of the 256 single bytes; copy the file again")
    if len(set(ranks.values())) < len(ranks):
        raise DataError(f"{path} gives one rank twice; copy the file again")
    return ranks


def _preset(path: Path, pattern: str | None) -> Preset:
    name = pattern if pattern is not None else _FILE_NAMES.get(path.stem)
    if name is None:
        raise ConfigurationError(
            f"{path} does not say how it parts a text into words; name its pattern ({', '.join(PRESETS)}) or give a "
            "regular expression"
        )
    return PRESETS.get(name) or Preset(pattern=name)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
