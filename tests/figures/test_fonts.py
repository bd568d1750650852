import warnings

import pytest
from matplotlib import ft2font

from atento.figures import fonts


def test_covered_labels_are_left_alone() -> None:
    for label in ("irmão", "¿Qué?", "привет", "αβγ", "שלום", "مرحبا", "a\u0301", "x\u200dy", "❤\ufe0f"):
        assert fonts.style(label).text == label
        assert fonts.style(label).families[0] == fonts.BASE
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fonts.warn(["irmão", "irmão"]) == ()


def test_uncovered_characters_are_replaced_and_named() -> None:
    assert fonts.style("a\ue000b").text == "a□b"
    assert fonts.undrawable(["\ue001a", "\ue000\ue001"]) == ("\ue000", "\ue001")
    assert fonts.names("日本") == "日 (U+65E5), 本 (U+672C)"
    assert fonts.names("abcdefghij").endswith("and 2 more")


def test_spaces_and_line_ends_are_made_visible() -> None:
    assert fonts.style("").text == "␣"
    assert fonts.style("  ").text == "␣␣"
    assert fonts.style("a\n\tb\x00").text == "a⏎⇥b"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_libraries_say_that_they_do_not_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ft2font, "__libraqm_version__", None, raising=False)
    with pytest.warns(fonts.FontWarning, match=r"matplotlib 3\.11"):
        fonts.warn(["مرحبا"])
    assert not fonts.unshaped(["irmão"])


def test_placeholder_fonts_do_not_count() -> None:
    assert not any(family.startswith("Last Resort") for family in fonts._files())
