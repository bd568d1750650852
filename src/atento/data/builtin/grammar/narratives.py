"""Longer sentences: chains of actions, relative clauses, reasons, contrasts and what happened meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random

from atento.data.builtin.grammar import lexicon, names, reasons
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Subject
from atento.data.builtin.grammar.clauses import (
    FRAMES,
    FrameName,
    clause,
    event,
    place_adverbial,
    settled,
    subject_words,
    time_adverbial,
    with_time,
)
from atento.data.builtin.grammar.lexicon import Verb
from atento.data.builtin.grammar.noun_phrases import kin, named, noun_phrase, other_than_speaker, person, professional
from atento.data.builtin.grammar.phrase import EMPTY, Phrase, fill, join
from atento.data.builtin.grammar.predicates import Predicate, action, motion, performed

_CHAINED: tuple[FrameName, ...] = ("past", "past", "past", "past-habit", "habit", "future")
_TOGETHER = (("e depois", "y después"), ("e", "y"), ("enquanto", "mientras"))
_HOURS = {"banho": 1, "café da manhã": 2, "almoçar": 4, "descansar": 6, "jantar": 8, "dormir": 9}
_UNCHAINED = frozenset({"chorar", "esquecer", "perder", "quebrar", "ver", "encontrar", "olhar", "sair", "entrar"})
_KINDS = {
    "talk": "falar, conversar, discutir, escutar, cumprimentar, explicar, apresentar",
    "ride": "esperar, pegar, descer, subir, dirigir, andar",
    "eat": "comer, almoçar, jantar, provar",
    "rest": "dormir, descansar",
    "home": "assistir, ver",
    "grow": "plantar, colher",
    "sport": "correr, caminhar, nadar, jogar, brincar, passear, fazer exercício",
    "cook": "cozinhar, preparar, fazer o jantar, fazer um bolo",
    "class": "ensinar, aprender, repetir, estudar, fazer perguntas",
    "tell": "contar, ouvir",
    "work": "trabalhar, organizar",
    "buy": "comprar, vender, escolher, fazer compras",
}
"""Verbs of which only one has its place in a chain."""
_KIND_OF = {verb: kind for kind, verbs in _KINDS.items() for verb in verbs.split(", ")}
_ERRAND_PLACES = frozenset({"shop", "social", "water", "class", "work"})
_SCENES = (
    frozenset({"home", "kitchen", "eat"}),
    frozenset({"shop", "street", "station", "social"}),
    frozenset({"quiet", "class"}),
    frozenset({"garden", "field", "water", "outside"}),
    frozenset({"work", "social", "class", "quiet"}),
    frozenset({"evening", "music", "social"}),
)
_AFTER = (("depois de", "después de"), ("antes de", "antes de"), ("em_vez de", "en_lugar de"))


def chained(rng: Random) -> Phrase:
    """*O padeiro acordou cedo, preparou o pão e abriu a loja.*"""
    subject = _third(rng) if rng.random() < 0.7 else person(rng)
    return _stop(chain(rng, subject, rng.choice(_CHAINED), rng.choice((2, 3, 3, 3, 4, 4))))


def purpose(rng: Random) -> Phrase:
    """*Fomos ao centro para comprar um casaco.*"""
    subject = person(rng)
    name: FrameName = rng.choice(("past", "past", "future"))
    return _stop(_purpose(rng, subject, name))


def before_and_after(rng: Random) -> Phrase:
    """*Depois de lavar a louça, a minha mãe leu o jornal.*"""
    subject = person(rng)
    source, target = rng.choice(_AFTER)
    pool = [act for act in _scene(rng.choice(_SCENES), "") if _hour(act) == 5 and "jantar" not in act.complement[0]]
    act = rng.choice(pool)
    first = performed(rng, act, subject)
    main = event(rng, subject, "past", time=0.15, place=0.2, fronted=False, plain=True, pool=_unlike(act, pool))
    slots = {"first": first.infinitive(subject.agreement), "main": main}
    if rng.random() < 0.6:
        return fill(f"{source} [first], [main].", f"{target} [first], [main].", **slots)
    return fill(f"[main] {source} [first].", f"[main] {target} [first].", **slots)


def meanwhile(rng: Random) -> Phrase:
    """*Enquanto a minha mãe cozinhava, o meu pai lia o jornal.*"""
    first, second = _third(rng), _third(rng)
    tense = rng.choice((tenses.IMPERFECT, tenses.PAST_PROGRESSIVE))
    act = rng.choice(lexicon.actions_for("p"))
    other = rng.choice(_unlike(act, lexicon.actions_for("p")))
    slots = {
        "first": clause(rng, first, performed(rng, act, first), tense),
        "second": clause(rng, second, performed(rng, other, second), tenses.IMPERFECT),
    }
    if rng.random() < 0.5:
        return fill("enquanto [first], [second].", "mientras [first], [second].", **slots)
    return fill("[second] enquanto [first].", "[second] mientras [first].", **slots)


def interrupted(rng: Random) -> Phrase:
    """*Eu estava lendo uma carta quando o meu irmão chegou*; Spanish may put the newcomer after the verb."""
    first, second = person(rng), _third(rng)
    going_on = clause(rng, first, action(rng, first, "p"), tenses.PAST_PROGRESSIVE)
    source, target = rng.choice((("chegar", "llegar"), ("voltar", "volver"), ("entrar", "entrar"), ("sair", "salir")))
    came = Predicate(Verb(source, target), EMPTY).finite(second.agreement, tenses.PRETERITE)
    after = rng.random() < 0.7
    arrival = Phrase(
        second.phrase.source + came.source,
        came.target + second.phrase.target if after else second.phrase.target + came.target,
    )
    slots = {"first": going_on, "arrival": arrival}
    if rng.random() < 0.5:
        return fill("quando [arrival], [first].", "cuando [arrival], [first].", **slots)
    return fill("[first] quando [arrival].", "[first] cuando [arrival].", **slots)


def reason(rng: Random) -> Phrase:
    """*A minha prima não foi à festa porque estava doente.*"""
    subject = person(rng)
    state, done, negative = reasons.cause_and_effect(rng, subject.agreement)
    why = state.finite(subject.agreement, tenses.IMPERFECT)
    main = clause(rng, subject, done, tenses.PRETERITE, negative=negative)
    if rng.random() < 0.4:
        main = with_time(rng, main, time_adverbial(rng, "past"))
    joint = rng.random()
    slots = {"main": main, "why": why}
    if joint < 0.7 or subject.pronoun == "eu":
        return fill("[main] porque [why].", "[main] porque [why].", **slots)
    return fill("como [why], [main].", "como [why], [main].", **slots)


def two_events(rng: Random) -> Phrase:
    """Two clauses with two subjects, in the same surroundings or in contrast."""
    return _stop(_joined(rng, rng.choice(_CHAINED), person(rng)))


def _joined(rng: Random, name: FrameName, first: Subject, time: float = 0.6) -> Phrase:
    second = _third(rng)
    scene = _scene(rng.choice(_SCENES), FRAMES[name].use)
    act = rng.choice(scene)
    one = event(rng, first, name, time=time, place=0.5, plain=True, pool=(act,))
    if name == "past" and rng.random() < 0.35:
        return fill("[one], mas [but]", "[one], pero [but]", one=one, but=_contrast(rng))
    source, target = rng.choice(_TOGETHER[1:] if FRAMES[name].use == "h" else _TOGETHER[:2])
    other = event(rng, second, name, time=0.0, place=0.4, plain=True, pool=_unlike(act, scene))
    comma = "," if rng.random() < 0.5 else ""
    return fill(f"[one]{comma} {source} [other]", f"[one]{comma} {target} [other]", one=one, other=other)


def _contrast(rng: Random) -> Phrase:
    """Somebody else who did not go along."""
    who = kin(rng, "eu", number="s") if rng.random() < 0.6 else named(rng)
    return fill(
        "[who] [but]", "[who] [but]", who=who.phrase, but=fill(*rng.choice(lexicon.table("remarks")["contrast"]))
    )


def relative(rng: Random) -> Phrase:
    """*A pintora que comprou a casa antiga é amiga da minha tia.*"""
    subject = with_relative(rng, professional_definite(rng))
    if rng.random() < 0.35:
        friend = kin(rng, "eu", number="s")
        verb = tenses.finite(Verb("conhecer", "conocer"), subject.agreement, tenses.PRESENT)
        return fill(
            "[who] [knows] [friend].",
            "[who] [knows] a{personal} [friend].",
            who=subject.phrase,
            knows=verb,
            friend=friend.phrase,
        )
    return _stop(event(rng, subject, rng.choice(_CHAINED), time=0.3, place=0.3))


def object_relative(rng: Random) -> Phrase:
    """*O relógio que comprei ontem já não funciona*, *… que compró mi hermano*: Spanish puts the subject last."""
    kind = rng.choice(("portable", "write", "meal", "machine", "property"))
    deeds, remarks = lexicon.table("things")[f"{kind}-done"], lexicon.table("things")[f"{kind}-remark"]
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[kind]), "t", plain=rng.random() < 0.7)
    doer = person(rng)
    source, target = rng.choice(deeds)
    did = Predicate(Verb(source, target), EMPTY).finite(doer.agreement, tenses.PRETERITE)
    words = subject_words(rng, doer, tenses.PRETERITE)
    after = not doer.pronoun and rng.random() < 0.6
    inner = Phrase(words.source + did.source, did.target + words.target if after else words.target + did.target)
    if rng.random() < 0.4:
        inner = join(inner, time_adverbial(rng, "past", life=kind == "property"))
    remark = fill(*rng.choice(remarks))
    return fill(
        "[thing] que [inner] [remark].", "[thing] que [inner] [remark].", thing=thing.phrase, inner=inner, remark=remark
    )


def long_story(rng: Random) -> Phrase:
    """Up to fifty words: somebody tells that, when something happened, one did this and that, and others did not."""
    subject = with_relative(rng, professional_definite(rng)) if rng.random() < 0.4 else _third(rng)
    opening = rng.choice(("", "when", "when", "while", "circumstance"))
    reported = rng.random() < 0.45
    meanwhile = rng.choice(lexicon.actions_for("p"))
    length, time = rng.choice((3, 3, 4)), 0.0 if opening or reported else 0.6
    body = chain(rng, subject, "past", length, time=time, avoided=meanwhile)
    body = _ended(rng, body, None if opening == "while" else meanwhile)
    body = _opened(rng, body, opening, meanwhile) if opening else body
    if not reported:
        return _stop(body)
    speaker = kin(rng, "eu") if rng.random() < 0.6 else named(rng)
    said = tenses.finite(Verb("contar", "contar"), speaker.agreement, tenses.PRETERITE)
    slots = {"who": speaker.phrase, "said": said, "body": body}
    comma = "," if opening else ""
    return fill(f"[who] me [said] que{comma} [body].", f"[who] me [said] que{comma} [body].", **slots)


def _ended(rng: Random, body: Phrase, meanwhile: lexicon.Action | None) -> Phrase:
    """What somebody else did ``meanwhile`` (if given), later or instead."""
    ending = rng.choice(("while", "but", "later") if meanwhile else ("but", "later"))
    if ending == "but":
        return fill("[body], mas [other]", "[body], pero [other]", body=body, other=_contrast(rng))
    other = _third(rng)
    if meanwhile and ending == "while":
        doing = clause(rng, other, performed(rng, meanwhile, other), tenses.IMPERFECT)
        return fill("[body], enquanto [doing]", "[body], mientras [doing]", body=body, doing=doing)
    did = event(rng, other, "past", time=0.0, plain=True, pool=_scene(rng.choice(_SCENES), ""))
    return fill("[body], e depois [did]", "[body], y después [did]", body=body, did=did)


def _opened(rng: Random, body: Phrase, opening: str, meanwhile: lexicon.Action) -> Phrase:
    """A clause before the story: when, or what somebody did ``meanwhile``."""
    if opening == "circumstance":
        source, target = rng.choice(lexicon.table("remarks")["circumstance"])
        return fill(f"{source}, [body]", f"{target}, [body]", body=body, town=names.place(rng))
    first = _third(rng)
    if opening == "while":
        doing = clause(rng, first, performed(rng, meanwhile, first), tenses.IMPERFECT)
        return fill("enquanto [doing], [body]", "mientras [doing], [body]", doing=doing, body=body)
    arrival = Predicate(Verb("chegar", "llegar"), fill("a [town]", "a [town]", town=names.place(rng)))
    slots = {"came": clause(rng, first, arrival, tenses.PRETERITE), "body": body}
    return fill("quando [came], [body]", "cuando [came], [body]", **slots)


def introduced(rng: Random) -> Phrase:
    """*Dizem que …*, *Na verdade, …*: somebody's word or the speaker's stance before a statement about others."""
    name: FrameName = rng.choice(_CHAINED)
    source, target = rng.choice(lexicon.table("remarks")["introduction"])
    first = person(rng, pronouns=False) if "você" in source else other_than_speaker(rng)
    together = rng.random() < 0.5
    body = _joined(rng, name, first) if together else event(rng, first, name, time=0.4, place=0.5, plain=True)
    return fill(f"{source} [body].", f"{target} [body].", body=body)


def chain(
    rng: Random,
    subject: Subject,
    name: FrameName,
    length: int,
    *,
    time: float = 0.6,
    avoided: lexicon.Action | None = None,
) -> Phrase:
    """One subject, several actions, none like the ``avoided``; a time stands with the first and holds for all."""
    frame = FRAMES[name]
    scene = list(_scene(rng.choice(_SCENES), frame.use))
    scene = _unlike(avoided, scene) if avoided else scene
    rng.shuffle(scene)
    chosen: dict[str, lexicon.Action] = {}
    for candidate in scene:
        if len(chosen) < length:
            chosen.setdefault(_kind(candidate), candidate)
    acts: list[Phrase] = []
    for act in (performed(rng, candidate, subject) for candidate in sorted(chosen.values(), key=_hour)):
        words = act.finite(subject.agreement, settled(act, frame.tense))
        acts.append(
            join(words, place_adverbial(rng, act, towns=False)) if act.places and rng.random() < 0.25 else words
        )
    reflexive = acts[0].source[0].text in {"me", "se", "nos"}
    body = join(subject_words(rng, subject, frame.tense, reflexive=reflexive), acts[0])
    if rng.random() < (1.0 if time and frame.use == "h" else time):
        tag = f"{frame.times}-day"
        body = with_time(rng, body, time_adverbial(rng, tag, part=False, told=True))
    for middle in acts[1:-1]:
        body = fill("[body], [act]", "[body], [act]", body=body, act=middle)
    return fill("[body] e [act]", "[body] y [act]", body=body, act=acts[-1])


def with_relative(rng: Random, subject: Subject) -> Subject:
    """The noun with a relative clause of which it is the subject."""
    tense, kind = rng.choice(((tenses.PRETERITE, "deed"), (tenses.PRESENT, "home")))
    source, target, complement, other_complement = rng.choice(lexicon.table("deeds")[kind])
    inner = Predicate(Verb(source, target), fill(complement, other_complement, town=names.place(rng)))
    phrase = fill("[who] que [did]", "[who] que [did]", who=subject.phrase, did=inner.finite(subject.agreement, tense))
    return Subject(phrase, subject.agreement)


def professional_definite(rng: Random) -> Subject:
    """*o médico*, *as alunas*."""
    entry = rng.choice(lexicon.nouns()[rng.choice(("profession", "adult"))])
    return noun_phrase(rng, entry, "d", plain=rng.random() < 0.7)


def _purpose(rng: Random, subject: Subject, name: FrameName) -> Phrase:
    goal = motion(rng)
    tense = settled(goal, FRAMES[name].tense)
    aim = performed(rng, rng.choice(_errands()), subject)
    body = fill(
        "[going] para [aim]",
        "[going] para [aim]",
        going=clause(rng, subject, goal, tense),
        aim=aim.infinitive(subject.agreement),
    )
    return join(time_adverbial(rng, FRAMES[name].times), body) if rng.random() < 0.5 else body


def _kind(act: lexicon.Action) -> str:
    """What may come only once in a chain: the same verb, or one that means nearly the same."""
    verb = act.verb.source_particle or act.verb.source
    name = f"{verb} {act.complement[0]}" if verb == "fazer" else verb
    return _KIND_OF.get(name, name)


def _unlike(act: lexicon.Action, pool: Sequence[lexicon.Action]) -> list[lexicon.Action]:
    """The actions that mean something else."""
    return [other for other in pool if _kind(other) != _kind(act) and other.verb.source != act.verb.source]


def _hour(act: lexicon.Action) -> int:
    """When in the day such a thing is done, for those that have their time."""
    return _HOURS.get(act.verb.source_particle or act.verb.source, 5)


@cache
def _errands() -> tuple[lexicon.Action, ...]:
    """What one goes somewhere for."""
    return tuple(
        act for act in lexicon.actions_for("p") if act.places & _ERRAND_PLACES and act.complement[0] != "muito"
    )


@cache
def _scene(places: frozenset[str], use: str) -> tuple[lexicon.Action, ...]:
    """Everyday actions that may follow one another in the same surroundings."""
    return tuple(
        act
        for act in lexicon.actions_for(use)
        if act.places & places and "L" not in act.uses and act.verb.source not in _UNCHAINED
    )


def _third(rng: Random) -> Subject:
    draw = rng.random()
    if draw < 0.4:
        return kin(rng, rng.choice(("eu", "nós")))
    return professional(rng) if draw < 0.7 else named(rng)


def _stop(body: Phrase) -> Phrase:
    return fill("[body].", "[body].", body=body)
