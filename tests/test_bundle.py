"""A bundle comes back as it was, or is refused in one line; a failure while writing leaves the old one."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import load_file

from atento import bundle as module
from atento.bundle import Bundle, find_bundle, load_bundle, save_bundle, vocabulary_of
from atento.core import files
from atento.core.errors import BundleError, OutputError
from atento.core.files import sha256
from atento.decoding.configuration import DecodingConfig
from atento.models.build import ModelConfig, build_model
from atento.models.recurrent import AdditiveAttentionConfig, LuongAttentionConfig, RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.models.weights import weights
from atento.text.configuration import TokenizerConfig
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer

SENTENCES = [
    "a vida é bela",
    "o que é a vida, nosso irmão?",
    "diga lá",
    "la vida es bella",
    "¿qué es la vida, hermano?",
]
CONFIGS: dict[str, ModelConfig] = {
    "transformer": TransformerConfig(model_size=8, num_heads=2, feed_forward_size=12, num_encoder_layers=1),
    "recurrent": RecurrentConfig(embedding_size=4, hidden_size=4, attention=AdditiveAttentionConfig(size=3)),
    "luong": RecurrentConfig(
        embedding_size=4, hidden_size=4, attention=LuongAttentionConfig(score="concat", window="local-p", size=3)
    ),
}


def tokenizer(kind: str = "char") -> Tokenizer:
    size = {"char": 60, "bpe": 40, "word": 12}[kind]
    config = TokenizerConfig(kind=kind, vocab_size=size, byte_fallback=False, min_frequency=1)  # type: ignore[arg-type]
    return train_tokenizer(SENTENCES, config)


def make(family: str = "transformer", *, shared: bool = True, seed: int = 1) -> Bundle:
    source = tokenizer()
    target = source if shared else tokenizer("bpe")
    return Bundle(
        model=build_model(CONFIGS[family], vocabulary_of(source, target), seed=seed),
        model_config=CONFIGS[family],
        source_tokenizer=source,
        target_tokenizer=target,
        source_language="pt",
        target_language="es",
        decoding=DecodingConfig(beam_size=3, max_length_ratio=None, length_penalty=0.6),
        card={"data": ["Tatoeba"], "bleu": 30.5},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_bundle(make(), tmp_path / "bundle")
    return tmp_path / "bundle"


def refusal(path: Path) -> str:
    with pytest.raises(BundleError) as caught:
        load_bundle(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def same_weights(one: Bundle, other: Bundle) -> bool:
    pairs = ((value, weights(other.model)[name]) for name, value in weights(one.model).items())
    return all(torch.equal(first, second) for first, second in pairs)


@pytest.mark.parametrize("family", CONFIGS)
@pytest.mark.parametrize("shared", [True, False])
def test_a_bundle_comes_back_as_it_was(tmp_path: Path, family: str, shared: bool) -> None:
    bundle = make(family, shared=shared)
    save_bundle(bundle, tmp_path / "run" / "bundle")
    for path in (tmp_path / "run" / "bundle", tmp_path / "run"):
        found = load_bundle(path)
        assert same_weights(found, bundle)
        for name in ("model_config", "source_language", "target_language", "decoding", "card", "vocabulary"):
            assert getattr(found, name) == getattr(bundle, name)
        assert found.source_tokenizer.checksum == bundle.source_tokenizer.checksum
        assert found.target_tokenizer.checksum == bundle.target_tokenizer.checksum
        assert not found.model.training
        assert not any(parameter.requires_grad for parameter in found.model.parameters())
        assert found.model.num_parameters == bundle.model.num_parameters


def test_its_files_are_safetensors_and_json_and_each_shared_matrix_is_there_once(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "card.json", "config.json", "model.safetensors", "tokenizer.json",
    ]  # fmt: skip
    for path in folder.glob("*.json"):
        assert isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
    tensors = load_file(folder / "model.safetensors")
    assert sum(tensor.numel() for tensor in tensors.values()) == make().model.num_parameters


def test_the_same_bundle_gives_the_same_files(folder: Path, tmp_path: Path) -> None:
    save_bundle(make(), tmp_path / "again")
    save_bundle(load_bundle(folder), tmp_path / "third")
    for path in folder.iterdir():
        assert sha256(path) == sha256(tmp_path / "again" / path.name) == sha256(tmp_path / "third" / path.name)


def test_other_weights_can_be_written_in_place_of_the_models(tmp_path: Path) -> None:
    bundle, other = make(), make(seed=2)
    save_bundle(bundle, tmp_path / "it", values=weights(other.model))
    assert same_weights(load_bundle(tmp_path / "it"), other)


def rewritten(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    table = json.loads(path.read_text(encoding="utf-8"))
    change(table)
    path.write_text(json.dumps(table), encoding="utf-8")


def with_id(folder: Path, *, name: str, number: int) -> None:
    rewritten(folder / "config.json", lambda table: table["vocabulary"].update({name: number}))  # type: ignore[attr-defined]


def with_size(folder: Path, *, name: str, size: int = 10**12) -> None:
    rewritten(folder / "config.json", lambda table: table["model"].update({name: size}))  # type: ignore[attr-defined]


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "model.safetensors is missing or damaged"),
    "empty weights": (lambda f: (f / "model.safetensors").write_bytes(b""), "model.safetensors is missing or damaged"),
    "truncated weights": (
        lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:-7]),
        "model.safetensors is missing or damaged",
    ),
    "truncated header": (
        lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:50]),
        "model.safetensors is missing or damaged",
    ),
    "pickled weights": (
        lambda f: (f / "model.safetensors").write_bytes(b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00"),
        "model.safetensors is missing or damaged",
    ),
    "truncated configuration": (
        lambda f: (f / "config.json").write_bytes((f / "config.json").read_bytes()[:40]), "config.json is damaged",
    ),
    "configuration in Latin-1": (
        lambda f: (f / "config.json").write_bytes(b'{"format": "\xe9"}'), "config.json is damaged",
    ),
    "a list": (lambda f: (f / "config.json").write_text("[1]"), "config.json is not from Atento"),
    "Hugging Face's": (
        lambda f: (f / "config.json").write_text('{"model_type": "marian"}'), "config.json is not from Atento",
    ),
    "newer version": (lambda f: rewritten(f / "config.json", lambda t: t.update(version=2)), "version 2"),
    "unknown model": (
        lambda f: rewritten(f / "config.json", lambda t: t["model"].update(kind="mamba")), "'mamba' is unknown",  # type: ignore[attr-defined]
    ),
    "unknown key": (
        lambda f: rewritten(f / "config.json", lambda t: t["model"].update(modle_size=4)), "did you mean 'model_size'",  # type: ignore[attr-defined]
    ),
    "impossible model": (
        lambda f: rewritten(f / "config.json", lambda t: t["model"].update(num_heads=3)), "num_heads = 3",  # type: ignore[attr-defined]
    ),
    "missing key": (lambda f: rewritten(f / "config.json", lambda t: t.pop("vocabulary")), "vocabulary"),
    "another shape": (
        lambda f: rewritten(f / "config.json", lambda t: t["model"].update(feed_forward_size=16)), "has the shape",  # type: ignore[attr-defined]
    ),
    "another layer": (
        lambda f: rewritten(f / "config.json", lambda t: t["model"].update(num_encoder_layers=2)), "it lacks",  # type: ignore[attr-defined]
    ),
    "another vocabulary": (
        lambda f: rewritten(f / "config.json", lambda t: t["vocabulary"].update(source_size=7)),  # type: ignore[attr-defined]
        "different vocabulary sizes",
    ),
    **{
        f"{name} = {number}": (partial(with_id, name=name, number=number), f"vocabulary.{name} = {number}")
        for name in ("pad", "unk", "bos", "eos", "decoder_start", "mask")
        for number in (-1, 99, 10**12)
    },
    "an absurd vocabulary": (partial(with_id, name="target_size", number=10**12), "must be at most 16,777,216"),
    "absurdly many layers": (partial(with_size, name="num_encoder_layers"), "must be at most 1,000"),
    "an absurd size": (partial(with_size, name="model_size"), "must be at most 16,777,216"),
    "a size that no memory holds": (partial(with_size, name="model_size", size=2**24), "has the shape"),
    "deep configuration": (lambda f: (f / "config.json").write_text("[" * 100_000), "it is nested too deeply"),
    "a translator with classes": (
        lambda f: rewritten(f / "config.json", lambda t: t.update(classes=["a", "b"])), "cannot be a classifier",
    ),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json is missing"),
    "another tokenizer": (lambda f: tokenizer("word").save(f / "tokenizer.json"), "not the tokenizer that this model"),
    "truncated tokenizer": (
        lambda f: (f / "tokenizer.json").write_bytes((f / "tokenizer.json").read_bytes()[:99]), "checksum",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_or_foreign_bundle_is_refused_in_one_line(folder: Path, damage: str) -> None:
    spoil, words = DAMAGES[damage]
    spoil(folder)
    assert words in refusal(folder)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite_are_named(folder: Path, number: float) -> None:
    values = load_file(folder / "model.safetensors")
    values["encoder_module.norm.bias"][2] = number
    save_bundle(make(), folder, values=values)
    assert "'encoder_module.norm.bias' holds NaN or infinite numbers" in refusal(folder)


def test_a_mask_that_its_tokenizer_has_is_missed(tmp_path: Path) -> None:
    config = TokenizerConfig(kind="char", vocab_size=60, mask=True)
    own = train_tokenizer(SENTENCES, config)
    model = build_model(CONFIGS["transformer"], vocabulary_of(own, own), seed=1)
    save_bundle(replace(make(), model=model, source_tokenizer=own, target_tokenizer=own), tmp_path / "it")
    rewritten(tmp_path / "it" / "config.json", lambda table: table["vocabulary"].update(mask=None))  # type: ignore[attr-defined]
    assert "vocabulary.mask = none, and its tokenizer has 4" in refusal(tmp_path / "it")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"classes": ["a", "a"]}, "classes = ['a', 'a']"),
        ({"classes": ["a"]}, "two or more different names"),
        ({"classes": ["a", " "]}, "two or more different names"),
        ({"classes": ["a\tb", "c"]}, "without tabs and line breaks"),
        ({"classes": ["a\nb", "c"]}, "without tabs and line breaks"),
        ({"context": 0}, "context = 0: it is 3 or more"),
        ({"context": -1}, "context = -1: it is 3 or more"),
    ],
)
def test_classes_and_contexts_that_no_classifier_has(folder: Path, change: dict[str, object], words: str) -> None:
    rewritten(folder / "config.json", lambda table: table.update(change))
    assert words in refusal(folder)


def test_exchanged_tokenizers_are_refused(tmp_path: Path) -> None:
    save_bundle(make(shared=False), tmp_path / "it")
    source, target = tmp_path / "it" / "source.tokenizer.json", tmp_path / "it" / "target.tokenizer.json"
    held = source.read_bytes()
    source.write_bytes(target.read_bytes())
    target.write_bytes(held)
    assert "not the tokenizer" in refusal(tmp_path / "it")


def test_a_bundle_works_without_its_card(folder: Path) -> None:
    for content in ("{", "[" * 100_000):
        (folder / "card.json").write_text(content)
        assert load_bundle(folder).card == {}
    (folder / "card.json").unlink()
    assert load_bundle(folder).card == {}


def test_paths_that_hold_no_bundle_are_told_apart(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    assert "is no bundle" in refusal(tmp_path / "empty")
    (tmp_path / "file").write_text("{}")
    assert "is no bundle" in refusal(tmp_path / "file")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.toml").touch()
    assert "has no bundle yet" in refusal(tmp_path / "run")
    (tmp_path / "begun" / "checkpoints").mkdir(parents=True)
    assert "--resume" in refusal(tmp_path / "begun")


@pytest.mark.parametrize("where", ["tokenizer", "weights", "flush"])
def test_a_full_disk_while_writing_leaves_the_old_bundle(
    folder: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    place, name = {
        "tokenizer": (Tokenizer, "save"), "weights": (module, "save_tensors"), "flush": (files.os, "fsync"),
    }[where]  # fmt: skip
    monkeypatch.setattr(place, name, full)
    with pytest.raises(OutputError, match="No space left") as caught:
        save_bundle(make(seed=2), folder)
    assert "\n" not in str(caught.value)
    assert same_weights(load_bundle(folder), make())
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


def test_a_full_disk_inside_the_weights_library_is_a_full_disk(folder: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits of a process are POSIX only")
    signal = pytest.importorskip("signal")
    old_limit, old_action = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = (folder / "model.safetensors").stat().st_size
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size - 1, old_limit[1]))
        with pytest.raises(OutputError) as caught:
            save_bundle(make(seed=2), folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)
        signal.signal(signal.SIGXFSZ, old_action)
    assert "File too large" in str(caught.value)
    assert same_weights(load_bundle(folder), make())


def test_any_other_failure_while_writing_leaves_the_old_bundle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "_write_json", broken)
    with pytest.raises(ZeroDivisionError):
        save_bundle(make(seed=2), folder)
    assert same_weights(load_bundle(folder), make())
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


def test_a_kill_between_the_two_renames_still_leaves_a_bundle_to_read(folder: Path) -> None:
    aside = folder.with_name(".bundle.old")
    folder.rename(aside)
    assert find_bundle(folder) == find_bundle(folder.parent) == aside
    assert same_weights(load_bundle(folder.parent), make())
    save_bundle(make(seed=2), folder)
    assert same_weights(load_bundle(folder), make(seed=2))
    assert not aside.exists()


def test_a_new_bundle_takes_the_old_ones_place_whole(tmp_path: Path) -> None:
    save_bundle(make(shared=False), tmp_path / "it")
    save_bundle(make("recurrent"), tmp_path / "it")
    assert not (tmp_path / "it" / "source.tokenizer.json").exists()
    assert load_bundle(tmp_path / "it").model_config == CONFIGS["recurrent"]


def test_a_bundle_can_be_moved(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere é"
    shutil.move(folder, moved)
    assert same_weights(load_bundle(moved), make())


def test_the_vocabulary_is_shared_where_both_tokenizers_are_the_same() -> None:
    first, second, other = tokenizer(), tokenizer(), tokenizer("bpe")
    assert vocabulary_of(first, second).shared
    assert not vocabulary_of(first, other).shared
    vocabulary = vocabulary_of(first, other)
    assert (vocabulary.source_size, vocabulary.target_size) == (first.size, other.size)
    assert vocabulary.decoder_start == other.bos


def test_the_decoding_defaults_come_back_also_where_none_is_not_the_default(folder: Path) -> None:
    assert load_bundle(folder).decoding.max_length_ratio is None
    assert msgspec.structs.replace(load_bundle(folder).decoding, max_length_ratio=2.0) != make().decoding
