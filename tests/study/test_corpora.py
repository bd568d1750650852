"""A study's text in the form that it asks for, and what is said of its test sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.core.errors import DataError
from atento.core.progress import Silent
from atento.data.corpus_files import CorpusFiles
from atento.data.pharaoh import Alignment
from atento.data.readers import read_pairs
from atento.study.configuration import CorpusData, CorpusTest, Study, Subset
from atento.study.data import Materials, prepare
from atento.study.describing import describe
from atento.text.words import words_of

RAW = [("Olá, João!", "¡Hola, Juan!"), ("Não sei.", "No lo sé."), ("Bom dia", "Buenos días")]
APART = [("olá , joão !", "¡ hola , juan !"), ("não sei .", "no lo sé ."), ("bom dia", "buenos días")]
PRETOKENISED = [("É bom . «u.e.»", "Es bueno !")]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, CorpusFiles]:
    made = {}
    for name, pairs in {"raw": RAW, "aligned": PRETOKENISED}.items():
        made[name] = CorpusFiles(source=str(tmp_path / f"{name}.a"), target=str(tmp_path / f"{name}.b"))
        for path, lines in zip(made[name].paths, zip(*pairs, strict=True), strict=True):
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (tmp_path / "raw.links").write_text("0-1 3-4\n0-0\n0-0\n", encoding="utf-8")
    (tmp_path / "aligned.links").write_text("0-0 3-2\n", encoding="utf-8")
    return made


def made_test(files: CorpusFiles, name: str, **keys: Any) -> CorpusTest:
    return CorpusTest(name=name, source=str(files.source), reference=str(files.target), **keys)


@pytest.fixture
def data(files: dict[str, CorpusFiles], tmp_path: Path) -> CorpusData:
    """Raw text, and text with links that count what stands between its spaces."""
    linked = msgspec.structs.replace(files["aligned"], alignment=str(tmp_path / "aligned.links"), weight=2.0)
    return CorpusData(
        train=(files["raw"], linked),
        valid=(files["raw"],),
        tests=(
            made_test(files["raw"], "plain"),
            made_test(files["raw"], "own", alignment=str(tmp_path / "raw.links"), words="words"),
            made_test(
                files["aligned"],
                "derived",
                alignment=str(tmp_path / "aligned.links"),
                alignment_kind="derived",
                note="joined at the English word",
            ),
        ),
        lowercase=True,
        words_apart=True,
    )


def study_of(tiny: Study, data: CorpusData, **changes: Any) -> Study:
    plain: dict[str, Any] = {
        "claims": (),
        "charts": (),
        "by_length": None,
        "subsets": (),
        "variants": tiny.variants[:1],
    }
    return msgspec.structs.replace(tiny, data=data, **(plain | changes))


def prepared(study: Study, folder: Path) -> Materials:
    return prepare(study, folder / "data", Silent())


def pairs_of(*files: CorpusFiles) -> list[tuple[str, str]]:
    return [(pair.source, pair.target) for each in files for pair in read_pairs(each)]


def test_all_text_takes_the_form_that_is_asked_for(tiny: Study, data: CorpusData, tmp_path: Path) -> None:
    materials = prepared(study_of(tiny, data), tmp_path)
    kept = [tuple(text.lower() for text in pair) for pair in PRETOKENISED]
    assert pairs_of(*materials.train) == [*APART, *kept]
    assert pairs_of(materials.valid_of(tiny.variants[0])) == APART
    for name, expected in (("plain", APART), ("own", APART), ("derived", kept)):
        test = materials.test(name)
        assert list(zip(test.sources, test.references, strict=True)) == expected
    assert materials.test("own").links == (Alignment.of({(0, 1), (3, 4)}), *[Alignment.of({(0, 0)})] * 2)
    assert materials.test("derived").links == (Alignment.of({(0, 0), (3, 2)}),)


def test_one_of_both_alone(tiny: Study, data: CorpusData, tmp_path: Path) -> None:
    small = prepared(study_of(tiny, msgspec.structs.replace(data, words_apart=False)), tmp_path / "small")
    assert pairs_of(small.train[0]) == [tuple(text.lower() for text in pair) for pair in RAW]
    apart = prepared(study_of(tiny, msgspec.structs.replace(data, lowercase=False)), tmp_path / "apart")
    assert pairs_of(*apart.train)[0] == ("Olá , João !", "¡ Hola , Juan !")
    assert pairs_of(*apart.train)[-1] == PRETOKENISED[0]


def test_without_them_the_users_files_are_read_where_they_lie(tiny: Study, data: CorpusData, tmp_path: Path) -> None:
    as_it_is = msgspec.structs.replace(data, lowercase=False, words_apart=False)
    materials = prepared(study_of(tiny, as_it_is), tmp_path)
    assert materials.train == data.train
    assert materials.test("plain").sources == tuple(source for source, _ in RAW)
    assert not (materials.folder / "corpora").exists()


def test_links_and_weights_of_training_stay(tiny: Study, data: CorpusData, tmp_path: Path) -> None:
    materials = prepared(study_of(tiny, data), tmp_path)
    first, second = materials.train
    assert (first.alignment, first.weight) == (None, 1.0)
    assert (second.alignment, second.weight) == (str(tmp_path / "aligned.links"), 2.0)
    assert [len(text.split()) for text in pairs_of(second)[0]] == [4, 3]  # as its links count


def test_a_variants_part_has_the_form_too(tiny: Study, data: CorpusData, tmp_path: Path) -> None:
    variant = msgspec.structs.replace(tiny.variants[0], max_words=3)
    materials = prepared(study_of(tiny, data, variants=(variant,)), tmp_path)
    assert pairs_of(*materials.train_of(variant)) == APART[1:]


def test_the_folder_is_made_anew_when_the_form_changes(tiny: Study, data: CorpusData, tmp_path: Path) -> None:
    before = prepared(study_of(tiny, data), tmp_path)
    scored_on, train = before.scored_on, pairs_of(before.train[0])
    after = prepared(study_of(tiny, msgspec.structs.replace(data, lowercase=False)), tmp_path)
    assert pairs_of(after.train[0]) != train
    assert after.scored_on != scored_on
    again = prepared(study_of(tiny, data), tmp_path)
    assert (again.scored_on, pairs_of(again.train[0])) == (scored_on, train)


def test_links_that_are_no_gold_are_not_called_gold(tiny: Study, data: CorpusData, tmp_path: Path) -> None:
    subsets = (Subset(name="both", of=("plain", "derived")), Subset(name="short", of=("derived",), max_words=9))
    study = study_of(tiny, data, subsets=subsets)
    told = describe(study, prepared(study, tmp_path))
    assert told[0].endswith("4 pairs (all text lower-cased, with spaces between words and signs)")
    lines = {line.partition(":")[0].removeprefix("test set "): line for line in told[1:]}
    assert lines["plain"].endswith("words on average")
    assert lines["own"].endswith("on average, with gold word alignments")
    for name in ("derived", "short"):
        ending = "on average, with derived word alignments, which are not gold; joined at the English word"
        assert lines[name].endswith(ending)
    assert "alignments" not in lines["both"]
    assert not any("gold" in line and "not gold" not in line for name, line in lines.items() if name != "own")


def test_links_outside_their_sentences_are_named(tiny: Study, data: CorpusData, tmp_path: Path) -> None:
    (tmp_path / "aligned.links").write_text("0-0 4-2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"aligned.links: line 1: the link 4-2"):
        prepared(study_of(tiny, data), tmp_path)


@given(st.text(max_size=40))
def test_words_that_were_put_apart_are_the_same_words(text: str) -> None:
    """So that links which count words stay right."""
    assert words_of(" ".join(words_of(text))) == words_of(text)
