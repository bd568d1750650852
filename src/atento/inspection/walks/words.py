"""What happens in a frame, and what is counted along an array, in words for a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from atento.inspection.walks.record import Action, Frame, Numbers, Side, Walk

ACTIONS: Final[Mapping[Action, str]] = {
    "embed": "tokens become vectors",
    "scale": "embeddings are multiplied by √D",
    "place": "the positions' own vectors or angles",
    "turn": "rotary positions turn queries and keys",
    "add": "vectors are added: positions, types of text, a residual connection",
    "read": "a recurrent layer reads a word; a decoder reads a token",
    "update": "a decoder layer makes its new state",
    "concatenate": "directions, or heads, are set side by side",
    "summarise": "the source becomes one vector",
    "hand_over": "a decoder layer gets its first state",
    "query": "what is looked for",
    "keys": "what queries are compared with",
    "values": "what is carried over",
    "centre": "a local window is laid over the source",
    "score": "the query is compared with every key",
    "divide": "scores are divided by √d_k",
    "mask": "later tokens are hidden",
    "softmax": "scores become weights",
    "narrow": "local-p's Gaussian multiplies the weights",
    "weigh": "each value is multiplied by its weight",
    "sum": "weighted values are added up",
    "attend": "a whole attention at once",
    "output": "the last matrix of a sub-layer, or the vector that predicts a word",
    "normalise": "layer normalisation",
    "widen": "the hidden layer of a feed-forward network",
    "layer": "what leaves a layer",
    "predict": "the distribution of the next token",
    "choose": "the token that comes next",
}
"""As ``docs/studio/walks.md`` has them."""


def titled(walk: Walk, frame: Frame) -> str:
    """A frame's action and what it is about; layers, heads and the like count from 0, as in the library's calls."""
    focus = frame.focus
    parts = [frame.name.replace("_", " ")]
    if focus.role is not None:
        parts.append(focus.role)
    if focus.layer is not None:
        parts.append(f"layer {focus.layer}")
    if focus.direction is not None:
        parts.append("backwards" if focus.direction else "forwards")
    if focus.head is not None:
        parts.append(f"head {focus.head}")
    if focus.token is not None:
        side = _sides(walk).get(focus.side or "")
        known = side is not None and focus.token < len(side.tokens)
        parts.append(f"token {focus.token}" + (f" {side.tokens[focus.token]}" if known and side else ""))
    return " · ".join(parts)


def names_of(walk: Walk, axis: str, count: int) -> tuple[str, ...]:
    """What stands along an axis: tokens where it counts these, else numbers from 0."""
    side = _sides(walk).get(axis)
    # Walks that are made here count whole sides. One that was read from a file need not: the first tokens have names
    # where it counts fewer, and where it counts more than there are, which is which cannot be known.
    if side is not None and len(side.tokens) >= count:
        return side.tokens[:count]
    return tuple(map(str, range(count)))


def flattened(numbers: Numbers) -> Numbers:
    """As rows and columns: a number is one cell, a vector one row, and all axes but the last are rows."""
    return numbers.reshape(-1, numbers.shape[-1]) if numbers.ndim else numbers.reshape(1, 1)


def row_names(walk: Walk, axes: Sequence[str], numbers: Numbers) -> tuple[str, ...]:
    """Of a flattened array's rows; none of a vector's one."""
    if numbers.ndim < 2:
        return ()
    names: list[str] = [""]
    for axis, count in zip(axes[:-1], numbers.shape[:-1], strict=True):
        names = [f"{before} {name}".strip() for before in names for name in names_of(walk, axis, count)]
    return tuple(names)


def column_names(walk: Walk, axes: Sequence[str], numbers: Numbers) -> tuple[str, ...]:
    """Of its columns; none of a lone number's."""
    return names_of(walk, axes[-1], numbers.shape[-1]) if numbers.ndim else ()


def _sides(walk: Walk) -> dict[str, Side]:
    sides = {"source": walk.source, "target": walk.target, "inputs": walk.inputs}
    return {name: side for name, side in sides.items() if side is not None}
