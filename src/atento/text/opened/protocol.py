"""What can be asked of any tokenizer, whichever library runs it.

Byte spans of the raw UTF-8 text are the truth, and so are the bytes that a vocabulary entry stands for: pieces as files
have them (``Ġcasa``, ``▁casa``, ``##sa``, ``<0xC3>``) are spellings of these, each library's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from atento.core.errors import DataError
from atento.text.configuration import Kind
from atento.text.spans import Span
from atento.text.tokenizer import Tokens

Specials = Literal["text", "parse", "refuse"]
"""What becomes of a special token's name (``<|endoftext|>``) in a text: ordinary text, the token, or an error."""

Role = Literal["ordinary", "special", "unknown", "byte", "unused"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of a vocabulary."""

    number: int
    piece: str
    """As the file has it."""
    raw: bytes
    """What it stands for in a text: canonical bytes, a space that belongs to it included. A special token's name."""
    role: Role


@dataclass(frozen=True, kw_only=True)
class PreToken:
    """A part of the normalised text that is cut by itself, with no regard to the others."""

    text: str
    """As the algorithm reads it: normalised, bytes in the library's spelling."""
    span: Span
    """Bytes of the raw text."""
    first: int
    """Its first token."""
    stop: int
    """The token after its last one."""
    special: bool = False
    """Whether it is an added token, which no algorithm cuts."""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A text on its way to ids, step by step."""

    normalised: str
    pre_tokens: tuple[PreToken, ...]
    tokens: Tokens
    finished: tuple[int, ...]
    """The ids with the special tokens that the tokenizer puts around a text."""


@dataclass(frozen=True, kw_only=True)
class Merges:
    """Byte-pair encoding (Sennrich et al. 2016): the adjacent pair of least rank is put together, again and again."""

    ranks: Mapping[tuple[str, str], float]
    """Rank of each pair. Equal pairs, and pairs of equal rank, go from left to right."""
    entries: Mapping[str, int]
    whole: Mapping[str, int] = field(default_factory=dict)
    """Pre-tokens that are taken as they are, before any merge (``ignore_merges``)."""
    prefix: str = ""
    """What a character that does not begin a pre-token begins with."""
    suffix: str = ""
    """What the last character of a pre-token ends with (``</w>``)."""
    falls_back: bool = False
    """Whether a character without an entry is spelled in bytes, ``<0xC3>``."""


@dataclass(frozen=True, kw_only=True)
class LongestMatch:
    """WordPiece (Schuster and Nakajima 2012; Devlin et al. 2019): the longest entry that begins the rest of a word."""

    entries: Mapping[str, int]
    continuation: str
    """What entries inside a word begin with (``##``)."""
    unknown: str
    """What a word becomes that no entries make up."""
    longest: int
    """Characters of a word; longer ones are unknown."""


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Unigram model (Kudo 2018): of all ways to cut a text, the one with the greatest sum of log-probabilities."""

    scores: Mapping[str, float]
    """Log-probability of each entry, in nats."""
    unknown_score: float
    """Of a character that no entry begins with."""


Algorithm = Merges | LongestMatch | Scores | None
"""How pre-tokens are cut; None: looked up whole."""


class OpenTokenizer(Protocol):
    """A tokenizer as its own library runs it; made by ``open_tokenizer``."""

    @property
    def name(self) -> str:
        """What tables and pictures call it."""
        ...

    @property
    def kind(self) -> Kind:
        """What its tokens are."""
        ...

    @property
    def library(self) -> str:
        """Which library runs it, with its version."""
        ...

    @property
    def size(self) -> int:
        """How many entries the vocabulary has, special ones counted."""
        ...

    @property
    def numbers(self) -> Sequence[int]:
        """The ids that have an entry, in order; a vocabulary may have holes."""
        ...

    @property
    def unknown(self) -> int | None:
        """The id of what it cannot spell; None if it can spell everything."""
        ...

    @property
    def specials(self) -> Mapping[str, int]:
        """The special tokens' names and ids."""
        ...

    @property
    def losses(self) -> tuple[str, ...] | None:
        """What a text may lose on its way to ids and back, in words; None: only trying tells."""
        ...

    @property
    def algorithm(self) -> Algorithm:
        """How a pre-token is cut."""
        ...

    def entry(self, number: int) -> Entry:
        """A vocabulary entry.

        Raises:
            DataError: no entry has this id.
        """
        ...

    def encode(self, text: str, specials: Specials = "text") -> Tokens:
        """A text's tokens with their byte spans, which are in order and never overlap; no special token is added.

        Raises:
            DataError: half a character (a lone surrogate), or a special token where these are refused.
        """
        ...

    def cut(self, text: str, specials: Specials = "text") -> Cut:
        """The same, with every step on the way.

        Raises:
            DataError: as ``encode``.
        """
        ...

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of many texts at the library's speed, on all its threads; special tokens are text.

        Raises:
            DataError: a text holds half a character (a lone surrogate).
        """
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, as the library gives it; special tokens show."""
        ...

    def decode_batch(self, batch: Sequence[Sequence[int]]) -> list[str]:
        """The texts of many sequences of ids."""
        ...


def refuse(text: str, specials: Mapping[str, int]) -> None:
    """Refuse a text that holds a special token's name.

    Raises:
        DataError: it does; the first is named with its place.
    """
    found = [(text.find(name), -len(name), name) for name in specials if name and name in text]
    if found:
        place, _, name = min(found)
        raise DataError(
            f"character {place + 1} of a text begins the special token {name}; say whether special tokens are to be "
            "parsed or taken as text"
        )
