from __future__ import annotations

import sys
import unicodedata

import pytest

from atento.text.vocabularies.scripts import CATEGORIES, group_of, group_of_text, script_of, script_of_text


@pytest.mark.parametrize(
    ("character", "script"),
    [
        ("a", "Latin"), ("ã", "Latin"), ("я", "Cyrillic"), ("क", "Devanagari"), ("ก", "Thai"), ("中", "Han"),
        ("한", "Hangul"), ("カ", "Katakana"), ("ー", "Common"), ("1", "Common"), ("#", "Common"), (" ", "Common"),
        ("\u0301", "Inherited"), ("\u200d", "Inherited"), ("😀", "Emoji"), ("🇧", "Emoji"), ("🏽", "Emoji"),
        ("©", "Common"), ("\ue000", "Unknown"), ("ᠠ", "Mongolian"), ("𐎠", "Old Persian"),
    ],
)  # fmt: skip
def test_scripts(character: str, script: str) -> None:
    assert script_of(character) == script


def test_every_character_has_a_group_and_every_category_words() -> None:
    categories = {unicodedata.category(chr(code)) for code in range(sys.maxunicode + 1)}
    assert categories == CATEGORIES.keys()
    assert [group_of(c) for c in "a\u0301½.+\u2028\t\x07\u200d\ue000"] == [
        "letters", "letters", "digits", "punctuation", "symbols", "white space", "white space", "control", "control",
        "other",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "script", "group"),
    [
        (" casa", "Latin", "letters"), ("cafe\u0301", "Latin", "letters"), ("漢字", "Han", "letters"),
        ("aя", "mixed", "letters"),
        ("12", "Common", "digits"), ("a1", "Latin", "mixed"), ("👩\u200d🔬", "Emoji", "mixed"), ("", "Common", "mixed"),
        ("  ", "Common", "white space"), (" ", "Common", "white space"), ("\u0301\u0302", "Inherited", "letters"),
    ],
)  # fmt: skip
def test_texts(text: str, script: str, group: str) -> None:
    assert script_of_text(text) == script
    assert group_of_text(text) == group
