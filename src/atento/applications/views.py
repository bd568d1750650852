"""How translations, fillings, writings and classifications show themselves: texts, scores, and what explains them.

Attention and predictions, where they were asked for, show as they do by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from atento.core import markup, terminal_tables
from atento.core.display import Displayed, Picture, Place, View
from atento.core.shortening import brief, first_of

if TYPE_CHECKING:
    from atento.applications.classifier import Classification, Text
    from atento.applications.reader import Filling
    from atento.applications.translator import Translation
    from atento.applications.writer import Writing

_MOST_ROWS: Final = 50
"""Of a ranking in a notebook."""
_MOST_CHARACTERS: Final = 2000
"""Of a text there."""
_MOST_BARS: Final = 12
"""Of a picture's panel."""


@dataclass(frozen=True, kw_only=True)
class _Ranking:
    """A table of what a model answers, best first."""

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: tuple[int, ...]
    """Columns that hold numbers."""
    shares: tuple[float, ...] = ()
    """A probability a row, drawn as a bar beside it."""
    names: tuple[str, ...] = ()
    """What the bars are called in a picture."""


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """All that is shown of one text."""

    title: str
    given: str
    """The text that a model was given."""
    rankings: Sequence[_Ranking]
    facts: Sequence[str] = ()
    explained: Sequence[Displayed] = ()
    """Records that show themselves."""

    def view(self) -> View:
        """Its forms; the picture is that of the first explanation, or bars where there are probabilities."""
        drawn = [each for each in self.explained if each.view().picture is not None]
        barred = [each for each in self.rankings if each.shares]
        picture = drawn[0].view().picture if drawn else (lambda: _bars(self.title, barred)) if barred else None
        return View(title=self.title, text=self._text, html=self._html, picture=picture)

    def _text(self) -> str:
        lines = [brief(self.given, _MOST_CHARACTERS)]
        for ranking in self.rankings:
            rows = _rows(ranking, _MOST_ROWS, _MOST_CHARACTERS)
            table = terminal_tables.draw(ranking.head, rows, numbers=ranking.numbers, width=100)
            lines += [line for line in (ranking.caption, table, _cut(ranking, _MOST_ROWS)) if line]
        lines += self.facts
        for each in self.explained:
            lines += ["", each.view().text()]
        return "\n".join(lines)

    def _html(self, place: Place) -> str:
        most = place.most(_MOST_ROWS)
        longest = place.most(_MOST_CHARACTERS)
        parts = [markup.strong(brief(self.given, longest))]
        for ranking in self.rankings:
            rows = _rows(ranking, most, longest)
            head = ranking.head
            if ranking.shares:
                head = (*head, "")
                rows = [(*row, markup.bar(share)) for row, share in zip(rows, ranking.shares, strict=False)]
            parts.append(markup.table(head, rows, numbers=ranking.numbers, caption=ranking.caption))
            if cut := _cut(ranking, most):
                parts.append(markup.line(cut, quiet=True))
        parts += [markup.line(fact, quiet=True) for fact in self.facts]
        return markup.element(*parts, *(each.view().html(place) for each in self.explained))


def translation_view(translation: Translation) -> View:
    """Candidates, best first, and the best one's attention."""
    rows = [
        (str(number), each.text, f"{each.score:.4f}", f"{each.total:.4f}", str(len(each.ids)))
        for number, each in enumerate(translation.candidates, 1)
    ]
    facts = [f"Never seen in training: {' '.join(translation.unknown)}"] if translation.unknown else []
    facts += [
        f"{number}: {each.text} stands for an unknown word, aligned with {each.source}"
        for number, candidate in enumerate(translation.candidates, 1)
        for each in candidate.replaced
    ]
    facts += [
        f"{number}: cut off by the limit of length"
        for number, candidate in enumerate(translation.candidates, 1)
        if not candidate.finished
    ]
    head = ("#", "translation", "score", "log P", "tokens")
    return _Answer(
        title="Translation",
        given=translation.source,
        rankings=[_Ranking(caption="", head=head, rows=rows, numbers=(0, 2, 3, 4))],
        facts=facts,
        explained=[translation.attention] if translation.attention is not None else [],
    ).view()


def writing_view(writing: Writing) -> View:
    """What was written after a prompt, with the first one's predictions and attention."""
    rows = [
        (str(number), each.text, f"{each.total:.4f}", str(len(each.ids)), "yes" if each.ended else "no")
        for number, each in enumerate(writing.continuations, 1)
    ]
    head = ("#", "continuation", "log P", "tokens", "ended")
    first = writing.continuations[0]
    return _Answer(
        title="Writing",
        given=writing.prompt or "(no prompt)",
        rankings=[_Ranking(caption="", head=head, rows=rows, numbers=(0, 2, 3))],
        explained=[each for each in (first.predictions, first.attention) if each is not None],
    ).view()


def filling_view(filling: Filling) -> View:
    """What may stand in every gap."""
    rankings = [
        _Ranking(
            caption=f"Gap {number}" if len(filling.gaps) > 1 else "",
            head=("token", "id", "p", "text"),
            rows=[(each.token, str(each.id), f"{each.probability:.4f}", each.text) for each in gap.candidates],
            numbers=(1, 2),
            shares=tuple(each.probability for each in gap.candidates),
            names=tuple(each.token for each in gap.candidates),
        )
        for number, gap in enumerate(filling.gaps, 1)
    ]
    return _Answer(
        title="Filling",
        given=filling.source,
        rankings=rankings,
        explained=[filling.attention] if filling.attention is not None else [],
    ).view()


def classification_view(classification: Classification) -> View:
    """Every class with its probability."""
    found = classification.probabilities
    ranking = _Ranking(
        caption="",
        head=("class", "p"),
        rows=[(label, f"{probability:.4f}") for label, probability in found.items()],
        numbers=(1,),
        shares=tuple(found.values()),
        names=tuple(found),
    )
    facts = ["The text was longer than the model reads, and lost its end."] if classification.cut else []
    return _Answer(title="Classification", given=_given(classification.text), rankings=[ranking], facts=facts).view()


def _given(text: Text) -> str:
    return text if isinstance(text, str) else " ⇥ ".join(text)


def _bars(title: str, rankings: Sequence[_Ranking]) -> Picture:
    from atento.figures import canvas
    from atento.figures.bars import Bars, bars

    panels = [
        Bars(
            title=each.caption or "probability",
            rows=[
                (name, share, f"{share:.3f}")
                for name, share in list(zip(each.names, each.shares, strict=True))[:_MOST_BARS]
            ],
        )
        for each in rankings[:4]
    ]
    return canvas.picture(lambda: bars(title, panels))


def _rows(ranking: _Ranking, most: int | None, longest: int | None) -> list[tuple[str, ...]]:
    """The first rows, with the beginnings of their texts; None: all of them."""
    return [tuple(brief(cell, longest) for cell in row) for row in ranking.rows[:most]]


def _cut(ranking: _Ranking, most: int | None) -> str:
    told = first_of(len(ranking.rows[:most]), len(ranking.rows), "rows")
    return f"{told} `save_html(…)` has all of them." if told else ""
