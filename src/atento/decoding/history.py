"""What a search remembers: every step's tokens with back-pointers, and the best finished hypotheses."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

ROOT = -1
"""The node before a source's first token."""
_GROWTH = 32
"""Steps whose numbers are made at once."""


class History:
    """A tree of hypotheses; a node is a token with its parent node, numbered in order of arrival.

    Each step appends its rows as they are; nothing is gathered again until the hypotheses are read off at the end.
    """

    def __init__(self) -> None:
        self._size = 0
        self._numbers: Int[Tensor, " nodes"] | None = None
        """0, 1, …, for some steps ahead."""
        self._parents: list[Tensor] = []
        self._tokens: list[Tensor] = []
        self._log_probabilities: list[Tensor] = []
        self._read: tuple[list[int], list[int], list[float]] | None = None

    def append(
        self,
        parents: Int[Tensor, "sources width"],
        tokens: Int[Tensor, "sources width"],
        log_probabilities: Float[Tensor, "sources width"],
    ) -> Int[Tensor, "sources width"]:
        """Add one step, whose tokens continue the nodes ``parents``, and number its nodes."""
        self._parents.append(parents)
        self._tokens.append(tokens)
        self._log_probabilities.append(log_probabilities)
        start, added = self._size, tokens.numel()
        self._size = start + added
        if self._numbers is None or len(self._numbers) < self._size:
            self._numbers = torch.arange(start + _GROWTH * added, device=tokens.device)
        return self._numbers.narrow(0, start, added).view_as(tokens)

    def trace(self, node: int) -> tuple[list[int], list[float]]:
        """The tokens and log-probabilities from the root to this node; no step may be added afterwards."""
        if self._read is None:
            columns = (self._parents, self._tokens, self._log_probabilities)
            parents, tokens, values = (torch.cat([step.reshape(-1) for step in column]).tolist() for column in columns)
            self._read = parents, tokens, values
        all_parents, all_tokens, all_values = self._read
        path = []
        while node != ROOT:
            path.append(node)
            node = all_parents[node]
        path.reverse()
        return [all_tokens[node] for node in path], [all_values[node] for node in path]


class Finished:
    """The best finished hypotheses of each source in the batch; a score of −inf marks a free place."""

    def __init__(self, sources: int, places: int, device: torch.device) -> None:
        self.scores: Float[Tensor, "sources places"] = torch.full((sources, places), -torch.inf, device=device)
        self.totals: Float[Tensor, "sources places"] = self.scores.clone()
        self.nodes: Int[Tensor, "sources places"] = torch.full((sources, places), ROOT, device=device)

    def add(
        self,
        ended: Bool[Tensor, "sources width"],
        scores: Float[Tensor, "sources width"],
        totals: Float[Tensor, "sources width"],
        nodes: Int[Tensor, "sources width"],
    ) -> None:
        """Offer the hypotheses that ended at this step; of two equal scores the earlier hypothesis is kept."""
        offered = torch.cat([self.scores, scores.masked_fill(~ended, -torch.inf)], dim=1)
        ranked, order = offered.sort(dim=1, descending=True, stable=True)
        places = self.scores.shape[1]
        self.scores, order = ranked[:, :places], order[:, :places]
        self.totals = torch.cat([self.totals, totals], dim=1).gather(1, order)
        self.nodes = torch.cat([self.nodes, nodes], dim=1).gather(1, order)

    def select(self, kept: Int[Tensor, " kept"]) -> None:
        """Keep these sources alone."""
        self.scores, self.totals, self.nodes = self.scores[kept], self.totals[kept], self.nodes[kept]
