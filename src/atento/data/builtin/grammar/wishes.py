"""Subjunctive, conditional and subordinate clauses: wishes, conditions, what will be when somebody comes."""

from __future__ import annotations

from functools import cache
from random import Random

from atento.data.builtin.grammar import lexicon, names
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Subject
from atento.data.builtin.grammar.clauses import clause, event, settled, subject_words
from atento.data.builtin.grammar.lexicon import Verb
from atento.data.builtin.grammar.noun_phrases import kin, named, other_than_speaker, person, professional, pronoun
from atento.data.builtin.grammar.phrase import EMPTY, Phrase, fill, join
from atento.data.builtin.grammar.predicates import Predicate, action, performed, state
from atento.data.builtin.grammar.topics import vocative
from atento.data.builtin.grammar.verb_phrases import Tense, finite

_SAYING: tuple[tuple[str, str, Tense], ...] = (
    ("dizer", "decir", tenses.PRETERITE),
    ("contar", "contar", tenses.PRETERITE),
    ("responder", "responder", tenses.PRETERITE),
    ("repetir", "repetir", tenses.PRETERITE),
    ("dizer", "decir", tenses.PRESENT),
    ("pensar", "pensar", tenses.IMPERFECT),
    ("saber", "saber", tenses.IMPERFECT),
    ("achar", "creer", tenses.IMPERFECT),
    ("lembrar", "recordar", tenses.PRETERITE),
)


def wish(rng: Random) -> Phrase:
    """*Quero que você venha*, *Quiero que vengas*."""
    subject = pronoun(rng.choice(("eu", "nós", "ela", "ele"))) if rng.random() < 0.5 else kin(rng, "eu")
    other = _another(rng, subject)
    source, target = rng.choice(lexicon.table("wishes")["wishing"])
    verb = Predicate(Verb(source, target), EMPTY)
    past = rng.random() < 0.3
    slots = {
        "wish": clause(rng, subject, verb, tenses.IMPERFECT if past else tenses.PRESENT),
        "what": _done(rng, other, tenses.IMPERFECT_SUBJUNCTIVE if past else tenses.SUBJUNCTIVE),
    }
    return fill("[wish] que [what].", "[wish] que [what].", **slots)


def judgement(rng: Random) -> Phrase:
    """*É importante que ela leia a carta*, *Talvez chova* and its like."""
    source, target = rng.choice(lexicon.table("wishes")["impersonal"])
    what = _done(rng, person(rng), tenses.SUBJUNCTIVE)
    return fill(f"{source} [what].", f"{target} [what].", what=what)


def personal_infinitive(rng: Random) -> Phrase:
    """*É melhor nós sairmos cedo*, *Es mejor que salgamos temprano*."""
    subject = pronoun(rng.choice(("nós", "vocês", "eles", "elas", "nós")))
    what = _done(rng, subject, tenses.PERSONAL_INFINITIVE)
    source, target = rng.choice(lexicon.table("wishes")["personal"])
    if rng.random() < 0.4:
        return _so_that(rng, subject)
    return fill(f"{source} ~ [what].", f"{target} [what].", what=what)


def _so_that(rng: Random, subject: Subject) -> Phrase:
    """*A minha avó abriu a porta para nós entrarmos*, *… para que entráramos*."""
    helper = kin(rng, "eu", number="s") if rng.random() < 0.6 else named(rng)
    row = rng.choice(lexicon.table("wishes")["favour"])
    slots = {
        "who": helper.phrase,
        "did": _tailed(rng, *row[:4]).finite(helper.agreement, tenses.PRETERITE),
        "then": clause(rng, subject, _tailed(rng, *row[4:]), Tense("personal infinitive", "imperfect subjunctive")),
    }
    return fill("[who] [did] para [then].", "[who] [did] para_que [then].", **slots)


def when_future(rng: Random) -> Phrase:
    """*Quando o trem chegar, vou ligar …*, *Cuando llegue el tren …*: one comes and another acts, or the same."""
    openers = (("quando", "cuando"), ("quando", "cuando"), ("assim_que", "en_cuanto"), ("depois que", "después_de que"))
    return _conditional(rng, rng.choice(openers), tenses.WHEN_FUTURE)


def if_future(rng: Random) -> Phrase:
    """*Se você quiser, …*, *Si quieres, …*: Spanish has the present."""
    if rng.random() < 0.25:
        main = _deed(rng, person(rng))
        return _two(rng, ("se", "si"), fill(*rng.choice(lexicon.table("wishes")["weather"])), main)
    return _conditional(rng, ("se", "si"), tenses.IF_FUTURE)


def _conditional(rng: Random, opener: tuple[str, str], tense: Tense) -> Phrase:
    """Somebody comes and somebody else acts, or somebody can and does."""
    if rng.random() < 0.5:
        subject = other_than_speaker(rng)
        rows = lexicon.table("wishes")["coming"]
        if tense is tenses.IF_FUTURE:
            rows += lexicon.table("wishes")["coming-if"]
        condition = clause(rng, subject, _tailed(rng, *rng.choice(rows)), tense)
        return _two(rng, opener, condition, _deed(rng, _another(rng, subject)))
    subject, able = person(rng), _tailed(rng, *rng.choice(lexicon.table("wishes")["able"]))
    if "depois" in opener[0] or (able.verb.source == "querer" and opener[0] != "se"):
        opener = ("quando", "cuando")
    act = performed(rng, rng.choice(_dreams()), subject)
    future = settled(act, tenses.GOING)
    return _same_subject(rng, opener, subject, (able, tense), (act, future))


def _deed(rng: Random, subject: Subject) -> Phrase:
    """What somebody will do then."""
    return event(rng, subject, "future", time=0.0, place=0.3, plain=True, pool=lexicon.actions_for("c"))


def _same_subject(
    rng: Random,
    opener: tuple[str, str],
    subject: Subject,
    first: tuple[Predicate, Tense],
    second: tuple[Predicate, Tense],
) -> Phrase:
    """Condition and main clause of one subject, which is named in whichever comes first."""
    words = subject_words(rng, subject, first[1], reflexive=True)
    if subject.pronoun == "eu" and second[1] in {tenses.GOING, tenses.FUTURE}:
        words = Phrase(subject.phrase.source, ())  # the main clause shows who it is
    told = join(words, first[0].finite(subject.agreement, first[1]))
    left = first[0].finite(subject.agreement, first[1])
    main_told = clause(rng, subject, *second)
    main_left = second[0].finite(subject.agreement, second[1])
    if rng.random() < 0.65:
        slots = {"condition": told, "main": main_left}
        return fill(f"{opener[0]} [condition], [main].", f"{opener[1]} [condition], [main].", **slots)
    slots = {"condition": left, "main": main_told}
    return fill(f"[main] {opener[0]} [condition].", f"[main] {opener[1]} [condition].", **slots)


def if_only(rng: Random) -> Phrase:
    """*Se eu tivesse dinheiro, compraria uma casa*, *Si tuviera dinero, compraría una casa*."""
    subject = person(rng)
    source, target, *tail = rng.choice(lexicon.table("wishes")["if-only"])
    if source == "ser" and subject.agreement.source_number != subject.agreement.target_number:
        subject = pronoun("eu")
    if source == "ser" and subject.agreement.source_number == "p":
        tail = ["mais jovens", "más jóvenes"]
    condition = _tailed(rng, source, target, *tail)
    then = performed(rng, rng.choice(_dreams()), subject)
    return _same_subject(
        rng, ("se", "si"), subject, (condition, tenses.IMPERFECT_SUBJUNCTIVE), (then, tenses.CONDITIONAL)
    )


def reported(rng: Random) -> Phrase:
    """*A minha tia disse que o trem chegaria amanhã*; the person reported is another or the same."""
    speaker = kin(rng, "eu") if rng.random() < 0.5 else rng.choice((named, professional))(rng)
    source, target, tense = rng.choice(_SAYING)
    other = person(rng, pronouns=source in {"dizer", "pensar", "saber", "achar"})
    said = action(rng, other, "h" if tense is tenses.PRESENT else "c")
    inner = (
        rng.choice((tenses.CONDITIONAL, tenses.PLUPERFECT, tenses.CONDITIONAL))
        if tense is not tenses.PRESENT
        else tenses.PRESENT
    )
    if source in {"lembrar"}:
        inner = tenses.PLUPERFECT
    inner = settled(said, inner)
    slots = {
        "speaker": speaker.phrase,
        "said": finite(Verb(source, target), speaker.agreement, tense),
        "what": clause(rng, other, said, inner, negative=said.negatable and rng.random() < 0.15),
    }
    if source in {"dizer", "contar"} and not other.pronoun and tense is tenses.PRETERITE and rng.random() < 0.3:
        return fill("[speaker] me [said] que [what].", "[speaker] me [said] que [what].", **slots)
    return fill("[speaker] [said] que [what].", "[speaker] [said] que [what].", **slots)


def asked_whether(rng: Random) -> Phrase:
    """*Ela me perguntou se eu tinha lido a carta.*"""
    speaker = kin(rng, "eu") if rng.random() < 0.5 else rng.choice((named, professional))(rng)
    me = rng.random() < 0.6
    other = pronoun("eu") if me else person(rng, pronouns=False)
    done = action(rng, other, "c")
    what = clause(rng, other, done, rng.choice((tenses.PLUPERFECT, tenses.CONDITIONAL)))
    verb = finite(Verb("perguntar", "preguntar"), speaker.agreement, tenses.PRETERITE)
    slots = {"speaker": speaker.phrase, "asked": verb, "what": what}
    if me:
        return fill("[speaker] me [asked] se [what].", "[speaker] me [asked] si [what].", **slots)
    return fill("[speaker] [asked] se [what].", "[speaker] [asked] si [what].", **slots)


def not_know(rng: Random) -> Phrase:
    """*Não sei onde ele comprou esse chapéu, meu amigo.*"""
    other = person(rng, pronouns=rng.random() < 0.3)
    done = action(rng, other, "c")
    source, target = rng.choice((("quando", "cuándo"), ("por_que", "por_qué"), ("se", "si")))
    head = rng.choice(
        (
            ("não sei", "no sé"),
            ("ninguém sabe", "nadie sabe"),
            ("eu não sabia", "yo no sabía"),
            ("não lembro", "no recuerdo"),
        )
    )
    past = "sabia" in head[0]
    later = tenses.PRETERITE if "lembro" in head[0] else tenses.FUTURE
    tense = rng.choice((tenses.PLUPERFECT, tenses.CONDITIONAL) if past else (tenses.PRETERITE, later))
    slots = {
        "asked": fill(source, target),
        "what": clause(rng, other, done, settled(done, tense), negative=False),
        "who": vocative(rng),
    }
    ending = (", [who].", ", [who].") if rng.random() < 0.2 else (".", ".")
    if other.pronoun in {"eu", "você"}:
        head = ("ninguém sabia", "nadie sabía") if past else ("ninguém sabe", "nadie sabe")
    return fill(f"{head[0]} [asked] [what]{ending[0]}", f"{head[1]} [asked] [what]{ending[1]}", **slots)


def although(rng: Random) -> Phrase:
    """*Embora estivesse cansado, o médico …*, *Aunque estaba cansado, …*"""
    subject = kin(rng, "eu", number="s") if rng.random() < 0.5 else named(rng)
    feeling = state(rng, subject.agreement, adverse=True).finite(
        subject.agreement, Tense("imperfect subjunctive", "imperfect")
    )
    everyday = [act for act in lexicon.actions() if "L" not in act.uses]
    done = event(rng, subject, "past", time=0.2, place=0.4, plain=True, pool=everyday)
    return fill("embora [feeling], [done].", "aunque [feeling], [done].", feeling=feeling, done=done)


@cache
def _dreams() -> tuple[lexicon.Action, ...]:
    """What people would do if only they could."""
    return tuple(
        act for act in lexicon.actions() if "L" in act.uses and act.verb.source not in {"conhecer", "ganhar", "vender"}
    )


def _tailed(rng: Random, source: str, target: str, complement: str, other_complement: str) -> Predicate:
    """A predicate with a fixed complement, which may hold a town."""
    verb = Verb(source, target.removesuffix("se"), target_reflexive=target.endswith("rse"))
    return Predicate(verb, fill(complement, other_complement, town=names.place(rng)))


def _done(rng: Random, subject: Subject, tense: Tense) -> Phrase:
    return clause(rng, subject, action(rng, subject, "c"), tense)


def _another(rng: Random, subject: Subject) -> Subject:
    """A different person, so that the two clauses have two subjects."""
    while True:
        other = person(rng)
        first = {"a gente": "nós"}.get(subject.pronoun, subject.pronoun)
        second = {"a gente": "nós"}.get(other.pronoun, other.pronoun)
        if not (first and first == second) and {first, second} != {"eu", "nós"}:
            return other


def _two(rng: Random, opener: tuple[str, str], condition: Phrase, main: Phrase) -> Phrase:
    """Condition first with a comma, or last without."""
    slots = {"condition": condition, "main": main}
    if rng.random() < 0.65:
        return fill(f"{opener[0]} [condition], [main].", f"{opener[1]} [condition], [main].", **slots)
    return fill(f"[main] {opener[0]} [condition].", f"[main] {opener[1]} [condition].", **slots)
