from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sacrebleu

Atento = Callable[..., Any]
Corpus = tuple[Path, Path]


def test_a_run_and_its_saved_translations_score_the_same(
    atento: Atento, run: Path, corpus: Corpus, tmp_path: Path
) -> None:
    saved = tmp_path / "out.es"
    own = atento("evaluate", run, *corpus, "-o", saved, "--json", "--resamples", 50)
    again = atento("evaluate", "--hypotheses", saved, *corpus, "--json", "--resamples", 50)
    assert own.code == 0
    assert json.loads(own.out) == json.loads(again.out)
    hypotheses, references = (path.read_text(encoding="utf-8").splitlines() for path in (saved, corpus[1]))
    by_name = {score["metric"]: score for score in json.loads(own.out)["evaluation"]["scores"]}
    assert by_name["bleu"]["value"] == sacrebleu.corpus_bleu(hypotheses, [references]).score
    assert by_name["chrf"]["value"] == sacrebleu.corpus_chrf(hypotheses, [references]).score
    assert set(by_name) == {"bleu", "chrf", "ter"}


def test_people_read_tables_intervals_lengths_and_signatures(atento: Atento, run: Path, corpus: Corpus) -> None:
    out = atento("evaluate", run, *corpus, "--beam-size", 1, "--metrics", "bleu,chrf").out
    for words in ("60 sentences", "95 % interval", "source words", "BLEU|nrefs:1|", "chrF2|nrefs:1|", "1–5"):
        assert words in out
    assert "TER" not in out


def test_several_references_can_only_help(atento: Atento, run: Path, corpus: Corpus) -> None:
    options = ("--hypotheses", corpus[1], "--json", "--metrics", "bleu", "--resamples", 0, "--no-by-length")
    one = json.loads(atento("evaluate", *options, corpus[0], corpus[0]).out)["evaluation"]
    two = json.loads(atento("evaluate", *options, corpus[0], corpus[0], corpus[1]).out)["evaluation"]
    assert two["references"] == 2
    assert two["scores"][0]["value"] > one["scores"][0]["value"]


def test_what_is_missing_or_unknown_is_one_line(atento: Atento, run: Path, corpus: Corpus, tmp_path: Path) -> None:
    assert "RUN SRC REF" in atento("evaluate", run, corpus[0]).error
    assert "meteor" in atento("evaluate", run, *corpus, "--metrics", "meteor").error
    assert "no-run does not exist" in atento("evaluate", "no-run", *corpus).error
    assert "cannot read" in atento("evaluate", run, corpus[0], tmp_path / "none").error
