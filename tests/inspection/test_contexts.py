"""A word in several sentences: tables of cosines, and means, computed here once more by hand."""

from __future__ import annotations

import numpy as np
import pytest

from atento.core.errors import DataError
from atento.inspection.contexts import compare_contexts
from atento.inspection.embeddings import Embedder
from atento.inspection.neighbours import cosines

SENTENCES = ["o banco abre às dez", "sentei-me no banco da praça", "eu fui ao Banco e ao banco"]


@pytest.mark.parametrize("family", ["transformer", "gpt", "bert", "recurrent"])
def test_tables_are_the_cosines_of_the_words_own_vectors(embedders: dict[str, Embedder], family: str) -> None:
    embedder = embedders[family]
    found = compare_contexts(embedder, "banco", SENTENCES)
    assert [each.sentence for each in found.occurrences] == [1, 2, 3, 3]
    assert [each.layer for each in found.layers] == list(range(embedder.num_layers + 1))
    for each in (found.input, *found.layers):
        words = embedder.words(SENTENCES, layer=each.layer)
        places = [place for place, label in enumerate(words.labels) if label.lower() == "banco"]
        table = cosines(words.values)
        np.testing.assert_allclose(each.table, table[np.ix_(places, places)], atol=1e-5)
        pairs = [each.table[i, j] for i in range(4) for j in range(i)]
        assert each.self_similarity == pytest.approx(float(np.mean(pairs)))
        others = [
            table[i, j]
            for i in range(len(words))
            for j in range(len(words))
            if words.texts[i] != words.texts[j] and words.labels[i].lower() != words.labels[j].lower()
        ]
        assert each.others == pytest.approx(float(np.mean(others)), abs=1e-5)
    spans = [SENTENCES[each.sentence - 1].encode()[slice(*each.span)].decode() for each in found.occurrences]
    assert spans == ["banco", "banco", "Banco", "banco"]


def test_input_vectors_are_one_and_the_same_and_hidden_ones_are_not(embedders: dict[str, Embedder]) -> None:
    for family, embedder in embedders.items():
        found = compare_contexts(embedder, "banco", SENTENCES[:2])
        assert found.input.self_similarity == pytest.approx(1.0)
        assert found.layers[-1].self_similarity < 0.999, family


def test_several_words_are_one(embedders: dict[str, Embedder]) -> None:
    embedder = embedders["bert"]
    found = compare_contexts(embedder, "o banco", ["o banco abre", "vê o banco"])
    assert [each.span for each in found.occurrences] == [(0, 7), (4, 11)]
    assert "".join(found.occurrences[0].pieces) == "▁o▁banco"


def test_what_cannot_be_compared_is_one_line(embedders: dict[str, Embedder]) -> None:
    embedder = embedders["gpt"]
    with pytest.raises(DataError, match="sentence 2 does not have the word 'banco'"):
        compare_contexts(embedder, "banco", ["o banco", "o gato vê o bancos"])
    with pytest.raises(DataError, match="only once"):
        compare_contexts(embedder, "banco", ["o banco abre"])
    with pytest.raises(DataError, match="does not have the word ' '"):
        compare_contexts(embedder, " ", ["o banco abre", "o banco"])
    assert compare_contexts(embedder, "banco", ["banco", "banco"]).input.others is None
