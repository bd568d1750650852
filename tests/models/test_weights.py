"""A model's weights by name, out and in again."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from atento.core.vocabulary import Vocabulary
from atento.models.build import build_model
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.transformer import TransformerConfig
from atento.models.weights import is_finite, load_weights, save_tensors, weights

CONFIG = TransformerConfig(model_size=4, num_heads=2, feed_forward_size=5, num_encoder_layers=1, num_decoder_layers=1)


def model(seed: int) -> EncoderDecoder:
    return build_model(CONFIG, Vocabulary(source_size=9, target_size=9, shared=True), seed=seed)


def test_weights_written_and_loaded_into_another_model_make_it_the_same(tmp_path: Path) -> None:
    first, second = model(1), model(2)
    save_tensors(weights(first), tmp_path / "it")
    load_weights(second, load_file(tmp_path / "it"))
    assert all(torch.equal(value, weights(second)[name]) for name, value in weights(first).items())
    assert second.decoder.output.weight is second.encoder_module.embedding.tokens.weight, "and keeps what it shares"


def test_weights_that_do_not_fit_are_named_and_nothing_is_copied() -> None:
    values = weights(model(1))
    name = next(iter(values))
    other = model(2)
    before = {name: value.clone() for name, value in weights(other).items()}
    for wrong, words in (
        ({key: value for key, value in values.items() if key != name}, f"lacks '{name}' \\(1 of"),
        (values | {"more": torch.zeros(1)}, "has 'more'"),
        (values | {list(values)[-1]: torch.zeros(2, 3)}, r"has the shape \(2, 3\), not"),
    ):
        with pytest.raises(ValueError, match=words):
            load_weights(other, wrong)
        assert all(torch.equal(value, before[key]) for key, value in weights(other).items())


def test_what_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        save_tensors({"a": torch.zeros(2)}, tmp_path / "missing" / "it")


@pytest.mark.parametrize(
    ("numbers", "finite"),
    [
        ([1.0, -2.0], True),
        ([3e38, 3e38], True),  # whose sum is not
        ([float("nan"), 1.0], False),
        ([float("inf"), float("-inf")], False),
        ([1.0, float("-inf")], False),
    ],
)
def test_numbers_that_are_not_finite_are_found(numbers: list[float], finite: bool) -> None:
    assert is_finite(torch.tensor(numbers)) is finite
