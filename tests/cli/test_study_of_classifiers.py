"""``atento study`` where texts are classified: what is refused, an own corpus, and what a plan says of pre-training."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import tomli_w

Atento = Callable[..., Any]
Written = Callable[..., Path]
Here = Callable[[], list[str]]

CLAIM = {
    "statement": "Reading helps.",
    "source": "somebody",
    "variant": "pretrained",
    "baseline": "scratch",
    "measure": {"metric": "accuracy", "on": "test"},
}
TABLE: dict[str, Any] = {
    "title": "Classes",
    "question": "Does it help to have read?",
    "seeds": [1],
    "threads": 1,
    "pretraining": {"training": {"steps": 2, "masking": {"rate": 0.4}}, "data": {"context": 16}},
    "variants": [{"name": "scratch"}, {"name": "pretrained", "pretraining": {"training": {"learning_rate": 1e-2}}}],
    "claims": [CLAIM],
    "data": {"kind": "builtin-languages", "composed": 0},
    "recipe": {
        "tokenizer": {"kind": "word", "vocab_size": 10},
        "model": {
            "kind": "bert",
            "model_size": 8,
            "num_heads": 2,
            "feed_forward_size": 8,
            "num_layers": 1,
            "max_positions": 16,
        },
        "training": {"epochs": 2, "batch_tokens": 64, "validate_every": 4},
    },
}
TEXTS = [f"{label} {one} {other}\t{label}" for label in ("sun", "rain") for one in "abcdefg" for other in "hijkl"]


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The study with keys set; numbers in a dotted path are places in lists."""
    table = deepcopy(TABLE)
    for path, value in changes:
        *way, last = (int(part) if part.isdecimal() else part for part in path.split("."))
        place: Any = table
        for part in way:
            place = place[part] if isinstance(part, int) else place.setdefault(part, {})
        place[last] = value
    return table


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Writes a study file."""

    def write(table: dict[str, Any] = TABLE) -> Path:
        (tmp_path / "classes.toml").write_text(tomli_w.dumps(table), encoding="utf-8")
        return tmp_path / "classes.toml"

    return write


FILES = {part: [{"file": f"{part}.tsv"}] for part in ("train", "valid", "test")}
LABELS = [{"label": label, "train": ["a"], "valid": ["b"], "test": ["c"]} for label in ("sun", "rain")]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("claims.0.measure.metric", "bleu", "asks for bleu, and classifiers are measured by accuracy and macro_f1"),
        ("claims.0.measure.metric", "perplexity", "asks for perplexity, and classifiers"),
        ("claims.0.measure.metric", "aer", "asks for aer, and classifiers"),
        ("claims.0.measure.metric", "training_memory", 'with data.kind = "random" only'),
        ("charts", [{"kind": "variants", "name": "x", "title": "x"}], "the chart 'x' asks for bleu, and classifiers"),
        ("charts", [{"kind": "lengths", "name": "x", "title": "x"}], "give by_length"),
        ("by_length", "test", "by_length: BLEU and chrF are measured by length"),
        ("variants.0.pairs", 5, "pairs of the variant 'scratch': labelled texts are no pairs"),
        ("variants.0.max_words", 5, "max_words of the variant 'scratch': labelled texts are no pairs"),
        ("variants.0.texts", 0, "texts of the variant 'scratch' = 0: give 1 or more"),
        ("data.train_texts", 0, "data.train_texts = 0"),
        ("data.composed", -1, "data.composed = -1"),
        ("recipe.model", {"kind": "transformer"}, "variant 'scratch': model.kind = 'transformer' is unknown"),
        ("recipe.data", {"tokenizer": "x"}, "variant 'scratch': recipe.data.tokenizer has no effect"),
        ("recipe.start", "runs/other", "variant 'scratch': recipe.start: a study trains what its runs begin with"),
        ("recipe.training.keep_metric", "bleu", "training.keep_metric = 'bleu' is not measured; give loss or accuracy"),
        ("recipe.training.masking", {}, "variant 'scratch': training.masking is for masked language models"),
        ("recipe.training.guided_alignment", {}, "training.guided_alignment is for translators"),
        ("variants.1.pretraining", {"model": {"dropout": 0.0}}, "pretraining.model has no effect"),
        ("variants.1.pretraining", {"data": {"train": []}}, "pretraining.data.train has no effect"),
        ("variants.1.pretraining", {"training": {"stesp": 3}}, "unknown key 'training.stesp'; did you mean 'steps'"),
        ("variants.1.pretraining", {"training": {"keep_metric": "accuracy"}}, "give loss"),
        ("variants.1.pretraining", {"training": 3}, "variant 'pretrained': pretraining"),
        ("pretraining.training.steps", 0, "training.steps = 0 is out of range"),
        (
            "variants.1.recipe",
            {"model": {**TABLE["recipe"]["model"], "kind": "gpt"}},
            "variant 'pretrained': pretraining: training.masking is for masked language models",
        ),
        ("variants.1", {"name": "pretrained"}, "no variant begins pre-trained"),
        ("data", {"kind": "labelled", **FILES}, "'pretrained' is pre-trained, and there is no unlabelled text"),
        ("data", {"kind": "labelled", "train": FILES["train"]}, "data.train, valid and test go together"),
        ("data", {"kind": "labelled"}, "data.classes = []"),
        ("data", {"kind": "labelled", "classes": [LABELS[0]] * 2}, "'sun' appears twice"),
        ("data", {"kind": "labelled", "classes": [{**LABELS[0], "label": " "}]}, "give the class a name"),
        ("data", {"kind": "labelled", "classes": [{**LABELS[0], "test": []}]}, "test of the class 'sun' = []"),
        ("data", {"kind": "labelled", "classes": LABELS[:1]}, "give at least two classes"),
        ("data", {"kind": "labelled", "train_unlabelled": True, "classes": LABELS}, "there is no file"),
        ("data", {"kind": "labelled", "train_unlabelled": True, **FILES}, "train.tsv; check the study's paths"),
    ],
)
def test_a_study_of_classifiers_that_cannot_be_run_is_refused_by_plan_already(
    atento: Atento, save: Callable[..., Path], path: str, value: Any, message: str
) -> None:
    assert message in atento("study", save(changed((path, value))), "--plan").error


TRANSLATION = (
    ("data", {"kind": "diagnostic", "tests": [{"name": "test"}]}),
    ("recipe.model", {"kind": "recurrent", "embedding_size": 8, "hidden_size": 8}),
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ((), "pretraining of the variant 'pretrained': only classifiers have it"),
        ((("variants.1", {"name": "pretrained", "texts": 3}),), "texts of the variant 'pretrained': only classifiers"),
        ((("variants.1", {"name": "pretrained"}), ("pretraining", {})), "asks for accuracy, and only classifiers"),
        (
            (
                ("variants.1", {"name": "pretrained"}),
                ("pretraining", {}),
                ("claims.0.measure.metric", "bleu"),
                ("charts", [{"kind": "variants", "name": "x", "title": "x", "metric": "macro_f1"}]),
            ),
            "the chart 'x' asks for macro_f1, and only classifiers",
        ),
    ],
)
def test_a_study_of_translators_has_nothing_of_classifiers(
    atento: Atento, save: Callable[..., Path], changes: tuple[tuple[str, Any], ...], message: str
) -> None:
    assert message in atento("study", save(changed(*TRANSLATION, *changes)), "--plan").error


def test_a_plan_says_what_is_pre_trained_and_counts_it(atento: Atento, save: Callable[..., Path]) -> None:
    said = atento("study", save(), "--plan").out
    assert "pretraining.training.steps = 2, pretraining.training.masking.rate = 0.4" in said.replace("\n", " ")
    assert "pretraining.training.learning_rate = 0.01" in said
    assert "seeds 1: 3 runs" in said
    assert json.loads(atento("study", save(), "--plan", "--json", "--seed", "1", "--seed", "2").out)["runs"] == 6


def test_an_own_corpus_of_labelled_files_takes_the_place_of_the_data(
    atento: Atento, save: Callable[..., Path], written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATENTO_CACHE", str(tmp_path / "cache"))
    train, valid = (written(f"{name}.tsv", *TEXTS[place::3]) for place, name in enumerate(("train", "dev")))
    lines = [json.dumps(dict(zip(("text", "label"), line.split("\t"), strict=True))) for line in TEXTS[2::3]]
    test = written("test.jsonl", *lines)
    words = ("study", save(), "--train", train, "--valid", valid, "--test", test, "--jobs", "1")
    result = atento(*words, "-o", tmp_path / "study", "--json")
    assert result.code == 0, result.err
    report = json.loads(result.out)
    assert report["own_corpus"]
    assert report["tests"] == {"test": len(lines)}
    assert len(report["variants"][1]["pretraining"]) == 1
    assert set(report["variants"][1]["metrics"]["test"]) == {"accuracy", "macro_f1"}
    unlabelled = (tmp_path / "study" / "data" / "unlabelled.txt").read_text(encoding="utf-8").splitlines()
    assert unlabelled == [line.partition("\t")[0] for line in TEXTS[0::3]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--train", "a", "b", "--valid", "c.tsv", "--test", "d.tsv"), "this study classifies: give --train FILE"),
        (("--train", "a.tsv", "--valid", "c.tsv", "--test", "e", "f"), "this study classifies: give --test FILE"),
        (("--train", "a.tsv", "--valid", "c.tsv", "--test", "d.tsv", "--gold", "g"), "leave --gold out"),
        (("--train", "a.tsv", "--valid", "c.tsv"), "--train needs --valid and --test"),
    ],
)
def test_an_own_corpus_that_a_classifier_cannot_read_is_refused(
    atento: Atento, save: Callable[..., Path], written: Written, words: tuple[str, ...], message: str
) -> None:
    given = [word if word.startswith("-") else written(word, *TEXTS) for word in words]
    assert message in atento("study", save(), *given, "--plan").error


def test_the_shipped_study_takes_an_own_corpus(atento: Atento, written: Written) -> None:
    paths = [written(f"{name}.tsv", *TEXTS) for name in ("train", "dev", "test")]
    words = zip(("--train", "--valid", "--test"), paths, strict=True)
    given = [word for pair in words for word in pair]
    plan = json.loads(atento("study", "pretraining", *given, "--plan", "--json").out)
    assert plan["runs"] == 4 * (3 + 2) + 2 * 3
    assert len(plan["claims"]) == 2


def test_a_translator_still_wants_two_files_to_be_tested_on(
    atento: Atento, save: Callable[..., Path], written: Written, corpus: tuple[Path, Path]
) -> None:
    plain = changed(
        *TRANSLATION, ("variants.1", {"name": "pretrained"}), ("pretraining", {}), ("claims.0.measure.metric", "bleu")
    )
    pairs = written("pairs.tsv", "o gato\tel gato")
    words = ("study", save(plain), "--train", *corpus, "--valid", *corpus, "--test", pairs, "--plan")
    assert "this study translates: give --test SRC REF" in atento(*words).error


def test_a_class_with_fewer_texts_than_are_wanted_leaves_nothing_behind(
    atento: Atento, save: Callable[..., Path], tmp_path: Path, here: Here
) -> None:
    save(changed(("data.train_texts", 10**6)))
    result = atento("study", tmp_path / "classes.toml", "-o", "out")
    assert result.code == 2
    assert "texts to train on of the 1,000,000 that are wanted" in result.err.splitlines()[-1]
    assert "Traceback" not in result.err
    assert not [name for name in here() if "data" in name]
