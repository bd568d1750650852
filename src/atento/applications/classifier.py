"""A text in, its class out.

classifier = atento.load_classifier("runs/domains")
print(classifier.classify("Onde fica a estação?").label)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import torch

from atento.bundle import Bundle, load_classifier
from atento.core.allocator import keep_freed_memory
from atento.core.display import Displayed, View
from atento.core.errors import DataError
from atento.core.progress import Progress, Silent
from atento.data.labelled_batching import Framing, text_rows
from atento.decoding.batches import in_order, plan_batches
from atento.models.bert import BertConfig
from atento.models.classifier import Classifier

LONGEST_TEXT = 1_000_000
"""Characters of a text, at most."""
BATCH_TOKENS = 4096
"""Tokens that are read together, at most, padding counted."""
BATCH_SIZE = 256

Text = str | tuple[str, str]
"""One text, or a pair of them."""


@dataclass(frozen=True, kw_only=True)
class Classification(Displayed):
    """What became of one text."""

    text: Text
    label: str
    """The most probable class."""
    probabilities: dict[str, float]
    """Of every class, most probable first."""
    cut: bool
    """Whether the text was longer than the model reads, and lost its end."""

    def view(self) -> View:
        """How it shows itself."""
        from atento.applications.views import classification_view

        return classification_view(self)


class TextClassifier:
    """Tells classes of texts apart."""

    def __init__(self, bundle: Bundle[Classifier]) -> None:
        self.bundle = bundle
        self.framing = framing_of(bundle)
        self._device = next(bundle.model.parameters()).device

    @classmethod
    def load(cls, path: Path | str, device: str = "cpu") -> TextClassifier:
        """The classifier of a run or bundle; raises glibc's memory thresholds for the process (``core.allocator``).

        Raises:
            BundleError: there is none, it is damaged, or it is no classifier's.
        """
        keep_freed_memory()
        return cls(load_classifier(Path(path), device))

    @overload
    def classify(self, texts: Text, *, progress: Progress | None = ...) -> Classification: ...

    @overload
    def classify(self, texts: list[Text], *, progress: Progress | None = ...) -> list[Classification]: ...

    def classify(
        self, texts: Text | list[Text], *, progress: Progress | None = None
    ) -> Classification | list[Classification]:
        """Classify one text (or pair of texts), or many in their order.

        Args:
            texts: raw text; of pairs tuples.
            progress: told about every batch.

        Raises:
            DataError: a text that is far too long, or a pair where the classifier learned from single texts, or the
                other way round.
        """
        several = list(texts) if isinstance(texts, list) else [texts]
        wanted = "pairs of texts; give it a second text" if self.bundle.paired else "single texts; give it one alone"
        for number, text in enumerate(several, 1):
            if isinstance(text, tuple) is not self.bundle.paired:
                raise DataError(f"text {number}: this classifier learned from {wanted}")
            if sum(map(len, _parts(text))) > LONGEST_TEXT:
                raise DataError(f"text {number} has over {LONGEST_TEXT:,} characters; give a shorter one")
        encoded = self._encode(several)
        found = self._classify(several, encoded, progress or Silent())
        return found if isinstance(texts, list) else found[0]

    def _encode(self, texts: Sequence[Text]) -> list[tuple[list[int], list[int] | None]]:
        tokenizer = self.bundle.tokenizer
        first = tokenizer.encode_batch([_parts(text)[0] for text in texts])
        second = iter(tokenizer.encode_batch([text[1] for text in texts if isinstance(text, tuple)]))
        return [
            (ids, next(second) if isinstance(text, tuple) else None) for text, ids in zip(texts, first, strict=True)
        ]

    def _classify(
        self, texts: list[Text], encoded: list[tuple[list[int], list[int] | None]], progress: Progress
    ) -> list[Classification]:
        rooms = [self.framing.room(second is not None) for _, second in encoded]
        lengths = [len(first) + len(second or ()) for first, second in encoded]
        shown = [length if room is None else min(length, room) for length, room in zip(lengths, rooms, strict=True)]
        batches = plan_batches([length + 3 for length in shown], batch_tokens=BATCH_TOKENS, batch_size=BATCH_SIZE)
        results = []
        progress.start("classifying", len(texts))
        try:
            for batch in batches:
                rows = text_rows([encoded[number] for number in batch], self.framing).to(self._device)
                with torch.inference_mode():
                    logits = self.bundle.model.logits(rows.tokens, rows.mask, rows.types)
                results.append(logits.float().softmax(-1).tolist())
                progress.advance(len(batch))
        finally:
            progress.finish()
        return [
            self._result(text, values, cut=length > kept)
            for text, values, length, kept in zip(texts, in_order(batches, results), lengths, shown, strict=True)
        ]

    def _result(self, text: Text, values: list[float], *, cut: bool) -> Classification:
        ranked = sorted(zip(self.bundle.classes, values, strict=True), key=lambda pair: -pair[1])
        return Classification(text=text, label=ranked[0][0], probabilities=dict(ranked), cut=cut)


def framing_of(bundle: Bundle[Classifier]) -> Framing:
    """How texts become rows of this model, cut as they were when it was trained."""
    limits = [limit for limit in (bundle.model.max_length, bundle.context) if limit is not None]
    longest, config = min(limits, default=None), bundle.model_config
    if not isinstance(config, BertConfig):  # GPT was pre-trained without a template of pairs
        return Framing(vocabulary=bundle.vocabulary, longest=longest, has_types=False)
    return Framing(
        vocabulary=bundle.vocabulary,
        longest=longest,
        separators=bundle.tokenizer.template.separators,
        has_types=bundle.tokenizer.template.has_types and config.num_text_types > 1,
    )


def _parts(text: Text) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (text,)
