"""BLEU, chrF and TER of a corpus, with signatures and confidence intervals, by the sacrebleu library.

The figures are those of the ``sacrebleu`` command on the same files. A ``Scorer`` prepares the references once and
takes each system's sentence counts once; scores, intervals, comparisons and bins of sentences are all sums of those.
The counts come from two underscored functions of sacrebleu (it offers no others); a test compares with its command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sacrebleu.metrics.base import Metric
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from atento.core.errors import DataError
from atento.evaluation import formulas
from atento.evaluation.configuration import MetricName, MetricsConfig
from atento.evaluation.formulas import Counts
from atento.evaluation.report import Evaluation, Interval, Score
from atento.evaluation.resampling import bootstrap_sums, interval

DEFAULT: Final = MetricsConfig()
_FORMULAS: Final[dict[MetricName, Callable[[Counts], Counts]]] = {
    "bleu": formulas.bleu, "chrf": formulas.chrf, "ter": formulas.ter,
}  # fmt: skip
_UNSPACED = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Thai, Lao, Tibetan, Burmese, Khmer, kana, ideographs."""


def evaluate(
    translations: Sequence[str], references: Sequence[Sequence[str]], config: MetricsConfig = DEFAULT
) -> Evaluation:
    """Score translations against one or several references each.

    Args:
        translations: detokenised text, one sentence each.
        references: one or more lists, each with a reference for every sentence (sacrebleu's order of lists).
        config: what to measure.

    Raises:
        DataError: no sentences, or unequal numbers of them.
    """
    return summarise(Scorer(references, config).statistics(translations))


class Scorer:
    """References made ready to score any number of systems (or the same one as it learns).

    Raises:
        DataError: no references or no sentences, or unequal numbers of them.
    """

    def __init__(self, references: Sequence[Sequence[str]], config: MetricsConfig = DEFAULT) -> None:
        if any(isinstance(reference, str) for reference in references):
            raise TypeError("references are lists of sentences: for one reference each, pass [references]")
        counts = [len(reference) for reference in references]
        if not counts or not counts[0]:
            raise DataError("there are no reference translations to score against; give at least one sentence")
        if len(set(counts)) > 1:
            raise DataError(
                f"the references have {' and '.join(map(str, counts))} sentences; they must be equally many"
            )
        self.references = tuple(tuple(reference) for reference in references)
        self.config = config
        self._metrics = {name: _metric(name, self.references, config) for name in config.metrics}

    def statistics(self, translations: Sequence[str]) -> Statistics:
        """Count each sentence's matches: the slow part, done once for a system.

        Raises:
            DataError: there are not as many translations as references.
        """
        if len(translations) != len(self.references[0]):
            raise DataError(
                f"{len(translations)} translations for {len(self.references[0])} references; give one for each sentence"
            )
        return Statistics(
            scorer=self,
            translations=tuple(translations),
            counts={
                name: np.array(metric._extract_corpus_statistics(translations, None), dtype=np.float64)
                for name, metric in self._metrics.items()
            },
        )

    def values(self, metric: MetricName, counts: Counts) -> Counts:
        """Scores in percent of (sums of) counts: ``[sums, columns]`` → ``[sums]``."""
        return _FORMULAS[metric](counts)

    def score(
        self, metric: MetricName, sums: Counts, around: Interval | None, sampling: Mapping[str, int | str]
    ) -> Score:
        """A corpus's score of its summed counts ``[columns]``; ``sampling`` goes into the signature."""
        library = self._metrics[metric]
        result: Any = library._compute_score_from_stats(sums.tolist())
        signature = library.get_signature()
        for key, value in sampling.items():
            signature.update(key, value)
        return Score(
            metric=metric,
            name=result.name,
            value=float(result.score),
            higher_is_better=metric != "ter",
            signature=signature.format(),
            interval=around,
            details=_details(metric, result),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Statistics:
    """One system's translations and, for each metric, its sentences' counts ``[sentences, columns]``."""

    scorer: Scorer
    translations: tuple[str, ...]
    counts: Mapping[MetricName, Counts]


def summarise(statistics: Statistics) -> Evaluation:
    """The corpus's scores, with bootstrap intervals if the configuration asks for resamples."""
    scorer, config = statistics.scorer, statistics.scorer.config
    names = list(statistics.counts)
    around: dict[MetricName, Interval] = {}
    if config.resamples:
        sums = bootstrap_sums([statistics.counts[name] for name in names], config.resamples, config.seed)
        around = {name: interval(scorer.values(name, sampled)) for name, sampled in zip(names, sums, strict=True)}
    sampling = {"bs": config.resamples, "seed": config.seed} if config.resamples else {}
    scores = [
        scorer.score(name, counts.sum(axis=0), around.get(name), sampling) for name, counts in statistics.counts.items()
    ]
    return Evaluation(
        scores=tuple(scores),
        sentences=len(statistics.translations),
        references=len(scorer.references),
        notes=tuple(_notes(statistics)),
    )


def _metric(name: MetricName, references: Sequence[Sequence[str]], config: MetricsConfig) -> Metric:
    lowercase = config.lowercase
    match name:
        case "bleu":  # force: sacrebleu would log its doubts; they are in our notes instead
            return BLEU(lowercase=lowercase, tokenize=config.tokenize, force=True, references=references)
        case "chrf":
            return CHRF(word_order=config.chrf_word_order, lowercase=lowercase, references=references)
        case "ter":
            return TER(references=references)


def _details(metric: MetricName, result: Any) -> dict[str, float]:
    match metric:
        case "bleu":
            return {
                **{f"precision_{order}": float(value) for order, value in enumerate(result.precisions, 1)},
                "brevity_penalty": float(result.bp),
                "translated_words": float(result.sys_len),
                "reference_words": float(result.ref_len),
            }
        case "chrf":
            return {}
        case "ter":
            return {"edits": float(result.num_edits), "reference_words": float(result.ref_length)}


def _notes(statistics: Statistics) -> list[str]:
    config = statistics.scorer.config
    if "bleu" not in config.metrics:
        return []
    notes = []
    lines = statistics.translations
    tokenised = sum(line.endswith(" .") for line in lines)
    if config.tokenize != "none" and tokenised >= max(5, len(lines) / 10):
        notes.append(
            f"{tokenised} of {len(lines)} translations end in a full stop that is written apart: they look tokenised, "
            "and BLEU wants raw text"
        )
    text = "".join("".join(statistics.scorer.references[0]).split())
    if config.tokenize in ("13a", "intl", "none") and len(_UNSPACED.findall(text)) > len(text) / 2:
        notes.append(
            "the references are in a script without spaces, which BLEU takes for very long words; "
            "tokenize = zh or char cuts them, and chrF needs no words"
        )
    return notes
