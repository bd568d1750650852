"""A toy test set with systems of chosen quality."""

import random
from collections.abc import Callable

import pytest

WORDS = str.split(
    "la vida es un río que corre hacia el mar y nadie lo para , dijo Ana . ¿ Dónde están tus llaves ? "
    "El 3,5 % de los niños no come pan ; su madre trabaja de noche ( a veces ) . ¡ Qué bonito !"
)


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    generator = random.Random(7)
    return [" ".join(generator.choices(WORDS, k=generator.randint(1, 20))) for _ in range(60)]


@pytest.fixture(scope="session")
def spoil() -> Callable[[list[str], float, int], list[str]]:
    """A system that loses, repeats, changes or displaces a share of the words."""

    def system(sentences: list[str], rate: float, seed: int) -> list[str]:
        generator = random.Random(seed)
        lines = []
        for sentence in sentences:
            words: list[str] = []
            for word in sentence.split():
                if generator.random() >= rate:
                    words.append(word)
                else:
                    change = generator.choice(["lose", "repeat", "change", "front"])
                    words[:0] = [word] if change == "front" else []
                    words += {"repeat": [word, word], "change": [generator.choice(WORDS)]}.get(change, [])
            lines.append(" ".join(words))
        return lines

    return system
