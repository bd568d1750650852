"""Tokenizers that come from elsewhere: GPT-2's and RoBERTa's bytes, BERT's words, SentencePiece's pieces.

``text.loading`` makes them of their files; in a bundle they are an ordinary ``tokenizer.json`` that names the roles of
its special tokens (``text.template``). Ids and decoded text are those of the library that the tokenizer comes from;
text that looks like a special token is text, though.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import tokenizers

from atento.core.errors import DataError
from atento.text import spans as byte_spans
from atento.text.growth import text_ends
from atento.text.pipeline import SPACE
from atento.text.template import Roles, Template, roles_of, template_of
from atento.text.tokenizer import Surface, Tokenizer, Tokens, steps_of, whole

_NORMALIZERS = {
    "NFC": "characters come back in their composed form (Unicode NFC)",
    "NFD": "characters come back in their decomposed form (Unicode NFD)",
    "NFKC": "characters come back in their compatibility form (Unicode NFKC)",
    "NFKD": "characters come back in their decomposed compatibility form (Unicode NFKD)",
    "Precompiled": "characters come back as the tokenizer's table normalises them",
    "Lowercase": "capital letters come back as small ones",
    "StripAccents": "accents are lost",
    "Strip": "spaces at both ends are lost",
}


class ForeignTokenizer(Tokenizer):
    """See the module's text."""

    def encode(self, text: str) -> Tokens:
        """As ``Tokenizer.encode``; where pieces give the bytes of the text, each has exactly its own."""
        encoding = self._library.encode(whole(text), add_special_tokens=False)
        ids = tuple(self._present(encoding.ids))
        spans = self._tiled(text, encoding.ids)
        if spans is None:
            spans = byte_spans.to_bytes(text, byte_spans.apart(encoding.offsets))
        return Tokens(ids=ids, pieces=tuple(encoding.tokens), spans=tuple(spans))

    def encode_batch(self, texts: Sequence[str], *, continued: bool = False) -> list[list[int]]:
        """As ``Tokenizer.encode_batch``."""
        rows = super().encode_batch(texts, continued=continued)
        return [self._present(row) for row in rows] if self._absent else rows

    def encode_gapped(self, text: str) -> list[int]:
        """As ``Tokenizer.encode_gapped``."""
        return self._present(self._gapped.encode(whole(text), add_special_tokens=False).ids)

    def gapped_description(self) -> dict[str, Any]:
        """As ``Tokenizer.gapped_description``: what its library does with its mask is right as it is."""
        return self._description

    @property
    def tiles(self) -> bool:
        """As ``Tokenizer.tiles``."""
        return self._spells_bytes and self._description["normalizer"] is None and not self._prefixes

    @property
    def before_word(self) -> str:
        """As ``Tokenizer.before_word``: GPT-2 has other entries for words after a space, and puts none there itself."""
        return " " if self._of_bytes and not self._prefixes else ""

    @property
    def size(self) -> int:
        """One more than the greatest id of the vocabulary, which may have holes."""
        return self._size

    @functools.cached_property
    def losses(self) -> tuple[str, ...]:
        """As ``Tokenizer.losses``."""
        found = []
        for step in steps_of(self._description["normalizer"]):
            if step["type"] == "BertNormalizer":
                found += _bert_losses(step)
            elif step["type"] in _NORMALIZERS:
                found.append(_NORMALIZERS[step["type"]])
        if self.kind in ("wordpiece", "word"):
            found.append("spaces come back as single ones, as the tokenizer sets them around signs")
        if self._prefixes:
            found.append("a space may come back before the text")
        if self._of_bytes and not self._spells_bytes:
            found.append("bytes that the vocabulary lacks are lost")
        elif not self._of_bytes and not self._falls_back:
            found.append(f"what the vocabulary cannot spell comes back as {self.piece(self.unk)}")
        return tuple(found)

    def surface(self, ids: Sequence[int]) -> Surface:
        """As ``Tokenizer.surface``."""
        shown = [number for number in ids if number not in self._hidden]
        if self._of_bytes:
            text, spans = byte_spans.of_bytes([self._raw(n) for n in shown], strict_runs=None, ids=shown)
        else:
            text, spans = self._grown(shown)
        remaining = iter(spans)
        return Surface(text=text, spans=tuple(None if n in self._hidden else next(remaining) for n in ids))

    def piece(self, number: int) -> str:
        """A vocabulary entry as it stands in the file; ids of the model that have none show as ``⟨id⟩``."""
        piece = self._library.id_to_token(number)
        return f"⟨{number}⟩" if piece is None else str(piece)

    def label(self, number: int) -> str:
        """A vocabulary entry for a reader; see ``Tokenizer.label``."""
        raw = self._raw(number) if self._of_bytes else b""
        if not raw or number in self._hidden or number == self.unk:
            return self.piece(number)
        return byte_spans.readable(raw).replace(" ", SPACE).replace("\n", "⏎").replace("\t", "⇥")

    def unknown(self, text: str) -> tuple[str, ...]:
        """What of a text becomes the unknown token; nothing where every byte has an entry."""
        if self._spells_bytes or self._falls_back:
            return ()
        encoding = self._library.encode(whole(text), add_special_tokens=False)
        found = zip(self._present(encoding.ids), byte_spans.apart(encoding.offsets), strict=True)
        return tuple(dict.fromkeys(text[start:stop] for number, (start, stop) in found if number == self.unk))

    def _roles(self, where: str) -> Roles:
        roles = roles_of(self._description)
        if roles is None:
            raise DataError(f"{where} does not say which its special tokens are; import its model anew")
        self._absent = frozenset(roles.absent)
        entries = self._library.get_vocab(with_added_tokens=True).values()
        self._size = 1 + max((number for number in entries if number not in self._absent), default=-1)
        self._unknown = roles.unk
        return roles

    def _template(self) -> Template:
        return template_of(self._description)

    def _present(self, ids: Sequence[int]) -> list[int]:
        """Ids with ``unk`` in the place of those that the model's vocabulary lacks."""
        return [self._unknown if number in self._absent else number for number in ids] if self._absent else list(ids)

    def _tiled(self, text: str, ids: Sequence[int]) -> list[byte_spans.Span] | None:
        """The bytes of each piece in the text, if the pieces laid side by side are it, or it after a space."""
        if not self._of_bytes:
            return None
        pieces = [self._raw(number) for number in ids]
        before = len(b"".join(pieces)) - len(text.encode())
        if before not in (0, 1) or b"".join(pieces) != b" " * before + text.encode():
            return None
        ends = [max(0, end - before) for end in accumulate(map(len, pieces), initial=0)]
        return list(pairwise(ends))

    def _grown(self, shown: Sequence[int]) -> tuple[str, list[byte_spans.Span]]:
        """The decoded text, and the bytes of it that each id added."""
        text, ends = text_ends(self._library, shown)
        characters = []
        for start, end in pairwise(ends):
            added = text[start:end]
            characters.append((end - len(added.lstrip()) if added.strip() else start, end))
        return text, byte_spans.to_bytes(text, characters)

    @functools.cached_property
    def _of_bytes(self) -> bool:
        """Whether entries are sequences of bytes in GPT-2's printable form."""
        return "ByteLevel" in {step["type"] for step in steps_of(self._description["decoder"])}

    @functools.cached_property
    def _spells_bytes(self) -> bool:
        """Whether every single byte is among them, so that nothing is unknown."""
        entries = self._library.get_vocab(with_added_tokens=False)
        return self._of_bytes and all(character in entries for character in byte_spans.byte_level_table())

    def _raw(self, number: int) -> bytes:
        """What an entry stands for; nothing where the model has an id and the vocabulary no entry."""
        return self._bytes[number] if number < len(self._bytes) else b""

    @functools.cached_property
    def _bytes(self) -> list[bytes]:
        table, added = byte_spans.byte_level_table(), {token["id"] for token in self._description["added_tokens"]}
        entries = [self._library.id_to_token(number) for number in range(self._size)]
        return [
            b"" if entry is None
            else entry.encode() if number in added or not set(entry) <= table.keys()
            else bytes(table[character] for character in entry)
            for number, entry in enumerate(entries)
        ]  # fmt: skip

    @property
    def _prefixes(self) -> bool:
        """Whether a space is put before the text."""
        return any(step.get("add_prefix_space") for step in steps_of(self._description["pre_tokenizer"]))

    @functools.cached_property
    def _continuing(self) -> tokenizers.Tokenizer:
        """The library's tokenizer without the space that it puts before a text."""
        description = dict(self._description)
        description["normalizer"] = _without_prefix(description["normalizer"], "normalizers")
        description["pre_tokenizer"] = _without_prefix(description["pre_tokenizer"], "pretokenizers")
        library = tokenizers.Tokenizer.from_str(json.dumps(description))
        library.encode_special_tokens = True
        return library


def _without_prefix(part: dict[str, Any] | None, key: str) -> dict[str, Any] | None:
    if part is None:
        return None
    steps = []
    for step in steps_of(part):
        if step["type"] == "Prepend":
            continue
        changes = {"add_prefix_space": False, "prepend_scheme": "never"}
        steps.append(step | {name: value for name, value in changes.items() if name in step})
    return {"type": "Sequence", key: steps}


def _bert_losses(step: dict[str, Any]) -> list[str]:
    found = []
    if step["lowercase"]:
        found.append(_NORMALIZERS["Lowercase"])
    if step["strip_accents"] or (step["strip_accents"] is None and step["lowercase"]):
        found.append(_NORMALIZERS["StripAccents"])
    if step["clean_text"]:
        found.append("control characters are lost")
    return found
