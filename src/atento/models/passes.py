"""One text, or one pair of texts, read by a model of any family while somebody listens.

All positions are read at once, which is exact because stepwise equals all-at-once; one text alone needs no padding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from atento.models.build import AnyModel
from atento.models.classifier import Classifier
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.gpt import nothing_to_read
from atento.models.language_model import LanguageModel
from atento.models.masked_language_model import MaskedLanguageModel
from atento.nn.capture import Kind, Trace, capture
from atento.nn.protocols import Decoder, Encoding


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """What the decoder made of the tokens that it read."""

    hidden: Float[Tensor, "target predicting"]
    """What the words are predicted from."""
    logits: Float[Tensor, "target vocab"]
    log_probabilities: Float[Tensor, "target vocab"]
    """Of the next token, in float32, as search has them."""


@dataclass(frozen=True)
class Pass:
    """What was reported and what came out; of a translator's both sides, of other models one."""

    trace: Trace
    encoding: Encoding | None
    decoded: Decoded | None


def listen(
    model: AnyModel,
    kinds: Iterable[Kind],
    *,
    source: Sequence[int] | None = None,
    inputs: Sequence[int] | None = None,
) -> Pass:
    """Read ids while listening to every observable module.

    Args:
        model: in evaluation mode.
        kinds: what to keep.
        source: what an encoder reads, its special tokens included.
        inputs: what a decoder reads, its first token included; a translator's may be left out, then its decoder is
            only prepared.
    """
    device = next(model.parameters()).device
    with torch.inference_mode(), capture(model, kinds) as trace:
        match model:
            case EncoderDecoder():
                tokens = _row(source, device)
                encoding = model.encoder(tokens, torch.ones_like(tokens, dtype=torch.bool))
                return Pass(trace, encoding, _decode(model.decoder, encoding, inputs, device))
            case LanguageModel():
                return Pass(trace, None, _decode(model.decoder, nothing_to_read(1, device), inputs, device))
            case MaskedLanguageModel():
                tokens = _row(source, device)
                return Pass(trace, model.encoder(tokens, torch.ones_like(tokens, dtype=torch.bool)), None)
            case Classifier():
                raise ValueError("a classifier's passes are not followed")


def _decode(decoder: Decoder, encoding: Encoding, inputs: Sequence[int] | None, device: torch.device) -> Decoded | None:
    memory = decoder.prepare(encoding)
    if inputs is None:
        return None
    hidden, _ = decoder(_row(inputs, device), memory, decoder.start(memory))
    logits = decoder.logits(hidden[0])
    return Decoded(hidden=hidden[0], logits=logits, log_probabilities=logits.log_softmax(-1, dtype=torch.float32))


def _row(ids: Sequence[int] | None, device: torch.device) -> Int[Tensor, "1 steps"]:
    assert ids is not None
    return torch.tensor([list(ids)], device=device)
