"""Neighbours equal brute force; analogies are those of a matrix that was made to have them."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from atento.core.errors import ConfigurationError, DataError
from atento.inspection.embeddings import Embedder
from atento.inspection.neighbours import Metric, Space, cosines
from atento.inspection.vectors import Vectors
from atento.inspection.word_space import WordSpace


def vectors(values: np.ndarray, labels: list[str] | None = None) -> Vectors:
    names = labels or [str(number) for number in range(len(values))]
    return Vectors(labels=tuple(names), values=np.asarray(values, dtype=np.float32), level="vocabulary")


@pytest.mark.parametrize("metric", ["cosine", "dot"])
@pytest.mark.parametrize("number", [1, 7, 1000])
def test_neighbours_are_those_of_brute_force(metric: Metric, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atento.inspection.neighbours._BATCH", 5)
    draw = np.random.default_rng(4)
    values, queries = draw.normal(size=(90, 6)).astype(np.float32), draw.normal(size=(12, 6)).astype(np.float32)
    hidden, without = {3, 50}, [{number, 80} for number in range(12)]
    found = Space(vectors(values), metric, hidden).nearest(queries, number, without)
    for query, its, left_out in zip(queries, found, without, strict=True):
        scores = []
        for place, value in enumerate(values):
            product = float(np.dot(query.astype(float), value.astype(float)))
            lengths = 1.0 if metric == "dot" else float(np.linalg.norm(query) * np.linalg.norm(value))
            if place not in hidden | left_out:
                scores.append((-product / lengths, place))
        wanted = sorted(scores)[:number]
        assert [neighbour.place for neighbour in its] == [place for _, place in wanted]
        np.testing.assert_allclose([each.score for each in its], [-score for score, _ in wanted], rtol=1e-5, atol=1e-6)
        assert all(each.label == str(each.place) for each in its)


def test_equals_keep_their_order_and_copies_of_the_query_are_left_out() -> None:
    values = np.array([[1, 0], [2, 0], [1, 0], [0, 1], [3, 0], [0, 0], [-1, 0]])
    space = Space(vectors(values))
    [found] = space.nearest(values[:1].astype(np.float32))
    assert [each.place for each in found] == [1, 4, 3, 5, 6]
    assert [each.score for each in found] == [1, 1, 0, 0, -1]
    [all_left_out] = space.nearest(values[:1].astype(np.float32), without=[range(7)])
    assert all_left_out == []
    [longest] = Space(vectors(values), "dot").nearest(values[:1].astype(np.float32), 2)
    assert [each.place for each in longest] == [4, 1]
    with pytest.raises(ConfigurationError, match="at least 1"):
        space.nearest(values[:1].astype(np.float32), 0)


def test_an_analogy_is_found_without_its_words() -> None:
    """Royal, female, human: rei − homem + mulher is nearest to rei itself, which does not count, then to rainha."""
    labels = ["rei", "rainha", "homem", "mulher", "maçã"]
    values = np.array([[3, 0, 0.1], [2.2, 1.5, 0], [0.2, 0, 1], [0.1, 0.8, 1], [-1, -1, 1]], dtype=np.float32)
    space = Space(vectors(values, labels))
    rei, _, homem, mulher, _ = values
    own = {0, 2, 3}
    assert space.analogy(rei, homem, mulher, 1, own)[0].label == "rainha"
    assert [each.label for each in space.analogy(rei, homem, mulher, 5, own)] == ["rainha", "maçã"]
    unit = [value / np.linalg.norm(value) for value in (rei, homem, mulher, values[1])]
    target = unit[0] - unit[1] + unit[2]
    assert space.analogy(rei, homem, mulher, 1, own)[0].score == pytest.approx(
        float(target @ unit[3] / np.linalg.norm(target)), abs=1e-6
    )
    [raw] = Space(vectors(values, labels), "dot").analogy(rei, homem, mulher, 1, own)
    assert raw.score == pytest.approx(float((rei - homem + mulher) @ values[1]))


def test_cosines_of_all_pairs() -> None:
    values = np.random.default_rng(2).normal(size=(5, 4)).astype(np.float32)
    table = cosines(values)
    np.testing.assert_allclose(np.diag(table), 1.0)
    assert table[1, 3] == pytest.approx(
        float(values[1] @ values[3] / np.linalg.norm(values[1]) / np.linalg.norm(values[3])), abs=1e-6
    )
    assert cosines(np.zeros((2, 3), dtype=np.float32)).tolist() == [[0, 0], [0, 0]]


def test_words_are_looked_up_among_the_tokenizers_entries(embedders: dict[str, Embedder]) -> None:
    embedder = embedders["gpt"]
    matrix, tokenizer = embedder.vocabulary(), embedder.reader.tokenizer
    space = WordSpace.of_vocabulary(embedder)
    one, several = space.neighbours(["banco", "bancogato"], 1000)
    assert [len(answer.words[0].pieces) > 1 for answer in (one, several)] == [False, True]
    for word, answer in (("banco", one), ("bancogato", several)):
        ids = set(tokenizer.encode(word).ids)
        shown = {each.place for each in answer.neighbours}
        assert shown == set(range(tokenizer.size)) - ids - embedder.specials
        mean = matrix.values[list(tokenizer.encode(word).ids)].mean(axis=0)
        best = answer.neighbours[0]
        table = cosines(np.stack([mean, *matrix.values]))[0, 1:]
        assert best.score == pytest.approx(max(table[place] for place in shown), abs=1e-6)
        assert answer.words[0].pieces == tuple(tokenizer.label(n) for n in tokenizer.encode(word).ids)
    analogy = space.analogy("gato", "peixe", "banco", 3)
    assert [word.text for word in analogy.words] == ["gato", "peixe", "banco"]
    assert not {each.label for each in analogy.neighbours} & {"▁gato", "▁peixe", "▁banco"}
    with pytest.raises(DataError, match="no word"):
        space.neighbours([])
    with pytest.raises(DataError, match="not in the vocabulary"):
        space.neighbours(["ж"])


def test_words_are_looked_up_among_those_of_texts(embedders: dict[str, Embedder]) -> None:
    embedder = embedders["bert"]
    texts = ["o banco abre às dez", "o gato vê o peixe", "o gato come"]
    static = WordSpace.of_texts(embedder, texts)
    [answer] = static.neighbours(["gato"], 100)
    assert sorted(each.label for each in answer.neighbours) == sorted(set(" ".join(texts).split()) - {"gato"})
    [elsewhere] = static.neighbours(["praça"], 100)
    assert len(elsewhere.neighbours) == len(answer.neighbours) + 1
    hidden = WordSpace.of_texts(embedder, texts, layer=1)
    [contextual] = hidden.neighbours(["gato"], 100)
    assert contextual.words[0].pieces == ()
    types = embedder.types(texts, layer=1)
    table = cosines(types.values)[types.labels.index("gato")]
    wanted = sorted((-table[place], label) for place, label in enumerate(types.labels) if label != "gato")
    assert [each.label for each in contextual.neighbours] == [label for _, label in wanted]
    with pytest.raises(DataError, match="'praça' is not among the words"):
        hidden.neighbours(["praça"])
    assert "gato" not in {each.label for each in hidden.analogy("gato", "o", "come").neighbours}


def test_a_sides_words_are_those_of_its_own_matrix(tiny: ModuleType) -> None:
    bundle = tiny.bundle_of("transformer")
    source, target = (WordSpace.of_vocabulary(Embedder(bundle, side)) for side in ("source", "target"))
    assert source.neighbours(["banco"], 5) != target.neighbours(["banco"], 5)
