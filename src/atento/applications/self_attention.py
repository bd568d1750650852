"""What a model attends to inside one text: GPT over what it wrote, BERT or a translator's encoder over what it reads.

As in ``explanation``, one captured pass over all positions at once gives the attention of every layer and head. It is
exact: of what a model wrote it starts from the ids, so that nothing is encoded anew, and texts of unequal length that
are read together do not see each other's padding.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from atento.applications.explanation import pad_rows
from atento.applications.passages import Passage
from atento.bundle import Bundle, TranslationBundle
from atento.decoding.batches import in_order, plan_batches
from atento.figures.attention import Attention, Read, Role, Rows, Weights
from atento.models.gpt import nothing_to_read
from atento.models.language_model import LanguageModel
from atento.models.masked_language_model import MaskedLanguageModel
from atento.nn.capture import capture, observable_names
from atento.text.tokenizer import Tokenizer

_BATCH_TOKENS = 2048
"""Positions of the texts that are read together: their weights grow with the square of a text's length."""


def explain_written(
    bundle: Bundle[LanguageModel], passages: Sequence[Passage], *, rows: Rows = "predicted", batch_size: int = 32
) -> list[Attention]:
    """The attention with which a language model writes these texts, as records of a target alone.

    A row belongs to the token that is predicted at its step, or to the one that is read there; the columns are the
    tokens read: the one that every text begins with (``<s>``), and all but the last of the text.

    Args:
        bundle: the model and its tokenizer.
        passages: what is written, prompts included.
        rows: whose a row is.
        batch_size: texts read together, at most.

    Raises:
        DataError: a text is longer than the model's learned positions.
    """
    batches = _batches(passages, batch_size)
    return in_order(batches, (_written(bundle, [passages[n] for n in batch], rows) for batch in batches))


def explain_read(
    bundle: Bundle[MaskedLanguageModel] | TranslationBundle, passages: Sequence[Passage], *, batch_size: int = 32
) -> list[Attention]:
    """The attention with which an encoder reads these texts, as records of a source alone; every token sees every one.

    Args:
        bundle: a masked language model, or a translator, of which the encoder alone is asked (recurrent ones have no
            attention, so that their records have no weights).
        passages: what is read.
        batch_size: texts read together, at most.

    Raises:
        DataError: a text is longer than the model's learned positions.
    """
    batches = _batches(passages, batch_size)
    return in_order(batches, (_read(bundle, [passages[n] for n in batch]) for batch in batches))


def _batches(passages: Sequence[Passage], batch_size: int) -> list[list[int]]:
    return plan_batches([len(passage.ids) for passage in passages], batch_tokens=_BATCH_TOKENS, batch_size=batch_size)


def _written(bundle: Bundle[LanguageModel], passages: list[Passage], rows: Rows) -> list[Attention]:
    model, tokenizer, vocabulary = bundle.model, bundle.tokenizer, bundle.vocabulary
    device = next(model.parameters()).device
    inputs = [passage.inputs(vocabulary) for passage in passages]
    tokens, _ = pad_rows(inputs, vocabulary.pad)  # padding comes later than everything that counts
    names = observable_names(model, "decoder")
    with torch.inference_mode(), capture(model, names=names) as trace:
        memory = model.decoder.prepare(nothing_to_read(len(passages), device))
        model.decoder(tokens.to(device), memory, model.decoder.start(memory))
    layers = trace.layers("weights", "decoder")
    records = []
    for number, (passage, read) in enumerate(zip(passages, inputs, strict=True)):
        length = len(passage.ids)
        reading = Read(
            tokens=_labels(tokenizer, read[:length]),
            spans=(None if passage.begin is None else passage.begin[1], *passage.spans[:-1])[:length],
            reach=tuple(range(1, length + 1)),
        )
        predicted = rows == "predicted"
        records.append(
            Attention(
                source=(),
                target=_labels(tokenizer, passage.ids) if predicted else reading.tokens,
                source_text="",
                target_text=passage.text,
                source_spans=(),
                target_spans=passage.spans if predicted else reading.spans,
                weights=_weights("decoder", layers, number, length),
                rows=rows,
                read=reading,
            )
        )
    return records


def _read(bundle: Bundle[MaskedLanguageModel] | TranslationBundle, passages: list[Passage]) -> list[Attention]:
    model = bundle.model
    device = next(model.parameters()).device
    tokens, mask = pad_rows([passage.ids for passage in passages], bundle.vocabulary.pad)
    with torch.inference_mode(), capture(model, names=observable_names(model, "encoder")) as trace:
        model.encoder(tokens.to(device), mask.to(device))
    layers = trace.layers("weights", "encoder")
    return [
        Attention(
            source=_labels(bundle.source_tokenizer, passage.ids),
            target=(),
            source_text=passage.text,
            target_text="",
            source_spans=passage.spans,
            target_spans=(),
            weights=_weights("encoder", layers, number, len(passage.ids)),
        )
        for number, passage in enumerate(passages)
    ]


def _labels(tokenizer: Tokenizer, ids: Sequence[int]) -> tuple[str, ...]:
    return tuple(tokenizer.label(number) for number in ids)


def _weights(role: Role, layers: list[Tensor], number: int, length: int) -> dict[Role, Weights]:
    """[layers, heads, length, length] of one text of the batch; nothing where there is no attention."""
    if not layers:
        return {}
    return {role: np.stack([layer[number, :, :length, :length].float().cpu().numpy() for layer in layers])}
