"""Attention learns from word links: gradients, the loss by hand, toy tasks, resumption, and bad input."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from atento.applications.translator import Translator
from atento.bundle import load_bundle
from atento.core.errors import ConfigurationError, DataError
from atento.core.files import sha256
from atento.core.vocabulary import Vocabulary
from atento.data.batching import Batch, TokenLinks
from atento.data.pharaoh import read_alignments
from atento.evaluation.alignment import score_alignments
from atento.inspection.alignment import AlignmentConfig
from atento.inspection.corpus import align_corpus
from atento.models.build import build_model
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.recurrent import NoAttention, RecurrentConfig
from atento.nn.capture import capture, observable_names
from atento.training.guided_alignment import GuidedAlignmentConfig, GuidedObjective, alignment_loss
from atento.training.objectives import TranslationObjective
from atento.training.recipe import Recipe, read_recipe
from atento.training.run import train

Make = Callable[..., Recipe]
StopAt = Callable[[float], dict[str, Any]]
WORDS = [f"w{number}" for number in range(12)]
REVERSAL = (
    "tokenizer.kind=word", "tokenizer.vocab_size=28", "tokenizer.min_frequency=1", "training.batch_tokens=400",
    "training.validate_every=1000", "training.validation_sentences=0", "training.warmup_steps=5",
    "training.precision=float32", "training.learning_rate=0.005", "training.keep=last", "model.dropout=0",
)  # fmt: skip
MODELS = {
    "transformer": (
        "model.kind=transformer", "model.model_size=32", "model.num_heads=2", "model.feed_forward_size=64",
        "model.num_encoder_layers=1", "model.num_decoder_layers=2",
    ),
    "recurrent": (
        "model.kind=recurrent", "model.embedding_size=16", "model.hidden_size=32", "model.attention.kind=additive",
        "model.attention.size=16",
    ),
}  # fmt: skip


def batch_of(links: list[tuple[int, int, int]] | None) -> Batch:
    """Two pairs, of three and two source tokens, two and four target tokens, ``</s>`` included."""
    lengths = np.array([3, 2]), np.array([2, 4])
    source, target = torch.randint(4, 9, (2, 3)), torch.randint(4, 9, (2, 4))
    masks = [torch.arange(int(side.max())) < torch.from_numpy(side)[:, None] for side in lengths]
    triples = np.array(links or [], np.int64).reshape(-1, 3)
    counts = [sum(tuple(one[:2]) == tuple(other[:2]) for other in triples) for one in triples.tolist()]
    return Batch(
        source=source, source_mask=masks[0], decoder_input=target.roll(1, 1), labels=target, target_mask=masks[1],
        indices=torch.arange(2), source_tokens=5, target_tokens=6,
        links=None if links is None else TokenLinks(
            rows=torch.from_numpy(triples[:, 0]), targets=torch.from_numpy(triples[:, 1]),
            sources=torch.from_numpy(triples[:, 2]), shares=1.0 / torch.tensor(counts),
        ),
    )  # fmt: skip


def model_of(make: Make, family: str, *overrides: str) -> EncoderDecoder:
    recipe = make(family, *overrides)
    return build_model(recipe.model, Vocabulary(source_size=15, target_size=15, shared=True), seed=1)


def test_the_loss_by_hand() -> None:
    weights = torch.tensor([[[0.5, 0.25, 0.25], [0.1, 0.9, 0.0]], [[0.2, 0.8, 0.0], [1.0, 0.0, 0.0]]])
    links = TokenLinks(
        rows=torch.tensor([0, 0, 1]), targets=torch.tensor([0, 0, 0]), sources=torch.tensor([0, 2, 1]),
        shares=torch.tensor([0.5, 0.5, 1.0]),
    )  # fmt: skip
    expected = -(0.5 * math.log(0.5) + 0.5 * math.log(0.25) + math.log(0.8))
    assert float(alignment_loss(weights, links)) == pytest.approx(expected)
    nothing = TokenLinks(
        rows=links.rows[:1], targets=torch.tensor([1]), sources=torch.tensor([2]), shares=links.shares[:1]
    )
    assert math.isfinite(float(alignment_loss(weights, nothing)))  # a weight of zero


@pytest.mark.parametrize("rows", ["predicted", "input"])
def test_the_supervised_row_is_the_tokens_own(tiny_recipe: Make, family: str, rows: str) -> None:
    """By the attention that an ordinary capture shows."""
    model = model_of(tiny_recipe, family, "model.dropout=0")
    links = [(0, 0, 1), (1, 0, 0), (1, 2, 1), (1, 2, 0)]
    batch = batch_of(links)
    config = GuidedAlignmentConfig(weight=2.0, rows=rows)  # type: ignore[arg-type]
    plain = TranslationObjective()(model, batch)
    guided = GuidedObjective.of(TranslationObjective(), config, model)(model, batch)
    with capture(model) as trace:
        TranslationObjective()(model, batch)
    weights = trace.layers("weights", "cross")[0][:, 0]
    shift = int(rows == "input")
    expected = -(
        weights[0, 0 + shift, 1].log() + weights[1, 0 + shift, 0].log() + weights[1, 2 + shift, :2].log().mean()
    )
    assert set(guided.parts) == {"alignment_loss"}
    torch.testing.assert_close(guided.parts["alignment_loss"], expected)
    torch.testing.assert_close(guided.likelihood, plain.likelihood)
    torch.testing.assert_close(guided.total, plain.total + 2.0 * expected)
    assert guided.count == plain.count


def gradients(loss: torch.Tensor, model: EncoderDecoder) -> dict[str, torch.Tensor]:
    names, values = zip(*model.named_parameters(), strict=True)
    found = torch.autograd.grad(loss, values, allow_unused=True)
    return {name: torch.zeros(()) if grad is None else grad for name, grad in zip(names, found, strict=True)}


def test_gradients_reach_attention_and_nothing_above_it(tiny_recipe: Make, family: str) -> None:
    """The translation's part of the gradient is that of the fast kernels; the links' part goes to queries and keys."""
    model = model_of(tiny_recipe, family, "model.dropout=0")
    batch = batch_of([(0, 0, 1), (1, 1, 0), (1, 1, 1)])
    objective = GuidedObjective.of(TranslationObjective(), GuidedAlignmentConfig(weight=3.0), model)
    plain = gradients(TranslationObjective()(model, batch).total, model)
    guided = gradients(objective(model, batch).total, model)
    unlinked = gradients(objective(model, replace(batch, links=None)).total, model)
    own = [name for name in plain if name.startswith(objective.module)]
    changed = {name for name in plain if not torch.allclose(plain[name], guided[name], atol=1e-5)}
    for part in ("key",) if family == "luong" else ("query", "key"):  # general: hₜ itself is the query
        assert any(part in name for name in changed & set(own))
    assert any(name.startswith("encoder_module.") for name in changed)
    above = {
        "transformer": ("decoder_module.layers.0.feed_forward", f"{objective.module}.output"),
        "recurrent": ("decoder_module.output_layer",),
        "luong": ("decoder_module.output.bias",),  # what predicts is fed back, so that it is below as well
    }
    assert any(name.startswith(above[family]) for name in plain)
    for name in plain:
        if name.startswith(above[family]):
            torch.testing.assert_close(guided[name], plain[name], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(unlinked[name], plain[name])


def test_the_penultimate_layer_is_the_default(tiny_recipe: Make) -> None:
    model = model_of(tiny_recipe, "transformer", "model.num_decoder_layers=3")
    layers = observable_names(model, "cross")
    for layer, expected in (("penultimate", 1), (-1, 2), (0, 0)):
        config = GuidedAlignmentConfig(layer=layer)  # type: ignore[arg-type]
        assert GuidedObjective.of(TranslationObjective(), config, model).module == layers[expected]


@pytest.fixture(scope="module")
def reversal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Words to be written in capitals and backwards, with exact links: train and dev, each .s, .t and .align."""
    folder = tmp_path_factory.mktemp("reversal")
    draw = random.Random(7)
    for name, count in (("train", 600), ("dev", 60)):
        lines = [draw.choices(WORDS, k=draw.randint(3, 7)) for _ in range(count)]
        for suffix, written in (
            ("s", [" ".join(line) for line in lines]),
            ("t", [" ".join(word.upper() for word in reversed(line)) for line in lines]),
            ("align", [" ".join(f"{i}-{len(line) - 1 - i}" for i in range(len(line))) for line in lines]),
        ):
            (folder / f"{name}.{suffix}").write_text("".join(f"{line}\n" for line in written))
    return folder


def reversal_recipe(folder: Path, family: str, *overrides: str, guided: bool) -> Recipe:
    return read_recipe(
        "small",
        train=[folder / "train.s", folder / "train.t"],
        valid=[folder / "dev.s", folder / "dev.t"],
        alignment=folder / "train.align" if guided else None,
        overrides=(*REVERSAL, *MODELS[family], *overrides),
    )


@pytest.mark.parametrize(("family", "rows"), [("recurrent", "predicted"), ("transformer", "input")])
def test_guided_training_gives_far_better_links(tmp_path: Path, reversal: Path, family: str, rows: str) -> None:
    sources, targets = ((reversal / f"dev.{side}").read_text().splitlines() for side in ("s", "t"))
    gold = read_alignments(reversal / "dev.align")
    config = AlignmentConfig(head=0, rows=rows, words="whitespace")  # type: ignore[arg-type]
    errors = {}
    for guided in (True, False):
        settings = ["training.steps=90"]
        if guided:
            settings += ["training.guided_alignment.weight=1.0", f"training.guided_alignment.rows={rows}"]
        train(reversal_recipe(reversal, family, *settings, guided=guided), tmp_path / str(guided))
        found = align_corpus(Translator.load(tmp_path / str(guided)), sources, targets, config)
        errors[guided] = score_alignments(found, gold).aer
    assert errors[True] < 0.3 < 0.6 < errors[False]
    logged = [json.loads(line) for line in (tmp_path / "True" / "metrics.jsonl").read_text().splitlines()]
    assert all("alignment_loss" in line for line in logged if "loss" in line)
    guided, free = (load_bundle(tmp_path / name) for name in ("True", "False"))
    assert guided.card is not None
    assert guided.card["training"]["guided_alignment"]["weight"] == 1.0
    assert AlignmentConfig(words="whitespace").at(guided.aligning_head) == config
    assert AlignmentConfig().at(free.aligning_head) == AlignmentConfig()


@pytest.fixture
def linked(corpus: tuple[Path, Path], tmp_path: Path) -> Path:
    """Exact links of the made-up corpus."""
    path = tmp_path / "train.align"
    lines = corpus[0].read_text(encoding="utf-8").splitlines()
    path.write_text("".join(" ".join(f"{n}-{n}" for n in range(len(line.split()))) + "\n" for line in lines))
    return path


def with_links(recipe: Recipe, path: Path, **settings: object) -> Recipe:
    guided = GuidedAlignmentConfig(**settings)  # type: ignore[arg-type]
    [corpus] = recipe.data.train
    data = msgspec.structs.replace(recipe.data, train=(msgspec.structs.replace(corpus, alignment=str(path)),))
    training = msgspec.structs.replace(recipe.training, guided_alignment=guided)
    return msgspec.structs.replace(recipe, data=data, training=training)


def test_stopped_and_resumed_equals_uninterrupted(
    tmp_path: Path, tiny_recipe: Make, family: str, linked: Path, stop_at: StopAt
) -> None:
    """Also with a part held out, whose links are dealt out with the pairs."""
    recipe = with_links(tiny_recipe(family), linked, weight=0.5)
    train(recipe, tmp_path / "whole")
    report = train(recipe, tmp_path / "parts", **stop_at(0.3))
    assert 0 < report.outcome.state.step < 8
    train(None, tmp_path / "parts", resume=True)
    first, second = (sha256(tmp_path / name / "bundle" / "model.safetensors") for name in ("whole", "parts"))
    assert first == second
    held_out = tmp_path / "whole" / "held-out" / "0"
    lengths = [len(line.split()) for line in (held_out / "train.source").read_text(encoding="utf-8").splitlines()]
    assert [len(line.split()) for line in (held_out / "train.align").read_text().splitlines()] == lengths


def test_links_change_the_weights(tmp_path: Path, tiny_recipe: Make, family: str, linked: Path) -> None:
    recipe = tiny_recipe(family, "model.dropout=0", "training.steps=2")
    train(recipe, tmp_path / "plain")
    train(with_links(recipe, linked), tmp_path / "guided")
    plain, guided = (sha256(tmp_path / name / "bundle" / "model.safetensors") for name in ("plain", "guided"))
    assert plain != guided


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"layer": 3}, "layer = 3: the model has the layers 0 to 0"),
        ({"head": 2}, "head = 2: the layer has the heads 0 to"),
    ],
)
def test_attention_that_is_not_there(
    tmp_path: Path, tiny_recipe: Make, family: str, linked: Path, settings: dict[str, int], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        train(with_links(tiny_recipe(family), linked, **settings), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_model_without_attention_is_refused(tmp_path: Path, tiny_recipe: Make, linked: Path) -> None:
    recipe = with_links(tiny_recipe("recurrent"), linked)
    assert isinstance(recipe.model, RecurrentConfig)
    recipe = msgspec.structs.replace(recipe, model=msgspec.structs.replace(recipe.model, attention=NoAttention()))
    with pytest.raises(ConfigurationError, match="this model has none"):
        train(recipe, tmp_path / "run")


def test_links_and_guidance_go_together(tmp_path: Path, tiny_recipe: Make, linked: Path) -> None:
    plain = tiny_recipe("recurrent")
    both = with_links(plain, linked)
    with pytest.raises(ConfigurationError, match="needs word links"):
        train(msgspec.structs.replace(plain, training=both.training), tmp_path / "run")
    with pytest.raises(ConfigurationError, match="nothing uses the alignment"):
        train(msgspec.structs.replace(both, training=plain.training), tmp_path / "run")
    valid = msgspec.structs.replace(both.data, valid=both.data.train[0])
    with pytest.raises(ConfigurationError, match=r"data\.valid\.alignment is not used"):
        train(msgspec.structs.replace(both, data=valid), tmp_path / "run")
    with pytest.raises(ConfigurationError, match="weight"):
        GuidedAlignmentConfig(weight=0.0)


def test_links_of_other_files_are_refused_before_anything_is_left(
    tmp_path: Path, tiny_recipe: Make, linked: Path
) -> None:
    recipe = with_links(tiny_recipe("transformer"), linked)
    for text, words in (("0-0\n", "1 lines for 40 pairs"), ("0-0\n" * 39 + "0-99\n", "outside its sentences")):
        linked.write_text(text)
        with pytest.raises(DataError, match=words):
            train(recipe, tmp_path / "run")
        assert not (tmp_path / "run").exists()
