"""Nothing that the server can say is without its Portuguese and Spanish, and nothing is translated that none says."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fontTools.unicodedata import Scripts as scripts  # noqa: N813
from tests.studio.conftest import WORDS, trained
from tests.studio.languages import (
    KEYS,
    LANGUAGES,
    LIBRARY,
    Phrases,
    constants,
    messages,
    phrases,
    spoken,
    stages,
    table_words,
)

from atento.text.metrics.configuration import MeasureConfig
from atento.text.metrics.measuring import measure
from atento.text.metrics.report import notes
from atento.text.opened.opening import open_trained
from atento.text.vocabularies.reasons import REASONS
from atento.text.vocabularies.scripts import CATEGORIES, GROUPS

SCRIPTS = {name.replace("_", " ") for name in scripts.NAMES.values()}
GATHERED = {"messages": messages, "progress": stages, "tables": table_words}


@pytest.mark.parametrize("part", GATHERED)
def test_everything_that_is_said_has_a_translation(part: str) -> None:
    said = GATHERED[part]()
    assert len(said) > 10
    missing = {text: where for text, where in said.items() if text not in phrases(part).entries}
    assert missing == {}, f"translate them in {LIBRARY.name}, under {part!r}"


@pytest.mark.parametrize("part", GATHERED)
def test_nothing_is_translated_that_nobody_says(part: str) -> None:
    said: Mapping[str, str] = GATHERED[part]()
    general = Phrases({text: {} for text in said})
    package = "\n".join((*constants(), *SCRIPTS))
    stale = [
        key
        for key in phrases(part).entries
        if key not in said and key not in constants() and general.key(key) is None and not _is_spelled(key, package)
    ]
    assert stale == []


def _is_spelled(key: str, package: str) -> bool:
    """Whether all that stands between slots is in strings of the package, which puts it together."""
    return all(piece.strip(" .") in package for piece in re.split(r"\{\d\}|(?<=[=.]) | (?=\()", key))


@pytest.mark.parametrize("part", ["messages", "progress", "tables", "formulas", "foreign"])
def test_translations_are_whole(part: str) -> None:
    for english, entry in json.loads(LIBRARY.read_text(encoding="utf-8"))[part].items():
        assert tuple(entry) == LANGUAGES
        slots = set(re.findall(r"\{\d", english))
        for text in entry.values():
            assert text.strip(), english
            assert set(re.findall(r"\{\d", text)) == slots, english


@pytest.mark.parametrize("case", json.loads(KEYS.read_text(encoding="utf-8")), ids=lambda case: case["text"][:40])
def test_texts_are_looked_up_as_the_page_does(case: dict[str, Any]) -> None:
    assert spoken(case["part"]).fit(case["text"]) == (case["key"], tuple(case["values"]))


def test_what_tables_take_from_lists_is_known() -> None:
    known = phrases("tables").entries
    for words in (REASONS, REASONS.values(), CATEGORIES.values(), GROUPS):
        assert [each for each in words if each not in known] == []


@pytest.mark.parametrize("words", ["words", "whitespace", "runs"])
def test_notes_of_a_leaderboard_are_known(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAYON_NUM_THREADS", raising=False)
    tokenizer = open_trained(trained("bpe", 330), "own")
    for look_every, held in ((1, None), (3, "2")):
        if held is not None:
            monkeypatch.setitem(os.environ, "RAYON_NUM_THREADS", held)
        config = MeasureConfig(words=words, look_every=look_every, resamples=10)
        found = measure([tokenizer], {"pt": [" ".join(WORDS)], "es": ["la vida"]}, config, against="es")
        assert [note for note in notes(found) if phrases("tables").key(note) is None] == []


def test_messages_of_other_libraries_are_in_the_list(tmp_path: Path) -> None:
    foreign = phrases("foreign")
    for name in ("missing", "."):
        with pytest.raises(OSError, match=r".") as raised:
            (tmp_path / name).open(encoding="utf-8")
        assert raised.value.strerror in foreign.entries
