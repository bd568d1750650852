"""Every metric equals a slow, obvious computation; texts are read as they are needed."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator
from math import log
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atento.core.errors import ConfigurationError, DataError
from atento.text.metrics.configuration import MeasureConfig
from atento.text.metrics.measuring import Measured, measure
from atento.text.metrics.sums import GROUPS
from atento.text.words import words_of

ENTRIES = ("ab", "a", " ", "c", " cab", "ção", "ã", ".")
FEW = MeasureConfig(resamples=100)
LINES = st.lists(st.text(alphabet="abc çãox.\u4e2d", max_size=30), min_size=1, max_size=12).filter(
    lambda lines: any(line.strip() for line in lines)
)


def only(found: Any) -> Measured:
    [row] = found.rows
    return row.overall


def test_a_text_worked_by_hand(fake: Any) -> None:
    found = only(measure([fake("f", ["ab", " ", "c"])], {"t": ["ab ab", "", "abc", "abx"]}, MeasureConfig(alpha=2)))
    # ab·␣·ab, ab·c, ab·?
    assert found.counts == {
        "texts": 3, "bytes": 11, "characters": 11, "visible": 10, "words": 4, "tokens": 7, "unknown": 1, "lost": 1,
        "exact": 2, "looked": 4, "whole": 2,
    }  # fmt: skip
    ratios = {key: figure.ratio.value for key, figure in found.figures.items()}
    assert ratios == pytest.approx(
        {
            "bytes_per_token": 11 / 7,
            "characters_per_token": 11 / 7,
            "tokens_per_word": 7 / 4,
            "unknown_rate": 1 / 7,
            "lost": 1 / 10,
            "exact": 2 / 3,
            "whole_words": 2 / 4,
        }
    )
    means = {key: figure.mean.value for key, figure in found.figures.items()}
    assert means["bytes_per_token"] == pytest.approx((5 / 3 + 3 / 2 + 3 / 2) / 3)
    assert means["tokens_per_word"] == pytest.approx((3 / 2 + 2 + 2) / 3)
    assert means["whole_words"] == pytest.approx((2 / 2 + 0 + 0) / 3)
    assert (found.types, found.used) == (4, 1.0)
    assert found.renyi == found.renyi_seen == pytest.approx(log(49 / (16 + 1 + 1 + 1)) / log(4))


def slow(tokenizer: Any, lines: list[str]) -> dict[str, float]:
    """Each metric, in plain Python, one text after the other."""
    texts = [line for line in lines if line.strip()]
    ids = [list(tokenizer.encode(text).ids) for text in texts]
    tokens = sum(map(len, ids))
    words = [words_of(text) for text in texts]
    total = sum(map(len, words))
    unknown = sum(row.count(tokenizer.unknown) for row in ids)
    known = [tokenizer.decode([n for n in row if n != tokenizer.unknown]) for row in ids]
    exact = [tokenizer.decode(row) == text for row, text in zip(ids, texts, strict=True)]
    lost = sum(
        (Counter("".join(text.split())) - Counter(back)).total()
        for text, back, same in zip(texts, known, exact, strict=True)
        if not same
    )
    whole = sum(whole_words(tokenizer, text) for text in texts)
    return {
        "bytes_per_token": sum(len(text.encode()) for text in texts) / tokens,
        "characters_per_token": sum(map(len, texts)) / tokens,
        "tokens_per_word": tokens / total,
        "unknown_rate": unknown / tokens,
        "lost": lost / sum(len("".join(text.split())) for text in texts),
        "exact": statistics.fmean(exact),
        "whole_words": whole / total,
    }


def whole_words(tokenizer: Any, text: str) -> int:
    """Looks at every word and every token."""
    from atento.text.words import segment

    tokens = tokenizer.encode(text)
    pairs = list(zip(tokens.ids, tokens.spans, strict=True))
    return sum(
        any(number != tokenizer.unknown and start <= left and right <= stop for number, (start, stop) in pairs)
        for left, right in segment(text)
    )


@settings(max_examples=60)
@given(LINES)
def test_ratios_are_the_slow_ones(fake: Any, lines: list[str]) -> None:
    tokenizer = fake("f", ENTRIES)
    found = only(measure([tokenizer], {"t": lines}, FEW))
    wanted = slow(tokenizer, lines)
    assert {key: figure.ratio.value for key, figure in found.figures.items()} == pytest.approx(wanted)
    counts = Counter(number for line in lines if line.strip() for number in tokenizer.encode(line).ids)
    assert found.types == len(counts)


def test_more_lines_than_groups_give_the_same_sums(fake: Any) -> None:
    lines = [f"{'ab ' * (number % 7)}{'c' * (number % 3)}x" for number in range(2 * GROUPS + 17)]
    tokenizer = fake("f", ENTRIES)
    found = only(measure([tokenizer], {"t": lines}, FEW))
    assert {key: figure.ratio.value for key, figure in found.figures.items()} == pytest.approx(slow(tokenizer, lines))
    assert found.counts["texts"] == len(lines)
    means = [len(line.encode()) / len(tokenizer.encode(line).ids) for line in lines]
    assert found.figures["bytes_per_token"].mean.value == pytest.approx(statistics.fmean(means))


def test_several_texts_are_measured_each_and_together(fake: Any) -> None:
    tokenizer = fake("f", ENTRIES)
    one, other = ["ab cab"] * 4, ["c c c", "ção."]
    [row] = measure([tokenizer], {"one": one, "other": other}, FEW).rows
    for found, lines in ((row.by_text["one"], one), (row.by_text["other"], other), (row.overall, one + other)):
        assert {key: figure.ratio.value for key, figure in found.figures.items()} == pytest.approx(
            slow(tokenizer, lines)
        )


def test_whole_words_of_one_line_in_many(fake: Any) -> None:
    lines = ["ab ab", "abc abc", "ab", "abc"] * 3
    found = only(measure([fake("f", ENTRIES)], {"t": lines}, MeasureConfig(look_every=2)))
    assert (found.counts["looked"], found.counts["whole"]) == (9, 9)  # lines 0, 2, 4, …: none of which has abc
    assert found.counts["words"] == 18


def test_a_stream_is_read_as_it_is_encoded(fake: Any) -> None:
    """What has been read but not encoded yet never exceeds a batch: no stream is held."""
    tokenizer = fake("f", ["a" * 100_000])
    waiting = []

    def stream() -> Iterator[str]:
        for number in range(60):
            waiting.append(number - tokenizer.encoded)
            yield "a" * 100_000

    found = only(measure([tokenizer], {"t": stream()}, FEW))
    assert found.counts["bytes"] == 6_000_000
    assert max(waiting) < 10


def test_progress_is_told_of_every_byte(fake: Any) -> None:
    class Told:
        total, done = 0.0, 0.0

        def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:
            self.total = total or 0.0

        def advance(self, amount: float = 1, *, note: str = "") -> None:
            self.done += amount

        def message(self, text: str) -> None: ...
        def finish(self) -> None: ...

    told = Told()
    lines = ["ab", "ção", "c"]
    total = sum(len(line.encode()) + 1 for line in lines)
    measure([fake("f", ENTRIES), fake("g", ENTRIES)], {"t": lines}, FEW, progress=told, total=total)
    assert told.done == pytest.approx(told.total)


def test_what_cannot_be_measured_is_refused(fake: Any) -> None:
    one = fake("f", ENTRIES)
    with pytest.raises(DataError, match="t is empty"):
        measure([one], {"t": ["", "  "]})
    with pytest.raises(ConfigurationError, match="two tokenizers are called f"):
        measure([one, one], {"t": ["a"]})
    with pytest.raises(ConfigurationError, match="no tokenizer"):
        measure([], {"t": ["a"]})
    with pytest.raises(ConfigurationError, match="no text"):
        measure([one], {})
    with pytest.raises(ConfigurationError, match="no text is called u"):
        measure([one], {"t": ["a"]}, against="u")
    with pytest.raises(ConfigurationError, match="alpha"):
        MeasureConfig(alpha=0.0)


def test_nothing_but_the_librarys_call_is_timed(fake: Any) -> None:
    from atento.text.metrics.batches import batches
    from atento.text.metrics.counting import Counts
    from atento.text.metrics.whole_words import WholeWords

    tokenizer = fake("f", ENTRIES)
    ticks = iter([10.0, 12.0, 20.0, 21.0])
    counts = Counts(tokenizer, WholeWords(tokenizer), clock=lambda: next(ticks))
    for batch in batches(["ab ab", "cc"], FEW, size=4):
        counts.add(batch)
    assert counts.seconds == [2.0, 1.0]
    assert counts.bytes == [5, 2]
