"""Names of people and places, composed of parts and the same in both languages.

The parts avoid what only one of the two languages can spell (ã, ç, lh, nh, ñ, ll).
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Literal

from atento.data.builtin.grammar.phrase import Phrase, join, unit

_GIVEN: dict[str, str] = {
    "f": "Marta Clara Elvira Carolina Isabel Rosa Alba Celia Irene Lucinda Amalia Teresa Helena Laura Paula Silvia "
    "Julia Ana Olga Emilia Florinda Carmela Dolores Esperanza Eva Gloria Graciela Inés Lidia Marina Nora Petra "
    "Ramona Sara Valeria Ximena Yolanda Adela Berta Camila Diana Estela Fabiola Gabriela Leonor Mariana",
    "m": "Carlos Pedro Ramiro Artur Mario Bruno Alberto Daniel Felipe Gabriel Hugo Leonardo Miguel Oscar Pablo "
    "Ricardo Samuel Vicente Alfonso Benito Camilo Diego Ernesto Fabio Gustavo Horacio Ignacio Joel Leandro Marcos "
    "Norberto Otelo Rafael Rodrigo Sandro Tadeo Ulises Valerio Abel Aldo Claudio Edgar Fidel Gaspar",
}
_HEADS = (
    "Bal Cal Del Fer Gar Lor Mar Mel Mon Nor Pal Ral Sal Tor Ur Val Zam Ben Cor Dor Gal Lan Mir Ol Per Quin Ro Se Ta Vi"
)
_MIDDLES = "de ta ri ve mo ca lu di ba no te ra"
_SURNAME_ENDS = "res do no ra na les nes ro va"
_PLACE_PARTS = "Vald Mont Mir Riv Torr Alb Cast Sal Per Ser Cor Ol Gal Bel Mar Pal Tar Ur Lan Ver"
_PLACE_MIDDLES = "e a o eri ala ena ona ura ima ola"
_PLACE_ENDS = "bal dor nosa vera lema tiva ria no ra mar sol neda zal ves"


def person(rng: Random, gender: Literal["m", "f"]) -> Phrase:
    """A given name, alone or with one or two surnames; each word is linked to itself."""
    words = [rng.choice(_given(gender))]
    draw = rng.random()
    if draw < 0.5:
        words.append(rng.choice(surnames()))
    elif draw < 0.58:
        words += rng.sample(surnames(), 2)
    return join(*(unit(word, word) for word in words))


def place(rng: Random) -> Phrase:
    """A town."""
    name = rng.choice(places())
    return unit(name, name)


@cache
def surnames() -> tuple[str, ...]:
    """Every surname, some three thousand."""
    return tuple(
        head + middle + end
        for head in _HEADS.split()
        for middle in _MIDDLES.split()
        for end in _SURNAME_ENDS.split()
        if not end.startswith(middle[0])
    )


@cache
def places() -> tuple[str, ...]:
    """Every town, some two thousand."""
    return tuple(
        part + middle + end
        for part in _PLACE_PARTS.split()
        for middle in _PLACE_MIDDLES.split()
        for end in _PLACE_ENDS.split()
        if not (middle[-1] == "a" and end.startswith("a"))
    )


@cache
def _given(gender: str) -> tuple[str, ...]:
    return tuple(_GIVEN[gender].split())
