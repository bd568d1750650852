from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atento as library
from atento.inspection.vectors import Vectors

Atento = Callable[..., Any]
Written = Callable[..., Path]
TEXTS = ("o gato vê o peixe", "o cão come")
PNG = b"\x89PNG"


def test_vectors_are_printed_a_line_each(atento: Atento, run: Path) -> None:
    result = atento("embed", run, *TEXTS)
    assert result.code == 0
    lines = [line.split("\t") for line in result.out.splitlines()]
    assert [line[0] for line in lines] == list(TEXTS)
    wanted = library.load_embedder(run).sentences(TEXTS).values
    np.testing.assert_array_equal(np.array([line[1:] for line in lines], dtype=np.float32), wanted)
    table = json.loads(atento("embed", run, *TEXTS, "--json").out)
    assert (table["level"], table["layer"], table["labels"]) == ("sentence", 1, list(TEXTS))
    np.testing.assert_array_equal(np.array(table["vectors"], dtype=np.float32), wanted)
    piped = atento("embed", run, stdin="".join(f"{text}\r\n" for text in TEXTS).encode())
    assert piped.out == result.out


@pytest.mark.parametrize(
    ("level", "labels"),
    [
        ("word", ["o", "gato", "vê", "o", "peixe", "o", "cão", "come"]),
        ("type", ["o", "gato", "vê", "peixe", "cão", "come"]),
        ("token", ["o", "gato", "vê", "o", "peixe", "</s>", "o", "cão", "come", "</s>"]),
        ("sentence", list(TEXTS)),
    ],
)
@pytest.mark.parametrize("layer", ["0", "-1", "input"])
def test_every_level_and_layer_is_written(
    atento: Atento, run: Path, written: Written, tmp_path: Path, level: str, labels: list[str], layer: str
) -> None:
    file, place = written("texts", *TEXTS), tmp_path / "new" / "v.npz"
    result = atento("embed", run, "-i", file, "--level", level, "--layer", layer, "-o", place)
    assert (result.code, result.out) == (0, "")
    assert f"{len(labels)} vectors" in result.err
    found = Vectors.load(place)
    assert list(found.labels) == labels
    assert (found.level, found.layer) == (level, {"0": 0, "-1": 1, "input": None}[layer])
    assert found.values.std() > 0


def test_the_vocabulary_and_the_projectors_folder(atento: Atento, run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "projector"
    summary = json.loads(atento("embed", run, "--level", "vocabulary", "-o", folder, "--json").out)
    entries = (folder / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert summary["vectors"] == len(entries)
    assert {"<pad>", "gato", "peixe"} <= set(entries)
    rows = (folder / "vectors.tsv").read_text().splitlines()
    assert {len(row.split("\t")) for row in rows} == {summary["size"]} == {12}
    few = json.loads(atento("embed", run, "--level", "vocabulary", "--number", 6, "--side", "target", "--json").out)
    assert len(few["labels"]) == 6


def test_the_target_side_reads_translations_of_sources(atento: Atento, run: Path, written: Written) -> None:
    sources = written("sources", *TEXTS)
    options = ("--side", "target", "--level", "word", "--json")
    found = json.loads(atento("embed", run, "el gato", "el perro", "--sources", sources, *options).out)
    assert found["labels"] == ["el", "gato", "el", "perro"]
    assert "give the sources too" in atento("embed", run, "el gato", *options).error
    assert "equally many" in atento("embed", run, "el gato", "--sources", sources, *options).error


def test_maps_are_drawn_and_written_as_data(atento: Atento, run: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "map.png"
    result = atento("embed", run, *TEXTS, "--level", "word", "--map", drawn, "--mark", "gato")
    assert (result.code, result.out) == (0, "")
    assert "of the variance. A picture only" in result.err
    assert drawn.read_bytes().startswith(PNG)
    data = tmp_path / "map.tsv"
    assert atento("embed", run, "--level", "vocabulary", "--map", data).code == 0
    header, *rows = [line.split("\t") for line in data.read_text(encoding="utf-8").splitlines()]
    assert header == ["label", "x", "y"]
    labels = {row[0] for row in rows}
    assert {"gato", "peixe"} <= labels
    assert not labels & {"<pad>", "</s>", "o"}
    options = ("--level", "type", "--map", tmp_path / "map.json", "--method", "tsne", "--seed", 4, "--json")
    first = json.loads(atento("embed", run, *TEXTS, *options).out)["map"]
    assert (first["method"], first["seed"]) == ("tsne", 4)
    table = json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))
    assert [point["label"] for point in table["points"]] == ["o", "gato", "vê", "peixe", "cão", "come"]
    atento("embed", run, *TEXTS, *options)
    assert json.loads((tmp_path / "map.json").read_text(encoding="utf-8")) == table


def test_one_call_draws_a_map_and_writes_its_data(atento: Atento, run: Path, tmp_path: Path) -> None:
    """All of the same points, random as t-SNE is; with the vectors beside them."""
    places = [tmp_path / name for name in ("map.svg", "map.json", "map.tsv", "map.png")]
    options = [word for place in places for word in ("--map", place)]
    result = atento("embed", run, *TEXTS, "--level", "type", *options, "--method", "tsne", "-o", tmp_path / "v.npz")
    assert (result.code, result.out) == (0, "")
    assert result.err.count("A picture only") == 1
    assert places[0].read_bytes().startswith(b"<?xml")
    assert places[3].read_bytes().startswith(PNG)
    points = json.loads(places[1].read_text(encoding="utf-8"))["points"]
    rows = [line.split("\t") for line in places[2].read_text(encoding="utf-8").splitlines()[1:]]
    assert [row[0] for row in rows] == [point["label"] for point in points]
    for row, point in zip(rows, points, strict=True):
        assert [float(row[1]), float(row[2])] == pytest.approx([point["x"], point["y"]], rel=1e-4)
    assert (tmp_path / "v.npz").is_file()


def test_wrong_uses_of_embed_are_one_line_and_write_nothing(
    atento: Atento, run: Path, written: Written, tmp_path: Path, here: Callable[[], list[str]]
) -> None:
    texts = written("texts", *TEXTS)
    for words, reason in (
        ((run, "o", "-i", texts), "not both"),
        ((run, "o", ""), "text 2 is empty"),
        ((run, "o", "--layer", "9", "-o", "v.npz"), "no layer 9"),
        ((run, "o", "--layer", "top"), "give a number"),
        ((run, "o", "--pooling", "final", "--layer", "0"), "final states"),
        ((run, "o", "--pooling", "last", "--level", "word"), "--level sentence"),
        ((run, "o", "--level", "vocabulary"), "has no texts"),
        ((run, "--level", "vocabulary", "--layer", "1"), "input vectors only"),
        ((run, "o", "--method", "pca"), "give --map"),
        ((run, "o", "vê", "--map", "m.png", "--seed", "2"), "--seed is for"),
        ((run, *TEXTS, "--map", "m.png", "--method", "tsne", "--seed", 2**32), "from 0 to 4,294,967,295"),
        ((run, "o", "--map", "m.gif"), "m.gif"),
        ((run, *TEXTS, "--map", "m.png", "--map", "m.gif"), "m.gif"),
        ((run, *TEXTS, "--map", "m.json", "--map", "m.png", "--mark", "zzz"), "--mark zzz"),
        ((run, "o", "--map", "m.png"), "at least 2 vectors"),
        ((run, *TEXTS, "--map", "m.png", "--mark", "zzz"), "--mark zzz"),
        ((run, "o", "-o", "v.csv"), ".npz or .json"),
        ((run, "o", "-o", texts), "it is a file"),
        ((run, "o", "-o", texts / "projector"), "is a file, not a folder"),
        ((run, "o", "--number", "3"), "--level vocabulary"),
        ((run, "-i", "missing"), "missing"),
        ((run, "-i", written("blank", "", " ")), "has no text"),
        ((tmp_path / "nowhere", "o"), "nowhere"),
    ):
        assert reason in atento("embed", *words).error, words
    assert "has no text" in atento("embed", run).error  # an empty pipe
    assert here() == []


def test_blank_lines_are_left_out_of_words_and_said(atento: Atento, run: Path, written: Written) -> None:
    file = written("texts", "o gato", "", "come")
    result = atento("embed", run, "-i", file, "--level", "word")
    assert [line.split("\t")[0] for line in result.out.splitlines()] == ["o", "gato", "come"]
    assert "1 blank lines are left out" in result.err
    assert "text 2 is empty" in atento("embed", run, "-i", file).error


def test_neighbours_are_those_of_the_matrix(atento: Atento, run: Path, written: Written) -> None:
    result = atento("neighbours", run, "gato", "cão", "--number", 3)
    assert result.code == 0
    assert result.out.startswith("gato\n")
    assert "\ncão\n" in result.out
    found = json.loads(atento("neighbours", run, "gato", "--number", 99, "--json").out)
    embedder = library.load_embedder(run)
    vocabulary = embedder.vocabulary()
    own = vocabulary.labels.index("gato")
    units = vocabulary.values / np.linalg.norm(vocabulary.values, axis=1, keepdims=True).clip(1e-9)
    cosines = units @ units[own]
    wanted = [place for place in np.argsort(-cosines, kind="stable") if place not in embedder.specials and place != own]
    assert [each["id"] for each in found["words"][0]["neighbours"]] == wanted
    np.testing.assert_allclose([each["score"] for each in found["words"][0]["neighbours"]], cosines[wanted], atol=1e-5)
    file = written("texts", *TEXTS)
    ranked = json.loads(atento("neighbours", run, "gato", "-i", file, "--layer", "-1", "--json").out)["words"][0]
    assert sorted(each["label"] for each in ranked["neighbours"]) == ["come", "cão", "o", "peixe", "vê"]
    assert ranked["pieces"] == []
    other = json.loads(atento("neighbours", run, "gato", "--metric", "dot", "--json").out)
    assert other["metric"] == "dot"


def test_an_analogy_leaves_its_words_out_and_says_which_way_round_it_is(atento: Atento, run: Path) -> None:
    result = atento("analogy", run, "gato", "peixe", "cão", "-n", 2)
    assert result.out.startswith("gato − peixe + cão: what is to cão as gato is to peixe\n")
    found = json.loads(atento("analogy", run, "gato", "peixe", "cão", "--json").out)
    assert [found[name]["word"] for name in "abc"] == ["gato", "peixe", "cão"]
    assert found["neighbours"]
    assert not {each["label"] for each in found["neighbours"]} & {"gato", "peixe", "cão", "<pad>", "</s>"}
    assert "A − B + C" in atento("analogy", "--help").out


def test_words_without_a_vector_are_one_line(atento: Atento, run: Path, written: Written) -> None:
    file = written("texts", *TEXTS)
    for words, reason in (
        (("neighbours", run, "zebra"), "'zebra' is not in the vocabulary"),
        (("analogy", run, "gato", "zebra", "cão"), "'zebra' is not in the vocabulary"),
        (("neighbours", run, "gato", "--layer", "1"), "--input"),
        (("neighbours", run, "grande", "-i", file, "--layer", "1"), "'grande' is not among the words"),
        (("neighbours", run, " "), "is no word"),
    ):
        assert reason in atento(*words).error, words


def test_a_word_in_several_sentences(atento: Atento, run: Path, written: Written, tmp_path: Path) -> None:
    curve, tables = tmp_path / "curve.png", tmp_path / "tables.svg"
    result = atento("contexts", run, "gato", TEXTS[0], "o cão vê o gato", "--figure", curve, "--tables", tables)
    assert (result.code, result.err) == (0, "")
    assert "  1  o [gato] vê o peixe\n  2  o cão vê o [gato]\n" in result.out
    assert curve.read_bytes().startswith(PNG)
    assert "<svg" in tables.read_text(encoding="utf-8")
    found = json.loads(atento("contexts", run, "gato", TEXTS[0], "o cão vê o gato", "--json").out)
    assert found["input"]["self_similarity"] == pytest.approx(1.0)
    assert [each["layer"] for each in found["layers"]] == [0, 1]
    words = library.load_embedder(run).words([TEXTS[0], "o cão vê o gato"]).values[[1, 9]]
    cosine = float(words[0] @ words[1] / np.linalg.norm(words[0]) / np.linalg.norm(words[1]))
    assert found["layers"][1]["self_similarity"] == pytest.approx(cosine, abs=1e-5)
    assert f"{cosine:.3f}" in result.out
    file = written("lines", *TEXTS, "", "o cão vê o gato")
    assert json.loads(atento("contexts", run, "gato", "-i", file, "--json").out) == found
    inputs = atento("contexts", run, "gato", "-i", file, "--layer", "input").out
    assert inputs.count("1.000") == 6  # a recurrent model reads its input vectors as they are


def test_a_word_that_cannot_be_compared_is_one_line(
    atento: Atento, run: Path, written: Written, here: Callable[[], list[str]]
) -> None:
    file = written("lines", *TEXTS)
    for words, reason in (
        (("gato",), "give sentences"),
        (("gato", *TEXTS), "sentence 2 does not have the word 'gato'"),
        (("gato", TEXTS[0]), "only once"),
        (("gato", "-i", file), "only once"),
        (("zebra", "-i", file), "no line of"),
        (("o", *TEXTS, "--layer", "7"), "no layer 7"),
        (("o", *TEXTS, "--figure", "f.txt"), "f.txt"),
        (("o", *TEXTS, "--sources", file), "no sources"),
    ):
        assert reason in atento("contexts", run, *words).error, words
    assert here() == []
