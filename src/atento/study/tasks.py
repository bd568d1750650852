"""Diagnostic tasks: random sequences whose right translation, and its word alignment, is known exactly.

copy         the target is the source: the last words read are the furthest from where they are needed
reverse      the target is the source backwards
swap         each word changes into its partner in another "language", and a word of the first half of the vocabulary
             changes places with one of the second half that follows it, as nouns and adjectives do: where to look
             depends on the words
rare-names   common words change into their partners, names are copied; no name of dev or a test set
             occurs in training, and hardly any twice

Copying has been asked of recurrent networks since Graves et al. 2014 ("Neural Turing Machines", section 4.1), and of
encoder–decoders since Sutskever et al. 2014 turned their sources; copying rare names is what Luong et al. 2015
("Addressing the Rare Word Problem in Neural Machine Translation") are about.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt

Task = Literal["copy", "reverse", "swap", "rare-names"]

_CONSONANTS = "bdfgklmnprstv"
_VOWELS = "aeiou"
_SYLLABLES = tuple(f"{consonant}{vowel}" for consonant, vowel in product(_CONSONANTS, _VOWELS))
MOST_WORDS = len(_SYLLABLES) ** 2
"""How many words of two syllables there are."""
_NAMES_A_SENTENCE = 0.15
"""The share of names among the words of ``rare-names``; each sentence has one at least."""


@dataclass(frozen=True)
class TaskPair:
    """A source, its target, and the links between their words, all counted from 0."""

    source: str
    target: str
    links: tuple[tuple[int, int], ...]


def words(count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """So many words of the source's language and their partners in the target's; no word is in both.

    Source words have two syllables, target words three.
    """
    size = len(_SYLLABLES)
    if not 1 <= count <= MOST_WORDS:
        raise ValueError(f"{count} words: there are 1 to {MOST_WORDS}")
    spread = [number * 7919 % MOST_WORDS for number in range(count)]  # 7919 is prime to size²: all different
    source = tuple(_SYLLABLES[number // size] + _SYLLABLES[number % size] for number in spread)
    target = tuple(_SYLLABLES[number % size] + _SYLLABLES[number // size] + "no" for number in spread)
    return source, target


def make_pairs(
    task: Task, count: int, lengths: tuple[int, int], vocabulary: int, seed: tuple[int, ...], *, new_names: bool = False
) -> list[TaskPair]:
    """Draw pairs; the same arguments always give the same ones.

    Args:
        task: which task.
        count: how many pairs.
        lengths: fewest and most words, equally likely all.
        vocabulary: how many different (common) words there are.
        seed: numbers that the draw depends on.
        new_names: draw names from the half that training never uses.

    Raises:
        ValueError: a number is out of range.
    """
    fewest, most = lengths
    if not 1 <= fewest <= most or count < 0:
        raise ValueError(f"{count} pairs of {fewest} to {most} words: impossible")
    generator = np.random.default_rng(seed)
    source_words, target_words = words(vocabulary)
    return [
        _pair(task, generator, int(length), source_words, target_words, new_names)
        for length in generator.integers(fewest, most + 1, size=count)
    ]


def _pair(
    task: Task,
    generator: np.random.Generator,
    length: int,
    source: tuple[str, ...],
    target: tuple[str, ...],
    new_names: bool,
) -> TaskPair:
    drawn = generator.integers(0, len(source), size=length)
    side = [source[number] for number in drawn]
    same = tuple((place, place) for place in range(length))
    match task:
        case "copy":
            return TaskPair(" ".join(side), " ".join(side), same)
        case "reverse":
            turned = tuple((length - 1 - place, place) for place in range(length))
            return TaskPair(" ".join(side), " ".join(reversed(side)), tuple(sorted(turned)))
        case "swap":
            order = _swapped(drawn < len(source) // 2)
            links = sorted((place, number) for number, place in enumerate(order))
            return TaskPair(" ".join(side), " ".join(target[drawn[place]] for place in order), tuple(links))
        case "rare-names":
            named = generator.random(length) < _NAMES_A_SENTENCE
            named[generator.integers(length)] = True
            names = {int(place): _name(generator, new_names) for place in np.flatnonzero(named)}
            mixed = [names.get(place, word) for place, word in enumerate(side)]
            other = [names.get(place, target[number]) for place, number in enumerate(drawn)]
            return TaskPair(" ".join(mixed), " ".join(other), same)


def _swapped(first: npt.NDArray[np.bool_]) -> list[int]:
    """The order in which words are translated, given which of them are of the first half."""
    order = list(range(len(first)))
    place = 0
    while place + 1 < len(order):
        if first[place] and not first[place + 1]:
            order[place], order[place + 1] = place + 1, place
            place += 1
        place += 1
    return order


def _name(generator: np.random.Generator, new: bool) -> str:
    """Four syllables with a capital: one of about nine million; the sum of their numbers is odd in new ones."""
    numbers = generator.integers(0, len(_SYLLABLES), size=4)
    if numbers.sum() % 2 != new:
        numbers[3] += 1 if numbers[3] + 1 < len(_SYLLABLES) else -1
    return "".join(_SYLLABLES[number] for number in numbers).capitalize()
