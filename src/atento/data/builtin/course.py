"""The course's running example, which is in no part of the built-in corpus."""

from __future__ import annotations

from typing import Final

SENTENCE: Final = "E a vida o que é, diga lá, meu irmão?"  # codespell:ignore meu
WANTED: Final = "¿Y la vida, qué es? Dime tú, hermano."
