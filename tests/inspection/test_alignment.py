"""Links are read off the right rows, columns, layers and words."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from atento.core.errors import ConfigurationError, DataError
from atento.figures.attention import Attention
from atento.inspection.alignment import AlignmentConfig, Head, links, links_of_heads, word_attention
from atento.text.words import segment

SOURCE, TARGET = "E a vida", "¿Y la vida?"


def record(weights, source=SOURCE, target=TARGET, pieces=(None, None)):
    """A record whose tokens are the texts' words (or the given spans) and </s>; weights [layers, heads, T, S]."""
    sides = [
        [*(spans if spans is not None else segment(text)), None]
        for text, spans in zip((source, target), pieces, strict=True)
    ]
    labels = [
        tuple("</s>" if span is None else text.encode()[slice(*span)].decode() for span in spans)
        for text, spans in zip((source, target), sides, strict=True)
    ]
    return Attention(
        source=labels[0],
        target=labels[1],
        source_text=source,
        target_text=target,
        source_spans=tuple(sides[0]),
        target_spans=tuple(sides[1]),
        weights={"cross": np.asarray(weights, dtype=np.float32)},
    )


# rows: ¿ Y la vida ? </s>; columns: E a vida </s>
MATRIX = np.array([
    [0.2, 0.1, 0.1, 0.6],
    [0.7, 0.2, 0.1, 0.0],
    [0.1, 0.5, 0.4, 0.0],
    [0.0, 0.1, 0.9, 0.0],
    [0.1, 0.1, 0.35, 0.45],
    [0.0, 0.0, 0.1, 0.9],
])  # fmt: skip


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (AlignmentConfig(), {(0, 1), (1, 2), (2, 3)}),
        (AlignmentConfig(null=False), {(0, 0), (0, 1), (1, 2), (2, 3), (2, 4)}),
        (AlignmentConfig(method="threshold", threshold=0.35), {(0, 1), (1, 2), (2, 2), (2, 3), (2, 4)}),
        (AlignmentConfig(method="threshold", threshold=0.5), {(0, 1), (1, 2), (2, 3)}),
        # without </s> the first row is 0.5 0.25 0.25, the fifth 0.18 0.18 0.64
        (AlignmentConfig(method="threshold", threshold=0.45, null=False), {(0, 0), (0, 1), (1, 2), (2, 3), (2, 4)}),
        (AlignmentConfig(method="intersection"), {(0, 1), (1, 2), (2, 3)}),
        (AlignmentConfig(method="intersection", null=False), {(0, 1), (1, 2), (2, 3)}),
    ],
)
def test_each_method_by_hand(config, expected):
    assert links(record(MATRIX[None, None]), config) == expected


def test_pieces_of_a_word_count_together():
    # "vida" in the source is vi + da: each less than "a", together more; "vida" of the target is vid + a
    pieces = ([(0, 1), (2, 3), (4, 6), (6, 8)], [(0, 2), (2, 3), (4, 6), (7, 10), (10, 11), (11, 12)])
    row = [0.1, 0.35, 0.3, 0.25, 0.0]
    other = [0.2, 0.6, 0.1, 0.1, 0.0]  # the mean of the two rows still prefers "vida"
    unlinked = [0.0, 0.0, 0.0, 0.0, 1.0]
    weights = np.array([unlinked, unlinked, unlinked, row, [0.1, 0.1, 0.4, 0.4, 0.0], unlinked, unlinked])
    assert links(record(weights[None, None], pieces=pieces)) == {(2, 3)}
    weights[4] = other
    assert links(record(weights[None, None], pieces=pieces)) == {(1, 3)}


def test_words_may_be_what_stands_between_spaces():
    assert links(record(MATRIX[None, None]), AlignmentConfig(words="whitespace")) == {(0, 0), (1, 1), (2, 2)}


def test_layers_and_heads_are_chosen():
    eye = np.eye(6, 4)
    shifted = np.roll(eye, 1, axis=1)
    weights = np.zeros((3, 2, 6, 4))
    weights[0] = weights[2] = shifted
    weights[1, 0], weights[1, 1] = 0.6 * eye, 0.5 * shifted
    attention = record(weights)
    straight, turned = {(0, 0), (1, 1), (2, 2)}, {(1, 0), (2, 1), (0, 3)}
    assert links(attention) == straight  # the penultimate layer's mean
    assert links(attention, AlignmentConfig(head=1)) == turned
    assert links(attention, AlignmentConfig(layer=-1)) == turned
    assert links(attention, AlignmentConfig(layer=0, head=0)) == turned
    assert links(attention, AlignmentConfig(layer="mean")) == turned
    with pytest.raises(DataError, match="layer 3"):
        links(attention, AlignmentConfig(layer=3))
    with pytest.raises(DataError, match="head -3"):
        links(attention, AlignmentConfig(head=-3))


def test_the_reading_steps_row_is_the_next_one():
    attention = record(np.eye(6, 4)[None, None])
    assert links(attention) == {(0, 0), (1, 1), (2, 2)}
    reading = AlignmentConfig(rows="input")
    assert links(attention, reading) == {(1, 0), (2, 1)}  # ¿ is read where Y is predicted; vida's row looks at </s>
    recorded = dataclasses.replace(
        attention,
        rows="input",
        target=("<s>", *attention.target[:-1]),
        target_spans=(None, *attention.target_spans[:-1]),
    )
    assert links(recorded, reading) == links(attention, reading)
    assert links(recorded) == links(attention)


def test_pieces_rows_are_averaged_at_their_own_reading_steps():
    # vida of the target is vid + a; their reading steps are the rows of "a" and of "?"
    pieces = (None, [(0, 2), (2, 3), (4, 6), (7, 10), (10, 11), (11, 12)])
    weights = np.zeros((7, 4))
    weights[[0, 1, 2, 3, 6], 3] = 1.0
    weights[4], weights[5] = [0.6, 0.0, 0.4, 0.0], [0.0, 0.3, 0.7, 0.0]
    assert links(record(weights[None, None], pieces=pieces), AlignmentConfig(rows="input")) == {(2, 3)}
    assert links(record(weights[None, None], pieces=pieces)) == {(2, 4)}


def test_every_head_is_read_as_it_would_be_alone():
    weights = np.random.default_rng(3).dirichlet(np.ones(4), size=(3, 2, 6))
    attention = record(weights)
    found = links_of_heads(attention, AlignmentConfig(null=False))
    assert len(found) == 2 * 3 * 3
    for head, its_links in found.items():
        config = AlignmentConfig(null=False, rows=head.rows, layer=head.layer, head=head.head)
        assert its_links == links(attention, config)
    single = links_of_heads(record(weights[:1, :1]))
    assert list(single) == [Head("predicted", 0, 0), Head("input", 0, 0)]


def test_what_links_are_read_off_can_be_drawn():
    words = word_attention(record(MATRIX[None, None]), AlignmentConfig(words="whitespace"))
    assert words.source == ("E", "a", "vida", "</s>")
    assert words.target == ("¿Y", "la", "vida?", "</s>")
    np.testing.assert_allclose(words.matrix()[0], MATRIX[:2].mean(0), rtol=1e-6)


def test_a_record_without_cross_attention_is_refused():
    attention = dataclasses.replace(record(MATRIX[None, None]), weights={})
    with pytest.raises(DataError, match="no cross attention"):
        links(attention)


@pytest.mark.parametrize("method", ["argmax", "threshold", "intersection"])
@pytest.mark.parametrize("null", [True, False])
def test_texts_without_words_have_no_links(method, null):
    config = AlignmentConfig(method=method, null=null)
    assert links(record(np.ones((1, 1, 1, 1)), "", ""), config) == frozenset()
    assert links(record(np.full((1, 1, 6, 1), 1.0), ""), config) == frozenset()
    assert links(record(np.full((1, 1, 1, 4), 0.25), SOURCE, ""), config) == frozenset()


def test_rows_without_weight_have_no_links():
    assert links(record(np.zeros((1, 1, 6, 4))), AlignmentConfig(null=False)) == frozenset()


@pytest.mark.parametrize("threshold", [0.0, 1.1, -1.0])
def test_a_threshold_is_a_share(threshold):
    with pytest.raises(ConfigurationError, match="threshold"):
        AlignmentConfig(threshold=threshold)


matrices = arrays(np.float32, (1, 1, 6, 4), elements=st.floats(0.015625, 1, width=32)).map(
    lambda array: array / array.sum(axis=-1, keepdims=True)
)


@given(matrices, st.booleans())
def test_properties(weights, null):
    attention = record(weights)
    best = links(attention, AlignmentConfig(null=null))
    assert len({j for _, j in best}) == len(best)  # one link a target word
    assert null or len(best) == 5
    assert links(attention, AlignmentConfig(method="intersection", null=null)) <= best
    previous = None
    for threshold in (0.2, 0.4, 0.6):
        current = links(attention, AlignmentConfig(method="threshold", threshold=threshold, null=null))
        assert previous is None or current <= previous
        previous = current
    # a share above a half is the best one
    assert links(attention, AlignmentConfig(method="threshold", threshold=0.51, null=null)) <= best
