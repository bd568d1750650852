"""Questions about everyday things: yes or no, where, when, why, who, how much."""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar import lexicon, names
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Subject
from atento.data.builtin.grammar.clauses import FRAMES, event
from atento.data.builtin.grammar.lexicon import Verb
from atento.data.builtin.grammar.noun_phrases import kin, named, noun_phrase, professional, pronoun
from atento.data.builtin.grammar.phrase import Phrase, Word, fill, unit
from atento.data.builtin.grammar.predicates import action
from atento.data.builtin.grammar.statements import FRAME_CHOICES
from atento.data.builtin.grammar.topics import vocative
from atento.data.builtin.grammar.verb_phrases import Tense, finite

_MOVED = (
    ("onde", "dónde"), ("quando", "cuándo"), ("por_que", "por_qué"), ("como", "cómo"), ("com quem", "con quién"),
    ("a_que_horas", "a_qué_hora"),
)  # fmt: skip
_OBJECT_ASKED = (
    ("comprar", "comprar"), ("ver", "ver"), ("ler", "leer"), ("perder", "perder"), ("encontrar", "encontrar"), ("dizer", "decir"),
    ("escolher", "elegir"), ("fazer", "hacer"), ("pedir", "pedir"), ("trazer", "traer"), ("aprender", "aprender"),
    ("escrever", "escribir"), ("esquecer", "olvidar"), ("receber", "recibir"), ("descobrir", "descubrir"),
)  # fmt: skip


def yes_or_no(rng: Random) -> Phrase:
    """*Você lavou a louça ontem à noite?*"""
    subject = pronoun(rng.choice(("você", "você", "vocês", "ele", "ela"))) if rng.random() < 0.6 else _third(rng)
    question = _asked(event(rng, subject, rng.choice(FRAME_CHOICES), time=0.4, place=0.3))
    return _maybe_addressed(rng, question, subject)


def where_when_why(rng: Random) -> Phrase:
    """*Onde o seu irmão comprou esse carro?*, *¿Dónde compró tu hermano ese auto?*: Spanish puts the subject after the verb."""
    subject = pronoun(rng.choice(("você", "ele", "ela", "vocês"))) if rng.random() < 0.45 else _third(rng)
    name = rng.choice(FRAME_CHOICES)
    frame = FRAMES[name]
    predicate = action(rng, subject, frame.use)
    asked = rng.choice(_MOVED)
    if asked[0] == "onde" and not predicate.places:
        asked = ("por_que", "por_qué")
    if asked[0] in {"com quem", "a_que_horas", "como"} and (predicate.life or frame.use == "p"):
        asked = ("quando", "cuándo") if name != "now" else ("por_que", "por_qué")
    if asked[0] == "com quem" and any(w.text in {"com", "con"} for w in predicate.complement.source):
        asked = ("por_que", "por_qué")
    if name == "now" and asked[0] == "quando":
        asked = ("por_que", "por_qué")
    tense = tenses.FUTURE if predicate.verb.source == "ir" and frame.tense is tenses.GOING else frame.tense
    verb = finite(predicate.verb, subject.agreement, tense)
    source = subject.phrase.source + verb.source + predicate.complement.source
    target = _question_order(rng, subject, verb, predicate.complement)
    return fill("[asked] [body]?", "¿[asked] [body]?", asked=fill(*asked), body=Phrase(source, target))


def what(rng: Random) -> Phrase:
    """*O que a sua mãe disse?*, *¿Qué dijo tu madre?*"""
    subject = pronoun(rng.choice(("você", "ele", "ela", "vocês"))) if rng.random() < 0.5 else _third(rng)
    source, target = rng.choice(_OBJECT_ASKED)
    tense = rng.choice((tenses.PRETERITE, tenses.PRETERITE, tenses.GOING, Tense("conditional", "conditional")))
    verb = finite(Verb(source, target), subject.agreement, tense)
    where = Phrase((), ())
    if rng.random() < 0.5:
        where = fill(*rng.choice((
            ("em [town]", "en [town]"), ("em o mercado", "en el mercado"), ("em a cidade", "en la ciudad"),
            ("em a casa de a minha tia", "en la casa de ~ mi tía"), ("em a escola", "en la escuela"),
        )), town=names.place(rng))  # fmt: skip
    body = Phrase(subject.phrase.source + verb.source + where.source, _question_order(rng, subject, verb, where))
    return _maybe_addressed(rng, fill("o_que [body]?", "¿qué [body]?", body=body), subject)


def who(rng: Random) -> Phrase:
    """*Quem consertou o relógio?*"""
    subject = pronoun("ele")
    name = rng.choice(FRAME_CHOICES)
    frame = FRAMES[name]
    predicate = action(rng, subject, frame.use)
    tense = tenses.FUTURE if predicate.verb.source == "ir" and frame.tense is tenses.GOING else frame.tense
    body = predicate.finite(subject.agreement, tense, negative=predicate.negatable and rng.random() < 0.1)
    return _maybe_addressed(rng, fill("quem [body]?", "¿quién [body]?", body=body), subject)


def thing_question(rng: Random) -> Phrase:
    """*Quanto custa este chapéu?*, *Onde fica a farmácia?*"""
    kind, determiners, patterns = rng.choice((
        ("clothes", "s", (("quanto [custar]", "cuánto [custar]"), ("de quem é", "de quién es"), ("onde você comprou", "dónde ~ compraste"))),
        ("portable", "s", (("quanto [custar]", "cuánto [custar]"), ("de quem é", "de quién es"), ("para_que serve", "para_qué sirve"))),
        ("institution", "d", (("onde fica", "dónde queda"), ("a_que_horas abre", "a_qué_hora abre"), ("a_que_horas fecha", "a_qué_hora cierra"),
                              ("você sabe onde fica", "~ sabes dónde queda"))),
        ("event", "d", (("quando é", "cuándo es"), ("como foi", "cómo fue"), ("a_que_horas começa", "a_qué_hora empieza"), ("onde será", "dónde será"))),
        ("transport", "d", (("a_que_horas sai", "a_qué_hora sale"), ("de onde sai", "de dónde sale"), ("quando chega", "cuándo llega"),
                            ("para_onde vai", "a_dónde va"))),
        ("read", "s", (("quem escreveu", "quién escribió"), ("você já leu", "~ ya leíste"))),
        ("animal", "s", (("de quem é", "de quién es"), ("quantos anos tem", "cuántos años tiene"), ("o_que come", "qué come"))),
    ))  # fmt: skip
    entry = rng.choice(lexicon.nouns()[kind])
    thing = noun_phrase(rng, entry, determiners, plain=rng.random() < 0.6)
    while thing.agreement.source_number == "p":
        thing = noun_phrase(rng, entry, determiners, plain=rng.random() < 0.6)
    source, target = rng.choice(patterns)
    head = fill(source, target, custar=unit("custa", "cuesta"))
    question = fill("[head] [thing]?", "¿[head] [thing]?", head=head, thing=thing.phrase)
    return _maybe_addressed(rng, question, thing)


def _third(rng: Random) -> Subject:
    return kin(rng, "você") if rng.random() < 0.5 else rng.choice((professional, named))(rng)


def _question_order(rng: Random, subject: Subject, verb: Phrase, complement: Phrase) -> tuple[Word, ...]:
    if subject.pronoun in {"você", "nós"}:
        return verb.target + complement.target
    if len(complement.target) <= 2 and rng.random() < 0.3:
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
