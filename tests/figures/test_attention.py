import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.core.errors import DataError
from atento.figures.attention import Attention, Read


def record(seed: int = 0, layers: int = 2, heads: int = 3) -> Attention:
    """``a ca|sa .`` against ``la ca|sa`` with ``</s>`` on both sides and a lone space among the pieces."""
    generator = np.random.default_rng(seed)

    def weights(rows: int, columns: int) -> np.ndarray:
        raw = generator.random((layers, heads, rows, columns)).astype(np.float32)
        return raw / raw.sum(axis=-1, keepdims=True)

    return Attention(
        source=("a", "▁", "ca", "sa", ".", "</s>"),
        target=("la", "▁ca", "sa", "</s>"),
        source_text="a casa.",
        target_text="la casa",
        source_spans=((0, 1), (1, 2), (2, 4), (4, 6), (6, 7), None),
        target_spans=((0, 2), (2, 5), (5, 7), None),
        weights={"cross": weights(4, 6), "encoder": weights(6, 6), "decoder": weights(4, 4)},
        note="a model",
    )


WORDS = [(0, 1), (2, 6), (6, 7)], [(0, 2), (3, 7)]


def test_merging_sums_columns_and_averages_rows() -> None:
    attention = record()
    merged = attention.merged(*WORDS)
    assert merged.source == ("a", "casa", ".", "</s>")
    assert merged.target == ("la", "casa", "</s>")
    assert merged.source_spans == (*WORDS[0], None)
    before = attention.array("cross")
    expected = np.stack([before[..., 0], before[..., 1:4].sum(-1), before[..., 4], before[..., 5]], axis=-1)
    expected = np.stack([expected[..., 0, :], expected[..., 1:3, :].mean(-2), expected[..., 3, :]], axis=-2)
    np.testing.assert_allclose(merged.array("cross"), expected, rtol=1e-6)


@given(seed=st.integers(0, 100))
def test_merged_rows_still_sum_to_one(seed: int) -> None:
    merged = record(seed).merged(*WORDS)
    for role in ("cross", "encoder", "decoder"):
        np.testing.assert_allclose(merged.array(role).sum(-1), 1.0, rtol=1e-5)


def test_merging_words_that_are_tokens_changes_nothing() -> None:
    attention = record()
    spans = [span for span in attention.source_spans if span], [span for span in attention.target_spans if span]
    merged = attention.merged(*spans)
    for role, weights in attention.weights.items():
        np.testing.assert_array_equal(merged.array(role), weights)


def test_merging_without_words_keeps_tokens() -> None:
    assert record().merged([], []).source == record().source


def test_a_token_without_bytes_joins_the_word_after_it() -> None:
    attention = Attention(
        source=("▁", "a", "▁"),
        target=("b",),
        source_text=" a ",
        target_text="b",
        source_spans=((0, 1), (1, 2), (2, 3)),
        target_spans=((0, 1),),
        weights={"cross": np.full((1, 1, 1, 3), 1 / 3, dtype=np.float32)},
    )
    merged = attention.merged([(1, 2)], [(0, 1)])
    assert merged.source == ("a",)
    np.testing.assert_allclose(merged.matrix(), [[1.0]])


def test_matrix_chooses_or_averages() -> None:
    attention = record()
    weights = attention.array("cross")
    np.testing.assert_allclose(attention.matrix(), weights.mean(axis=(0, 1)), rtol=1e-6)
    np.testing.assert_array_equal(attention.matrix(layer=-1, head=0), weights[-1, 0])
    np.testing.assert_allclose(attention.matrix(head=2), weights[:, 2].mean(axis=0), rtol=1e-6)
    with pytest.raises(DataError, match="layer 2; give 0 to 1"):
        attention.matrix(layer=2)
    with pytest.raises(DataError, match="head -4"):
        attention.matrix(head=-4)


def test_without_specials_drops_their_rows_and_columns() -> None:
    plain = record().without_specials()
    assert plain.source[-1] == "."
    np.testing.assert_array_equal(plain.array("cross"), record().array("cross")[..., :3, :5])
    assert plain.array("encoder").shape == (2, 3, 5, 5)


@given(seed=st.integers(0, 1000))
def test_json_gives_the_same_record_exactly(seed: int) -> None:
    attention = record(seed)
    again = Attention.from_json(attention.to_json())
    assert again.to_json() == attention.to_json()
    assert (again.source, again.target_spans, again.rows, again.note) == (
        attention.source,
        attention.target_spans,
        attention.rows,
        attention.note,
    )
    for role, weights in attention.weights.items():
        np.testing.assert_array_equal(again.array(role), weights)
        assert again.array(role).dtype == np.float32
    fields = json.loads(attention.to_json())
    assert (fields["format"], fields["version"]) == ("atento.attention", 1)


def test_unusable_json_is_refused() -> None:
    good = json.loads(record().to_json())
    cases = {
        "{": "not JSON",
        "{}": "no attention record",
        json.dumps({**good, "version": 2}): "version 2",
        json.dumps({**good, "format": "other"}): "'other'",
        json.dumps({**good, "weights": {"cross": [[[[1.0]]]]}}): "contradicts itself",
        json.dumps({**good, "weights": {"cross": [[[[1.0], [1.0, 2.0]]]]}}): "contradicts itself",
        json.dumps({**good, "weights": {"sideways": []}}): "no attention record",
    }
    for text, message in cases.items():
        with pytest.raises(DataError, match=message) as caught:
            Attention.from_json(text, where="a.json")
        assert str(caught.value).startswith("a.json")


def test_contradictions_are_refused() -> None:
    with pytest.raises(ValueError, match="1 source labels, 0 spans"):
        Attention(
            source=("a",), target=(), source_text="a", target_text="", source_spans=(), target_spans=(), weights={}
        )
    with pytest.raises(DataError, match="recorded: none"):
        Attention(
            source=(), target=(), source_text="", target_text="", source_spans=(), target_spans=(), weights={}
        ).matrix()


def test_rows_are_relabelled_by_the_token_that_is_read() -> None:
    attention = record()
    reading = attention.with_rows("input")
    assert reading.target == ("<s>", "la", "▁ca", "sa")
    assert reading.target_spans == (None, (0, 2), (2, 5), (5, 7))
    np.testing.assert_array_equal(reading.array("cross"), attention.array("cross"))
    assert reading.with_rows("predicted").target == attention.target
    assert reading.with_rows("predicted").target_spans == attention.target_spans
    assert attention.with_rows("predicted").target == attention.target


def written(rows: str = "predicted") -> Attention:
    """``a ca|sa .`` and ``</s>``, written by a language model whose texts begin with ``<|start|>``."""
    generator = np.random.default_rng(4)
    weights = np.tril(generator.random((2, 3, 5, 5)) + 0.1).astype(np.float32)
    tokens, spans = ("a", "▁ca", "sa", ".", "</s>"), ((0, 1), (1, 4), (4, 6), (6, 7), None)
    read = Read(tokens=("<|start|>", *tokens[:-1]), spans=(None, *spans[:-1]), reach=(1, 2, 3, 4, 5))
    return Attention(
        source=(),
        target=tokens if rows == "predicted" else read.tokens,
        source_text="",
        target_text="a casa.",
        source_spans=(),
        target_spans=spans if rows == "predicted" else read.spans,
        weights={"decoder": weights / weights.sum(axis=-1, keepdims=True)},
        rows="predicted" if rows == "predicted" else "input",
        read=read,
    )


def test_one_text_is_a_record_too() -> None:
    record = written()
    assert record.main_role == "decoder"
    assert record.labels() == (("a", "▁ca", "sa", ".", "</s>"), ("<|start|>", "a", "▁ca", "sa", "."))
    np.testing.assert_array_equal(record.matrix(layer=1, head=2), record.array("decoder")[1, 2])
    np.testing.assert_array_equal(record.visible(), np.tril(np.ones((5, 5), bool)))
    with pytest.raises(DataError, match="no cross attention is recorded; recorded: decoder"):
        record.array("cross")


def test_the_decoders_columns_are_what_it_reads() -> None:
    attention = record()
    assert attention.main_role == "cross"
    assert attention.labels("decoder") == (attention.target, ("<s>", "la", "▁ca", "sa"))
    assert attention.with_rows("input").labels("decoder") == (("<s>", "la", "▁ca", "sa"),) * 2
    assert attention.reading.spans == (None, (0, 2), (2, 5), (5, 7))
    assert written("input").labels() == (("<|start|>", "a", "▁ca", "sa", "."),) * 2


def test_merged_words_see_what_any_of_their_tokens_sees() -> None:
    """Columns are words read; the last token of ``casa`` is predicted when its first one is read already."""
    words = [(0, 1), (2, 6), (6, 7)]
    merged = written().merged([], words)
    assert merged.target == ("a", "casa", ".", "</s>")
    assert merged.reading.tokens == ("<|start|>", "a", "casa", ".")
    assert merged.reading.reach == (1, 3, 3, 4)
    before, after = written().array(), merged.array()
    np.testing.assert_allclose(after[..., 1, :3], before[..., 1:3, :3].mean(-2), rtol=1e-6)
    np.testing.assert_allclose(after[..., 3, 2], before[..., 4, 2:4].sum(-1), rtol=1e-6)
    np.testing.assert_allclose(after.sum(-1), 1, rtol=1e-6)
    assert not after[..., ~merged.visible()].any()
    unfinished = written()
    unfinished = Attention(
        source=(), source_text="", source_spans=(), target=unfinished.target[:3], target_text="a casa",
        target_spans=unfinished.target_spans[:3], weights={"decoder": unfinished.array()[..., :3, :3]},
    ).merged([], words[:2])  # fmt: skip
    assert unfinished.labels() == (("a", "casa"), ("<s>", "a", "casa"))


@pytest.mark.parametrize("rows", ["predicted", "input"])
def test_without_specials_nothing_new_is_seen(rows: str) -> None:
    plain = written(rows).without_specials()
    assert plain.target == ("a", "▁ca", "sa", ".")
    assert plain.reading.tokens == ("a", "▁ca", "sa", ".")
    assert plain.reading.reach == ((0, 1, 2, 3) if rows == "predicted" else (1, 2, 3, 4))
    rows_kept = slice(0, 4) if rows == "predicted" else slice(1, 5)
    np.testing.assert_array_equal(plain.array(), written(rows).array()[..., rows_kept, 1:])


def test_rows_of_a_text_are_relabelled_and_its_beginning_keeps_its_name() -> None:
    assert written().with_rows("input").labels() == written("input").labels()
    assert written("input").with_rows("predicted").labels() == written().labels()
    assert written().without_specials().with_rows("input").target == ("<s>", "a", "▁ca", "sa")


def test_either_side_alone() -> None:
    attention = record()
    encoder, decoder = attention.alone("encoder"), attention.alone("decoder")
    assert (encoder.labels(), encoder.target, encoder.target_text) == ((attention.source,) * 2, (), "")
    assert (decoder.labels(), decoder.source, decoder.source_text) == (attention.labels("decoder"), (), "")
    np.testing.assert_array_equal(encoder.array(), attention.array("encoder"))
    for one in (encoder, decoder):
        assert Attention.from_json(one.to_json()).to_json() == one.to_json()
        one.merged(*WORDS)
        one.without_specials()
    with pytest.raises(DataError, match="no decoder attention"):
        encoder.alone("decoder")


def test_json_keeps_what_was_read_and_may_lack_it() -> None:
    attention = written()
    fields = json.loads(attention.to_json())
    assert fields["read"]["reach"] == [1, 2, 3, 4, 5]
    again = Attention.from_json(attention.to_json())
    assert (again.read, again.main_role) == (attention.read, "decoder")
    del fields["read"]
    older = Attention.from_json(json.dumps(fields))
    assert older.reading.tokens == ("<s>", *attention.reading.tokens[1:])
    np.testing.assert_array_equal(older.visible(), attention.visible())
    for wrong in ({"reach": [1, 2]}, {"spans": [None]}, {"reach": [1, 2, 3, 4, 6]}):
        fields["read"] = {**json.loads(attention.to_json())["read"], **wrong}
        with pytest.raises(DataError, match="contradicts itself"):
            Attention.from_json(json.dumps(fields))
