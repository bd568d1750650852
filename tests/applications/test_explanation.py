"""The attention of a translation is the one that the search had, labelled by what was predicted."""

from types import ModuleType
from typing import Literal

import msgspec
import numpy as np
import pytest
from torch import Tensor

from atento.applications.explanation import Forced, explain, pad_rows
from atento.applications.translator import Candidate, Translator
from atento.core.errors import DataError
from atento.decoding.configuration import DecodingConfig
from atento.decoding.hypothesis import Step
from atento.figures.attention import Attention, Role
from atento.models.recurrent import AdditiveAttentionConfig, LuongAttentionConfig, NoAttention, RecurrentConfig
from atento.models.weights import load_weights, weights
from atento.nn.capture import Trace, capture

FAMILIES = ["transformer", "recurrent", "learned", "luong", "location"]
TEXT = "o que é a vida nosso irmão"


@pytest.fixture(params=FAMILIES)
def translator(request: pytest.FixtureRequest, translators: dict[str, Translator]) -> Translator:
    return translators[request.param]


def rows_of(weights: Tensor, rows: int) -> Tensor:
    """[rows, heads, keys] of one step, whether the rows of a source are its batch or its queries."""
    if weights.shape[0] == rows:
        return weights[:, :, -1]
    assert weights.shape[0] == 1
    assert weights.shape[2] == rows
    return weights[0].transpose(0, 1)


Path = tuple[tuple[int, ...], list[Tensor]]


def searched(trace: Trace, steps: list[Step], role: Role) -> dict[tuple[int, ...], list[list[Tensor]]]:
    """For each hypothesis of one source, and each layer, the weights that the search had, one [heads, keys] a token."""
    found: dict[tuple[int, ...], list[list[Tensor]]] = {}
    for name in trace.names("weights", role):
        calls = trace.all(name, "weights")
        paths: list[Path] = [((), [])]
        for step, call in zip(steps, calls, strict=False):
            heads = rows_of(call, len(paths))
            extended: list[Path] = []
            for parent, token in zip(step.parents[0].tolist(), step.tokens[0].tolist(), strict=True):
                tokens, seen = paths[parent]
                extended.append(((*tokens, token), [*seen, heads[parent]]))
            paths = extended
            for column, (tokens, seen) in enumerate(paths):
                if bool(step.ended[0, column]) or step is steps[-1]:
                    found.setdefault(tokens, []).append(seen)
    return found


@pytest.mark.parametrize(
    "settings",
    [
        DecodingConfig(beam_size=1, max_length=14),
        DecodingConfig(beam_size=4, n_best=4, max_length=14, no_repeat_ngram_size=1),
        DecodingConfig(beam_size=1, sampling=True, samples=3, max_length=14),
    ],
    ids=["greedy", "beam", "sampling"],
)
def test_it_is_the_attention_that_the_search_had(translator: Translator, settings: DecodingConfig) -> None:
    steps: list[Step] = []
    with capture(translator.bundle.model) as trace:
        translator.translate(TEXT, decoding=settings, observer=steps.append)
    candidates = translator.translate(TEXT, decoding=settings, attention=True).candidates
    roles: tuple[Role, ...] = ("cross", "decoder") if trace.names("weights", "decoder") else ("cross",)
    for role in roles:
        had = searched(trace, steps, role)
        for candidate in candidates:
            assert candidate.attention is not None
            array = candidate.attention.array(role)
            layers = had[candidate.ids]
            assert array.shape[0] == len(layers)
            for layer, wanted in zip(array, layers, strict=True):
                for row, step in enumerate(wanted):
                    # the decoder's cache also holds the keys of the source's other rows, whose weights are zero
                    own = step[:, step.any(0)] if role == "decoder" else step
                    keys = own.shape[-1]
                    assert role == "cross" or keys == row + 1
                    np.testing.assert_allclose(layer[:, row, :keys], own.numpy(), atol=1e-5)
                    assert not layer[:, row, keys:].any()


def test_a_record_fits_its_candidate(translator: Translator, tiny: ModuleType) -> None:
    attention = getattr(translator.bundle.model_config, "attention", None)
    tokenizer = translator.bundle.source_tokenizer
    for translation in translator.translate(tiny.sentences(9), beam_size=3, n_best=2, attention=True):
        for candidate in translation.candidates:
            record = candidate.attention
            assert record is not None
            assert record.rows == "predicted"
            assert record.target == candidate.tokens
            assert record.target_text == candidate.text
            assert record.source_text == translation.source
            tokens = tokenizer.encode(translation.source)
            assert record.source == (*(tokenizer.label(token) for token in tokens.ids), "</s>")
            assert record.source_spans == (*tokens.spans, None)
            assert (record.target_spans[-1] is None) is candidate.finished
            for role, array in record.weights.items():
                if isinstance(attention, LuongAttentionConfig) and attention.window != "global":
                    assert ((array.sum(-1) > 0) & (array.sum(-1) < 1 + 1e-5)).all(), "a local window weighs less"
                else:
                    np.testing.assert_allclose(array.sum(-1), 1, atol=1e-5)
                rows, columns = record.labels(role)
                assert array.shape[2:] == (len(rows), len(columns))
        assert translation.attention is translation.candidates[0].attention


def test_every_layer_head_and_role_is_recorded(translators: dict[str, Translator]) -> None:
    def shapes(family: str) -> dict[str, tuple[int, ...]]:
        record = translators[family].translate(TEXT, attention=True).attention
        assert record is not None
        return {role: array.shape[:2] for role, array in record.weights.items()}

    assert shapes("transformer") == {"cross": (2, 2), "encoder": (2, 2), "decoder": (2, 2)}
    assert shapes("recurrent") == shapes("luong") == {"cross": (1, 1)}
    assert shapes("plain") == {}


def same(one: Attention, other: Attention) -> None:
    assert one.weights.keys() == other.weights.keys()
    for role in one.weights:
        np.testing.assert_allclose(one.array(role), other.array(role), atol=3e-5)


def test_asking_for_attention_changes_no_translation_and_neighbours_change_no_attention(
    translator: Translator, tiny: ModuleType
) -> None:
    texts = tiny.sentences(9)
    with_attention = translator.translate(texts, beam_size=2, attention=True)
    without = translator.translate(texts, beam_size=2)
    assert [one.candidates[0].ids for one in with_attention] == [one.candidates[0].ids for one in without]
    for text, translation in zip(texts, with_attention, strict=True):
        alone = translator.translate(text, beam_size=2, attention=True)
        assert alone.attention is not None
        assert translation.attention is not None
        same(alone.attention, translation.attention)


def explained(translator: Translator, candidate: Candidate, rows: Literal["predicted", "input"]) -> Attention:
    (record,) = explain(
        translator.bundle,
        [Forced(text=TEXT, source=translator._source_ids(TEXT, 1), target=candidate.ids)],
        rows=rows,
    )
    return record


@pytest.mark.parametrize("size", [1, 2, 100])
def test_records_come_in_the_pairs_order_whatever_the_batches(
    translator: Translator, tiny: ModuleType, size: int
) -> None:
    pairs = [
        Forced(text=one.source, source=translator._source_ids(one.source, 1), target=one.candidates[0].ids)
        for one in translator.translate(tiny.sentences(7))
    ]
    records = explain(translator.bundle, pairs, batch_size=size)
    for pair, record in zip(pairs, records, strict=True):
        assert record.source_text == pair.text
        same(record, explain(translator.bundle, [pair])[0])


def test_rows_may_be_labelled_by_the_decoders_input(translator: Translator) -> None:
    candidate = translator.translate(TEXT, attention=True).candidates[0]
    predicted, given = (explained(translator, candidate, rows) for rows in ("predicted", "input"))
    same(predicted, given)
    assert given.rows == "input"
    assert given.target == ("<s>", *predicted.target[:-1])
    assert given.target_spans[0] is None
    assert given.target_spans[1:] == predicted.target_spans[:-1]


@pytest.mark.parametrize("rows", ["predicted", "input"])
def test_given_translations_are_explained_in_the_users_text(
    translator: Translator, rows: Literal["predicted", "input"]
) -> None:
    sources, targets = [TEXT, "a vida", "bela"], ["la vida", "qué es la casa", "hermano"]
    records = translator.explain(sources, targets, rows=rows)
    for source, target, record in zip(sources, targets, records, strict=True):
        assert (record.source_text, record.target_text) == (source, target)
        spans = [span for span in record.target_spans if span is not None]
        assert b"".join(target.encode()[slice(*span)] for span in spans).replace(b" ", b"") == target.encode().replace(
            b" ", b""
        )
        (alone,) = translator.explain([source], [target], rows=rows)
        same(record, alone)
    assert translator.explain([], []) == []


def test_explaining_the_models_own_translation_is_its_attention(
    translators: dict[str, Translator], tiny: ModuleType
) -> None:
    """With characters for tokens, text and ids say the same."""
    translator = tiny.translator_of("transformer", "char")
    checked = 0
    for text in tiny.sentences(12, longest=3):
        best = translator.translate(text, beam_size=4, attention=True).candidates[0]
        if best.finished and best.text and "<unk>" not in best.text:
            assert best.attention is not None
            (record,) = translator.explain([text], [best.text])
            assert record.target == best.tokens
            same(record, best.attention)
            checked += 1
    assert checked


@pytest.mark.parametrize(
    ("sources", "targets", "words"),
    [
        (["a"], ["b", "c"], "1 sources and 2 targets"),
        (["a", " "], ["b", "c"], "line 2 has an empty side"),
        (["a", "a"], ["b", ""], "line 2 has an empty side"),
        (["a", "a"], ["b", "c" * 10_001], "line 2 has 10,001 characters"),
    ],
)
def test_pairs_that_cannot_be_explained(
    translators: dict[str, Translator], sources: list[str], targets: list[str], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        translators["transformer"].explain(sources, targets)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_reversed_readers_columns_stand_in_the_users_order(
    tiny: ModuleType, cell: Literal["rnn", "lstm", "gru"]
) -> None:
    """It is the same model without reversal that is given the text backwards."""
    tokenizer = tiny.tokenizer("char")
    config = RecurrentConfig(
        cell=cell, embedding_size=8, hidden_size=8, bidirectional=False, attention=AdditiveAttentionConfig(size=4)
    )
    plain = tiny.bundle_of(config, tokenizer, tokenizer)
    turned = tiny.bundle_of(msgspec.structs.replace(config, reverse_source=True), tokenizer, tokenizer)
    load_weights(turned.model, weights(plain.model))
    texts = ["a vida", "onde fica", "é"]
    found = Translator(turned).translate(texts, beam_size=3, attention=True)
    wanted = Translator(plain).translate([text[::-1] for text in texts], beam_size=3, attention=True)
    for one, other in zip(found, wanted, strict=True):
        assert one.candidates[0].ids == other.candidates[0].ids
        assert one.attention is not None
        assert other.attention is not None
        flipped = np.concatenate([other.attention.matrix()[:, -2::-1], other.attention.matrix()[:, -1:]], axis=1)
        np.testing.assert_allclose(one.attention.matrix(), flipped, atol=1e-5)
        assert one.attention.source == (*other.attention.source[-2::-1], "</s>")
        assert one.attention.source_text == one.source


def test_one_pass_tells_of_both_kinds_of_rows(translator: Translator) -> None:
    """Reading a token is the step that predicts the next one."""
    sources, targets = [TEXT, "a vida"], ["la vida es", "¿qué hermano?"]
    predicted = translator.explain(sources, targets)
    read = translator.explain(sources, targets, rows="input")
    for one, other in zip(predicted, read, strict=True):
        same(one.with_rows("input"), other)
        same(other.with_rows("predicted"), one)
        for kind, its_own in (("input", other), ("predicted", one)):
            for record in (one.with_rows(kind), other.with_rows(kind)):
                assert (record.target, record.target_spans) == (its_own.target, its_own.target_spans)


def test_only_the_roles_asked_for_are_recorded(translators: dict[str, Translator]) -> None:
    (record,) = translators["transformer"].explain([TEXT], ["la vida"], roles=("cross",))
    (whole,) = translators["transformer"].explain([TEXT], ["la vida"])
    assert list(record.weights) == ["cross"]
    assert set(whole.weights) == {"cross", "encoder", "decoder"}
    np.testing.assert_allclose(record.array(), whole.array(), atol=1e-6)


def test_errors_name_the_lines_that_the_caller_counts(translators: dict[str, Translator]) -> None:
    with pytest.raises(DataError, match="line 71 has 10,001 characters"):
        translators["transformer"].explain(["a", "a"], ["b", "c" * 10_001], lines=[12, 71])


def test_a_model_without_attention_has_an_empty_record(translators: dict[str, Translator]) -> None:
    assert translators["plain"].bundle.model_config.attention == NoAttention()  # type: ignore[union-attr]
    record = translators["plain"].translate(TEXT, attention=True).attention
    assert record is not None
    with pytest.raises(DataError, match="no cross attention"):
        record.matrix()


def test_rows_are_padded_at_the_end() -> None:
    tokens, mask = pad_rows([(5, 6), (7,), ()], 9)
    assert tokens.tolist() == [[5, 6], [7, 9], [9, 9]]
    assert mask.tolist() == [[True, True], [True, False], [False, False]]


def test_listeners_are_gone_afterwards(translators: dict[str, Translator]) -> None:
    translators["transformer"].translate(TEXT, attention=True)
    with capture(translators["transformer"].bundle.model) as trace:  # refused while anybody listens
        pass
    assert trace.names("weights") == []
