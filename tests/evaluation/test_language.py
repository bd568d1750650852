"""Sliding windows against a plain loop over every token."""

from pathlib import Path

import pytest
import torch

from atento.bundle import Bundle, vocabulary_of
from atento.core.errors import ConfigurationError
from atento.data.text_dataset import open_texts
from atento.data.text_files import Documents, TextFiles
from atento.evaluation.language import evaluate_language
from atento.models.build import build_model
from atento.models.gpt import GPTConfig, nothing_to_read
from atento.models.language_model import LanguageModel
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer

LINES = ["a vida é bela e breve", "o que", "é", "diga lá, meu irmão, onde fica a casa?"]


@pytest.fixture(scope="module")
def bundle() -> Bundle[LanguageModel]:
    tokenizer = train_tokenizer(LINES, TokenizerConfig(kind="char"))
    config = GPTConfig(model_size=16, num_heads=2, num_layers=1, max_positions=8, feed_forward_size=16)
    model = build_model(config, vocabulary_of(tokenizer, tokenizer), seed=1).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 8
    return Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)


def plain(bundle: Bundle[LanguageModel], documents: list[str], context: int, stride: int) -> float:
    """Window after window over all documents laid end to end, a token of another document never being read."""
    decoder, tokenizer = bundle.model.decoder, bundle.tokenizer
    places = []
    for number, document in enumerate(documents):
        ids = tokenizer.encode_batch([document])[0]
        places += [(number, read, label) for read, label in zip([2, *ids], [*ids, 3], strict=True)]
    nats, end = 0.0, 0
    while end < len(places):
        before = end
        end = min(end + stride, len(places)) if end else min(context, len(places))
        for place in range(before, end):
            first = max(0, end - context)
            mine = [read for number, read, _ in places[first : place + 1] if number == places[place][0]]
            memory = decoder.prepare(nothing_to_read(1))
            hidden, _ = decoder(torch.tensor([mine]), memory, decoder.start(memory))
            nats -= float(decoder.logits(hidden)[0, -1].log_softmax(-1)[places[place][2]].detach())
    return nats


@pytest.mark.parametrize("documents", ["line", "file"])
@pytest.mark.parametrize(("context", "stride"), [(8, 8), (8, 3), (5, 1), (None, None)])
def test_every_token_is_predicted_once_with_its_window(
    bundle: Bundle[LanguageModel], tmp_path: Path, documents: Documents, context: int | None, stride: int | None
) -> None:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(LINES), encoding="utf-8")
    dataset = open_texts([TextFiles(text=str(path))], documents, bundle.tokenizer, cache=tmp_path)
    report = evaluate_language(bundle, dataset, words=20, context=context, stride=stride, batch_tokens=20)
    texts = LINES if documents == "line" else ["".join(f"{line}\n" for line in LINES)]
    assert report.tokens == sum(len(text) + 1 for text in texts)
    assert report.size == sum(len(text.encode()) for text in texts)
    assert report.nats == pytest.approx(plain(bundle, texts, context or 8, stride or 4), rel=1e-5)
    assert report.loss == report.nats / report.tokens


def test_a_window_that_does_not_fit_is_refused(bundle: Bundle[LanguageModel], tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(LINES[0], encoding="utf-8")
    dataset = open_texts([TextFiles(text=str(path))], "line", bundle.tokenizer, cache=tmp_path)
    for context, stride, words in ((9, None, "context = 9: give 1 to 8"), (4, 5, "stride = 5"), (4, 0, "stride = 0")):
        with pytest.raises(ConfigurationError, match=words):
            evaluate_language(bundle, dataset, words=4, context=context, stride=stride)
