from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Atento = Callable[..., Any]
Written = Callable[..., Path]
SOURCE = ("o gato vê", "", "o cão come o peixe")
TARGET = ("el gato ve", "el", "el perro come el pescado")


@pytest.fixture
def texts(written: Written) -> tuple[Path, Path]:
    return written("s", *SOURCE), written("t", *TARGET)


def _links(text: str) -> list[set[tuple[int, int]]]:
    return [{(int(a), int(b)) for a, b in (link.split("-") for link in line.split())} for line in text.split("\n")[:-1]]


def test_every_pair_has_a_line_and_links_are_inside_it(atento: Atento, run: Path, texts: tuple[Path, Path]) -> None:
    result = atento("align", run, *texts)
    assert result.code == 0
    found = _links(result.out)
    assert len(found) == 3
    assert found[1] == set()
    for links, source, target in zip(found, SOURCE, TARGET, strict=True):
        assert all(i < len(source.split()) and j < len(target.split()) for i, j in links)
    assert found[0]


def test_stricter_ways_keep_a_part(atento: Atento, run: Path, reverse_run: Path, texts: tuple[Path, Path]) -> None:
    best = _links(atento("align", run, *texts).out)
    mutual = _links(atento("align", run, *texts, "--method", "intersection").out)
    both = _links(atento("align", run, *texts, "--method", "intersection", "--reverse-run", reverse_run).out)
    other = _links(atento("align", reverse_run, *reversed(texts)).out)
    assert all(a <= b for a, b in zip(mutual, best, strict=True))
    assert both == [a & {(i, j) for j, i in b} for a, b in zip(best, other, strict=True)]
    loose, tight = (
        _links(atento("align", run, *texts, "--method", "threshold", "--threshold", level).out) for level in (0.05, 0.5)
    )
    assert all(a <= b for a, b in zip(tight, loose, strict=True))


def test_words_number_punctuation_too(atento: Atento, run: Path, written: Written) -> None:
    files = written("s", "o gato."), written("t", "el gato.")
    options = ("--method", "threshold", "--threshold", 0.01)
    positions, apart = (
        {j for links in _links(atento("align", run, *files, *options, *more).out) for _, j in links}
        for more in ((), ("--words",))
    )
    assert positions <= {0, 1}
    assert apart <= {0, 1, 2}
    assert 2 in apart


def test_unknown_words_keep_their_places(atento: Atento, run: Path, written: Written) -> None:
    """The target's words are counted in its own text, not in what the tokenizer makes of it."""
    files = written("s", "o gato"), written("t", "el <zzz> gato")
    [links] = _links(atento("align", run, *files, "--words", "--method", "threshold", "--threshold", 0.001).out)
    assert {j for _, j in links} == {0, 1, 2, 3, 4}


def test_gold_links_give_the_error_rate(
    atento: Atento, run: Path, texts: tuple[Path, Path], written: Written, tmp_path: Path
) -> None:
    own = tmp_path / "new" / "own.align"
    assert atento("align", run, *texts, "-o", own).out == ""
    score = json.loads(atento("align", run, *texts, "--gold", own, "--json").out)
    assert score["aer"] == 0.0
    assert "AER" in atento("align", run, *texts, "--gold", own).out
    outside = written("gold", "0-0", "", "9-9")
    assert "line 3" in atento("align", run, *texts, "--gold", outside).error
    assert "--gold" in atento("align", run, *texts, "--json").error


def test_a_layer_that_is_not_there_is_one_line(atento: Atento, run: Path, texts: tuple[Path, Path]) -> None:
    assert "layer 9" in atento("align", run, *texts, "--layer", 9).error
    assert "layer" in atento("align", run, *texts, "--layer", "upper").error
