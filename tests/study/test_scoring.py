from __future__ import annotations

import json
import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import sacrebleu
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from atento.applications.translator import Translator
from atento.core.configuration import convert
from atento.data.pharaoh import Alignment
from atento.study.configuration import Study
from atento.study.data import Materials
from atento.study.results import RunResult
from atento.study.runner import run_study
from atento.study.scoring import _alignment_error_rate, merged_bounds


@settings(deadline=None)
@given(st.lists(st.integers(0, 60) | st.integers(0, 2), min_size=1), st.integers(1, 20))
def test_merged_buckets_are_large_enough_and_hold_every_sentence(lengths: list[int], smallest: int) -> None:
    bounds = merged_bounds(lengths, (1, 6, 11, 21, 41), smallest)
    assert bounds[0] == (0 if 0 in lengths else 1)
    assert set(bounds) <= {0, 1, 6, 11, 21, 41}
    ends = [*bounds[1:], 10**9]
    counts = [sum(low <= length < high for length in lengths) for low, high in zip(bounds, ends, strict=True)]
    assert sum(counts) == len(lengths)
    assert len(counts) == 1 or min(counts) >= smallest


def test_large_buckets_stay_as_they_are() -> None:
    lengths = [3] * 50 + [8] * 50 + [30] * 50
    assert merged_bounds(lengths, (1, 6, 11), 50) == (1, 6, 11)


def test_a_small_bucket_takes_in_the_next_and_a_small_last_one_is_taken_in() -> None:
    lengths = [3] * 10 + [8] * 60 + [30] * 10
    assert merged_bounds(lengths, (1, 6, 11), 50) == (1,)
    assert merged_bounds([3] * 60 + [8] * 60 + [30] * 10, (1, 6, 11), 50) == (1, 6)


def test_sentences_without_a_word_are_merged_like_others() -> None:
    assert merged_bounds([0] * 2 + [3] * 60, (1, 6), 50) == (0,)
    assert merged_bounds([0] * 2 + [3] * 60 + [8] * 60, (1, 6), 50) == (0, 6)
    assert merged_bounds([0] * 50 + [3] * 60, (1, 6), 50) == (0, 1)
    assert merged_bounds([0] * 60 + [3] * 2, (1, 6), 50) == (0,)


@pytest.fixture(scope="module")
def scored(made: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path, RunResult]:
    """A study of one run, its folder, and what came of it."""
    table = deepcopy(made.TABLE)
    table |= {"variants": table["variants"][:1], "seeds": [1], "learning_rates": [], "claims": [], "match": None}
    table["recipe"]["training"] |= {"steps": 60, "learning_rate": 1e-2, "log_every": 4}
    study, folder = convert(table, Study, where="x"), tmp_path_factory.mktemp("scored")
    run = run_study(study, folder, jobs=0)
    [result] = run.results.values()
    return study, folder, result


def texts(folder: Path, name: str, reference: str = "reference") -> tuple[list[str], list[str]]:
    source, target = (
        (folder / "data" / f"{name}.{side}").read_text(encoding="utf-8").splitlines() for side in ("source", reference)
    )
    return source, target


def translator_of(folder: Path) -> Translator:
    [run] = (path.parent for path in (folder / "runs").glob("*/result.json"))
    return Translator.load(run)


def nats_a_token(translator: Translator, sources: list[str], targets: list[str]) -> float:
    """By one sentence after the other."""
    bundle, total, count = translator.bundle, 0.0, 0
    model, eos = bundle.model, bundle.vocabulary.eos
    for source, target in zip(sources, targets, strict=True):
        read = torch.tensor([[*bundle.source_tokenizer.encode(source).ids, eos]])
        labels = torch.tensor([*bundle.target_tokenizer.encode(target).ids, eos])
        start = torch.tensor([[bundle.vocabulary.decoder_start, *labels[:-1]]])
        memory = model.decoder.prepare(model.encoder(read, torch.ones_like(read, dtype=torch.bool)))
        hidden, _ = model.decoder(start, memory, model.decoder.start(memory))
        total += float(torch.nn.functional.cross_entropy(model.decoder.logits(hidden[0]), labels, reduction="sum"))
        count += len(labels)
    return total / count


def test_scores_are_those_of_the_reference_libraries(scored: tuple[Study, Path, RunResult]) -> None:
    _, folder, result = scored
    sources, references = texts(folder, "tests/test")
    found = [each.text for each in translator_of(folder).translate(sources)]
    metrics = result.tests["test"].metrics
    assert metrics["bleu"] == pytest.approx(sacrebleu.corpus_bleu(found, [references]).score)
    assert metrics["chrf"] == pytest.approx(sacrebleu.corpus_chrf(found, [references]).score)
    right = sum(one == other for one, other in zip(found, references, strict=True))
    assert metrics["exact"] == pytest.approx(100 * right / len(sources))
    for bucket, (low, high) in zip(result.tests["test"].buckets, ((1, 3), (4, 5), (6, 99)), strict=True):
        chosen = [number for number, source in enumerate(sources) if low <= len(source.split()) <= high]
        assert bucket.sentences == len(chosen)
        score = sacrebleu.corpus_bleu([found[n] for n in chosen], [[references[n] for n in chosen]]).score
        assert bucket.metrics["bleu"] == pytest.approx(score)


def test_losses_are_of_dev_and_of_the_test_set(scored: tuple[Study, Path, RunResult]) -> None:
    _, folder, result = scored
    translator = translator_of(folder)
    dev = nats_a_token(translator, *texts(folder, "dev", "target"))
    test = nats_a_token(translator, *texts(folder, "tests/test"))
    assert abs(dev - test) > 1e-3
    assert result.dev_loss == pytest.approx(dev, abs=1e-4)
    assert result.tests["test"].metrics["perplexity"] == pytest.approx(math.exp(test), rel=1e-4)


def test_alignments_are_scored_source_to_target(scored: tuple[Study, Path, RunResult]) -> None:
    """Gold links of every target word to the first source word: the other way round, few could be right."""
    _, folder, _ = scored
    test = Materials(folder / "data", ()).test("test")
    sizes = [len(target.split()) for target in test.references]
    gold = tuple(Alignment.of([(0, place) for place in range(size)]) for size in sizes)
    linked = right = 0
    for record, size in zip(translator_of(folder).explain(test.sources, test.references), sizes, strict=True):
        weights = record.matrix("cross", 0)[:size]
        places = weights.argmax(axis=1)
        linked += int((places < weights.shape[1] - 1).sum())  # the last column is </s>
        right += int((places == 0).sum())
    found = _alignment_error_rate(translator_of(folder), replace(test, links=gold))
    assert found == pytest.approx(100 * (1 - 2 * right / (linked + sum(sizes))))


def test_speed_and_loss_are_read_off_the_log(scored: tuple[Study, Path, RunResult]) -> None:
    _, folder, result = scored
    [log] = (folder / "runs").glob("*/metrics.jsonl")
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    trained = [line for line in lines if "loss" in line]
    assert result.training_curve == tuple((line["step"], line["loss"]) for line in trained)
    last = [line["loss"] for line in trained if line["step"] > 54]  # the last tenth of 60 steps
    assert len(last) == 2
    assert result.training_loss == pytest.approx(sum(last) / 2)
    assert result.training_loss < trained[0]["loss"]
    speeds = sorted(line["tokens_per_second"] for line in trained)
    assert result.cost.tokens_per_second == speeds[len(speeds) // 2]


def test_a_loss_that_is_no_number_leaves_a_result_that_can_be_read(
    made: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = deepcopy(made.TABLE)
    table |= {"variants": table["variants"][:1], "seeds": [1], "learning_rates": [], "claims": [], "match": None}
    monkeypatch.setattr("atento.study.scoring._loss", lambda *_: math.nan)
    study = convert(table, Study, where="x")
    for _ in range(2):  # the second time it is read
        [result] = run_study(study, tmp_path, jobs=0).results.values()
        assert {"bleu", "chrf"} <= set(result.tests["test"].metrics)
        assert "perplexity" not in result.tests["test"].metrics
