"""GPT's decoder: masked self-attention and a feed-forward network, layer upon layer.

Radford et al. 2019, section 2.3. Implements ``nn.protocols.Decoder``: it has no source, so its memory holds nothing but
its layers, bound, and how many texts are read side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from atento.models.gpt.configuration import GPTConfig
from atento.models.transformer.layers import (
    Embedding,
    Residual,
    feed_forward,
    initialise_normally,
    new_norm,
    rotary,
    self_attention,
)
from atento.models.transformer.state import Cache, Step, TransformerState, positions_of
from atento.nn.capture import Stack
from atento.nn.linear import linear
from atento.nn.multi_head import Vectors
from atento.nn.protocols import Encoding

BoundLayer = Callable[[Vectors, Cache, Step], Vectors]


def nothing_to_read(texts: int, device: torch.device | str = "cpu") -> Encoding:
    """What a language model gets in an encoder's place: sources without a token."""
    nothing = torch.zeros(texts, 0, device=device)
    return Encoding(annotations=nothing.unsqueeze(2), mask=nothing.bool())


class GPTLayer(nn.Module):
    """Masked self-attention, then a feed-forward network, each inside a residual connection."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.self_attention = self_attention(config, "decoder", config.num_key_value_heads)
        self.feed_forward = feed_forward(config)
        self.self_residual = Residual(config)
        self.feed_forward_residual = Residual(config)

    def bind(self) -> BoundLayer:
        """The layer with all its parts at hand (see ``nn.linear.Linear``)."""
        project, attend = self.self_attention.bind_projection(), self.self_attention.bind_attention()
        part, transform = self.self_attention.bind_parting(), self.feed_forward.bind()
        enter_self, leave_self = self.self_residual.bind(self.self_attention.output)
        enter_network, leave_network = self.feed_forward_residual.bind(self.feed_forward.output)

        def layer(inputs: Tensor, cache: Cache, step: Step) -> Tensor:
            queries, new = project(enter_self(inputs), step.sources, step.rotate)
            keys, values = part(cache.append(new, step.used, step.width))
            hidden = leave_self(inputs, attend(queries, keys, values, step.mask, step.causal))
            return leave_network(hidden, transform(enter_network(hidden)))

        return layer


@dataclass(frozen=True)
class GPTMemory:
    """See ``nn.protocols.Memory``."""

    layers: tuple[BoundLayer, ...]
    sources: int
    device: torch.device

    def select(self, sources: Int[Tensor, " kept"]) -> GPTMemory:
        """The memory of these texts alone."""
        return replace(self, sources=len(sources))


class GPTDecoder(Stack):
    """Implements ``nn.protocols.Decoder``."""

    def __init__(self, config: GPTConfig, vocab_size: int) -> None:
        super().__init__()
        self.config = config
        tokens = nn.Embedding(vocab_size, config.model_size)
        self.embedding = Embedding(config, tokens)
        self.layers = nn.ModuleList(GPTLayer(config) for _ in range(config.num_layers))
        self.norm = new_norm(config) if config.layer_norm == "pre" else None
        self.output = nn.Linear(config.model_size, vocab_size, bias=config.output_bias)
        if config.tied_embeddings:
            self.output.weight = tokens.weight
        added = (part for each in self._layers() for part in (each.self_attention.output, each.feed_forward.output))
        initialise_normally(self, added, config.num_layers)

    def prepare(self, encoding: Encoding) -> GPTMemory:
        """Bind the layers."""
        return GPTMemory(tuple(layer.bind() for layer in self._layers()), len(encoding.mask), encoding.mask.device)

    def start(self, memory: GPTMemory) -> TransformerState:
        """Empty caches, one row a text."""
        return TransformerState([Cache() for _ in self.layers], memory.sources, memory.device)

    def forward(
        self,
        tokens: Int[Tensor, "rows steps"],
        memory: GPTMemory,
        state: TransformerState,
        *,
        valid: Bool[Tensor, "rows steps"] | None = None,
        segments: Int[Tensor, "rows steps"] | None = None,
    ) -> tuple[Float[Tensor, "rows steps model"], TransformerState]:
        """Read tokens; see ``nn.protocols.Decoder``.

        Tokens of one segment see each other alone and count their positions from its beginning, so that a document
        reads the same wherever it is packed.

        Raises:
            ValueError: ``segments`` are given to a state that has read something.
        """
        rows, steps = tokens.shape
        if segments is None:
            positions, mask = positions_of(state, steps, tokens.device), state.mask(steps)
        elif state.used or state.width > 1:
            raise ValueError("segments belong to packed rows, which are read all at once")
        else:
            positions, mask = packed(segments)
        step = Step(
            sources=state.sources,
            used=state.used,
            width=state.width,
            mask=mask,
            causal=mask is None and steps > 1,
            rotate=rotary(
                self.config,
                steps,
                state.used,
                None if positions is None else positions.view(state.sources, -1),
                tokens.device,
            ),
        )
        hidden = self.embedding(tokens, state.used, positions).view(-1, self.config.model_size)
        for layer, cache in zip(memory.layers, state.caches, strict=True):
            if self.listener is not None:
                self.report_hidden(hidden.view(rows, steps, -1))
            hidden = layer(hidden, cache, step)
        if self.norm is not None:
            hidden = self.norm(hidden)
        hidden = hidden.view(rows, steps, -1)
        self.report_hidden(hidden)
        return hidden, state.advance(steps, valid)

    def logits(self, hidden: Float[Tensor, "*any model"]) -> Float[Tensor, "*any vocab"]:
        """Project onto the vocabulary."""
        return linear(hidden, self.output.weight, self.output.bias)

    def _layers(self) -> list[GPTLayer]:
        return list(self.layers)  # type: ignore[arg-type]


def packed(
    segments: Int[Tensor, "rows steps"],
) -> tuple[Int[Tensor, "rows steps"], Bool[Tensor, "rows 1 steps steps"]]:
    """Each token's position in its segment, and where it may look: at itself and earlier ones of its segment."""
    steps = segments.shape[1]
    own = segments.unsqueeze(2) == segments.unsqueeze(1)
    mask = own & torch.ones(steps, steps, dtype=torch.bool, device=segments.device).tril()
    return mask.sum(2) - 1, mask.unsqueeze(1)
