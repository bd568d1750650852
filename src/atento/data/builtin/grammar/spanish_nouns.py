"""Spanish nouns and adjectives: plurals, feminines, short forms before the noun, and *el* before a stressed *a*."""

from __future__ import annotations

from functools import cache

_PLURALS = {
    "examen": "exámenes", "crimen": "crímenes", "imagen": "imágenes", "orden": "órdenes",
    "origen": "orígenes", "joven": "jóvenes", "virgen": "vírgenes", "volumen": "volúmenes",
    "resumen": "resúmenes", "mes": "meses", "dios": "dioses", "gas": "gases",
    "autobús": "autobuses", "régimen": "regímenes", "carácter": "caracteres", "país": "países",
    "arroz": "arroces", "un": "unos", "algún": "algunos", "el": "los",
    "ese": "esos", "este": "estos", "aquel": "aquellos",
}  # fmt: skip
_INVARIABLE = {"mayor", "menor", "mejor", "peor", "anterior", "interior", "exterior", "superior", "inferior"}
_FEMININES = {
    "español": "española", "un": "una", "el": "la", "ese": "esa", "este": "esta", "aquel": "aquella", "él": "ella",
    "algún": "alguna", "ningún": "ninguna", "cortés": "cortés", "marrón": "marrón",
}  # fmt: skip
_SHORT = {
    "bueno": "buen", "malo": "mal", "primero": "primer", "tercero": "tercer", "ninguno": "ningún", "alguno": "algún",
    "uno": "un",
}  # fmt: skip
STRESSED_A = frozenset({"agua", "alma", "águila", "hambre", "arma", "área", "aula", "ave", "ala", "arpa", "hacha"})
"""Feminine nouns that take *el* and *un* in the singular."""


@cache
def plural(word: str) -> str:
    """*casa/casas*, *lección/lecciones*, *luz/luces*, *lunes/lunes*; a compound changes in its head."""
    if " " in word:
        head, _, rest = word.partition(" ")
        return f"{plural(head)} {rest}"
    if word in _PLURALS:
        return _PLURALS[word]
    for ending, new in (("z", "ces"), ("ón", "ones"), ("és", "eses"), ("án", "anes"), ("ín", "ines"), ("í", "íes")):
        if word.endswith(ending):
            return word.removesuffix(ending) + new
    if word[-1] in "aeiouáéóú":
        return word + "s"
    return word if word[-1] in "sx" else word + "es"


@cache
def feminine(adjective: str) -> str:
    """The feminine singular of a masculine singular adjective or determiner."""
    if adjective in _FEMININES:
        return _FEMININES[adjective]
    if adjective in _INVARIABLE:
        return adjective
    for ending, new in (
        ("o", "a"), ("és", "esa"), ("án", "ana"), ("ón", "ona"), ("ín", "ina"), ("dor", "dora"), ("sor", "sora"),
    ):  # fmt: skip
        if adjective.endswith(ending):
            return adjective.removesuffix(ending) + new
    return adjective


@cache
def agree(word: str, gender: str, number: str) -> str:
    """An adjective, participle, or determiner in gender (``m``, ``f``) and number (``s``, ``p``)."""
    form = feminine(word) if gender == "f" else word
    return plural(form) if number == "p" else form


def before_noun(word: str, gender: str, number: str) -> str:
    """An adjective that stands before its noun, shortened where Spanish shortens it: *buen*, *primer*, *gran*."""
    if word == "grande" and number == "s":
        return "gran"
    if gender == "m" and number == "s":
        return _SHORT.get(word, word)
    return agree(word, gender, number)
