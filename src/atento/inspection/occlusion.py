"""What each source word does for each target word, by leaving it out: the log-probability that is lost without it.

Attention shows where a model looked, which need not be what it went by. Occlusion (Zeiler and Fergus 2014, section
4.2; for words Li et al. 2016, "Understanding neural networks through representation erasure") asks the model itself: it
reads the source once as it is and once without each of its words, the target being forced, and the target's
log-probabilities are compared. A word is left out with all its tokens; the others stay as they are, so that nothing
else changes but their distances. That leaving out two words may matter where neither alone does is not seen here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from atento.applications.explanation import pad_rows
from atento.applications.passages import to_translate
from atento.bundle import TranslationBundle
from atento.core.display import Displayed, View
from atento.core.errors import DataError
from atento.decoding.batches import plan_batches
from atento.figures.merging import Groups
from atento.text.spans import Span
from atento.text.words import segment

_BATCH_TOKENS = 4096
_BATCH_SIZE = 32


@dataclass(frozen=True, kw_only=True, eq=False)
class Occlusion(Displayed):
    """One pair's source words, each left out once."""

    source: tuple[str, ...]
    """The words that were left out, in order."""
    source_spans: tuple[Span, ...]
    """Their bytes in the source's UTF-8."""
    target: tuple[str, ...]
    """The target's words, and ``</s>``."""
    target_spans: tuple[Span | None, ...]
    log_probabilities: NDArray[np.float64]
    """Of each target word given the whole source: the sum of its tokens', in nats, [target]."""
    differences: NDArray[np.float64]
    """By how much these exceed those without the word, in nats, [target, source]; above 0: the word spoke for it."""

    def view(self) -> View:
        """How it shows itself."""
        from atento.inspection.occlusion_view import view

        return view(self)


def occlude(bundle: TranslationBundle, source: str, target: str) -> Occlusion:
    """Leave every word of a source out in its turn.

    Args:
        bundle: a translator's.
        source: raw text.
        target: a translation of it, by whomsoever.

    Raises:
        DataError: an empty side, or one that is longer than the model reads.
    """
    if not source.strip() or not target.strip():
        raise DataError("occlusion compares a source with a translation, and one of them is empty; give both")
    [passage] = to_translate(bundle, [source])
    written, spans = _target_ids(bundle, target)
    label = bundle.source_tokenizer.label
    columns = Groups.of([label(number) for number in passage.ids], passage.spans, source, segment(source))
    label = bundle.target_tokenizer.label
    rows = Groups.of([label(number) for number in written], spans, target, segment(target))
    words = [place for place, span in enumerate(columns.spans) if span is not None]
    sources = [passage.ids, *(_without(passage.ids, columns.places, word) for word in words)]
    sums = _log_probabilities(bundle, sources, written) @ rows.sum.astype(np.float64).T  # [1 + words, target]
    return Occlusion(
        source=tuple(columns.labels[word] for word in words),
        source_spans=tuple(span for span in columns.spans if span is not None),
        target=rows.labels,
        target_spans=rows.spans,
        log_probabilities=sums[0],
        differences=(sums[0] - sums[1:]).T,
    )


def _target_ids(bundle: TranslationBundle, target: str) -> tuple[tuple[int, ...], tuple[Span | None, ...]]:
    tokens = bundle.target_tokenizer.encode(target)
    ids, most = (*tokens.ids, bundle.vocabulary.eos), bundle.model.max_length
    if most is not None and len(ids) > most:
        raise DataError(f"the target has {len(ids)} tokens with the end token; this model writes at most {most}")
    return ids, (*tokens.spans, None)


def _without(ids: Sequence[int], places: Sequence[int], word: int) -> tuple[int, ...]:
    return tuple(number for number, place in zip(ids, places, strict=True) if place != word)


def _log_probabilities(
    bundle: TranslationBundle, sources: Sequence[Sequence[int]], target: Sequence[int]
) -> NDArray[np.float64]:
    """Of each token of one target given each of several sources, [sources, tokens]."""
    lengths = [max(len(ids), len(target)) for ids in sources]
    found = np.empty((len(sources), len(target)), dtype=np.float64)
    for batch in plan_batches(lengths, batch_tokens=_BATCH_TOKENS, batch_size=_BATCH_SIZE):
        values = _of_batch(bundle, [sources[number] for number in batch], target)
        found[batch] = values.double().cpu().numpy()
    return found


def _of_batch(
    bundle: TranslationBundle, sources: Sequence[Sequence[int]], target: Sequence[int]
) -> Float[Tensor, "sources tokens"]:
    model, vocabulary = bundle.model, bundle.vocabulary
    device = next(model.parameters()).device
    tokens, mask = pad_rows(sources, vocabulary.pad)
    inputs = torch.tensor([(vocabulary.decoder_start, *target[:-1])] * len(sources), device=device)
    wanted = torch.tensor([tuple(target)] * len(sources), device=device)
    with torch.inference_mode():
        memory = model.decoder.prepare(model.encoder(tokens.to(device), mask.to(device)))
        hidden, _ = model.decoder(inputs, memory, model.decoder.start(memory))
        values = model.decoder.logits(hidden).log_softmax(-1, dtype=torch.float32)
        return values.gather(2, wanted.unsqueeze(2)).squeeze(2)
