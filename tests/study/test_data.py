from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from atento.core.configuration import convert
from atento.core.errors import ConfigurationError, DataError
from atento.core.progress import Silent
from atento.data.corpus_files import CorpusFiles
from atento.study.configuration import BuiltinData, CorpusData, CorpusTest, Study, Subset
from atento.study.data import Materials, digest, prepare
from atento.study.describing import describe


def prepared(study: Study, folder: Path) -> Materials:
    return prepare(study, folder / "data", Silent())


def lines(corpus: CorpusFiles) -> list[tuple[str, str]]:
    source, target = (path.read_text(encoding="utf-8").splitlines() for path in corpus.paths)
    return list(zip(source, target, strict=True))


def test_a_diagnostic_task_has_training_dev_and_test_sentences(tiny: Study, tmp_path: Path) -> None:
    materials = prepared(tiny, tmp_path)
    assert len(lines(materials.train[0])) == 400
    dev = lines(materials.valid_of(tiny.variants[0]))
    assert len(dev) == 40
    test = materials.test("test")
    held = {*test.sources, *(source for source, _ in dev)}
    assert not held & {source for source, _ in lines(materials.train[0])}
    assert len(test) == 30
    assert test.links is not None
    assert all(each.sure == {(i, i) for i in range(len(each.sure))} for each in test.links)


def test_a_variant_sees_its_part_and_smaller_parts_are_in_larger_ones(table: dict[str, Any], tmp_path: Path) -> None:
    table["variants"] = [
        {"name": "attention"}, {"name": "plain", "pairs": 50}, {"name": "more", "pairs": 100},
        {"name": "short", "max_words": 4},
    ]  # fmt: skip
    study = convert(table, Study, where="x")
    materials = prepared(study, tmp_path)
    whole, few, more, short = (lines(materials.train_of(variant)[0]) for variant in study.variants)
    assert (len(whole), len(few), len(more)) == (400, 50, 100)
    assert set(few) < set(more) < set(whole)
    assert short == [pair for pair in whole if len(pair[0].split()) <= 4]
    dev, same, _, own = (lines(materials.valid_of(variant)) for variant in study.variants)
    assert same == dev
    assert own == [pair for pair in dev if len(pair[0].split()) <= 4]
    assert 0 < len(own) < len(dev)


def test_a_task_with_too_few_sentences_to_hold_some_out_is_refused(table: dict[str, Any], tmp_path: Path) -> None:
    table["data"] |= {
        "vocabulary": 3,
        "min_words": 1,
        "max_words": 1,
        "tests": [{"name": "test", "min_words": 1, "max_words": 1}],
    }
    table["by_length"], table["subsets"] = None, []
    with pytest.raises(DataError, match="1 to 1 words of 3 are in dev"):
        prepared(convert(table, Study, where="x"), tmp_path)


def test_a_checksum_tells_texts_links_and_how_they_are_read(tmp_path: Path) -> None:
    for name in ("a", "b", "links"):
        (tmp_path / name).write_text("0-0\n", encoding="utf-8")
    plain = CorpusFiles(source=str(tmp_path / "a"), target=str(tmp_path / "b"))
    linked = msgspec.structs.replace(plain, alignment=str(tmp_path / "links"))
    weighted, apart = (
        msgspec.structs.replace(plain, weight=2.0),
        msgspec.structs.replace(linked, alignment_words="words"),
    )
    sums = {digest([each]) for each in (plain, linked, weighted, apart)}
    assert len(sums) == 4
    before = digest([linked])
    (tmp_path / "links").write_text("\n", encoding="utf-8")
    assert digest([linked]) != before
    (tmp_path / "elsewhere").mkdir()
    moved = [(tmp_path / name).rename(tmp_path / "elsewhere" / name) for name in ("a", "b")]
    assert digest([CorpusFiles.of(moved)]) in sums


def test_subsets_keep_what_fits_with_links(tiny: Study, tmp_path: Path) -> None:
    materials = prepared(tiny, tmp_path)
    whole, long = materials.test("test"), materials.test("long")
    expected = [
        (source, links)
        for source, links in zip(whole.sources, whole.links or (), strict=True)
        if len(source.split()) >= 5
    ]
    assert list(zip(long.sources, long.links or (), strict=True)) == expected


def test_a_subset_of_rare_words_is_found_by_counting_training(tmp_path: Path, table: dict[str, Any]) -> None:
    for name, text in {
        "train.a": "o gato\no gato\no cão\n", "train.b": "x\nx\nx\n", "test.a": "o gato\no cão , gato\num peixe\n",
        "test.b": "x\ny\nz\n",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    pair = CorpusFiles(source=str(tmp_path / "train.a"), target=str(tmp_path / "train.b"))
    data = CorpusData(
        train=(pair,),
        valid=(pair,),
        tests=(CorpusTest(name="test", source=str(tmp_path / "test.a"), reference=str(tmp_path / "test.b")),),
    )
    table |= {"data": msgspec.to_builtins(data), "variants": [{"name": "attention"}, {"name": "plain"}]}
    table["subsets"] = [{"name": "rare", "of": ["test"], "rare_below": 2}]
    materials = prepared(convert(table, Study, where="x"), tmp_path)
    assert materials.test("rare").sources == ("o cão , gato", "um peixe")
    assert materials.test("rare").references == ("y", "z")


@pytest.mark.parametrize(
    ("links", "keys", "expected"),
    [
        ("0-0 1?0", {}, {(0, 0), (1, 0)}),
        ("1-1 2?1", {"one_based": True}, {(0, 0), (1, 0)}),
        ("0-0 0?1", {"inverted": True}, {(0, 0), (1, 0)}),
        ("0-0 1?2 3-1", {"words": "words"}, {(0, 0), (1, 2), (3, 1)}),
        ("1-1 3?2 2-4", {"words": "words", "one_based": True, "inverted": True}, {(0, 0), (1, 2), (3, 1)}),
    ],
)
def test_gold_links_are_read_as_the_study_says(
    tiny: Study, tmp_path: Path, links: str, keys: dict[str, Any], expected: set[tuple[int, int]]
) -> None:
    """Of "Bom dia, João!" to "¡Hola!": two words and a sign each, or what spaces divide."""
    for name, text in {"a": "Bom dia, João!\n", "b": "¡Hola!\n", "links": f"{links}\n"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    pair = CorpusFiles(source=str(tmp_path / "a"), target=str(tmp_path / "b"))
    table = {"name": "test", "source": str(tmp_path / "a"), "reference": str(tmp_path / "b")}
    test = convert({**table, "alignment": str(tmp_path / "links"), **keys}, CorpusTest, where="x")
    data = CorpusData(train=(pair,), valid=(pair,), tests=(test,))
    study = msgspec.structs.replace(
        tiny, data=data, subsets=(), claims=(), charts=(), by_length=None, variants=tiny.variants[:1]
    )
    found = prepared(study, tmp_path).test("test")
    assert found.words == keys.get("words", "whitespace")
    assert found.links is not None
    assert found.links[0].possible == expected
    assert len(found.links[0].possible - found.links[0].sure) == 1


def test_keys_that_tell_how_to_read_links_go_with_links() -> None:
    for key in ("one_based", "inverted"):
        with pytest.raises(ConfigurationError, match="of the test set 'test' tell how to read alignment"):
            convert({"name": "test", "source": "a", "reference": "b", key: True}, CorpusTest, where="x")


def test_the_built_in_corpus_comes_with_gold_links(tiny: Study, tmp_path: Path) -> None:
    subsets = (Subset(name="both", of=("handwritten", "composed")),)
    study = msgspec.structs.replace(
        tiny,
        data=BuiltinData(composed=60, test_pairs=3),
        subsets=subsets,
        claims=(),
        charts=(),
        by_length=None,
        variants=tiny.variants[:1],
    )
    materials = prepared(study, tmp_path)
    both = materials.test("both")
    assert len(both) == len(materials.test("handwritten")) + len(materials.test("composed"))
    assert both.links is not None
    told = describe(study, materials)
    assert f"60 composed pairs, of which {len(lines(materials.train[0])):,} are trained on" in told[0]
    assert any("gold word alignments" in line for line in told)


def test_names_beside_the_built_in_corpus_are_new_in_dev_and_test(tiny: Study, tmp_path: Path) -> None:
    study = msgspec.structs.replace(
        tiny,
        data=BuiltinData(composed=60, test_pairs=7, names=40),
        subsets=(),
        claims=(),
        charts=(),
        by_length=None,
        variants=tiny.variants[:1],
    )
    bare = msgspec.structs.replace(study, data=BuiltinData(composed=60, test_pairs=7))
    assert study.test_names == (*bare.test_names, "names")
    materials, without = prepared(study, tmp_path / "with"), prepared(bare, tmp_path / "without")
    train, fewer = lines(materials.train[0]), lines(without.train[0])
    assert len(train) == len(fewer) + 40
    dev = lines(materials.valid_of(study.variants[0]))
    assert len(dev) == len(lines(without.valid_of(study.variants[0]))) + 2
    test = materials.test("names")
    assert len(test) == 7
    assert test.links is not None

    def names(texts: Sequence[str]) -> set[str]:
        return {word for text in texts for word in text.split() if word.istitle() and len(word) == 8}

    new = names(test.sources)
    assert new == names(test.references), "they are copied"
    assert new
    assert not new & names([source for source, _ in train])
    assert (
        f"{len(fewer):,} are trained on, and 40 pairs of the diagnostic task rare-names"
        in describe(study, materials)[0]
    )


def test_the_folder_is_found_again_and_made_anew_when_a_file_changes(tiny: Study, tmp_path: Path) -> None:
    materials = prepared(tiny, tmp_path)
    stamp = materials.folder.stat().st_ino
    assert prepared(tiny, tmp_path).folder.stat().st_ino == stamp
    larger = msgspec.structs.replace(tiny, subsets=(Subset(name="long", of=("test",), min_words=6),))
    assert prepared(larger, tmp_path).folder.stat().st_ino != stamp


def test_what_cannot_be_had_is_refused(tiny: Study, tmp_path: Path) -> None:
    greedy = tuple(msgspec.structs.replace(variant, pairs=401) for variant in tiny.variants)
    with pytest.raises(DataError, match="wants 401 pairs of 400"):
        prepared(msgspec.structs.replace(tiny, variants=greedy), tmp_path)
    assert not (tmp_path / "data").exists()


def test_a_subset_without_sentences_is_left_out_and_said(tiny: Study, tmp_path: Path) -> None:
    said: list[str] = []

    class Listening(Silent):
        def message(self, text: str) -> None:
            said.append(text)

    nothing = msgspec.structs.replace(tiny, subsets=(Subset(name="long", of=("test",), min_words=50),))
    materials = prepare(nothing, tmp_path / "data", Listening())
    assert materials.has("test")
    assert not materials.has("long")
    assert any("no sentence fits the subset 'long'" in text for text in said)
    assert "test set long: no sentence fits it" in describe(nothing, materials)


@pytest.mark.parametrize("damage", [b"[", b"{}", b'{"test": 1}', b'{"test": "\xff"}'])
def test_a_damaged_list_of_words_is_named_and_made_anew_when_removed(
    tiny: Study, tmp_path: Path, damage: bytes
) -> None:
    before = prepared(tiny, tmp_path)
    path = before.folder / "tests" / "words.json"
    path.write_bytes(damage)
    with pytest.raises(DataError, match=r"words\.json is damaged .*; remove it and start the study again"):
        prepared(tiny, tmp_path)
    path.unlink()
    assert prepared(tiny, tmp_path) == before


def test_a_variant_whose_sentences_dev_does_not_have_is_refused(table: dict[str, Any], tmp_path: Path) -> None:
    table["variants"][1] |= {"max_words": 1, "pairs": 1}
    with pytest.raises(DataError, match=r"1 words of the variant 'plain'; give it more max_words"):
        prepared(convert(table, Study, where="x"), tmp_path)
