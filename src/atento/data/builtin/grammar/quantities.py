"""How many, how old, how much, how long, and which in order: sentences around numbers in words."""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar import lexicon, names
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Subject
from atento.data.builtin.grammar.clauses import subject_words
from atento.data.builtin.grammar.lexicon import GENDERS, Verb
from atento.data.builtin.grammar.noun_phrases import agree, kin, named, noun, noun_phrase, person
from atento.data.builtin.grammar.numerals import ORDINALS, cardinal, ordinal
from atento.data.builtin.grammar.phrase import Phrase, fill, join, unit
from atento.data.builtin.grammar.verb_phrases import finite

_AGES = {
    "avô": (61, 97), "avó": (61, 97), "pai": (38, 79), "mãe": (38, 79), "sogro": (45, 80), "sogra": (45, 80),
    "neto": (2, 21), "neta": (2, 21), "filho": (2, 35), "filha": (2, 35), "sobrinho": (2, 31), "sobrinha": (2, 31),
    "namorado": (19, 35), "namorada": (19, 35),
    "menino": (4, 12), "menina": (4, 12), "aluno": (6, 17), "aluna": (6, 17),
}  # fmt: skip
_PRICED = ("clothes", "portable", "plant", "publication", "snack")


def age(rng: Random) -> Phrase:
    """*A minha avó tem oitenta e um anos*, *Mi abuela tiene ochenta y un años*."""
    subject = rng.choice((named, _some_professional, _my_kin, _my_kin))(rng)
    slots = {"who": subject.phrase, "years": years(rng, subject)}
    draw = rng.random()
    if draw < 0.6:
        slots["verb"] = finite(Verb("ter", "tener"), subject.agreement, tenses.PRESENT)
        return fill("[who] [verb] [years].", "[who] [verb] [years].", **slots)
    slots["when"] = fill(*rng.choice(lexicon.table("times")["past-day" if draw < 0.8 else "future-day"]))
    tense = tenses.PRETERITE if draw < 0.8 else tenses.GOING
    slots["verb"] = finite(Verb("fazer", "cumplir"), subject.agreement, tense)
    return fill("[who] [verb] [years] [when].", "[who] [verb] [years] [when].", **slots)


def years(rng: Random, subject: Subject) -> Phrase:
    """An age that suits the person."""
    youngest, oldest = next(
        (span for word in subject.phrase.source if (span := _AGES.get(word.text.removesuffix("s")))), (21, 69)
    )
    return fill("[number] anos", "[number] años", number=cardinal(rng.randint(youngest, oldest), "m", "m"))


def count(rng: Random) -> Phrase:
    """*Nesta escola há trinta e duas alunas*, *En esta escuela hay treinta y dos alumnas*."""
    source, target, kind, allowed, limit = rng.choice(lexicon.table("quantities")["count"])
    entries = [n for n in lexicon.nouns()[kind] if n.source in allowed.split() or allowed == "*"]
    entry = rng.choice(entries)
    number = cardinal(rng.randint(7, int(limit)), entry.source_gender, entry.target_gender)
    return fill(f"{source}.", f"{target}.", things=join(number, noun(entry, "p")), town=names.place(rng))


def order(rng: Random) -> Phrase:
    """*Meu primo mora no terceiro andar*, *Mi primo vive en el tercer piso*; *o terceiro a …*, *el tercero en …*."""
    source, source_gender, target, target_gender, pattern, other = rng.choice(lexicon.table("quantities")["order"])
    words = rng.choice((*ORDINALS, ORDINALS[0], ORDINALS[2]))
    who = named(rng) if rng.random() < 0.4 else kin(rng, "eu", number="s")
    slots = {"who": who.phrase, "town": names.place(rng)}
    if source:
        nth = ordinal(words, GENDERS[source_gender], GENDERS[target_gender], before=True)
        slots["nth"] = join(nth, unit(source, target))
    else:
        gender = who.agreement.source_gender
        slots["the"] = agree("o", "el", who.agreement)
        slots["nth"] = ordinal(words, gender, who.agreement.target_gender, before=False)
    return fill(f"{pattern}.", f"{other}.", **slots)


def residence(rng: Random) -> Phrase:
    """*A gente mora em Miruanosa há dez anos*, *Vivimos en … desde hace diez años*."""
    subject = person(rng)
    slots = {
        "words": subject_words(rng, subject, tenses.PRESENT),
        "verb": finite(Verb("morar", "vivir"), subject.agreement, tenses.PRESENT),
        "town": names.place(rng),
        "number": cardinal(rng.randint(2, 29), "m", "m"),
    }
    source, target = rng.choice(
        (
            ("[words] [verb] em [town] há [number] anos.", "[words] [verb] en [town] desde_hace [number] años."),
            ("[words] [verb] em [town].", "[words] [verb] en [town]."),
            ("há [number] anos que [words] [verb] em [town].", "hace [number] años que [words] [verb] en [town]."),
        )
    )
    return fill(source, target, **slots)


def price(rng: Random) -> Phrase:
    """*Este chapéu custa vinte e um reais*, *Este sombrero cuesta veintiún reales*."""
    kind = rng.choice(_PRICED)
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[kind]), "s")
    verb = finite(Verb("custar", "costar"), thing.agreement, rng.choice((tenses.PRESENT, tenses.PRETERITE)))
    slots = {
        "thing": thing.phrase,
        "verb": verb,
        "number": amount(rng, 35 if kind in {"snack", "plant", "publication"} else 99),
    }
    return fill("[thing] [verb] [number] reais.", "[thing] [verb] [number] reales.", **slots)


def amount(rng: Random, most: int = 99) -> Phrase:
    """How many *reais*, in words or in figures."""
    number = rng.randint(5, most)
    return cardinal(number, "m", "m") if rng.random() < 0.8 else unit(str(number), str(number))


def _my_kin(rng: Random) -> Subject:
    return kin(rng, "eu", number="s")


def _some_professional(rng: Random) -> Subject:
    return noun_phrase(rng, rng.choice(lexicon.nouns()["profession"]), "t")
