"""Spanish conjugation: regular patterns, spelling, stem changes and one table of irregular verbs.

Neutral Spanish with *tú*, *usted* and *ustedes*; *vosotros* and *vos* are left out, and of the two imperfect
subjunctives only the form in *-ra*.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

Person = Literal["1s", "2s", "3s", "1p", "3p"]
Tense = Literal[
    "present", "preterite", "imperfect", "future", "conditional", "subjunctive", "imperfect subjunctive"
]  # fmt: skip
PERSONS: tuple[Person, ...] = ("1s", "2s", "3s", "1p", "3p")

_ENDINGS: dict[str, dict[str, str]] = {
    "ar": {
        "present": "o as a amos an", "preterite": "é aste ó amos aron", "imperfect": "aba abas aba ábamos aban",
        "subjunctive": "e es e emos en",
    },
    "er": {
        "present": "o es e emos en", "preterite": "í iste ió imos ieron", "imperfect": "ía ías ía íamos ían",
        "subjunctive": "a as a amos an",
    },
    "ir": {
        "present": "o es e imos en", "preterite": "í iste ió imos ieron", "imperfect": "ía ías ía íamos ían",
        "subjunctive": "a as a amos an",
    },
}  # fmt: skip
_STRONG_PRETERITE = "e iste o imos ieron"

_STEM_CHANGE = {
    "ie": "pensar cerrar empezar despertar sentar calentar regar negar nevar entender perder querer encender defender "
    "atender sentir preferir mentir divertir sugerir venir tener",
    "ue": "encontrar contar mostrar probar recordar acostar almorzar soñar volar costar volver devolver mover morir "
    "dormir poder doler llover resolver soler rogar colgar",
    "i": "pedir servir seguir repetir vestir elegir despedir conseguir reír sonreír",
    "jue": "jugar",
}
_CHANGES = {verb: change for change, verbs in _STEM_CHANGE.items() for verb in verbs.split()}

_FIRST_PERSON = {
    "hacer": "hago", "decir": "digo", "tener": "tengo", "venir": "vengo", "poner": "pongo", "salir": "salgo",
    "traer": "traigo", "caer": "caigo", "oír": "oigo", "valer": "valgo", "ver": "veo", "conducir": "conduzco",
    "traducir": "traduzco", "producir": "produzco",
}  # fmt: skip
_STRONG_STEM = {
    "hacer": "hic", "decir": "dij", "tener": "tuv", "venir": "vin", "poner": "pus", "traer": "traj", "poder": "pud",
    "querer": "quis", "saber": "sup", "estar": "estuv", "haber": "hub", "andar": "anduv", "conducir": "conduj",
    "traducir": "traduj", "producir": "produj",
}  # fmt: skip
_FUTURE_STEM = {
    "hacer": "har", "decir": "dir", "tener": "tendr", "venir": "vendr", "poner": "pondr", "poder": "podr",
    "querer": "querr", "saber": "sabr", "salir": "saldr", "haber": "habr", "valer": "valdr", "oír": "oir",
    "reír": "reir", "sonreír": "sonreir",
}  # fmt: skip
_IRREGULAR: dict[str, dict[str, str]] = {
    "ser": {
        "present": "soy eres es somos son", "preterite": "fui fuiste fue fuimos fueron",
        "imperfect": "era eras era éramos eran", "subjunctive": "sea seas sea seamos sean", "imperative": "sé",
    },
    "ir": {
        "present": "voy vas va vamos van", "preterite": "fui fuiste fue fuimos fueron",
        "imperfect": "iba ibas iba íbamos iban", "subjunctive": "vaya vayas vaya vayamos vayan", "imperative": "ve",
        "gerund": "yendo",
    },
    "estar": {
        "present": "estoy estás está estamos están", "subjunctive": "esté estés esté estemos estén",
    },
    "haber": {"present": "he has ha hemos han", "subjunctive": "haya hayas haya hayamos hayan"},
    "dar": {
        "present": "doy das da damos dan", "preterite": "di diste dio dimos dieron",
        "subjunctive": "dé des dé demos den",
    },
    "ver": {
        "preterite": "vi viste vio vimos vieron", "imperfect": "veía veías veía veíamos veían",
    },
    "saber": {"present": "sé sabes sabe sabemos saben", "subjunctive": "sepa sepas sepa sepamos sepan"},
    "oír": {"present": "oigo oyes oye oímos oyen"},
    "decir": {"present": "digo dices dice decimos dicen", "imperative": "di", "gerund": "diciendo"},
    "poder": {"gerund": "pudiendo"},
    "venir": {"imperative": "ven", "gerund": "viniendo"},
    "hacer": {"imperative": "haz"}, "poner": {"imperative": "pon"}, "salir": {"imperative": "sal"},
    "tener": {"imperative": "ten"},
    "reír": {
        "present": "río ríes ríe reímos ríen", "preterite": "reí reíste rio reímos rieron",
        "subjunctive": "ría rías ría riamos rían", "gerund": "riendo",
    },
    "sonreír": {
        "present": "sonrío sonríes sonríe sonreímos sonríen",
        "preterite": "sonreí sonreíste sonrió sonreímos sonrieron",
        "subjunctive": "sonría sonrías sonría sonriamos sonrían", "gerund": "sonriendo",
    },
}  # fmt: skip
_PARTICIPLE = {
    "hacer": "hecho", "decir": "dicho", "ver": "visto", "poner": "puesto", "escribir": "escrito", "abrir": "abierto",
    "romper": "roto", "morir": "muerto", "volver": "vuelto", "devolver": "devuelto", "descubrir": "descubierto",
    "resolver": "resuelto", "cubrir": "cubierto",
}  # fmt: skip
_ACCENTED_GLIDE = {"enviar", "continuar", "esquiar", "confiar", "actuar"}
"""Verbs in *-iar* and *-uar* that stress the glide: *envío*, *continúo*."""

_NUCLEUS = re.compile(r"[iuü]*[aeoáéó][iuy]?(?![aeoáéóíú])|[iuü]*[aeoáéó]|[íú]|[iu]+")
_ACUTE = str.maketrans("aeiou", "áéíóú")
_PLAIN = str.maketrans("áéíóú", "aeiou")


@cache
def conjugate(infinitive: str, tense: Tense, person: Person) -> str:
    """One finite form, e.g. ``conjugate("hacer", "preterite", "3s") == "hizo"``."""
    return _forms(infinitive, tense)[PERSONS.index(person)]


@cache
def imperative(infinitive: str, person: Person) -> str:
    """The affirmative command to *tú* (``2s``), *usted* (``3s``) or *ustedes* (``3p``)."""
    if person == "2s":
        return _IRREGULAR.get(infinitive, {}).get("imperative") or conjugate(infinitive, "present", "3s")
    return conjugate(infinitive, "subjunctive", person)


@cache
def gerund(infinitive: str) -> str:
    """*hablando*, *durmiendo*, *leyendo*."""
    given = _IRREGULAR.get(infinitive, {}).get("gerund")
    stem, ending = _split(infinitive)
    if given:
        return given
    if ending == "ar":
        return stem + "ando"
    return _weak(infinitive) + ("yendo" if _doubles_vowel(stem) else "iendo")


@cache
def participle(infinitive: str) -> str:
    """The masculine singular participle: *hecho*, *leído*."""
    if infinitive in _PARTICIPLE:
        return _PARTICIPLE[infinitive]
    stem, ending = _split(infinitive)
    if ending == "ar":
        return stem + "ado"
    return stem + ("ído" if stem[-1:] in {"a", "e", "o"} else "ido")


@cache
def attach(verb: str, *clitics: str) -> str:
    """An infinitive, gerund or command with its pronouns, accented where the stress must stay: *dígamelo*, *dime*."""
    nuclei = list(_NUCLEUS.finditer(verb))
    if any(letter in "áéíóú" for letter in verb):
        return (verb.translate(_PLAIN) if len(nuclei) == 1 and len(clitics) == 1 else verb) + "".join(clitics)
    stressed = len(nuclei) - 2 if verb[-1] in "aeiouns" and len(nuclei) > 1 else len(nuclei) - 1
    after = len(nuclei) - 1 - stressed + len(clitics)
    if after < 2:
        return verb + "".join(clitics)
    start, end = nuclei[stressed].span()
    strong = next((k for k in range(start, end) if verb[k] in "aeo"), end - 1)
    return verb[:strong] + verb[strong].translate(_ACUTE) + verb[strong + 1 :] + "".join(clitics)


def _split(infinitive: str) -> tuple[str, str]:
    return infinitive[:-2], infinitive[-2:].replace("í", "i")


def _doubles_vowel(stem: str) -> bool:
    """Whether the stem ends in a vowel, so that an unstressed *i* becomes *y* (*leyó*, *construyendo*)."""
    return stem[-1:] in set("aeiou") and not stem.endswith(("gu", "qu"))


@cache
def _forms(infinitive: str, tense: str) -> tuple[str, ...]:
    given = _IRREGULAR.get(infinitive, {})
    if tense in given:
        return tuple(given[tense].split())
    match tense:
        case "future" | "conditional":
            stem = _FUTURE_STEM.get(infinitive, infinitive)
            return tuple(stem + e for e in ("é ás á emos án" if tense == "future" else "ía ías ía íamos ían").split())
        case "imperfect subjunctive":
            stem = _forms(infinitive, "preterite")[4][:-3]
            stressed = stem[:-1] + stem[-1].translate(_ACUTE)
            return stem + "ra", stem + "ras", stem + "ra", stressed + "ramos", stem + "ran"
        case "preterite":
            return _preterite(infinitive)
        case "imperfect":
            return tuple(_split(infinitive)[0] + e for e in _ENDINGS[_split(infinitive)[1]]["imperfect"].split())
        case "subjunctive":
            return _subjunctive(infinitive)
        case _:
            return _present(infinitive)


def _present(infinitive: str) -> tuple[str, ...]:
    stem, conjugation = _split(infinitive)
    endings = _ENDINGS[conjugation]["present"].split()
    stems = [_stressed(infinitive)] * 5
    stems[3] = stem
    if stem.endswith("u") and conjugation == "ir" and _doubles_vowel(stem):
        stems = [stem + "y", stem + "y", stem + "y", stem, stem + "y"]
    forms = [_spell(s, conjugation, e) for s, e in zip(stems, endings, strict=True)]
    forms[0] = _first_person(infinitive) or forms[0]
    return tuple(forms)


def _subjunctive(infinitive: str) -> tuple[str, ...]:
    stem, conjugation = _split(infinitive)
    endings = _ENDINGS[conjugation]["subjunctive"].split()
    first = _first_person(infinitive)
    if first:
        return tuple(first[:-1] + ending for ending in endings)
    if stem.endswith("u") and conjugation == "ir" and _doubles_vowel(stem):
        return tuple(stem + "y" + ending for ending in endings)
    stems = [_stressed(infinitive)] * 5
    stems[3] = _weak(infinitive)
    return tuple(_spell(s, conjugation, e) for s, e in zip(stems, endings, strict=True))


def _preterite(infinitive: str) -> tuple[str, ...]:
    stem, conjugation = _split(infinitive)
    if infinitive in _STRONG_STEM:
        strong = _STRONG_STEM[infinitive]
        forms = [strong + ending for ending in _STRONG_PRETERITE.split()]
        forms[2] = forms[2].replace("hico", "hizo")
        forms[4] = forms[4].replace("jieron", "jeron")
        return tuple(forms)
    endings = _ENDINGS[conjugation]["preterite"].split()
    if conjugation != "ar" and _doubles_vowel(stem):
        accented = "í íste yó ímos yeron" if not stem.endswith("u") else "í iste yó imos yeron"
        return tuple(stem + ending for ending in accented.split())
    weak = _weak(infinitive)
    stems = [stem, stem, weak, stem, weak]
    return tuple(_spell(s, conjugation, e) for s, e in zip(stems, endings, strict=True))


def _first_person(infinitive: str) -> str | None:
    """First persons that are not stem plus *-o*: the table above, and *conozco* for every vowel plus *-cer*."""
    if infinitive in _FIRST_PERSON:
        return _FIRST_PERSON[infinitive]
    if re.search(r"[aeo]cer$", infinitive):
        return infinitive[:-3] + "zco"
    return None


def _stressed(infinitive: str) -> str:
    """The stem where the stress falls on it: *piens-*, *duerm-*, *pid-*, *envi-* → *enví-*."""
    stem = _split(infinitive)[0]
    if infinitive in _ACCENTED_GLIDE:
        return stem[:-1] + stem[-1].translate(_ACUTE)
    change = _CHANGES.get(infinitive)
    if change == "jue":
        return "jueg"
    if change is None:
        return stem
    vowel = "o" if change == "ue" else "e"
    head, _, tail = stem.rpartition(vowel)
    return head + change + tail


def _weak(infinitive: str) -> str:
    """The stem of *durmió*, *pidiendo*, *sintamos*: verbs in *-ir* that change also raise their vowel."""
    stem, conjugation = _split(infinitive)
    change = _CHANGES.get(infinitive)
    if conjugation != "ir" or change is None:
        return stem
    vowel, raised = ("o", "u") if change == "ue" else ("e", "i")
    head, _, tail = stem.rpartition(vowel)
    return head + raised + tail


def _spell(stem: str, conjugation: str, ending: str) -> str:
    """Keep the stem's last sound before another vowel: *buscar/busqué*, *coger/cojo*, *seguir/sigo*."""
    if conjugation == "ar" and ending[0] in "eé":
        for letters, spelt in (("c", "qu"), ("g", "gu"), ("z", "c")):
            if stem.endswith(letters):
                return stem[: -len(letters)] + spelt + ending
    if conjugation != "ar" and ending[0] in "ao":
        for letters, spelt in (("gu", "g"), ("c", "z"), ("g", "j")):
            if stem.endswith(letters):
                return stem[: -len(letters)] + spelt + ending
    return stem + ending
