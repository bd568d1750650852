"""Raw text in one language in, raw text in the other out.

translator = atento.load("runs/pt-es")
result = translator.translate("E a vida o que é, diga lá, meu irmão?", beam_size=5, attention=True)
print(result.text)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, overload

import msgspec
import torch

from atento.applications.explanation import ROLES, Forced, explain, pad_rows
from atento.applications.unknown_words import Replacement, require_words_and_attention, with_source_words
from atento.bundle import TranslationBundle, load_translation
from atento.core.allocator import keep_freed_memory
from atento.core.display import Displayed, View
from atento.core.errors import ConfigurationError, DataError
from atento.core.progress import Progress, Silent
from atento.decoding.batches import in_order, plan_batches
from atento.decoding.configuration import DecodingConfig
from atento.decoding.hypothesis import Hypothesis, Observer
from atento.decoding.search import search
from atento.figures.attention import Attention, Role, Rows
from atento.nn.capture import roles
from atento.text.dictionary import Dictionary

LONGEST_TEXT = 10_000
"""Characters of one input, at most: more is no sentence but a file without line ends."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One hypothesis as text."""

    text: str
    ids: tuple[int, ...]
    """Target ids, with ``</s>`` at the end if ``finished``."""
    tokens: tuple[str, ...]
    """The ids' labels for a reader."""
    log_probabilities: tuple[float, ...]
    """Of each token, natural logarithms."""
    total: float
    score: float
    """total / length^α, by which candidates are ordered."""
    finished: bool
    """False where the length limit cut it off."""
    attention: Attention | None = None
    replaced: tuple[Replacement, ...] = ()
    """What stands in ``text`` for unknown words, if that was asked for."""


@dataclass(frozen=True, kw_only=True)
class Translation(Displayed):
    """What became of one input."""

    source: str
    candidates: tuple[Candidate, ...]
    """Best first; empty for an empty input."""
    unknown: tuple[str, ...] = ()
    """Characters (or words) of the input that training never saw."""

    @property
    def text(self) -> str:
        """The best translation; an empty line for an empty line."""
        return self.candidates[0].text if self.candidates else ""

    @property
    def attention(self) -> Attention | None:
        """The best translation's attention, if it was asked for."""
        return self.candidates[0].attention if self.candidates else None

    def view(self) -> View:
        """How it shows itself."""
        from atento.applications.views import translation_view

        return translation_view(self)


class _Found(NamedTuple):
    """A hypothesis and what it translates."""

    text: str
    source: tuple[int, ...]
    hypothesis: Hypothesis


class Translator:
    """Translates, and explains translations."""

    def __init__(self, bundle: TranslationBundle) -> None:
        self.bundle = bundle
        self._device = next(bundle.model.parameters()).device

    @classmethod
    def load(cls, path: Path | str, device: str = "cpu") -> Translator:
        """The translator of a run or bundle; raises glibc's memory thresholds for the process (``core.allocator``).

        Raises:
            BundleError: there is none, or it is damaged.
        """
        keep_freed_memory()
        return cls(load_translation(Path(path), device))

    @property
    def attends(self) -> bool:
        """Whether the model has attention over the source."""
        return "cross" in roles(self.bundle.model)

    @overload
    def translate(
        self,
        texts: str,
        *,
        beam_size: int | None = ...,
        n_best: int | None = ...,
        attention: bool = ...,
        replace_unknown: bool | None = ...,
        dictionary: Dictionary | None = ...,
        decoding: DecodingConfig | None = ...,
        prefixes: Sequence[str] | None = ...,
        progress: Progress | None = ...,
        observer: Observer | None = ...,
    ) -> Translation: ...

    @overload
    def translate(
        self,
        texts: list[str] | tuple[str, ...],
        *,
        beam_size: int | None = ...,
        n_best: int | None = ...,
        attention: bool = ...,
        replace_unknown: bool | None = ...,
        dictionary: Dictionary | None = ...,
        decoding: DecodingConfig | None = ...,
        prefixes: Sequence[str] | None = ...,
        progress: Progress | None = ...,
        observer: Observer | None = ...,
    ) -> list[Translation]: ...

    def translate(
        self,
        texts: str | list[str] | tuple[str, ...],
        *,
        beam_size: int | None = None,
        n_best: int | None = None,
        attention: bool = False,
        replace_unknown: bool | None = None,
        dictionary: Dictionary | None = None,
        decoding: DecodingConfig | None = None,
        prefixes: Sequence[str] | None = None,
        progress: Progress | None = None,
        observer: Observer | None = None,
    ) -> Translation | list[Translation]:
        """Translate one text, or many in their order.

        Args:
            texts: raw text, a sentence each.
            beam_size: width of the search; 1 is greedy.
            n_best: candidates of each text; the beam is widened to it.
            attention: record every candidate's attention.
            replace_unknown: put the aligned source word in the place of each ``<unk>``; None: if there is a dictionary
                or the settings of decoding say so.
            dictionary: translations of source words, to be preferred to the words themselves.
            decoding: everything else about the search; the bundle's own settings by default.
            prefixes: the beginning of each translation, forced.
            progress: told about every batch.
            observer: sees every step of the search.

        Raises:
            DataError: a text of over 10,000 characters, or one longer than the model can read.
            ConfigurationError: an unusable option.
        """
        settings = self._settings(decoding, beam_size, n_best, replace_unknown, dictionary)
        if isinstance(texts, str):
            return self._translate([texts], settings, attention, dictionary, prefixes, None, observer)[0]
        return self._translate(list(texts), settings, attention, dictionary, prefixes, progress, observer)

    def translate_stream(
        self,
        chunks: Iterable[Sequence[str]],
        *,
        decoding: DecodingConfig,
        attention: bool = False,
        dictionary: Dictionary | None = None,
        prefix: str | None = None,
        progress: Progress | None = None,
    ) -> Iterator[Translation]:
        """Translate chunks of texts as they come; texts are numbered through, so that sampling does not repeat itself.

        ``prefix`` is the forced beginning of every translation; ``progress`` is told about each chunk anew.

        Raises:
            DataError: as ``translate``; it names the line.
            ConfigurationError: as ``translate``.
        """
        decoding = self._settings(decoding, None, None, None, dictionary)
        first = 0
        for chunk in chunks:
            prefixes = [prefix] * len(chunk) if prefix else None
            yield from self._translate(list(chunk), decoding, attention, dictionary, prefixes, progress, None, first)
            first += len(chunk)

    def explain(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        *,
        rows: Rows = "predicted",
        roles: Sequence[Role] = ROLES,
        lines: Sequence[int] | None = None,
    ) -> list[Attention]:
        """The attention with which the model reads given translations (force-decoding).

        Its byte spans are those of the texts as they were given, also where a tokenizer would lose some of them.

        Args:
            sources: raw text.
            targets: a translation of each.
            rows: label a row by the token that is predicted there, or by the decoder's input.
            roles: whose attention; the less the faster.
            lines: the pairs' numbers in error messages; from 1 by default.

        Raises:
            DataError: unequal numbers, or an empty text.
        """
        if len(sources) != len(targets):
            raise DataError(f"{len(sources)} sources and {len(targets)} targets: give equally many")
        forced = []
        numbers = lines if lines is not None else range(1, len(sources) + 1)
        for number, source, target in zip(numbers, sources, targets, strict=True):
            if not source.strip() or not target.strip():
                raise DataError(f"line {number} has an empty side; leave the pair out")
            self._check_length(source, number)
            self._check_length(target, number)
            [target_ids] = self.bundle.target_tokenizer.encode_batch([target])
            forced.append(
                Forced(
                    text=source,
                    source=self._source_ids(source, number),
                    target=self._ended(target_ids, number, self.bundle.model.max_length),
                    target_text=target,
                )
            )
        return explain(self.bundle, forced, rows=rows, roles=roles)

    def _settings(
        self,
        decoding: DecodingConfig | None,
        beam_size: int | None,
        n_best: int | None,
        replace_unknown: bool | None,
        dictionary: Dictionary | None,
    ) -> DecodingConfig:
        settings = decoding or self.bundle.decoding
        changed: dict[str, Any] = {}
        if n_best is not None:
            width = beam_size if beam_size is not None else max(settings.beam_size, n_best)
            changed = {"n_best": n_best, "beam_size": width}
        elif beam_size is not None:
            changed = {"beam_size": beam_size}
        if dictionary is not None and replace_unknown is False:
            raise ConfigurationError("a dictionary is for replacing unknown words; leave it out, or replace them")
        if replace_unknown is not None or dictionary is not None:
            changed["replace_unknown"] = replace_unknown is not False
        settings = msgspec.structs.replace(settings, **changed) if changed else settings
        if settings.replace_unknown:
            require_words_and_attention(self.bundle)
        return settings

    def _translate(
        self,
        texts: list[str],
        settings: DecodingConfig,
        attention: bool,
        dictionary: Dictionary | None,
        prefixes: Sequence[str] | None,
        progress: Progress | None,
        observer: Observer | None,
        first: int = 0,
    ) -> list[Translation]:
        if prefixes is not None and len(prefixes) != len(texts):
            raise ConfigurationError(f"{len(prefixes)} prefixes for {len(texts)} texts: give one each")
        for number, text in enumerate(texts, first + 1):
            self._check_length(text, number)
        real = [number for number, text in enumerate(texts) if text.strip()]
        sources = [self._source_ids(texts[number], first + number + 1) for number in real]
        forced = self.bundle.target_tokenizer.encode_batch([prefixes[number] for number in real]) if prefixes else None
        found = self._search(sources, settings, forced, [first + number for number in real], progress, observer)
        hypotheses = [
            _Found(texts[number], source, hypothesis)
            for number, source, each in zip(real, sources, found, strict=True)
            for hypothesis in each
        ]
        candidates = iter(self._candidates(hypotheses, attention, settings.replace_unknown, dictionary))
        by_number = {number: tuple(next(candidates) for _ in each) for number, each in zip(real, found, strict=True)}
        unknown = self.bundle.source_tokenizer.unknown
        return [
            Translation(source=text, candidates=by_number.get(number, ()), unknown=unknown(text))
            for number, text in enumerate(texts)
        ]

    def _search(
        self,
        sources: list[tuple[int, ...]],
        settings: DecodingConfig,
        forced: list[list[int]] | None,
        indices: list[int],
        progress: Progress | None,
        observer: Observer | None,
    ) -> list[list[Hypothesis]]:
        """Search in batches of similar length; results in the order of the sources."""
        bar = progress or Silent()
        model, vocabulary = self.bundle.model, self.bundle.vocabulary
        batches = plan_batches(
            [len(ids) for ids in sources], batch_tokens=settings.batch_tokens, batch_size=settings.batch_size
        )
        if model.max_length is not None and model.max_length < settings.max_length:
            settings = msgspec.structs.replace(settings, max_length=model.max_length)
        results = []
        bar.start("translating", len(sources))
        try:
            for batch in batches:
                tokens, mask = pad_rows([sources[number] for number in batch], vocabulary.pad)
                with torch.inference_mode():
                    encoding = model.encoder(tokens.to(self._device), mask.to(self._device))
                results.append(
                    search(
                        model.decoder,
                        encoding,
                        settings,
                        vocabulary,
                        prefixes=[forced[number] for number in batch] if forced is not None else None,
                        indices=[indices[number] for number in batch],
                        observer=observer,
                    )
                )
                bar.advance(len(batch))
        finally:
            bar.finish()
        return in_order(batches, results)

    def _candidates(
        self, found: list[_Found], attention: bool, replace_unknown: bool, dictionary: Dictionary | None
    ) -> Iterator[Candidate]:
        """Hypotheses as text; attention is computed only where it was asked for or an ``<unk>`` must be replaced."""
        target = self.bundle.target_tokenizer
        texts = target.decode_batch([each.hypothesis.text_tokens for each in found])
        unknown = [replace_unknown and target.unk in each.hypothesis.tokens for each in found]
        explained = [number for number in range(len(found)) if attention or unknown[number]]
        forced = [
            Forced(text=each.text, source=each.source, target=each.hypothesis.tokens)
            for each in (found[number] for number in explained)
        ]
        records = dict(zip(explained, explain(self.bundle, forced), strict=True))
        for number, (text, (_, _, hypothesis)) in enumerate(zip(texts, found, strict=True)):
            replaced: tuple[Replacement, ...] = ()
            if unknown[number]:
                text, replaced = with_source_words(self.bundle, hypothesis.tokens, records[number], dictionary)
            yield Candidate(
                text=text,
                ids=hypothesis.tokens,
                tokens=tuple(target.label(token) for token in hypothesis.tokens),
                log_probabilities=hypothesis.log_probabilities,
                total=hypothesis.total,
                score=hypothesis.score,
                finished=hypothesis.finished,
                attention=records[number] if attention else None,
                replaced=replaced,
            )

    def _source_ids(self, text: str, number: int) -> tuple[int, ...]:
        [ids] = self.bundle.source_tokenizer.encode_batch([text])
        return self._ended(ids, number, self.bundle.model.max_source_length)

    def _ended(self, ids: list[int], number: int, limit: int | None) -> tuple[int, ...]:
        if limit is not None and len(ids) >= limit:
            raise DataError(
                f"line {number} has {len(ids) + 1} tokens with the end token; this model reads at most {limit}: "
                "shorten it"
            )
        return (*ids, self.bundle.vocabulary.eos)

    def _check_length(self, text: str, number: int) -> None:
        if len(text) > LONGEST_TEXT:
            raise DataError(
                f"line {number} has {len(text):,} characters; at most {LONGEST_TEXT:,} can be translated at once: "
                "give one sentence a line"
            )
