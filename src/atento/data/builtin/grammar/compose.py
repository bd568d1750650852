"""Compose distinct sentence pairs with their exact word alignment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from atento.data.builtin.grammar import commands, descriptions, narratives, questions, statements, topics, wishes
from atento.data.builtin.grammar.phrase import Phrase
from atento.data.builtin.grammar.surface import realise
from atento.data.builtin.markup import AlignedPair, words

MAXIMUM_WORDS = 50
COURSE_PAIR = ("E a vida o que é, diga lá, meu irmão?", "¿Y la vida, qué es? Dime tú, hermano.")
"""The course's sentence, which must stay unseen: no pair shares four consecutive words with it on either side."""

CONSTRUCTIONS: tuple[tuple[Callable[[Random], Phrase], int], ...] = (
    (topics.topic_question, 14), (topics.topic_statement, 4),
    (statements.statement, 16), (statements.with_modal, 7), (statements.pluperfect, 2), (statements.recipient, 5),
    (statements.likes, 3), (statements.hurts, 1), (statements.feelings, 2), (statements.arrivals, 3),
    (descriptions.quality, 3), (descriptions.exclamation, 1), (descriptions.comparison, 3), (descriptions.superlative, 2),
    (descriptions.existence, 3), (descriptions.passive, 3), (descriptions.weather, 1), (descriptions.biography, 2),
    (descriptions.residence, 2), (descriptions.price, 1), (descriptions.clock, 1),
    (questions.yes_or_no, 4), (questions.where_when_why, 4), (questions.what, 3), (questions.who, 2), (questions.thing_question, 2),
    (commands.plain_command, 4), (commands.command_to_me, 3), (commands.command_about_it, 2), (commands.tell_somebody, 1),
    (wishes.wish, 3), (wishes.judgement, 2), (wishes.personal_infinitive, 2), (wishes.when_future, 3), (wishes.if_future, 3),
    (wishes.if_only, 3), (wishes.reported, 3), (wishes.asked_whether, 1), (wishes.not_know, 2), (wishes.although, 1),
    (wishes.opinion_of_thing, 2),
    (narratives.chained, 6), (narratives.purpose, 2), (narratives.before_and_after, 3), (narratives.meanwhile, 2),
    (narratives.interrupted, 2), (narratives.reason, 2), (narratives.two_events, 4), (narratives.relative, 4),
    (narratives.object_relative, 3), (narratives.long_story, 8),
)  # fmt: skip
"""Every construction with its weight."""

_LETTERS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Composition:
    """A pair and the name of the construction that made it."""

    pair: AlignedPair
    construction: str


def compose(count: int, seed: int) -> Iterator[AlignedPair]:
    """``count`` distinct pairs, the same for the same seed.

    No two pairs share a source or a target (case and punctuation count), so none is another's translation.
    """
    return (composition.pair for composition in compositions(count, seed))


def compositions(count: int, seed: int) -> Iterator[Composition]:
    """As ``compose``, with the name of each pair's construction."""
    rng = Random(seed)
    makers = [maker for maker, _ in CONSTRUCTIONS]
    weights = list(accumulate(weight for _, weight in CONSTRUCTIONS))
    sources: set[str] = set()
    targets: set[str] = set()
    while len(sources) < count:
        maker = rng.choices(makers, cum_weights=weights)[0]
        pair = realise(maker(rng))
        if pair.source in sources or pair.target in targets or not admissible(pair):
            continue
        sources.add(pair.source)
        targets.add(pair.target)
        yield Composition(pair, maker.__name__)


def admissible(pair: AlignedPair) -> bool:
    """Whether the pair is short enough and shares no four consecutive words with the course's."""
    for text, forbidden in zip((pair.source, pair.target), _FORBIDDEN, strict=True):
        if len(words(text)) > MAXIMUM_WORDS:
            return False
        letters = _LETTERS.findall(text.lower())
        if not forbidden.isdisjoint(zip(letters, letters[1:], letters[2:], letters[3:], strict=False)):
            return False
    return True


def _four_words(text: str) -> frozenset[tuple[str, ...]]:
    letters = _LETTERS.findall(text.lower())
    return frozenset(zip(letters, letters[1:], letters[2:], letters[3:], strict=False))


_FORBIDDEN = tuple(_four_words(text) for text in COURSE_PAIR)
