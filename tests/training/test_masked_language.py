"""Training masked language models: a run's results, its losses, resumption, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from atento.bundle import load_language_model, load_masked_language_model
from atento.core.errors import BundleError, ConfigurationError, DataError
from atento.core.files import sha256
from atento.data.masked_batching import MaskedBatches
from atento.data.masking import MaskingConfig
from atento.data.text_dataset import open_texts
from atento.data.text_files import TextFiles
from atento.training.masked_language import MaskedLanguageValidator
from atento.training.objectives import MaskedObjective
from atento.training.recipe import Recipe, read_recipe
from atento.training.run import train

Make = Callable[..., Recipe]
StopAt = Callable[[float], dict[str, Any]]
SETTINGS = (
    "model.model_size=16", "model.num_heads=2", "model.feed_forward_size=32", "model.num_layers=1",
    "model.max_positions=24", "model.dropout=0.1", "tokenizer.kind=char", "tokenizer.vocab_size=60",
    "training.steps=8", "training.batch_tokens=96", "training.validate_every=4", "training.warmup_steps=2",
    "training.log_every=2", "training.precision=float32", "data.held_out=0.2", "data.documents=blank-line",
)  # fmt: skip


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    lines = ["a vida é bela", "o que é a vida?\n", "diga lá, meu irmão", "onde fica a casa?\n"]
    path.write_text("\n".join(f"{number} {line}" for number in range(12) for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def make(text: Path) -> Make:
    return lambda *overrides: read_recipe("bert-small", train=[text], overrides=(*SETTINGS, *overrides))


@pytest.mark.parametrize("pairs", [False, True])
def test_a_run_leaves_a_bundle_that_fills(tmp_path: Path, make: Make, pairs: bool) -> None:
    report = train(make(f"model.next_sentence={str(pairs).lower()}"), tmp_path / "run")
    assert report.outcome.state.step == 8
    bundle = load_masked_language_model(tmp_path / "run")
    assert bundle.vocabulary.mask == bundle.tokenizer.mask == 4
    measures = report.outcome.state.scores[-1].measures
    assert measures.keys() == ({"accuracy", "next_sentence"} if pairs else {"accuracy"})
    with pytest.raises(BundleError, match=r"holds a masked language model.*use `atento fill`"):
        load_language_model(tmp_path / "run")


@pytest.mark.parametrize("options", [(), ("model.next_sentence=true", "training.masking.whole_words=true")])
def test_stopped_and_resumed_equals_uninterrupted(
    tmp_path: Path, make: Make, options: tuple[str, ...], stop_at: StopAt
) -> None:
    recipe = make(*options, "training.keep=last")
    train(recipe, tmp_path / "whole")
    report = train(recipe, tmp_path / "parts", **stop_at(0.3))
    assert report.outcome.reason == "stopped"
    assert 0 < report.outcome.state.step < 8
    train(None, tmp_path / "parts", resume=True)
    first, second = (sha256(tmp_path / name / "bundle" / "model.safetensors") for name in ("whole", "parts"))
    assert first == second
    whole, parts = (losses(tmp_path / name) for name in ("whole", "parts"))
    assert whole == parts


def losses(run: Path) -> list[list[float]]:
    """The logged means, parts of the loss among them."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [[line[key] for key in sorted(line) if key.endswith("loss")] for line in lines]


def test_the_loss_is_that_of_each_row_alone(tmp_path: Path, make: Make, text: Path) -> None:
    train(make("model.next_sentence=true", "training.steps=2"), tmp_path / "run")
    bundle = load_masked_language_model(tmp_path / "run")
    model = bundle.model
    assert model.next_sentence is not None
    dataset = open_texts([TextFiles(text=str(text))], "blank-line", bundle.tokenizer)
    batches = MaskedBatches(dataset, model.vocabulary, MaskingConfig(), context=24, budget=96, seed=1, pairs=True)
    for batch in batches.epoch():
        loss = MaskedObjective()(model, batch)
        assert batch.types is not None
        assert batch.follows is not None
        hidden, labels, following = 0.0, iter(batch.labels.tolist()), 0.0
        for number, length in enumerate(batch.mask.sum(1).tolist()):
            tokens, types = batch.inputs[number : number + 1, :length], batch.types[number : number + 1, :length]
            annotations = model.encoder(tokens, torch.ones_like(tokens, dtype=torch.bool), types=types).annotations
            logits = model.head.logits(annotations)[0].log_softmax(-1)
            for place in batch.chosen[number].nonzero().flatten().tolist():
                hidden -= float(logits[place, next(labels)])
            follows = batch.follows[number : number + 1]
            following += float(functional.cross_entropy(model.next_sentence.logits(annotations), follows))
        assert float(loss.likelihood) == pytest.approx(hidden, rel=1e-5)
        mean = hidden / batch.count + following / len(batch.mask)
        assert float(loss.total) / loss.count == pytest.approx(mean, rel=1e-5)


def test_validation_always_hides_the_same_and_leaves_no_trace(tmp_path: Path, make: Make, text: Path) -> None:
    train(make("training.steps=2"), tmp_path / "run")
    bundle = load_masked_language_model(tmp_path / "run")
    dataset = open_texts([TextFiles(text=str(text))], "blank-line", bundle.tokenizer)
    batches = MaskedBatches(dataset, bundle.vocabulary, MaskingConfig(), context=24, budget=96, seed=0, moved=False)
    validator = MaskedLanguageValidator(bundle.model, batches, "float32")
    before = torch.get_rng_state()
    first, second = validator.run(), validator.run()
    assert first == second
    assert torch.equal(before, torch.get_rng_state())
    assert 0 <= first.measures["accuracy"] <= 100


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (("data.context=25",), r"data\.context = 25 is more than model\.max_positions = 24"),
        (("training.masking.rate=1.5",), r"masking\.rate = 1\.5"),
        (("model.next_sentence=true", "model.num_text_types=1"), r"num_text_types = 1 must be 2"),
        (("model.masked_head=false",), r"masked_head = false"),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path, make: Make, overrides: tuple[str, ...], words: str
) -> None:
    with pytest.raises((ConfigurationError, DataError), match=words):
        train(make(*overrides), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_masking_is_refused_where_nothing_is_masked(tmp_path: Path, text: Path) -> None:
    recipe = read_recipe("gpt-small", train=[text], overrides=("training.masking.rate=0.2",))
    with pytest.raises(ConfigurationError, match="masking is for masked language models"):
        train(recipe, tmp_path / "run")


def test_a_tokenizer_without_a_mask_is_refused(tmp_path: Path, make: Make, text: Path) -> None:
    train(read_recipe("gpt-small", train=[text], overrides=SETTINGS), tmp_path / "gpt")
    tokenizer = tmp_path / "gpt" / "bundle" / "tokenizer.json"
    with pytest.raises(DataError, match="has no mask token"):
        train(make(f"data.tokenizer={tokenizer}"), tmp_path / "run")
