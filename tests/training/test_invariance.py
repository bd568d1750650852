"""A trained model's hypotheses and scores do not depend on batch size, order or neighbours (reduced).

``tests/acceptance`` does the same with larger models and a whole test set.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from atento.applications.translator import Translation, Translator
from atento.decoding.configuration import DecodingConfig
from atento.training.recipe import Recipe
from atento.training.run import train

Make = Callable[..., Recipe]
TOLERANCE = 1e-4


def decode(translator: Translator, sentences: list[str], order: list[int], config: DecodingConfig) -> list[Translation]:
    """Translations in the order of the sentences, which are given in another one."""
    found = translator.translate([sentences[number] for number in order], decoding=config)
    return [translation for _, translation in sorted(zip(order, found, strict=True), key=lambda pair: pair[0])]


@pytest.mark.parametrize("beam_size", [1, 5])
def test_batches_and_order_change_nothing(tmp_path: Path, tiny_recipe: Make, family: str, beam_size: int) -> None:
    settings = ("training.steps=120", "training.learning_rate=1e-2", "training.validate_every=200")
    train(tiny_recipe(family, *settings), tmp_path / "run")
    translator = Translator.load(tmp_path / "run")
    draw = random.Random(11)
    words = ["o", "gato", "cão", "vê", "come", "peixe", "grande", "lua"]
    sentences = [" ".join(draw.choices(words, k=draw.randint(1, 9))) for _ in range(80)]
    order = list(range(len(sentences)))
    alone = decode(translator, sentences, order, DecodingConfig(beam_size=beam_size, n_best=beam_size, batch_size=1))
    assert len({translation.text for translation in alone}) > 20
    for batch_size in (7, 64):
        config = DecodingConfig(beam_size=beam_size, n_best=beam_size, batch_size=batch_size)
        for shuffled in (False, True):
            chosen = draw.sample(order, len(order)) if shuffled else order
            together = decode(translator, sentences, chosen, config)
            for one, other in zip(alone, together, strict=True):
                for first, second in zip(one.candidates, other.candidates, strict=True):
                    assert first.ids == second.ids or abs(first.total - second.total) < TOLERANCE
                    assert first.score == pytest.approx(second.score, abs=TOLERANCE)
