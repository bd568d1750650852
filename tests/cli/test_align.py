from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
    both = _links(atento("align", run, *texts, "--reverse", reverse_run).out)
    either = _links(atento("align", run, *texts, "--reverse", reverse_run, "--symmetrise", "union").out)
    other = _links(atento("align", reverse_run, *reversed(texts)).out)
    assert all(a <= b for a, b in zip(mutual, best, strict=True))
    assert both == [a & {(i, j) for j, i in b} for a, b in zip(best, other, strict=True)]
    assert either == [a | {(i, j) for j, i in b} for a, b in zip(best, other, strict=True)]
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


def test_a_guided_run_is_read_where_it_was_trained(
    atento: Atento, run: Path, texts: tuple[Path, Path], tmp_path: Path
) -> None:
    guided = tmp_path / "guided"
    shutil.copytree(run, guided)
    card = json.loads((guided / "bundle" / "card.json").read_text(encoding="utf-8"))
    card["training"]["guided_alignment"] = {"weight": 0.05, "layer": 0, "head": 0, "rows": "input"}
    (guided / "bundle" / "card.json").write_text(json.dumps(card), encoding="utf-8")
    read, predicted = (atento("align", run, *texts, "--rows", rows).out for rows in ("input", "predicted"))
    assert atento("align", guided, *texts).out == read != predicted
    assert atento("align", guided, *texts, "--layer", "0").out == predicted


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


def test_files_of_links_are_scored_without_their_texts(atento: Atento, written: Written, tmp_path: Path) -> None:
    gold = written("gold", "1-1 2?3", "1-2")
    there = written("there", "0-0 1-2", "0-1")
    score = json.loads(atento("align", there, "--gold", gold, "--gold-one-based", "--json").out)
    assert (score["links"], score["sure_hits"], score["possible_hits"], score["aer"]) == (3, 2, 3, 0.0)
    assert [line["line"] for line in score["per_sentence"]] == [1, 2]
    inverted = written("inverted", "0-0 2-1", "1-0")
    same = json.loads(atento("align", inverted, "--inverted", "--gold", gold, "--gold-one-based", "--json").out)
    assert same == score
    turned = written("turned", "0-0 2?1", "1-0")
    again = atento("align", there, "--gold", turned, "--gold-inverted", "--json")
    assert json.loads(again.out)["aer"] == 0.0
    assert atento("align", written("ones", "1-1 2-3"), "--one-based").out == "0-0 1-2\n"


def test_two_files_of_links_are_combined_whichever_side_comes_first(
    atento: Atento, written: Written, tmp_path: Path
) -> None:
    """As fast_align -r and eflomal write the other direction, and as `align` of the other direction's run does."""
    there, back = written("there", "0-0 1-2", "0-1"), written("back", "0-0 1-3", "")
    turned, combined = written("turned", "0-0 3-1", ""), tmp_path / "combined"
    for other, *order in ((back,), (turned, "--reverse-inverted")):
        options = ("--reverse", other, *order)
        assert atento("align", there, *options, "--symmetrise", "union", "-o", combined).out == ""
        assert combined.read_text() == "0-0 1-2 1-3\n0-1\n"
        mutual = atento("align", there, *options)
        assert (mutual.out, mutual.err) == ("0-0\n\n", "")


def test_the_links_of_the_reverse_run_combine_as_the_run_itself(
    atento: Atento, run: Path, reverse_run: Path, texts: tuple[Path, Path], tmp_path: Path
) -> None:
    back = tmp_path / "back"
    assert atento("align", reverse_run, *reversed(texts), "-o", back).code == 0
    for method in ("intersection", "grow-diag-final-and", "union"):
        options = ("--symmetrise", method)
        by_run = atento("align", run, *texts, "--reverse", reverse_run, *options).out
        assert atento("align", run, *texts, "--reverse", back, "--reverse-inverted", *options).out == by_run


def test_links_that_were_read_the_wrong_way_round_are_noticed(atento: Atento, written: Written) -> None:
    there, back = written("there", "0-1 1-2 2-0", "0-1 1-0"), written("back", "0-1 1-2 2-0", "0-1 1-0")
    turned = written("turned", "1-0 2-1 0-2", "1-0 0-1")
    assert atento("align", there, "--reverse", back).err == ""
    assert atento("align", there, "--reverse", turned, "--reverse-inverted").err == ""
    wrong = atento("align", there, "--reverse", turned)
    assert wrong.code == 0
    assert f"warning: 2 links of {turned} are" in wrong.err
    assert "and 5 would be" in wrong.err
    assert wrong.err.endswith("if its links are target-source, give --reverse-inverted\n")
    over = atento("align", there, "--reverse", back, "--reverse-inverted")
    assert over.err.endswith("if its links are source-target, leave --reverse-inverted out\n")


def test_each_sentence_has_its_scores_and_the_worst_are_shown(
    atento: Atento, run: Path, texts: tuple[Path, Path], written: Written, tmp_path: Path
) -> None:
    links, gold = written("links", "0-0 1-1 2-2", "", "0-0 1-1"), written("gold", "0-0 1-1 2-2", "", "0-0 2-1 3?2")
    table, picture = tmp_path / "each.tsv", tmp_path / "worst.png"
    options = ("--gold", gold, "--per-sentence", table, "--worst", 1, "--figure", picture)
    result = atento("align", links, *texts, *options)
    assert result.code == 0
    header, *rows = [line.split("\t") for line in table.read_text().splitlines()]
    assert header[:2] == ["line", "aer"]
    assert [row[:2] for row in rows] == [["1", "0.0000"], ["2", "0.0000"], ["3", "0.5000"]]
    assert "line 3: AER 50.0 %" in result.out
    assert "line 1:" not in result.out
    assert re.search(r"wrong +cão–perro \(1-1\)", result.out)
    assert re.search(r"missed +come–perro \(2-1\)", result.out)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert json.loads(atento("align", links, "--gold", gold, "--worst", 2, "--json").out)["worst"] == [3, 1]
    assert "wrong   1-1" in atento("align", links, "--gold", gold, "--worst", 1).out
    drawn = tmp_path / "model.svg"
    assert atento("align", run, *texts, "--gold", gold, "--figure", drawn).code == 0
    assert drawn.read_text().startswith("<?xml")


def test_the_worst_sentences_are_drawn_with_their_own_links(
    atento: Atento, texts: tuple[Path, Path], written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames are gold, dots right and crosses wrong links; columns are source words."""
    sheets: list[Figure] = []
    monkeypatch.setattr("atento.figures.canvas.save", lambda figure, path: sheets.append(figure))
    links, gold = written("links", "0-0", "", "0-1 4-4"), written("gold", "0-0 1-2", "", "0-1 1-0 2?2")
    assert atento("align", links, *texts, "--gold", gold, "--worst", 2, "--figure", "worst.png").code == 0
    [sheet] = sheets
    assert [text.get_text() for text in sheet.texts][:2] == ["line 3: AER 50.0 %", "line 1: AER 33.3 %"]

    def drawn(axes: Axes) -> tuple[set[tuple[float, float]], dict[tuple[float, float], object]]:
        frames = {(round(patch.get_x() + 0.4, 2), round(patch.get_y() + 0.4, 2)) for patch in axes.patches}
        return frames, {(line.get_xdata()[0], line.get_ydata()[0]): line.get_marker() for line in axes.lines}

    assert drawn(sheet.axes[0]) == ({(0.5, 1.5), (1.5, 0.5), (2.5, 2.5)}, {(0.5, 1.5): "o", (4.5, 4.5): "X"})
    assert drawn(sheet.axes[1]) == ({(0.5, 0.5), (1.5, 2.5)}, {(0.5, 0.5): "o"})


def test_every_head_is_scored_at_both_steps_and_ranked(
    atento: Atento, transformer_run: Path, texts: tuple[Path, Path], written: Written
) -> None:
    gold = written("gold", "0-0 1-1 2-2", "", "0-0 1-1 3-2 4-4")
    found = json.loads(atento("align", transformer_run, *texts, "--gold", gold, "--heads", "--json").out)
    heads = found["heads"]
    places = [(head["rows"], head["layer"], head["head"]) for head in heads]
    assert len(places) == 12
    assert set(places) == set(itertools.product(("predicted", "input"), (0, 1), (0, 1, "mean")))
    merits = [(head["aer"], -head["f1"]) for head in heads]
    assert merits == sorted(merits)
    assert len(set(merits)) > 3
    assert found["best"] == {name: heads[0][name] for name in ("rows", "layer", "head")}
    for head in heads:
        options = ("--rows", head["rows"], "--layer", head["layer"], "--head", head["head"])
        alone = json.loads(atento("align", transformer_run, *texts, "--gold", gold, *options, "--json").out)
        assert {name: alone[name] for name in ("aer", "f1", "links")} == {
            name: head[name] for name in ("aer", "f1", "links")
        }


def test_heads_are_printed_and_drawn_as_tables_and_as_a_ranking(
    atento: Atento,
    transformer_run: Path,
    texts: tuple[Path, Path],
    written: Written,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gold, drawn = written("gold", "0-0 1-1 2-2", "", "0-0 1-1 3-2 4-4"), []
    monkeypatch.setattr("atento.figures.canvas.save", lambda figure, path: drawn.append(figure))
    options = ("--gold", gold, "--heads")
    heads = json.loads(atento("align", transformer_run, *texts, *options, "--json").out)["heads"]
    shown = atento("align", transformer_run, *texts, *options, "--figure", "heads.png").out
    cells = {(head["rows"], head["layer"], head["head"]): f"{100 * head['aer']:.1f}" for head in heads}
    best = tuple(heads[0][name] for name in ("rows", "layer", "head"))

    def table(rows: str, best: tuple[Any, ...] | None) -> list[list[str]]:
        return [
            [("*" if (rows, layer, head) == best else "") + cells[rows, layer, head] for head in (0, 1, "mean")]
            for layer in (0, 1)
        ]

    predicted, read, ranking = re.split(r"AER, at .*\n|The 10 best of 12 by AER.*\n", shown)[1:]
    for rows, printed in (("predicted", predicted), ("input", read)):
        assert re.search(r"^ +head 0 +head 1 +mean$", printed, re.M)
        assert [line.split()[2:] for line in re.findall(r"^ *layer .*$", printed, re.M)] == table(rows, best)
    lines = re.findall(r"^ *(\d+) +([\d.]+) .* --rows (\w+) --layer (\d) --head (\w+)$", ranking, re.M)
    assert lines == [
        (str(place), f"{100 * head['aer']:.1f}", head["rows"], str(head["layer"]), str(head["head"]))
        for place, head in enumerate(heads[:10], 1)
    ]
    [figure] = drawn
    for rows, axes in zip(("predicted", "input"), figure.axes, strict=True):
        assert ("predicts" in axes.get_title(loc="left")) == (rows == "predicted")
        figures = {tuple(text.get_position()): text.get_text() for text in axes.texts}
        assert [[figures[column + 0.5, row + 0.5] for column in range(3)] for row in (0, 1)] == table(rows, None)
        assert {"head 0", "head 1", "mean", "layer 0", "layer 1"} <= set(figures.values())
        framed = [patch.get_xy() for patch in axes.patches if not patch.get_fill()]
        assert framed == ([((0, 1, "mean").index(best[2]), best[1])] if rows == best[0] else [])


def test_a_model_of_one_head_has_a_short_ranking(
    atento: Atento, run: Path, texts: tuple[Path, Path], written: Written, tmp_path: Path
) -> None:
    gold, picture = written("gold", "0-0 1-1 2-2", "", "0-0 1-1"), tmp_path / "heads.pdf"
    shown = atento("align", run, *texts, "--gold", gold, "--heads", "--figure", picture)
    assert shown.code == 0
    assert "By AER, the best (*) first:" in shown.out
    assert len(re.findall(r"--rows \w+ --layer 0 --head 0$", shown.out, re.M)) == 2
    assert "mean" not in shown.out
    assert picture.read_bytes().startswith(b"%PDF")


def test_what_does_not_go_together_is_one_line(
    atento: Atento, run: Path, texts: tuple[Path, Path], written: Written, tmp_path: Path
) -> None:
    links, gold = written("links", "0-0", "", "0-0"), written("gold", "0-0", "", "0-0")
    assert "RUN" not in atento("align", links, "--gold", gold).out
    for words, arguments in (
        ("give SRC and TGT", (run, "--gold", gold)),
        ("both SRC and TGT", (links, texts[0], "--gold", gold)),
        ("give SRC and TGT", (links, "--gold", gold, "--figure", tmp_path / "a.png")),
        ("--heads needs a run", (links, *texts, "--gold", gold, "--heads")),
        ("--heads goes with", (run, *texts, "--gold", gold, "--heads", "--worst", 3)),
        ("--heads needs gold", (run, *texts, "--heads")),
        ("--layer has no effect", (run, *texts, "--gold", gold, "--heads", "--layer", 0)),
        ("--worst needs gold", (links, "--worst", 3)),
        ("--figure needs gold", (links, *texts, "--figure", tmp_path / "a.png")),
        ("--per-sentence needs gold", (links, "--per-sentence", tmp_path / "a.tsv")),
        ("name a .png", (links, *texts, "--gold", gold, "--figure", tmp_path / "a.gif")),
        ("line 2: 'x'", (written("bad", "0-0", "x", ""), "--gold", gold)),
        ("line 3: the link 7-0", (written("far", "0-0", "", "7-0"), *texts, "--gold", gold)),
        ("2 lines of links for 3", (written("few", "0-0", ""), *texts, "--gold", gold)),
        ("2 predicted alignments for 3", (written("few", "0-0", ""), "--gold", gold)),
        ("3 forward and 2 backward", (links, "--reverse", written("few", "0-0", ""))),
        ("gold-4: 3 predicted alignments for 4", (links, "--gold", written("gold-4", *["0-0"] * 4))),
        ("possible: the gold alignments (3 lines)", (links, "--gold", written("possible", "0?0", "", ""))),
        ("--gold-inverted tells", (links, "--gold-inverted")),
        ("--gold-one-based tells", (links, "--gold-one-based")),
        ("--one-based tells", (run, *texts, "--one-based")),
        ("is none", (run, *texts, "--inverted")),
        ("--symmetrise combines", (run, *texts, "--symmetrise", "union")),
        ("--threshold goes with", (run, *texts, "--threshold", 0.5)),
        ("--layer tells", (links, "--layer", 1)),
        ("--method tells", (links, "--reverse", links, "--method", "intersection")),
        ("none does not exist", (links, "--reverse", tmp_path / "none")),
        ("swapped: line 1: the link 3-0", (links, *texts, "--reverse", written("swapped", "3-0", "", ""))),
        (
            "turned: line 3: the link 0-5",
            (links, *texts, "--reverse", written("turned", "", "", "5-0"), "--reverse-inverted"),
        ),
        ("--reverse-inverted tells", (links, "--reverse-inverted")),
        ("--reverse-inverted tells", (run, *texts, "--reverse", run, "--reverse-inverted")),
    ):
        assert words in atento("align", *arguments).error, arguments
    assert not list(tmp_path.glob("a.*"))


def test_a_run_without_attention_says_so(
    atento: Atento, corpus: tuple[Path, Path], tiny: Callable[..., list[str]], tmp_path: Path
) -> None:
    options = [*tiny("model.attention.kind=none", "training.steps=1")]
    place = options.index("model.attention.size=8")
    del options[place - 1 : place + 1]
    assert atento("train", "small", *options, "--train", *corpus, "-o", tmp_path / "plain").code == 0
    assert "plain has no attention" in atento("align", tmp_path / "plain", *corpus).error


def test_the_hansards_table(atento: Atento, corpora: Path) -> None:
    """Every aligner's output is scored as its README says, and the two directions combine to the published files."""
    folder = corpora / "word-alignment" / "hansards"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    gold = folder / "hansards.en-fr.test.align"
    readme = (folder / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) ([\w-]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \|", readme, re.M)
    assert len(rows) == 12
    texts = [folder / f"hansards.en-fr.test.{side}" for side in ("en", "fr")]
    for system, kind, *figures in rows:
        file = folder / "systems" / f"{system}.{kind}.pharaoh"
        options = ["--inverted"] if kind == "reverse" else []
        score = json.loads(atento("align", file, *texts, "--gold", gold, "--json", *options).out)
        found = [100 * score[name] for name in ("aer", "precision", "recall")] + [score["links"]]
        assert found == pytest.approx([float(figure) for figure in figures], abs=0.0051)
        if kind in ("union", "intersection"):
            directions = (folder / "systems" / f"{system}.{side}.pharaoh" for side in ("forward", "reverse"))
            there, back = directions
            options = ["--reverse", back, "--reverse-inverted", "--symmetrise", kind, "--gold", gold, "--json"]
            assert json.loads(atento("align", there, *options).out) == score
