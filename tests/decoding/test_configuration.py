"""Every unusable decoding configuration gives one line that names the key."""

from __future__ import annotations

from typing import Any

import pytest

from atento.core.configuration import convert, to_builtins
from atento.core.errors import ConfigurationError
from atento.decoding.configuration import DecodingConfig


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"beam_size": 0}, "beam_size"),
        ({"n_best": 6}, "n_best"),
        ({"n_best": 0}, "n_best"),
        ({"max_length": 0}, "max_length"),
        ({"min_length": 300}, "min_length"),
        ({"min_length": -1}, "min_length"),
        ({"max_length_ratio": -0.5}, "max_length_ratio"),
        ({"max_length_ratio": float("nan")}, "max_length_ratio"),
        ({"max_length_extra": -1}, "max_length_extra"),
        ({"length_penalty": float("inf")}, "length_penalty"),
        ({"length_penalty": float("nan")}, "length_penalty"),
        ({"no_repeat_ngram_size": -2}, "no_repeat_ngram_size"),
        ({"sampling": True, "temperature": 0.0}, "temperature"),
        ({"sampling": True, "top_p": 0.0}, "top_p"),
        ({"sampling": True, "top_p": 1.5}, "top_p"),
        ({"sampling": True, "top_k": -1}, "top_k"),
        ({"sampling": True, "samples": 0}, "samples"),
        ({"sampling": True, "seed": -1}, "seed"),
        ({"sampling": True, "n_best": 2}, "n_best"),
        ({"temperature": 0.5}, "temperature"),
        ({"samples": 2}, "samples"),
        ({"batch_size": 0}, "batch_size"),
        ({"stopping": "never"}, "stopping"),
        ({"beem_size": 4}, "did you mean 'beam_size'"),
    ],
)
def test_an_unusable_value_is_refused_in_one_line(keys: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        convert(keys, DecodingConfig, where="recipe.toml")
    assert "\n" not in str(caught.value)


def test_a_configuration_survives_the_round_trip() -> None:
    chosen = DecodingConfig(sampling=True, samples=3, top_k=10, temperature=0.7, max_length_ratio=1.5)
    assert convert(to_builtins(chosen), DecodingConfig, where="here") == chosen
    assert (chosen.width, chosen.returned) == (3, 3)
    assert (DecodingConfig(n_best=2).width, DecodingConfig(n_best=2).returned) == (5, 2)


def test_an_infinite_ratio_is_no_limit_of_its_own() -> None:
    assert DecodingConfig(max_length_ratio=float("inf")) == DecodingConfig(max_length_ratio=None)
