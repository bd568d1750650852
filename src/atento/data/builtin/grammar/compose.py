"""Compose distinct sentence pairs with their exact word alignment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from atento.data.builtin.grammar import (
    clitics,
    commands,
    descriptions,
    dialogues,
    narratives,
    quantities,
    questions,
    statements,
    topics,
    wishes,
)
from atento.data.builtin.grammar.phrase import Phrase
from atento.data.builtin.grammar.surface import realise
from atento.data.builtin.markup import AlignedPair, words

MAXIMUM_WORDS = 50
COURSE_PAIR = ("E a vida o que é, diga lá, meu irmão?", "¿Y la vida, qué es? Dime tú, hermano.")
"""The course's sentence, which must stay unseen: no pair shares four consecutive words with it on either side."""

CONSTRUCTIONS: tuple[tuple[Callable[[Random], Phrase], int], ...] = (
    (topics.topic_question, 10),
    (topics.split_question, 9),
    (topics.topic_statement, 4),
    (statements.statement, 14),
    (statements.with_modal, 7),
    (statements.pluperfect, 2),
    (statements.recipient, 5),
    (statements.likes, 3),
    (statements.hurts, 1),
    (statements.feelings, 2),
    (statements.arrivals, 3),
    (descriptions.quality, 3),
    (descriptions.exclamation, 1),
    (descriptions.comparison, 3),
    (descriptions.superlative, 2),
    (descriptions.existence, 3),
    (descriptions.passive, 3),
    (descriptions.weather, 1),
    (descriptions.biography, 2),
    (quantities.residence, 2),
    (quantities.price, 2),
    (quantities.age, 2),
    (quantities.count, 2),
    (quantities.order, 3),
    (descriptions.clock, 1),
    (questions.yes_or_no, 4),
    (questions.where_when_why, 4),
    (questions.what, 3),
    (questions.who, 2),
    (questions.thing_question, 2),
    (commands.plain_command, 4),
    (commands.command_to_me, 3),
    (commands.command_about_it, 2),
    (commands.tell_somebody, 1),
    (wishes.wish, 3),
    (wishes.judgement, 2),
    (wishes.personal_infinitive, 2),
    (wishes.when_future, 3),
    (wishes.if_future, 3),
    (wishes.if_only, 3),
    (wishes.reported, 3),
    (wishes.asked_whether, 1),
    (wishes.not_know, 2),
    (wishes.although, 1),
    (clitics.opinion_of_thing, 2),
    (clitics.given_to_me, 2),
    (clitics.given_to_them, 2),
    (clitics.handed_over, 2),
    (clitics.present, 2),
    (clitics.said_it, 2),
    (clitics.tell_it, 2),
    (dialogues.why_because, 3),
    (dialogues.dialogue, 5),
    (dialogues.formal, 4),
    (narratives.chained, 13),
    (narratives.introduced, 11),
    (narratives.purpose, 2),
    (narratives.before_and_after, 3),
    (narratives.meanwhile, 2),
    (narratives.interrupted, 2),
    (narratives.reason, 2),
    (narratives.two_events, 11),
    (narratives.relative, 5),
    (narratives.object_relative, 3),
    (narratives.long_story, 25),
)
"""Every construction with its weight."""

_REPEATABLE = frozenset({
    "para", "quando", "enquanto", "porque", "minha", "nossa", "meus", "minhas", "nossos", "nossas",
    "seus", "suas", "estava", "estavam", "está", "estão", "aquele", "aquela", "esse", "essa",
    "este", "esta", "eles", "elas", "você", "vocês", "muito", "muita", "uma", "como",
    "também", "depois", "antes", "tinha", "tinham", "casa", "perto", "mais", "anos",
})  # fmt: skip
"""Words that may come twice in a sentence; a word of content that does reads as a slip."""
_SONGS = frozenset({"canción", "canciones"})
"""What several Portuguese words are called in Spanish."""
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
    """Whether the pair is short enough, says nothing twice and shares no four consecutive words with the course's."""
    sides = [_LETTERS.findall(text.lower()) for text in (pair.source, pair.target)]
    if (
        max(map(len, sides)) > MAXIMUM_WORDS - 15
        and max(len(words(pair.source)), len(words(pair.target))) > MAXIMUM_WORDS
    ):
        return False
    content = [word.removesuffix("s") for word in sides[0] if len(word) > 3 and word not in _REPEATABLE]
    content += ["song" for word in sides[1] if word in _SONGS]
    if len(content) > len(set(content)):
        return False
    return all(forbidden.isdisjoint(_fours(side)) for side, forbidden in zip(sides, _FORBIDDEN, strict=True))


def _fours(letters: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(letters, letters[1:], letters[2:], letters[3:], strict=False)


_FORBIDDEN = tuple(frozenset(_fours(_LETTERS.findall(text.lower()))) for text in COURSE_PAIR)
