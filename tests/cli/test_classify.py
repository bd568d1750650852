"""``atento classify``, and ``evaluate`` of a classifier."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from atento.cli import main

SETTINGS = (
    "model.model_size=16", "model.num_heads=2", "model.feed_forward_size=32", "model.num_layers=1",
    "model.max_positions=24", "tokenizer.kind=char", "training.steps=6", "training.batch_tokens=96",
)  # fmt: skip


TABLE = dict(setting.split("=") for setting in SETTINGS)


@pytest.fixture(scope="module")
def pair_classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    return trained(folder, [f"a vida {n}\tla vida\tsame\na vida {n}\tel gato\tother\n" for n in range(24)])


def trained(folder: Path, lines: list[str]) -> Path:
    (folder / "train.tsv").write_text("".join(lines), encoding="utf-8")
    options = [word for setting in SETTINGS for word in ("--set", setting)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATENTO_CACHE", str(folder / "cache"))
        words = ["train", "classify", "--train", str(folder / "train.tsv"), *options, "-o", str(folder / "run")]
        assert main(words) == 0
    return folder / "run"


def test_texts_get_a_class_and_its_probability(atento: Callable[..., object], classifier: Path) -> None:
    result = atento("classify", classifier, "a vida é bela", "la vida")
    assert result.code == 0
    for line, text in zip(result.out.splitlines(), ("a vida é bela", "la vida"), strict=True):
        label, probability, shown = line.split("\t")
        assert label in ("pt", "es")
        assert 0.5 <= float(probability) <= 1
        assert shown == text


def test_the_validation_that_is_shown_is_the_one_whose_weights_are_kept(
    atento: Callable[..., object], written: Callable[..., Path]
) -> None:
    path = written("train.tsv", *(f"{word} {n}\t{word}" for n in range(20) for word in ("a", "b")))
    settings = (*SETTINGS, "training.steps=12", "training.validate_every=2", "training.learning_rate=0.05")
    options = [word for setting in settings for word in ("--set", setting)]
    shown = atento("train", "classify", "--train", path, *options, "-o", "run").out
    lines = [json.loads(line) for line in Path("run/metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    best = max((line for line in lines if "valid_accuracy" in line), key=lambda line: line["valid_accuracy"])
    assert f"(step {best['step']})" in shown


def test_files_and_pairs_as_json(
    atento: Callable[..., object],
    classifier: Path,
    pair_classifier: Path,
    written: Callable[..., Path],
    tmp_path: Path,
) -> None:
    path, output = written("pairs.txt", "a vida\tla vida", "x\ty"), tmp_path / "classes.jsonl"
    assert atento("classify", pair_classifier, "-i", path, "--json", "-o", output).code == 0
    first, second = (json.loads(line) for line in output.read_text(encoding="utf-8").splitlines())
    assert first["text"] == ["a vida", "la vida"]
    assert set(second["probabilities"]) == {"other", "same"}
    assert json.loads(atento("classify", pair_classifier, "a", "--second", "b", "--json").out)["text"] == ["a", "b"]
    assert "this classifier learned from pairs of texts" in atento("classify", pair_classifier, "a").error
    assert "learned from single texts" in atento("classify", classifier, "a", "--second", "b").error
    long = atento("classify", classifier, "a" * 40)
    assert "1 of 1 texts are longer than the model reads" in long.err


def test_evaluate_tells_classes_apart_and_draws(
    atento: Callable[..., object], classifier: Path, written: Callable[..., Path], tmp_path: Path
) -> None:
    path, picture = written("test.tsv", "a vida\tpt", "la vida\tes", "vida\tpt"), tmp_path / "confusion.svg"
    result = atento("evaluate", classifier, path, "--confusion", picture)
    assert "macro-F1" in result.out
    assert picture.stat().st_size > 1000
    report = json.loads(atento("evaluate", classifier, path, "--json").out)
    assert sum(map(sum, report["confusion"])) == report["texts"] == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give TEXT"),
        (("a", "b", "--second", "c"), "--second goes with one TEXT"),
    ],
)
def test_bad_input_gets_one_line(
    atento: Callable[..., object], classifier: Path, words: tuple[str, ...], message: str
) -> None:
    assert message in atento("classify", classifier, *words).error


def test_what_does_not_fit_is_one_line(
    atento: Callable[..., object],
    classifier: Path,
    run: Path,
    written: Callable[..., Path],
    here: Callable[[], list[str]],
) -> None:
    path = written("test.tsv", "a vida\tpt", "la vida\tgl")
    assert "line 2: the class 'gl' is none of those of training (es, pt)" in atento("evaluate", classifier, path).error
    assert "use `atento translate`" in atento("classify", run, "a").error
    assert "--confusion is for classifiers" in atento("evaluate", run, path, path, "--confusion", "x.png").error
    assert "-o is for translators" in atento("evaluate", classifier, path, "-o", "x").error
    assert "--metrics is for translators" in atento("evaluate", classifier, path, "--metrics", "foo").error
    assert "leave them out" in atento("evaluate", classifier, path, "--stride", "2").error
    assert here() == []


def test_files_of_labelled_texts_are_classified_without_their_classes(
    atento: Callable[..., object], classifier: Path, pair_classifier: Path, written: Callable[..., Path]
) -> None:
    def texts(run: Path, path: Path) -> list[object]:
        return [json.loads(line)["text"] for line in atento("classify", run, "-i", path, "--json").out.splitlines()]

    assert texts(classifier, written("test.tsv", "a vida\tpt", "", "la vida\tes")) == ["a vida", "la vida"]
    assert texts(classifier, written("bare.tsv", "a vida")) == ["a vida"]
    assert texts(classifier, written("tabs.txt", "a\tvida")) == ["a\tvida"]
    lines = ('{"text": "a vida", "label": "pt"}', '{"text": "la vida"}')
    assert texts(classifier, written("test.jsonl", *lines)) == ["a vida", "la vida"]
    assert texts(pair_classifier, written("pairs.tsv", "a\tb\tsame", "c\td")) == [["a", "b"], ["c", "d"]]
    assert texts(pair_classifier, written("p.jsonl", '{"text": "a", "second": "b"}')) == [["a", "b"]]


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("bad.txt", "one text only", "line 1: 1 tab-separated columns, expected two texts; mend the line"),
        ("bad.tsv", "a\tb\tc\td", "line 1: 4 tab-separated columns, expected two texts and perhaps a class"),
        ("bad.jsonl", '{"text": "a"}', "no text under the key 'second'"),
        ("bad.jsonl", '{"text": ', "not valid JSON"),
    ],
)
def test_files_without_the_texts_are_one_line(
    atento: Callable[..., object],
    pair_classifier: Path,
    written: Callable[..., Path],
    here: Callable[[], list[str]],
    name: str,
    line: str,
    message: str,
) -> None:
    assert message in atento("classify", pair_classifier, "-i", written(name, line), "-o", "out.tsv").error
    assert here() == []


def test_columns_and_keys_of_training_hold_for_what_is_classified_and_evaluated(
    atento: Callable[..., object], written: Callable[..., Path], tmp_path: Path
) -> None:
    lines = [f"{word}\t{word} {n}" for n in range(20) for word in ("a", "b")]
    recipe = tmp_path / "recipe.toml"
    table = f'file = "{written("train.tsv", *lines)}"\ncolumns = [2, 1]'
    settings = "\n".join(f"{name} = {value if value[0].isdigit() else repr(value)}" for name, value in TABLE.items())
    recipe.write_text(f'model.kind = "bert"\n{settings}\ndata.kind = "labels"\n[[data.train]]\n{table}\n')
    assert atento("train", recipe, "-o", "run").code == 0
    test = written("test.tsv", "a\ta 99", "b\tb 99")
    assert json.loads(atento("evaluate", "run", test, "--json").out)["texts"] == 2
    found = [json.loads(line)["text"] for line in atento("classify", "run", "-i", test, "--json").out.splitlines()]
    assert found == ["a 99", "b 99"]
