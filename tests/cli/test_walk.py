"""``atento walk``, and attention as a page: what the library gives, in files; wrong options in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Atento
from tests.offline_pages import check_offline

import atento as library
from atento.inspection.walks import Walk, walk

TEXT = "o gato vê o peixe"


def test_it_writes_what_the_library_finds(run: Path, atento: Atento, here: Callable[[], list[str]]) -> None:
    wanted = walk(library.load(run), "attention", TEXT, position=2, name=run.name)
    options = ["walk", run, "attention", TEXT, "--position", 2]
    for name in ("walk.json", "walk.html", "walk.svg"):
        assert atento(*options, "-o", name).code == 0
    assert here() == ["walk.html", "walk.json", "walk.svg"]
    assert Walk.from_json(Path("walk.json").read_text(encoding="utf-8")) == wanted
    html = Path("walk.html").read_text(encoding="utf-8")
    assert html == wanted.to_html()
    check_offline(html, scripts=1)
    assert "<svg" in Path("walk.svg").read_text(encoding="utf-8")
    assert Walk.from_json(atento(*options, "--json").out) == wanted
    found = atento(*options)
    assert found.code == 0
    assert "softmax · cross · token 2" in found.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["head", TEXT], "this model has no walk 'head'; it has: "),
        (["attention", TEXT, "--position", "99"], "99"),
        (["attention", " "], "the text is empty"),
        (["attention", TEXT, "-o", "walk.txt"], "cannot draw walk.txt: name a .png, .svg, .pdf, .html or .json file"),
    ],
)
def test_bad_input_is_one_line(
    run: Path, options: list[str], message: str, atento: Atento, here: Callable[[], list[str]]
) -> None:
    assert message in atento("walk", run, *options).error
    assert here() == []


def test_attention_of_several_texts_is_one_page(run: Path, atento: Atento) -> None:
    assert atento("translate", run, TEXT, "o cão come", "--attention", "attention.html", "--words").code == 0
    read = check_offline(Path("attention.html").read_text(encoding="utf-8"))
    assert TEXT in read.text
    assert "o cão come" in read.text


def test_a_page_has_every_head_so_none_is_asked_for(run: Path, atento: Atento, here: Callable[[], list[str]]) -> None:
    found = atento("translate", run, TEXT, "--attention", "attention.html", "--layer", "0")
    assert "has every layer and head" in found.error
    assert here() == []
