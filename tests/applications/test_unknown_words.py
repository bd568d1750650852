"""Unknown target words become the source words that the model looked at, in the user's spelling and well spaced."""

from __future__ import annotations

import random
from dataclasses import replace
from types import ModuleType

import msgspec
import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from atento.applications import translator as translator_module
from atento.applications.explanation import pad_rows
from atento.applications.translator import Translator
from atento.applications.unknown_words import Replacement, require_words_and_attention, with_source_words
from atento.bundle import Bundle, vocabulary_of
from atento.core.errors import ConfigurationError
from atento.decoding.configuration import DecodingConfig
from atento.figures.attention import Attention
from atento.models.build import ModelConfig, build_model
from atento.models.recurrent import AdditiveAttentionConfig, RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.text.configuration import TokenizerConfig
from atento.text.dictionary import Dictionary
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer

COMMON = ["gato", "casa", "rio", "mar", "sol", "lua", "pão", "vinho"]
NAMES = [
    first + last for first in ("Ama", "Beli", "Caro", "Dru", "Esu") for last in ("ra", "nto", "zeb", "quim", "lão")
]


def words(size: int, *texts: str) -> Tokenizer:
    return train_tokenizer(texts * 3, TokenizerConfig(kind="word", vocab_size=size, min_frequency=2))


@pytest.fixture
def bundle(tiny: ModuleType) -> Bundle:
    """Of two vocabularies of words that know no name."""
    shared = words(21, "o gato vê a casa de .", "el gato ve la, casa (de).", "( a ) ,")
    return tiny.bundle_of(tiny.RECURRENT, shared, shared)


def record(bundle: Bundle, source: str, ids: list[int], *looks: int | None, layers: int = 1) -> Attention:
    """Attention whose row i looks at source token ``looks[i]`` most (None: nowhere), and much at </s>."""
    tokens = bundle.source_tokenizer.encode(source)
    weights = np.full((layers, 1, len(ids), len(tokens.ids) + 1), 0.01, dtype=np.float32)
    weights[..., -1] = 0.5
    for row, look in enumerate(looks):
        if look is None:
            weights[:, :, row, :-1] = 0.0
        else:
            weights[:, :, row, look] = 0.4
    surface = bundle.target_tokenizer.surface(ids)
    return Attention(
        source=(*tokens.pieces, "</s>"),
        target=tuple(map(bundle.target_tokenizer.label, ids)),
        source_text=source,
        target_text=surface.text,
        source_spans=(*tokens.spans, None),
        target_spans=surface.spans,
        weights={"cross": weights},
    )


def replaced(bundle: Bundle, source: str, target: str, *looks: int | None, dictionary: Dictionary | None = None) -> str:
    ids = [*bundle.target_tokenizer.encode(target).ids, bundle.target_tokenizer.eos]
    return with_source_words(bundle, ids, record(bundle, source, ids, *looks, 0), dictionary)[0]


def test_a_guided_model_copies_what_its_trained_head_looks_at(bundle: Bundle) -> None:
    ids = [*bundle.target_tokenizer.encode("el X ve").ids, bundle.target_tokenizer.eos]
    right = record(bundle, "o Ana vê", ids, 0, 1, 2, 0).weights["cross"]
    wrong = record(bundle, "o Ana vê", ids, 0, 2, 0, 0).weights["cross"]
    late = record(bundle, "o Ana vê", ids, 2, 0, 1, 2).weights["cross"]  # the step that reads "X" looks at "Ana"
    attention = replace(
        record(bundle, "o Ana vê", ids, 0, 0, 0, 0),
        weights={"cross": np.concatenate([np.concatenate([wrong, wrong, late], axis=1),
                                          np.concatenate([wrong, right, wrong], axis=1)])},
    )  # fmt: skip
    for guided, copied in (
        (None, "vê"),
        ({"layer": -1, "head": 1, "rows": "predicted"}, "Ana"),
        ({"layer": 0, "head": 2, "rows": "input"}, "Ana"),
        ({"layer": "penultimate", "head": "mean", "rows": "predicted"}, "vê"),
    ):
        trained = replace(bundle, card={"training": {"guided_alignment": guided}})
        assert with_source_words(trained, ids, attention)[0] == f"el {copied} ve"


def test_the_word_that_was_looked_at_is_copied_as_it_was_written(bundle: Bundle) -> None:
    assert replaced(bundle, "o McGato vê Évora.", "el X ve Y .", 0, 1, 2, 3, 4) == "el McGato ve Évora ."
    assert replaced(bundle, "o gato vê E\u0301vora", "Y", 3) == "E\u0301vora"
    assert replaced(bundle, "Ana vê Rui", "X ve Y de X", 2, 1, 0, 0, 2) == "Rui ve Ana de Rui"
    assert replaced(bundle, "Ana vê a casa", "el gato", 0, 1) == "el gato"


@pytest.mark.parametrize(
    ("source", "target", "looks", "expected"),
    [
        ("vê Ana, casa (Rui).", "ve X, casa (Y).", (0, 1, 2, 3, 4, 5, 6, 7), "ve Ana, casa (Rui)."),
        ("casa; a casa", "casa ; casa", (0, 1, 3), "casa; casa"),  # an unknown sign stands as in the source
        ("casa — a casa", "casa — casa", (0, 1, 3), "casa — casa"),
        ("¿Ana", "¿ X", (0, 1), "¿Ana"),
        ("Ana: ¿Rui?", "X : ¿ Y ?", (0, 1, 2, 3, 4), "Ana: ¿Rui?"),
    ],
)
def test_spacing_is_right_around_words_and_signs(
    bundle: Bundle, source: str, target: str, looks: tuple[int, ...], expected: str
) -> None:
    assert replaced(bundle, source, target, *looks) == expected


def test_a_dictionary_comes_before_the_word_itself(bundle: Bundle) -> None:
    dictionary = Dictionary({"Londres": "Londres", "lisboa": "Lisbona", "Rui": "Ruy de la Casa"})
    found = replaced(bundle, "Lisboa vê Rui e Ana", "X ve Y Z", 0, 1, 2, 4, dictionary=dictionary)
    assert found == "Lisbona ve Ruy de la Casa Ana"


def test_replacements_say_what_stands_for_what(bundle: Bundle) -> None:
    ids = bundle.target_tokenizer.encode("ve X Y").ids
    attention = record(bundle, "Rui vê Ana", list(ids), 1, 2, 0)
    text, found = with_source_words(bundle, ids, attention, Dictionary({"ana": "Anita"}))
    assert text == "ve Anita Rui"
    assert found == (
        Replacement(position=1, source="Ana", text="Anita"), Replacement(position=2, source="Rui", text="Rui"),
    )  # fmt: skip


def test_what_looked_at_no_word_stays_unknown(bundle: Bundle) -> None:
    assert replaced(bundle, "Ana vê Rui", "X ve Y", 0, 1, None) == "Ana ve <unk>"


def test_a_text_about_unk_is_left_as_it_is(bundle: Bundle) -> None:
    """Only the token counts, not what looks like it."""
    ids = bundle.target_tokenizer.encode("< a X >").ids
    assert bundle.target_tokenizer.unk in ids
    text, _ = with_source_words(bundle, ids, record(bundle, "<unk> vê", list(ids), 0, 0, 1, 2))
    assert "unk" in text.replace("<unk>", "")


def test_pieces_of_a_source_word_are_summed(bundle: Bundle, tiny: ModuleType) -> None:
    """A sub-word vocabulary on the source's side: the whole word is copied."""
    letters = train_tokenizer(["o gato vê a casa"] * 3, TokenizerConfig(kind="char", min_frequency=1))
    mixed = replace(bundle, source_tokenizer=letters)
    ids = list(mixed.target_tokenizer.encode("X").ids)
    attention = record(mixed, "vê Ana a", ids, 1)
    weights = attention.weights["cross"].copy()
    weights[..., :] = 0.0
    weights[0, 0, 0, [1, 3, 4, 5]] = [0.3, 0.2, 0.2, 0.2]  # "ê" most of all letters, "Ana" most of all words
    text, _ = with_source_words(mixed, ids, replace(attention, weights={"cross": weights}))
    assert text == "Ana"


def test_the_last_layer_but_one_is_asked(bundle: Bundle) -> None:
    ids = list(bundle.target_tokenizer.encode("X").ids)
    attention = record(bundle, "Ana vê Rui", ids, 0, layers=3)
    weights = attention.weights["cross"].copy()
    weights[1, 0, 0] = [0.0, 0.0, 1.0, 0.0]
    text, _ = with_source_words(bundle, ids, replace(attention, weights={"cross": weights}))
    assert text == "Rui"


MODELS: dict[str, ModelConfig] = {
    "recurrent": RecurrentConfig(
        embedding_size=24, hidden_size=48, attention=AdditiveAttentionConfig(size=24), tied_embeddings="none", dropout=0
    ),
    "transformer": TransformerConfig(
        model_size=48, num_heads=2, feed_forward_size=64, num_encoder_layers=1, num_decoder_layers=1, dropout=0
    ),
}


def task(generator: random.Random) -> str:
    """A list of common words and unknown names, to be copied: only a look at each tells which it is."""
    items = [generator.choice(NAMES if generator.random() < 0.4 else COMMON) for _ in range(generator.randint(2, 6))]
    return " ".join(items)


@pytest.fixture(scope="module", params=MODELS)
def trained(request: pytest.FixtureRequest) -> Translator:
    torch.manual_seed(1)
    generator = random.Random(1)
    tokenizer = words(12, " ".join(COMMON))
    model = build_model(MODELS[request.param], vocabulary_of(tokenizer, tokenizer), seed=1)
    optimiser = torch.optim.Adam(model.parameters(), lr=6e-3)
    for _ in range(300):
        ids = [[*each, tokenizer.eos] for each in tokenizer.encode_batch([task(generator) for _ in range(24)])]
        labels, real = pad_rows(ids, tokenizer.pad)
        given, _ = pad_rows([[tokenizer.bos, *each[:-1]] for each in ids], tokenizer.pad)
        memory = model.decoder.prepare(model.encoder(labels, real))
        hidden, _ = model.decoder(given, memory, model.decoder.start(memory), valid=real)
        loss = F.cross_entropy(model.decoder.logits(hidden[real]), labels[real])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return Translator(
        Bundle(
            model=model.eval(), model_config=MODELS[request.param], source_tokenizer=tokenizer,
            target_tokenizer=tokenizer, decoding=DecodingConfig(beam_size=1, replace_unknown=True),
        )
    )  # fmt: skip


def test_a_trained_model_puts_names_where_they_belong(trained: Translator) -> None:
    generator = random.Random(2)
    texts = [task(generator) for _ in range(40)]
    found = trained.translate(texts)
    assert np.mean([translation.text == text for translation, text in zip(found, texts, strict=True)]) > 0.9
    plain = trained.translate(texts, replace_unknown=False)
    assert [each.candidates[0].ids for each in plain] == [each.candidates[0].ids for each in found]
    assert all(translation.candidates[0].replaced == () for translation in plain)
    for translation in plain:
        unknown = translation.candidates[0].ids.count(trained.bundle.target_tokenizer.unk)
        assert translation.text.count("<unk>") == unknown
    translation = next(translation for translation in found if translation.candidates[0].replaced)
    name = translation.candidates[0].replaced[0].source
    exchanged = trained.translate(translation.source, dictionary=Dictionary({name.upper(): "Fulano"}))
    assert exchanged.text == translation.text.replace(name, "Fulano")


def test_every_candidate_and_every_way_of_translating_does_the_same(trained: Translator) -> None:
    generator = random.Random(3)
    texts = [task(generator) for _ in range(5)]
    found = trained.translate(texts, n_best=3)
    for translation in found:
        for candidate in translation.candidates:
            count = candidate.ids.count(trained.bundle.target_tokenizer.unk)
            assert (len(candidate.replaced), candidate.text.count("<unk>")) == (count, 0)
            assert candidate.attention is None
    settings = msgspec.structs.replace(trained.bundle.decoding, beam_size=3, n_best=3, batch_size=2)
    streamed = list(trained.translate_stream([texts[:1], texts[1:]], decoding=settings))
    assert [each.text for each in streamed] == [each.text for each in found]
    explained = trained.translate(texts, n_best=3, attention=True)
    assert [[c.text for c in each.candidates] for each in explained] == [
        [c.text for c in each.candidates] for each in found
    ]
    assert all(candidate.attention is not None for each in explained for candidate in each.candidates)


def test_only_hypotheses_with_unknown_words_are_explained(trained: Translator, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    explain = translator_module.explain

    def counted(bundle: Bundle, forced: list[object]) -> object:
        asked.append(len(forced))
        return explain(bundle, forced)  # type: ignore[arg-type]

    monkeypatch.setattr(translator_module, "explain", counted)
    found = trained.translate(["gato casa", "Amara gato Carora", ""], n_best=2)
    unknown = trained.bundle.target_tokenizer.unk
    assert asked == [sum(unknown in candidate.ids for each in found for candidate in each.candidates)]
    trained.translate(["Amara gato"], replace_unknown=False)
    assert asked[1:] == [0]


def test_models_that_cannot_are_refused(tiny: ModuleType, bundle: Bundle) -> None:
    without = tiny.bundle_of(tiny.CONFIGS["plain"], bundle.source_tokenizer, bundle.target_tokenizer)
    with pytest.raises(ConfigurationError, match="no attention"):
        Translator(without).translate("a", replace_unknown=True)
    with pytest.raises(ConfigurationError, match="of kind 'bpe'"):
        tiny.translator_of("recurrent").translate("a", dictionary=Dictionary({"a": "b"}))
    with pytest.raises(ConfigurationError, match="a dictionary is for replacing"):
        Translator(bundle).translate("a", replace_unknown=False, dictionary=Dictionary({"a": "b"}))
    with pytest.raises(ConfigurationError, match="nothing to replace"):
        DecodingConfig(replace_unknown=True, forbid_unknown=True)
    require_words_and_attention(bundle)
