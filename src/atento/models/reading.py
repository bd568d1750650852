"""How a model of any family reads a text: what it puts around the tokens, and every layer's vectors.

A translator has two sides: its encoder reads a source, its decoder a translation of a given source. A language model
and a masked language model have one. Layers are counted as in Hugging Face's ``hidden_states``: layer 0 is what enters
the first layer, the last one what the stack hands over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from atento.models.bert import BertEncoder
from atento.models.build import AnyModel
from atento.models.classifier import BertBody, Classifier, GPTBody
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.gpt import nothing_to_read
from atento.models.language_model import LanguageModel
from atento.models.masked_language_model import MaskedLanguageModel
from atento.models.recurrent import RecurrentEncoder
from atento.models.transformer.layers import Embedding
from atento.nn.capture import capture
from atento.nn.protocols import Decoder, Encoder, Encoding, FinalStates

Side = Literal["source", "target"]


class Rows(NamedTuple):
    """Token ids, padded at the end, and where real ones stand."""

    tokens: Int[Tensor, "batch steps"]
    mask: Bool[Tensor, "batch steps"]


@dataclass(frozen=True)
class Frame:
    """What stands around a text's own tokens, and how many tokens fit in all."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    longest: int | None
    both_directions: bool
    """Whether a token sees what follows it."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The vectors of a batch of texts."""

    layers: tuple[Float[Tensor, "batch steps units"], ...]
    """Undefined at padding. A recurrent model's layers need not be equally wide."""
    finals: tuple[Float[Tensor, "batch units"], ...] | None
    """Of each layer but layer 0 of a recurrent encoder: the last states of all directions, each having read all."""


def sides(model: AnyModel) -> tuple[Side, ...]:
    """The sides of a translator; of other models none."""
    return ("source", "target") if isinstance(model, EncoderDecoder) else ()


def frame(model: AnyModel, side: Side) -> Frame:
    """What the model puts around a text of this side (of a model without sides: of any)."""
    vocabulary = model.vocabulary
    match model:
        case EncoderDecoder() if side == "source":
            return Frame((), (vocabulary.eos,), model.max_source_length, both_directions=True)
        case EncoderDecoder() | LanguageModel():
            before = () if vocabulary.prompt_first else (vocabulary.decoder_start,)
            return Frame(before, (), model.max_length, both_directions=False)
        case MaskedLanguageModel() | Classifier():
            both = isinstance(_stack(model, side), BertEncoder)
            return Frame((vocabulary.bos,), (vocabulary.eos,), model.max_length, both_directions=both)


def num_layers(model: AnyModel, side: Side) -> int:
    """Layers of the stack that reads this side; layer 0, its input, does not count."""
    return len(cast("nn.ModuleList", _stack(model, side).layers))


def input_embedding(model: AnyModel, side: Side) -> nn.Embedding:
    """The matrix in which the stack looks its tokens up, before any scale or position."""
    embedding = _stack(model, side).embedding
    return cast("nn.Embedding", embedding.tokens if isinstance(embedding, Embedding) else embedding)


def has_finals(model: AnyModel, side: Side) -> bool:
    """Whether reading gives final states."""
    return isinstance(_stack(model, side), RecurrentEncoder)


def read(model: AnyModel, side: Side, rows: Rows, sources: Rows | None = None) -> Reading:
    """Every layer's vectors of a batch of framed texts.

    Args:
        model: in evaluation mode.
        side: which side of a translator reads them.
        rows: the texts.
        sources: of what they are translations, for the target side of a translator.
    """
    with torch.inference_mode(), capture(_stack(model, side), ("hidden",), names=("",)) as trace:
        encoding = _run(model, side, rows, sources)
    final = None if encoding is None else encoding.final
    return Reading(layers=tuple(trace.all("", "hidden")), finals=None if final is None else _finals(final))


def stack_name(model: AnyModel, side: Side) -> str:
    """What the stack that reads this side is called in ``model.named_modules()``."""
    stack = _stack(model, side)
    return str(next(name for name, module in model.named_modules() if module is stack))


def _stack(model: AnyModel, side: Side) -> nn.Module:
    match model:
        case EncoderDecoder():
            return model.encoder_module if side == "source" else model.decoder_module
        case LanguageModel():
            return model.decoder_module
        case MaskedLanguageModel():
            return model.encoder
        case Classifier(body=BertBody() as body):
            return body.encoder
        case Classifier(body=GPTBody() as body):
            return body.decoder_module
    raise AssertionError("a model of no known family")


def _run(model: AnyModel, side: Side, rows: Rows, sources: Rows | None) -> Encoding | None:
    """Run the stack; gives what an encoder hands over."""
    stack = _stack(model, side)
    if isinstance(stack, BertEncoder) or (isinstance(model, EncoderDecoder) and side == "source"):
        return cast("Encoder", stack)(*rows)
    encoding = nothing_to_read(len(rows.tokens), rows.tokens.device)
    if isinstance(model, EncoderDecoder):
        assert sources is not None
        encoding = model.encoder(*sources)
    decoder = cast("Decoder", stack)
    memory = decoder.prepare(encoding)
    decoder(rows.tokens, memory, decoder.start(memory), valid=rows.mask)
    return None


def _finals(final: FinalStates) -> tuple[Float[Tensor, "batch units"], ...]:
    return tuple(torch.cat(list(layer), dim=-1) for layer in final.hidden)
