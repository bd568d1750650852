"""Pseudo-perplexity of a file against a plain loop over its chunks."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
import torch

from atento.bundle import Bundle, vocabulary_of
from atento.core.errors import ConfigurationError
from atento.data.text_dataset import open_texts
from atento.data.text_files import TextFiles
from atento.evaluation.masked_language import evaluate_masked_language
from atento.models.bert import BertConfig
from atento.models.build import build_model
from atento.models.masked_language_model import MaskedLanguageModel
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer

LINES = ["a vida é bela e breve", "o que", "é", "diga lá, meu irmão, onde fica a casa?"]


@pytest.fixture(scope="module")
def bundle() -> Bundle[MaskedLanguageModel]:
    tokenizer = train_tokenizer(LINES, TokenizerConfig(kind="char", mask=True))
    config = BertConfig(model_size=16, num_heads=2, num_layers=1, max_positions=10, feed_forward_size=16)
    model = build_model(config, vocabulary_of(tokenizer, tokenizer), seed=1).eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter *= 4
    return Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)


@pytest.mark.parametrize("context", [10, 6, None])
def test_every_token_is_guessed_once_from_its_chunk(
    bundle: Bundle[MaskedLanguageModel], tmp_path: Path, context: int | None
) -> None:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(LINES), encoding="utf-8")
    dataset = open_texts([TextFiles(text=str(path))], "line", bundle.tokenizer, cache=tmp_path)
    report = evaluate_masked_language(bundle, dataset, words=16, context=context)
    width, nats = (context or 10) - 2, 0.0
    for line in LINES:
        ids = bundle.tokenizer.encode_batch([line])[0]
        pieces = -(-len(ids) // width)
        bounds = [len(ids) * place // pieces for place in range(pieces + 1)]
        for first, last in itertools.pairwise(bounds):
            chunk = ids[first:last]
            for place, token in enumerate(chunk):
                tokens = torch.tensor([[2, *chunk[:place], 4, *chunk[place + 1 :], 3]])
                encoding = bundle.model.encoder(tokens, torch.ones_like(tokens, dtype=torch.bool))
                nats -= float(bundle.model.head.logits(encoding.annotations)[0, place + 1].log_softmax(-1)[token])
    assert report.nats == pytest.approx(nats, rel=1e-5)
    assert report.tokens == sum(map(len, LINES))
    assert report.figures()["pseudo_perplexity"] == pytest.approx(math.exp(nats / report.tokens), rel=1e-5)


def test_a_context_that_does_not_fit_is_refused(bundle: Bundle[MaskedLanguageModel], tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(LINES[0], encoding="utf-8")
    dataset = open_texts([TextFiles(text=str(path))], "line", bundle.tokenizer, cache=tmp_path)
    for context in (2, 11):
        with pytest.raises(ConfigurationError, match=f"context = {context}: give 3 to 10"):
            evaluate_masked_language(bundle, dataset, words=4, context=context)
