"""Noun phrases: determiners, possessives, numerals, adjectives before or after the noun, complements with *de*."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

from atento.data.builtin.grammar import names, portuguese_nouns, spanish_nouns
from atento.data.builtin.grammar.agreement import Agreement, Subject, third_person
from atento.data.builtin.grammar.lexicon import GENDERS, Adjective, Noun, adjectives, nouns
from atento.data.builtin.grammar.numerals import cardinal
from atento.data.builtin.grammar.phrase import EMPTY, Phrase, fill, join, unit

_DETERMINERS = {
    "d": (("o", "el"),),
    "i": (("um", "un"),),
    "s": (("este", "este"), ("esse", "ese"), ("aquele", "aquel")),
    "q": (("muito", "mucho"), ("algum", "algún"), ("vário", "vario")),
    "t": (("o", "el"),),
    "D": (("o", "el"),),
}
_PRONOUNS = {
    "eu": ("yo", Agreement("1s", "1s", "m", "m")),
    "você": ("tú", Agreement("3s", "2s", "m", "m")),
    "ele": ("él", Agreement("3s", "3s", "m", "m")),
    "ela": ("ella", Agreement("3s", "3s", "f", "f")),
    "nós": ("nosotros", Agreement("1p", "1p", "m", "m")),
    "a gente": ("nosotros", Agreement("3s", "1p", "m", "m")),
    "vocês": ("ustedes", Agreement("3p", "3p", "m", "m")),
    "eles": ("ellos", Agreement("3p", "3p", "m", "m")),
    "elas": ("ellas", Agreement("3p", "3p", "f", "f")),
    "o senhor": ("usted", Agreement("3s", "3s", "m", "m")),
    "a senhora": ("usted", Agreement("3s", "3s", "f", "f")),
    "os senhores": ("ustedes", Agreement("3p", "3p", "m", "m")),
    "as senhoras": ("ustedes", Agreement("3p", "3p", "f", "f")),
}
_POSSESSIVES = {
    "eu": ("meu", "mi"),
    "nós": ("nosso", "nuestro"),
    "a gente": ("nosso", "nuestro"),
    "você": ("seu", "tu"),
    "": ("seu", "su"),
}
_OWNED_ONCE = {"machine", "vehicle", "instrument", "property"}
_SPOUSES = {"marido", "esposa", "namorado", "namorada"}
_SINGLE = _SPOUSES | {"pai", "mãe", "avô", "avó", "padrinho", "madrinha", "chefe", "sogro", "sogra"}
_COUPLES = (("pais", "padres"), ("avós", "abuelos"), ("sogros", "suegros"), ("tios", "tíos"))


def agree(source: str, target: str, agreement: Agreement) -> Phrase:
    """An adjective, participle or determiner pair that agrees, linked as one word with one word."""
    return unit(
        portuguese_nouns.agree(source, agreement.source_gender, agreement.source_number),
        spanish_nouns.agree(target, agreement.target_gender, agreement.target_number),
    )


def noun(entry: Noun, number: str) -> Phrase:
    """The bare noun in a number."""
    if number == "s":
        return unit(entry.source, entry.target)
    return unit(portuguese_nouns.plural(entry.source), spanish_nouns.plural(entry.target))


def described(entry: Noun, number: str, adjective: Adjective | None, before: bool = False) -> Phrase:
    """A noun with an adjective; ``before`` puts it before the noun on each side that allows it."""
    head = noun(entry, number)
    if adjective is None:
        return head
    agreement = third_person(number, entry.source_gender, entry.target_gender)
    source_before, target_before = before and adjective.source_before, before and adjective.target_before
    source = portuguese_nouns.agree(adjective.source, agreement.source_gender, number)
    form = spanish_nouns.before_noun if target_before else spanish_nouns.agree
    modifier = unit(source, form(adjective.target, agreement.target_gender, number))
    return Phrase(
        modifier.source + head.source if source_before else head.source + modifier.source,
        modifier.target + head.target if target_before else head.target + modifier.target,
    )


def noun_phrase(rng: Random, entry: Noun, determiner: str, *, owner: str = "", plain: bool = False) -> Subject:
    """A noun with the determiner of a code (see ``lexicon/actions.txt``) and perhaps an adjective."""
    number = _number(rng, determiner)
    if determiner == "p" and entry.classes & _OWNED_ONCE:
        number = "s"
    adjective = None if plain or determiner in "mlz" or rng.random() > 0.3 else _adjective(rng, entry)
    body = described(entry, number, adjective, before=rng.random() < 0.4)
    agreement = third_person(number, entry.source_gender, entry.target_gender)
    return Subject(join(determined(rng, determiner, agreement, owner), body), agreement)


def determined(rng: Random, determiner: str, agreement: Agreement, owner: str = "") -> Phrase:
    """The words before the noun."""
    match determiner:
        case "b" | "m":
            return EMPTY
        case "l":
            return fill("um pouco de", "un poco de")
        case "z":
            return unit("", spanish_nouns.agree("el", agreement.target_gender, agreement.target_number))
        case "p":
            return possessive(rng, agreement, owner)
        case "n":
            return cardinal(rng.randint(2, 6), agreement.source_gender, agreement.target_gender)
        case _:
            source, target = rng.choice(_DETERMINERS[determiner])
            return agree(source, target, agreement)


def possessive(rng: Random, agreement: Agreement, owner: str) -> Phrase:
    """*meu*, *o meu* with *mi*; the Portuguese article has no counterpart."""
    source, target = _POSSESSIVES.get(owner, _POSSESSIVES[""])
    word = agree(source, target, agreement)
    if rng.random() < 0.6:
        return word
    article = portuguese_nouns.agree("o", agreement.source_gender, agreement.source_number)
    return join(unit(article, ""), word)


def kin(rng: Random, owner: str, *, number: str = "") -> Subject:
    """*meu irmão*, *as suas primas*, *os meus pais*: somebody of the speaker's or somebody else's."""
    entry = rng.choice(nouns()["kin"])
    while entry.source in _SPOUSES and owner not in {"eu", "você"}:
        entry = rng.choice(nouns()["kin"])
    number = "s" if entry.source in _SINGLE else number or ("p" if rng.random() < 0.2 else "s")
    agreement = third_person(number, entry.source_gender, entry.target_gender)
    if number == "p" and rng.random() < 0.3:
        source, target = rng.choice(_COUPLES)
        agreement = third_person("p", "m", "m")
        return Subject(join(possessive(rng, agreement, owner), unit(source, target)), agreement)
    return Subject(join(possessive(rng, agreement, owner), noun(entry, number)), agreement)


def professional(rng: Random, *, known: bool = False) -> Subject:
    """*o médico*, *uma jovem pintora*, *os vizinhos*: grown-ups, who may do anything; ``known`` ones have *the*."""
    entry = rng.choice(nouns()["profession" if rng.random() < 0.7 else "adult"])
    return noun_phrase(rng, entry, "d" if known or rng.random() < 0.85 else "i")


def named(rng: Random) -> Subject:
    """A person with a name."""
    gender = GENDERS[rng.choice("mf")]
    return Subject(names.person(rng, gender), third_person("s", gender, gender))


def pronoun(name: str) -> Subject:
    """The pronoun that Portuguese calls ``name``."""
    target, agreement = _PRONOUNS[name]
    return Subject(unit(name, target), agreement, name)


def of_women(subject: Subject) -> Subject:
    """The pronoun as women use it (or hear it): its adjectives are feminine, *nós* is *nosotras*."""
    target, agreement = _PRONOUNS[subject.pronoun]
    feminine = replace(agreement, source_gender="f", target_gender="f")
    return Subject(unit(subject.pronoun, target.replace("nosotros", "nosotras")), feminine, subject.pronoun)


def object_pronouns(agreement: Agreement) -> tuple[str, str]:
    """*o*, *a*, *os*, *as* and *lo*, *la*, *los*, *las* for a noun."""
    source = portuguese_nouns.agree("o", agreement.source_gender, agreement.source_number)
    target = spanish_nouns.agree("el", agreement.target_gender, agreement.target_number)
    return source, "lo" if target == "el" else target


def person(rng: Random, *, pronouns: bool = True) -> Subject:
    """Anybody who acts."""
    draw = rng.random()
    if pronouns and draw < 0.36:
        return pronoun(rng.choice(("eu", "eu", "você", "ele", "ela", "nós", "nós", "a gente", "vocês", "eles", "elas")))
    if draw < 0.58:
        return kin(rng, rng.choice(("eu", "eu", "nós")))
    return professional(rng) if draw < 0.8 else named(rng)


def other_than_speaker(rng: Random) -> Subject:
    """Anybody who acts but those among whom the speaker is."""
    while (subject := person(rng)).pronoun in {"eu", "nós", "a gente"}:
        pass
    return subject


def _number(rng: Random, determiner: str) -> str:
    if determiner in "bnqD":
        return "p"
    return "s" if determiner in "imltz" or rng.random() < 0.8 else "p"


def _adjective(rng: Random, entry: Noun) -> Adjective | None:
    choices = _suitable(entry.classes)
    return rng.choice(choices) if choices else None


@cache
def _suitable(classes: frozenset[str]) -> tuple[Adjective, ...]:
    return tuple(adjective for kind in sorted(classes) for adjective in adjectives().get(kind, ()))
