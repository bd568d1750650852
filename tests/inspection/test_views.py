"""Occlusion, neighbours and contexts in a notebook and as files: their numbers, and nothing of a user's that acts."""

from __future__ import annotations

import dataclasses

import numpy as np
from IPython.core.formatters import DisplayFormatter
from tests.offline_pages import Read, check_offline

from atento.core.display import Displayed
from atento.inspection.contexts import Contexts, LayerSimilarity, Occurrence
from atento.inspection.neighbours import Neighbour
from atento.inspection.occlusion import Occlusion
from atento.inspection.word_space import Answer, Word

ATTACK = "<script>alert(1)</script>"


def shown(record: Displayed) -> Read:
    data, _ = DisplayFormatter().format(record)
    assert set(data) == {"text/plain", "text/html", "image/png"}
    read = check_offline(data["text/html"])
    assert check_offline(record.to_html()).rows == read.rows
    return read


def occlusion(targets: int, sources: int) -> Occlusion:
    draw = np.random.default_rng(2)
    return Occlusion(
        source=(ATTACK, *map(str, range(1, sources))), source_spans=((0, 1),) * sources,
        target=tuple(f"t{number}" for number in range(targets)), target_spans=(None,) * targets,
        log_probabilities=-draw.random(targets), differences=draw.standard_normal((targets, sources)),
    )  # fmt: skip


def test_occlusion_shows_every_difference() -> None:
    found = occlusion(3, 4)
    read = shown(found)
    np.testing.assert_allclose([float(title) for title in read.titles], found.differences.ravel(), rtol=1e-5)
    assert ["t1", f"{found.log_probabilities[1]:.4f}"] in read.rows
    signs = [value for tag, name, value in read.attributes if (tag, name) == ("td", "style")]
    assert [("rgba(0, 124, 190" in sign) for sign in signs] == (found.differences.ravel() >= 0).tolist()


def test_a_large_occlusion_is_cut_in_a_notebook_alone() -> None:
    found = occlusion(70, 80)
    data, _ = found._repr_mimebundle_()
    read = check_offline(data["text/html"])
    assert "The first 60 of 70 rows." in read.text
    assert "The first 60 of 80 columns." in read.text
    assert len(read.titles) == 3600
    assert len(check_offline(found.to_html()).titles) == 5600


def test_a_file_of_an_occlusion_has_the_whole_texts() -> None:
    found = dataclasses.replace(occlusion(2, 3), source=("a" * 400, "b" * 400, "c"))
    notebook = found._repr_mimebundle_(include=["text/html"])[0]["text/html"]
    assert "… (" in notebook
    text = check_offline(found.to_html()).text
    assert " ".join(found.source) + " → t0 t1" in text


def test_neighbours_show_their_scores() -> None:
    neighbours = tuple(Neighbour(label, score, place) for label, score, place in ((ATTACK, 0.5, 7), ("b", -0.25, 3)))
    words = (Word(text="avó", pieces=("av", "ó")), Word(text="avô", pieces=("avô",)), Word(text="tio", pieces=()))
    read = shown(Answer(words=words, neighbours=neighbours))
    assert [row[:3] for row in read.rows[1:]] == [[ATTACK, "0.5000", "7"], ["b", "-0.2500", "3"]]
    assert "avó − avô + tio" in read.text
    assert "the mean of its 2 tokens, av ó" in read.text
    assert set(Answer(words=words[:1], neighbours=())._repr_mimebundle_()[0]) == {"text/plain", "text/html"}


def test_contexts_show_every_cosine() -> None:
    tables = [np.array([[1.0, cosine], [cosine, 1.0]]) for cosine in (1.0, 0.5, -0.25)]
    layers = [
        LayerSimilarity(layer=layer, table=table, self_similarity=float(table[0, 1]), others=None)
        for layer, table in zip((None, 0, 1), tables, strict=True)
    ]
    occurrences = tuple(Occurrence(sentence=number, span=(2, 6), pieces=("casa",)) for number in (1, 2))
    found = Contexts(
        word="casa", sentences=("A casa.", f"A casa {ATTACK}"), occurrences=occurrences, input=layers[0],
        layers=tuple(layers[1:]),
    )  # fmt: skip
    read = shown(found)
    assert [float(title) for title in read.titles] == np.concatenate(tables).ravel().tolist()
    assert ["2", f"A [casa] {ATTACK}"] in read.rows
    assert ["layer 1", "-0.2500", ""] in read.rows
