"""Questions about everyday things: yes or no, where, when, why, who, how much."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from atento.data.builtin.grammar import lexicon, names
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Subject
from atento.data.builtin.grammar.clauses import FRAMES, actions_in, event
from atento.data.builtin.grammar.lexicon import Verb
from atento.data.builtin.grammar.noun_phrases import kin, named, noun_phrase, professional, pronoun
from atento.data.builtin.grammar.phrase import Phrase, Word, fill
from atento.data.builtin.grammar.predicates import performed
from atento.data.builtin.grammar.statements import FRAME_CHOICES
from atento.data.builtin.grammar.topics import vocative
from atento.data.builtin.grammar.verb_phrases import Tense, finite

_MOVED = (
    ("onde", "dónde"),
    ("quando", "cuándo"),
    ("por_que", "por_qué"),
    ("com quem", "con quién"),
    ("a_que_horas", "a_qué_hora"),
)


_BEFALLING = {"perder", "encontrar", "esquecer", "receber", "descobrir", "ver"}
"""What nobody plans."""
_STUDIED = {"escrever", "ler", "aprender"}
_DATED = frozenset({
    "abrir", "fechar", "voltar", "ir", "regar", "alimentar", "preparar", "pegar", "visitar",
    "estudar", "limpar", "assistir", "sair", "chegar", "cozinhar",
})  # fmt: skip
"""What is done at an hour that one may ask."""


def yes_or_no(rng: Random) -> Phrase:
    """*Você lavou a louça ontem à noite?*"""
    subject = pronoun(rng.choice(("você", "você", "vocês", "ele", "ela"))) if rng.random() < 0.6 else _third(rng)
    question = _asked(event(rng, subject, rng.choice(FRAME_CHOICES), time=0.4, place=0.3, fronted=False))
    return _maybe_addressed(rng, question, subject)


def where_when_why(rng: Random) -> Phrase:
    """*Onde o seu irmão comprou esse carro?*, *¿Dónde compró tu hermano ese auto?*"""
    subject = pronoun(rng.choice(("você", "ele", "ela", "vocês"))) if rng.random() < 0.45 else _third(rng)
    name = rng.choice(FRAME_CHOICES)
    frame = FRAMES[name]
    predicate = performed(rng, rng.choice(actions_in(name)), subject)
    asked = rng.choice(_MOVED)
    if asked[0] == "onde" and not predicate.places:
        asked = ("por_que", "por_qué")
    if asked[0] in {"com quem", "a_que_horas"} and (predicate.life or frame.use == "p"):
        asked = ("quando", "cuándo") if name != "now" else ("por_que", "por_qué")
    if asked[0] == "com quem" and any(w.text in {"com", "con"} for w in predicate.complement.source):
        asked = ("por_que", "por_qué")
    if asked[0] == "com quem" and not predicate.places & {
        "eat",
        "shop",
        "outside",
        "music",
        "water",
        "evening",
        "work",
    }:
        asked = ("por_que", "por_qué")
    if asked[0] == "a_que_horas" and predicate.verb.source not in _DATED:
        asked = ("quando", "cuándo")
    if asked[0] in {"a_que_horas", "quando"} and predicate.timed:
        asked = ("por_que", "por_qué")
    if asked[0] == "quando" and name in {"now", "past-habit"}:
        asked = ("por_que", "por_qué")
    if asked[0] == "onde" and name == "now" and predicate.complement.source:
        asked = ("por_que", "por_qué")
    tense = tenses.FUTURE if predicate.verb.source == "ir" and frame.tense is tenses.GOING else frame.tense
    verb = finite(predicate.verb, subject.agreement, tense)
    source = subject.phrase.source + verb.source + predicate.complement.source
    target = question_order(subject, verb, predicate.complement)
    return fill("[asked] [body]?", "¿[asked] [body]?", asked=fill(*asked), body=Phrase(source, target))


def what(rng: Random) -> Phrase:
    """*O que a sua mãe disse?*, *¿Qué dijo tu madre?*"""
    subject = pronoun(rng.choice(("você", "ele", "ela", "vocês"))) if rng.random() < 0.5 else _third(rng)
    source, target = rng.choice(lexicon.table("questions")["asked"])
    tense = rng.choice((tenses.PRETERITE, tenses.PRETERITE, tenses.GOING, Tense("conditional", "conditional")))
    tense = tenses.PRETERITE if source in _BEFALLING else tense
    verb = finite(Verb(source, target), subject.agreement, tense)
    where = Phrase((), ())
    if rng.random() < 0.5:
        rows = lexicon.table("questions")["where" if source not in _STUDIED else "where-quiet"]
        where = fill(*rng.choice(rows), town=names.place(rng))
    body = Phrase(subject.phrase.source + verb.source + where.source, question_order(subject, verb, where))
    return _maybe_addressed(rng, fill("o_que [body]?", "¿qué [body]?", body=body), subject)


def who(rng: Random) -> Phrase:
    """*Quem consertou o relógio?*"""
    subject = replace(pronoun("ele"), pronoun="você")  # so that possessives are the hearer's
    name = rng.choice(FRAME_CHOICES)
    frame = FRAMES[name]
    predicate = performed(rng, rng.choice(actions_in(name)), subject)
    tense = tenses.FUTURE if predicate.verb.source == "ir" and frame.tense is tenses.GOING else frame.tense
    body = predicate.finite(
        subject.agreement, tense, negative=predicate.negatable and name != "now" and rng.random() < 0.1
    )
    return _maybe_addressed(rng, fill("quem [body]?", "¿quién [body]?", body=body), subject)


def thing_question(rng: Random) -> Phrase:
    """*Quanto custa este chapéu?*, *Onde fica a farmácia?*"""
    kind, determiner, source, target = rng.choice(lexicon.table("questions")["thing"])
    thing = noun_phrase(
        rng, rng.choice(lexicon.nouns()[kind]), determiner, plain=determiner == "t" or rng.random() < 0.6
    )
    verbs = {
        name: finite(Verb(name, other), thing.agreement, tenses.PRESENT)
        for name, other in (
            ("ser", "ser"),
            ("ter", "tener"),
            ("custar", "costar"),
            ("comer", "comer"),
            ("servir", "servir"),
        )
    }
    head = fill(source, target, **verbs)
    question = fill("[head] [thing]?", "¿[head] [thing]?", head=head, thing=thing.phrase)
    return _maybe_addressed(rng, question, thing)


def _third(rng: Random) -> Subject:
    draw = rng.random()
    if draw < 0.5:
        return kin(rng, "você")
    return professional(rng, known=True) if draw < 0.75 else named(rng)


def question_order(subject: Subject, verb: Phrase, complement: Phrase) -> tuple[Word, ...]:
    """The Spanish subject comes after the verb, and after a shorter complement."""
    if subject.pronoun in {"você", "nós"}:
        return verb.target + complement.target
    if verb.target[0].text in {"está", "están"}:
        return verb.target[:1] + subject.phrase.target + verb.target[1:] + complement.target
    if not subject.pronoun and 0 < len(complement.target) <= len(subject.phrase.target):
        return verb.target + complement.target + subject.phrase.target
    return verb.target + subject.phrase.target + complement.target


def _asked(body: Phrase) -> Phrase:
    return fill("[body]?", "¿[body]?", body=body)


def _maybe_addressed(rng: Random, question: Phrase, subject: Subject) -> Phrase:
    """Sometimes with somebody called first or last; nobody is called in a question to several."""
    if subject.pronoun == "vocês" or rng.random() > 0.25:
        return question
    if rng.random() < 0.5:
        return fill("[who], [question]", "[who], [question]", who=vocative(rng), question=question)
    body = Phrase(question.source[:-1], question.target[:-1])
    return fill("[body], [who]?", "[body], [who]?", who=vocative(rng), body=body)
