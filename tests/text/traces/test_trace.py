"""The record of a text's way to ids."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import tokenizers
from tests.text.conftest import HARD, MAKERS
from tokenizers import decoders, models, pre_tokenizers

from atento.core.errors import DataError
from atento.text.opened.hugging_face import HuggingFaceTokenizer
from atento.text.opened.opening import open_tokenizer
from atento.text.opened.protocol import OpenTokenizer
from atento.text.traces.lanes import Lanes, lanes
from atento.text.traces.pages import page
from atento.text.traces.tables import tokens_table
from atento.text.traces.trace import Trace, boundaries, trace


@pytest.mark.parametrize("name", MAKERS)
def test_it_goes_to_json_and_back(opened: dict[str, OpenTokenizer], name: str) -> None:
    for text in HARD:
        found = trace(opened[name], text, steps=True)
        assert Trace.from_json(found.to_json()) == found
        assert found.decoded == opened[name].decode([token.id for token in found.tokens])
        assert [token.id for token in found.tokens] == opened[name].encode_batch([text])[0]


def test_other_json_is_refused() -> None:
    with pytest.raises(DataError, match="no trace"):
        Trace.from_json("{}")
    with pytest.raises(DataError, match="no trace"):
        Trace.from_json(b'{"format": "\xff"}')
    with pytest.raises(DataError, match=r"99 is atento\.trace 2"):
        Trace.from_json(msgspec.json.encode(_later()), where="99")


def _later() -> dict[str, object]:
    byte = tokenizers.Tokenizer(models.BPE(vocab={"a": 0}, merges=[]))
    table: dict[str, object] = msgspec.to_builtins(trace(HuggingFaceTokenizer(byte, "a"), "a"))
    return table | {"version": 2}


def bytes_alone() -> OpenTokenizer:
    """One token a byte."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    library = tokenizers.Tokenizer(models.BPE(vocab={letter: n for n, letter in enumerate(letters)}, merges=[]))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    return HuggingFaceTokenizer(library, "bytes")


def test_tokens_that_share_a_character() -> None:
    found = trace(bytes_alone(), "é e\u0301x")
    assert found.graphemes == 4
    assert [(shared.grapheme, shared.span, shared.tokens) for shared in found.shared] == [
        ("é", (0, 2), (0, 1)),
        ("e\u0301", (3, 6), (3, 4, 5)),
    ]
    assert [token.label for token in found.tokens] == ["⟨C3⟩", "⟨A9⟩", "▁", "e", "⟨CC⟩", "⟨81⟩", "x"]
    assert [token.graphemes for token in found.tokens] == [(0, 1), (0, 1), (1, 2), (2, 3), (2, 3), (2, 3), (3, 4)]


def test_a_token_of_several_characters_shares_its_edges(opened: dict[str, OpenTokenizer]) -> None:
    found = trace(opened["gpt2"], "a vida")
    assert found.shared == ()
    assert [token.graphemes for token in found.tokens] == [(0, 1), (1, 6)]


def test_what_comes_back_otherwise_and_what_is_lost(opened: dict[str, OpenTokenizer]) -> None:
    found = trace(opened["word"], "a vida é x, y e y")
    assert not found.exact
    assert found.difference == "from character 10 on: 'x, y e y' → '<unk>, <unk>'"
    assert found.lost == ("x", "y")
    assert [token.label for token in found.tokens if token.role == "unknown"] == ["<unk>(x)", "<unk>(y)", "<unk>(y)"]
    assert trace(opened["word"], "a vida").difference == ""
    assert trace(opened["bpe"], "a 你 vida").spelled == ("你",)
    assert trace(opened["bpe"], "a vida").spelled == ()


def test_special_names_in_the_text_are_told(opened: dict[str, OpenTokenizer]) -> None:
    found = trace(opened["gpt2"], "a<|endoftext|>")
    assert found.names == ("<|endoftext|>",)
    assert len(found.tokens) > 2
    assert len(trace(opened["gpt2"], "a<|endoftext|>", specials="parse").tokens) == 2


def test_what_the_tokenizer_puts_around(opened: dict[str, OpenTokenizer]) -> None:
    added = [(token.piece, token.added) for token in trace(opened["bert"], "a vida").finished]
    assert added == [("[CLS]", True), ("a", False), ("vida", False), ("[SEP]", True)]


def test_boundaries_are_where_tokenizers_differ(opened: dict[str, OpenTokenizer]) -> None:
    """A space may go with either side, or be lost: that is no difference."""
    text = "a vida  é"
    for name in ("gpt2", "bert", "word"):
        assert boundaries(trace(opened[name], text))[:1] == (1,), name
    both = Lanes(traces=(trace(bytes_alone(), "ab c"), trace(opened["bert"], "ab c")))
    assert (both.common, both.disputed) in (((1, 2), ()), ((2,), (1,)))
    assert boundaries(trace(bytes_alone(), "ab c")) == (1, 2)


def test_lanes_need_one_text(opened: dict[str, OpenTokenizer]) -> None:
    with pytest.raises(ValueError, match="one text"):
        Lanes(traces=(trace(opened["gpt2"], "a"), trace(opened["gpt2"], "b")))
    groups = lanes([trace(opened[name], text) for text in ("a", "b") for name in ("gpt2", "bert")])
    assert [(group.text, len(group.traces)) for group in groups] == [("a", 2), ("b", 2)]


def test_figures_of_lanes(opened: dict[str, OpenTokenizer]) -> None:
    [group] = lanes([trace(bytes_alone(), "água"), trace(opened["word"], "água")])
    one, other = group.table().data()["rows"]
    assert (one["tokens"], one["bytes_per_token"], one["characters_per_token"]) == (5, 1.0, 0.8)
    assert (one["tokens_per_word"], one["shared"], one["own"], one["exact"]) == (5.0, 2, 4, True)
    assert (other["tokens"], other["bytes_per_token"], other["own"]) == (1, 5.0, 0)
    assert group.disputed_tokens(group.traces[0]) == {1, 2, 3, 4}


def test_a_page_needs_nothing_but_itself(opened: dict[str, OpenTokenizer]) -> None:
    text = "<script>alert(1)</script> \u202e 👩‍👧 a vida"
    found = page([trace(opened[name], text, steps=True) for name in MAKERS])
    assert "<script" not in found
    assert "http" not in found
    assert "src=" not in found
    assert "&lt;script&gt;" in found
    for name in MAKERS:
        assert name in found


def test_a_table_of_tokens(opened: dict[str, OpenTokenizer]) -> None:
    table = tokens_table([trace(opened["gpt2"], "a vida"), trace(opened["bert"], "a vida")])
    rows = table.data()["rows"]
    assert [
        (row["tokenizer"], row["place"], row["piece"], row["bytes"], row["start"], row["stop"]) for row in rows
    ] == [
        ("gpt2", 1, "a", "61", 0, 1),
        ("gpt2", 2, "Ġvida", "2076696461", 1, 6),
        ("bert", 1, "a", "61", 0, 1),
        ("bert", 2, "vida", "76696461", 2, 6),
    ]


def test_the_courses_word_pair(corpora: Path) -> None:
    found = trace(open_tokenizer(corpora / "tokenizers" / "gpt2"), "amigos inimagináveis", steps=True)
    assert [token.label for token in found.tokens] == ["am", "ig", "os", "▁in", "im", "agin", "á", "ve", "is"]
    assert [part.text for part in found.pre_tokens] == ["amigos", "ĠinimaginÃ¡veis"]
    assert found.exact
