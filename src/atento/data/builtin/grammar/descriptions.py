"""What things and people are: qualities, comparisons, existence, passives, weather, dates, prices, origins."""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar import lexicon, names, portuguese_nouns, portuguese_verbs, spanish_nouns, spanish_verbs
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Subject, third_person
from atento.data.builtin.grammar.clauses import time_adverbial, with_time
from atento.data.builtin.grammar.lexicon import Adjective, Noun, Verb
from atento.data.builtin.grammar.noun_phrases import (
    agree,
    determined,
    kin,
    named,
    noun,
    noun_phrase,
)
from atento.data.builtin.grammar.phrase import Phrase, fill, join, unit
from atento.data.builtin.grammar.verb_phrases import finite

_SER = Verb("ser", "ser")
_DESCRIBED = (
    "secret",
    "joke",
    "thing",
    "vehicle",
    "clothes",
    "building",
    "landscape",
    "settlement",
    "animal",
    "tellable",
    "publication",
    "show",
    "issue",
    "teachable",
    "instrument",
    "plant",
    "tall",
    "outdoors",
)
_COMPARED = tuple(kind for kind in _DESCRIBED if kind not in {"secret", "joke", "teachable"})
_EXCLAIMED = tuple(kind for kind in _DESCRIBED if kind != "secret")
_SOBER = {"novo", "moderno", "importante"}
_DEGREES = (("muito", "muy"), ("muito", "muy"), ("bastante", "bastante"))


def quality(rng: Random) -> Phrase:
    """*Esta ponte é muito antiga*, *Os meus vizinhos são generosos*."""
    subject, adjective = _described_subject(rng)
    tense = rng.choice((tenses.PRESENT, tenses.PRESENT, tenses.PRESENT, tenses.IMPERFECT))
    verb = finite(_SER, subject.agreement, tense, negative=rng.random() < 0.15)
    degree = unit(*rng.choice(_DEGREES)) if rng.random() < 0.5 else Phrase((), ())
    quality_words = agree(adjective.source, adjective.target, subject.agreement)
    return _stop(join(subject.phrase, verb, degree, quality_words))


def exclamation(rng: Random) -> Phrase:
    """*Que praia bonita!*, *¡Qué playa tan bonita!*"""
    entry, adjective = _thing(rng, _EXCLAIMED)
    while adjective.source in _SOBER:
        entry, adjective = _thing(rng, _EXCLAIMED)
    agreement = third_person("s", entry.source_gender, entry.target_gender)
    slots = {"noun": noun(entry, "s"), "adjective": agree(adjective.source, adjective.target, agreement)}
    if rng.random() < 0.4:
        return fill("que [noun] tão [adjective]!", "¡qué [noun] tan [adjective]!", **slots)
    return fill("que{q} [noun] [adjective]!", "¡qué{q} [noun] más{q} [adjective]!", **slots)


def comparison(rng: Random) -> Phrase:
    """*A igreja é maior do que a escola*, *La iglesia es más grande que la escuela*."""
    entry, adjective = _thing(rng, _COMPARED)
    while adjective.source in _SIZES[:2] and not entry.classes & _OF_ANY_SIZE:  # a duck is no bigger than a cow
        entry, adjective = _thing(rng, _COMPARED)
    other = _companion(rng, entry, adjective)
    first = noun_phrase(rng, entry, "t", plain=True)
    second = noun_phrase(rng, other, "t", plain=True)
    words = agree(adjective.source, adjective.target, first.agreement)
    form = rng.choice(("more", "less", "equal") if adjective.source not in _SIZES else ("more", "equal"))
    if form == "more" and adjective.source in _SIZES:
        source = {"grande": "maior", "pequeno": "menor", "bom": "melhor"}[adjective.source]
        target = {"grande": "más grande", "pequeno": "más pequeño", "bom": "mejor"}[adjective.source]
        degree = unit(
            portuguese_nouns.agree(source, "m", first.agreement.source_number),
            " ".join(
                piece
                if piece == "más"
                else spanish_nouns.agree(piece, first.agreement.target_gender, first.agreement.target_number)
                for piece in target.split()
            ),
        )
    elif form == "equal":
        degree = join(unit("tão", "tan"), words)
    else:
        degree = join(unit("mais", "más") if form == "more" else unit("menos", "menos"), words)
    verb = finite(_SER, first.agreement, rng.choice((tenses.PRESENT, tenses.PRESENT, tenses.IMPERFECT)))
    link = unit("quanto", "como") if form == "equal" else unit("do que", "que")
    return _stop(join(first.phrase, verb, degree, link, second.phrase))


def superlative(rng: Random) -> Phrase:
    """*É a maior cidade do país*, *Es la ciudad más grande del país*: the adjective changes sides."""
    source_group, target_group, kinds = rng.choice(lexicon.table("descriptions")["superlative"])
    entry = rng.choice(lexicon.nouns()[rng.choice(kinds.split())])
    adjective = rng.choice(gradable(entry))
    agreement = third_person("s", entry.source_gender, entry.target_gender)
    head, article = noun(entry, "s"), determined(rng, "d", agreement)
    if adjective.source in {"grande", "pequeno"}:
        modifier = unit(
            "maior" if adjective.source == "grande" else "menor",
            "más " + spanish_nouns.agree(adjective.target, agreement.target_gender, "s"),
        )
        best = Phrase(modifier.source + head.source, head.target + modifier.target)
    elif adjective.source == "bom":
        best = join(unit("melhor", "mejor"), head)
    else:
        best = join(head, unit("mais", "más"), agree(adjective.source, adjective.target, agreement))
    group = fill(source_group, target_group)
    this = agree(*rng.choice((("este", "este"), ("esse", "ese"), ("aquele", "aquel"))), agreement)
    verb = finite(_SER, agreement, rng.choice((tenses.PRESENT, tenses.PRESENT, tenses.IMPERFECT)))
    if "settlement" in entry.classes and entry.source != "país" and rng.random() < 0.5:
        return _stop(join(names.place(rng), verb, article, best, group))
    return _stop(join(this, verb, article, best, group))


def existence(rng: Random) -> Phrase:
    """*Há duas maçãs na mesa*, *Hay dos manzanas en la mesa*."""
    kind, source, target = rng.choice(lexicon.table("descriptions")["existence"])
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[kind]), rng.choice("inq"))
    where = fill(source, target, town=names.place(rng))
    verb = fill(*rng.choice((("há", "hay"), ("tem", "hay"), ("havia", "había"), ("tinha", "había"))))
    if rng.random() < 0.4:
        return _stop(
            Phrase(
                where.source + verb.source + thing.phrase.source,
                (where.target + verb.target + thing.phrase.target)
                if rng.random() < 0.7
                else (verb.target + thing.phrase.target + where.target),
            )
        )
    return _stop(join(verb, thing.phrase, where))


def passive(rng: Random) -> Phrase:
    """*A ponte foi construída por Vicente Balvedo em 1932.*"""
    source, target, kinds, doers, when_done = rng.choice(lexicon.table("descriptions")["passive"])
    lasting = when_done == "year"
    thing = noun_phrase(
        rng, rng.choice(lexicon.nouns()[rng.choice(kinds.split())]), rng.choice("tts"), plain=rng.random() < 0.7
    )
    done = agree(portuguese_verbs.participle(source), spanish_verbs.participle(target), thing.agreement)
    if rng.random() < 0.2 and source != "descobrir":
        body = join(thing.phrase, finite(_SER, thing.agreement, tenses.FUTURE), done)
        return _stop(with_time(rng, body, time_adverbial(rng, "future", life=True)))
    body = join(thing.phrase, finite(_SER, thing.agreement, tenses.PRETERITE), done)
    if source != "destruir" and rng.random() < 0.7:
        agent = named(rng).phrase if not doers or rng.random() < 0.5 else _doer(rng, doers)
        body = fill("[body] por [agent]", "[body] por [agent]", body=body, agent=agent)
    when = year(rng) if lasting and rng.random() < 0.6 else time_adverbial(rng, "past", life=lasting)
    return _stop(
        with_time(rng, body, when) if rng.random() < 0.7 or "por" not in {word.text for word in body.source} else body
    )


def _doer(rng: Random, doers: str) -> Phrase:
    """*o arquiteto*, *uma engenheira*."""
    trade = rng.choice(doers.split())
    trades = lexicon.nouns()["profession"]
    place = next(k for k, entry in enumerate(trades) if entry.source == trade)
    return noun_phrase(rng, trades[place + rng.randrange(2)], rng.choice("tti"), plain=True).phrase


def weather(rng: Random) -> Phrase:
    """*Choveu muito ontem em Montebal.*"""
    tag = rng.choice(("past", "now", "future", "season"))
    body = fill(*rng.choice(lexicon.table("remarks")[f"{tag}-weather"]))
    if rng.random() < 0.55:
        body = fill("[body] em [town]", "[body] en [town]", body=body, town=names.place(rng))
    if tag == "season":
        when = fill(
            *rng.choice((("em o inverno", "en ~ invierno"), ("em julho", "en julio"), ("em janeiro", "en enero")))
        )
    else:
        when = time_adverbial(rng, tag)
    return _stop(with_time(rng, body, when))


def biography(rng: Random) -> Phrase:
    """*Elvira Tormares nasceu em Corunera em 12 de março de 1975 e mora em …*"""
    who = named(rng)
    slots = {
        "who": who.phrase,
        "town": names.place(rng),
        "other": names.place(rng),
        "date": date(rng),
        "year": year(rng),
        "trade": _trade(rng, who),
        "born": unit("nasceu", "nació"),
    }
    source, target = rng.choice(lexicon.table("descriptions")["biography"])
    if "dela" in source and who.agreement.source_gender == "m":
        source = source.replace("dela", "dele")
    return _stop(fill(source, target, **slots))


def _trade(rng: Random, who: Subject) -> Phrase:
    """A profession in the gender of the person."""
    gender = who.agreement.source_gender
    trades = [entry for entry in lexicon.nouns()["profession"] if entry.source_gender == gender]
    return noun(rng.choice(trades), "s")


def clock(rng: Random) -> Phrase:
    """*A reunião começa às três*, *La reunión empieza a las tres*."""
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[rng.choice(("event", "show"))]), "t", plain=True)
    verb = finite(
        Verb("começar", "empezar") if rng.random() < 0.6 else Verb("terminar", "terminar"),
        thing.agreement,
        rng.choice((tenses.PRESENT, tenses.PRETERITE, tenses.GOING)),
    )
    hour = fill(*rng.choice(lexicon.table("descriptions")["hour"]))
    return _stop(join(thing.phrase, verb, hour))


def gradable(entry: Noun) -> list[Adjective]:
    """The adjectives of a noun that take *more* and *very*."""
    return [
        a for kind in sorted(entry.classes) for a in lexicon.adjectives().get(kind, ()) if a.source not in _UNGRADED
    ]


def date(rng: Random) -> Phrase:
    """*12 de março de 1975*."""
    month, number, written = (
        rng.choice(lexicon.table("descriptions")["month"]),
        rng.randint(2, 28),
        str(rng.randint(1890, 2012)),
    )
    slots = {"day": unit(str(number), str(number)), "month": unit(*month), "year": unit(written, written)}
    return fill("[day] de [month] de [year]", "[day] de [month] de [year]", **slots)


def year(rng: Random) -> Phrase:
    """*em 1932*."""
    written = str(rng.randint(1890, 2019))
    return fill("em [year]", "en [year]", year=unit(written, written))


_UNGRADED = {
    "vermelho",
    "azul",
    "verde",
    "amarelo",
    "branco",
    "preto",
    "excelente",
    "enorme",
    "delicioso",
    "lindo",
    "belo",
    "inesquecível",
}
"""Colours and adjectives that already say *very*."""
_SIZES = ("grande", "pequeno", "bom")
_OF_ANY_SIZE = {"building", "settlement", "landscape", "outdoors"}


def _described_subject(rng: Random) -> tuple[Subject, Adjective]:
    if rng.random() < 0.4:
        subject = rng.choice((named, _some_professional, _my_kin))(rng)
        return subject, rng.choice(lexicon.adjectives()["kin"])
    entry, adjective = _thing(rng)
    owned = not entry.classes.isdisjoint({"clothes", "thing", "vehicle", "animal", "instrument"})
    return noun_phrase(rng, entry, rng.choice("tssp" if owned else "tss"), owner="eu", plain=True), adjective


def _some_professional(rng: Random) -> Subject:
    return noun_phrase(rng, rng.choice(lexicon.nouns()["profession"]), "d", plain=True)


def _my_kin(rng: Random) -> Subject:
    return kin(rng, rng.choice(("eu", "nós")))


def _thing(rng: Random, kinds: tuple[str, ...] = _DESCRIBED) -> tuple[Noun, Adjective]:
    """A noun and an adjective that suits it."""
    kind = rng.choice(kinds)
    entry = rng.choice(lexicon.nouns()[kind])
    return entry, rng.choice(gradable(entry))


def _companion(rng: Random, entry: Noun, adjective: Adjective) -> Noun:
    """Another noun to compare with, that the adjective suits too."""
    kinds = sorted(entry.classes & set(_DESCRIBED))
    choices = [
        n for kind in kinds for n in lexicon.nouns()[kind] if n.source != entry.source and adjective in gradable(n)
    ]
    alike = [n for n in choices if n.classes == entry.classes]  # no computer is compared with a plate
    return rng.choice(alike or choices)


def _stop(body: Phrase) -> Phrase:
    return fill("[body].", "[body].", body=body)
