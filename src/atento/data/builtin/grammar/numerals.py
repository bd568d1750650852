"""Numbers in words, cardinal and ordinal, which agree with what they count."""

from __future__ import annotations

from atento.data.builtin.grammar import portuguese_nouns, spanish_nouns
from atento.data.builtin.grammar.lexicon import Gender
from atento.data.builtin.grammar.phrase import Phrase, join, unit

_SOURCE = [
    "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez", "onze", "doze", "treze",
    "catorze", "quinze", "dezesseis", "dezessete", "dezoito", "dezenove",
]  # fmt: skip
_TARGET = [
    "un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece",
    "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve",
]  # fmt: skip
_SOURCE_TENS = ["vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa"]
_TARGET_TENS = ["veinte", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"]
_ACCENTED = {"dos": "dós", "tres": "trés", "seis": "séis"}
"""What stands at the end of *veintidós* and its like."""

ORDINALS = (
    ("primeiro", "primero"),
    ("segundo", "segundo"),
    ("terceiro", "tercero"),
    ("quarto", "cuarto"),
    ("quinto", "quinto"),
    ("sexto", "sexto"),
)


def cardinal(number: int, source_gender: Gender, target_gender: Gender) -> Phrase:
    """1 to 99 before a noun: *vinte e uma*, *veintiuna*; *trinta e dois*, *treinta y dos* (word by word)."""
    tens, ones = divmod(number, 10)
    if number < 20:
        return unit(_source_ones(number, source_gender), _target_ones(number, target_gender))
    source, target = _SOURCE_TENS[tens - 2], _TARGET_TENS[tens - 2]
    if not ones:
        return unit(source, target)
    last = _source_ones(ones, source_gender), _target_ones(ones, target_gender)
    if tens == 2:
        ending = "ún" if last[1] == "un" else _ACCENTED.get(last[1], last[1])
        return unit(f"{source} e {last[0]}", f"veinti{ending}")
    return join(unit(source, target), unit("e", "y"), unit(*last))


def ordinal(words: tuple[str, str], source_gender: Gender, target_gender: Gender, *, before: bool) -> Phrase:
    """One of ``ORDINALS``, shortened ``before`` a masculine Spanish noun: *o terceiro andar*, *el tercer piso*."""
    form = spanish_nouns.before_noun if before else spanish_nouns.agree
    return unit(portuguese_nouns.agree(words[0], source_gender, "s"), form(words[1], target_gender, "s"))


def _source_ones(number: int, gender: Gender) -> str:
    word = _SOURCE[number - 1]
    return {"um": "uma", "dois": "duas"}.get(word, word) if gender == "f" else word


def _target_ones(number: int, gender: Gender) -> str:
    word = _TARGET[number - 1]
    return "una" if word == "un" and gender == "f" else word
