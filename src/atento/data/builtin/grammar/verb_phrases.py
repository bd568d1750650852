"""Verb groups in both languages at once: negation, pronouns, tenses simple and compound."""

from __future__ import annotations

from typing import Literal, NamedTuple

from atento.data.builtin.grammar import portuguese_verbs, spanish_verbs
from atento.data.builtin.grammar.agreement import Agreement
from atento.data.builtin.grammar.lexicon import Verb
from atento.data.builtin.grammar.phrase import EMPTY, Link, Phrase, Word, Words, join, unit

Form = Literal["simple", "going", "perfect", "progressive"]


class Tense(NamedTuple):
    """A tense of each language and how the verb group is built."""

    source: portuguese_verbs.Tense
    target: spanish_verbs.Tense
    form: Form = "simple"


PRESENT = Tense("present", "present")
PRETERITE = Tense("preterite", "preterite")
IMPERFECT = Tense("imperfect", "imperfect")
FUTURE = Tense("future", "future")
CONDITIONAL = Tense("conditional", "conditional")
SUBJUNCTIVE = Tense("subjunctive", "subjunctive")
IMPERFECT_SUBJUNCTIVE = Tense("imperfect subjunctive", "imperfect subjunctive")
WHEN_FUTURE = Tense("future subjunctive", "subjunctive")
IF_FUTURE = Tense("future subjunctive", "present")
PERSONAL_INFINITIVE = Tense("personal infinitive", "subjunctive")
GOING = Tense("present", "present", "going")
PLUPERFECT = Tense("imperfect", "imperfect", "perfect")
PROGRESSIVE = Tense("present", "present", "progressive")
PAST_PROGRESSIVE = Tense("imperfect", "imperfect", "progressive")

_SOURCE_REFLEXIVE = {"1s": "me", "3s": "se", "1p": "nos", "3p": "se"}
_TARGET_REFLEXIVE = {"1s": "me", "2s": "te", "3s": "se", "1p": "nos", "3p": "se"}


def finite(verb: Verb, agreement: Agreement, tense: Tense, *, negative: bool = False) -> Phrase:
    """The verb group that agrees with its subject: *não tinha feito*, *no había hecho*."""
    head = Link()
    match tense.form:
        case "simple":
            group = _group(
                verb,
                agreement,
                portuguese_verbs.conjugate(verb.source, tense.source, agreement.source_person),
                spanish_verbs.conjugate(verb.target, tense.target, agreement.target_person),
                head,
            )
        case "going":
            auxiliary = _auxiliary("ir", "ir", agreement, tense)
            group = join(auxiliary, Phrase((), (Word("a"),)), infinitive(verb, agreement))
        case "perfect":
            auxiliary = _auxiliary("ter", "haber", agreement, tense)
            main = unit(portuguese_verbs.participle(verb.source), spanish_verbs.participle(verb.target))
            group = _compound(verb, agreement, auxiliary, main)
        case "progressive":
            auxiliary = _auxiliary("estar", "estar", agreement, tense)
            main = unit(portuguese_verbs.gerund(verb.source), spanish_verbs.gerund(verb.target))
            group = _compound(verb, agreement, auxiliary, main)
    return join(unit("não", "no"), group) if negative else group


def infinitive(verb: Verb, agreement: Agreement) -> Phrase:
    """The infinitive, with the reflexive pronoun of whoever acts: *se levantar*, *levantarme*."""
    head = Link()
    target = verb.target
    if verb.target_reflexive:
        target = spanish_verbs.attach(verb.target, _TARGET_REFLEXIVE[agreement.target_person])
    source: Words = (Word(verb.source, (head,)), *_particle(verb.source_particle, head))
    if verb.source_reflexive:
        source = (Word(_SOURCE_REFLEXIVE[agreement.source_person], (head,)), *source)
    return Phrase(source, (Word(target, (head,)), *_particle(verb.target_particle, head)))


def command(verb: Verb, agreement: Agreement, *, negative: bool = False) -> Phrase:
    """The command to *você* (*tú*), *o senhor* (*usted*) or *vocês* (*ustedes*)."""
    source = portuguese_verbs.conjugate(verb.source, "subjunctive", agreement.source_person)
    if negative:
        target = spanish_verbs.conjugate(verb.target, "subjunctive", agreement.target_person)
        return join(unit("não", "no"), _group(verb, agreement, source, target, Link()))
    target = spanish_verbs.imperative(verb.target, agreement.target_person)
    if verb.target_reflexive:
        target = spanish_verbs.attach(target, _TARGET_REFLEXIVE[agreement.target_person])
    words = f"{source}-{_SOURCE_REFLEXIVE[agreement.source_person]}" if verb.source_reflexive else source
    return unit(f"{words} {verb.source_particle}", f"{target} {verb.target_particle}")


def _auxiliary(source: str, target: str, agreement: Agreement, tense: Tense) -> Phrase:
    return unit(
        portuguese_verbs.conjugate(source, tense.source, agreement.source_person),
        spanish_verbs.conjugate(target, tense.target, agreement.target_person),
    )


def _group(verb: Verb, agreement: Agreement, source: str, target: str, head: Link) -> Phrase:
    """A one-word verb between its reflexive pronoun and its particle."""
    before = _reflexive(verb, agreement, head)
    return Phrase(
        (*before.source, Word(source, (head,)), *_particle(verb.source_particle, head)),
        (*before.target, Word(target, (head,)), *_particle(verb.target_particle, head)),
    )


def _compound(verb: Verb, agreement: Agreement, auxiliary: Phrase, main: Phrase) -> Phrase:
    """*tinha se levantado*, *se había levantado*: Spanish puts the pronoun before the auxiliary."""
    head = main.source[0].links[0]
    before = _reflexive(verb, agreement, head)
    return Phrase(
        (*auxiliary.source, *before.source, *main.source, *_particle(verb.source_particle, head)),
        (*before.target, *auxiliary.target, *main.target, *_particle(verb.target_particle, head)),
    )


def _reflexive(verb: Verb, agreement: Agreement, head: Link) -> Phrase:
    """Reflexive pronouns are counterparts where both verbs have one, part of their verb where only one does."""
    source = _SOURCE_REFLEXIVE[agreement.source_person] if verb.source_reflexive else ""
    target = _TARGET_REFLEXIVE[agreement.target_person] if verb.target_reflexive else ""
    if source and target:
        return unit(source, target)
    if not (source or target):
        return EMPTY
    return Phrase(_particle(source, head), _particle(target, head))


def _particle(text: str, head: Link) -> Words:
    return tuple(Word(word, (head,)) for word in text.split())
