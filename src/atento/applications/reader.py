"""A text with gaps in, what may stand in them out: what a masked language model reads.

reader = atento.load_reader("runs/bert")
print(reader.fill("A vida é [MASK].").text)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

import torch

from atento.applications.explanation import pad_rows
from atento.applications.passages import LONGEST_PASSAGE, Passage, to_read
from atento.applications.self_attention import explain_read
from atento.bundle import Bundle, load_masked_language_model
from atento.core.allocator import keep_freed_memory
from atento.core.display import Displayed, View
from atento.core.errors import ConfigurationError, DataError
from atento.core.progress import Progress, Silent
from atento.decoding.batches import in_order, plan_batches
from atento.figures.attention import Attention
from atento.models.masked_language_model import MaskedLanguageModel
from atento.text.gaps import GappedText, encode_with_gaps, has_gap

BATCH_TOKENS = 4096
"""Tokens that are read together, at most, padding counted."""
BATCH_SIZE = 256
"""Texts that are read together, at most."""
TOGETHER = 64
"""Texts whose rows, one for every token, are sorted by length together when they are judged."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A token that may stand in a gap."""

    token: str
    """Its label for a reader."""
    id: int
    probability: float
    text: str
    """The whole text with it in the gap, and the most probable tokens in the others."""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """What may stand in one gap, most probable first. Gaps are filled apart: each sees the others as masks."""

    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, kw_only=True)
class Filling(Displayed):
    """What became of one text."""

    source: str
    """The text with its gaps."""
    text: str
    """The text with the most probable token in every gap."""
    gaps: tuple[Gap, ...]
    attention: Attention | None = None
    """With which the model reads the text with its gaps, if that was asked for."""

    def view(self) -> View:
        """How it shows itself."""
        from atento.applications.views import filling_view

        return filling_view(self)


@dataclass(frozen=True, kw_only=True)
class PseudoLikelihood:
    """How well each token of a text is guessed from all the others (Salazar et al. 2020)."""

    text: str
    tokens: tuple[str, ...]
    log_probabilities: tuple[float, ...]
    """Of each token when it alone is masked, natural logarithms."""

    @property
    def total(self) -> float:
        """PLL, the pseudo-log-likelihood."""
        return sum(self.log_probabilities)

    @property
    def perplexity(self) -> float:
        """exp(−PLL / tokens), the pseudo-perplexity; nan of an empty text."""
        return math.exp(-self.total / len(self.tokens)) if self.tokens else math.nan


class Reader:
    """Fills gaps and judges texts."""

    def __init__(self, bundle: Bundle[MaskedLanguageModel]) -> None:
        self.bundle = bundle
        self._device = next(bundle.model.parameters()).device

    @classmethod
    def load(cls, path: Path | str, device: str = "cpu") -> Reader:
        """The reader of a run or bundle; raises glibc's memory thresholds for the process (``core.allocator``).

        Raises:
            BundleError: there is none, it is damaged, or it is no masked language model's.
        """
        keep_freed_memory()
        return cls(load_masked_language_model(Path(path), device))

    @overload
    def fill(
        self, texts: str, *, top: int = ..., attention: bool = ..., progress: Progress | None = ...
    ) -> Filling: ...

    @overload
    def fill(
        self,
        texts: list[str] | tuple[str, ...],
        *,
        top: int = ...,
        attention: bool = ...,
        progress: Progress | None = ...,
    ) -> list[Filling]: ...

    def fill(
        self,
        texts: str | list[str] | tuple[str, ...],
        *,
        top: int = 5,
        attention: bool = False,
        progress: Progress | None = None,
    ) -> Filling | list[Filling]:
        """Fill the gaps of one text, or of many in their order.

        Args:
            texts: with ``[MASK]`` (or ``<mask>``, or the model's own mark) in every gap.
            top: candidates of a gap.
            attention: also say where the model looked.
            progress: told about every batch.

        Raises:
            DataError: a text without a gap, or one that is longer than the model reads.
            ConfigurationError: ``top`` is not positive.
        """
        if top < 1:
            raise ConfigurationError(f"top = {top}: give 1 or more")
        several = [texts] if isinstance(texts, str) else list(texts)
        encoded = [self._encode(text, number) for number, text in enumerate(several, 1)]
        bar = progress or Silent()
        batches = plan_batches([len(each.ids) for each in encoded], batch_tokens=BATCH_TOKENS, batch_size=BATCH_SIZE)
        found = []
        bar.start("filling", len(encoded))
        try:
            for batch in batches:
                found.append(self._fill([several[place] for place in batch], [encoded[place] for place in batch], top))
                bar.advance(len(batch))
        finally:
            bar.finish()
        filled = in_order(batches, found)
        if attention:
            records = explain_read(self.bundle, [self._passage(each) for each in encoded])
            filled = [replace(each, attention=record) for each, record in zip(filled, records, strict=True)]
        return filled[0] if isinstance(texts, str) else filled

    def explain(self, texts: Sequence[str]) -> list[Attention]:
        """The attention with which the model reads texts without gaps.

        Raises:
            DataError: a text that is longer than the model reads.
        """
        return explain_read(self.bundle, to_read(self.bundle, texts))

    @overload
    def score(self, texts: str, *, progress: Progress | None = ...) -> PseudoLikelihood: ...

    @overload
    def score(
        self, texts: list[str] | tuple[str, ...], *, progress: Progress | None = ...
    ) -> list[PseudoLikelihood]: ...

    def score(
        self, texts: str | list[str] | tuple[str, ...], *, progress: Progress | None = None
    ) -> PseudoLikelihood | list[PseudoLikelihood]:
        """The pseudo-likelihood of one text, or of many in their order, each token being masked in its turn.

        Args:
            texts: raw texts, without gaps.
            progress: told how many texts are done.

        Raises:
            DataError: a text has a gap, or is longer than the model reads, or the tokenizer has no mask token.
        """
        several = [texts] if isinstance(texts, str) else list(texts)
        encoded = self.bundle.tokenizer.encode_batch(several)
        for number, (text, ids) in enumerate(zip(several, encoded, strict=True), 1):
            if has_gap(self.bundle.tokenizer, text):
                raise DataError(f"text {number} has a gap, and only whole texts are judged; fill it, or leave it out")
            self._check_length(len(ids), text, number)
        bar = progress or Silent()
        judged: list[PseudoLikelihood] = []
        bar.start("guessing", len(several))
        try:
            for first in range(0, len(several), TOGETHER):
                part = slice(first, first + TOGETHER)
                found = pseudo_log_probabilities(self.bundle, encoded[part])
                judged += map(self._judged, several[part], encoded[part], found)
                bar.advance(len(found))
        finally:
            bar.finish()
        return judged[0] if isinstance(texts, str) else judged

    def _judged(self, text: str, ids: Sequence[int], found: Sequence[float]) -> PseudoLikelihood:
        label = self.bundle.tokenizer.label
        return PseudoLikelihood(text=text, tokens=tuple(map(label, ids)), log_probabilities=tuple(found))

    def _encode(self, text: str, number: int) -> GappedText:
        if len(text) > LONGEST_PASSAGE:
            raise DataError(f"text {number} has {len(text):,} characters; give at most {LONGEST_PASSAGE:,}")
        try:
            encoded = encode_with_gaps(self.bundle.tokenizer, text)
        except DataError as error:
            raise DataError(f"text {number}: {error}") from error
        self._check_length(len(encoded.ids), text, number)
        return encoded

    def _passage(self, encoded: GappedText) -> Passage:
        vocabulary = self.bundle.vocabulary
        return Passage.of_ids(self.bundle.tokenizer, (vocabulary.bos, *encoded.ids, vocabulary.eos))

    def _check_length(self, length: int, text: str, number: int) -> None:
        most = self.bundle.model.max_length
        if most is not None and length + 2 > most:
            raise DataError(
                f"text {number} ({text[:30]!r}…) has {length + 2} tokens with its two ends, and this model reads at "
                f"most {most}: shorten it"
            )

    def _fill(self, texts: list[str], encoded: list[GappedText], top: int) -> list[Filling]:
        vocabulary, tokenizer = self.bundle.vocabulary, self.bundle.tokenizer
        assert vocabulary.mask is not None
        tokens, mask = pad_rows([[vocabulary.bos, *each.ids, vocabulary.eos] for each in encoded], vocabulary.pad)
        model = self.bundle.model
        gaps = tokens.eq(vocabulary.mask)
        with torch.inference_mode():
            annotations = model.encoder(tokens.to(self._device), mask.to(self._device)).annotations
            probabilities = model.head.logits(annotations[gaps.to(self._device)]).float().softmax(-1)
            values, choices = probabilities.topk(min(top, probabilities.shape[1]), dim=1)
        every = iter(zip(values.tolist(), choices.tolist(), strict=True))
        results = []
        for text, each in zip(texts, encoded, strict=True):
            ranked = [next(every) for _ in each.gaps]
            best = list(each.ids)
            for place, (_, ids) in zip(each.gaps, ranked, strict=True):
                best[place] = ids[0]
            results.append(
                Filling(
                    source=text,
                    text=tokenizer.decode(best),
                    gaps=tuple(
                        self._gap(best, place, *candidates) for place, candidates in zip(each.gaps, ranked, strict=True)
                    ),
                )
            )
        return results

    def _gap(self, best: list[int], place: int, values: list[float], choices: list[int]) -> Gap:
        tokenizer = self.bundle.tokenizer
        texts = tokenizer.decode_batch([[*best[:place], token, *best[place + 1 :]] for token in choices])
        return Gap(
            candidates=tuple(
                Candidate(token=tokenizer.label(token), id=token, probability=value, text=text)
                for token, value, text in zip(choices, values, texts, strict=True)
            )
        )


def pseudo_log_probabilities(
    bundle: Bundle[MaskedLanguageModel], texts: Sequence[Sequence[int]], batch_tokens: int = BATCH_TOKENS
) -> list[list[float]]:
    """log P(token | all the others) of each token of texts (ids), each read between its two ends.

    Every token makes a row in which it alone is masked; rows of like length are read together.

    Raises:
        DataError: the tokenizer has no mask token.
    """
    vocabulary, model = bundle.vocabulary, bundle.model
    if vocabulary.mask is None:
        raise DataError(
            "this model's tokenizer has no mask token, so no token can be hidden and guessed from the others: name it "
            "(mask_token) in the tokenizer_config.json of the folder that the model came from, and import that anew"
        )
    device = next(model.parameters()).device
    tasks = [(number, place) for number, ids in enumerate(texts) for place in range(len(ids))]
    lengths = [len(texts[number]) + 2 for number, _ in tasks]
    batches = plan_batches(lengths, batch_tokens=batch_tokens, batch_size=BATCH_SIZE)
    found: list[list[float]] = [[0.0] * len(ids) for ids in texts]
    with torch.inference_mode():
        for batch in batches:
            chosen = [tasks[number] for number in batch]
            rows, mask = pad_rows(
                [[vocabulary.bos, *texts[number], vocabulary.eos] for number, _ in chosen], vocabulary.pad
            )
            rows, mask = rows.to(device), mask.to(device)
            several = torch.arange(len(chosen), device=device)
            places = torch.tensor([place + 1 for _, place in chosen], device=device)
            right = rows[several, places]
            rows[several, places] = vocabulary.mask
            annotations = model.encoder(rows, mask).annotations
            logits = model.head.logits(annotations[several, places]).float()
            values = logits.log_softmax(-1)[several, right].tolist()
            for (number, place), value in zip(chosen, values, strict=True):
                found[number][place] = value
    return found
