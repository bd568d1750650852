"""A workspace with tiny models of random weights and tokenizers of several formats, and a client of its studio."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from starlette.testclient import TestClient
from tests.studio.languages import check_tables, is_known_message

from atento.bundle import AnyBundle, Bundle, save_bundle, vocabulary_of
from atento.decoding.configuration import DecodingConfig
from atento.models.bert import BertConfig
from atento.models.build import ModelConfig, build_classifier, build_model
from atento.models.gpt import GPTConfig
from atento.models.recurrent import AdditiveAttentionConfig, NoAttention, RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.studio.app import create_app
from atento.studio.workspace import Workspace
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer

TEXT = "a vida é bela o que nosso irmão diga lá onde fica estação hoje não sei quando ele vem qué hermano la casa"
WORDS = TEXT.split()
SIZES = {"model_size": 16, "num_heads": 2, "feed_forward_size": 24}
CONFIGS: dict[str, ModelConfig] = {
    "recurrent": RecurrentConfig(
        embedding_size=8, hidden_size=8, attention=AdditiveAttentionConfig(size=6), tied_embeddings="none"
    ),
    "plain": RecurrentConfig(
        embedding_size=8, hidden_size=8, cell="gru", attention=NoAttention(), tied_embeddings="none"
    ),
    "transformer": TransformerConfig(**SIZES, num_encoder_layers=2, num_decoder_layers=3, tied_embeddings="none"),
    "gpt": GPTConfig(**SIZES, num_layers=2, max_positions=40),
    "bert": BertConfig(**SIZES, num_layers=2, max_positions=40),
}
BASE = "http://127.0.0.1:8765"
Post = Callable[..., Any]


def trained(kind: Kind, size: int, *, mask: bool = False) -> Tokenizer:
    draw = random.Random(4)
    lines = [" ".join(draw.choices(WORDS, k=6)) for _ in range(150)]
    return train_tokenizer(lines, TokenizerConfig(kind=kind, vocab_size=size, min_frequency=1, mask=mask))


def _bundle(family: str) -> AnyBundle:
    config = CONFIGS[family]
    own = trained("byte-bpe", 300, mask=family == "bert")
    model = build_model(config, vocabulary_of(own, own), seed=2).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter *= 2.0
    languages = {"source_language": "pt", "target_language": "es"} if family not in ("gpt", "bert") else {}
    return Bundle(
        model=model, model_config=config, source_tokenizer=own, target_tokenizer=own,
        decoding=DecodingConfig(beam_size=3, max_length=12), card={"training": {"ended_by": "budget"}}, **languages,
    )  # fmt: skip


def _classifier() -> AnyBundle:
    own = trained("byte-bpe", 300, mask=True)
    config = CONFIGS["bert"]
    assert isinstance(config, BertConfig)
    model = build_classifier(config, vocabulary_of(own, own), 2, seed=2).eval()
    return Bundle(model=model, model_config=config, source_tokenizer=own, target_tokenizer=own, classes=("a", "b"))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace's folder, which tests only read."""
    root = tmp_path_factory.mktemp("workspace")
    for family in CONFIGS:
        save_bundle(_bundle(family), root / "runs" / family / "bundle")
    save_bundle(_classifier(), root / "runs" / "classes" / "bundle")
    trained("bpe", 330).save(root / "bpe.json")
    trained("unigram", 320).save(root / "deep" / "unigram" / "tokenizer.json")
    (root / "bert").mkdir()
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefgh", *(f"##{c}" for c in "abcdefgh"), "ca", "##be"]
    (root / "bert" / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    (root / "notes.json").write_text('{"nothing": "of interest"}', encoding="utf-8")
    (root / "text.pt").write_text("a vida é bela\no que diga\nnosso irmão\n", encoding="utf-8")
    (root / "text.es").write_text("la vida é bela\nqué diga\nhermano\n", encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the built-in tokenizers are kept, once for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stands for the built page."""
    root = tmp_path_factory.mktemp("page")
    (root / "assets").mkdir()
    (root / "index.html").write_text("<!doctype html><title>Atento</title>", encoding="utf-8")
    (root / "assets" / "index-abc123.js").write_text("export {}", encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def client(folder: Path, cache: Path, page: Path) -> Iterator[TestClient]:
    app = create_app(Workspace(folder), cache=cache, page=page)
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def post(client: TestClient) -> Post:
    """Asks, and gives the answer's JSON if it has the status that is wanted; a refusal's message. All must be known in
    the page's languages."""

    def ask(path: str, body: object, status: int = 200) -> Any:
        answer = client.post(f"/api/{path}", json=body)
        assert answer.status_code == status, answer.text
        found = answer.json()
        if status == 200:
            check_tables(found)
            return found
        message = found["error"]["message"]
        assert message
        assert "\n" not in message
        assert is_known_message(message), f"{message!r} has no translation in web/src/words/library.json"
        return message

    return ask
