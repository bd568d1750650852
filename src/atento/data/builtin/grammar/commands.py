"""Commands, affirmative and negative, with pronouns: *Diga-me*, *Dime*; *Não o compre*, *No lo compres*."""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar import lexicon, portuguese_nouns, portuguese_verbs, spanish_nouns, spanish_verbs
from atento.data.builtin.grammar.agreement import Agreement, Subject
from atento.data.builtin.grammar.clauses import place_adverbial
from atento.data.builtin.grammar.noun_phrases import kin, noun_phrase, object_pronouns, pronoun
from atento.data.builtin.grammar.phrase import Phrase, fill, join, unit
from atento.data.builtin.grammar.predicates import Predicate, action
from atento.data.builtin.grammar.topics import vocative
from atento.data.builtin.grammar.verb_phrases import command

_YOU = pronoun("você")
_USTED = pronoun("o senhor")
_USTEDES = pronoun("vocês")


def plain_command(rng: Random) -> Phrase:
    """*Feche a porta, por favor*, *Não coma esse bolo*."""
    subject, formal = _addressee(rng)
    predicate = action(rng, subject, "c")
    negative = predicate.negatable and rng.random() < 0.35
    words = _command(predicate, subject, negative=negative)
    if predicate.places and rng.random() < 0.3:
        words = join(words, place_adverbial(rng, predicate))
    return _finish(rng, words, formal, plural=subject is _USTEDES)


def command_to_me(rng: Random) -> Phrase:
    """*Me dê um copo de água*, *Dame un vaso de agua*; *Diga-me*, *Dígame* when formal."""
    subject, formal = _addressee(rng)
    source, target, objects = rng.choice(lexicon.table("commands")["to-me"])
    kind, determiners = rng.choice(objects.split()).split(":")
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[kind]), rng.choice(determiners), owner=subject.pronoun)
    pronouns = ("nos", "nos") if rng.random() < 0.25 else ("me", "me")
    do_it = _with_pronoun(rng, source, target, subject.agreement, pronouns, negative=rng.random() < 0.15)
    words = join(do_it, thing.phrase)
    return _finish(rng, words, formal, plural=subject is _USTEDES)


def command_about_it(rng: Random) -> Phrase:
    """*Aqui está o livro, leia-o*, *Aquí está el libro, léelo*; *Esse bolo é meu, não o coma*."""
    subject, formal = _addressee(rng)
    source, target, kinds = rng.choice(lexicon.table("commands")["it"])
    mine_is = source in {"comer", "vender", "levar"}
    thing = noun_phrase(
        rng, rng.choice(lexicon.nouns()[rng.choice(kinds.split())]), "s" if mine_is else "t", plain=True
    )
    agreement = thing.agreement
    do_it = _with_pronoun(rng, source, target, subject.agreement, object_pronouns(agreement), negative=mine_is)
    is_it = unit("é" if agreement.source_number == "s" else "são", "es" if agreement.target_number == "s" else "son")
    here = unit(
        "está" if agreement.source_number == "s" else "estão", "está" if agreement.target_number == "s" else "están"
    )
    mine = unit(
        portuguese_nouns.agree("meu", agreement.source_gender, agreement.source_number),
        spanish_nouns.agree("mío", agreement.target_gender, agreement.target_number),
    )
    slots = {"thing": thing.phrase, "it": do_it, "is": is_it, "mine": mine}
    if mine_is:
        words = fill("[thing] [is] [mine], [it]", "[thing] [is] [mine], [it]", **slots)
    else:
        words = fill("aqui [here] [thing], [it]", "aquí [here] [thing], [it]", here=here, **slots)
    return _finish(rng, words, formal, plural=subject is _USTEDES)


def tell_somebody(rng: Random) -> Phrase:
    """*Diga a verdade ao seu irmão*, *Dile la verdad a tu hermano*."""
    subject = _YOU
    whom = kin(rng, "você", number="s")
    source, target, objects = rng.choice(lexicon.table("commands")["to-me"][:6])
    kind, determiners = rng.choice(objects.split()).split(":")
    thing = noun_phrase(
        rng, rng.choice(lexicon.nouns()[kind]), rng.choice([d for d in determiners if d != "p"] or ["i"])
    )
    le = "le" if whom.agreement.target_number == "s" else "les"
    verb = unit(
        portuguese_verbs.conjugate(source, "subjunctive", "3s"),
        spanish_verbs.attach(spanish_verbs.imperative(target, "2s"), le),
    )
    words = fill("[verb] [thing] a [whom]", "[verb] [thing] a [whom]", verb=verb, thing=thing.phrase, whom=whom.phrase)
    return _finish(rng, words, subject.pronoun == "o senhor", plural=False)


def _addressee(rng: Random) -> tuple[Subject, bool]:
    draw = rng.random()
    if draw < 0.65:
        return _YOU, False
    return (_USTED, True) if draw < 0.85 else (_USTEDES, False)


def _command(predicate: Predicate, subject: Subject, *, negative: bool) -> Phrase:
    return join(command(predicate.verb, subject.agreement, negative=negative), predicate.complement)


def _with_pronoun(
    rng: Random, source: str, target: str, agreement: Agreement, pronouns: tuple[str, str], *, negative: bool
) -> Phrase:
    """A command with an object pronoun, counterparts each; one word against one where both languages join them."""
    ours = portuguese_verbs.conjugate(source, "subjunctive", agreement.source_person)
    if negative:
        theirs = spanish_verbs.conjugate(target, "subjunctive", agreement.target_person)
        return fill(f"não {pronouns[0]} {ours}", f"no {pronouns[1]} {theirs}")
    joined = spanish_verbs.attach(spanish_verbs.imperative(target, agreement.target_person), pronouns[1])
    if pronouns[0] in {"me", "nos"} and rng.random() < 0.6:
        return unit(f"{pronouns[0]} {ours}", joined)
    return unit(_enclitic(ours, pronouns[0]), joined)


def _enclitic(form: str, pronoun_text: str) -> str:
    """*leia-o*, *comprem-no*: after a nasal ending the pronoun takes an *n*."""
    nasal = form.endswith("m") and pronoun_text in {"o", "a", "os", "as"}
    return f"{form}-{'n' if nasal else ''}{pronoun_text}"


def _finish(rng: Random, words: Phrase, formal: bool, *, plural: bool) -> Phrase:
    """Somebody called, a *por favor*, a full stop or an exclamation mark."""
    draw = rng.random()
    if draw < 0.35 and not plural:
        who = fill(*rng.choice(lexicon.table("commands")["formal"])) if formal else vocative(rng)
        return (
            fill("[who], [body].", "[who], [body].", who=who, body=words)
            if rng.random() < 0.5
            else (fill("[body], [who].", "[body], [who].", who=who, body=words))
        )
    if formal:
        who = fill(*rng.choice(lexicon.table("commands")["formal"]))
        return fill("[body], [who], por favor.", "[body], [who], por favor.", who=who, body=words)
    if draw < 0.55:
        return fill("[body], por favor.", "[body], por favor.", body=words)
    return fill("[body]!", "¡[body]!", body=words) if draw < 0.75 else fill("[body].", "[body].", body=words)
