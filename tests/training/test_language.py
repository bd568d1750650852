"""Training language models: a run's results, resumption, and what is refused."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from atento.bundle import load_language_model, load_translation
from atento.core.errors import BundleError, ConfigurationError, DataError
from atento.core.files import sha256
from atento.core.vocabulary import Vocabulary
from atento.data.text_batching import TextBatches
from atento.data.text_dataset import open_texts
from atento.data.text_files import TextFiles
from atento.models.build import build_model
from atento.models.gpt import GPTConfig, nothing_to_read
from atento.training.objectives import LanguageObjective
from atento.training.recipe import PairDataConfig, Recipe, read_recipe
from atento.training.run import train

Make = Callable[..., Recipe]
StopAt = Callable[[float], dict[str, Any]]
SETTINGS = (
    "model.model_size=16", "model.num_heads=2", "model.feed_forward_size=32", "model.num_layers=1",
    "model.max_positions=16", "model.dropout=0.1", "tokenizer.kind=char", "tokenizer.vocab_size=60",
    "training.steps=8", "training.batch_tokens=64", "training.validate_every=4", "training.warmup_steps=2",
    "training.log_every=2", "training.precision=float32", "data.held_out=0.2",
)  # fmt: skip


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    lines = ["a vida é bela", "o que é a vida", "diga lá, meu irmão", "onde fica a casa?"] * 12
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def make(text: Path) -> Make:
    return lambda *overrides: read_recipe("gpt-small", train=[text], overrides=(*SETTINGS, *overrides))


def test_a_run_leaves_a_bundle_that_writes(tmp_path: Path, make: Make) -> None:
    report = train(make(), tmp_path / "run")
    assert report.outcome.state.step == 8
    score = report.outcome.state.scores[-1]
    bundle = load_language_model(tmp_path / "run")
    data = report.card["data"]
    places = data["valid_tokens"] + data["valid_documents"]
    assert score.measures["bits_per_byte"] == pytest.approx(score.loss * places / math.log(2) / data["valid_bytes"])
    assert bundle.vocabulary.shared
    assert bundle.source_tokenizer is bundle.target_tokenizer is bundle.tokenizer
    with pytest.raises(BundleError, match=r"holds a language model.*use `atento write`"):
        load_translation(tmp_path / "run")
    logged = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert {"valid_loss", "valid_perplexity", "valid_bits_per_byte"} <= logged[-1].keys()


@pytest.mark.parametrize("documents", ["file", "line"])
def test_stopped_and_resumed_equals_uninterrupted(tmp_path: Path, make: Make, documents: str, stop_at: StopAt) -> None:
    recipe = make(f"data.documents={documents}", "training.keep=ema")
    train(recipe, tmp_path / "whole")
    report = train(recipe, tmp_path / "parts", **stop_at(0.3))
    assert report.outcome.reason == "stopped"
    assert 0 < report.outcome.state.step < 8
    train(None, tmp_path / "parts", resume=True)
    first, second = (sha256(tmp_path / name / "bundle" / "model.safetensors") for name in ("whole", "parts"))
    assert first == second


def test_the_loss_is_that_of_each_document_alone(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "lines.txt"
    lines = ["a vida", "é bela", "o", "que é a vida é"]
    path.write_text("\n".join(lines), encoding="utf-8")
    train(make("training.steps=1"), tmp_path / "run")
    bundle = load_language_model(tmp_path / "run")
    model, vocabulary = bundle.model, bundle.vocabulary
    dataset = open_texts([TextFiles(text=str(path))], "line", bundle.tokenizer)
    batches = TextBatches(dataset, vocabulary, context=16, budget=64, seed=1, moved=False)
    found = sum(float(LanguageObjective()(model, batch).likelihood) for batch in batches.epoch())
    expected = 0.0
    places = [(number, place) for number, line in enumerate(lines) for place in range(len(line) + 1)]
    for first in range(0, len(places), 16):  # a window's part of a document begins anew
        for number in {number for number, _ in places[first : first + 16]}:
            mine = [place for owner, place in places[first : first + 16] if owner == number]
            ids = bundle.tokenizer.encode_batch([lines[number]])[0]
            inputs = torch.tensor([([2, *ids])[mine[0] : mine[-1] + 1]])
            labels = torch.tensor([*ids, 3][mine[0] : mine[-1] + 1])
            memory = model.decoder.prepare(nothing_to_read(1))
            hidden, _ = model.decoder(inputs, memory, model.decoder.start(memory))
            expected -= float(model.decoder.logits(hidden)[0].log_softmax(-1)[torch.arange(len(labels)), labels].sum())
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (("data.context=17",), r"data\.context = 17 is more than model\.max_positions = 16"),
        (("data.held_out=1.5",), r"data\.held_out = 1\.5"),
        (("training.batch_tokens=15",), "context of 16 tokens does not fit into a batch of 15"),
        (("training.guided_alignment.weight=1.0",), "guided_alignment is for translators"),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path, make: Make, overrides: tuple[str, ...], words: str
) -> None:
    with pytest.raises((ConfigurationError, DataError), match=words):
        train(make(*overrides), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_kind_of_model_learns_from_its_kind_of_data(tmp_path: Path, make: Make) -> None:
    recipe = msgspec.structs.replace(make(), data=PairDataConfig())
    with pytest.raises(ConfigurationError, match=r"'gpt' does not learn from data\.kind = 'pairs'"):
        train(recipe, tmp_path / "run")


def test_a_text_smaller_than_a_batch_is_refused(tmp_path: Path, make: Make) -> None:
    with pytest.raises(DataError, match="fewer than one batch holds"):
        train(make("training.batch_tokens=100000"), tmp_path / "run")


def test_a_tokenizer_may_be_given_and_a_second_text_weighed(tmp_path: Path, make: Make, text: Path) -> None:
    train(make("training.steps=1"), tmp_path / "first")
    recipe = tmp_path / "recipe.toml"
    files = f'train = [{{ text = "{text.name}", weight = 0.5 }}], valid = {{ text = "{text.name}" }}'
    table = f'data = {{ tokenizer = "first/tokenizers/tokenizer.json", {files} }}\n'
    model = "[model]\nkind = 'gpt'\nmodel_size = 16\nnum_heads = 2\nnum_layers = 1\nmax_positions = 16\n"
    recipe.write_text(table + model + "[training]\nsteps = 1\nbatch_tokens = 64\n", encoding="utf-8")
    report = train(read_recipe(str(recipe)), tmp_path / "second")
    assert report.card["data"]["train_tokens"] == report.card["data"]["valid_tokens"]
    checksums = [load_language_model(tmp_path / name).tokenizer.checksum for name in ("first", "second")]
    assert checksums[0] == checksums[1]


def test_the_same_seed_gives_the_same_model() -> None:
    config = GPTConfig(model_size=8, num_heads=2, num_layers=1)
    first, again = (build_model(config, Vocabulary(source_size=9, target_size=9), seed=4) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
