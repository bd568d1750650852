"""What is said of a subject: an action with its object, a state, or a motion with its goal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from atento.data.builtin.grammar import lexicon, names
from atento.data.builtin.grammar.agreement import Agreement, Subject
from atento.data.builtin.grammar.lexicon import Action, Verb
from atento.data.builtin.grammar.noun_phrases import agree, kin, noun_phrase
from atento.data.builtin.grammar.phrase import EMPTY, Phrase, Word, fill, join, unit
from atento.data.builtin.grammar.verb_phrases import Tense, finite, infinitive

_PEOPLE = frozenset({"kin", "human", "profession"})
_STATES = (
    ("cansado", "cansado"),
    ("triste", "triste"),
    ("doente", "enfermo"),
    ("preocupado", "preocupado"),
    ("ocupado", "ocupado"),
    ("nervoso", "nervioso"),
    ("zangado", "enojado"),
    ("contente", "contento"),
    ("feliz", "feliz"),
    ("tranquilo", "tranquilo"),
    ("sozinho", "solo"),
    ("satisfeito", "satisfecho"),
)
_FEELINGS = (
    ("fome", "hambre"),
    ("frio", "frío"),
    ("sono", "sueño"),
    ("medo", "miedo"),
    ("pressa", "prisa"),
    ("dor de cabeça", "dolor de cabeza"),
    ("sede", "sed"),
    ("calor", "calor"),
    ("razão", "razón"),
    ("sorte", "suerte"),
)
_ALWAYS_SO = re.compile("um pouco|cuidado|verdade")
"""Complements that negation would make odd (*não dirija com cuidado*)."""
_TIMED = frozenset({"almoçar", "jantar", "acordar", "levantar", "deitar", "dormir"})
_GOALS = (
    ("ir", "ir", "a o centro", "a el centro"),
    ("ir", "ir", "a a cidade", "a la ciudad"),
    ("sair", "salir", "de casa", "de casa"),
    ("voltar", "volver", "a a cidade", "a la ciudad"),
    ("ir", "ir", "a a praça", "a la plaza"),
)


@dataclass(frozen=True, slots=True)
class Predicate:
    """A verb with its complement, ready for any tense and for the subject for which it was made."""

    verb: Verb
    complement: Phrase
    places: frozenset[str] = frozenset()
    life: bool = False
    negatable: bool = True

    @property
    def timed(self) -> bool:
        """Whether it has its own time of the day (*almoçar*, *sair cedo*), so that no other may be named."""
        if self.verb.source_particle or self.verb.source in _TIMED:
            return True
        return any(word.text in {"cedo", "tarde", "jantar"} for word in self.complement.source)

    def finite(self, agreement: Agreement, tense: Tense, *, negative: bool = False) -> Phrase:
        """The finite verb group and the complement."""
        return join(finite(self.verb, agreement, tense, negative=negative), self.complement)

    def infinitive(self, agreement: Agreement) -> Phrase:
        """The infinitive and the complement."""
        return join(infinitive(self.verb, agreement), self.complement)


def action(rng: Random, subject: Subject, use: str = "") -> Predicate:
    """A random action of a use (see ``lexicon/actions.txt``) by the subject, whose possessives it uses."""
    return performed(rng, rng.choice(lexicon.actions_for(use)), subject)


def performed(rng: Random, chosen: Action, subject: Subject) -> Predicate:
    """The action with one of its objects."""
    life = "L" in chosen.uses
    if not chosen.objects:
        source, target = chosen.complement
        return Predicate(chosen.verb, fill(source, target), chosen.places, life, not _ALWAYS_SO.search(source))
    kind, determiners = rng.choice(chosen.objects)
    determiner = rng.choice(determiners)
    thing = object_phrase(rng, kind, determiner, subject.pronoun, plain="N" in chosen.uses)
    source_preposition, target_preposition = chosen.prepositions
    if kind in _PEOPLE and not target_preposition:
        target_preposition = "a"
    complement = join(_preposition(source_preposition, target_preposition), thing.phrase)
    return Predicate(
        chosen.verb, complement, chosen.places, life, determiner not in ("qnli" if kind in _PEOPLE else "qnl")
    )


def object_phrase(rng: Random, kind: str, determiner: str, owner: str, *, plain: bool = False) -> Subject:
    """A noun of a class with a determiner; relatives always with their possessive."""
    if kind == "kin":
        return kin(rng, owner)
    if kind == "clothes" and determiner == "p" and owner in {"nós", "a gente"}:
        determiner = "D"  # several people do not share one shirt
    return noun_phrase(rng, rng.choice(lexicon.nouns()[kind]), determiner, owner=owner, plain=plain)


def state(rng: Random, agreement: Agreement, *, adverse: bool = False) -> Predicate:
    """*estar cansado*, *estar com fome* (Spanish *tener hambre*); only what keeps one from acting if ``adverse``."""
    if rng.random() < 0.65:
        source, target = rng.choice(_STATES[:7] if adverse else _STATES)
        return Predicate(Verb("estar", "estar"), agree(source, target, agreement))
    source, target = rng.choice(_FEELINGS[:6] if adverse else _FEELINGS)
    if source in {"razão", "sorte"}:
        return Predicate(Verb("ter", "tener"), unit(source, target))
    return Predicate(Verb("estar", "tener"), fill(f"com {source}", f"~ {target}"))


def motion(rng: Random) -> Predicate:
    """Going somewhere, before a purpose."""
    if rng.random() < 0.3:
        return Predicate(Verb("viajar", "viajar"), fill("para [town]", "a [town]", town=names.place(rng)))
    source, target, source_goal, target_goal = rng.choice(_GOALS)
    return Predicate(Verb(source, target), fill(source_goal, target_goal))


def _preposition(source: str, target: str) -> Phrase:
    if source and target:
        return unit(source, target)
    if not (source or target):
        return EMPTY
    return Phrase(tuple(Word(w) for w in source.split()), tuple(Word(w) for w in target.split()))
