"""Portuguese nouns and adjectives: plurals, feminines, and the words that agree with them."""

from __future__ import annotations

from functools import cache

_PLURALS = {
    "pão": "pães", "cão": "cães", "alemão": "alemães", "capitão": "capitães", "mão": "mãos", "irmão": "irmãos",
    "cidadão": "cidadãos", "órgão": "órgãos", "mês": "meses", "deus": "deuses", "gás": "gases", "túnel": "túneis",
    "fácil": "fáceis", "difícil": "difíceis", "útil": "úteis", "inútil": "inúteis", "frágil": "frágeis", "mal": "males",
    "simples": "simples", "qualquer": "quaisquer",
}  # fmt: skip
_INVARIABLE = {"maior", "menor", "melhor", "pior", "anterior", "interior", "exterior", "superior", "inferior"}
_FEMININES = {
    "bom": "boa", "mau": "má", "um": "uma", "europeu": "europeia", "meu": "minha", "seu": "sua",
    "cortês": "cortês", "algum": "alguma", "nenhum": "nenhuma", "este": "esta", "esse": "essa", "aquele": "aquela",
    "ele": "ela", "o": "a", "comum": "comum",
}  # fmt: skip


@cache
def plural(word: str) -> str:
    """*casa/casas*, *lição/lições*, *animal/animais*, *homem/homens*, *mês/meses*; a compound changes in its head."""
    if " " in word:
        head, _, rest = word.partition(" ")
        return f"{plural(head)} {rest}"
    if word in _PLURALS:
        return _PLURALS[word]
    for ending, new in (
        ("ão", "ões"), ("m", "ns"), ("al", "ais"), ("ol", "óis"), ("ul", "uis"), ("el", "éis"), ("il", "is"),
        ("ês", "eses"), ("ís", "íses"), ("uz", "uzes"),
    ):  # fmt: skip
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            accented = ending == "el" and any(letter in "áéíóúâêô" for letter in stem)
            return stem + ("eis" if accented else new)
    if word[-1] in "rz":
        return word + "es"
    return word if word[-1] in "sx" else word + "s"


@cache
def feminine(adjective: str) -> str:
    """The feminine singular of a masculine singular adjective or determiner."""
    if adjective in _FEMININES:
        return _FEMININES[adjective]
    if adjective in _INVARIABLE:
        return adjective
    for ending, new in (("ão", "ã"), ("o", "a"), ("ês", "esa"), ("dor", "dora"), ("sor", "sora")):
        if adjective.endswith(ending):
            return adjective.removesuffix(ending) + new
    return adjective


@cache
def agree(word: str, gender: str, number: str) -> str:
    """An adjective, participle, or determiner in gender (``m``, ``f``) and number (``s``, ``p``)."""
    form = feminine(word) if gender == "f" else word
    return plural(form) if number == "p" else form
