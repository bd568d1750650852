"""What a model attended to while it read or wrote a text: weights with the labels and byte spans of rows and columns.

A row belongs to the token being *predicted* (or, on request of whoever makes the record, to the decoder's input),
a column to the token attended to, in the order of the user's text whichever way the model read it. Figures, JSON, the
terminal, alignment and error rates all read this record.

A translation's record has two texts. What a language model writes has a target alone, and what a masked language model
or a translator's encoder reads a source alone: the other text is empty, and the one role is ``decoder`` or ``encoder``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from atento.core.display import Displayed, View
from atento.core.errors import DataError
from atento.core.parsing import decode_json
from atento.figures.merging import Groups

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Role = Literal["cross", "encoder", "decoder"]
"""The decoder's attention over the source, the encoder's over itself, the decoder's over itself."""

Rows = Literal["predicted", "input"]
"""Whose a row is: the token's that is predicted at this step, or the one's that the decoder reads."""

Span = tuple[int, int]
Weights = NDArray[np.float32]

FORMAT: Final = "atento.attention"
VERSION: Final = 1


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a decoder reads: the columns of its attention over itself."""

    tokens: tuple[str, ...]
    spans: tuple[Span | None, ...]
    """In the target's text; None for the token that begins it."""
    reach: tuple[int, ...]
    """How many of them, from the first, each row may look at; the others come later."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Attention(Displayed):
    """The attention of one pair of texts, or of one text over itself.

    ``source`` and ``target`` are the labels of the tokens; ``source_spans`` and ``target_spans`` their byte spans in
    the UTF-8 of ``source_text`` and ``target_text`` (None for ``</s>``). Every array of ``weights`` has the axes
    layers, heads, rows, columns: cross target × source, encoder source × source, decoder target × ``reading.tokens``.
    ``rows`` says whose rows they are: the token ``predicted`` or the decoder's ``input``.

    Raises:
        ValueError: lengths or shapes that do not fit together.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    source_text: str
    target_text: str
    source_spans: tuple[Span | None, ...]
    target_spans: tuple[Span | None, ...]
    weights: Mapping[Role, Weights]
    rows: Rows = "predicted"
    note: str = field(default="")
    """What a reader should know of it, such as the model's name."""
    read: Read | None = None
    """See ``reading``; None: as it follows from the target."""

    def __post_init__(self) -> None:
        for side in ("source", "target"):
            if len(getattr(self, side)) != len(getattr(self, f"{side}_spans")):
                raise ValueError(
                    f"{len(getattr(self, side))} {side} labels, {len(getattr(self, f'{side}_spans'))} spans"
                )
        if self.read is not None:
            lengths = len(self.read.tokens), len(self.read.spans), len(self.read.reach)
            if lengths[0] != lengths[1] or lengths[2] != len(self.target):
                raise ValueError(
                    f"{lengths[0]} labels and {lengths[1]} spans of what is read, reaches of {lengths[2]} rows"
                )
            if any(not 0 <= reach <= lengths[0] for reach in self.read.reach):
                raise ValueError(f"a row reaches more than the {lengths[0]} tokens that are read")
        for role, array in self.weights.items():
            if role not in get_args(Role):
                raise ValueError(f"unknown role {role!r}; known: {', '.join(get_args(Role))}")
            expected = tuple(len(labels) for labels in self.labels(role))
            if array.ndim != 4 or array.shape[2:] != expected:
                raise ValueError(f"{role} weights have the shape {array.shape}; wanted [layers, heads, *{expected}]")

    @property
    def main_role(self) -> Role:
        """The role that is meant where none is named: cross where there is any, else the first that is recorded."""
        return "cross" if "cross" in self.weights else next(iter(self.weights), "cross")

    @property
    def reading(self) -> Read:
        """What the decoder reads: at each step the token that it predicted at the step before, and first ``<s>``."""
        if self.read is not None:
            return self.read
        tokens, spans = self.target, self.target_spans
        if self.rows == "predicted" and self.target:
            tokens, spans = ("<s>", *tokens[:-1]), (None, *spans[:-1])
        return Read(tokens=tokens, spans=spans, reach=tuple(range(1, len(tokens) + 1)))

    def labels(self, role: Role | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The labels of the rows and of the columns of a role's matrices; None: the main role."""
        match role or self.main_role:
            case "cross":
                return self.target, self.source
            case "encoder":
                return self.source, self.source
            case "decoder":
                return self.target, self.reading.tokens

    def visible(self, role: Role | None = None) -> NDArray[np.bool_]:
        """Rows × columns: where a row may look at all.

        A decoder's tokens do not see those that come later: there is no weight, which is another thing than a weight of
        nearly zero.
        """
        chosen = role or self.main_role
        rows, columns = self.labels(chosen)
        if chosen != "decoder":
            return np.ones((len(rows), len(columns)), dtype=np.bool_)
        reach = np.array(self.reading.reach, dtype=np.int64).reshape(-1, 1)
        return np.asarray(np.arange(len(columns)) < reach, dtype=np.bool_)

    def matrix(self, role: Role | None = None, layer: int | None = None, head: int | None = None) -> Weights:
        """One matrix, rows × columns: of a layer and head (negative: from the last), or their mean where None is given.

        Raises:
            DataError: there are no such weights.
        """
        chosen_role = role or self.main_role
        array = self.array(chosen_role)
        for axis, (name, number) in enumerate((("layer", layer), ("head", head))):
            count = array.shape[axis]
            if number is not None and not -count <= number < count:
                raise DataError(f"there is no {chosen_role} attention {name} {number}; give 0 to {count - 1}")
        chosen: Weights = array.mean(axis=0) if layer is None else array[layer]
        result: Weights = chosen.mean(axis=0) if head is None else chosen[head]
        return result

    def array(self, role: Role | None = None) -> Weights:
        """All matrices of a role: layers × heads × rows × columns.

        Raises:
            DataError: there are no weights of this role.
        """
        chosen = role or self.main_role
        if chosen not in self.weights:
            raise DataError(f"no {chosen} attention is recorded; recorded: {', '.join(self.weights) or 'none'}")
        return self.weights[chosen]

    def aligning_layer(self) -> int:
        """The cross attention's last layer but one, or the only one: it aligns words best (Garg et al. 2019).

        Raises:
            DataError: there is no cross attention.
        """
        return max(0, len(self.array("cross")) - 2)

    def alone(self, role: Literal["encoder", "decoder"]) -> Attention:
        """One side's attention over itself, as the record of one text.

        Raises:
            DataError: there are no weights of this role.
        """
        weights: dict[Role, Weights] = {role: self.array(role)}
        if role == "encoder":
            return replace(self, target=(), target_text="", target_spans=(), weights=weights, read=None)
        return replace(self, source=(), source_text="", source_spans=(), weights=weights)

    def merged(self, source_words: Sequence[Span], target_words: Sequence[Span]) -> Attention:
        """The attention between words instead of tokens.

        A word's column is the sum of its tokens' columns (what was attended to in it), its row the mean of its tokens'
        rows; so rows still sum to what they did. Tokens without a span (``</s>``) stay as they are, and a token that
        shares no byte with a word (a lone space) joins the word after it, or the last one.

        Args:
            source_words: byte spans of the words of ``source_text``, in order; see ``atento.text.words.segment``.
            target_words: the same of ``target_text``.
        """
        reading = self.reading
        source = Groups.of(self.source, self.source_spans, self.source_text, source_words)
        target = Groups.of(self.target, self.target_spans, self.target_text, target_words)
        read = Groups.of(reading.tokens, reading.spans, self.target_text, target_words)
        sides: dict[Role, tuple[Groups, Groups]] = {
            "cross": (target, source),
            "encoder": (source, source),
            "decoder": (target, read),
        }
        reach = [0] * len(target.labels)  # a word sees what any of its tokens sees
        for place, tokens in zip(target.places, reading.reach, strict=True):
            reach[place] = max([reach[place], *(seen + 1 for seen in read.places[:tokens])])
        return Attention(
            source=source.labels,
            target=target.labels,
            source_text=self.source_text,
            target_text=self.target_text,
            source_spans=source.spans,
            target_spans=target.spans,
            weights={
                role: np.asarray(sides[role][0].mean @ array @ sides[role][1].sum.T, dtype=np.float32)
                for role, array in self.weights.items()
            },
            rows=self.rows,
            note=self.note,
            read=self._kept(Read(tokens=read.labels, spans=read.spans, reach=tuple(reach))),
        )

    def without_specials(self) -> Attention:
        """The attention without rows and columns of tokens that have no span; rows may then sum to less than one."""
        reading = self.reading
        source = _with_span(self.source_spans)
        target = _with_span(self.target_spans)
        read = _with_span(reading.spans)
        sides: dict[Role, tuple[list[int], list[int]]] = {
            "cross": (target, source),
            "encoder": (source, source),
            "decoder": (target, read),
        }
        kept = Read(
            tokens=tuple(reading.tokens[number] for number in read),
            spans=tuple(reading.spans[number] for number in read),
            reach=tuple(sum(column < reading.reach[row] for column in read) for row in target),
        )
        return Attention(
            source=tuple(self.source[number] for number in source),
            target=tuple(self.target[number] for number in target),
            source_text=self.source_text,
            target_text=self.target_text,
            source_spans=tuple(self.source_spans[number] for number in source),
            target_spans=tuple(self.target_spans[number] for number in target),
            weights={role: array[..., sides[role][0], :][..., sides[role][1]] for role, array in self.weights.items()},
            rows=self.rows,
            note=self.note,
            read=self._kept(kept),
        )

    def _kept(self, read: Read) -> Read | None:
        """What is read, where anybody asked for it."""
        return read if self.read is not None or "decoder" in self.weights else None

    def with_rows(self, rows: Rows) -> Attention:
        """The same steps, each row labelled by the token that is predicted there or by the one that is read there.

        The step that predicts a token reads the one before it: so a token's two rows are neighbours. One label is not
        in the record and is made up: ``</s>`` for the last one predicted (and ``<s>`` for the first token read, unless
        ``read`` tells it: a model that puts nothing before a text reads its first token there).
        """
        if rows == self.rows or not self.target:
            return replace(self, rows=rows)
        reading = self.reading
        if rows == "input":
            told = reading.tokens[1:] == self.target[:-1]
            first, span = (reading.tokens[0], reading.spans[0]) if told else ("<s>", None)
            labels, spans = (first, *self.target[:-1]), (span, *self.target_spans[:-1])
        else:
            labels, spans = (*self.target[1:], "</s>"), (*self.target_spans[1:], None)
        return replace(self, rows=rows, target=labels, target_spans=spans, read=self._kept(reading))

    def figure(self, *, role: Role | None = None, layer: int | None = None, head: int | None = None) -> Figure:
        """A Bahdanau-style heat map as a matplotlib figure; see ``atento.figures.heatmap`` for more.

        Without a role it shows the main one; without a layer or head their mean.
        """
        from atento.figures import heatmap  # matplotlib takes a second to import

        return heatmap.sheet([self], role=role, layer=layer, head=head)

    def text(
        self,
        *,
        role: Role | None = None,
        layer: int | None = None,
        head: int | None = None,
        width: int = 80,
        colour: bool = False,
    ) -> str:
        """A heat map for the terminal; see ``atento.figures.terminal``."""
        from atento.figures import terminal

        return terminal.draw(self, role=role, layer=layer, head=head, width=width, colour=colour)

    def view(self) -> View:
        """How it shows itself."""
        from atento.figures import attention_view

        return attention_view.view(self)

    def to_json(self) -> str:
        """One line of JSON; ``from_json`` gives an equal record (weights are float32, written exactly)."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": VERSION,
                "rows": self.rows,
                "note": self.note,
                "source": {"text": self.source_text, "tokens": self.source, "spans": self.source_spans},
                "target": {"text": self.target_text, "tokens": self.target, "spans": self.target_spans},
                "read": None if self.read is None else vars(self.read),
                "weights": {role: _nested(array) for role, array in self.weights.items()},
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str, *, where: str = "the attention record") -> Attention:
        """Read what ``to_json`` wrote.

        Raises:
            DataError: the text is truncated, or no attention record of this version.
        """
        try:
            record = decode_json(text, _Record)
        except msgspec.ValidationError as error:
            raise DataError(f"{where} is no attention record: {error}; give a file of `--attention`") from error
        except msgspec.DecodeError as error:
            raise DataError(f"{where} is not JSON ({error}): it is damaged; write it again") from error
        if record.format != FORMAT or record.version != VERSION:
            raise DataError(
                f"{where} has the format {record.format!r} version {record.version}; this program reads {FORMAT!r} "
                f"version {VERSION}"
            )
        try:
            return cls(
                source=record.source.tokens,
                target=record.target.tokens,
                source_text=record.source.text,
                target_text=record.target.text,
                source_spans=record.source.spans,
                target_spans=record.target.spans,
                weights={role: _array(layers) for role, layers in record.weights.items()},
                rows=record.rows,
                note=record.note,
                read=record.read,
            )
        except ValueError as error:
            raise DataError(f"{where} contradicts itself: {error}; write it again") from error


class _Side(msgspec.Struct):
    text: str
    tokens: tuple[str, ...]
    spans: tuple[Span | None, ...]


class _Record(msgspec.Struct):
    format: str
    version: int
    source: _Side
    target: _Side
    weights: dict[Role, list[list[list[list[float]]]]]
    rows: Rows = "predicted"
    note: str = ""
    read: Read | None = None


def _nested(array: Weights) -> Any:
    """Nested lists whose numbers are the shortest decimals that give the same float32 again."""
    flat = [float(str(value)) for value in array.astype(np.float32).ravel()]
    return np.array(flat, dtype=np.float64).reshape(array.shape).tolist()


def _array(layers: list[list[list[list[float]]]]) -> Weights:
    array = np.array(layers, dtype=np.float32)
    if array.ndim != 4:
        raise ValueError(f"weights of the shape {array.shape}")
    return array


def _with_span(spans: Sequence[Span | None]) -> list[int]:
    return [number for number, span in enumerate(spans) if span is not None]
