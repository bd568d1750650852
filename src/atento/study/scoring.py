"""How good a trained run is on a study's test sets: BLEU, chrF, exact matches, perplexity, AER, and by length.

Of classifiers: accuracy and macro-F1.
"""

from __future__ import annotations

import math
from pathlib import Path

from atento.applications.classifier import TextClassifier
from atento.applications.translator import Translator
from atento.core.progress import Progress
from atento.data.batch_plan import SPECIALS
from atento.data.batching import Batches
from atento.data.corpus_files import CorpusFiles
from atento.data.dataset import open_dataset
from atento.data.labelled_batching import LabelledBatches
from atento.data.labelled_dataset import open_labelled
from atento.evaluation.alignment import score_alignments
from atento.evaluation.by_length import merged_bounds, quality_by_length
from atento.evaluation.classification import evaluate_classes
from atento.evaluation.configuration import MetricsConfig
from atento.evaluation.metrics import Scorer, Statistics, summarise
from atento.inspection.alignment import AlignmentConfig
from atento.inspection.corpus import align_corpus
from atento.study.configuration import Study, Variant
from atento.study.data import Materials
from atento.study.metrics import Metric
from atento.study.results import Bucket, TestResult
from atento.study.testset import TestSet
from atento.text.words import segment
from atento.training.objectives import ClassificationObjective, TranslationObjective
from atento.training.recipe import LabelledDataConfig, Recipe
from atento.training.validation import mean_loss

_BATCH_TOKENS = 4096
_METRICS = MetricsConfig(metrics=("bleu", "chrf"), resamples=0)


def score_run(
    study: Study, variant: Variant, recipe: Recipe, run: Path, materials: Materials, device: str, progress: Progress
) -> tuple[float, dict[str, TestResult]]:
    """The loss on the variant's dev (nats a token; a text, of classifiers) and the results on every test set.

    Sentences that stand in several test sets are translated once.
    """
    if isinstance(recipe.data, LabelledDataConfig):
        return _score_classifier(study, run, materials, device, progress)
    translator = Translator.load(run, device)
    tests = [materials.test(name) for name in study.test_names if materials.has(name)]
    translations = _translations(translator, tests, progress)
    results = {}
    for test in tests:
        texts = [translations[source] for source in test.sources]
        results[test.name] = _score(study, run, translator, test, texts, materials)
    return _loss(translator, materials.valid_of(variant), run), results


def _score_classifier(
    study: Study, run: Path, materials: Materials, device: str, progress: Progress
) -> tuple[float, dict[str, TestResult]]:
    """Likewise of a classifier."""
    bundle = TextClassifier.load(run, device).bundle
    classifier = TextClassifier(bundle)
    numbers = {label: number for number, label in enumerate(bundle.classes)}
    results = {}
    for test in (materials.test(name) for name in study.test_names if materials.has(name)):
        found = classifier.classify(list(test.sources), progress=progress)
        report = evaluate_classes(
            [numbers[label] for label in test.references],
            [numbers[each.label] for each in found],
            bundle.classes,
            resamples=0,
        )
        metrics: dict[Metric, float] = {"accuracy": 100 * report.accuracy, "macro_f1": 100 * report.macro_f1}
        results[test.name] = TestResult(sentences=len(test), metrics=metrics)
    dev = open_labelled([materials.labelled_valid], bundle.classes, bundle.tokenizer.encode_batch)
    longest = int(dev.first.lengths.max()) + 2  # framed by <s> and </s>
    batches = LabelledBatches(dev, classifier.framing, budget=max(_BATCH_TOKENS, longest), seed=0)
    return mean_loss(bundle.model.eval(), ClassificationObjective(), batches.epoch(), "float32"), results


def _translations(translator: Translator, tests: list[TestSet], progress: Progress) -> dict[str, str]:
    """Source → translation."""
    sources = list(dict.fromkeys(source for test in tests for source in test.sources))
    found = translator.translate(sources, progress=progress)
    return {each.source: each.text for each in found}


def _score(
    study: Study, run: Path, translator: Translator, test: TestSet, texts: list[str], materials: Materials
) -> TestResult:
    statistics = Scorer([test.references], _METRICS).statistics(texts)
    evaluation = summarise(statistics)
    metrics: dict[Metric, float] = {
        "bleu": evaluation.score("bleu").value,
        "chrf": evaluation.score("chrf").value,
        "exact": 100 * sum(map(str.__eq__, texts, test.references)) / len(test),
    }
    loss = _loss(translator, materials.test_files(test.name), run)
    if math.isfinite(loss):  # JSON has no other numbers
        metrics["perplexity"] = math.exp(min(loss, 50.0))
    if (aer := _alignment_error_rate(translator, test)) is not None:
        metrics["aer"] = aer
    buckets = _buckets(study, test, statistics) if test.name == study.by_length else ()
    return TestResult(sentences=len(test), metrics=metrics, buckets=buckets)


def _loss(translator: Translator, files: CorpusFiles, run: Path) -> float:
    """Nats a target token, with the run's own tokens."""
    bundle = translator.bundle
    tokenizers = bundle.source_tokenizer, bundle.target_tokenizer
    dataset = open_dataset([files], *tokenizers, cache=run / "encoded")
    longest = int(max(dataset.source_lengths.max(), dataset.target_lengths.max())) + SPECIALS
    batches = Batches(dataset, bundle.vocabulary, budget=max(_BATCH_TOKENS, longest), seed=0)
    model = bundle.model.eval()
    return mean_loss(model, TranslationObjective(), batches.epoch(), "float32")


def _alignment_error_rate(translator: Translator, test: TestSet) -> float | None:
    """In percent; None without gold links or without attention."""
    if test.links is None or not translator.attends:
        return None
    config = AlignmentConfig(words=test.words).at(translator.bundle.aligning_head)
    found = align_corpus(translator, test.sources, test.references, config)
    return 100 * score_alignments(found, test.links).aer


def _buckets(study: Study, test: TestSet, statistics: Statistics) -> tuple[Bucket, ...]:
    """Quality by the words of the source, small bins merged."""
    lengths = [len(segment(source)) for source in test.sources]
    bounds = merged_bounds(lengths, study.length_bounds, study.smallest_bucket)
    return tuple(
        Bucket(
            label=each.label,
            sentences=each.sentences,
            mean_words=each.source_words / each.sentences,
            metrics={name: value for name, value in each.scores.items() if name != "ter"},
        )
        for each in quality_by_length(statistics, test.sources, bounds=bounds).bins
    )
