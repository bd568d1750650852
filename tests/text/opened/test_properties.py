"""What holds of every tokenizer and every text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text.conftest import HARD, MAKERS, varied

from atento.core.errors import DataError
from atento.text.opened.aligning import aligned
from atento.text.opened.protocol import OpenTokenizer, Specials

EXACT = ("byte-bpe", "gpt2", "tiktoken")
"""Those that give every text back."""
TEXTS = st.lists(
    st.one_of(st.sampled_from(HARD), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)), max_size=4
).map(" ".join)


@pytest.mark.parametrize("name", MAKERS)
def test_spans_are_in_order_apart_and_the_tokens_own(opened: dict[str, OpenTokenizer], name: str) -> None:
    tokenizer = opened[name]

    @settings(max_examples=60)
    @given(text=TEXTS, specials=st.sampled_from(["text", "parse"]))
    def check(text: str, specials: Specials) -> None:
        cut = tokenizer.cut(text, specials)
        raw, spans = text.encode(), cut.tokens.spans
        assert all(start <= stop for start, stop in spans)
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
        assert not spans or (spans[0][0] >= 0 and spans[-1][1] <= len(raw))
        if specials == "text":
            assert [list(cut.tokens.ids)] == tokenizer.encode_batch([text])
            assert tokenizer.encode(text) == cut.tokens
        if name in EXACT:
            own = [tokenizer.entry(number).raw for number in cut.tokens.ids]
            if specials == "text":  # with parsed tokens, a space also comes after each of them
                shift = len(b"".join(own)) - len(raw)  # ours puts a space before the text
                assert b"".join(own) == b" " * shift + raw
            assert b"".join(raw[start:stop] for start, stop in spans) == raw
        ranges = [(part.first, part.stop) for part in cut.pre_tokens]
        assert [place for first, stop in ranges for place in range(first, stop)] == list(range(len(spans)))

    check()


@pytest.mark.parametrize("name", EXACT)
def test_decoding_undoes_encoding(opened: dict[str, OpenTokenizer], name: str) -> None:
    texts = [*HARD, *varied(300)]
    assert opened[name].decode_batch(opened[name].encode_batch(texts)) == texts


@pytest.mark.parametrize("name", MAKERS)
def test_ids_and_entries_belong_together(opened: dict[str, OpenTokenizer], name: str) -> None:
    tokenizer = opened[name]
    entries = [tokenizer.entry(number) for number in tokenizer.numbers]
    assert len(entries) == tokenizer.size
    assert [entry.number for entry in entries] == list(tokenizer.numbers)
    specials = {entry.piece: entry.number for entry in entries if entry.role == "special"}
    unknown = {piece: n for piece, n in tokenizer.specials.items() if n == tokenizer.unknown}
    assert specials | unknown == dict(tokenizer.specials)
    with pytest.raises(DataError, match="no entry"):
        tokenizer.entry(max(tokenizer.numbers) + 1)


def test_entries_stand_for_bytes(opened: dict[str, OpenTokenizer]) -> None:
    """The same word in every spelling."""
    spelled = {"bpe": " vida", "gpt2": "Ġvida", "tiktoken": "Ġvida", "sp-bpe": "▁vida", "strange": "vida</w>"}
    for name, piece in spelled.items():
        found = [entry for n in opened[name].numbers if (entry := opened[name].entry(n)).piece == piece]
        assert [entry.raw.strip() for entry in found] == [b"vida"], name
    bert = {opened["bert"].entry(n).piece: opened["bert"].entry(n).raw for n in opened["bert"].numbers}
    assert (bert["##do"], bert["vida"]) == (b"do", b"vida")
    fallback = [opened["sp-bpe-bytes"].entry(n) for n in opened["sp-bpe-bytes"].numbers]
    assert sorted(entry.raw for entry in fallback if entry.role == "byte") == [bytes([byte]) for byte in range(256)]


@pytest.mark.parametrize(
    ("name", "special"),
    [("gpt2", "<|endoftext|>"), ("bert", "[SEP]"), ("sp-bpe", "</s>"), ("tiktoken", "<|endoftext|>"), ("bpe", "</s>")],
)
def test_special_tokens_are_what_the_caller_says(opened: dict[str, OpenTokenizer], name: str, special: str) -> None:
    tokenizer, text = opened[name], f"a vida{special}a casa"
    number = tokenizer.specials[special]
    parsed = tokenizer.cut(text, "parse")
    place = parsed.tokens.ids.index(number)
    assert parsed.tokens.spans[place] == (6, 6 + len(special))
    assert [part.special for part in parsed.pre_tokens if part.first == place] == [True]
    assert number not in tokenizer.encode(text, "text").ids
    with pytest.raises(DataError, match=r"character 7 of a text begins the special token"):
        tokenizer.encode(text, "refuse")
    assert tokenizer.encode("a vida", "refuse") == tokenizer.encode("a vida", "text")


@pytest.mark.parametrize("name", ["gpt2", "sp-unigram", "tiktoken"])
def test_half_a_character_is_refused(opened: dict[str, OpenTokenizer], name: str) -> None:
    for call in (opened[name].encode, opened[name].cut, lambda text: opened[name].encode_batch([text])):
        with pytest.raises(DataError, match="half a character"):
            call("a\ud800b")


def test_what_a_model_reads(opened: dict[str, OpenTokenizer]) -> None:
    bert = opened["bert"]
    assert [bert.entry(n).piece for n in bert.cut("vida").finished] == ["[CLS]", "vida", "[SEP]"]
    assert opened["gpt2"].cut("vida").finished == opened["gpt2"].encode("vida").ids
    strange = opened["strange"]
    assert [strange.entry(n).piece for n in strange.cut("vida").finished] == ["<s>", "vida", "<s>"]


def test_a_text_is_normalised_then_parted(opened: dict[str, OpenTokenizer]) -> None:
    cut = opened["bert"].cut("Água, ﬁm!")
    assert cut.normalised == "agua, ﬁm!"
    assert [part.text for part in cut.pre_tokens] == ["agua", ",", "ﬁm", "!"]
    assert [part.text for part in opened["gpt2"].cut("a vida!").pre_tokens] == ["a", "Ġvida", "!"]
    assert [part.text for part in opened["tiktoken"].cut("a vida!").pre_tokens] == ["a", "Ġvida", "!"]
    assert [part.text for part in opened["sp-bpe"].cut("a vida!").pre_tokens] == ["▁a", "▁vida!"]


def test_spans_follow_the_bytes_and_not_the_library() -> None:
    raw = "é x".encode()
    assert aligned(raw, [b"\xc3", b"\xa9", b" x"], [(0, 2), (0, 2), (2, 4)]) == [(0, 1), (1, 2), (2, 4)]
    assert aligned(b"a  b", [b"a", b"b"], [(0, 1), (3, 4)]) == [(0, 1), (3, 4)]
    assert aligned(b"AB", [b"a", b"b"], [(0, 1), (1, 2)]) == [(0, 1), (1, 2)]
    assert aligned(b"x", [b" x"], [(0, 1)]) == [(0, 1)]
    assert aligned("ﬁ".encode(), [b"f", b"i"], [(0, 3), (0, 3)]) == [(0, 3), (3, 3)]


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("number", [-1, 2**40])
def test_a_number_that_no_id_can_be_has_no_entry(opened: dict[str, OpenTokenizer], name: str, number: int) -> None:
    with pytest.raises(DataError, match=str(number)):
        opened[name].entry(number)
