"""What a search returns, and what it shows of a step to an observer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One output of a search."""

    tokens: tuple[int, ...]
    """Target ids: a forced prefix included, the decoder's first token not, ``</s>`` at the end if ``finished``."""
    log_probabilities: tuple[float, ...]
    """Of each token, in the model's own distribution: under greedy, beam and sampling alike, before any ban,
    temperature or truncation (computed in float32)."""
    total: float
    """Their sum, as the search added them up (float32); without the prefix where that is not scored."""
    score: float
    """total / length^α, with ``</s>`` counted in the length; hypotheses are ordered by it, finished ones first (in a
    full beam: only by it)."""
    finished: bool
    """False where the length limit, or having no possible token at all, cut it off."""
    stopped: bool = False
    """It is finished because a ``StopRule`` said so, and does not end with ``</s>``."""

    @property
    def text_tokens(self) -> tuple[int, ...]:
        """The tokens without the final ``</s>``."""
        return self.tokens[:-1] if self.finished and not self.stopped else self.tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a search: the chosen extensions of each source in the batch, best first (by sample in sampling).

    A total of −inf marks a row that carries no hypothesis. The tensors must not be written to.

    With a full beam these are all that were looked at, twice as many: those that end among the first half are finished,
    and the first ``beam_size`` of all that do not end are the rows of the next step.
    """

    number: int
    """1 for the first step after the prefix."""
    indices: Int[Tensor, " sources"]
    """The numbers of the inputs, as the caller gave them."""
    parents: Int[Tensor, "sources width"]
    """The place in its source's rows of the previous step that each continues (0 at the first step)."""
    tokens: Int[Tensor, "sources width"]
    log_probabilities: Float[Tensor, "sources width"]
    totals: Float[Tensor, "sources width"]
    scores: Float[Tensor, "sources width"]
    """total / length^α at the present length."""
    ended: Bool[Tensor, "sources width"]
    """True where the token is ``</s>``, or a ``StopRule`` says so: the hypothesis leaves, finished."""


Observer = Callable[[Step], None]


class StopRule(Protocol):
    """Which hypotheses end with their newest token, though it is not ``</s>``.

    What it must know of a hypothesis to judge its continuations is a value of its own, which the search keeps; it is
    not changed, for a hypothesis may be continued in several ways.
    """

    def start(self, prefix: Sequence[int]) -> object:
        """What is known of a hypothesis that has its forced prefix alone."""

    def read(self, known: Sequence[object], tokens: Sequence[int]) -> tuple[list[object], list[bool]]:
        """For hypotheses of which this is known, with one more token each: what is known now, and whether they end."""
