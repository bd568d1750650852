"""Clauses: a subject, its verb and complement, and adverbials whose place may differ between the languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Literal

from atento.data.builtin.grammar import lexicon, names
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Subject
from atento.data.builtin.grammar.lexicon import Action
from atento.data.builtin.grammar.phrase import EMPTY, Phrase, Word, fill, join
from atento.data.builtin.grammar.predicates import Predicate, performed
from atento.data.builtin.grammar.verb_phrases import Tense

FrameName = Literal["past", "habit", "past-habit", "future", "now"]

_DROPPABLE = {"eu", "nós", "a gente", "você"}
_BEFALLING = {"perder", "encontrar", "quebrar", "esquecer", "receber", "entender", "lembrar", "chorar", "sonhar"}
"""What nobody plans."""
_TELLING = {tenses.PRESENT, tenses.PRETERITE, tenses.GOING, tenses.FUTURE, tenses.PROGRESSIVE}
"""Tenses whose first person singular shows itself without a pronoun."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A time frame: the tense of its main clause, the tag of its adverbials, the use that its actions must have."""

    tense: Tense
    times: str
    use: str


FRAMES: dict[FrameName, Frame] = {
    "past": Frame(tenses.PRETERITE, "past", ""),
    "habit": Frame(tenses.PRESENT, "habit", "h"),
    "past-habit": Frame(tenses.IMPERFECT, "past-habit", "h"),
    "future": Frame(tenses.GOING, "future", ""),
    "now": Frame(tenses.PROGRESSIVE, "now", "p"),
}
_MIDDLES: dict[FrameName, tuple[tuple[str, str], ...]] = {
    "past": (("também", "también"), ("finalmente", "por_fin")),
    "habit": (
        ("sempre", "siempre"),
        ("também", "también"),
        ("nunca", "nunca"),
        ("quase nunca", "casi nunca"),
        ("ainda", "todavía"),
        ("já não", "ya no"),
    ),
    "past-habit": (("sempre", "siempre"), ("também", "también"), ("nunca", "nunca")),
    "future": (("também", "también"), ("nunca", "nunca")),
    "now": (("também", "también"), ("ainda", "todavía"), ("já", "ya")),
}


def subject_words(rng: Random, subject: Subject, tense: Tense, *, reflexive: bool = False) -> Phrase:
    """The subject, without its pronoun where the verb shows the person and chance wants it."""
    if subject.pronoun not in _DROPPABLE or (subject.pronoun == "eu" and tense not in _TELLING):
        return subject.phrase
    if subject.pronoun != "você" and rng.random() < 0.1:
        return subject.phrase
    bare = subject.pronoun in {"eu", "nós"} and not reflexive and rng.random() < 0.45
    return EMPTY if bare else Phrase(tuple(Word(word.text) for word in subject.phrase.source), ())


def clause(rng: Random, subject: Subject, predicate: Predicate, tense: Tense, *, negative: bool = False) -> Phrase:
    """Subject and predicate without adverbials."""
    words = subject_words(rng, subject, tense, reflexive=predicate.verb.source_reflexive)
    return join(words, predicate.finite(subject.agreement, settled(predicate, tense), negative=negative))


def settled(predicate: Predicate, tense: Tense) -> Tense:
    """*Vou ir* is avoided: *ir* takes the synthetic future."""
    return tenses.FUTURE if tense is tenses.GOING and predicate.verb.source in {"ir", "vir"} else tense


def event(
    rng: Random,
    subject: Subject,
    name: FrameName,
    *,
    time: float = 0.55,
    place: float = 0.3,
    fronted: bool = True,
    plain: bool = False,
    pool: Sequence[Action] = (),
) -> Phrase:
    """A main clause with an action, and adverbials with the given probabilities.

    ``plain`` leaves out negation and *já*, *nunca* …; ``pool`` limits the actions.
    """
    frame = FRAMES[name]
    predicate = performed(rng, rng.choice(pool or actions_in(name)), subject)
    tense = settled(predicate, tenses.FUTURE if name == "future" and rng.random() < 0.3 else frame.tense)
    middle, negative = (EMPTY, False) if plain else _polarity(rng, name, predicate)
    core = join(middle, predicate.finite(subject.agreement, tense, negative=negative))
    if predicate.places and rng.random() < place:
        core = join(core, place_adverbial(rng, predicate))
    words = subject_words(rng, subject, tense, reflexive=predicate.verb.source_reflexive)
    habitual = frame.use == "h"
    if middle is not EMPTY or (negative and habitual) or rng.random() > (0.9 if time and habitual else time):
        return join(words, core)
    when = time_adverbial(rng, frame.times, life=predicate.life, part=not predicate.timed, told=fronted)
    return with_time(rng, join(words, core), when, fronted=fronted)


@cache
def actions_in(name: FrameName) -> tuple[Action, ...]:
    """What may be said in a frame; what befalls people is not said to be coming."""
    actions = lexicon.actions_for(FRAMES[name].use)
    return tuple(act for act in actions if name != "future" or act.verb.source not in _BEFALLING)


def _polarity(rng: Random, name: FrameName, predicate: Predicate) -> tuple[Phrase, bool]:
    """A word like *já* or *nunca* before the verb, or negation, or neither."""
    if rng.random() < 0.12:
        source, target = rng.choice(_MIDDLES[name])
        if predicate.negatable or not {"nunca", "já não", "quase nunca"} & {source}:
            return fill(source, target), False
    return EMPTY, predicate.negatable and name != "now" and rng.random() < 0.12


def with_time(rng: Random, body: Phrase, when: Phrase, *, fronted: bool = True) -> Phrase:
    """The clause with its time first or last, in one out of four cases not in the same place in both languages."""
    if not fronted:
        return join(body, when)
    source_first = rng.random() < 0.45
    target_first = source_first != (rng.random() < 0.25)
    return Phrase(
        when.source + body.source if source_first else body.source + when.source,
        when.target + body.target if target_first else body.target + when.target,
    )


def time_adverbial(rng: Random, tag: str, *, life: bool = False, part: bool = True, told: bool = False) -> Phrase:
    """*ontem*, *na semana que vem*, *aos domingos*.

    What changes a life has a far time, everyday things a near one; ``part`` allows parts of the day, ``told`` what
    follows on a story (*no dia seguinte*).
    """
    times = lexicon.table("times")
    if life and f"{tag}-far" in times:
        tag, part = f"{tag}-far", False
    more = (times.get(f"{tag}-part", ()) if part else ()) + (times.get(f"{tag}-told", ()) if told else ())
    return fill(*rng.choice(times[tag] + more))


def place_adverbial(rng: Random, predicate: Predicate, *, towns: bool = True) -> Phrase:
    """Where such things are done; sometimes a town."""
    places = lexicon.table("places")
    if towns and rng.random() < 0.15 and not predicate.places & {"store", "kitchen", "left", "eat", "home"}:
        return fill("em [town]", "en [town]", town=names.place(rng))
    return fill(*rng.choice(places[rng.choice(sorted(predicate.places))]))
