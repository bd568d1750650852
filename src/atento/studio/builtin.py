"""Tokenizers and texts that the studio brings itself: trained on the built-in corpus when they are first asked for.

They lie in the user's cache, in a folder whose name follows from everything that they are made of.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec
import tokenizers

import atento
from atento.core.environment import default_cache
from atento.core.files import atomic_text, read_lines
from atento.studio.failures import UnknownIdError
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer

BUILTIN: Final = "builtin/"
"""Begins their ids."""
CONFIGS: Final[Mapping[str, TokenizerConfig]] = {
    "bpe": TokenizerConfig(kind="bpe", vocab_size=2000),
    "byte-bpe": TokenizerConfig(kind="byte-bpe", vocab_size=2000),
    "wordpiece": TokenizerConfig(kind="wordpiece", vocab_size=2000),
    "unigram": TokenizerConfig(kind="unigram", vocab_size=2000),
    "word": TokenizerConfig(kind="word", vocab_size=2000),
}
"""The first is the one that the page opens on."""
_TEXTS: Final = ("train.pt", "train.es", "dev.pt", "dev.es")
LIBRARY: Final = f"tokenizers {tokenizers.__version__}"


class Builtin:
    """What the studio brings."""

    def __init__(self, cache: Path | None = None) -> None:
        self._folder = (cache or default_cache()) / "studio" / _fingerprint()
        self._locks = {name: threading.Lock() for name in (*CONFIGS, "texts")}

    @property
    def tokenizers(self) -> tuple[str, ...]:
        """Ids."""
        return tuple(f"{BUILTIN}{name}" for name in CONFIGS)

    @property
    def texts(self) -> tuple[str, ...]:
        """Ids of the corpus's parts for validation: sentences that the tokenizers have not seen, parallel by lines."""
        return tuple(f"{BUILTIN}{name}" for name in _TEXTS if name.startswith("dev"))

    def tokenizer(self, name: str) -> Path:
        """The file of a tokenizer, which is trained now if there is none.

        Raises:
            UnknownIdError: there is no such tokenizer.
            OutputError: the cache cannot be written.
        """
        kind = name.removeprefix(BUILTIN)
        if kind not in CONFIGS:
            raise UnknownIdError(f"there is no tokenizer {name}; there are {', '.join(self.tokenizers)}")
        path = self._folder / f"{kind}.json"
        with self._locks[kind]:
            if not path.exists():
                texts = [line for side in ("train.pt", "train.es") for line in read_lines(self._text(side))]
                train_tokenizer(texts, CONFIGS[kind]).save(path)
        return path

    def text(self, name: str) -> Path:
        """The file of a text.

        Raises:
            UnknownIdError: there is no such text.
            OutputError: the cache cannot be written.
        """
        if name not in self.texts:
            raise UnknownIdError(f"there is no text {name}; there are {', '.join(self.texts)}")
        return self._text(name.removeprefix(BUILTIN))

    def _text(self, name: str) -> Path:
        with self._locks["texts"]:
            if not all((self._folder / each).exists() for each in _TEXTS):
                self._write_texts()
        return self._folder / name

    def _write_texts(self) -> None:
        from atento.data.builtin.corpus import builtin_corpus  # the grammar takes a while to import

        corpus = builtin_corpus(0)
        for part, pairs in (("train", corpus.train.pairs), ("dev", corpus.dev.pairs)):
            for language, side in (("pt", "source"), ("es", "target")):
                with atomic_text(self._folder / f"{part}.{language}") as stream:
                    stream.writelines(f"{getattr(pair, side)}\n" for pair in pairs)


def _fingerprint() -> str:
    found = hashlib.sha256(f"{atento.__version__} {LIBRARY}".encode())
    found.update(msgspec.json.encode(dict(CONFIGS)))
    folder = resources.files("atento.data.builtin") / "handwritten"
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        found.update(file.read_bytes())
    return found.hexdigest()[:16]
