"""``atento write`` and what it shows of a model: tables, bars, attention; and what it refuses."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from atento.applications.writer import Writer
from atento.bundle import Bundle, save_bundle, vocabulary_of
from atento.cli import main
from atento.decoding.configuration import DecodingConfig
from atento.figures.attention import Attention
from atento.models.build import build_model
from atento.models.gpt import GPTConfig
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer

Atento = Callable[..., Any]
STARTS = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.fixture(scope="module")
def gpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny GPT's bundle of random weights that writes greedily."""
    lines = ["a vida é bela", "o que é a vida", "diga lá, meu irmão", "onde fica a casa?"] * 3
    tokenizer = train_tokenizer(lines, TokenizerConfig(kind="byte-bpe", vocab_size=290))
    config = GPTConfig(model_size=16, num_heads=2, feed_forward_size=24, num_layers=2, max_positions=40)
    model = build_model(config, vocabulary_of(tokenizer, tokenizer), seed=2)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter *= 12.0
    folder = tmp_path_factory.mktemp("gpt") / "bundle"
    decoding = DecodingConfig(beam_size=1, min_length=20)
    save_bundle(
        Bundle(
            model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer, decoding=decoding
        ),
        folder,
    )  # fmt: skip
    return folder


def continuations(result: Any) -> list[list[dict[str, Any]]]:
    """What --json printed, a prompt a line."""
    assert (result.code, result.err) == (0, "")
    return [json.loads(line)["continuations"] for line in result.out.splitlines()]


def ids(result: Any) -> list[list[list[int]]]:
    return [[each["ids"] for each in found] for found in continuations(result)]


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (("--greedy",), {"beam_size": 1}),
        (("--beam-size", 3), {"beam_size": 3}),
        (("--beam-size", 4, "--n-best", 2), {"beam_size": 4, "n_best": 2}),
        (("--n-best", 3), {"beam_size": 3, "n_best": 3}),
        (("--temperature", 1.5, "--seed", 4), {"sampling": True, "temperature": 1.5, "seed": 4}),
        (("--top-k", 3, "--seed", 4), {"sampling": True, "top_k": 3, "seed": 4}),
        (("--top-p", 0.5, "--samples", 2), {"sampling": True, "top_p": 0.5, "samples": 2}),
        (("--greedy", "--no-repeat-ngram-size", 1), {"beam_size": 1, "no_repeat_ngram_size": 1}),
        (("--greedy", "--stop", "a"), {"beam_size": 1, "stop": ["a"]}),
    ],
)
def test_options_reach_the_search(
    atento: Atento, gpt: Path, options: tuple[object, ...], settings: dict[str, Any]
) -> None:
    """What is printed is what the library writes with the same settings, and no two of them are alike."""
    words = ("write", gpt, "a vida", "onde fica", "--max-tokens", 12, "--json")
    found = continuations(atento(*words, *options))
    wanted = Writer.load(gpt).write(["a vida", "onde fica"], max_tokens=12, **settings)
    for own, writing in zip(found, wanted, strict=True):
        assert [each["ids"] for each in own] == [list(each.ids) for each in writing.continuations]
        assert [each["text"] for each in own] == [each.text for each in writing.continuations]
        assert [each["total"] for each in own] == pytest.approx([each.total for each in writing.continuations])
    assert len(found[0]) == settings.get("n_best", settings.get("samples", 1))
    if settings != {"beam_size": 1}:
        assert [[each["ids"] for each in own] for own in found] != ids(atento(*words, "--greedy"))


@pytest.mark.parametrize("option", [("--temperature", 0.001), ("--top-k", 1), ("--top-p", 0.0001)])
def test_draws_from_one_token_are_greedy(atento: Atento, gpt: Path, option: tuple[object, ...]) -> None:
    words = ("write", gpt, "a vida", "--max-tokens", 12, "--json")
    assert ids(atento(*words, *option)) == ids(atento(*words, "--greedy"))


def test_a_beam_is_ranked_and_a_stop_string_is_not_printed(atento: Atento, gpt: Path) -> None:
    words = ("write", gpt, "a vida", "--max-tokens", 12)
    [ranked] = continuations(atento(*words, "--beam-size", 4, "--n-best", 4, "--json"))
    means = [each["total"] / len(each["ids"]) for each in ranked]
    assert means == sorted(means, reverse=True)
    assert len({tuple(each["ids"]) for each in ranked}) == 4
    [[free]] = continuations(atento(*words, "--greedy", "--json"))
    stop = free["text"][2:4]
    result = atento(*words, "--greedy", "--stop", "never", "--stop", stop)
    assert result.out == f"a vida{free['text'][: free['text'].index(stop)]}\n"


def test_a_prompt_a_line(atento: Atento, gpt: Path, written: Callable[..., Path], tmp_path: Path) -> None:
    path, output = written("prompts.txt", "a vida", "", "onde"), tmp_path / "out.txt"
    result = atento("write", gpt, "-i", path, "--greedy", "--max-tokens", 4, "-o", output)
    assert (result.code, result.out) == (0, "")
    each = [atento("write", gpt, prompt, "--greedy", "--max-tokens", 4).out for prompt in ("a vida", "", "onde")]
    assert output.read_text(encoding="utf-8") == "".join(f"{text}\n" for text in each)


def test_one_continuation_appears_while_it_is_written(
    atento: Atento, gpt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Piece by piece, the prompt with the first; what stands there is what is written in the end."""

    class Screen(io.StringIO):
        encoding = "utf-8"

        def flush(self) -> None:
            seen.append(self.getvalue())

    seen: list[str] = []
    words = ("write", gpt, "a vida", "--greedy", "--max-tokens", 20)
    whole = atento(*words).out
    assert whole.startswith("a vida")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Screen())
        assert main([str(word) for word in words]) == 0
    steps = sorted(set(seen), key=len)
    assert len(steps) > 5
    assert steps[-1] == whole
    assert all(whole.startswith(step) for step in steps)
    assert len(steps[0]) > len("a vida")


def test_a_table_follows_the_text(atento: Atento, gpt: Path) -> None:
    plain = atento("write", gpt, "a vida", "--max-tokens", 4)
    result = atento("write", gpt, "a vida", "--max-tokens", 4, "--top", 3)
    assert result.code == 0, result.err
    assert result.out.startswith(plain.out.rstrip("\n"))
    header, *rows = result.out.removeprefix(plain.out).strip("\n").splitlines()
    assert header.split() == ["#", "token", "p", "rank", "most", "probable"]
    assert len(rows) == 4
    assert all(row.count("%") == 1 + 3 for row in rows)
    for row in rows:
        rank = int(row.split()[3].replace(",", ""))
        assert ("▸" in row) is (rank <= 3)


def test_several_texts_have_a_table_each_and_a_file_holds_them(atento: Atento, gpt: Path, tmp_path: Path) -> None:
    words = ("write", gpt, "a vida", "onde", "--max-tokens", 3, "--top", 2, "--samples", 2, "--seed", 1)
    result = atento(*words)
    assert result.out.count("most probable") == 4
    assert atento(*words, "-o", tmp_path / "out").out == ""
    assert (tmp_path / "out").read_text(encoding="utf-8") == result.out


def test_json_holds_what_the_table_shows(atento: Atento, gpt: Path) -> None:
    record = json.loads(atento("write", gpt, "a vida", "--max-tokens", 5, "--top", 4, "--json").out)
    [found] = record["continuations"]
    assert [step["token"] for step in found["predictions"]] == found["tokens"]
    for step, value in zip(found["predictions"], found["log_probabilities"], strict=True):
        assert step["log_probability"] == pytest.approx(value, abs=1e-5)
        shares = [each["probability"] for each in step["alternatives"]]
        assert shares == sorted(shares, reverse=True)
        assert len(shares) == 4
    plain = json.loads(atento("write", gpt, "a vida", "--max-tokens", 5, "--json").out)
    assert "predictions" not in plain["continuations"][0]


@pytest.mark.parametrize("suffix", STARTS)
def test_bars_and_attention_are_drawn(atento: Atento, gpt: Path, tmp_path: Path, suffix: str) -> None:
    words = ("write", gpt, "a vida", "onde", "--max-tokens", 4)
    bars, sheet, grid = (tmp_path / f"{name}{suffix}" for name in ("bars", "sheet", "grid"))
    assert atento(*words, "--top", 3, "--figure", bars, "--attention", sheet, "--layer", -1, "--head", 0).code == 0
    assert atento("write", gpt, "a vida", "--max-tokens", 4, "--attention", grid, "--grid", "--words").code == 0
    for path in (bars, sheet, grid):
        assert path.read_bytes().startswith(STARTS[suffix])


def test_attention_as_json_is_one_record_a_continuation(atento: Atento, gpt: Path, tmp_path: Path) -> None:
    def records(*options: object) -> list[Attention]:
        result = atento("write", gpt, "a vida", "onde", "--max-tokens", 4, "--attention", tmp_path / "a.json", *options)
        assert result.code == 0, result.err
        return [Attention.from_json(line) for line in (tmp_path / "a.json").read_text(encoding="utf-8").splitlines()]

    predicted, read = records(), records("--rows", "input")
    assert [record.target_text[:4] for record in predicted] == ["a vi", "onde"]
    for one, other in zip(predicted, read, strict=True):
        assert (one.rows, other.rows) == ("predicted", "input")
        assert other.target == other.reading.tokens == one.reading.tokens
        np.testing.assert_array_equal(one.array(), other.array())
        assert not one.array()[..., ~one.visible()].any()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--figure", "a.png"), "say how many tokens with --top"),
        (("--top", 2, "--figure", "a.json"), "name a .png, .svg, .pdf or .html file"),
        (("--top", 0), "top = 0: give 1 to 290"),
        (("--top", 291), "top = 291"),
        (("--attention", "a.bmp"), "name a .png, .svg, .pdf, .html or .json file"),
        (("--grid",), "--grid is for the drawing"),
        (("--layer", 0), "--layer is for the drawing"),
        (("--head", 0), "--head is for the drawing"),
        (("--words",), "--words is for the drawing"),
        (("--rows", "input"), "--rows is for the drawing"),
        (("--attention", "a.png", "--grid", "--head", 1), "leave --layer and --head out"),
        (("--greedy", "--beam-size", 2), "--greedy is a beam of one"),
        (("--greedy", "--temperature", 1), "--temperature is for drawing"),
        (("--beam-size", 2, "--top-k", 1), "--top-k is for drawing"),
        (("--n-best", 2, "--seed", 1), "--seed is for drawing"),
        (("--beam-size", 2, "--n-best", 3), "n_best"),
        (("--beam-size", 0), "decoding.beam_size = 0"),
        (("--n-best", 0), "decoding."),
        (("--greedy", "--n-best", 0), "--greedy is a beam of one"),
        (("--temperature", 0), "temperature"),
        (("--top-k", -1), "top_k"),
        (("--top-p", 1.5), "top_p"),
        (("--samples", 0), "samples"),
        (("-i", "prompts.txt"), "either PROMPT or --input"),
        (("--stop", "", "-o", "out"), "an empty stop string"),
        (("x " * 40, "-o", "out"), "prompt 2 has"),
    ],
)
def test_impossible_wishes_are_one_line_before_anything_is_written(
    atento: Atento, gpt: Path, here: Callable[[], list[str]], options: tuple[object, ...], words: str
) -> None:
    result = atento("write", gpt, "a vida", *options)
    assert words in result.error
    assert result.out == ""
    assert here() == []


@pytest.mark.parametrize(
    ("options", "words"), [(("--layer", 2), "layer 2; give 0 to 1"), (("--grid", "--samples", 2), "shows one text")]
)
def test_what_shows_only_at_the_drawing_leaves_no_file(
    atento: Atento, gpt: Path, here: Callable[[], list[str]], options: tuple[object, ...], words: str
) -> None:
    result = atento("write", gpt, "a vida", "--max-tokens", 3, "--attention", "a.png", "-o", "out", *options)
    assert words in result.error
    assert here() == []


@pytest.mark.parametrize(
    ("prompt", "options", "words"),
    [
        ("a", ("--stop", ""), "an empty stop string"),
        ("a vida " * 20, (), "and this model reads at most 40: shorten it"),
        ("a", ("--max-tokens", 0), "max_tokens = 0: give 1 or more"),
    ],
)
def test_nothing_is_shown_live_of_what_is_refused(
    atento: Atento, gpt: Path, prompt: str, options: tuple[object, ...], words: str
) -> None:
    """Not even the prompt, which otherwise stands before what comes live."""
    result = atento("write", gpt, prompt, "--greedy", *options)
    assert words in result.error
    assert result.out == ""
