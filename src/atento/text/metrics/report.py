"""A measurement as tables: one with everything, for machines, and narrower ones that people read."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

from atento.core.tables import Cell, Column, Table
from atento.text.metrics import columns
from atento.text.metrics.bootstrap import LEVEL, Estimate
from atento.text.metrics.columns import INTERVAL, METRICS, Metric
from atento.text.metrics.measuring import Measured, Measurement
from atento.text.metrics.ranking import RULES, Ranked
from atento.text.metrics.sums import GROUPS, RATIOS

ALL: Final = "(all)"
"""What stands for all texts together."""
_WORDS: Final = {
    "words": "letters, digits and marks with their inner hyphens, apostrophes and number separators; every other sign, "
    "ideograph and kana is one",
    "whitespace": "what white space parts",
    "runs": "letters, digits and marks that touch; every other sign is one",
}


def full_table(measurement: Measurement, rows: Sequence[Ranked]) -> Table:
    """Every figure of every tokenizer on every text, and on all together where there are several."""
    records = []
    for found in rows:
        everything = {ALL: found.row.overall} if len(measurement.texts) > 1 else {}
        for text, measured in {**everything, **found.row.by_text}.items():
            records.append(_record(found, text, measured))
    return _table("Leaderboard", columns.every_column(measurement.config.alpha), records, notes(measurement))


def overall_table(measurement: Measurement, rows: Sequence[Ranked]) -> Table:
    """A row a tokenizer, over all texts: ratios of sums, the interval of the first."""
    shown = (
        columns.RANK,
        columns.TOKENIZER,
        columns.KIND,
        columns.ENTRIES,
        *columns.with_interval("bytes_per_token"),
        *(columns.column(ratio.key) for ratio in RATIOS if ratio.key != "bytes_per_token"),
        columns.USED,
        *columns.renyi_columns(measurement.config.alpha),
        columns.SPEED,
        columns.FLAGS,
    )
    records = [_record(found, ALL, found.row.overall) for found in rows]
    return _table("Over all texts: " + ", ".join(measurement.texts), shown, records, notes(measurement))


def text_table(measurement: Measurement, rows: Sequence[Ranked]) -> Table:
    """A row a text and tokenizer: how well each text is cut, and the premium where there is a reference."""
    shown = [
        columns.TEXT,
        columns.TOKENIZER,
        *columns.with_interval("bytes_per_token"),
        *columns.with_interval("tokens_per_word"),
        *(columns.column(key) for key in ("characters_per_token", "unknown_rate", "lost", "exact", "whole_words")),
        *columns.renyi_columns(measurement.config.alpha),
    ]
    if measurement.against is not None:
        shown += [columns.premium_column(measurement.against), columns.interval_column("premium")]
    records = [_record(found, text, found.row.by_text[text]) for text in measurement.texts for found in rows]
    return _table("Text by text", shown, records)


def interval_table(rows: Sequence[Ranked]) -> Table:
    """Ratios of sums beside the means of the texts' own ratios, with intervals, over all texts."""
    shown = (
        columns.TOKENIZER,
        Column(key="metric", title="metric"),
        Column(key="ratio", title="ratio of sums", note="every token, word, character or byte counts alike"),
        Column(key="ratio_interval", title=INTERVAL),
        Column(key="mean", title="mean over texts", note="of the texts' own ratios: every text counts alike"),
        Column(key="mean_interval", title=f"{INTERVAL} of the mean"),
    )
    cells = []
    for found, (key, metric) in itertools.product(rows, METRICS.items()):
        figure = found.row.overall.figures[key]
        both = (_written(figure.ratio, metric), _written(figure.mean, metric))
        cells.append((found.row.name, metric.title, *itertools.chain.from_iterable(both)))
    return Table(title="Ratios of sums and means over texts", columns=shown, rows=tuple(cells))


def notes(measurement: Measurement) -> tuple[str, ...]:
    """How everything was counted."""
    config = measurement.config
    looked = "" if config.look_every == 1 else f" Whole words were looked for in one line of {config.look_every}."
    found = (
        RULES,
        f"Words (segmenter atento.text.words, {config.words!r}): {_WORDS[config.words]}.{looked}",
        f"Intervals: {INTERVAL}, percentile bootstrap over lines, {config.resamples:,} resamples, seed {config.seed}; "
        f"lines are dealt to at most {GROUPS:,} groups, and taken to be independent.",
        f"Rényi efficiency (Zouhar et al. 2023): entropy of order α = {config.alpha:g} over log |V|, with |V| all "
        "entries of the vocabulary, and with |V| those that occur. It and the used share change with the text's "
        "length, and have no interval.",
        f"MB/s: {measurement.threads}; machines and loads differ, so compare within one run only.",
    )
    if measurement.against is None:
        return found
    return (*found, f"Premium: against {measurement.against}; the same lines of both are drawn together.")


def settings_data(measurement: Measurement) -> Mapping[str, object]:
    """What the figures depend on, for JSON."""
    config = measurement.config
    return {
        "texts": list(measurement.texts),
        "against": measurement.against,
        "alpha": config.alpha,
        "words": config.words,
        "resamples": config.resamples,
        "seed": config.seed,
        "groups": GROUPS,
        "level": LEVEL,
        "look_every": config.look_every,
        "threads": measurement.threads,
    }


def interval(estimate: Estimate, digits: int, percent: bool = False) -> str:
    """Both ends of an interval as people read it; empty if there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    scale = 100 if percent else 1
    return f"{scale * estimate.low:.{digits}f}–{scale * estimate.high:.{digits}f}{' %' if percent else ''}"


def _table(
    title: str, shown: Sequence[Column], records: Sequence[Mapping[str, Cell]], texts: tuple[str, ...] = ()
) -> Table:
    rows = tuple(tuple(record[column.key] for column in shown) for record in records)
    return Table(title=title, columns=tuple(shown), rows=rows, notes=texts)


def _record(found: Ranked, text: str, measured: Measured) -> dict[str, Cell]:
    """All that any table shows of a tokenizer on a text, by the columns' keys."""
    row, premium = found.row, measured.premium or Estimate(None)
    record: dict[str, Cell] = {
        "text": text,
        "tokenizer": row.name,
        "rank": found.rank,
        "flags": "; ".join(found.flags),
        "kind": row.kind,
        "library": row.library,
        "entries": row.entries,
        "types": measured.types,
        "used": measured.used,
        "renyi": measured.renyi,
        "renyi_seen": measured.renyi_seen,
        "speed": measured.speed.total,
        "speed_median": measured.speed.median,
        "seconds": measured.speed.seconds,
        **_ends("premium", premium),
        "premium_interval": interval(premium, columns.PREMIUM.digits or 0),
    }
    for name, count in measured.counts.items():
        record[columns.count_key(name)] = count
    for key, figure in measured.figures.items():
        metric = METRICS[key]
        record |= {**_ends(key, figure.ratio), **_ends(f"{key}_mean", figure.mean)}
        record[f"{key}_interval"] = interval(figure.ratio, metric.digits, metric.percent)
    return record


def _ends(key: str, estimate: Estimate) -> dict[str, Cell]:
    return {key: estimate.value, f"{key}_low": estimate.low, f"{key}_high": estimate.high}


def _written(estimate: Estimate, metric: Metric) -> tuple[Cell, Cell]:
    """A figure and its interval as text: the column holds figures of several units."""
    if estimate.value is None:
        return None, None
    scale, unit = (100, " %") if metric.percent else (1, "")
    return f"{scale * estimate.value:.{metric.digits}f}{unit}", interval(estimate, metric.digits, metric.percent)
