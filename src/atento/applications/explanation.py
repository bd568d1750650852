"""Why a model says what it says: attention of given hypotheses, from one teacher-forced, captured pass.

Search runs on the fused kernels. What it returned is then read by the model once more, all positions at once and with
listeners attached; as a step at a time and all at once give the same, this is the attention that the search had,
whether greedy, beam or sampling, for every layer and head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from atento.bundle import TranslationBundle
from atento.decoding.batches import in_order, plan_batches
from atento.figures.attention import Attention, Read, Role, Rows, Weights
from atento.nn.capture import capture, observable_names

ROLES: tuple[Role, ...] = ("cross", "encoder", "decoder")


@dataclass(frozen=True, kw_only=True)
class Forced:
    """A source and the target to be explained, as ids; ``</s>`` stands at the end of the source."""

    text: str
    source: tuple[int, ...]
    target: tuple[int, ...]
    target_text: str | None = None
    """The raw text that the target was made of; None: what its ids stand for."""


def pad_rows(
    rows: Sequence[Sequence[int]], pad: int
) -> tuple[Int[Tensor, "rows longest"], Bool[Tensor, "rows longest"]]:
    """Rows of ids as one tensor filled up at the end, and where real ids stand."""
    lengths = torch.tensor([len(row) for row in rows])
    mask = torch.arange(int(lengths.max())) < lengths.unsqueeze(1)
    tokens = torch.full(mask.shape, pad, dtype=torch.long)
    tokens[mask] = torch.tensor([token for row in rows for token in row])
    return tokens, mask


def explain(
    bundle: TranslationBundle,
    forced: Sequence[Forced],
    *,
    rows: Rows = "predicted",
    roles: Sequence[Role] = ROLES,
    batch_size: int = 32,
) -> list[Attention]:
    """The attention of every layer and head of these pairs, in their order.

    Args:
        bundle: the model and its tokenizers.
        forced: sources and targets.
        rows: label a row by the token that is predicted there, or by the decoder's input.
        roles: whose attention; only these modules leave the fused kernels.
        batch_size: pairs read together, at most.
    """
    lengths = [max(len(pair.source), len(pair.target)) for pair in forced]
    batches = plan_batches(lengths, batch_tokens=4096, batch_size=batch_size)
    return in_order(
        batches, (_explain_batch(bundle, [forced[number] for number in batch], rows, roles) for batch in batches)
    )


def _explain_batch(
    bundle: TranslationBundle, forced: list[Forced], rows: Rows, roles: Sequence[Role]
) -> list[Attention]:
    model, vocabulary = bundle.model, bundle.vocabulary
    device = next(model.parameters()).device
    inputs = [(vocabulary.decoder_start, *pair.target[:-1]) for pair in forced]
    source, source_mask = pad_rows([pair.source for pair in forced], vocabulary.pad)
    target, target_mask = pad_rows(inputs, vocabulary.pad)
    names = [name for role in roles for name in observable_names(model, role)]
    with torch.inference_mode(), capture(model, names=names) as trace:
        encoding = model.encoder(source.to(device), source_mask.to(device))
        memory = model.decoder.prepare(encoding)
        model.decoder(target.to(device), memory, model.decoder.start(memory), valid=target_mask.to(device))
    weights = {role: layers for role in roles if (layers := trace.layers("weights", role))}
    return [_record(bundle, pair, inputs[number], number, weights, rows) for number, pair in enumerate(forced)]


def _record(
    bundle: TranslationBundle,
    pair: Forced,
    inputs: Sequence[int],
    number: int,
    weights: dict[Role, list[Tensor]],
    rows: Rows,
) -> Attention:
    sizes = {
        "cross": (len(pair.target), len(pair.source)),
        "encoder": (len(pair.source), len(pair.source)),
        "decoder": (len(pair.target), len(pair.target)),
    }
    labelled = inputs if rows == "input" else pair.target
    source_tokens = bundle.source_tokenizer.encode(pair.text)
    target_text, target_spans = _target(bundle, pair, labelled, rows)
    return Attention(
        source=tuple(bundle.source_tokenizer.label(token) for token in pair.source),
        target=tuple(bundle.target_tokenizer.label(token) for token in labelled),
        source_text=pair.text,
        target_text=target_text,
        source_spans=(*source_tokens.spans, None),
        target_spans=target_spans,
        weights={role: _of_pair(layers, number, *sizes[role]) for role, layers in weights.items()},
        rows=rows,
        read=_read(bundle, inputs, target_spans, rows) if "decoder" in weights else None,
    )


def _read(
    bundle: TranslationBundle, inputs: Sequence[int], spans: tuple[tuple[int, int] | None, ...], rows: Rows
) -> Read:
    """What the decoder reads, given its rows' spans."""
    return Read(
        tokens=tuple(bundle.target_tokenizer.label(token) for token in inputs),
        spans=spans if rows == "input" else (None, *spans[:-1]),
        reach=tuple(range(1, len(inputs) + 1)),
    )


def _target(
    bundle: TranslationBundle, pair: Forced, labelled: Sequence[int], rows: Rows
) -> tuple[str, tuple[tuple[int, int] | None, ...]]:
    """The target's text, and where each row's token stands in it."""
    if pair.target_text is None:
        surface = bundle.target_tokenizer.surface(labelled)
        return surface.text, surface.spans
    spans = bundle.target_tokenizer.encode(pair.target_text).spans
    return pair.target_text, ((None, *spans) if rows == "input" else (*spans, None))


def _of_pair(layers: list[Tensor], number: int, queries: int, keys: int) -> Weights:
    """[layers, heads, queries, keys] of one pair of the batch."""
    return np.stack([layer[number, :, :queries, :keys].float().cpu().numpy() for layer in layers])
