from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from atento.core.configuration import convert
from atento.core.errors import ConfigurationError
from atento.study.configuration import BuiltinData, CorpusData, LabelledData, RandomData, Study
from atento.study.reading import OwnCorpus, read_study
from atento.study.shipped import shipped_studies
from atento.study.variants import check_recipes

NAMES = (
    "ablation", "bottleneck", "cells", "data-size", "positions", "pretraining", "reversal", "scores", "speed",
    "tokenizers",
)  # fmt: skip


def write(folder: Path, table: dict[str, Any]) -> str:
    path = folder / "study.toml"
    path.write_text(tomli_w.dumps(table), encoding="utf-8")
    return str(path)


def test_all_studies_are_shipped() -> None:
    assert tuple(shipped_studies()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_small_form_of_a_shipped_study_needs_no_files(name: str) -> None:
    study, form = read_study(name, small=True)
    assert form == "small"
    assert len(study.seeds) >= 3
    assert not isinstance(study.data, CorpusData | LabelledData)
    assert study.claims


@pytest.mark.parametrize("name", [name for name in NAMES if name != "speed"])
def test_the_full_form_says_which_file_is_missing(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no file .*give the folder that holds it with --data"):
        read_study(name, data=tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_both_forms_of_a_shipped_study_have_whole_recipes_and_measure_what_is_there(name: str, tmp_path: Path) -> None:
    for place in re.findall(r'"([^"\n]+\.(?:pt|es|align))"', shipped_studies()[name]):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    for small in (True, False):
        study, _ = read_study(name, small=small, data=tmp_path)
        check_recipes(study)
        assert len(study.seeds) >= 3
        assert len(study.learning_rates) >= (0 if name == "speed" else 3)
        for figure in (*study.claims, *study.published):
            assert figure.variant in {variant.name for variant in study.variants}
        assert isinstance(study.data, RandomData) or all(
            claim.measure.tests or claim.measure.metric == "training_loss" for claim in study.claims
        )


@pytest.mark.parametrize("name", NAMES)
def test_the_corpora_of_the_full_form_are_there(name: str, corpora: Path) -> None:
    assert read_study(name, data=corpora)[1] == "full"


def test_forms_are_laid_over_the_rest(tmp_path: Path, table: dict[str, Any]) -> None:
    table["small"] = {"recipe": {"training": {"steps": 3}}, "variants": ["attention"]}
    table["full"] = {"data": {"kind": "builtin", "composed": 50}, "subsets": [], "by_length": "composed"}
    table["full"].update(claims=[], charts=[])
    path = write(tmp_path, table)
    small, form = read_study(path, small=True)
    assert form == "small"
    assert small.recipe["training"]["steps"] == 3
    assert small.recipe["training"]["batch_tokens"] == 128
    assert [variant.name for variant in small.variants] == ["attention"]
    assert small.claims == ()  # what is said of dropped variants goes with them
    full, form = read_study(path)
    assert form == "full"
    assert full.data == BuiltinData(composed=50)
    assert len(full.variants) == 2


def test_a_forms_variant_is_laid_over_the_one_of_its_name(tmp_path: Path, table: dict[str, Any]) -> None:
    table["variants"][1]["label"] = "none"
    table["small"] = {"variants": ["attention", {"name": "plain", "pairs": 60}, {"name": "new"}]}
    study, _ = read_study(write(tmp_path, table), small=True)
    first, second, third = study.variants
    assert (first.pairs, second.pairs, third.pairs) == (None, 60, None)
    assert second.recipe == table["variants"][1]["recipe"]
    assert (second.title, third.title, third.recipe) == ("none", "new", {})


def test_a_file_without_forms_is_taken_as_it_is(tmp_path: Path, table: dict[str, Any]) -> None:
    path = write(tmp_path, table)
    study, form = read_study(path)
    assert form == "only"
    assert study == convert(table, Study, where="x")
    with pytest.raises(ConfigurationError, match="no small form"):
        read_study(path, small=True)


def test_settings_and_seeds_replace_the_studys(tmp_path: Path, table: dict[str, Any]) -> None:
    study, _ = read_study(write(tmp_path, table), overrides=["recipe.training.steps=7"], seeds=[5, 6, 7])
    assert study.recipe["training"]["steps"] == 7
    assert study.seeds == (5, 6, 7)


def test_an_own_corpus_takes_the_place_of_the_data_in_every_test(tmp_path: Path) -> None:
    own = OwnCorpus(
        train=[tmp_path / "a.pt", tmp_path / "a.es"],
        valid=[tmp_path / "b.pt", tmp_path / "b.es"],
        test=[tmp_path / "c.pt", tmp_path / "c.es"],
    )
    for path in own.train:
        path.write_text("um\n" * 20_000, encoding="utf-8")
    for name in NAMES:
        if name == "speed":
            with pytest.raises(ConfigurationError, match="reads no corpus"):
                read_study(name, own=own)
            continue
        if name == "pretraining":
            with pytest.raises(ConfigurationError, match="this study classifies: give --train FILE"):
                read_study(name, own=own)
            continue
        study, form = read_study(name, own=own)
        assert form == "full"
        assert isinstance(study.data, CorpusData)
        (test,) = study.data.tests
        assert "test" in study.test_names
        for subset in study.subsets:
            assert subset.of == (test.name,)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("pretraining", "speed")])
def test_claims_are_measured_on_sentences_of_the_same_limits_with_an_own_corpus(name: str, tmp_path: Path) -> None:
    """``positions`` tests on at most 30 words, as it trains on: longer sentences would measure something else."""
    for place in re.findall(r'"([^"\n]+\.(?:pt|es|align))"', shipped_studies()[name]):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    pair = [tmp_path / "a.pt", tmp_path / "a.es"]
    for path in pair:
        path.write_text("um\n" * 20_000, encoding="utf-8")
    shipped, _ = read_study(name, data=tmp_path)
    own, _ = read_study(name, own=OwnCorpus(train=pair, valid=pair, test=pair))
    claims = {claim.statement: claim for claim in shipped.claims}
    assert own.claims
    for claim in own.claims:
        pairs = zip(claim.measure.tests, claims[claim.statement].measure.tests, strict=True)
        assert all(limits(own, mine) == limits(shipped, theirs) for mine, theirs in pairs)
    assert limits(own, own.by_length) == limits(shipped, shipped.by_length)


def limits(study: Study, test: str | None) -> tuple[object, ...]:
    subset = {each.name: each for each in study.subsets}.get(test or "")
    return () if subset is None or not subset.has_limits else (subset.min_words, subset.max_words, subset.rare_below)


def test_a_subset_with_limits_keeps_its_name_and_an_own_test_set_gets_another(
    tmp_path: Path, table: dict[str, Any]
) -> None:
    pair = [tmp_path / "a.pt", tmp_path / "a.es"]
    own = OwnCorpus(train=pair, valid=pair, test=pair)
    table["variants"][1].pop("pairs")
    table["data"]["tests"][0]["name"] = "all"
    for name, limit, tests in (
        ("test", {}, ("test",)),
        ("test", {"max_words": 4}, ("own-test", "test")),
        ("Test", {"min_words": 2}, ("own-test", "Test")),
        ("short", {"max_words": 4}, ("test", "short")),
    ):
        table["subsets"] = [{"name": name, "of": ["all"], **limit}]
        table["claims"][0]["measure"]["on"] = table["by_length"] = table["charts"][0]["on"] = name
        study, _ = read_study(write(tmp_path, table), own=own)
        assert study.test_names == tests
        assert {study.claims[0].measure.on, study.by_length, study.charts[0].on} == {name}


def test_variants_that_want_more_pairs_than_an_own_corpus_has_are_left_out(
    tmp_path: Path, table: dict[str, Any]
) -> None:
    for name in ("a.pt", "a.es"):
        (tmp_path / name).write_text("um\n" * 900, encoding="utf-8")
    pair = [tmp_path / "a.pt", tmp_path / "a.es"]
    names = [variant["name"] for variant in table["variants"]]
    table["variants"] += [{"name": "few", "pairs": 900}, {"name": "many", "label": "many pairs", "pairs": 901}]
    about = {"statement": "s", "source": "x", "baseline": names[0], "measure": {"metric": "chrf", "on": "test"}}
    table["claims"] = [{**about, "variant": name} for name in ("few", "many")]
    table["published"] = [{"variant": "many", "metric": "bleu", "value": 1.0, "note": "n"}]
    study, _ = read_study(write(tmp_path, table), own=OwnCorpus(train=pair, valid=pair, test=pair))
    assert [variant.name for variant in study.variants] == [*names, "few"]
    assert [claim.variant for claim in study.claims] == ["few"]
    assert not study.published
    assert "fewer pairs: the variant 'many pairs'." in study.notes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"titel": "x"}, "unknown key 'titel'; did you mean 'title'"),
        ({"variants": []}, "needs variants"),
        ({"seeds": [1, 1]}, "1 appears twice"),
        ({"seeds": []}, "needs seeds"),
        ({"match": {"to": "atention"}}, "no variant 'atention'; did you mean 'attention'"),
        ({"by_length": "tset"}, "did you mean 'test'"),
        ({"subsets": [{"name": "long", "of": ["tests"]}]}, "did you mean 'test'"),
        ({"subsets": [{"name": "test", "of": ["test"]}]}, "'test' appears twice"),
        ({"subsets": [{"name": "a/b", "of": ["test"]}]}, "'a/b' is used in file names"),
        ({"subsets": [{"name": "Test", "of": ["test"]}]}, "test sets: 'test' and 'Test' differ in case alone"),
        ({"variants": [{"name": "a"}, {"name": "A"}]}, "variants: 'a' and 'A' differ in case alone; rename one"),
    ],
)
def test_bad_studies_are_refused_with_one_line(
    tmp_path: Path, table: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        read_study(write(tmp_path, {**table, **change}))
    assert "\n" not in str(caught.value)


def test_a_negative_margin_and_an_equality_without_one_are_refused(tmp_path: Path, table: dict[str, Any]) -> None:
    for change in ({"margin": -1.0}, {"relation": "equal"}):
        claims = [{**table["claims"][0], **change}]
        with pytest.raises(ConfigurationError, match="margin"):
            read_study(write(tmp_path, {**table, "claims": claims}))


def test_an_unknown_study_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'bottleneck'"):
        read_study("botleneck")


def test_seeds_of_recipes_are_refused(tmp_path: Path, table: dict[str, Any], classes: Any) -> None:
    table["variants"][1]["recipe"]["training"] = {"seed": 3}
    with pytest.raises(ConfigurationError, match=r"variant 'plain': recipe\.training\.seed has no effect.*; leave it"):
        check_recipes(convert(table, Study, where="x"))
