"""The record of a walk: what a model computes for one text, in the order in which a teacher would show it.

A walk is a row of *frames*; each is one didactic action (one press of a key) with the numbers that appear in it. The
numbers are the model's own, float32 in full precision. What several frames need, or is large, stands once in
``arrays``; a frame then names the part of it that it means. ``docs/studio/walks.md`` describes the kinds, the actions
and the equations for whoever draws them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from atento.core.display import Displayed, View
from atento.core.errors import DataError
from atento.core.parsing import decode_json
from atento.figures.attention import Role, Span
from atento.inspection.walk_kinds import Kind

FORMAT: Final = "atento.walk"
VERSION: Final = 1

Action = Literal[
    "embed", "scale", "place", "turn", "add", "read", "update", "concatenate", "summarise", "hand_over",
    "query", "keys", "values", "centre", "score", "divide", "mask", "softmax", "narrow", "weigh", "sum",
    "attend", "output", "normalise", "widen", "layer", "predict", "choose",
]  # fmt: skip
"""What happens in a frame."""

Family = Literal["recurrent", "transformer", "gpt", "bert"]

Numbers = NDArray[np.float32]

AXES: Final[Mapping[str, str]] = {
    "source": "tokens of the source, in the order of the text",
    "target": "steps of the decoder, each of which predicts a token of the target",
    "inputs": "tokens that the decoder reads, one a step; each predicts the target's token at its place",
    "positions": "places in a text, from 0",
    "model": "components of a Transformer's vectors (D)",
    "layers": "layers, from the lowest",
    "heads": "heads of attention (H)",
    "head": "components of a head's queries and keys (d_k)",
    "value": "components of a head's values (d_v)",
    "pairs": "pairs of components that rotary positions turn (d_k / 2)",
    "hidden": "units of a feed-forward network's hidden layer",
    "embedding": "components of a recurrent model's word vectors",
    "units": "units of a recurrent layer",
    "gates": "a recurrent layer's gates: GRU reset, update, candidate; LSTM input, forget, candidate, output",
    "annotation": "components of an annotation: the units of all directions",
    "attention": "units of the hidden layer of an additive score",
    "query": "components of a query of Luong's attention",
    "predicting": "components of the vector that predicts a word",
    "read": "components of what several vectors, set side by side, are read from",
    "choices": "the most probable next tokens, in their order",
}
"""Every axis that an array may have."""


class Array(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="array"):
    """Numbers with their shape (row-major) and the names of their axes."""

    shape: tuple[int, ...]
    data: tuple[float, ...]
    """Each the shortest decimal that gives the same float32 again."""
    axes: tuple[str, ...]

    @classmethod
    def of(cls, values: Tensor | NDArray[np.generic], *axes: str) -> Array:
        """The numbers of a tensor.

        Raises:
            DataError: some are infinite or undefined: the model has diverged.
        """
        array = values.detach().cpu().float().numpy() if isinstance(values, Tensor) else values.astype(np.float32)
        if array.ndim != len(axes) or not set(axes) <= AXES.keys():
            raise ValueError(f"an array of the shape {array.shape} with the axes {axes}")
        if not np.isfinite(array).all():
            raise DataError("the model's numbers are not finite, so it cannot be shown; train it again")
        return cls(shape=array.shape, data=tuple(float(str(value)) for value in array.ravel()), axes=axes)

    @property
    def numbers(self) -> Numbers:
        """As a NumPy array."""
        return np.array(self.data, dtype=np.float32).reshape(self.shape)


class Part(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="part"):
    """An array of the walk, or what is left of it when its first axes are taken at some places."""

    array: str
    at: tuple[int, ...] = ()


class Focus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a frame is about; all places count from 0, and what does not apply is left out."""

    role: Role | None = None
    """Whose attention, or the encoder or decoder itself."""
    layer: int | None = None
    direction: int | None = None
    """Of a recurrent encoder: 0 reads forwards, 1 backwards."""
    head: int | None = None
    side: Literal["source", "target", "inputs"] | None = None
    """Whose tokens ``token`` counts."""
    token: int | None = None
    row: int | None = None
    """Of the frame's matrix, where one row of it is meant."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A token that may come next."""

    id: int
    token: str
    """Its label for a reader."""
    probability: float
    rank: int
    """1 is the most probable."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One action."""

    name: Action
    focus: Focus
    equations: tuple[str, ...] = ()
    """Names in ``equations.EQUATIONS``."""
    values: dict[str, Array | Part] = {}
    choices: dict[str, tuple[Choice, ...]] = {}
    """Next tokens: ``free`` where the model reads what it wrote itself, ``forced`` where it reads a given text."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A text as tokens."""

    text: str
    tokens: tuple[str, ...]
    """Labels for a reader."""
    ids: tuple[int, ...]
    spans: tuple[Span | None, ...]
    """Bytes of the text; None for special tokens."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Which model it was."""

    name: str
    family: Family
    settings: dict[str, str | int | bool]
    """What decides how it computes: cell, score, window, place of the normalisation and so on."""


class Walk(Displayed, msgspec.Struct, frozen=True, kw_only=True):
    """See the module's text."""

    format: str = FORMAT
    version: int = VERSION
    kind: Kind
    model: About
    source: Side | None
    """What an encoder reads; None of a language model."""
    target: Side | None
    """What a decoder predicts, a token a step."""
    inputs: Side | None
    """What it reads, a token a step: first the one that begins every text."""
    reference: Side | None = None
    """Of ``generation``: the given text that is read by force."""
    reference_inputs: Side | None = None
    """What the decoder reads then."""
    equations: tuple[str, ...]
    """All that the frames name, in the order of their appearance."""
    arrays: dict[str, Array]
    frames: tuple[Frame, ...]

    def numbers(self, frame: Frame, name: str) -> Numbers:
        """A value of a frame."""
        value = frame.values[name]
        return value.numbers if isinstance(value, Array) else self.arrays[value.array].numbers[value.at]

    def view(self) -> View:
        """How it shows itself."""
        from atento.inspection.walks.view import view

        return view(self)

    def to_json(self) -> str:
        """One line of JSON; ``from_json`` gives an equal walk."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes, *, where: str = "the walk") -> Walk:
        """Read what ``to_json`` gave.

        Raises:
            DataError: it is no walk, of another version, or contradicts itself.
        """
        try:
            header = decode_json(text, _Header)
        except msgspec.DecodeError as error:
            raise DataError(f"{where} is no walk through a model ({error}); give one") from error
        if (header.format, header.version) != (FORMAT, VERSION):
            raise DataError(
                f"{where} has the format {header.format!r} version {header.version}; this program reads {FORMAT!r} "
                f"version {VERSION}"
            )
        try:
            walk = decode_json(text, cls)
        except msgspec.DecodeError as error:
            raise DataError(f"{where} is a damaged walk ({error}); make it again") from error
        if contradiction := _contradiction(walk):
            raise DataError(f"{where} contradicts itself: {contradiction}; make it again")
        return walk


class _Header(msgspec.Struct):
    format: str
    version: int


def _contradiction(walk: Walk) -> str:
    """What does not fit together, or nothing."""
    inline = {
        f"value {name!r} of frame {number}": value
        for number, frame in enumerate(walk.frames)
        for name, value in frame.values.items()
        if isinstance(value, Array)
    }
    for name, array in (inline | {f"array {name!r}": array for name, array in walk.arrays.items()}).items():
        if len(array.shape) != len(array.axes) or np.prod(array.shape, dtype=np.int64) != len(array.data):
            return f"{name} has {len(array.data)} numbers of the shape {array.shape}"
    for number, frame in enumerate(walk.frames):
        for name, part in frame.values.items():
            if isinstance(part, Part) and not _fits(part, walk.arrays):
                return f"value {name!r} of frame {number} is no part of an array"
    return ""


def _fits(part: Part, arrays: Mapping[str, Array]) -> bool:
    shape = arrays[part.array].shape if part.array in arrays else ()
    return (
        part.array in arrays
        and len(part.at) <= len(shape)
        and all(0 <= a < n for a, n in zip(part.at, shape, strict=False))
    )
