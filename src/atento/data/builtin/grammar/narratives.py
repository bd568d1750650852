"""Longer sentences: chains of actions, relative clauses, reasons, contrasts and what happened meanwhile."""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar import lexicon, names
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Subject
from atento.data.builtin.grammar.clauses import (
    FRAMES, FrameName, clause, event, place_adverbial, settled, subject_words, time_adverbial, with_time,
)  # fmt: skip
from atento.data.builtin.grammar.lexicon import Verb
from atento.data.builtin.grammar.noun_phrases import kin, named, noun_phrase, person, professional
from atento.data.builtin.grammar.phrase import EMPTY, Phrase, fill, join
from atento.data.builtin.grammar.predicates import Predicate, action, motion, state
from atento.data.builtin.grammar.verb_phrases import Tense

_CHAINED: tuple[FrameName, ...] = ("past", "past", "past", "past-habit", "habit", "future")
_TOGETHER = (("e", "y"), ("e", "y"), ("mas", "pero"), ("e depois", "y después"), ("e por_isso", "y por_eso"))
_AFTER = (("depois de", "después de"), ("antes de", "antes de"), ("em_vez de", "en_lugar de"), ("para", "para"))


def chained(rng: Random) -> Phrase:
    """*O padeiro acordou cedo, preparou o pão e abriu a loja.*"""
    subject = _third(rng) if rng.random() < 0.7 else person(rng)
    return _stop(chain(rng, subject, rng.choice(_CHAINED), rng.choice((2, 2, 3, 3, 4))))


def purpose(rng: Random) -> Phrase:
    """*Fomos ao centro para comprar um casaco.*"""
    subject = person(rng)
    name: FrameName = rng.choice(("past", "past", "future"))
    return _stop(_purpose(rng, subject, name))


def before_and_after(rng: Random) -> Phrase:
    """*Depois de lavar a louça, a minha mãe leu o jornal.*"""
    subject = person(rng)
    source, target = rng.choice(_AFTER[:3])
    first = action(rng, subject, "p")
    main = event(rng, subject, "past", time=0.15, place=0.2)
    slots = {"first": first.infinitive(subject.agreement), "main": main}
    if rng.random() < 0.6:
        return fill(f"{source} [first], [main].", f"{target} [first], [main].", **slots)
    return fill(f"[main] {source} [first].", f"[main] {target} [first].", **slots)


def meanwhile(rng: Random) -> Phrase:
    """*Enquanto a minha mãe cozinhava, o meu pai lia o jornal.*"""
    first, second = _third(rng), _third(rng)
    tense = rng.choice((tenses.IMPERFECT, tenses.PAST_PROGRESSIVE))
    slots = {
        "first": clause(rng, first, action(rng, first, "p"), tense), "second": clause(rng, second, action(rng, second, "p"), tense),
    }  # fmt: skip
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
    arrival = Phrase(second.phrase.source + came.source, came.target + second.phrase.target if after else second.phrase.target + came.target)
    slots = {"first": going_on, "arrival": arrival}
    if rng.random() < 0.5:
        return fill("quando [arrival], [first].", "cuando [arrival], [first].", **slots)
    return fill("[first] quando [arrival].", "[first] cuando [arrival].", **slots)


def reason(rng: Random) -> Phrase:
    """*Maria não foi à festa porque estava doente.*"""
    subject = person(rng)
    main = event(rng, subject, "past", time=0.3, place=0.2)
    return fill("[main] porque [why].", "[main] porque [why].", main=main, why=_state_clause(rng, subject))


def two_events(rng: Random) -> Phrase:
    """Two clauses with two subjects, joined."""
    name = rng.choice(_CHAINED)
    first, second = person(rng), _third(rng)
    source, target = rng.choice(_TOGETHER)
    slots = {"first": event(rng, first, name, time=0.5, place=0.4), "second": event(rng, second, name, time=0.0, place=0.4)}
    comma = "," if source == "mas" or rng.random() < 0.5 else ""
    return fill(f"[first]{comma} {source} [second].", f"[first]{comma} {target} [second].", **slots)


def relative(rng: Random) -> Phrase:
    """*A pintora que comprou a casa antiga é amiga da minha tia.*"""
    subject = with_relative(rng, professional_definite(rng))
    if rng.random() < 0.35:
        friend = kin(rng, "eu", number="s")
        verb = tenses.finite(Verb("conhecer", "conocer"), subject.agreement, tenses.PRESENT)
        return fill("[who] [knows] [friend].", "[who] [knows] a{personal} [friend].", who=subject.phrase, knows=verb, friend=friend.phrase)
    return _stop(event(rng, subject, rng.choice(_CHAINED), time=0.3, place=0.3))


def object_relative(rng: Random) -> Phrase:
    """*O relógio que comprei ontem já não funciona*, *… que compró mi hermano*: Spanish puts the subject last."""
    kind, deeds, remarks = rng.choice((
        ("portable", (("comprar", "comprar"), ("perder", "perder"), ("encontrar", "encontrar"), ("trazer", "traer")),
         (("era de o meu avô", "era de ~ mi abuelo"), ("está em a mesa", "está en la mesa"), ("custou vinte reais", "costó veinte reales"))),
        ("read", (("escrever", "escribir"), ("ler", "leer"), ("comprar", "comprar")),
         (("é muito interessante", "es muy interesante"), ("está em a mesa", "está en la mesa"), ("mudou a minha vida", "cambió ~ mi vida"))),
        ("meal", (("preparar", "preparar"), ("servir", "servir"), ("trazer", "traer")),
         (("estava muito quente", "estaba muy caliente"), ("tinha muito sal", "tenía mucha sal"), ("acabou logo", "se_acabó pronto"))),
        ("machine", (("consertar", "arreglar"), ("comprar", "comprar"), ("vender", "vender")),
         (("já não funciona", "ya no funciona"), ("funciona bem", "funciona bien"), ("custou muito caro", "costó muy caro"))),
        ("building", (("construir", "construir"), ("comprar", "comprar"), ("pintar", "pintar")),
         (("fica em o centro", "queda en el centro"), ("é muito grande", "es muy grande"), ("fica perto_de o rio", "queda cerca_de el río"))),
    ))  # fmt: skip
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[kind]), "d", plain=rng.random() < 0.7)
    while thing.agreement.source_number == "p":
        thing = noun_phrase(rng, rng.choice(lexicon.nouns()[kind]), "d", plain=rng.random() < 0.7)
    doer = person(rng)
    did = Predicate(Verb(*rng.choice(deeds)), EMPTY).finite(doer.agreement, tenses.PRETERITE)
    words = subject_words(rng, doer, tenses.PRETERITE)
    after = not doer.pronoun and rng.random() < 0.6
    inner = Phrase(words.source + did.source, did.target + words.target if after else words.target + did.target)
    if rng.random() < 0.4:
        inner = join(inner, time_adverbial(rng, "past"))
    remark = fill(*rng.choice(remarks))
    return fill("[thing] que [inner] [remark].", "[thing] que [inner] [remark].", thing=thing.phrase, inner=inner, remark=remark)


def long_story(rng: Random) -> Phrase:
    """Up to fifty words: a time clause, a chain of actions, and what somebody else did meanwhile or why."""
    subject = with_relative(rng, professional_definite(rng)) if rng.random() < 0.4 else _third(rng)
    parts = chain(rng, subject, "past", rng.choice((2, 3, 3, 4)))
    other = _third(rng)
    endings = (
        ("enquanto [x]", "mientras [x]", clause(rng, other, action(rng, other, "p"), tenses.IMPERFECT)),
        ("mas [x]", "pero [x]", event(rng, other, "past", time=0.0)),
        ("porque [x]", "porque [x]", _state_clause(rng, subject)),
        ("e [x]", "y [x]", event(rng, other, "past", time=0.2)),
    )
    source, target, last = rng.choice(endings)
    comma = "," if source[0] != "p" else ""
    body = fill(f"[parts]{comma} {source}", f"[parts]{comma} {target}", parts=parts, x=last)
    if rng.random() < 0.6:
        first = _third(rng)
        opening = clause(rng, first, action(rng, first, "p"), tenses.IMPERFECT)
        if rng.random() < 0.5:
            went = Predicate(Verb("chegar", "llegar"), fill("a [town]", "a [town]", town=names.place(rng)))
            body = fill("quando [open], [body]", "cuando [open], [body]", open=clause(rng, first, went, tenses.PRETERITE), body=body)
        else:
            body = fill("enquanto [open], [body]", "mientras [open], [body]", open=opening, body=body)
    if rng.random() < 0.35:
        speaker = kin(rng, "eu") if rng.random() < 0.6 else named(rng)
        said = tenses.finite(Verb("contar", "contar"), speaker.agreement, tenses.PRETERITE)
        body = fill("[who] me [said] que [body]", "[who] me [said] que [body]", who=speaker.phrase, said=said, body=body)
    return _stop(body)


def chain(rng: Random, subject: Subject, name: FrameName, length: int) -> Phrase:
    """One subject, several actions; only the first may have its time, which holds for all."""
    frame = FRAMES[name]
    acts: list[Phrase] = []
    verbs: set[str] = set()
    while len(acts) < length:
        act = action(rng, subject, frame.use)
        if act.verb.source in verbs or act.life:
            continue
        verbs.add(act.verb.source)
        words = act.finite(subject.agreement, settled(act, frame.tense))
        acts.append(join(words, place_adverbial(rng, act)) if act.places and rng.random() < 0.25 else words)
    reflexive = acts[0].source[0].text in {"me", "se", "nos"}
    body = join(subject_words(rng, subject, frame.tense, reflexive=reflexive), acts[0])
    body = with_time(rng, body, time_adverbial(rng, frame.times)) if rng.random() < 0.5 else body
    for act in acts[1:-1]:
        body = fill("[body], [act]", "[body], [act]", body=body, act=act)
    return fill("[body] e [act]", "[body] y [act]", body=body, act=acts[-1])


def with_relative(rng: Random, subject: Subject) -> Subject:
    """The noun with a relative clause of which it is the subject."""
    tense: Tense = rng.choice((tenses.PRETERITE, tenses.PRESENT))
    if tense is tenses.PRESENT:
        inner = Predicate(Verb("morar", "vivir"), fill(*rng.choice((
            ("em [town]", "en [town]"), ("perto_de o rio", "cerca_de el río"), ("em a praça", "en la plaza"),
            ("em a casa azul", "en la casa azul"), ("em{f} frente{f} a a igreja", "frente{f} a la iglesia"),
        )), town=names.place(rng)))  # fmt: skip
    else:
        inner = action(rng, subject)
    phrase = fill("[who] que [did]", "[who] que [did]", who=subject.phrase, did=inner.finite(subject.agreement, tense))
    return Subject(phrase, subject.agreement)


def professional_definite(rng: Random) -> Subject:
    """*o médico*, *as alunas*."""
    entry = rng.choice(lexicon.nouns()[rng.choice(("profession", "human"))])
    return noun_phrase(rng, entry, "d", plain=rng.random() < 0.7)


def _purpose(rng: Random, subject: Subject, name: FrameName) -> Phrase:
    goal = motion(rng)
    tense = settled(goal, FRAMES[name].tense)
    aim = action(rng, subject, "p")
    body = fill(
        "[going] para [aim]", "[going] para [aim]",
        going=clause(rng, subject, goal, tense), aim=aim.infinitive(subject.agreement),
    )  # fmt: skip
    return with_time(rng, body, time_adverbial(rng, FRAMES[name].times)) if rng.random() < 0.6 else body


def _state_clause(rng: Random, subject: Subject) -> Phrase:
    """*porque estava cansado*: the same subject, not said again."""
    feeling = state(rng, subject.agreement).finite(subject.agreement, tenses.IMPERFECT)
    return feeling


def _third(rng: Random) -> Subject:
    draw = rng.random()
    if draw < 0.4:
        return kin(rng, rng.choice(("eu", "nós")))
    return professional(rng) if draw < 0.7 else named(rng)


def _stop(body: Phrase) -> Phrase:
    return fill("[body].", "[body].", body=body)
