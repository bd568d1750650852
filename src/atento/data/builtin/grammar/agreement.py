"""Who or what a verb and its words agree with, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from atento.data.builtin.grammar import portuguese_verbs, spanish_verbs
from atento.data.builtin.grammar.lexicon import Gender
from atento.data.builtin.grammar.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Agreement:
    """Grammatical persons and genders; they differ for *você* and *tú*, *a cor* and *el color*."""

    source_person: portuguese_verbs.Person
    target_person: spanish_verbs.Person
    source_gender: Gender
    target_gender: Gender

    @property
    def source_number(self) -> str:
        """``s`` or ``p``."""
        return self.source_person[1]

    @property
    def target_number(self) -> str:
        """``s`` or ``p``."""
        return self.target_person[1]


@dataclass(frozen=True, slots=True)
class Subject:
    """A noun phrase or pronoun that may be the subject of a clause.

    ``pronoun`` says that it is one, so that a language may leave it out; ``name`` identifies the pronoun for tables.
    """

    phrase: Phrase
    agreement: Agreement
    pronoun: str = ""


def third_person(number: str, source_gender: Gender, target_gender: Gender) -> Agreement:
    """The agreement of a noun."""
    if number == "s":
        return Agreement("3s", "3s", source_gender, target_gender)
    return Agreement("3p", "3p", source_gender, target_gender)
