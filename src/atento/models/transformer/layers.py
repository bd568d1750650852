"""What the Transformer's encoder and decoder share: embeddings with positions, residual sub-layers, initialisation."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F  # noqa: N812  (the field's name)
from jaxtyping import Float, Int
from torch import Tensor, nn

from atento.core.errors import DataError
from atento.models.transformer.configuration import StackConfig
from atento.nn.capture import Observable, Role
from atento.nn.dropout import add_dropped, dropout
from atento.nn.feed_forward import FeedForward
from atento.nn.linear import Linear, Product, Sum
from atento.nn.multi_head import Heads, Rotate, SelfAttention
from atento.nn.positions import rotate, rotation, sinusoidal

_DEVIATION = 0.02
_TABLE = 1024
"""Positions kept ready; later ones are computed when they occur."""


class Embedding(Observable):
    """Token embeddings times √D, plus positions, with dropout (Vaswani et al. 2017, sections 3.4 and 3.5).

    While listened to it reports [rows, steps, model]: ``embeddings`` as they are looked up, the ``positions`` that are
    added (if any are; one row where all have the same) and their ``sums``, in which embeddings are scaled.
    """

    table: Tensor

    def __init__(self, config: StackConfig, tokens: nn.Embedding) -> None:
        super().__init__()
        self.config = config
        self.tokens = tokens
        self.scale = math.sqrt(config.model_size) if config.embedding_scale else 1.0
        self.positions = None
        if config.position == "learned":
            self.positions = nn.Embedding(config.max_positions, config.model_size)
        if config.position == "sinusoidal":
            table = sinusoidal(torch.arange(_TABLE), config.model_size, config.position_layout)
            self.register_buffer("table", table, persistent=False)

    def forward(
        self, tokens: Int[Tensor, "rows steps"], start: int, positions: Int[Tensor, "rows steps"] | None
    ) -> Float[Tensor, "rows steps model"]:
        """Embed tokens that stand at ``positions``, or at ``start``, ``start + 1``, … in every row.

        Raises:
            DataError: the input is longer than a learned position table.
        """
        return dropout(self.undropped(tokens, start, positions), self.config.dropout, self.training)

    def undropped(
        self, tokens: Int[Tensor, "rows steps"], start: int, positions: Int[Tensor, "rows steps"] | None
    ) -> Float[Tensor, "rows steps model"]:
        """The same without dropout."""
        looked_up: Tensor = self.tokens(tokens)
        vectors, offsets = looked_up, self._positions(tokens.shape[1], start, positions)
        if offsets is not None:
            vectors = torch.add(offsets.to(vectors.dtype), vectors, alpha=self.scale)
        elif self.scale != 1.0:
            vectors = vectors * self.scale
        if self.listener is not None:
            self._report(looked_up, offsets, vectors)
        return vectors

    def _report(self, looked_up: Tensor, offsets: Tensor | None, vectors: Tensor) -> None:
        self.tell("embeddings", looked_up)
        if offsets is not None:
            self.tell("positions", offsets if offsets.dim() == 3 else offsets.unsqueeze(0))
        self.tell("sums", vectors)

    def _positions(self, steps: int, start: int, positions: Int[Tensor, "rows steps"] | None) -> Tensor | None:
        if self.config.position in ("rotary", "none"):
            return None
        longest = start + steps if positions is None else int(positions.max()) + 1
        if self.positions is not None:
            if longest > self.config.max_positions:
                raise DataError(
                    f"an input of {longest} tokens is longer than the model's {self.config.max_positions} learned "
                    "positions; shorten it or train with a larger model.max_positions"
                )
            table = self.positions.weight
        elif longest > _TABLE:
            every = torch.arange(longest, device=self.table.device)
            table = sinusoidal(every, self.config.model_size, self.config.position_layout)
        else:
            table = self.table
        # table[positions] would sum the gradient by atomic additions, in another order each time
        return table[start:longest] if positions is None else F.embedding(positions, table)


def rotary(
    config: StackConfig,
    steps: int,
    start: int,
    positions: Int[Tensor, "sources queries"] | None,
    device: torch.device,
) -> Rotate | None:
    """The turn of queries and keys at these positions, or None if the model has other positions."""
    if config.position != "rotary":
        return None
    where = torch.arange(start, start + steps, device=device) if positions is None else positions.unsqueeze(1)
    cosine, sine = rotation(where, config.head_key_size)  # [T, K/2] or [S, 1, W·T, K/2]

    def turn(vectors: Heads) -> Heads:
        return rotate(vectors, cosine.to(vectors.dtype), sine.to(vectors.dtype))

    return turn


def self_attention(config: StackConfig, role: Role, num_key_value_heads: int | None = None) -> SelfAttention:
    """A layer's attention over its own tokens."""
    return SelfAttention(
        config.model_size,
        config.num_heads,
        config.attention_dropout,
        role,
        config.key_size,
        config.value_size,
        num_key_value_heads=num_key_value_heads,
        bias=config.bias,
    )


def feed_forward(config: StackConfig) -> FeedForward:
    """A layer's feed-forward network."""
    sizes = config.model_size, config.feed_forward_size
    return FeedForward(*sizes, config.activation, config.activation_dropout, bias=config.bias)


class Residual(Observable):
    """x + dropout(sublayer(norm(x))) (pre) or norm(x + dropout(sublayer(x))) (post).

    Bound while it is listened to, it reports, all [rows · steps, model]: its ``inputs`` x, the ``outputs`` of the
    sub-layer, their ``sums``, and what it ``normalised``, x or the sums.
    """

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.norm = new_norm(config)
        self.pre = config.layer_norm == "pre"
        self.dropout = config.dropout

    def bind(self, last: Linear) -> tuple[Product, Sum]:
        """How a sub-layer begins and how it ends.

        Returns:
            What the sub-layer gets of the inputs; and, from the inputs and its last hidden vectors, the outputs, where
            ``last`` is the sub-layer's last layer.
        """
        before, after = self.bind_norms()
        if self.listener is not None:
            return self._bind_openly(last)
        add = self._bind_dropped_sum(last) if self.training and self.dropout else last.bind_sum()
        return before, add if self.pre else lambda inputs, hidden: after(add(inputs, hidden))

    def bind_norms(self) -> tuple[Product, Product]:
        """What is done to the sub-layer's inputs; and to their sum with its outputs."""
        norm = bind_norm(self.norm)
        return (norm, _identity) if self.pre else (_identity, norm)

    def _bind_openly(self, last: Linear) -> tuple[Product, Sum]:
        before, after = self.bind_norms()

        def enter(inputs: Tensor) -> Tensor:
            entering = before(inputs)
            self.tell("inputs", inputs)
            if self.pre:
                self.tell("normalised", entering)
            return entering

        def leave(inputs: Tensor, hidden: Tensor) -> Tensor:
            outputs = last(hidden)
            sums = inputs + dropout(outputs, self.dropout, self.training)
            leaving = after(sums)
            self.tell("outputs", outputs)
            self.tell("sums", sums)
            if not self.pre:
                self.tell("normalised", leaving)
            return leaving

        return enter, leave

    def _bind_dropped_sum(self, last: Linear) -> Sum:
        probability = self.dropout
        return lambda inputs, hidden: add_dropped(inputs, last(hidden), probability)


Norm = nn.LayerNorm | nn.RMSNorm


def new_norm(config: StackConfig) -> Norm:
    """The normalisation that the configuration asks for."""
    if config.norm == "rms":
        return nn.RMSNorm(config.model_size, eps=config.norm_epsilon)
    return nn.LayerNorm(config.model_size, eps=config.norm_epsilon, bias=config.bias)


def bind_norm(norm: Norm) -> Product:
    """A normalisation with its parts at hand (see ``nn.linear.Linear``)."""
    shape, weight = norm.normalized_shape, norm.weight
    if isinstance(norm, nn.RMSNorm):
        root_epsilon = norm.eps
        return lambda inputs: torch.rms_norm(inputs, shape, weight, root_epsilon)
    bias, epsilon = norm.bias, norm.eps
    return lambda inputs: torch.layer_norm(inputs, shape, weight, bias, epsilon)


def _identity(inputs: Tensor) -> Tensor:
    return inputs


def initialise(module: nn.Module) -> None:
    """Glorot and Bengio 2010's uniform initialisation of every matrix, zero biases."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.xavier_uniform_(part.weight)
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def initialise_normally(module: nn.Module, added: Iterable[nn.Linear] = (), num_layers: int = 1) -> None:
    """GPT's and BERT's initialisation: N(0, 0.02) for every matrix, zero biases.

    Radford et al. 2019, section 2.3: the matrices ``added``, whose products are summed up along ``num_layers`` layers
    of two sub-layers each, are divided by the root of their number.
    """
    smaller = set(added)
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=_DEVIATION / math.sqrt(2 * num_layers if part in smaller else 1))
        if isinstance(part, nn.Linear) and part.bias is not None:
            nn.init.zeros_(part.bias)


def new_embedding(size: int, config: StackConfig, pad: int) -> nn.Embedding:
    """An embedding matrix whose entries, after the scale of the embedding, are of the order of one."""
    embedding = nn.Embedding(size, config.model_size, padding_idx=pad)
    nn.init.normal_(embedding.weight, std=config.model_size**-0.5)
    with torch.no_grad():
        embedding.weight[pad] = 0
    return embedding
