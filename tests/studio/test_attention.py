from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atento
from atento.bundle import load_bundle
from atento.data.pharaoh import parse_links
from atento.evaluation.alignment import score_alignments
from atento.figures.attention import Attention
from atento.inspection.alignment import AlignmentConfig, Head, links, links_of_heads
from atento.inspection.entropy import head_entropies
from atento.inspection.occlusion import occlude
from atento.text.words import segment

Post = Callable[..., Any]
SOURCE, TARGET = "a vida é bela", "la vida bela hoje"


def expected_of(folder: Path, family: str, target: str | None, rows: Any) -> Attention:
    run = folder / "runs" / family
    if family == "gpt":
        return atento.load_writer(run).explain([SOURCE], rows=rows)[0]
    if family == "bert":
        return atento.load_reader(run).explain([SOURCE])[0]
    translator = atento.load(run)
    if target is not None:
        return translator.explain([SOURCE], [target], rows=rows)[0]
    found = translator.translate(SOURCE, attention=True).attention
    assert found is not None
    return found.with_rows(rows)


def same(given: Any, record: Attention) -> bool:
    return json.loads(record.to_json()) == given


@pytest.mark.parametrize("rows", ["predicted", "input"])
@pytest.mark.parametrize(
    ("family", "target"),
    [("recurrent", None), ("recurrent", TARGET), ("plain", None), ("transformer", None), ("transformer", TARGET),
     ("gpt", None), ("bert", None)],
)  # fmt: skip
def test_records_are_the_librarys_own(post: Post, folder: Path, family: str, target: str | None, rows: str) -> None:
    found = post("attention", {"model": f"runs/{family}", "source": SOURCE, "target": target, "rows": rows})
    record = expected_of(folder, family, target, rows)
    words = record.merged(segment(record.source_text), segment(record.target_text))
    assert same(found["attention"], record)
    assert same(found["words"], words)
    assert found["source_words"] == [list(span) for span in segment(record.source_text)]
    assert found["entropy"] == {role: values.tolist() for role, values in head_entropies(record).items()}
    assert found["aer"] is None


def test_gold_links_are_scored(post: Post, folder: Path) -> None:
    gold = "0-0 1-1 3-2 2?3"
    found = post("attention", {"model": "runs/transformer", "source": SOURCE, "target": TARGET, "gold": gold})["aer"]
    record = expected_of(folder, "transformer", TARGET, "predicted")
    chosen, every = links(record, AlignmentConfig()), links_of_heads(record)
    score = score_alignments([chosen], [parse_links(gold)])
    assert (found["aer"], found["precision"], found["recall"]) == (score.aer, score.precision, score.recall)
    assert found["predicted_links"] == [list(link) for link in sorted(chosen)]
    assert found["sure_links"] == [[0, 0], [1, 1], [3, 2]]
    assert found["possible_links"] == [[2, 3]]
    assert {Head(each["rows"], each["layer"], each["head"]): each["aer"] for each in found["heads"]} == {
        head: score_alignments([predicted], [parse_links(gold)]).aer for head, predicted in every.items()
    }


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"gold": "0-9"}, 422, "outside"),
        ({"gold": "nonsense"}, 422, "nonsense"),
        ({"gold": "0?0"}, 422, "sure"),
        ({"model": "runs/plain", "gold": "0-0"}, 422, "none"),
        ({"model": "runs/gpt", "target": "a"}, 422, "target"),
        ({"model": "runs/bert", "gold": "0-0"}, 422, "gold"),
        ({"source": " "}, 422, "empty"),
        ({"source": " ", "target": "a"}, 422, "empty"),
        ({"source": "a" * 200_001}, 413, "200,000"),
        ({"target": "a" * 200_001}, 413, "200,000"),
        ({"model": "runs/transformer", "source": "a " * 2_000}, 413, "8,000,000"),
        ({"model": "runs/none"}, 404, "runs/none"),
        ({"rows": "both"}, 422, "both"),
    ],
)
def test_what_cannot_be_explained_is_told(post: Post, change: dict[str, Any], status: int, words: str) -> None:
    assert words in post("attention", {"model": "runs/recurrent", "source": SOURCE, **change}, status)


def test_occlusion_is_the_librarys_own(post: Post, folder: Path) -> None:
    found = post("occlusion", {"model": "runs/transformer", "source": SOURCE, "target": TARGET})
    bundle = load_bundle(folder / "runs" / "transformer")
    expected = occlude(bundle, SOURCE, TARGET)  # type: ignore[arg-type]
    assert found["source"] == list(expected.source) == SOURCE.split()
    assert found["target"] == list(expected.target) == [*TARGET.split(), "</s>"]
    assert np.array_equal(found["differences"], expected.differences)
    assert found["log_probabilities"] == expected.log_probabilities.tolist()


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [({"model": "runs/gpt"}, 422, "gpt"), ({"target": ""}, 422, "empty"), ({"source": "a " * 100_001}, 413, "200,000"),
     ({"source": "a " * 1001}, 413, "1,000")],
)  # fmt: skip
def test_what_cannot_be_occluded_is_told(post: Post, change: dict[str, Any], status: int, words: str) -> None:
    body = {"model": "runs/recurrent", "source": SOURCE, "target": TARGET, **change}
    assert words in post("occlusion", body, status)
