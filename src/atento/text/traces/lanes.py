"""Several tokenizers on one text: where they cut alike, and where not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from atento.core.display import Displayed, View
from atento.core.tables import Column, Table
from atento.text.traces.trace import Trace, before_space, boundaries
from atento.text.words import segment


@dataclass(frozen=True, kw_only=True)
class Lanes(Displayed):
    """One text, cut by several tokenizers.

    Raises:
        ValueError: the traces are of different texts, or there is none.
    """

    traces: tuple[Trace, ...]

    def __post_init__(self) -> None:
        if len({trace.text for trace in self.traces}) != 1:
            raise ValueError("lanes are of one text")

    @property
    def text(self) -> str:
        """The text."""
        return self.traces[0].text

    @property
    def disputed(self) -> tuple[int, ...]:
        """Boundaries (bytes of the raw text) that some tokenizers have and others do not."""
        counts = Counter(place for trace in self.traces for place in boundaries(trace))
        return tuple(sorted(place for place, count in counts.items() if count < len(self.traces)))

    @property
    def common(self) -> tuple[int, ...]:
        """Boundaries that all have."""
        counts = Counter(place for trace in self.traces for place in boundaries(trace))
        return tuple(sorted(place for place, count in counts.items() if count == len(self.traces)))

    def disputed_tokens(self, trace: Trace) -> frozenset[int]:
        """The tokens of one trace that begin where others see no boundary."""
        raw, disputed = trace.text.encode(), set(self.disputed)
        starts = (before_space(raw, token.span[0]) for token in trace.tokens)
        return frozenset(number for number, start in enumerate(starts) if start in disputed)

    def table(self) -> Table:
        """Figures of each tokenizer on the text, in the order given."""
        words = len(segment(self.text))
        return Table(
            title="Tokenizers on one text",
            columns=(
                Column(key="tokenizer", title="tokenizer"),
                Column(key="kind", title="kind"),
                Column(key="entries", title="entries", note="of the vocabulary, special ones counted"),
                Column(key="tokens", title="tokens", note="without special ones around the text"),
                Column(key="bytes_per_token", title="bytes / token", digits=3, note="bytes of UTF-8"),
                Column(key="characters_per_token", title="characters / token", digits=3, note="code points"),
                Column(
                    key="tokens_per_word", title="tokens / word", digits=3, note="words as Atento's segmenter has them"
                ),
                Column(key="unknown", title="unknown", note="tokens that are the unknown token"),
                Column(key="shared", title="split characters", note="tokens that share a grapheme with another"),
                Column(key="own", title="own cuts", note="inside the text, that no other tokenizer here has"),
                Column(key="exact", title="exact", note="whether the text comes back as it was"),
            ),
            rows=tuple(
                (
                    trace.tokenizer.name,
                    trace.tokenizer.kind,
                    trace.tokenizer.size,
                    len(trace.tokens),
                    trace.size / len(trace.tokens) if trace.tokens else None,
                    len(self.text) / len(trace.tokens) if trace.tokens else None,
                    len(trace.tokens) / words if words else None,
                    sum(token.role == "unknown" for token in trace.tokens),
                    len({place for shared in trace.shared for place in shared.tokens}),
                    len(self.own(trace)) if len(self.traces) > 1 else None,
                    trace.exact,
                )
                for trace in self.traces
            ),
        )

    def view(self) -> View:
        """How it shows itself."""
        from atento.text.traces.view import lanes_view

        return lanes_view(self)

    def own(self, trace: Trace) -> tuple[int, ...]:
        """The boundaries of one that none of the others has."""
        others = {place for other in self.traces if other is not trace for place in boundaries(other)}
        return tuple(place for place in boundaries(trace) if place not in others)


def lanes(traces: Sequence[Trace]) -> list[Lanes]:
    """Traces of several texts, grouped by text in their order."""
    texts = dict.fromkeys(trace.text for trace in traces)
    return [Lanes(traces=tuple(trace for trace in traces if trace.text == text)) for text in texts]
