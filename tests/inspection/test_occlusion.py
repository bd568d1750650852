"""Occlusion against a computation without batches, padding or several steps at once."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from atento.core.errors import DataError
from atento.inspection.occlusion import occlude
from atento.text.words import segment

SOURCE, TARGET = "o gato come peixe às dez", "cão vê água grande."


def stepwise(bundle: Any, source: list[int], target: list[int]) -> list[float]:
    """log p of each target token, a step at a time, of one source alone."""
    model, previous, found = bundle.model, bundle.vocabulary.decoder_start, []
    with torch.inference_mode():
        encoding = model.encoder(torch.tensor([source]), torch.ones(1, len(source), dtype=torch.bool))
        memory = model.decoder.prepare(encoding)
        state = model.decoder.start(memory)
        for token in target:
            hidden, state = model.decoder(torch.tensor([[previous]]), memory, state)
            found.append(float(model.decoder.logits(hidden)[0, 0].log_softmax(-1)[token]))
            previous = token
    return found


def by_words(tokens: Any, text: str) -> list[list[int]]:
    """The places of each word's tokens; a lone space belongs to the word after it."""
    words = segment(text)
    owners = [
        next(n for n, (start, stop) in enumerate(words) if stop > max(span[0], span[1] - 1)) for span in tokens.spans
    ]
    return [[place for place, owner in enumerate(owners) if owner == word] for word in range(len(words))]


@pytest.mark.parametrize("kind", ["bpe", "word", "byte-bpe"])
@pytest.mark.parametrize("family", ["recurrent", "transformer"])
def test_it_is_what_the_model_says_without_each_word(
    tiny: ModuleType, family: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atento.inspection.occlusion._BATCH_SIZE", 3)
    bundle = tiny.bundle_of(family) if kind == "bpe" else bundle_of_kind(tiny, family, kind)
    source, target = bundle.source_tokenizer.encode(SOURCE), bundle.target_tokenizer.encode(TARGET)
    ids, written = [*source.ids, bundle.vocabulary.eos], [*target.ids, bundle.vocabulary.eos]
    words, rows = by_words(source, SOURCE), [*by_words(target, TARGET), [len(written) - 1]]

    def summed(places_out: list[int]) -> np.ndarray:
        kept = [number for place, number in enumerate(ids) if place not in places_out]
        values = stepwise(bundle, kept, written)
        return np.array([sum(values[place] for place in row) for row in rows])

    found = occlude(bundle, SOURCE, TARGET)
    whole = summed([])
    expected = np.stack([whole - summed(places) for places in words], axis=1)
    assert found.differences.shape == (len(rows), len(words))
    assert np.allclose(found.log_probabilities, whole, atol=1e-4)
    assert np.allclose(found.differences, expected, atol=1e-4)
    assert np.abs(found.differences).max() > 0.01
    assert found.source == tuple(SOURCE.split())
    assert found.target[-2:] == (".", "</s>")
    assert found.source_spans == tuple(segment(SOURCE))
    assert found.target_spans == (*segment(TARGET), None)


def bundle_of_kind(tiny: ModuleType, family: str, kind: str) -> Any:
    from atento.bundle import Bundle, vocabulary_of
    from atento.models.build import build_model

    own = tiny.tokenizer(kind, 20 if kind == "word" else 300)
    model = build_model(tiny.CONFIGS[family], vocabulary_of(own, own), seed=3).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel()))
    return Bundle(model=model, model_config=tiny.CONFIGS[family], source_tokenizer=own, target_tokenizer=own)


def test_a_source_of_one_word_is_compared_with_an_empty_one(tiny: ModuleType) -> None:
    bundle = tiny.bundle_of("transformer")
    found = occlude(bundle, "gato", "cão")
    target = [*bundle.target_tokenizer.encode("cão").ids, bundle.vocabulary.eos]
    nothing = stepwise(bundle, [bundle.vocabulary.eos], target)
    assert found.differences.shape == (2, 1)
    assert found.log_probabilities[1] - found.differences[1, 0] == pytest.approx(nothing[-1], abs=1e-4)


@pytest.mark.parametrize(("source", "target"), [("", "a"), ("a", " "), (" \n", "")])
def test_an_empty_side_is_refused(tiny: ModuleType, source: str, target: str) -> None:
    with pytest.raises(DataError, match="empty"):
        occlude(tiny.bundle_of("recurrent"), source, target)
