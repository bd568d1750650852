"""``atento study`` with bad and odd input: one clear line, exit code 2, nothing half-written, nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from atento.core.files import locked
from atento.core.progress import Silent
from atento.data.pharaoh import Alignment
from atento.data.readers import read_pairs
from atento.study.configuration import Study
from atento.study.data import Materials, prepare
from atento.study.variants import check_recipes

Atento = Callable[..., Any]
Written = Callable[..., Path]
Here = Callable[[], list[str]]
Save = Callable[..., Path]

TABLE: dict[str, Any] = {
    "title": "Tiny",
    "question": "Is one better?",
    "seeds": [1],
    "threads": 1,
    "variants": [{"name": "attention"}, {"name": "plain", "recipe": {"model": {"attention": {"kind": "none"}}}}],
    "claims": [
        {
            "statement": "Attention is better.",
            "source": "somebody",
            "variant": "attention",
            "baseline": "plain",
            "measure": {"metric": "bleu", "on": "test"},
        }
    ],
    "data": {
        "kind": "diagnostic",
        "pairs": 200,
        "max_words": 6,
        "vocabulary": 12,
        "tests": [{"name": "test", "pairs": 10, "max_words": 6}],
    },
    "recipe": {
        "tokenizer": {"kind": "word", "vocab_size": 16},
        "model": {"kind": "recurrent", "embedding_size": 8, "hidden_size": 8, "attention": {"kind": "additive"}},
        "training": {"steps": 2, "batch_tokens": 64, "validate_every": 2, "validation_sentences": 0},
        "decoding": {"beam_size": 1, "max_length": 8},
    },
}
Planned = Callable[..., tuple[Study, Materials]]
RANDOM = {
    "data": {"kind": "random", "lengths": [4], "vocabulary": 20, "sentences": 2, "seconds": 0.0},
    "claims": [],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The tiny study with one key set; numbers in the dotted path are places in lists."""
    table = deepcopy(TABLE)
    *way, last = (int(part) if part.isdecimal() else part for part in path.split("."))
    place: Any = table
    for part in way:
        place = place[part] if isinstance(part, int) else place.setdefault(part, {})
    place[last] = value
    return table


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Writes a study file."""

    def write(table: dict[str, Any] = TABLE, name: str = "tiny.toml") -> Path:
        (tmp_path / name).write_text(tomli_w.dumps(table), encoding="utf-8")
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("recipe.modle", {}, "unknown key 'modle'; did you mean 'model'"),
        ("recipe.model.hiden_size", 8, "unknown key 'model.hiden_size'; did you mean 'hidden_size'"),
        ("variants.1.recipe", {"model": {"kind": "rnn"}}, "variant 'plain': model.kind = 'rnn' is unknown"),
        ("variants.1.recipe", {"model": {"hidden_size": "big"}}, "variant 'plain': model.hidden_size: Expected `int`"),
        ("recipe.training", {"batch_tokens": 64}, "training has no budget"),
        ("recipe.training.tokens", 0, "training.tokens = 0 is out of range"),
        ("recipe.training.learning_rate", float("inf"), "training.learning_rate = inf is out of range"),
        ("recipe.data", {"source_tokenizer": "x.json"}, "recipe.data.source_tokenizer has no effect"),
        ("recipe.training.guided_alignment", {}, "guided_alignment needs word links"),
        ("variants.1.pairs", 0, "pairs of the variant 'plain' = 0: give 1 or more"),
        ("variants.1.x", float("nan"), "x of the variant 'plain' = nan"),
        ("variants.1.label", "attention", "labels of variants: 'attention' appears twice"),
        ("recipe.training.keep_metric", "accuracy", "'accuracy' is not measured; give loss or bleu or chrf"),
        ("variants.1.name", "x" * 100, "80 letters at most"),
        ("data.kind", [3], "data.kind = [3] is unknown"),
        ("data.vocabulary", 10**6, "data.vocabulary = 1000000: give 1 to 4225"),
        ("data.min_words", 9, "min_words = 9, max_words = 6"),
        ("data.pairs", -1, "data.pairs = -1: give 1 or more"),
        ("data.seed", -1, "data.seed = -1"),
        ("data.tests.0.pairs", 0, "pairs of the test set 'test' = 0"),
        ("data.tests.0.min_words", 0, "min_words = 0"),
        ("data", {"kind": "builtin", "test_pairs": 0}, "data.test_pairs = 0"),
        ("data", {"kind": "corpus", "train": [], "valid": [], "tests": []}, "data.train = []"),
        ("subsets", [{"name": "none", "of": []}], "the subset 'none': of = []"),
        ("subsets", [{"name": "twice", "of": ["test", "test"]}], "'test' appears twice"),
        ("subsets", [{"name": "none", "of": ["test"], "min_words": 9, "max_words": 3}], "no sentence has 9 to 3 words"),
        ("subsets", [{"name": "Test", "of": ["test"]}], "differ in case alone"),
        ("length_bounds", [6, 4], "length_bounds = [6, 4]: they must begin with 1"),
        ("length_bounds", [], "length_bounds = []"),
        ("smallest_bucket", 0, "smallest_bucket = 0"),
        ("seeds", [1, -2], "seeds = -2: give whole numbers from 0"),
        ("seeds", [2**70], "give whole numbers from 0"),
        ("learning_rates", [0.0], "learning_rates = 0.0: give numbers above 0"),
        ("learning_rates", [float("nan")], "learning_rates = nan"),
        ("learning_rates", [1e-3, 1.0000001e-3], "'0.001' appears twice"),
        (
            "match",
            {"to": "attention", "key": "hiden_size"},
            "match.key = 'hiden_size' is no whole number in any variant",
        ),
        ("match", {"to": "attention", "multiple": 0}, "match.multiple = 0"),
        ("match", {"to": "attention", "tolerance": -1.0}, "match.tolerance = -1.0"),
        ("match", {"to": "atention"}, "match.to: there is no variant 'atention'"),
        ("claims.0.baseline", "attention", "compares 'attention' with itself"),
        ("claims.0.margin", float("nan"), "margin = nan"),
        ("claims.0.measure", {"metric": "bleu"}, "on which test set? give on; known: test"),
        ("claims.0.measure", {"metric": "training_loss", "on": "test"}, "training_loss is of no test set"),
        ("claims.0.measure", {"metric": "bleu", "on": "test", "per": "test"}, "'test' with itself"),
        ("claims.0.measure", {"metric": "decoding_memory", "on": "test"}, 'with data.kind = "random" only'),
        ("claims.0.measure", {"metric": "aer", "on": "test"}, "the variant 'plain' has no attention"),
        (
            "charts",
            [{"kind": "variants", "name": "m", "title": "m", "metric": "training_memory"}],
            "the chart 'm' asks",
        ),
        ("charts", [{"kind": "lengths", "name": "m", "title": "m"}], "give by_length"),
        ("charts", [{"kind": "series", "name": "m", "title": "m"}], "none has a group"),
        ("seeds", [], "a study needs seeds; give some"),
        ("charts", [{"kind": "tests", "name": "m", "title": "m"}], "names are numbers"),
        ("full", {"variants": 3}, "full.variants must be a list"),
        ("full", {"variants": [["plain"]]}, "a form keeps the variant ['plain']"),
    ],
)
def test_a_study_that_cannot_be_run_is_refused_by_plan_already(
    atento: Atento, save: Save, path: str, value: Any, message: str
) -> None:
    assert message in atento("study", save(changed(path, value)), "--plan").error


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"by_length": "4"}, "by_length"),
        ({"subsets": [{"name": "s", "of": ["4"]}]}, "subsets"),
        ({"learning_rates": [0.1]}, "a study of speed learns nothing"),
        ({"data": {**RANDOM["data"], "lengths": [0]}}, "data.lengths = 0"),  # type: ignore[dict-item]
        ({"data": {**RANDOM["data"], "lengths": []}}, "data.lengths = []"),  # type: ignore[dict-item]
        ({"data": {**RANDOM["data"], "vocabulary": 2}}, "data.vocabulary = 2"),  # type: ignore[dict-item]
        ({"data": {**RANDOM["data"], "seconds": -1.0}}, "data.seconds = -1.0"),  # type: ignore[dict-item]
        ({"claims": [{**TABLE["claims"][0], "measure": {"metric": "bleu", "on": "4"}}]}, "for speed and memory only"),
    ],
)
def test_a_study_of_speed_has_no_sentences(atento: Atento, save: Save, change: dict[str, Any], message: str) -> None:
    assert message in atento("study", save({**TABLE, **RANDOM, **change}), "--plan").error


def test_charts_that_could_never_be_drawn_are_refused(atento: Atento, save: Save) -> None:
    table = changed("by_length", "test")
    table["data"]["tests"].append({"name": "more", "pairs": 5})
    table["charts"] = [{"kind": "lengths", "name": "m", "title": "m", "on": "more"}]
    assert "only 'test' is measured by length" in atento("study", save(table), "--plan").error
    table["variants"][0]["group"] = "one"
    table["charts"] = [{"kind": "series", "name": "m", "title": "m"}]
    assert "the chart 'm': on which test set? give on" in atento("study", save(table), "--plan").error


def test_minus_and_per_together_are_refused(atento: Atento, save: Save) -> None:
    table = changed("claims.0.measure", {"metric": "bleu", "on": "a", "minus": "b", "per": "c"})
    table["subsets"] = [{"name": name, "of": ["test"]} for name in "abc"]
    assert "minus and per are two ways" in atento("study", save(table), "--plan").error


def test_a_model_that_nobody_can_build_is_refused_before_anything_runs(atento: Atento, save: Save) -> None:
    table = changed("variants.1.recipe", {"model": {"hidden_size": 10**12}})
    result = atento("study", save(table), "-o", "out")
    assert result.code == 2
    assert "it must be at most 16,777,216" in result.err.splitlines()[-1]
    assert not Path("out/runs").exists()


def test_a_bad_recipe_leaves_nothing_behind(atento: Atento, save: Save, here: Here) -> None:
    assert "hiden" in atento("study", save(changed("recipe.model.hiden", 8)), "-o", "out").error
    assert here() == []


def test_a_key_that_changes_no_parameters_matches_nothing(atento: Atento, save: Save) -> None:
    table = changed("match", {"to": "attention", "key": "num_heads", "multiple": 1})
    table["recipe"]["model"] = {"kind": "transformer", "model_size": 16, "num_heads": 2, "feed_forward_size": 64}
    table["variants"][1]["recipe"]["model"] = {"feed_forward_size": 8}
    result = atento("study", save(table), "-o", "out")
    assert result.code == 2
    assert "cannot be matched" in result.err.splitlines()[-1]


@pytest.fixture
def planned(atento: Atento, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planned:
    """The study that a command line comes to, and its data, written as its runs would read them."""
    studies: list[Study] = []

    def check(study: Study) -> None:
        studies.append(study)
        check_recipes(study)

    monkeypatch.setattr("atento.study.variants.check_recipes", check)

    def plan(*words: object) -> tuple[Study, Materials]:
        assert atento(*words, "--plan").code == 0
        return studies[-1], prepare(studies[-1], tmp_path / f"study-{len(studies)}" / "data", Silent())

    return plan


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--seed", "-1"), "seeds = -1"),
        (("--seed", "1", "--seed", "1"), "1 appears twice"),
        (("--set", "nope"), "section.key=value"),
        (("--set", "recipe.training.steps=many"), "training.steps: Expected `int"),
        (("--set", "variants.0.name=x"), "'variants' is a value, not a table"),
        (("--data", "nowhere"), "--data nowhere: there is no such folder"),
        (("--jobs", "0"), "--jobs"),
        (("--small",), "has no small form"),
        (("--gold", "x"), "go with --train"),
        (("--words",), "--whitespace, --gold-one-based and --gold-inverted tell how to read gold links"),
        (("--whitespace",), "tell how to read gold links: give --gold"),
        (("--gold-one-based",), "tell how to read gold links: give --gold"),
        (("--gold-inverted",), "tell how to read gold links: give --gold"),
    ],
)
def test_bad_options(atento: Atento, save: Save, words: tuple[str, ...], message: str) -> None:
    assert message in atento("study", save(), "--plan", *words).error


def test_a_folder_of_corpora_goes_with_shipped_studies_alone(
    atento: Atento, save: Save, tmp_path: Path, corpus: tuple[Path, Path]
) -> None:
    assert "leave --data out" in atento("study", save(), "--data", tmp_path, "--plan").error
    own = ("--train", *corpus, "--valid", *corpus, "--test", *corpus)
    assert "leave one of them out" in atento("study", "scores", "--data", tmp_path, *own, "--plan").error


def test_a_small_form_for_generated_words_takes_no_own_corpus(atento: Atento, corpus: tuple[Path, Path]) -> None:
    own = ("--train", *corpus, "--valid", *corpus, "--test", *corpus)
    assert "leave --small out" in atento("study", "scores", "--small", *own, "--plan").error
    assert json.loads(atento("study", "scores", *own, "--plan", "--json").out)["folder"] == "studies/scores-own"


def test_what_is_no_study(atento: Atento, tmp_path: Path) -> None:
    assert "known: ablation" in atento("study", "nope").error
    for place in (tmp_path / "none.toml", tmp_path):
        assert f"cannot read {place}" in atento("study", place).error


def test_a_place_that_is_a_file_is_refused(atento: Atento, save: Save, written: Written) -> None:
    place = written("place", "mine")
    for output in (place, place / "below"):
        assert f"cannot write {output}" in atento("study", save(), "-o", output).error
    assert place.read_text(encoding="utf-8") == "mine\n"


def test_the_users_own_study_file_is_never_overwritten(atento: Atento, save: Save, tmp_path: Path) -> None:
    mine = save(name="study.toml")
    mine.write_text("# my notes\n" + mine.read_text(encoding="utf-8"), encoding="utf-8")
    text = mine.read_text(encoding="utf-8")
    assert "would be overwritten" in atento("study", mine, "-o", tmp_path).error
    assert mine.read_text(encoding="utf-8") == text


def test_plan_for_machines(atento: Atento, save: Save) -> None:
    plan = json.loads(atento("study", save(), "--plan", "--json").out)
    assert plan["runs"] == 2
    assert [variant["name"] for variant in plan["variants"]] == ["attention", "plain"]


def test_an_own_corpus_without_gold_links_leaves_out_what_needs_them(
    atento: Atento, save: Save, corpus: tuple[Path, Path], written: Written
) -> None:
    table = deepcopy(TABLE)
    del table["variants"][1]["recipe"]
    table["variants"][1]["name"] = "other"
    measures = ({"metric": "aer", "on": "test"}, {"metric": "bleu", "on": "test", "minus": "more"})
    table["data"]["tests"].append({"name": "more", "pairs": 5})
    table["claims"] = [
        {**TABLE["claims"][0], "baseline": "other", "statement": f"Claim {number}", "measure": measure}
        for number, measure in enumerate((*measures, {"metric": "chrf", "on": "more"}))
    ]
    words = ("study", save(table), "--train", *corpus, "--valid", *corpus, "--test", *corpus, "--plan", "--json")
    plan = json.loads(atento(*words).out)
    assert [claim["statement"] for claim in plan["claims"]] == ["Claim 2"]
    assert plan["claims"][0]["measure"]["on"] == "test"
    assert "'Claim 0', the claim 'Claim 1'" in plan["notes"]
    gold = written("gold", *["0-0"] * 60)
    plan = json.loads(atento(*words, "--gold", gold).out)
    assert [claim["statement"] for claim in plan["claims"]] == ["Claim 0", "Claim 2"]


@pytest.mark.parametrize(
    ("links", "options"),
    [
        (("0-1 2-0 3?1", "0-0"), ()),
        (("0-1 2-0 3?1", "0-0"), ("--whitespace",)),
        (("1-2 3-1 4?2", "1-1"), ("--gold-one-based",)),
        (("1-0 0-2 1?3", "0-0"), ("--gold-inverted",)),
        (("2-1 1-3 2?4", "1-1"), ("--gold-one-based", "--gold-inverted")),
        (("0-2 4-0 6?2", "0-0"), ("--words",)),
        (("1-3 5-1 7?3", "1-1"), ("--words", "--gold-one-based")),
    ],
)
def test_gold_links_of_an_own_corpus_are_read_as_align_reads_them(
    atento: Atento, save: Save, corpus: tuple[Path, Path], written: Written, planned: Planned, links: Any, options: Any
) -> None:
    """Raw text with signs at its words: what is a word, and what is the first one, has to be said."""
    test = written("t.pt", "Ora, bom, dia, João!", "Olá."), written("t.es", "¡Buenos días!", "Hola.")
    gold = written("gold", *links)
    words = ("study", save(), "--train", *corpus, "--valid", *corpus, "--test", *test)
    _, materials = planned(*words, "--gold", gold, *options)
    found = materials.test("test")
    apart = "--words" in options
    expected = {(0, 2), (4, 0)} if apart else {(0, 1), (2, 0)}
    assert found.words == ("words" if apart else "whitespace")
    assert found.links == (
        Alignment(sure=frozenset(expected), possible=frozenset({(6, 2) if apart else (3, 1)})),
        Alignment.of({(0, 0)}),
    )
    score = json.loads(atento("align", gold, *test, "--gold", gold, *_of_both(options), "--json").out)
    assert (score["sure"], score["aer"]) == (3, 0.0)


def _of_both(options: tuple[str, ...]) -> list[str]:
    """The same for `align`, where the links are the predicted ones, too."""
    return [*options, *(option.replace("--gold-", "--") for option in options if option.startswith("--gold-"))]


@pytest.mark.parametrize(
    "name", ["ablation", "bottleneck", "cells", "data-size", "positions", "reversal", "scores", "tokenizers"]
)
def test_every_shipped_study_takes_an_own_corpus(
    atento: Atento, corpus: tuple[Path, Path], name: str, written: Written, planned: Planned
) -> None:
    one = written("one.pt", "o gato"), written("one.es", "el gato")
    pairs = list(zip(*(path.read_text(encoding="utf-8").splitlines() for path in corpus), strict=True))
    pairs *= 10 if name == "data-size" else 1  # it begins with 500
    pairs += [("gato " * count, "gato " * count) for count in (18, 60)]
    train = written("train.pt", *(source for source, _ in pairs)), written("train.es", *(target for _, target in pairs))
    words = ("study", name, "--train", *train, "--valid", *corpus, "--test", *one)
    plan = json.loads(atento(*words, "--plan", "--json").out)
    assert plan["runs"] >= 3
    assert plan["claims"]
    study, materials = planned(*words)
    assert materials.test("test").sources == ("o gato",)
    for variant in study.variants:
        read = [(pair.source, pair.target) for files in materials.train_of(variant) for pair in read_pairs(files)]
        fitting = [pair for pair in pairs if len(pair[0].split()) <= (variant.max_words or 60)]
        assert read == fitting if variant.pairs is None else len(read) == variant.pairs
        assert len(list(read_pairs(materials.valid_of(variant)))) == 60


# What a study leaves behind, and what may become of it. One study is run, and copied.


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two runs that is done: one seed, and its file beside it."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "tiny.toml").write_text(tomli_w.dumps(TABLE), encoding="utf-8")
    process = started(folder)
    assert process.wait(timeout=120) == 0, (folder / "output").read_text(encoding="utf-8")
    return folder


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """A copy in another place."""
    return Path(shutil.copytree(finished, tmp_path / "copied"))


def started(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """The command, in a process of its own; what it says is in ``output``."""
    command = [sys.executable, "-m", "atento", "study", "tiny.toml", "-o", "study", "--jobs", "1", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ATENTO_CACHE": str(folder / "cache")}
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, env=environment, start_new_session=True
        )


def stamps(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.glob("study/runs/*/result.json")}


def test_one_seed_leaves_the_verdict_open(finished: Path) -> None:
    report = json.loads((finished / "study/report/report.json").read_text(encoding="utf-8"))
    assert report["finished"]
    assert [verdict["verdict"] for verdict in report["verdicts"]] == ["undecided"]
    assert "needs two" in report["verdicts"][0]["reason"]


def test_a_copied_study_goes_on_in_its_new_place_without_bundles(
    copied: Path, finished: Path, atento: Atento, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bundle in copied.glob("study/runs/*/bundle"):
        shutil.rmtree(bundle)
    monkeypatch.chdir(copied)
    assert atento("study", "study/study.toml", "-o", "study").code == 0
    assert stamps(copied) == stamps(finished)
    assert len(stamps(copied)) == 2


def test_a_damaged_result_is_named(copied: Path, atento: Atento) -> None:
    result = next(copied.glob("study/runs/*/result.json"))
    result.write_bytes(b'{"variant": \xff')
    line = atento("study", copied / "tiny.toml", "-o", copied / "study").error
    assert str(result) in line
    assert "remove it" in line


def test_another_study_or_process_in_the_same_place_is_refused(copied: Path, save: Save, atento: Atento) -> None:
    before = stamps(copied), (copied / "study/study.toml").read_text(encoding="utf-8")
    other = save({**TABLE, "title": "Other"}, "other.toml")
    assert "holds the study 'Tiny'" in atento("study", other, "-o", copied / "study").error
    assert (stamps(copied), (copied / "study/study.toml").read_text(encoding="utf-8")) == before
    holder = "import sys, time\nfrom pathlib import Path\nfrom atento.core.files import locked\n"
    holder += "with locked(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    lock = copied / "study/.lock"
    command = [sys.executable, "-c", holder, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        assert "is in use by another process" in atento("study", copied / "tiny.toml", "-o", copied / "study").error
        process.stdin.close()
    with locked(lock):  # it is free again
        pass


def running(folder: Path) -> Iterator[int]:
    """The sizes of the logs of metrics: some are above 0 when a run is at work."""
    yield from (path.stat().st_size for path in folder.glob("study/runs/*/metrics.jsonl"))


def test_a_run_that_cannot_be_done_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    table = deepcopy(TABLE)
    table["variants"].insert(0, {"name": "narrow", "recipe": {"model": {"attention": {"score": "location"}}}})
    table["variants"][0]["recipe"]["model"]["attention"] |= {"kind": "luong", "max_source_length": 4}
    (tmp_path / "tiny.toml").write_text(tomli_w.dumps(table), encoding="utf-8")
    for _ in range(2):
        assert started(tmp_path).wait(timeout=120) == 2
        last = (tmp_path / "output").read_text(encoding="utf-8").splitlines()[-1]
        assert last.startswith("error: the run narrow-seed1-")
        assert "max_source_length" in last
        done = stamps(tmp_path)
        assert len(done) == 2
        report = json.loads((tmp_path / "study/report/report.json").read_text(encoding="utf-8"))
        assert not report["finished"]
        assert [len(variant["runs"]) for variant in report["variants"]] == [0, 1, 1]
    assert stamps(tmp_path) == done


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found under /proc")
def test_ctrl_c_while_the_first_run_begins(tmp_path: Path) -> None:
    """A terminal sends it to all processes, those that still import what they need included."""
    import psutil

    (tmp_path / "tiny.toml").write_text(tomli_w.dumps(TABLE), encoding="utf-8")
    process = started(tmp_path)
    deadline = time.monotonic() + 60
    while not any(
        "multiprocessing.forkserver" in word or "spawn_main" in word
        for child in psutil.Process(process.pid).children()
        for word in child.cmdline()
    ):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) == 130
    said = (tmp_path / "output").read_text(encoding="utf-8")
    assert "Traceback" not in said
    assert "go on with: atento study" in said


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """A study that would take very long, when its first run is at work."""
    table = deepcopy(TABLE)
    table["recipe"]["training"] |= {"steps": 10**6, "validate_every": 10**6, "log_every": 1}
    (tmp_path / "tiny.toml").write_text(tomli_w.dumps(table), encoding="utf-8")
    process = started(tmp_path)
    deadline = time.monotonic() + 120
    while not any(running(tmp_path)) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    yield tmp_path, process
    if process.poll() is None:
        process.kill()
        process.wait()


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX knows them")
def test_asked_once_it_saves_and_says_how_to_go_on(endless: tuple[Path, subprocess.Popen[bytes]]) -> None:
    folder, process = endless
    process.terminate()  # as Ctrl-C; below it is asked by that
    assert process.wait(timeout=60) == 130
    said = (folder / "output").read_text(encoding="utf-8")
    assert "Traceback" not in said
    assert "go on with: atento study tiny.toml -o study --jobs 1" in said
    assert list(folder.glob("study/runs/*/checkpoints/step-*"))
    assert (folder / "study/report/report.html").is_file()


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX knows them")
def test_asked_twice_it_ends_at_once(endless: tuple[Path, subprocess.Popen[bytes]]) -> None:
    folder, process = endless
    children = workers(process.pid)
    assert children
    for child in children:
        os.kill(child, signal.SIGSTOP)  # it cannot answer
    process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    for child in children:
        os.kill(child, signal.SIGCONT)
    assert process.wait(timeout=15) == 130
    assert "Traceback" not in (folder / "output").read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found under /proc")
def test_a_killed_worker_is_reported_in_one_line(endless: tuple[Path, subprocess.Popen[bytes]]) -> None:
    folder, process = endless
    children = workers(process.pid)
    assert children
    for child in children:
        os.kill(child, signal.SIGKILL)
    assert process.wait(timeout=60) == 2
    last = (folder / "output").read_text(encoding="utf-8").splitlines()[-1]
    assert last.startswith("error: the run attention-seed1-")
    assert "start the study again" in last


def workers(parent: int) -> list[int]:
    """The processes of runs: children that multiprocessing spawned to work, or those of its server of forks."""
    import psutil

    return [
        child.pid
        for child in psutil.Process(parent).children(recursive=True)
        if child.ppid() != parent or any("spawn_main" in word for word in child.cmdline())
    ]
