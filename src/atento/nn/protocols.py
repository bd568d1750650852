"""One decoder protocol for recurrent models, the Transformer and language models.

An encoder hands over an ``Encoding``. A decoder makes from it, once, its ``Memory`` (per-source constants such as
projected keys and values) and from that a ``State`` (what it remembers between calls). One call of the decoder serves
training (all target positions at once), prefilling a prefix, and a single step; search knows nothing else.

Rows and sources. A memory holds ``sources`` sources. A state holds ``sources · width`` rows, one a hypothesis: rows
``s·width … s·width + width − 1`` belong to source ``s``. ``start`` makes one row a source; ``state.reorder`` lets each
source's rows continue others of the same source, and widens. So a memory is never repeated for a beam, and never
gathered at a step: ``select``, of memory and state, is called only when sources are finished.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class FinalStates:
    """A recurrent encoder's last states, of every layer and direction, at each row's true length."""

    hidden: Float[Tensor, "layers directions batch units"]
    cell: Float[Tensor, "layers directions batch units"] | None = None
    """Only an LSTM has one."""


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """What an encoder hands over; annotations stand in the order of the user's text, whichever way it was read."""

    annotations: Float[Tensor, "batch source model"]
    mask: Bool[Tensor, "batch source"]
    """True where a real token stands."""
    final: FinalStates | None = None
    positions: Int[Tensor, "batch source"] | None = None
    """Each token's place in the order in which the encoder read them, from 0; None: they were read as they stand."""


class Encoder(Protocol):
    """Turns token ids into annotations."""

    def __call__(self, tokens: Int[Tensor, "batch source"], mask: Bool[Tensor, "batch source"]) -> Encoding:
        """Encode; padding (mask False) stands at the end of a row and never influences a real position."""
        ...


class Memory(Protocol):
    """Per-source constants of a decoder."""

    @property
    def sources(self) -> int:
        """How many sources it holds."""
        ...

    def select(self, sources: Int[Tensor, " kept"]) -> Memory:
        """The memory of these sources alone, in this order."""
        ...


class State(Protocol):
    """What a decoder remembers between two calls; every tensor has rows first, and each row knows its length.

    A state may own buffers that are written in place: handing it to the decoder, ``reorder`` or ``select`` consumes it.
    """

    @property
    def lengths(self) -> Int[Tensor, " rows"]:
        """How many tokens each row has read."""
        ...

    def reorder(self, parents: Int[Tensor, "sources width"]) -> State:
        """The state in which row ``i`` of source ``s`` continues that source's present row ``parents[s, i]``."""
        ...

    def select(self, sources: Int[Tensor, " kept"]) -> State:
        """The state of these sources alone, in this order."""
        ...


class Decoder(Protocol):
    """Reads target tokens and gives the hidden vectors that predict the next ones."""

    def prepare(self, encoding: Encoding) -> Memory:
        """Make the per-source constants, once."""
        ...

    def start(self, memory: Memory) -> State:
        """The state before any token, one row a source."""
        ...

    def __call__(
        self,
        tokens: Int[Tensor, "rows steps"],
        memory: Memory,
        state: State,
        *,
        valid: Bool[Tensor, "rows steps"] | None = None,
        segments: Int[Tensor, "rows steps"] | None = None,
    ) -> tuple[Float[Tensor, "rows steps model"], State]:
        """Read ``tokens`` after what ``state`` has read.

        ``valid`` marks the real tokens of prefixes of unequal length (padding stands at the end of a row; a padded
        position gives an undefined hidden vector and leaves no trace in the state); None means that all are real.
        ``segments`` keeps documents that are packed into one row apart (language models only).
        """
        ...

    @property
    def output(self) -> nn.Linear:
        """The last layer, from hidden vectors to logits; training computes its loss in chunks."""
        ...

    def logits(self, hidden: Float[Tensor, "*any model"]) -> Float[Tensor, "*any vocab"]:
        """Unnormalised log-probabilities of the next token; asked for only where they are needed."""
        ...
