"""A walk while it is being made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from atento.applications.passages import Passage
from atento.inspection.walk_kinds import Kind
from atento.inspection.walks.equations import EQUATIONS
from atento.inspection.walks.record import About, Action, Array, Choice, Focus, Frame, Part, Side, Walk
from atento.models.passes import Decoded
from atento.text.tokenizer import Tokenizer


class Draft:
    """Collects arrays and frames."""

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}
        self._frames: list[Frame] = []

    def keep(self, name: str, values: Tensor, *axes: str) -> Part:
        """Put an array where all frames can name it; gives the whole of it."""
        assert name not in self._arrays, name
        self._arrays[name] = Array.of(values, *axes)
        return Part(array=name)

    def add(
        self,
        name: Action,
        focus: Focus,
        *equations: str,
        values: Mapping[str, Array | Part] | None = None,
        choices: dict[str, tuple[Choice, ...]] | None = None,
    ) -> None:
        """Add a frame at the end."""
        assert set(equations) <= EQUATIONS.keys(), equations
        self._frames.append(
            Frame(name=name, focus=focus, equations=equations, values=dict(values or {}), choices=choices or {})
        )

    def finish(
        self,
        kind: Kind,
        model: About,
        *,
        source: Side | None,
        target: Side | None = None,
        inputs: Side | None = None,
        reference: Side | None = None,
        reference_inputs: Side | None = None,
    ) -> Walk:
        """The walk."""
        named = (name for frame in self._frames for name in frame.equations)
        return Walk(
            kind=kind,
            model=model,
            source=source,
            target=target,
            inputs=inputs,
            reference=reference,
            reference_inputs=reference_inputs,
            equations=tuple(dict.fromkeys(named)),
            arrays=self._arrays,
            frames=tuple(self._frames),
        )


def side(tokenizer: Tokenizer, passage: Passage) -> Side:
    """A passage as the record has it."""
    return _side(tokenizer, passage.ids, passage.spans, passage.text)


def inputs_side(tokenizer: Tokenizer, passage: Passage, inputs: Sequence[int]) -> Side:
    """What a decoder reads while it predicts a passage."""
    first = None if passage.begin is None else passage.begin[1]
    return _side(tokenizer, inputs, (first, *passage.spans[:-1]), passage.text)


def _side(tokenizer: Tokenizer, ids: Sequence[int], spans: Sequence[tuple[int, int] | None], text: str) -> Side:
    return Side(text=text, tokens=tuple(tokenizer.label(number) for number in ids), ids=tuple(ids), spans=tuple(spans))


def best(tokenizer: Tokenizer, decoded: Decoded, step: int, top: int) -> tuple[Choice, ...]:
    """The most probable next tokens at a step."""
    row = decoded.log_probabilities[step]
    values, ids = row.topk(min(top, len(row)))
    probabilities = values.double().exp().tolist()
    return tuple(
        Choice(id=number, token=tokenizer.label(number), probability=probability, rank=rank)
        for rank, (number, probability) in enumerate(zip(ids.tolist(), probabilities, strict=True), 1)
    )


def chosen(tokenizer: Tokenizer, decoded: Decoded, step: int, number: int) -> Choice:
    """The token that comes next."""
    row = decoded.log_probabilities[step]
    return Choice(
        id=number,
        token=tokenizer.label(number),
        probability=float(row[number].double().exp()),
        rank=int((row > row[number]).sum()) + 1,
    )
