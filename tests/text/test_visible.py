from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.text.visible import visible, visible_bytes

CHARACTERS = list(map(chr, [*range(0x3400), *range(0xA000, 0xAC00), *range(0xD700, 0x10000), *range(0x1F000, 0x1FB00)]))
CHARACTERS += map(chr, [*range(0xE0000, 0xE0200), 0x10FFFF])
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
ANY = st.text(st.characters() | st.sampled_from("·→⏎⍽⟨⟩◌ \t\n\r\u00a0\u0301\u200d\u202e\ufe0f\ud800"))


@pytest.mark.parametrize(
    ("text", "without", "with_spaces"),
    [
        ("Dê-me água!", "Dê-me água!", "Dê-me·água!"),
        ("a\tb\nc\u00a0d", "a\tb\nc\u00a0d", "a→b⏎c⍽d"),
        ("\x07\x1b[31m\r", "⟨U+0007⟩⟨U+001B⟩[31m⟨CR⟩", "⟨U+0007⟩⟨U+001B⟩[31m⟨CR⟩"),
        ("a\u202eb\u202c", "a⟨RLO⟩b⟨PDF⟩", "a⟨RLO⟩b⟨PDF⟩"),
        ("👩\u200d🔬❤\ufe0f", "👩⟨ZWJ⟩🔬❤⟨VS16⟩", "👩⟨ZWJ⟩🔬❤⟨VS16⟩"),
        ("\u0301a\u0301 \u0301", "◌\u0301a\u0301 ◌\u0301", "◌\u0301a\u0301·◌\u0301"),
        ("שלום", "שלום", "שלום"),
        ("col·lectiu ⟨x⟩ ◌", "col·lectiu ⟨⟨⟩x⟩ ⟨◌⟩", "col⟨·⟩lectiu·⟨⟨⟩x⟩·⟨◌⟩"),
        ("\u3000\u2003", "\u3000\u2003", "⟨IDSP⟩⟨U+2003⟩"),
        ("\ud83d\ue000\U000e0041\ufeff\u3164", "⟨U+D83D⟩⟨U+E000⟩⟨U+E0041⟩⟨BOM⟩⟨U+3164⟩", None),
    ],
)
def test_what_people_see(text: str, without: str, with_spaces: str | None) -> None:
    assert visible(text) == without
    assert visible(text, spaces=True) == (without if with_spaces is None else with_spaces)


@pytest.mark.parametrize("spaces", [False, True])
def test_every_character_is_shown_as_a_text_of_its_own(spaces: bool) -> None:
    shown = [visible(character, spaces=spaces) for character in CHARACTERS]
    assert len(set(shown)) == len(shown)
    used = set("".join(shown))
    white = {character for character in CHARACTERS if unicodedata.category(character) == "Zs"} | {"\t", "\n"}
    assert used & white == (set() if spaces else white)
    unseen = {character for character in used if unicodedata.category(character) in UNSEEN}
    assert unseen == (set() if spaces else {"\t", "\n"})


@given(ANY, ANY, st.booleans())
def test_two_texts_never_look_alike(one: str, other: str, spaces: bool) -> None:
    assert (visible(one, spaces=spaces) == visible(other, spaces=spaces)) == (one == other)


@given(ANY)
def test_spaces_are_all_that_is_left_when_they_are_not_asked_for(text: str) -> None:
    shown = visible(text)
    assert all(c.isprintable() or c in "\t\n" or unicodedata.category(c) == "Zs" for c in shown)
    assert visible(text, spaces=True).isprintable()
    assert not any(c.isspace() for c in visible(text, spaces=True))


def test_bytes_that_are_no_character_are_named() -> None:
    assert visible_bytes(b" caf\xc3", spaces=True) == "·caf⟨C3⟩"
    assert visible_bytes(b"\xa9\xe2\x82\xac\xff\x07") == "⟨A9⟩€⟨FF⟩⟨U+0007⟩"
    assert visible_bytes("\u0301é".encode()) == "◌\u0301é"
    assert visible_bytes(b"") == ""
