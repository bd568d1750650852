"""Studies small enough to be run in a test, and made-up reports, whose numbers are drawn: nothing was trained."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest

from atento.core.configuration import convert
from atento.core.progress import Silent
from atento.study.configuration import Chart, Measure, Published, Study
from atento.study.metrics import Metric
from atento.study.results import Bucket, Cost, Estimate, RunResult, StudyReport, TestResult, VariantResult, Verdict
from atento.study.statistics import estimate

TABLE: dict[str, Any] = {
    "title": "Tiny",
    "question": "Is one better?",
    "seeds": [1, 2],
    "learning_rates": [1e-3, 1e-2],
    "extra_rates": 0,
    "threads": 1,
    "variants": [
        {"name": "attention"},
        {"name": "plain", "recipe": {"model": {"attention": {"kind": "none"}}}, "pairs": 200},
    ],
    "match": {"to": "attention", "tolerance": 0.05},
    "claims": [
        {
            "statement": "Attention is better.",
            "source": "somebody",
            "variant": "attention",
            "baseline": "plain",
            "measure": {"metric": "bleu", "on": "test"},
        }
    ],
    "by_length": "test",
    "length_bounds": [1, 4, 6],
    "smallest_bucket": 5,
    "subsets": [{"name": "long", "of": ["test"], "min_words": 5}],
    "charts": [{"kind": "variants", "name": "bleu", "title": "BLEU", "on": "test"}],
    "data": {
        "kind": "diagnostic",
        "task": "copy",
        "pairs": 400,
        "max_words": 6,
        "vocabulary": 12,
        "tests": [{"name": "test", "pairs": 30, "max_words": 6}],
    },
    "recipe": {
        "tokenizer": {"kind": "word", "vocab_size": 16},
        "model": {
            "kind": "recurrent",
            "embedding_size": 16,
            "hidden_size": 16,
            "attention": {"kind": "additive", "size": 8},
        },
        "training": {
            "steps": 12,
            "batch_tokens": 128,
            "validate_every": 6,
            "validation_sentences": 0,
            "log_every": 3,
            "warmup_steps": 2,
            "precision": "float32",
        },
        "decoding": {"beam_size": 1, "max_length": 12},
    },
}

CLASSES: dict[str, Any] = {
    "title": "Tiny classes",
    "question": "Does it help to have read before?",
    "seeds": [1, 2],
    "learning_rates": [1e-3, 1e-2],
    "extra_rates": 0,
    "threads": 1,
    "pretraining": {"training": {"steps": 6, "learning_rate": 2e-3}},
    "variants": [{"name": "scratch"}, {"name": "pretrained", "label": "pre-trained", "pretraining": {}}],
    "claims": [
        {
            "statement": "Having read helps.",
            "source": "somebody",
            "variant": "pretrained",
            "baseline": "scratch",
            "measure": {"metric": "accuracy", "on": "test"},
        }
    ],
    "charts": [
        {"kind": "variants", "name": "accuracy", "title": "Accuracy", "metric": "accuracy", "on": "test"},
        {"kind": "training", "name": "training", "title": "Training loss"},
    ],
    "recipe": {
        "tokenizer": {"kind": "word", "vocab_size": 29},
        "model": {
            "kind": "bert",
            "model_size": 16,
            "num_heads": 2,
            "feed_forward_size": 16,
            "num_layers": 1,
            "max_positions": 12,
        },
        "training": {
            "steps": 8,
            "batch_tokens": 64,
            "validate_every": 4,
            "log_every": 2,
            "warmup_steps": 2,
            "label_smoothing": 0.0,
            "precision": "float32",
        },
    },
}
"""A study of classifiers, but for its data: see ``classes``."""

CHARTS = (
    Chart(kind="variants", name="quality", title="Quality of all variants", on="handwritten"),
    Chart(kind="variants", name="everywhere", title="Quality on all tests"),
    Chart(kind="variants", name="loss", title="Training loss", metric="training_loss"),
    Chart(kind="lengths", name="lengths", title="Quality by length"),
    Chart(
        kind="series", name="data-size", title="Quality by data", on="composed", x="sentence pairs", logarithmic=True
    ),
    Chart(
        kind="tests",
        name="memory",
        title="Speed by length",
        metric="training_milliseconds_per_token",
        x="words",
        logarithmic=True,
    ),
    Chart(kind="training", name="curves", title="Training loss by step"),
)
LENGTHS = (4.2, 8.1, 13.0, 18.2, 25.5, 35.1, 46.0)


def make_run(variant: str, strength: float, seed: int, rate: float | None, curve_points: int = 60) -> RunResult:
    generator = np.random.default_rng((int(strength * 100), seed))

    def noisy(value: float, spread: float) -> float:
        return float(value + spread * generator.standard_normal())

    def result(base: float, sentences: int, by_length: bool) -> TestResult:
        metrics: dict[Metric, float] = {
            "bleu": noisy(base, 0.7),
            "chrf": noisy(base + 22, 0.5),
            "exact": noisy(base / 2, 0.9),
            "perplexity": noisy(14 - base / 4, 0.1),
            "aer": noisy(60 - base, 1.1),
        }
        buckets = tuple(
            Bucket(
                label=f"about {words:.0f}",
                sentences=int(4000 / (5 + abs(words - 15))),
                mean_words=words,
                metrics={"bleu": noisy(base + 5 - words / (1 + strength), 0.8)},
            )
            for words in LENGTHS
        )
        return TestResult(sentences=sentences, metrics=metrics, buckets=buckets if by_length else ())

    steps = np.linspace(20, 2000, curve_points).astype(int)
    curve = tuple((int(s), noisy(7.2 - strength / 4 - 3.4 * (1 - np.exp(-s / 420)), 0.06)) for s in steps)
    speeds = {
        str(n): TestResult(
            sentences=1, metrics={"training_milliseconds_per_token": noisy(0.02, 0.0008) * n ** (0.2 + strength / 12)}
        )
        for n in (16, 32, 64, 128, 256, 512)
    }
    return RunResult(
        variant=variant,
        seed=seed,
        learning_rate=rate,
        fingerprint=f"{seed:02d}{abs(hash_of(variant)):030x}",
        recipe={
            "model": {"kind": "recurrent", "hidden_size": 256, "attention": {"kind": "additive", "size": 128}},
            "training": {"seed": seed, "learning_rate": rate or 1e-3, "steps": 2000, "clip": 1.0, "betas": [0.9, 0.98]},
            "tokenizer": {"kind": "bpe", "note": "three ``` marks & <tags>"},
        },
        tests={
            "handwritten": result(18 + strength, 1200, True),
            "composed": result(30 + strength, 2000, False),
            **speeds,
        },
        dev_loss=noisy(4.1 - strength / 5, 0.02),
        training_loss=curve[-1][1],
        training_curve=curve,
        cost=Cost(
            parameters=4_312_576,
            minutes=noisy(11.5, 0.4),
            steps=2000,
            target_tokens=2_300_000,
            tokens_per_second=noisy(3300, 90),
            peak_memory=noisy(1850, 20),
            threads=1,
        ),
        signatures={"bleu": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.5.1"},
        versions={"torch": "2.13.0"},
    )


def hash_of(text: str) -> int:
    return sum(ord(letter) * 31**place for place, letter in enumerate(text[:12]))


def make_variant(
    name: str, title: str, strength: float, seeds: Sequence[int], rates: Sequence[float] = (), **changes: Any
) -> VariantResult:
    rate = rates[0] if rates else None
    runs = tuple(make_run(name, strength, seed, rate) for seed in seeds)
    others = tuple(make_run(name, strength - 0.5, seeds[0], other) for other in rates[1:]) if seeds else ()
    metrics: dict[str, dict[Metric, Any]] = {}
    for run in runs:
        for test, result in run.tests.items():
            for metric in result.metrics:
                values = [other.tests[test].metrics[metric] for other in runs]
                metrics.setdefault(test, {})[metric] = estimate(values)
    if runs:
        metrics[""] = {"training_loss": estimate([run.training_loss or 0.0 for run in runs])}
    tried = (*runs[:1], *others) if rates else ()
    settings: dict[str, Any] = {
        "name": name,
        "title": title,
        "learning_rate": rate,
        "at_edge": bool(rates),
        "runs": runs,
        "other_runs": others,
        "rates": {f"{run.learning_rate:g}": run.dev_loss for run in tried},
        "trained": len(runs) + len(others),
        "metrics": metrics,
        "parameters": 4_312_576 if runs else 0,
        "minutes": float(np.mean([run.cost.minutes for run in runs])) if runs else 0.0,
        "tokens_per_second": float(np.mean([run.cost.tokens_per_second for run in runs])) if runs else 0.0,
        "peak_memory": 1850.0 if runs else None,
    }
    return VariantResult(**{**settings, **changes})


def make_verdict(
    better: VariantResult, worse: VariantResult, word: Any, test: str = "handwritten", **changes: Any
) -> Verdict:
    measure = Measure(metric="bleu", on=test)
    pairs = list(zip(better.runs, worse.runs, strict=False))
    gains = [(one.value(measure) or 0.0) - (other.value(measure) or 0.0) for one, other in pairs]
    settings: dict[str, Any] = {
        "statement": f"{better.title} translates better than {worse.title}",
        "source": "Somebody et al. 2015, section 5",
        "test": f"The 95 % interval of the difference of BLEU on {test} over seeds lies above the margin of 0.5.",
        "verdict": word,
        "difference": estimate(gains) if gains else None,
        "margin": 0.5,
        "published": 9.0,
        "published_note": "BLEU, another corpus, Table 1",
        "reason": "The interval decides as it does.",
        "measure": measure,
        "variant": better.title,
        "baseline": worse.title,
    }
    return Verdict(**{**settings, **changes})


def build_report(
    variants: Sequence[VariantResult] | None = None, verdicts: Sequence[Verdict] | None = None, **changes: Any
) -> StudyReport:
    seeds, rates = (1, 2, 3), (0.002, 0.001, 0.004)
    if variants is None:
        variants = (
            make_variant("fixed", "Fixed vector", 2.0, seeds, rates, group="fixed", x=1000.0),
            make_variant("search", "Attention, additive", 7.0, seeds, rates, group="attention", x=1000.0),
            make_variant("dot", "Attention, dot product", 7.4, seeds, rates, group="attention", x=10000.0),
            make_variant("more", "Fixed vector, all data", 4.0, seeds, rates, group="fixed", x=10000.0),
        )
    if verdicts is None:
        verdicts = (
            make_verdict(variants[1], variants[0], "holds"),
            make_verdict(variants[2], variants[1], "undecided", relation="equal", margin=2.0, published=None),
            make_verdict(variants[0], variants[1], "does not hold", "composed", published=-1.25),
        )
    settings: dict[str, Any] = {
        "name": "attention-length",
        "form": "small",
        "title": "Does attention help with long sentences?",
        "question": "A fixed vector must hold a whole sentence.\n\nAttention looks back at all of it.",
        "notes": "Smaller than the papers' systems, and other languages.",
        "command": "atento study attention-length --data FOLDER",
        "command_note": "FOLDER is <where> the corpora lie.",
        "seeds": seeds,
        "learning_rates": rates,
        "budget": "2,000 steps",
        "data": ("built-in corpus, 20,000 pairs", "test handwritten: 1,200 sentences"),
        "tests": {"handwritten": 1200, "composed": 2000},
        "variants": tuple(variants),
        "verdicts": tuple(verdicts),
        "published": (
            Published(variant=variants[0].name, metric="bleu", value=17.82, note="WMT'14 English–French, Table 1"),
            Published(variant=variants[-1].name, metric="bleu", value=28.45, note="WMT'14 English–French, Table 1"),
            Published(variant=variants[-1].name, name="cost of a word", value=3.125, note="its section 3"),
        ),
        "total_minutes": 312.4,
        "finished": True,
        "machine": "2 cores, 8 GB, no GPU, Linux",
        "versions": {"torch": "2.13.0", "atento": "0.1.0"},
        "signatures": {"bleu": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.5.1"},
    }
    return StudyReport(**{**settings, **changes})


LONG = "a bidirectional encoder of gated units with a name that goes on for longer than any label should ever be"
UGLY = (
    'Внимание <b>"и"</b> & память',
    "αttention | with | bars",
    "انتباه",
    "קשב",
    "_under_ *stars* `ticks` $x$ [a](b)",
    LONG,
    "x" * 90,
    "",
    " ",
    "new\nline",
    "</style><script>alert(1)</script>",
    "{{ braces }} {% raw %}",
)


def ugly_report() -> StudyReport:
    """Sixteen variants: hostile labels, one seed, none, runs that broke off, missing figures."""
    variants = [make_variant(f"v{number}", title, number / 2, (1, 2, 3), (0.002,)) for number, title in enumerate(UGLY)]
    variants.append(make_variant("single", "one seed only", 5.0, (1,)))
    variants.append(make_variant("none", "no run yet", 5.0, ()))
    broken = make_run("broken", 3.0, 1, 0.002)
    broken = msgspec.structs.replace(
        broken,
        tests={},
        failure="the loss of step 1,200 is <not> finite",
        dev_loss=None,
        training_loss=None,
        cost=Cost(parameters=10),
        training_curve=((10, 7.0), (20, 900.0)),
    )
    variants.append(
        VariantResult(
            name="broken",
            title="broke off",
            learning_rate=0.002,
            rates={"0.002": None},
            runs=(broken,),
            diverged=1,
            trained=1,
        )
    )
    memory: dict[str, dict[Metric, Estimate]] = {"512": {"training_memory": estimate([12.5, 13.5])}}
    variants.append(make_variant("partial", "half measured", 6.0, (1, 2), metrics=memory))
    verdicts = [
        make_verdict(variants[0], variants[1], "holds", statement="<i>A</i> & B | C\nis better", margin=0.0),
        make_verdict(variants[12], variants[3], "undecided", measure=None),
        make_verdict(variants[13], variants[3], "undecided"),
        make_verdict(variants[2], variants[2], "does not hold", relation="equal", margin=1.0),
    ]
    return build_report(
        variants,
        verdicts,
        title='Ugly <title> & "quotes" {{ 1 }}',
        question="<script>alert(2)</script>\n\n\nagain",
        finished=False,
        command="atento study '`x`' --set a=\"<b>\"",
        machine="<machine>",
        published=(
            Published(variant="v0", metric="bleu", name="BLEU <dev>", value=-0.5, note="a | b & c"),
            Published(variant="v0", metric="bleu", name="BLEU <dev>", value=33.0, note="elsewhere"),
        ),
        total_minutes=3.25,
        signatures={},
        learning_rates=(),
    )


class Watched(Silent):
    """Remembers what it was told, and refuses what no bar could show."""

    def __init__(self) -> None:
        self.works: list[tuple[str, float | None]] = []
        self.levels: list[float] = []
        """How far the last work had come, each time that something was told."""
        self.messages: list[str] = []
        self.ended = 0

    def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:
        self.works.append((description, total))
        self.levels = []

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        assert amount >= 0
        total = self.works[-1][1]
        self.levels.append((self.levels[-1] if self.levels else 0.0) + amount)
        assert total is None or self.levels[-1] <= total + 1e-9

    def message(self, text: str) -> None:
        self.messages.append(text)

    def finish(self) -> None:
        self.ended += 1


@pytest.fixture
def watched() -> Watched:
    """A progress that remembers."""
    return Watched()


@pytest.fixture(scope="session")
def made() -> ModuleType:
    """Everything here, for tests to use."""
    return sys.modules[__name__]


@pytest.fixture
def table() -> dict[str, Any]:
    return deepcopy(TABLE)


@pytest.fixture
def classes(tmp_path: Path) -> dict[str, Any]:
    """A study of texts about plants, fish and numbers, some of which have words of all three."""
    generator = np.random.default_rng(5)
    own = {label: [f"{label}{number}" for number in range(8)] for label in ("fish", "one", "plant")}

    def texts(count: int) -> list[tuple[str, str]]:
        words = [[*own[label], *own["fish"][:2], *own["one"][:2]] for label in own for _ in range(count)]
        labels = [label for label in own for _ in range(count)]
        made = (" ".join(generator.choice(each, generator.integers(4, 8))) for each in words)
        return list(zip(made, labels, strict=True))

    folder = tmp_path / "texts"
    folder.mkdir()
    for name, count in (("train", 20), ("dev", 6), ("test", 9)):
        lines = "".join(f"{text}\t{label}\n" for text, label in texts(count))
        (folder / f"{name}.tsv").write_text(lines, encoding="utf-8")
    (folder / "unlabelled.txt").write_text("".join(f"{text}\n" for text, _ in texts(30)), encoding="utf-8")
    data = {
        "kind": "labelled",
        "train": [{"file": str(folder / "train.tsv")}],
        "valid": [{"file": str(folder / "dev.tsv")}],
        "test": [{"file": str(folder / "test.tsv")}],
        "unlabelled": [str(folder / "unlabelled.txt")],
        "train_texts": 10,
    }
    return deepcopy({**CLASSES, "data": data})


@pytest.fixture
def tiny(table: dict[str, Any]) -> Study:
    return convert(table, Study, where="tiny")
