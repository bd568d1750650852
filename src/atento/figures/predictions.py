"""What a language model expected at every step of a text: the most probable tokens, and how the one there ranks.

The numbers are the model's own distribution (the softmax of its logits), before any temperature, truncation or ban of a
search. Figures, JSON and the terminal all read this record.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from atento.core.display import Displayed, View
from atento.core.errors import DataError
from atento.core.parsing import decode_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMAT: Final = "atento.predictions"
VERSION: Final = 1


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """A token that could stand at a step."""

    id: int
    token: str
    """Its label for a reader."""
    probability: float


@dataclass(frozen=True, kw_only=True)
class PredictedToken:
    """One step: the token that stands there, and those that the model held for most probable."""

    id: int
    token: str
    span: tuple[int, int] | None
    """Its bytes in the text; None for a special token."""
    log_probability: float
    """Natural logarithm."""
    rank: int
    """1 if no token was more probable."""
    alternatives: tuple[Alternative, ...]
    """Most probable first; the token itself is among them if its rank is that low."""

    @property
    def probability(self) -> float:
        """Of the token that stands there."""
        return math.exp(self.log_probability)


@dataclass(frozen=True, kw_only=True)
class Predictions(Displayed):
    """The steps of one text, or those of them that were written after a prompt."""

    text: str
    """The whole, prompt included."""
    steps: tuple[PredictedToken, ...]
    first: int = 1
    """The number of the first step in the text, counted from 1: a prompt's tokens come before it."""

    def before(self, step: int) -> str:
        """The text before the token of a step (an index into ``steps``)."""
        spans = (each.span for each in itertools.islice(self.steps, step, None))
        start = next((span[0] for span in spans if span is not None), None)
        return self.text if start is None else self.text.encode()[:start].decode(errors="ignore")

    def figure(self, *, columns: int | None = None) -> Figure:
        """Bars for every step on one sheet; see ``atento.figures.next_tokens``."""
        from atento.figures import next_tokens  # matplotlib takes a second to import

        return next_tokens.sheet([self], columns=columns)

    def table(self, *, width: int = 80) -> str:
        """Lines for the terminal; see ``atento.figures.next_token_table``."""
        from atento.figures import next_token_table

        return next_token_table.draw(self, width=width)

    def view(self) -> View:
        """How it shows itself."""
        from atento.figures import predictions_view

        return predictions_view.view(self)

    def to_json(self) -> str:
        """One line of JSON; ``from_json`` gives an equal record."""
        record = {"format": FORMAT, "version": VERSION, "text": self.text, "first": self.first, "steps": self.steps}
        return msgspec.json.encode(record).decode()

    @classmethod
    def from_json(cls, text: str, *, where: str = "the record of predictions") -> Predictions:
        """Read what ``to_json`` wrote.

        Raises:
            DataError: the text is truncated, or no such record of this version.
        """
        try:
            record = decode_json(text, _Record)
        except msgspec.ValidationError as error:
            raise DataError(f"{where} holds no predictions: {error}; give what `to_json` wrote") from error
        except msgspec.DecodeError as error:
            raise DataError(f"{where} is not JSON ({error}): it is damaged; write it again") from error
        if record.format != FORMAT or record.version != VERSION:
            raise DataError(
                f"{where} has the format {record.format!r} version {record.version}; this program reads {FORMAT!r} "
                f"version {VERSION}"
            )
        return cls(text=record.text, steps=record.steps, first=record.first)


def percent(probability: float) -> str:
    """A probability for a reader, in tenths of a percent."""
    share = 100 * probability
    return f"{share:.1f}%" if share >= 0.05 else "<0.1%"


class _Record(msgspec.Struct):
    format: str
    version: int
    text: str
    first: int
    steps: tuple[PredictedToken, ...]
