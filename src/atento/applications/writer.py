"""A prompt in, its continuation out: what a language model writes.

writer = atento.load("runs/machado")
print(writer.write("Capitu olhou", max_tokens=60).text)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import msgspec

from atento.applications.following import Follow, StopStrings, first_of
from atento.applications.next_tokens import check_top, predict
from atento.applications.passages import LONGEST_PASSAGE, Passage, to_write
from atento.applications.self_attention import explain_written
from atento.bundle import Bundle, load_language_model
from atento.core.allocator import keep_freed_memory
from atento.core.display import Displayed, View
from atento.core.errors import ConfigurationError, DataError
from atento.core.progress import Progress, Silent
from atento.decoding.batches import in_order, plan_batches
from atento.decoding.configuration import DecodingConfig
from atento.decoding.hypothesis import Hypothesis
from atento.decoding.search import search
from atento.figures.attention import Attention, Rows
from atento.figures.predictions import Predictions
from atento.models.gpt import nothing_to_read
from atento.models.language_model import LanguageModel
from atento.text.stepwise import after

MAX_TOKENS = 200
"""Tokens that are written where nothing is said."""
_UNLIMITED = 2**31 - 1
"""For ``decoding.max_length``, which is meant for translations."""


@dataclass(frozen=True, kw_only=True)
class Continuation:
    """What was written after a prompt."""

    text: str
    """Without the prompt, and without the stop string that ended it."""
    ids: tuple[int, ...]
    """With ``</s>``, or what the stop string is made of, at the end."""
    tokens: tuple[str, ...]
    """The ids' labels for a reader."""
    log_probabilities: tuple[float, ...]
    """Of each token, natural logarithms, in the model's own distribution."""
    total: float
    """Their sum."""
    ended: bool
    """By ``</s>`` or a stop string; False where the limit cut it off."""
    attention: Attention | None = None
    """Of the prompt and the continuation, if it was asked for: a target alone."""
    predictions: Predictions | None = None
    """What else could have been written at each step of the continuation, if it was asked for."""


@dataclass(frozen=True, kw_only=True)
class Writing(Displayed):
    """What became of one prompt."""

    prompt: str
    continuations: tuple[Continuation, ...]
    """Samples in their order, or the hypotheses of a search, best first."""

    @property
    def text(self) -> str:
        """The prompt with its first continuation."""
        return self.prompt + self.continuations[0].text

    @property
    def attention(self) -> Attention | None:
        """That of the first continuation, if it was asked for."""
        return self.continuations[0].attention

    def view(self) -> View:
        """How it shows itself."""
        from atento.applications.views import writing_view

        return writing_view(self)


class Writer:
    """Continues texts."""

    def __init__(self, bundle: Bundle[LanguageModel]) -> None:
        self.bundle = bundle
        self._device = next(bundle.model.parameters()).device

    @classmethod
    def load(cls, path: Path | str, device: str = "cpu") -> Writer:
        """The writer of a run or bundle; raises glibc's memory thresholds for the process (``core.allocator``).

        Raises:
            BundleError: there is none, it is damaged, or it is no language model's.
        """
        keep_freed_memory()
        return cls(load_language_model(Path(path), device))

    @overload
    def write(
        self,
        prompts: str,
        *,
        max_tokens: int = ...,
        stop: Sequence[str] = ...,
        attention: bool = ...,
        top: int | None = ...,
        decoding: DecodingConfig | None = ...,
        on_text: Callable[[str], None] | None = ...,
        progress: Progress | None = ...,
        **settings: Any,
    ) -> Writing: ...

    @overload
    def write(
        self,
        prompts: list[str] | tuple[str, ...],
        *,
        max_tokens: int = ...,
        stop: Sequence[str] = ...,
        attention: bool = ...,
        top: int | None = ...,
        decoding: DecodingConfig | None = ...,
        on_text: Callable[[str], None] | None = ...,
        progress: Progress | None = ...,
        **settings: Any,
    ) -> list[Writing]: ...

    def write(
        self,
        prompts: str | list[str] | tuple[str, ...],
        *,
        max_tokens: int = MAX_TOKENS,
        stop: Sequence[str] = (),
        attention: bool = False,
        top: int | None = None,
        decoding: DecodingConfig | None = None,
        on_text: Callable[[str], None] | None = None,
        progress: Progress | None = None,
        **settings: Any,
    ) -> Writing | list[Writing]:
        """Continue one prompt, or many in their order.

        Args:
            prompts: beginnings; an empty one lets the model begin by itself.
            max_tokens: tokens written after a prompt, at most; the model's context limits them, too.
            stop: strings that end a continuation where they stand in it, whole: what the prompt began does not count.
            attention: explain every continuation by its attention (and that of its prompt).
            top: show so many of the most probable tokens at every step of a continuation.
            decoding: how to search or sample; the bundle's own settings by default.
            on_text: is given a single continuation piece by piece while it is written.
            progress: told about every batch.
            settings: single settings of ``decoding``, put over it: ``temperature=0.8``.

        Raises:
            DataError: a prompt that leaves no room in the model's context.
            ConfigurationError: an unusable option.
        """
        chosen = self._settings(decoding, settings)
        if max_tokens < 1:
            raise ConfigurationError(f"max_tokens = {max_tokens}: give 1 or more")
        if any(not each for each in stop):
            raise ConfigurationError("an empty stop string would end everything at once; leave it out")
        if top is not None:
            check_top(self.bundle, top)
        texts = [prompts] if isinstance(prompts, str) else list(prompts)
        if on_text is not None and (len(texts) != 1 or chosen.returned != 1 or chosen.width != 1):
            raise ConfigurationError("only one continuation of one prompt, without a beam, can be followed as it comes")
        prefixes = self._prefixes(texts)
        follow = Follow(self.bundle.tokenizer, prefixes[0], stop, on_text) if on_text is not None else None
        found = self._search(prefixes, max_tokens, tuple(stop), chosen, follow, progress or Silent())
        continuations = iter(self._continuations(prefixes, found, tuple(stop), attention, top))
        written = [
            Writing(prompt=prompt, continuations=tuple(next(continuations) for _ in hypotheses))
            for prompt, hypotheses in zip(texts, found, strict=True)
        ]
        if follow is not None:
            follow.finish(written[0].continuations[0].text)
        return written[0] if isinstance(prompts, str) else written

    def explain(self, texts: Sequence[str], *, rows: Rows = "predicted") -> list[Attention]:
        """The attention with which the model reads given texts, as if it wrote them, each with ``</s>`` at its end.

        Args:
            texts: raw text.
            rows: label a row by the token that is predicted there, or by the one that is read.

        Raises:
            DataError: a text that is longer than the model's context.
        """
        return explain_written(self.bundle, to_write(self.bundle, texts), rows=rows)

    def predict(self, texts: Sequence[str], *, top: int = 5) -> list[Predictions]:
        """What the model expects at every step of given texts, the end of each (``</s>``) included.

        Args:
            texts: raw text.
            top: how many of the most probable tokens of each step.

        Raises:
            DataError: a text that is longer than the model's context.
            ConfigurationError: ``top`` is out of its range.
        """
        return predict(self.bundle, to_write(self.bundle, texts), top=top)

    def _settings(self, decoding: DecodingConfig | None, settings: dict[str, Any]) -> DecodingConfig:
        chosen = decoding or self.bundle.decoding
        if unknown := settings.keys() - set(DecodingConfig.__struct_fields__):
            raise ConfigurationError(f"there is no setting {min(unknown)!r} of decoding")
        if limits := settings.keys() & {"max_length", "max_length_ratio"}:
            raise ConfigurationError(
                f"{min(limits)} limits translations; give max_tokens, which limits what is written"
            )
        return msgspec.structs.replace(chosen, **{"max_length": _UNLIMITED, **settings})

    def _search(
        self,
        prefixes: list[list[int]],
        max_tokens: int,
        stop: tuple[str, ...],
        settings: DecodingConfig,
        follow: Follow | None,
        progress: Progress,
    ) -> list[list[Hypothesis]]:
        """The continuations of each prompt."""
        tokenizer = self.bundle.tokenizer
        limits = [self._limit(prefix, number, max_tokens) for number, prefix in enumerate(prefixes, 1)]
        # Samples are texts of their own: they share nothing but their prompt.
        several = settings.samples if settings.sampling else 1
        alone = msgspec.structs.replace(settings, samples=1) if settings.sampling else settings
        tasks = [(number, sample) for number in range(len(prefixes)) for sample in range(several)]
        batches = plan_batches(
            [limits[number] for number, _ in tasks],
            batch_tokens=max(settings.batch_tokens, 1),
            batch_size=settings.batch_size,
        )
        results = []
        progress.start("writing", len(tasks))
        try:
            for batch in batches:
                chosen = [tasks[place] for place in batch]
                results.append(
                    search(
                        self.bundle.model.decoder,
                        nothing_to_read(len(batch), self._device),
                        alone,
                        self.bundle.vocabulary,
                        prefixes=[prefixes[number] for number, _ in chosen],
                        indices=[number for number, _ in chosen],
                        scored_prefixes=False,
                        samples=[sample for _, sample in chosen] if settings.sampling else None,
                        limits=[limits[number] for number, _ in chosen],
                        stops=StopStrings(tokenizer, stop) if stop else None,
                        observer=follow,
                    )
                )
                progress.advance(len(batch))
        finally:
            progress.finish()
        found = in_order(batches, results)
        return [
            [hypothesis for each in found[first : first + several] for hypothesis in each]
            for first in range(0, len(found), several)
        ]

    def _prefixes(self, prompts: list[str]) -> list[list[int]]:
        for number, prompt in enumerate(prompts, 1):
            if len(prompt) > LONGEST_PASSAGE:
                raise DataError(f"prompt {number} has {len(prompt):,} characters; give at most {LONGEST_PASSAGE:,}")
        return self.bundle.tokenizer.encode_batch(prompts)

    def _limit(self, prefix: list[int], number: int, max_tokens: int) -> int:
        most = self.bundle.model.max_length
        if most is not None and len(prefix) >= most:
            raise DataError(
                f"prompt {number} has {len(prefix)} tokens, and this model reads at most {most}: shorten it to less"
            )
        wanted = len(prefix) + max_tokens
        return wanted if most is None else min(wanted, most)

    def _continuations(
        self,
        prefixes: list[list[int]],
        found: list[list[Hypothesis]],
        stop: tuple[str, ...],
        attention: bool,
        top: int | None,
    ) -> Iterator[Continuation]:
        """All prompts' hypotheses as text, looked into from their ids if that was asked for."""
        tokenizer = self.bundle.tokenizer
        pairs = [(prefix, each) for prefix, hypotheses in zip(prefixes, found, strict=True) for each in hypotheses]
        nothing = [None] * len(pairs)
        passages = []
        if attention or top is not None:
            written = [Passage.of_ids(tokenizer, each.tokens, given=len(prefix)) for prefix, each in pairs]
            passages = [passage.as_read_by(self.bundle.vocabulary) for passage in written]
        records = explain_written(self.bundle, passages) if attention else nothing
        predictions = predict(self.bundle, passages, top=top) if top is not None else nothing
        for (prefix, hypothesis), record, expected in zip(pairs, records, predictions, strict=True):
            first = len(prefix)
            ids, values = hypothesis.tokens[first:], hypothesis.log_probabilities[first:]
            text = after(tokenizer, prefix, hypothesis.text_tokens[first:])
            yield Continuation(
                text=text[: first_of(text, stop)],
                ids=ids,
                tokens=tuple(tokenizer.label(token) for token in ids),
                log_probabilities=values,
                total=sum(values),
                ended=hypothesis.finished,
                attention=record,
                predictions=expected,
            )
