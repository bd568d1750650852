"""Two turns of a dialogue, a question and its answer; and what one says to *o senhor* and *a senhora* (*usted*)."""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar import lexicon, names, reasons
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Subject
from atento.data.builtin.grammar.clauses import FRAMES, FrameName, actions_in, event, settled, time_adverbial
from atento.data.builtin.grammar.noun_phrases import kin, named, noun_phrase, object_pronouns, of_women, pronoun
from atento.data.builtin.grammar.numerals import cardinal
from atento.data.builtin.grammar.phrase import Phrase, Word, fill, join, unit
from atento.data.builtin.grammar.predicates import performed
from atento.data.builtin.grammar.quantities import years
from atento.data.builtin.grammar.questions import question_order
from atento.data.builtin.grammar.statements import FRAME_CHOICES, modal_clause
from atento.data.builtin.grammar.topics import vocative

_RARELY_PLANNED = {"chorar", "sorrir", "querer", "dizer", "estar", "ficar", "subir", "entrar", "correr"}
"""What nobody says that somebody will do."""


def why_because(rng: Random) -> Phrase:
    """*Por que você não foi à festa? Porque estava doente.*, *¿Por qué no fuiste a la fiesta? Porque …*"""
    asked, answered = _asked_and_answering(rng)
    why, done, negative = reasons.cause_and_effect(rng, asked.agreement, answered.agreement)
    planned = done.verb.source not in _RARELY_PLANNED and rng.random() < 0.25
    verb = tenses.finite(
        done.verb,
        asked.agreement,
        settled(done, tenses.GOING) if planned else tenses.PRETERITE,
        negative=negative,
    )
    slots = {
        "asked": Phrase(
            asked.phrase.source + verb.source + done.complement.source, question_order(asked, verb, done.complement)
        ),
        "why": why.finite(answered.agreement, tenses.PRESENT if planned else tenses.IMPERFECT),
    }
    return fill("por_que [asked]? porque [why].", "¿por_qué [asked]? porque [why].", **slots)


def _asked_and_answering(rng: Random) -> tuple[Subject, Subject]:
    """Whom the question is about, and the same person in the answer."""
    draw = rng.random()
    if draw < 0.45:
        asked, answered = pronoun("você"), pronoun("eu")
    elif draw < 0.55:
        asked, answered = pronoun("vocês"), pronoun("nós")
    elif draw < 0.65:
        return (subject := pronoun(rng.choice(("ele", "ela", "eles", "elas")))), subject
    elif draw < 0.75:
        answered = pronoun("eu")
        if rng.random() < 0.5:
            return pronoun("o senhor"), answered
        return pronoun("a senhora"), of_women(answered)
    else:
        return (subject := kin(rng, "você") if draw < 0.9 else named(rng)), subject
    return asked, of_women(answered) if rng.random() < 0.4 else answered


def dialogue(rng: Random) -> Phrase:
    """*Onde mora o seu primo? Mora em Montebal.*, *¿Dónde vive tu primo? Vive en Montebal.*"""
    if rng.random() < 0.5:
        return _about_thing(rng)
    source, target = rng.choice(lexicon.table("dialogues")["fixed"])
    drinks = rng.sample([n for n in lexicon.nouns()["drink"] if n.source != "leite"], 2)
    whose, mine = kin(rng, "você", number="s"), kin(rng, "eu", number="s")
    slots = {
        "kin": whose.phrase,
        "years": years(rng, whose),
        "name": names.person(rng, whose.agreement.source_gender),
        "mine": mine.phrase,
        "friend": names.person(rng, mine.agreement.source_gender),
        "town": names.place(rng),
        "other": names.place(rng),
        "drink": unit(drinks[0].source, drinks[0].target),
        "choice": unit(drinks[1].source, drinks[1].target),
        "thanks": unit(rng.choice(("obrigado", "obrigada")), "gracias"),
        "person": vocative(rng),
    }
    return fill(source, target, **slots)


def _about_thing(rng: Random) -> Phrase:
    kind, determiner, source, target = rng.choice(lexicon.table("dialogues")["thing"])
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[kind]), determiner, plain=rng.random() < 0.7)
    while thing.agreement.source_number == "p" or thing.agreement.target_number == "p":
        thing = noun_phrase(rng, rng.choice(lexicon.nouns()[kind]), determiner, plain=True)
    _, it = object_pronouns(thing.agreement)
    slots = {
        "thing": thing.phrase,
        "mine": kin(rng, "eu", number="s").phrase,
        "town": names.place(rng),
        "when": time_adverbial(rng, "past"),
        "hour": cardinal(rng.randint(6, 11), "f", "f"),
        "number": cardinal(rng.randint(5, 99), "m", "m"),
    }
    return fill(source, target.replace("[it]", f"{it}{{v}}"), **slots)


def formal(rng: Random) -> Phrase:
    """*O senhor conhece esta cidade?*, *¿Conoce usted esta ciudad?*; *A senhora tem que descansar, doutora.*"""
    subject = pronoun(rng.choice(("o senhor", "o senhor", "a senhora", "a senhora", "os senhores", "as senhoras")))
    called = fill(*rng.choice(_called(subject))) if subject.agreement.source_number == "s" else None
    if rng.random() < 0.6:
        question = fill("[body]?", "¿[body]?", body=_formal_question(rng, subject))
        if called and rng.random() < 0.3:
            return fill("[who], [question]", "[who], [question]", who=called, question=question)
        return question
    if rng.random() < 0.5:
        body = modal_clause(rng, subject)
    else:
        body = event(rng, subject, rng.choice(FRAME_CHOICES), time=0.5, place=0.3)
    if called and rng.random() < 0.3:
        return fill("[body], [who].", "[body], [who].", body=body, who=called)
    return fill("[body].", "[body].", body=body)


def _formal_question(rng: Random, subject: Subject) -> Phrase:
    name: FrameName = rng.choice(("past", "past", "habit", "future", "now"))
    frame = FRAMES[name]
    predicate = performed(rng, rng.choice(actions_in(name)), subject)
    verb = tenses.finite(predicate.verb, subject.agreement, settled(predicate, frame.tense))
    body = Phrase(
        subject.phrase.source + verb.source + predicate.complement.source,
        _usted_order(subject, verb, predicate.complement),
    )
    timed = frame.use != "h" and rng.random() < 0.4
    return join(body, time_adverbial(rng, frame.times, life=predicate.life, part=False)) if timed else body


def _usted_order(subject: Subject, verb: Phrase, complement: Phrase) -> tuple[Word, ...]:
    """*¿Conoce usted …?*, *¿Está usted leyendo …?*, *¿Va usted a leer …?*"""
    words = verb.target
    if words[0].text in {"está", "están", "va", "van"} and len(words) > 1:
        return words[:1] + subject.phrase.target + words[1:] + complement.target
    return words + subject.phrase.target + complement.target


def _called(subject: Subject) -> list[tuple[str, ...]]:
    """How one addresses the man or the woman."""
    feminine = subject.agreement.source_gender == "f"
    return [row for row in lexicon.table("commands")["formal"] if row[0].split()[0].endswith("a") == feminine]
