"""``atento evaluate`` of a model that writes: its figures with windows and documents as they are asked for."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Atento = Callable[..., Any]
Written = Callable[..., Path]
LINES = ("a vida é bela", "o que é a vida, meu irmão?", "diga lá, onde fica a casa", "a casa é bela")


def figures(result: Any) -> dict[str, Any]:
    assert result.code == 0, result.err
    return json.loads(result.out)  # type: ignore[no-any-return]


def test_the_table_has_what_the_json_has(atento: Atento, gpt_run: Path, written: Written) -> None:
    path = written("test.txt", *LINES)
    options = ("--context", 12, "--stride", 4)
    report = figures(atento("evaluate", gpt_run, path, *options, "--json"))
    assert (report["context"], report["stride"], report["documents"]) == (12, 4, len(LINES))
    assert report["size"] == sum(len(line.encode()) for line in LINES), (
        "without the ends of lines, which part documents"
    )
    assert report["perplexity"] == pytest.approx(math.exp(report["loss"]), rel=1e-6)
    total = report["loss"] * report["tokens"]
    assert report["bits_per_byte"] == pytest.approx(total / report["size"] / math.log(2), rel=1e-6)
    assert report["word_perplexity"] == pytest.approx(math.exp(total / report["words"]), rel=1e-6)
    shown = atento("evaluate", gpt_run, path, *options).out
    head, names, *rows = shown.splitlines()
    assert head.startswith(
        f"{report['tokens']:,} tokens in {len(LINES)} documents (--documents line), {report['words']:,} words, "
    )
    assert head.endswith("context 12, stride 4.")
    assert names.split() == ["measure", "value"]
    values = {row.rsplit(maxsplit=1)[0].strip(): row.split()[-1] for row in rows if not set(row) <= set("-─ ")}
    assert values == {
        "loss (nats a token)": f"{report['loss']:.4f}",
        "perplexity of a token": shown_as(report["perplexity"]),
        "bits per byte": f"{report['bits_per_byte']:.4f}",
        "perplexity of a word": shown_as(report["word_perplexity"]),
    }


def shown_as(value: float) -> str:
    return f"{value:.4f}" if value < 100 else f"{value:,.1f}"


def test_windows_and_documents_are_those_asked_for(atento: Atento, gpt_run: Path, written: Written) -> None:
    path = written("test.txt", *LINES)
    usual = figures(atento("evaluate", gpt_run, path, "--json"))
    assert (usual["context"], usual["stride"], usual["documents"]) == (24, 12, 4), "as in training: a document a line"
    whole = figures(atento("evaluate", gpt_run, path, "--documents", "file", "--json"))
    assert (whole["documents"], usual["words"]) == (1, whole["words"])
    near = figures(atento("evaluate", gpt_run, path, "--documents", "file", "--context", 4, "--stride", 4, "--json"))
    assert near["tokens"] == whole["tokens"]
    losses = {usual["loss"], whole["loss"], near["loss"]}
    assert len(losses) == 3, "each changes what is seen before a token"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--context", 99), "99"),
        (("--context", 0), "0"),
        (("--context", 8, "--stride", 9), "9"),
        (("--stride", 0), "0"),
        (("--beam-size", 2), "--beam-size is for translators"),
        (("--confusion", "x.png"), "--confusion is for classifiers"),
        (("-o", "out"), "-o is for translators"),
        (("--batch-size", 0), "--batch-size is for translators"),
        (("more.txt",), "holds no translator: it is evaluated on one file (RUN FILE), and 2 were given"),
    ],
)
def test_what_does_not_fit_is_one_line(
    atento: Atento,
    gpt_run: Path,
    written: Written,
    here: Callable[[], list[str]],
    options: tuple[object, ...],
    words: str,
) -> None:
    result = atento("evaluate", gpt_run, written("test.txt", *LINES), *options)
    assert words in result.error
    assert result.out == ""
    assert here() == []


def test_a_text_that_cannot_be_read_is_one_line(
    atento: Atento, gpt_run: Path, written: Written, tmp_path: Path
) -> None:
    assert "none.txt" in atento("evaluate", gpt_run, "none.txt").error
    assert "empty" in atento("evaluate", gpt_run, written("empty.txt")).error
    (tmp_path / "wrong.txt").write_bytes(b"a vida\na casa \xea\n")
    assert "line 2: byte 0xea" in atento("evaluate", gpt_run, tmp_path / "wrong.txt").error


@pytest.mark.parametrize("options", [("--resamples", 0), ("--seed", 3)])
def test_a_bootstrap_that_is_not_made_is_refused(
    atento: Atento, gpt_run: Path, written: Written, options: tuple[object, ...]
) -> None:
    assert str(options[0]) in atento("evaluate", gpt_run, written("test.txt", *LINES), *options).error


def test_a_text_is_read_as_in_training(atento: Atento, written: Written) -> None:
    """Under the key of its lines of JSON, in rows as long as those that a model without a limit has learned from."""
    path = written(
        "test.jsonl", *(json.dumps({"content": f"{line} {number}"}) for number in range(9) for line in LINES)
    )
    recipe = written(
        "recipe.toml",
        'model = { kind = "gpt", model_size = 8, num_heads = 2, position = "rotary", max_positions = 20 }',
        'tokenizer = { kind = "char", vocab_size = 60 }',
        "training = { steps = 2, batch_tokens = 64 }",
        f'data = {{ train = [{{ text = "{path}", key = "content" }}], held_out = 0.3 }}',
    )
    assert atento("train", recipe, "-o", "run").code == 0
    report = figures(atento("evaluate", "run", path, "--json"))
    assert (report["documents"], report["context"]) == (9 * len(LINES), 20)
    assert figures(atento("evaluate", "run", path, "--context", 30, "--json"))["context"] == 30
    assert atento("train", recipe, "--set", "data.context=16", "-o", "other").code == 0
    assert figures(atento("evaluate", "other", path, "--json"))["context"] == 16
