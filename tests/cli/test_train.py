from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from atento.cli import main
from atento.cli.train import interruptible
from atento.core.progress import Silent

Atento = Callable[..., Any]
Tiny = Callable[..., list[str]]
Corpus = tuple[Path, Path]


def test_a_run_says_what_came_of_it(atento: Atento, tiny: Tiny, corpus: Corpus, tmp_path: Path) -> None:
    result = atento("train", "--train", *corpus, "--valid", *corpus, *tiny("training.steps=2"), "-o", tmp_path / "run")
    assert result.code == 0
    assert "Trained 2 steps" in result.out
    assert "Best validation: loss" in result.out
    assert str(tmp_path / "run" / "bundle") in result.out
    assert f"atento translate {tmp_path / 'run'}" in result.out
    assert "→" in result.err  # sample translations are messages
    assert (tmp_path / "run" / "bundle" / "model.safetensors").is_file()


def test_json_is_the_bundles_card(atento: Atento, tiny: Tiny, corpus: Corpus, tmp_path: Path) -> None:
    tsv = tmp_path / "pairs.tsv"
    lines = [path.read_text(encoding="utf-8").splitlines() for path in corpus]
    tsv.write_text("".join(f"{a}\t{b}\n" for a, b in zip(*lines, strict=True)), encoding="utf-8")
    result = atento("train", "small", "--train", tsv, *tiny("training.steps=1"), "-o", tmp_path / "run", "--json")
    assert result.code == 0
    assert json.loads(result.out)["training"]["steps"] == 1


def test_a_recipe_file_brings_its_own_data(atento: Atento, tiny: Tiny, corpus: Corpus, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    data = f"[[data.train]]\nsource = '{corpus[0]}'\ntarget = '{corpus[1]}'\n"
    recipe.write_text(f"{data}[model]\nkind = 'recurrent'\n[training]\nsteps = 1\n", encoding="utf-8")
    assert atento("train", recipe, *tiny("training.steps=1"), "-o", tmp_path / "run").code == 0


def test_a_begun_run_is_not_overwritten_but_resumed(
    atento: Atento, tiny: Tiny, corpus: Corpus, run: Path, tmp_path: Path
) -> None:
    assert "--resume" in atento("train", "--train", *corpus, *tiny(), "-o", run).error
    assert "Trained 20 steps" in atento("train", "--resume", "-o", run).out
    assert "leave" in atento("train", "--resume", "--set", "training.steps=9", "-o", run).error
    assert "nothing to resume" in atento("train", "--resume", "-o", tmp_path / "none").error
    assert not (tmp_path / "none").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c_saves_and_says_how_to_go_on(
    tiny: Tiny, corpus: Corpus, tmp_path: Path, environment: dict[str, str]
) -> None:
    options = ["--train", *map(str, corpus), *tiny("training.steps=3000", "training.validate_every=20")]
    command = [sys.executable, "-m", "atento"]
    child = subprocess.Popen(
        [*command, "train", *options, "-o", str(tmp_path / "run")],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert child.stderr is not None
    assert child.stdout is not None
    before = []
    for line in child.stderr:
        before.append(line)
        if line.startswith("step 20"):
            break
    child.send_signal(signal.SIGINT)
    rest = child.stderr.read()
    assert child.stdout.read() == ""
    child.stderr.close()
    child.stdout.close()
    assert child.wait() == 130, "".join(before) + rest
    last = rest.splitlines()[-1]
    assert "saved" in last
    assert last.endswith(f"atento train --resume -o {tmp_path / 'run'}")
    assert "Traceback" not in rest
    steps = [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()]
    assert all(name.startswith("step-") for name in steps)
    assert max(steps) >= "step-000020"
    assert (tmp_path / "run" / "bundle").is_dir()


def _interrupt(run: Path, work: str, *signals: signal.Signals) -> int:
    """Interrupt some work; the exit code if stopping at the next step was asked for."""
    with interruptible(Silent(), run) as (progress, stop):
        progress.start(work, None, stoppable=work == "training")
        for number in signals:
            signal.raise_signal(number)
        assert stop.wanted
        return stop.code


def test_a_second_ctrl_c_aborts_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "recipe.toml").touch()
    before = signal.getsignal(signal.SIGINT)
    assert _interrupt(tmp_path, "training", signal.SIGINT) == 130
    assert _interrupt(tmp_path, "training", signal.SIGTERM) == 143
    with pytest.raises(typer.Exit) as raised:
        _interrupt(tmp_path, "training", signal.SIGINT, signal.SIGINT)
    assert raised.value.exit_code == 130
    assert f"atento train --resume -o {tmp_path}" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_before_the_first_step_ends_at_once(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _interrupt(tmp_path, "learning the vocabulary", signal.SIGINT)


def test_a_failed_beginning_leaves_nothing(atento: Atento, tiny: Tiny, corpus: Corpus, tmp_path: Path) -> None:
    run = tmp_path / "deep" / "run"
    assert "cannot read" in atento("train", "--train", tmp_path / "no.pt", corpus[1], *tiny(), "-o", run).error
    assert not run.exists()
    assert main(["train", "--train", *map(str, corpus), *tiny("training.steps=1"), "-o", str(run)]) == 0


def test_a_model_that_is_too_large_is_said_and_leaves_nothing(
    atento: Atento, tiny: Tiny, corpus: Corpus, tmp_path: Path
) -> None:
    """More than any machine has."""
    options = tiny("model.hidden_size=4_000_000", "training.batch_tokens=64")
    result = atento("train", *options, "--train", *corpus, "-o", tmp_path / "run")
    assert result.code == 2
    assert "error: the model is too large for the memory there is" in result.err.splitlines()[-1]
    assert not (tmp_path / "run").exists()


def test_luongs_attention_is_trained_translates_and_is_drawn(
    atento: Atento, tiny: Tiny, corpus: Corpus, tmp_path: Path
) -> None:
    settings = tiny("training.steps=6", "model.attention.kind=luong", "model.attention.window=local-p")
    assert atento("train", "small", "--train", *corpus, *settings, "-o", tmp_path / "run").code == 0
    picture = tmp_path / "attention.png"
    result = atento("translate", tmp_path / "run", "o gato come", "o peixe", "--beam-size", 3, "--attention", picture)
    assert result.code == 0
    assert len(result.out.splitlines()) == 2
    assert picture.stat().st_size > 1000
    wrong = (*settings, "--set", "model.output=linear")
    failed = atento("train", "small", "--train", *corpus, *wrong, "-o", tmp_path / "other")
    assert "leave out model.output or set it to 'tanh'" in failed.error
    assert not (tmp_path / "other").exists()


def test_word_links_train_attention(atento: Atento, corpus: tuple[Path, Path], tiny: Tiny, tmp_path: Path) -> None:
    lines = corpus[0].read_text(encoding="utf-8").splitlines()
    links = tmp_path / "train.align"
    links.write_text("".join(" ".join(f"{n}-{n}" for n in range(len(line.split()))) + "\n" for line in lines))
    options = (*tiny("training.steps=2"), "--train", *corpus, "-o", tmp_path / "run")
    result = atento("train", "small", *options, "--alignment", links, "--alignment-words")
    assert result.code == 0
    assert f"atento align {tmp_path / 'run'} test.source test.target\n" in result.out
    log = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert all(line["alignment_loss"] > 0 for line in log if "loss" in line)
    recipe = (tmp_path / "run" / "recipe.toml").read_text(encoding="utf-8")
    assert "[training.guided_alignment]" in recipe
    assert 'alignment_words = "words"' in recipe
    assert "--alignment needs --train" in atento("train", "small", "--alignment", links, "-o", tmp_path / "b").error
    for option in ("--alignment-words", "--alignment-one-based"):
        assert f"{option} tells" in atento("train", *options[:-1], tmp_path / "b", option).error
    links.write_text("0-0\n0=0\n")
    words = atento("train", "small", *options[:-1], tmp_path / "b", "--alignment", links).error
    assert "train.align has 2 lines for" in words
    assert not (tmp_path / "b").exists()


def test_word_links_may_count_from_one(atento: Atento, corpus: tuple[Path, Path], tiny: Tiny, tmp_path: Path) -> None:
    lengths = [len(line.split()) for line in corpus[0].read_text(encoding="utf-8").splitlines()]
    losses = []
    for first, options in ((0, ()), (1, ("--alignment-one-based",))):
        links, run = tmp_path / f"from-{first}.align", tmp_path / f"run-{first}"
        text = "".join(" ".join(f"{n + first}-{n + first}" for n in range(length)) + "\n" for length in lengths)
        links.write_text(text, encoding="utf-8")
        words = ("train", "small", *tiny("training.steps=2"), "--train", *corpus, "--alignment", links)
        assert atento(*words, *options, "-o", run).code == 0
        log = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        losses.append([line["alignment_loss"] for line in log if "loss" in line])
        recipe = (run / "recipe.toml").read_text(encoding="utf-8")
        assert ("alignment_one_based = true" in recipe) == bool(options)
    assert losses[0]
    assert losses[0] == losses[1]
    assert "the link" in atento(*words, "-o", tmp_path / "wrong").err.splitlines()[-1]


def test_bad_links_are_named_where_the_user_has_them(
    atento: Atento, corpus: tuple[Path, Path], tiny: Callable[..., list[str]], tmp_path: Path
) -> None:
    for name, line, message in (("far", "0-99", "the link 0-99"), ("odd", "zz", "'zz' is no link")):
        links = tmp_path / name
        links.write_text("0-0\n" * 59 + line + "\n", encoding="utf-8")
        words = ("train", "small", *tiny(), "--train", *corpus, "--alignment", links, "-o", tmp_path / "run")
        result = atento(*words)
        assert result.code == 2
        assert f"{links}, line 60: {message}" in result.err.splitlines()[-1]
        assert not (tmp_path / "run").exists()


def test_numbers_that_no_training_can_take(atento: Atento, corpus: tuple[Path, Path]) -> None:
    for setting in ("training.seed=1180591620717411303424", "training.learning_rate=inf", "training.tokens=0"):
        line = atento("train", "small", "--set", setting, "--train", *corpus, "-o", "run").error
        assert f"{setting.partition('=')[0]} = " in line
        assert "is out of range" in line
