"""One token in one head: q, K, V → q Kᵀ → / √d_k → mask → softmax → weighted V → all heads → W_O (S9)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from atento.figures.attention import Role
from atento.inspection.walks.draft import Draft
from atento.inspection.walks.record import Action, Array, Focus, Part, Walk
from atento.inspection.walks.stacks import Stacked
from atento.inspection.walks.subject import Subject, about

Values = dict[str, Array | Part]


def walk(
    subject: Subject,
    role: Role,
    text: str,
    *,
    target: str | None = None,
    layer: int = 0,
    head: int = 0,
    position: int = 0,
    name: str = "",
) -> Walk:
    """Follow one token through one head.

    Args:
        subject: with a model of the Transformer's layers.
        role: whose attention.
        text: what is read.
        target: what a translator's decoder writes; None: what greedy search finds.
        layer: from 0.
        head: from 0.
        position: the token that looks, from 0; of a decoder, among those that it reads.
        name: the model's name.

    Raises:
        DataError: a text is empty or too long, or the token does not exist.
    """
    seen = Stacked.of(subject, role, text, target)
    seen.check_position(position)
    walking = _Walking(seen, layer, head, position)
    walking.project()
    walking.look()
    walking.mix()
    return walking.draft.finish("head", about(subject, name), **seen.texts.sides(subject.bundle))


class _Walking:
    """The frames of one token in one head."""

    def __init__(self, seen: Stacked, layer: int, head: int, position: int) -> None:
        self.draft = Draft()
        self._seen, self._layer, self._head, self._position = seen, layer, head, position
        self._query, self._keys, self._values = (
            seen.attention(layer, kind)[head] for kind in ("queries", "keys", "values")
        )
        self._focus = Focus(role=seen.role, layer=layer, head=head, side=seen.rows, token=position, row=position)

    def _add(self, name: Action, *equations: str, values: Mapping[str, Array | Part]) -> None:
        self.draft.add(name, self._focus, *equations, values=dict(values))

    def project(self) -> None:
        """The query, all keys and all values, from what enters the sub-layer; turned if positions are rotary."""
        seen, layer, position = self._seen, self._layer, self._position
        entering = seen.residual(seen.looking, layer, "inputs")
        if seen.config.layer_norm == "pre":
            inputs = self.draft.keep("inputs", entering, seen.rows, "model")
            entering = seen.residual(seen.looking, layer, "normalised")
            normalised = self.draft.keep("normalised", entering, seen.rows, "model")
            values: Values = {"inputs": inputs, "normalised": normalised}
            self._add("normalise", f"norm.{seen.config.norm}", values=values)
        looked_at = self._looked_at()
        rotary = seen.config.position == "rotary" and seen.role != "cross"
        query, keys = (seen.unturned(part) if rotary else part for part in (self._query, self._keys))
        turned = self.draft.keep("keys", self._keys, seen.columns, "head")
        projected = self.draft.keep("keys.unturned", keys, seen.columns, "head") if rotary else turned
        carried = self.draft.keep("values", self._values, seen.columns, "value")
        asking = Array.of(query[position], "head")
        self._add("query", "query", values={"input": Array.of(entering[position], "model"), "query": asking})
        self._add("keys", "keys", values={"inputs": looked_at, "keys": projected})
        self._add("values", "values", values={"inputs": looked_at, "values": carried})
        if rotary:
            after = Array.of(self._query[position], "head")
            before_and_after: Values = {
                "query": asking,
                "turned_query": after,
                "keys": projected,
                "turned_keys": turned,
            }
            self._add("turn", "turn", values=before_and_after)

    def _looked_at(self) -> Part:
        """The vectors of which keys and values are made."""
        seen = self._seen
        if seen.role == "cross":
            assert seen.done.encoding is not None
            return self.draft.keep("annotations", seen.done.encoding.annotations[0], "source", "model")
        if seen.config.layer_norm == "pre":
            return Part(array="normalised")
        return self.draft.keep("inputs", seen.residual("self", self._layer, "inputs"), seen.rows, "model")

    def look(self) -> None:
        """Scores, weights, and the head's weighted sum."""
        seen, position = self._seen, self._position
        query, columns = self._query[position], seen.columns
        keys, values = Part(array="keys"), Part(array="values")
        products = Array.of(self._keys @ query, columns)
        self._add("score", "score", values={"query": Array.of(query, "head"), "keys": keys, "products": products})
        scores = Array.of(seen.attention(self._layer, "scores")[self._head, position], columns)
        root = math.sqrt(len(query))
        divided: Values = {"products": products, "root": Array.of(query.new_tensor(root)), "scores": scores}
        self._add("divide", "divide", values=divided)
        masked: Values = {"scores": scores}
        if seen.mask is not None:
            masked["mask"] = Array.of(seen.mask[position].float(), columns)
            self._add("mask", "mask", values=masked)
        weights = seen.attention(self._layer, "weights")[self._head, position]
        shares = Array.of(weights, columns)
        self._add("softmax", "softmax", values={**masked, "weights": shares})
        weighted = Array.of(weights.unsqueeze(1) * self._values, columns, "value")
        self._add("weigh", values={"weights": shares, "values": values, "weighted": weighted})
        self._add("sum", "head", values={"weighted": weighted, "context": self._contexts_of(self._head)})

    def mix(self) -> None:
        """All heads side by side, and the last matrix."""
        seen = self._seen
        contexts: Tensor = seen.attention(self._layer, "contexts")[:, self._position]
        heads = Array.of(contexts, "heads", "value")
        self._add("concatenate", "heads", values={"heads": heads})
        output = Array.of(seen.residual(seen.looking, self._layer, "outputs")[self._position], "model")
        self._add("output", "attention.output", values={"heads": heads, "output": output})

    def _contexts_of(self, head: int) -> Array:
        return Array.of(self._seen.attention(self._layer, "contexts")[head, self._position], "value")
