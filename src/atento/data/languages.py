"""Comparing language codes loosely: ``pt`` is ``pt-BR``, ``PT_br`` or ``pt``."""

from __future__ import annotations

from collections.abc import Iterable


def best_match(wanted: str, candidates: Iterable[str]) -> str | None:
    """The candidate that names the wanted language best: the same code, or else the first of the same language."""
    target = _subtags(wanted)
    same_language = [candidate for candidate in candidates if _subtags(candidate)[0] == target[0]]
    exact = [candidate for candidate in same_language if _subtags(candidate) == target]
    return next(iter(exact or same_language), None)


def _subtags(code: str) -> list[str]:
    return code.strip().replace("_", "-").lower().split("-")
