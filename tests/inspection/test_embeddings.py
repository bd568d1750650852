"""Vectors of every family and level: against the model itself, in any batch, with any neighbours."""

from __future__ import annotations

import random
from types import ModuleType

import numpy as np
import pytest
import torch

from atento.bundle import save_bundle
from atento.core.errors import BundleError, ConfigurationError, DataError
from atento.inspection.embeddings import Embedder
from atento.models.gpt import nothing_to_read

FAMILIES = ("transformer", "gpt", "bert", "recurrent")
TEXTS = ["O banco abre às dez", "eu fui ao banco", "sentei-me no banco da praça grande", "o gato vê o cão."]
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def own_layer(embedder: Embedder, text: str) -> np.ndarray:
    """The last layer of one text alone, by the model's own call."""
    model, vocabulary = embedder.bundle.model, embedder.bundle.vocabulary
    ids = list(embedder.reader.tokenizer.encode(text).ids)
    with torch.no_grad():
        match type(model).__name__:
            case "EncoderDecoder":
                tokens = torch.tensor([[*ids, vocabulary.eos]])
                return model.encoder(tokens, torch.ones_like(tokens).bool()).annotations[0].numpy()
            case "LanguageModel":
                memory = model.decoder.prepare(nothing_to_read(1))
                tokens = torch.tensor([[vocabulary.decoder_start, *ids]])
                return model.decoder(tokens, memory, model.decoder.start(memory))[0][0].numpy()
            case _:
                tokens = torch.tensor([[vocabulary.bos, *ids, vocabulary.eos]])
                return model.encoder(tokens, torch.ones_like(tokens).bool()).annotations[0].numpy()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tokens_vector_is_the_models_whatever_stands_beside_its_text(
    embedders: dict[str, Embedder], family: str
) -> None:
    embedder = embedders[family]
    found = embedder.tokens(TEXTS)
    assert (found.level, found.layer) == ("token", embedder.num_layers)
    for number, text in enumerate(TEXTS, 1):
        places = [place for place, its in enumerate(found.texts) if its == number]
        np.testing.assert_allclose(found.values[places], own_layer(embedder, text), **CLOSE)
        for place in places:
            start, stop = found.spans[place]
            piece = text.encode()[start:stop].decode()
            assert found.labels[place].replace("▁", "") in (piece.strip(), "<s>", "</s>", "<unk>")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("layer", [None, 0, 1, -1])
def test_results_do_not_depend_on_the_batch(
    embedders: dict[str, Embedder], family: str, layer: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder, draw = embedders[family], random.Random(3)
    texts = [
        " ".join(draw.choices(("o", "banco", "gato", "cão", "peixe", "água", "é"), k=n % 9 + 1)) for n in range(40)
    ]
    whole = embedder.sentences(texts, layer=layer)
    for name, value in (("_BATCH_SIZE", 3), ("_CHUNK", 7)):
        monkeypatch.setattr(f"atento.inspection.text_vectors.{name}", value)
    again = embedder.sentences(texts[::-1], layer=layer)
    np.testing.assert_allclose(again.values[::-1], whole.values, **CLOSE)
    alone = [embedder.sentences([text], layer=layer).values[0] for text in texts]
    np.testing.assert_allclose(np.stack(alone), whole.values, **CLOSE)
    words = embedder.words(texts, layer=layer)
    assert words.labels == tuple(word for text in texts for word in text.split())


@pytest.mark.parametrize("family", FAMILIES)
def test_words_are_means_of_their_tokens_and_texts_of_their_own_tokens(
    embedders: dict[str, Embedder], family: str
) -> None:
    embedder = embedders[family]
    tokens, words, texts = embedder.tokens(TEXTS), embedder.words(TEXTS), embedder.sentences(TEXTS)
    assert words.labels[4:8] == ("dez", "eu", "fui", "ao")
    assert words.labels[-4:] == ("vê", "o", "cão", ".")
    assert max(words.counts) > 1
    for label, text, (start, stop), count, value in zip(
        words.labels, words.texts, words.spans, words.counts, words.values, strict=True
    ):
        assert TEXTS[text - 1].encode()[start:stop].decode() == label
        inside = [
            place
            for place, (its, (first, last)) in enumerate(zip(tokens.texts, tokens.spans, strict=True))
            if its == text and max(first, start) < min(last, stop)
        ]
        assert len(inside) == count
        np.testing.assert_allclose(value, tokens.values[inside].mean(axis=0), **CLOSE)
    for number in range(1, 5):
        own = [p for p, n in enumerate(tokens.texts) if n == number and tokens.labels[p] not in ("<s>", "</s>")]
        np.testing.assert_allclose(texts.values[number - 1], tokens.values[own].mean(axis=0), **CLOSE)
        assert texts.counts[number - 1] == len(own)


def test_texts_are_pooled_at_their_first_and_last_position(embedders: dict[str, Embedder]) -> None:
    for family in FAMILIES:
        embedder = embedders[family]
        last = embedder.sentences(TEXTS, pooling="last")
        for number, text in enumerate(TEXTS):
            np.testing.assert_allclose(last.values[number], own_layer(embedder, text)[-1], **CLOSE)
        if family == "gpt":
            with pytest.raises(ConfigurationError, match="has read nothing"):
                embedder.sentences(TEXTS, pooling="first")
        else:
            first = embedder.sentences(TEXTS, pooling="first")
            np.testing.assert_allclose(first.values[2], own_layer(embedder, TEXTS[2])[0], **CLOSE)
        if family != "recurrent":
            with pytest.raises(ConfigurationError, match="recurrent"):
                embedder.sentences(TEXTS, pooling="final")
        with pytest.raises(ConfigurationError, match="mean"):
            embedder.sentences(TEXTS, layer=None, pooling="last")


def test_a_recurrent_encoders_final_states_have_read_everything(embedders: dict[str, Embedder]) -> None:
    embedder = embedders["recurrent"]
    for layer in (1, 2):
        final = embedder.sentences(TEXTS, layer=layer, pooling="final")
        for number, text in enumerate(TEXTS):
            tokens = torch.tensor([[*embedder.reader.tokenizer.encode(text).ids, 3]])
            with torch.no_grad():
                states = embedder.bundle.model.encoder(tokens, torch.ones_like(tokens).bool()).final.hidden[layer - 1]
            np.testing.assert_allclose(final.values[number], torch.cat(list(states[:, 0])).numpy(), **CLOSE)
    with pytest.raises(ConfigurationError, match="recurrent"):
        embedder.sentences(TEXTS, layer=0, pooling="final")


def test_input_vectors_are_the_matrix_and_the_same_everywhere(embedders: dict[str, Embedder]) -> None:
    for family in FAMILIES:
        embedder = embedders[family]
        vocabulary, tokenizer = embedder.vocabulary(), embedder.reader.tokenizer
        assert len(vocabulary) == tokenizer.size
        assert vocabulary.labels[:2] == ("<pad>", "<unk>")
        tokens = embedder.tokens(TEXTS, layer=None)
        for label, value in zip(tokens.labels, tokens.values, strict=True):
            assert np.array_equal(value, vocabulary.values[vocabulary.labels.index(label)])
        static = embedder.static(["banco", "bancobanco"])
        assert static.counts[1] > 1
        for row, word in enumerate(static.labels):
            ids = list(tokenizer.encode(word).ids)
            np.testing.assert_allclose(static.values[row], vocabulary.values[ids].mean(axis=0), **CLOSE)


def test_a_translators_sides_have_their_own_vectors(tiny: ModuleType) -> None:
    for family in ("transformer", "recurrent"):
        bundle = tiny.bundle_of(family)
        source, target = Embedder(bundle), Embedder(bundle, "target")
        assert not np.array_equal(source.vocabulary().values, target.vocabulary().values)
        with pytest.raises(ConfigurationError, match="give the sources"):
            target.words(TEXTS)
        words = target.words(TEXTS, sources=TEXTS[::-1])
        other = target.words(TEXTS, sources=TEXTS)
        assert words.labels == source.words(TEXTS).labels
        assert not np.allclose(words.values, other.values)
        alone = target.words(TEXTS[:1], sources=TEXTS[-1:])
        np.testing.assert_allclose(words.values[: len(alone)], alone.values, **CLOSE)
        assert len(target.words(TEXTS, layer=None)) == len(words)
        with pytest.raises(DataError, match="equally many"):
            target.words(TEXTS, sources=TEXTS[:2])
        with pytest.raises(ConfigurationError, match="no sources"):
            source.words(TEXTS, sources=TEXTS)
    with pytest.raises(ConfigurationError, match="leave the side out"):
        Embedder(tiny.bundle_of("gpt"), "target")


def test_distinct_words_have_the_mean_of_their_occurrences(embedders: dict[str, Embedder]) -> None:
    embedder = embedders["bert"]
    words, types = embedder.words(TEXTS, layer=1), embedder.types(TEXTS, layer=1)
    assert types.labels[:2] == ("banco", "o")
    assert types.counts[:2] == (3, 2)
    assert sorted(types.labels) == sorted(set(words.labels))
    for label, count, value in zip(types.labels, types.counts, types.values, strict=True):
        places = [place for place, word in enumerate(words.labels) if word == label]
        assert count == len(places)
        np.testing.assert_allclose(value, words.values[places].mean(axis=0), **CLOSE)
    static, tokenizer = embedder.types(TEXTS, layer=None), embedder.reader.tokenizer
    assert static.labels == tuple(word for word in types.labels if tokenizer.unk not in tokenizer.encode(word).ids)
    assert 2 < len(static) < len(types)
    np.testing.assert_allclose(static.values[:1], embedder.static(["banco"]).values)


def test_words_that_the_tokenizer_does_not_know_have_no_vector(tiny: ModuleType) -> None:
    embedder = Embedder(tiny.bundle_of("gpt", "word"))
    assert "xyz" not in embedder.types(["banco xyz"], layer=None).labels
    with pytest.raises(DataError, match="'xyz' is not in the vocabulary"):
        embedder.static(["banco", "xyz"])
    with pytest.raises(DataError, match="no word that the tokenizer knows"):
        embedder.types(["xyz"], layer=None)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_cannot_be_read_is_one_line(embedders: dict[str, Embedder], family: str) -> None:
    embedder = embedders[family]
    with pytest.raises(DataError, match="text 2 is empty"):
        embedder.sentences(["o gato", "  "])
    with pytest.raises(DataError, match="no text"):
        embedder.words([])
    with pytest.raises(ConfigurationError, match="no layer 9"):
        embedder.words(TEXTS, layer=9)
    with pytest.raises(ConfigurationError, match="no layer -4"):
        embedder.words(TEXTS, layer=-4)
    with pytest.raises(DataError, match="no word"):
        embedder.static([" "])
    with pytest.raises(DataError, match="100,001 characters"):
        embedder.words(["a" * 100_001])
    if family in ("gpt", "bert"):
        with pytest.raises(DataError, match=r"text 1 has \d+ tokens .* at most 40"):
            embedder.words(["gato " * 50])


def test_a_saved_bundle_gives_the_same_vectors(tiny: ModuleType, embedders: dict[str, Embedder], tmp_path) -> None:
    import atento

    for family in FAMILIES:
        save_bundle(embedders[family].bundle, tmp_path / family)
        loaded = atento.load_embedder(tmp_path / family)
        np.testing.assert_array_equal(loaded.sentences(TEXTS).values, embedders[family].sentences(TEXTS).values)
    with pytest.raises(BundleError):
        atento.load_embedder(tmp_path / "nowhere")
