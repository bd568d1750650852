"""Brazilian Portuguese conjugation: regular patterns, spelling, stem changes and one table of irregular verbs.

Only the persons that go with *você*, *a gente* and *vocês* exist here (first and third); *tu* and
*vós* are left out, and so is the synthetic pluperfect (*fizera*).
"""

from __future__ import annotations

from functools import cache
from typing import Literal

Person = Literal["1s", "3s", "1p", "3p"]
Tense = Literal[
    "present", "preterite", "imperfect", "future", "conditional",
    "subjunctive", "imperfect subjunctive", "future subjunctive", "personal infinitive",
]  # fmt: skip
PERSONS: tuple[Person, ...] = ("1s", "3s", "1p", "3p")

_REGULAR: dict[str, dict[str, str]] = {
    "ar": {
        "present": "o a amos am", "preterite": "ei ou amos aram", "imperfect": "ava ava ávamos avam",
        "subjunctive": "e e emos em", "theme": "a á",
    },
    "er": {
        "present": "o e emos em", "preterite": "i eu emos eram", "imperfect": "ia ia íamos iam",
        "subjunctive": "a a amos am", "theme": "e ê",
    },
    "ir": {
        "present": "o e imos em", "preterite": "i iu imos iram", "imperfect": "ia ia íamos iam",
        "subjunctive": "a a amos am", "theme": "i í",
    },
}  # fmt: skip

_FIRST_STEM = {
    "sentir": "sint", "preferir": "prefir", "servir": "sirv", "vestir": "vist", "seguir": "sigu", "perder": "perc",
    "conseguir": "consigu", "repetir": "repit", "mentir": "mint", "divertir": "divirt", "dormir": "durm",
    "descobrir": "descubr", "pedir": "peç", "despedir": "despeç", "ouvir": "ouç", "medir": "meç", "valer": "valh",
    "sugerir": "sugir",
}  # fmt: skip
"""Stems of the first person present and of the whole present subjunctive."""

_THIRD_STEM = {"subir": "sob", "fugir": "fog"}
"""Stems of the third persons of the present (*sobe*, *fogem*)."""

_IRREGULAR: dict[str, dict[str, str]] = {
    "ser": {
        "present": "sou é somos são", "preterite": "fui foi fomos foram", "imperfect": "era era éramos eram",
        "subjunctive": "seja seja sejamos sejam",
    },
    "ir": {
        "present": "vou vai vamos vão", "preterite": "fui foi fomos foram", "subjunctive": "vá vá vamos vão",
    },
    "estar": {
        "present": "estou está estamos estão", "preterite": "estive esteve estivemos estiveram",
        "subjunctive": "esteja esteja estejamos estejam",
    },
    "ter": {
        "present": "tenho tem temos têm", "preterite": "tive teve tivemos tiveram",
        "imperfect": "tinha tinha tínhamos tinham", "subjunctive": "tenha tenha tenhamos tenham",
    },
    "haver": {
        "present": "hei há havemos hão", "preterite": "houve houve houvemos houveram",
        "subjunctive": "haja haja hajamos hajam",
    },
    "vir": {
        "present": "venho vem vimos vêm", "preterite": "vim veio viemos vieram",
        "imperfect": "vinha vinha vínhamos vinham", "subjunctive": "venha venha venhamos venham",
        "participle": "vindo",
    },
    "fazer": {
        "present": "faço faz fazemos fazem", "preterite": "fiz fez fizemos fizeram", "future stem": "far",
        "subjunctive": "faça faça façamos façam", "participle": "feito",
    },
    "dizer": {
        "present": "digo diz dizemos dizem", "preterite": "disse disse dissemos disseram", "future stem": "dir",
        "subjunctive": "diga diga digamos digam", "participle": "dito",
    },
    "trazer": {
        "present": "trago traz trazemos trazem", "preterite": "trouxe trouxe trouxemos trouxeram",
        "future stem": "trar", "subjunctive": "traga traga tragamos tragam",
    },
    "ver": {
        "present": "vejo vê vemos veem", "preterite": "vi viu vimos viram",
        "subjunctive": "veja veja vejamos vejam", "participle": "visto",
    },
    "dar": {
        "present": "dou dá damos dão", "preterite": "dei deu demos deram",
        "subjunctive": "dê dê demos deem",
    },
    "poder": {
        "present": "posso pode podemos podem", "preterite": "pude pôde pudemos puderam",
        "subjunctive": "possa possa possamos possam",
    },
    "querer": {
        "present": "quero quer queremos querem", "preterite": "quis quis quisemos quiseram",
        "subjunctive": "queira queira queiramos queiram",
    },
    "saber": {
        "present": "sei sabe sabemos sabem", "preterite": "soube soube soubemos souberam",
        "subjunctive": "saiba saiba saibamos saibam",
    },
    "pôr": {
        "present": "ponho põe pomos põem", "preterite": "pus pôs pusemos puseram",
        "imperfect": "punha punha púnhamos punham", "subjunctive": "ponha ponha ponhamos ponham",
        "future stem": "por", "gerund": "pondo", "participle": "posto", "infinitives": "pôr pôr pormos porem",
    },
    "ler": {"present": "leio lê lemos leem", "subjunctive": "leia leia leiamos leiam"},
    "crer": {"present": "creio crê cremos creem", "subjunctive": "creia creia creiamos creiam"},
    "rir": {"present": "rio ri rimos riem", "subjunctive": "ria ria riamos riam"},
    "sorrir": {"present": "sorrio sorri sorrimos sorriem", "subjunctive": "sorria sorria sorriamos sorriam"},
    "odiar": {"present": "odeio odeia odiamos odeiam", "subjunctive": "odeie odeie odiemos odeiem"},
    "doer": {
        "present": "doo dói doemos doem", "preterite": "doí doeu doemos doeram",
        "imperfect": "doía doía doíamos doíam", "participle": "doído",
    },
    "escrever": {"participle": "escrito"},
    "abrir": {"participle": "aberto"},
    "descobrir": {"participle": "descoberto"},
    "pagar": {"participle": "pago"},
    "ganhar": {"participle": "ganho"},
}  # fmt: skip
"""Forms that no rule below yields; the past subjunctives follow from the preterite."""


@cache
def conjugate(infinitive: str, tense: Tense, person: Person) -> str:
    """One finite form, e.g. ``conjugate("fazer", "preterite", "3s") == "fez"``."""
    return _forms(infinitive, tense)[PERSONS.index(person)]


@cache
def gerund(infinitive: str) -> str:
    """*falando*, *pondo*."""
    given = _IRREGULAR.get(infinitive, {}).get("gerund")
    return given or infinitive[:-1] + "ndo"


@cache
def participle(infinitive: str) -> str:
    """The masculine singular participle that goes with *ter* and *ser*: *feito*, *aberto*, *caído*."""
    given = _IRREGULAR.get(infinitive, {}).get("participle")
    stem, ending = infinitive[:-2], infinitive[-2:]
    if given:
        return given
    if ending == "ar":
        return stem + "ado"
    return stem + ("ído" if _has_hiatus(infinitive) else "ido")


def enclitic(infinitive: str, pronoun: str) -> str:
    """An infinitive with its object pronoun: *comprá-lo*, *vendê-la*, *abri-los*, *construí-lo*, *dar-me*."""
    if pronoun not in {"o", "a", "os", "as"}:
        return f"{infinitive}-{pronoun}"
    stressed = {"ar": "á", "er": "ê", "ir": "í" if _has_hiatus(infinitive) else "i", "ôr": "ô"}[infinitive[-2:]]
    return f"{infinitive[:-2]}{stressed}-l{pronoun}"


def _has_hiatus(infinitive: str) -> bool:
    """Whether a stressed *i* of the ending needs its accent because a vowel precedes it (*saía*, *construído*)."""
    return infinitive.endswith(("air", "oir", "uir", "eir")) and infinitive[-4:-2] not in {"gu", "qu"}


@cache
def _forms(infinitive: str, tense: str) -> tuple[str, ...]:
    """The four persons of a tense."""
    given = _IRREGULAR.get(infinitive, {})
    if tense in given:
        return tuple(given[tense].split())
    match tense:
        case "future" | "conditional":
            stem = given.get("future stem", infinitive)
            return tuple(stem + e for e in ("ei á emos ão" if tense == "future" else "ia ia íamos iam").split())
        case "imperfect subjunctive" | "future subjunctive":
            return _past_subjunctive(infinitive, tense)
        case "personal infinitive":
            return _plural_infinitives(infinitive, given)
        case _:
            return _regular(infinitive, tense)


def _regular(infinitive: str, tense: str) -> tuple[str, ...]:
    endings = _REGULAR[infinitive[-2:]][tense].split()
    if infinitive.endswith("air"):
        return _air(infinitive[:-2], tense)
    if infinitive.endswith("struir"):
        return _struir(infinitive[:-2], tense)
    if infinitive.endswith("ear"):
        return _ear(infinitive[:-2], tense, endings)
    stems = [infinitive[:-2]] * 4
    if tense == "subjunctive" and infinitive in _FIRST_STEM:
        stems = [_FIRST_STEM[infinitive]] * 4
    if tense == "present":
        stems[0] = _FIRST_STEM.get(infinitive, stems[0])
        stems[1] = stems[3] = _THIRD_STEM.get(infinitive, stems[1])
    return tuple(_spell(stem, infinitive[-2:], ending) for stem, ending in zip(stems, endings, strict=True))


def _past_subjunctive(infinitive: str, tense: str) -> tuple[str, ...]:
    """From the third person plural of the preterite: *fizeram* gives *fizesse* and *fizer*."""
    preterite = _forms(infinitive, "preterite")[3]
    stem, theme = preterite[:-4], preterite[-4]
    if tense == "future subjunctive":
        plain = stem + theme.replace("í", "i")
        return plain + "r", plain + "r", plain + "rmos", stem + theme + "rem"
    irregular = "preterite" in _IRREGULAR.get(infinitive, {})
    stressed = {"a": "á", "i": "í", "í": "í", "o": "ô", "e": "é" if irregular else "ê"}[theme]
    return stem + theme + "sse", stem + theme + "sse", stem + stressed + "ssemos", stem + theme + "ssem"


def _plural_infinitives(infinitive: str, given: dict[str, str]) -> tuple[str, ...]:
    if "infinitives" in given:
        return tuple(given["infinitives"].split())
    last = infinitive[:-2] + "írem" if _has_hiatus(infinitive) else infinitive + "em"
    return infinitive, infinitive, infinitive + "mos", last


def _spell(stem: str, conjugation: str, ending: str) -> str:
    """Keep the stem's last sound before another vowel: *ficar/fiquei*, *conhecer/conheço*, *seguir/sigo*."""
    if conjugation == "ar" and ending[0] == "e":
        for letters, spelt in (("c", "qu"), ("g", "gu"), ("ç", "c")):
            if stem.endswith(letters):
                return stem[: -len(letters)] + spelt + ending
    if conjugation != "ar" and ending[0] in "ao":
        for letters, spelt in (("gu", "g"), ("c", "ç"), ("g", "j")):
            if stem.endswith(letters) and stem != "perc":
                return stem[: -len(letters)] + spelt + ending
    return stem + ending


def _air(stem: str, tense: str) -> tuple[str, ...]:
    endings = {
        "present": "io i ímos em", "preterite": "í iu ímos íram", "imperfect": "ía ía íamos íam",
        "subjunctive": "ia ia iamos iam",
    }[tense]  # fmt: skip
    return tuple(stem + ending for ending in endings.split())


def _struir(stem: str, tense: str) -> tuple[str, ...]:
    """*construir*, *destruir*: *constrói*, *constroem*."""
    if tense == "present":
        return stem + "o", stem[:-1] + "ói", stem + "ímos", stem[:-1] + "oem"
    endings = {"preterite": "í iu ímos íram", "imperfect": "ía ía íamos íam", "subjunctive": "a a amos am"}[tense]
    return tuple(stem + ending for ending in endings.split())


def _ear(stem: str, tense: str, endings: list[str]) -> tuple[str, ...]:
    """*passear*: an *i* appears where the stress falls on the stem."""
    stressed = tense in {"present", "subjunctive"}
    return tuple(stem + ("i" if stressed and k != 2 else "") + ending for k, ending in enumerate(endings))
