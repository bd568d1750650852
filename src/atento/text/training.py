"""Training tokenizers, so that the same texts give the same file on every run.

The library's trainers for word, char, bpe and byte-bpe are deterministic. Two are not, because they walk through hash
tables whose order differs from process to process:

* its WordPiece trainer is BPE with a continuation mark, and numbers marked characters in that order, which also decides
  ties. Here plain BPE is trained on words that *begin* with a mark; its merges, in their order, then give the
  WordPiece vocabulary (``▁ca`` → ``ca``, ``sa`` → ``##sa``);
* its unigram trainer gives characters that were pruned away, and have to come back, their small differences of score in
  that order, and sums in that order too. Here such characters share the lowest score, scores are rounded to four
  decimals, and pieces are sorted by score and text.

The unigram trainer has one more trait to work around: it draws its first candidates from the *distinct* chunks, and
takes only strings that are followed by two different characters there. A frequent word that always ends its chunk is
then no candidate (on Portuguese and Spanish sentences this costs 17 % more tokens). So some occurrences of a chunk,
chosen by what stands next to it, carry the sign ``_VARIANT`` while training, which makes both forms meet the rule.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

import tokenizers
from tokenizers import Regex, models, normalizers, pre_tokenizers, trainers

from atento.core.errors import ConfigurationError, DataError
from atento.core.progress import Progress, Silent
from atento.core.vocabulary import SPECIAL_TOKENS
from atento.text import pipeline
from atento.text.configuration import Normalization, TokenizerConfig
from atento.text.tokenizer import Tokenizer

BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
"""The entries that bpe and unigram fall back on, as SentencePiece writes them."""

_UNKNOWN = SPECIAL_TOKENS[1]
_WORD_START = "\x02"
"""Marks the beginning of a word while WordPiece is trained."""
_VARIANT = "\x03"
"""Ends some chunks while unigram is trained."""
_VARIANT_PLACES = r"(?<=[\p{L}\p{M}])(?= \S{4}|[^\s\p{L}\p{M}])|(?<=[^\s\p{L}\p{M}\p{N}])(?=\p{Lu}| \S{4})"
_VARIANT_CHUNKS = r" ?[\p{L}\p{M}]+\x03?| ?\p{N}| ?[^\s\p{L}\p{M}\p{N}\x03]+\x03?|\s+(?!\S)|\s+"
_PENALTY = 1e-4
"""The step between the scores that the unigram trainer gives to characters it brings back."""


class VocabularySizeError(ConfigurationError):
    """A vocabulary's size that the data cannot give, or that its characters do not fit into."""

    def __init__(self, message: str, bound: int) -> None:
        super().__init__(message)
        self.bound = bound
        """The greatest, or the least, that is possible."""


def train_tokenizer(texts: Iterable[str], config: TokenizerConfig, progress: Progress | None = None) -> Tokenizer:
    """Train a tokenizer on raw texts, which are read once and never held together.

    Raises:
        DataError: there is no text.
        VocabularySizeError: the vocabulary is larger than the data can give, or too small for its characters.
    """
    if config.vocab_size <= len(config.special_tokens):
        raise ConfigurationError(f"tokenizer.vocab_size = {config.vocab_size} leaves no room for text; ask for more")
    feed = _Feed(texts, config, progress or Silent())
    match config.kind:
        case "word" | "char":
            model = _word_level(feed, config)
        case "bpe" | "byte-bpe":
            model = _bpe(feed, config)
        case "wordpiece":
            model = _wordpiece(feed, config)
        case "unigram":
            model = _unigram(feed, config)
    _check_size(len(model["vocab"]), config)
    return Tokenizer(_assemble(model, config))


class _Feed:
    """Hands texts to a trainer, counts them and tells how far it is."""

    def __init__(self, texts: Iterable[str], config: TokenizerConfig, progress: Progress) -> None:
        self._texts = texts
        self._config = config
        self._progress = progress
        self._error: BaseException | None = None
        self.characters: set[str] = set()
        """All characters read, as normalisation leaves them."""

    def train(self, library: tokenizers.Tokenizer, trainer: trainers.Trainer) -> dict[str, Any]:
        """Train and give the model's description; what reading the texts raises comes through as it is."""
        self._progress.start("learning the vocabulary", None)
        composed = _normalization(self._config) == "nfc"

        def stream() -> Iterator[str]:
            try:
                for text in self._texts:
                    self.characters.update(unicodedata.normalize("NFC", text) if composed else text)
                    self._progress.advance()
                    yield text
            except BaseException as error:
                self._error = error
                raise

        try:
            library.train_from_iterator(stream(), trainer)
        except BaseException:
            if self._error is not None:
                raise self._error from None
            raise
        finally:
            self._progress.finish()
        if self._config.lowercase:
            self.characters = set("".join(self.characters).lower())
        if not any(character.strip() for character in self.characters):
            raise DataError("there is no text to learn a vocabulary from; give a corpus that is not empty")
        description: dict[str, Any] = json.loads(library.to_str())["model"]
        return description


def _normalization(config: TokenizerConfig) -> Normalization:
    return config.normalization or pipeline.default_normalization(config.kind)


def _library(model: models.Model, config: TokenizerConfig) -> tokenizers.Tokenizer:
    library = tokenizers.Tokenizer(model)
    library.normalizer = pipeline.normalizer(config.kind, _normalization(config), config.lowercase)
    library.pre_tokenizer = pipeline.pre_tokenizer(config.kind)
    library.decoder = pipeline.decoder(config.kind, config.byte_fallback)
    return library


def _assemble(model: dict[str, Any], config: TokenizerConfig) -> tokenizers.Tokenizer:
    """The library's tokenizer with this model, its special tokens being known as such."""
    description = json.loads(_library(models.BPE(), config).to_str())
    description["model"] = model
    library = tokenizers.Tokenizer.from_str(json.dumps(description))
    library.add_special_tokens(
        [tokenizers.AddedToken(token, special=True, normalized=False) for token in config.special_tokens]
    )
    return library


def _word_level(feed: _Feed, config: TokenizerConfig) -> dict[str, Any]:
    trainer = trainers.WordLevelTrainer(
        vocab_size=config.vocab_size,
        min_frequency=config.min_frequency if config.kind == "word" else 1,
        special_tokens=list(config.special_tokens),
        show_progress=False,
    )
    return feed.train(_library(models.WordLevel(unk_token=_UNKNOWN), config), trainer)


def _bpe(feed: _Feed, config: TokenizerConfig) -> dict[str, Any]:
    fallback = config.byte_fallback and config.kind == "bpe"
    reserved = len(BYTES) if fallback else 0
    trainer = trainers.BpeTrainer(
        vocab_size=max(config.vocab_size - reserved, 0),
        min_frequency=config.min_frequency,
        special_tokens=list(config.special_tokens),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()) if config.kind == "byte-bpe" else [],
        show_progress=False,
    )
    model = feed.train(_library(models.BPE(unk_token=None if config.kind == "byte-bpe" else _UNKNOWN), config), trainer)
    if fallback:
        model["vocab"] = _numbered(
            [*config.special_tokens, *BYTES, *_ordered(model["vocab"])[len(config.special_tokens) :]]
        )
        model["byte_fallback"] = True
    return model


def _wordpiece(feed: _Feed, config: TokenizerConfig) -> dict[str, Any]:
    library = _library(models.BPE(), config)
    library.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pipeline.pre_tokenizer(config.kind),
            pre_tokenizers.Metaspace(replacement=_WORD_START, prepend_scheme="always", split=False),
        ]
    )
    # Merges with the mark give no piece of their own (its characters are entries anyway), so more are trained.
    trainer = trainers.BpeTrainer(
        vocab_size=2 * config.vocab_size, min_frequency=config.min_frequency, show_progress=False
    )
    trained = _ordered(feed.train(library, trainer)["vocab"])
    characters = [piece for piece in trained if len(piece) == 1 and piece != _WORD_START]
    pieces = [*config.special_tokens, *characters, *(pipeline.CONTINUATION + character for character in characters)]
    merged = [
        piece.removeprefix(_WORD_START) if piece.startswith(_WORD_START) else pipeline.CONTINUATION + piece
        for piece in trained
        if len(piece) > 1
    ]
    pieces = list(dict.fromkeys([*pieces, *merged]))
    limit = max(config.vocab_size, len(config.special_tokens) + 2 * len(characters))
    return {
        "type": "WordPiece",
        "unk_token": _UNKNOWN,
        "continuing_subword_prefix": pipeline.CONTINUATION,
        "max_input_chars_per_word": 100,
        "vocab": _numbered(pieces[:limit]),
    }


def _unigram(feed: _Feed, config: TokenizerConfig) -> dict[str, Any]:
    reserved = len(BYTES) if config.byte_fallback else 0
    trainer = trainers.UnigramTrainer(
        vocab_size=max(config.vocab_size - reserved, len(config.special_tokens)) + 1,  # with _VARIANT
        special_tokens=list(config.special_tokens),
        unk_token=_UNKNOWN,
        show_progress=False,
    )
    library = _library(models.Unigram(), config)
    library.normalizer = normalizers.Sequence(
        [
            library.normalizer,
            normalizers.Replace(Regex(_VARIANT_PLACES), _VARIANT),
        ]
    )
    library.pre_tokenizer = pre_tokenizers.Split(Regex(_VARIANT_CHUNKS), "isolated")
    try:
        trained = feed.train(library, trainer)["vocab"]
    except Exception as error:  # the library raises nothing more precise
        if "not large enough" not in str(error):
            raise
        needed = len(config.special_tokens) + reserved + len(feed.characters | {" "})
        raise _too_small(config, needed) from error
    pieces = [
        (piece, score) for piece, score in trained if piece not in config.special_tokens and _VARIANT not in piece
    ]
    lowest = min(score for _, score in pieces)
    scored = [(piece, _score(piece, score, lowest, len(pieces))) for piece, score in pieces]
    # Characters always stay; where they just fit, the library keeps more pieces than asked for.
    scored.sort(key=lambda item: (len(item[0]) > 1, -item[1], item[0]))
    characters = sum(len(piece) == 1 for piece, _ in scored)
    scored = scored[: max(config.vocab_size - reserved - len(config.special_tokens), characters)]
    scored.sort(key=lambda item: (-item[1], item[0]))
    fallback = [(entry, 0.0) for entry in BYTES] if config.byte_fallback else []
    vocab = [*((token, 0.0) for token in config.special_tokens), *fallback, *scored]
    return {"type": "Unigram", "unk_id": 1, "vocab": vocab, "byte_fallback": config.byte_fallback}


def _score(piece: str, score: float, lowest: float, count: int) -> float:
    """A score without what hash tables' order left in it; see the module's text."""
    steps = (score - lowest) / _PENALTY
    if len(piece) == 1 and abs(steps - round(steps)) < 1e-6 and steps < count:
        score = lowest
    return round(score, 4)


def _ordered(vocab: dict[str, int]) -> list[str]:
    return sorted(vocab, key=vocab.__getitem__)


def _numbered(pieces: list[str]) -> dict[str, int]:
    return {piece: number for number, piece in enumerate(pieces)}


def _check_size(size: int, config: TokenizerConfig) -> None:
    asked = config.vocab_size
    if size < asked and config.kind != "char":
        hint = f" with min_frequency {config.min_frequency}" if config.kind != "unigram" else ""
        raise VocabularySizeError(
            f"a vocabulary of {asked} was asked for, the data gives at most {size}{hint}: "
            f"set tokenizer.vocab_size to {size} or less, or bring more text",
            size,
        )
    if size > asked:
        raise _too_small(config, size)


def _too_small(config: TokenizerConfig, needed: int) -> VocabularySizeError:
    return VocabularySizeError(
        f"a vocabulary of {config.vocab_size} was asked for, but the characters of the data alone need {needed}: "
        f"set tokenizer.vocab_size to {needed} or more",
        needed,
    )
