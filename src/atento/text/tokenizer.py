"""A tokenizer: raw text in, ids out, and raw text back.

One class over the Hugging Face ``tokenizers`` library. Byte spans are the truth, text is a rendering: every token knows
which bytes of the raw UTF-8 text it stands for, also where a piece is a part of a character. The file is an ordinary
``tokenizer.json`` that opens in ``transformers``.

Left out on purpose: sub-word sampling (BPE-dropout, Kudo's sampling), because the library draws from a generator that
cannot be seeded.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

import tokenizers

from atento.core.errors import DataError
from atento.core.files import atomic_text
from atento.core.parsing import parse_json
from atento.core.vocabulary import MASK, SPECIAL_TOKENS
from atento.text import spans as byte_spans
from atento.text.configuration import Kind
from atento.text.gapped import STANDIN, gapped
from atento.text.pipeline import JOINER, JOINER_SHOWN, PREFIXED, SPACE, TILING, decoder, join, pre_tokenizer
from atento.text.template import Roles, Template, bert, roles_of


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """A text cut into tokens; no special token is added."""

    ids: tuple[int, ...]
    pieces: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    """First byte and byte after the last one of each token, in the raw UTF-8 text."""


@dataclass(frozen=True, kw_only=True)
class Surface:
    """The text that ids stand for, and where each of them stands in it."""

    text: str
    spans: tuple[tuple[int, int] | None, ...]
    """Byte spans in ``text``; None for padding and the ends of a sentence."""


class Tokenizer:
    """See the module's text. Made by ``train_tokenizer`` or ``Tokenizer.load``.

    Those that come from elsewhere are ``text.foreign.ForeignTokenizer``, which differs in what its pieces stand for.
    """

    template: Template
    """How special tokens stand around a text, or a pair, for a model that reads whole texts (BERT)."""

    def __init__(self, library: tokenizers.Tokenizer, *, where: str = "the tokenizer") -> None:
        library.encode_special_tokens = True  # "</s>" in a user's text is text; the library does not save this
        library.no_padding()
        library.no_truncation()
        self._library = library
        self._description: dict[str, Any] = json.loads(library.to_str())
        self.kind: Kind = kind_of(self._description)
        roles = self._roles(where)
        self.pad, self.unk, self.bos, self.eos = roles.pad, roles.unk, roles.bos, roles.eos
        self.mask: int | None = roles.mask
        """What hides a token from a masked language model, if there is such an entry."""
        self.template = self._template()
        self._hidden = frozenset((self.pad, self.bos, self.eos))

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """Read a ``tokenizer.json``.

        Raises:
            DataError: the file is missing, truncated, or no tokenizer of ours.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}; give the path of a tokenizer.json") from error
        except UnicodeDecodeError as error:
            raise DataError(f"{path} is not UTF-8 text, so no tokenizer.json; give the path of one") from error
        except ValueError as error:  # a NUL in the name, which no file has
            raise DataError(f"cannot read {str(path)!r}: {error}; give the path of a tokenizer.json") from error
        return cls.from_json(text, where=str(path))

    @classmethod
    def from_json(cls, text: str, *, where: str = "the tokenizer") -> Tokenizer:
        """A tokenizer from the text of its file; ``where`` names it in errors.

        Raises:
            DataError: the text is truncated, or no tokenizer of ours.
        """
        try:
            description = parse_json(text)
        except ValueError as error:
            raise DataError(
                f"{where} is not JSON ({error}): it is damaged or no tokenizer.json; copy it again"
            ) from error
        try:
            library = tokenizers.Tokenizer.from_str(text)
        except Exception as error:  # the library raises nothing more precise
            raise DataError(f"{where} is JSON but no tokenizer.json ({error}); give one") from error
        if roles_of(description) is not None:
            from atento.text.foreign import ForeignTokenizer  # which is made of this class

            return ForeignTokenizer(library, where=where)
        return cls(library, where=where)

    def save(self, path: Path) -> None:
        """Write a ``tokenizer.json``, whole or not at all."""
        with atomic_text(path) as stream:
            stream.write(self.to_json())

    def to_json(self) -> str:
        """The text of its file; the same training gives the same text."""
        return json.dumps(self._description, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    @functools.cached_property
    def checksum(self) -> str:
        """The SHA-256 of ``to_json``, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def size(self) -> int:
        """How many entries the vocabulary has; ids are 0 … size − 1."""
        return int(self._library.get_vocab_size(with_added_tokens=True))

    @property
    def lossless(self) -> bool:
        """Whether any text comes back exactly; ``losses`` says what does not."""
        return not self.losses

    @functools.cached_property
    def losses(self) -> tuple[str, ...]:
        """What a text may lose on its way to ids and back, in words; empty if nothing."""
        steps = {step["type"] for step in steps_of(self._description["normalizer"])}
        found = []
        if "NFC" in steps:
            found.append("letters with a separate accent come back as one composed character (Unicode NFC)")
        if "Lowercase" in steps:
            found.append("capital letters come back as small ones")
        if self.kind == "word":
            found.append("words that are not in the vocabulary come back as <unk>")
        elif self.kind == "wordpiece":
            found.append(
                "words with a character that training never saw, or of over 100 characters, come back as <unk>"
            )
        elif self.kind != "byte-bpe" and not self._falls_back:
            found.append("characters that training never saw come back as <unk>")
        if self.kind not in TILING:
            found.append(f"the signs {JOINER} and {SPACE} are its own marks for spacing and do not come back")
        return tuple(found)

    def encode(self, text: str) -> Tokens:
        """Cut a text into tokens with their byte spans.

        Raises:
            DataError: the text holds half a character (a lone surrogate).
        """
        encoding = self._library.encode(whole(text), add_special_tokens=False)
        lengths = None
        if self.kind in PREFIXED and self._unchanged(text):
            lengths = [None if number == self.unk else len(self._bytes[number]) for number in encoding.ids]
        offsets = encoding.offsets if self.kind in TILING else byte_spans.apart(encoding.offsets)
        spans = byte_spans.of_tokens(text, offsets, lengths)
        return Tokens(ids=tuple(encoding.ids), pieces=tuple(encoding.tokens), spans=tuple(spans))

    @property
    def tiles(self) -> bool:
        """Whether its pieces laid side by side are the text, so that a text may be encoded in parts."""
        return self.kind in TILING

    @property
    def before_word(self) -> str:
        """What must be put before a word for it to have the tokens that it has within a text, after other words."""
        return ""

    def encode_batch(self, texts: Sequence[str], *, continued: bool = False) -> list[list[int]]:
        """The ids of many texts, at the library's speed.

        Args:
            texts: raw text.
            continued: something stands before each text, so that no space is put there.

        Raises:
            DataError: a text holds half a character (a lone surrogate).
        """
        library = self._continuing if continued else self._library
        try:
            encodings = library.encode_batch_fast(list(texts), add_special_tokens=False)
        except (TypeError, UnicodeEncodeError):
            encodings = library.encode_batch_fast([whole(text) for text in texts], add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def encode_gapped(self, text: str) -> list[int]:
        """The ids of a text in which the mask's own text stands for gaps (``text.gapped``); for ``encode`` it is text.

        Raises:
            DataError: the text holds half a character (a lone surrogate), or what stands for gaps meanwhile.
        """
        if STANDIN in text:
            raise DataError(f"a text with gaps holds {STANDIN}, which stands for them while it is cut; leave it out")
        return list(self._gapped.encode(whole(text), add_special_tokens=False).ids)

    def gapped_description(self) -> dict[str, Any]:
        """What ``to_json`` writes, changed so that any library cuts masks out of a text as ``encode_gapped`` does."""
        if self.mask is None:
            return self._description
        return gapped(self._description, self.kind, self.piece(self.mask))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids; padding and the ends of a sentence are left out, an unknown word shows as ``<unk>``."""
        kept = [number for number in ids if number not in self._hidden]
        return str(self._library.decode(kept, skip_special_tokens=False))

    def decode_batch(self, batch: Sequence[Sequence[int]]) -> list[str]:
        """The texts of many sequences of ids."""
        kept = [[number for number in ids if number not in self._hidden] for ids in batch]
        return list(self._library.decode_batch(kept, skip_special_tokens=False))

    def hides(self, number: int) -> bool:
        """Whether an id leaves no trace in decoded text: padding and the ends of a sentence."""
        return number in self._hidden

    def unfinished(self, ids: Sequence[int]) -> bool:
        """Whether the text of ids may end otherwise once more ids follow.

        That is so within a character, and within a run of single bytes, all of which show as unknown characters if one
        of them does not fit the others.
        """
        raw = b""
        for number in reversed(ids):
            if number in self._hidden:
                continue
            if not self._of_bytes:
                return number in self._byte_ids
            raw = self._raw(number) + raw
            if len(raw) >= byte_spans.LONGEST_BEGINNING:
                break
        return byte_spans.ends_within_a_character(raw)

    def surface(self, ids: Sequence[int]) -> Surface:
        """The text of ids, as ``decode`` gives it, with the byte span of each of them.

        Ids that a model wrote need not be those that encoding the text again would give, so this is the only way to
        know which token wrote which part.
        """
        shown = [number for number in ids if number not in self._hidden]
        if self.kind in TILING:
            text, spans = byte_spans.of_bytes(
                [self._bytes[number] for number in shown],
                strict_runs=self._byte_ids if self._falls_back else None,
                ids=shown,
            )
            if self.kind in PREFIXED:
                text, spans = byte_spans.without_first_space(text, spans)
        else:
            text, characters = join([self.piece(number) for number in shown])
            spans = byte_spans.to_bytes(text, characters)
        remaining = iter(spans)
        return Surface(text=text, spans=tuple(None if n in self._hidden else next(remaining) for n in ids))

    def piece(self, number: int) -> str:
        """A vocabulary entry as it stands in the file."""
        piece = self._library.id_to_token(number)
        if piece is None:
            raise IndexError(f"no token has the id {number}; ids are 0 … {self.size - 1}")
        return str(piece)

    def label(self, number: int) -> str:
        """A vocabulary entry for a reader: spaces show as ``▁``, single bytes as ``⟨C3⟩``, joiners as ``▪``."""
        if self.kind not in TILING or number in self._hidden or number == self.unk:
            return self.piece(number).replace(JOINER, JOINER_SHOWN)
        text = byte_spans.readable(self._bytes[number])
        return text.replace(" ", SPACE).replace("\n", "⏎").replace("\t", "⇥")

    def unknown(self, text: str) -> tuple[str, ...]:
        """The words (word, wordpiece) or characters (other kinds) of a text that training never saw; cheap.

        With bytes to fall back on they are not lost, but a model knows nothing of them.
        """
        if self.kind in TILING:
            seen = self._characters
            return tuple(dict.fromkeys(character for character in self._normalized(text) if character not in seen))
        encoding = self._library.encode(whole(text), add_special_tokens=False)
        found = zip(encoding.ids, byte_spans.apart(encoding.offsets), strict=True)
        return tuple(dict.fromkeys(text[start:stop] for number, (start, stop) in found if number == self.unk))

    def _roles(self, where: str) -> Roles:
        """The special tokens by their roles."""
        pad, unk, bos, eos = (_special(self._library, token, where) for token in SPECIAL_TOKENS)
        return Roles(pad=pad, unk=unk, bos=bos, eos=eos, mask=self._library.token_to_id(MASK))

    def _template(self) -> Template:
        return bert(self.bos, self.eos)

    @functools.cached_property
    def _continuing(self) -> tokenizers.Tokenizer:
        """The library's tokenizer without the space that it puts before a text."""
        normalizer = self._description["normalizer"]
        kept = [step for step in steps_of(normalizer) if step["type"] != "Prepend"]
        sequence = {"type": "Sequence", "normalizers": kept} if kept else None
        library = tokenizers.Tokenizer.from_str(json.dumps(self._description | {"normalizer": sequence}))
        library.encode_special_tokens = True
        return library

    @functools.cached_property
    def _gapped(self) -> tokenizers.Tokenizer:
        """The library's tokenizer that cuts masks out of a text, and no other special token."""
        description = self.gapped_description()
        tokens = [
            {**token, "special": token["special"] and token["id"] != self.mask} for token in description["added_tokens"]
        ]
        library = tokenizers.Tokenizer.from_str(json.dumps({**description, "added_tokens": tokens}))
        library.encode_special_tokens = True
        return library

    @functools.cached_property
    def _of_bytes(self) -> bool:
        """Whether entries are sequences of bytes in GPT-2's printable form."""
        return self.kind == "byte-bpe"

    def _raw(self, number: int) -> bytes:
        """What an entry stands for."""
        return self._bytes[number]

    @property
    def _falls_back(self) -> bool:
        return bool(self._description["model"].get("byte_fallback"))

    @functools.cached_property
    def _bytes(self) -> list[bytes]:
        """What each entry of a tiling kind stands for."""
        pieces = [self.piece(number) for number in range(self.size)]
        special = frozenset((self.pad, self.unk, self.bos, self.eos))
        if self.kind == "byte-bpe":
            table = byte_spans.byte_level_table()
            return [
                piece.encode() if number in special else bytes(table[character] for character in piece)
                for number, piece in enumerate(pieces)
            ]
        fallback = self._byte_ids
        return [fallback.get(number, piece.encode()) for number, piece in enumerate(pieces)]

    @functools.cached_property
    def _byte_ids(self) -> dict[int, bytes]:
        """The entries that stand for one byte of a character that training never saw."""
        if not self._falls_back:
            return {}
        found = {byte: self._library.token_to_id(f"<0x{byte:02X}>") for byte in range(256)}
        return {number: bytes([byte]) for byte, number in found.items() if number is not None}

    @functools.cached_property
    def _characters(self) -> frozenset[str]:
        """The characters that stand whole in some piece."""
        hidden = {*self._hidden, self.unk, *self._byte_ids}
        raw = (entry for number, entry in enumerate(self._bytes) if number not in hidden)
        return frozenset(character for entry in raw for character in entry.decode(errors="ignore"))

    def _normalized(self, text: str) -> str:
        normalizer = self._library.normalizer
        return str(normalizer.normalize_str(whole(text))) if normalizer is not None else text

    def _unchanged(self, text: str) -> bool:
        return self._normalized(text) == (" " + text if text else "")


def _special(library: tokenizers.Tokenizer, token: str, where: str) -> int:
    number = library.token_to_id(token)
    if number is None:
        raise DataError(f"{where} has no {token} token; give a tokenizer made by `atento tokenizer train`")
    return int(number)


def whole(text: str) -> str:
    """A text without half characters.

    Raises:
        DataError: it holds one.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"character {error.start + 1} of a text is half a character (a lone surrogate); mend it"
        ) from None
    return text


def steps_of(part: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The steps of a normaliser, pre-tokenizer or decoder, whether it is a sequence or a single one."""
    if part is None:
        return []
    inner = part.get("normalizers", part.get("decoders", part.get("pretokenizers")))
    return [part] if inner is None else list(inner)


def kind_of(description: dict[str, Any]) -> Kind:
    """Which of our kinds a tokenizer is, from the parts it is made of."""
    decoders = {step["type"] for step in steps_of(description["decoder"])}
    match description["model"]["type"]:
        case "BPE":
            return "byte-bpe" if "ByteLevel" in decoders else "bpe"
        case "WordLevel":
            return "word" if "WordPiece" in decoders else "char"
        case model:
            return cast("Kind", str(model).lower())


def is_own(library: tokenizers.Tokenizer) -> bool:
    """Whether a tokenizer is one that we train: special tokens, cutting and putting together are ours."""
    if [library.token_to_id(token) for token in SPECIAL_TOKENS] != list(range(len(SPECIAL_TOKENS))):
        return False
    description = json.loads(library.to_str())
    kind = kind_of(description)
    if kind not in get_args(Kind):
        return False
    same = tokenizers.Tokenizer(tokenizers.models.BPE())
    same.pre_tokenizer = pre_tokenizer(kind)
    found = description["pre_tokenizer"], description["decoder"]
    for fallback in (True, False):
        same.decoder = decoder(kind, fallback)
        wanted = json.loads(same.to_str())
        if found == (wanted["pre_tokenizer"], wanted["decoder"]):
            return True
    return False
