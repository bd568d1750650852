"""A model that reads only so many tokens says so before its first step."""

from collections.abc import Callable
from pathlib import Path

import pytest

from atento.core.errors import DataError
from atento.core.progress import Silent
from atento.training.recipe import Recipe
from atento.training.run import train

Make = Callable[..., Recipe]
LOCATION = "model.attention.score=location"


class Heard(Silent):
    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.mark.parametrize(
    ("family", "limit", "side"),
    [
        ("luong", (LOCATION, "model.attention.max_source_length=5"), "source"),
        ("transformer", ("model.position=learned", "model.max_positions=5"), "source"),
    ],
)
def test_a_pair_that_is_too_long_is_named_and_nothing_is_left(
    tmp_path: Path, tiny_recipe: Make, family: str, limit: tuple[str, ...], side: str
) -> None:
    wanted = rf"line \d+: a {side} of \d tokens .* longer than the 5 .* set data.max_length to 4 or less"
    with pytest.raises(DataError, match=wanted):
        train(tiny_recipe(family, *limit), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_max_length_leaves_out_is_not_translated_in_validation_either(tmp_path: Path, tiny_recipe: Make) -> None:
    recipe = tiny_recipe(
        "luong", LOCATION, "model.attention.max_source_length=5", "data.max_length=4", "training.batch_tokens=30",
        "training.validation_sentences=12", "training.steps=2", "training.validate_every=2", "data.held_out=12",
    )  # fmt: skip
    heard = Heard()
    report = train(recipe, tmp_path / "run", progress=heard)
    assert report.outcome.state.step == 2
    assert any("left out of BLEU and chrF" in message for message in heard.messages), heard.messages
