"""Translations, fillings, writings and classifications in a notebook and as files."""

from __future__ import annotations

from types import ModuleType

import pytest
from IPython.core.formatters import DisplayFormatter
from tests.offline_pages import Read, check_offline

from atento.applications.classifier import Classification
from atento.applications.reader import Candidate, Filling, Gap
from atento.applications.translator import Translation
from atento.applications.writer import Continuation, Writing
from atento.core.display import Displayed

ATTACK = "<script>alert(1)</script>"


def shown(record: Displayed, *kinds: str) -> Read:
    """Its HTML, read; the file says the same."""
    data, _ = DisplayFormatter().format(record)
    assert set(data) == {"text/plain", "text/html", *kinds}
    read = check_offline(data["text/html"])
    assert check_offline(record.to_html()).rows == read.rows
    return read


@pytest.mark.parametrize("attention", [True, False])
def test_a_translation_shows_its_candidates_and_its_attention(tiny: ModuleType, attention: bool) -> None:
    found = tiny.translator_of("transformer").translate("diga lá nosso irmão", n_best=2, attention=attention)
    read = shown(found, *(["image/png"] if attention else []))
    for number, each in enumerate(found.candidates, 1):
        assert [str(number), each.text, f"{each.score:.4f}", f"{each.total:.4f}", str(len(each.ids))] in read.rows
    assert bool(read.titles) is attention


def test_an_empty_line_shows_that_it_has_no_translation() -> None:
    read = shown(Translation(source="", candidates=()))
    assert read.rows == [["#", "translation", "score", "log P", "tokens"]]


def test_a_filling_shows_every_gap() -> None:
    candidates = tuple(
        Candidate(token=token, id=number, probability=0.5 / number, text=f"a {token}")
        for number, token in enumerate((ATTACK, "b"), 1)
    )
    read = shown(Filling(source="a [MASK]", text=ATTACK, gaps=(Gap(candidates=candidates),) * 2), "image/png")
    assert read.rows.count([ATTACK, "1", "0.5000", f"a {ATTACK}", "\xa0"]) == 2
    widths = [value for tag, name, value in read.attributes if (tag, name) == ("span", "style")]
    assert [width.split(";")[0] for width in widths] == ["width:50.0%", "width:25.0%"] * 2


def test_a_classification_shows_every_class() -> None:
    found = Classification(text=("one", ATTACK), label="a", probabilities={"a": 0.75, "b": 0.25}, cut=True)
    read = shown(found, "image/png")
    assert [row[:2] for row in read.rows] == [["class", "p"], ["a", "0.7500"], ["b", "0.2500"]]
    assert f"one ⇥ {ATTACK}" in read.text
    assert "lost its end" in read.text


def test_a_writing_shows_its_continuations() -> None:
    each = Continuation(
        text=ATTACK, ids=(1, 2), tokens=("a", "b"), log_probabilities=(-1.0, -2.0), total=-3.0, ended=True
    )
    read = shown(Writing(prompt="", continuations=(each, each)))
    assert ["2", ATTACK, "-3.0000", "2", "yes"] in read.rows


def test_a_long_text_is_cut_in_a_notebook_alone() -> None:
    each = Continuation(text="x" * 50_000, ids=(1,), tokens=("x",), log_probabilities=(-1.0,), total=-1.0, ended=False)
    found = Writing(prompt="p", continuations=(each,))
    data, _ = found._repr_mimebundle_()
    assert sum(map(len, data.values())) < 12_000
    assert "(50,000 characters)" in data["text/html"]
    assert "x" * 50_000 in found.to_html()
