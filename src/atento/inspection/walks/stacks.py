"""What one pass through a stack of the Transformer's layers reported, by layer and part, of one text alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from atento.core.errors import DataError
from atento.figures.attention import Role
from atento.inspection.walks.subject import Subject, Texts, layers_of, read_by
from atento.inspection.walks.subject import stack as stack_config
from atento.models.passes import Pass
from atento.models.reading import Side, stack_name
from atento.models.transformer import StackConfig
from atento.models.transformer.layers import Embedding
from atento.nn.capture import Kind
from atento.nn.positions import rotate, rotation

Sublayer = Literal["self", "cross", "feed_forward"]

KINDS: Final[tuple[Kind, ...]] = (
    "hidden", "weights", "scores", "queries", "keys", "values", "contexts",
    "embeddings", "positions", "inputs", "normalised", "outputs", "sums", "activations",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Stacked:
    """A stack and what it reported."""

    subject: Subject
    config: StackConfig
    role: Role
    texts: Texts
    done: Pass
    name: str
    """The stack's, in ``model.named_modules()``."""

    @classmethod
    def of(cls, subject: Subject, role: Role, text: str, target: str | None = None) -> Stacked:
        """Let a model read a text, and what a translator's decoder has before it.

        Raises:
            DataError: a text is empty or too long.
        """
        bundle = subject.bundle
        texts = read_by(subject, role, text, target)
        side: Side = "source" if role == "encoder" else "target"
        return cls(
            subject=subject,
            config=cast("StackConfig", stack_config(bundle)),
            role=role,
            texts=texts,
            done=texts.pass_through(bundle, *KINDS),
            name=stack_name(bundle.model, side),
        )

    @property
    def rows(self) -> Literal["source", "inputs"]:
        """The axis of the tokens that the stack reads."""
        return "source" if self.role == "encoder" else "inputs"

    @property
    def columns(self) -> Literal["source", "inputs"]:
        """The axis of the tokens that its attention looks at."""
        return "inputs" if self.role == "decoder" else "source"

    @property
    def tokens(self) -> int:
        """How many the stack reads."""
        return len(self.hidden(0))

    @property
    def num_layers(self) -> int:
        """How many it has."""
        return layers_of(self.subject.bundle)[self.role]

    @property
    def mask(self) -> Bool[Tensor, "tokens keys"] | None:
        """Where a token may look; None: everywhere."""
        return torch.ones(self.tokens, self.tokens).tril().bool() if self.role == "decoder" else None

    def check_position(self, position: int) -> None:
        """See that the stack reads such a token.

        Raises:
            DataError: it does not.
        """
        if not 0 <= position < self.tokens:
            raise DataError(
                f"there is no position {position}: {self.tokens} tokens are read; give 0 to {self.tokens - 1}"
            )

    @property
    def looking(self) -> Sublayer:
        """The sub-layer whose attention has the role."""
        return "cross" if self.role == "cross" else "self"

    def hidden(self, layer: int) -> Float[Tensor, "tokens model"]:
        """What enters this layer; of the number of layers, what the stack hands over."""
        return self.done.trace.all(self.name, "hidden")[layer][0]

    def leaving(self, layer: int) -> Float[Tensor, "tokens model"]:
        """What leaves this layer; the last one's is not yet normalised where the stack does so at its end."""
        return self.residual("feed_forward", layer, "sums" if self.config.layer_norm == "pre" else "normalised")

    def residual(self, sublayer: Sublayer, layer: int, kind: Kind) -> Float[Tensor, "tokens model"]:
        """What the residual connection around a sub-layer reported."""
        return self.done.trace.last(f"{self.name}.layers.{layer}.{sublayer}_residual", kind)

    def activations(self, layer: int) -> Float[Tensor, "tokens hidden"]:
        """The hidden layer of a feed-forward network."""
        return self.done.trace.last(f"{self.name}.layers.{layer}.feed_forward", "activations")

    def attention(self, layer: int, kind: Kind, role: Role | None = None) -> Float[Tensor, "heads tokens any"]:
        """What the attention of this role (or another one of the stack's) reported."""
        part = "cross_attention" if (role or self.role) == "cross" else "self_attention"
        return self.done.trace.last(f"{self.name}.layers.{layer}.{part}", kind)[0]

    def embedded(self, kind: Kind) -> Float[Tensor, "tokens model"] | None:
        """What the embedding reported; None where nothing is added."""
        reports = self.done.trace.all(f"{self.name}.embedding", kind)
        return reports[-1][0] if reports else None

    @property
    def embedding(self) -> Embedding:
        """The module that embeds the stack's tokens."""
        return cast("Embedding", self.subject.bundle.model.get_submodule(f"{self.name}.embedding"))

    def rotation(self) -> tuple[Float[Tensor, "tokens pairs"], Float[Tensor, "tokens pairs"]]:
        """Cosine and sine of the angles of rotary positions."""
        return rotation(torch.arange(self.tokens, device=self.hidden(0).device), self.config.head_key_size)

    def unturned(self, vectors: Float[Tensor, "tokens head"]) -> Float[Tensor, "tokens head"]:
        """Queries or keys before rotary positions turned them."""
        cosine, sine = self.rotation()
        return rotate(vectors, cosine, -sine)
