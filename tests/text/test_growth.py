"""What each token adds to a decoded text, against decoding every beginning of the whole."""

from __future__ import annotations

from itertools import accumulate

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import decoders, models

from atento.text.growth import text_ends

BYTES = [f"<0x{byte:02X}>" for byte in "é中👩\n".encode()]
DECODERS = {
    "llama": decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(content=" ", left=1)]
    ),
    "metaspace": decoders.Metaspace(),
    "wordpiece": decoders.WordPiece(cleanup=True),
    "suffix": decoders.BPEDecoder(suffix="</w>"),
    "bytes": decoders.ByteLevel(),
}
ENTRIES = ["▁", "▁a", "b", "▁▁", "##c", "##'s", "n't", "d</w>", ".", "?", "'", "Ġe", "Ã", "©", "你", "\ufffd", *BYTES]

NUMBERS = st.integers(0, len(ENTRIES) - 1)


def library(kind: str) -> tokenizers.Tokenizer:
    made = tokenizers.Tokenizer(models.WordLevel({entry: n for n, entry in enumerate(ENTRIES)}, unk_token="?"))
    made.decoder = DECODERS[kind]
    return made


def in_common(beginning: str, text: str) -> int:
    places = range(min(len(beginning), len(text)))
    return next((place for place in places if beginning[place] != text[place]), len(places))


class Counting:
    """Counts the tokens that are decoded."""

    def __init__(self, inner: tokenizers.Tokenizer) -> None:
        self.inner, self.count = inner, 0

    def decode(self, ids: list[int], skip_special_tokens: bool) -> str:
        self.count += len(ids)
        return str(self.inner.decode(ids, skip_special_tokens))

    def decode_batch(self, rows: list[list[int]], skip_special_tokens: bool) -> list[str]:
        self.count += sum(map(len, rows))
        return list(self.inner.decode_batch(rows, skip_special_tokens))


@pytest.mark.parametrize("kind", sorted(DECODERS))
def test_windows_give_what_all_beginnings_give(kind: str) -> None:
    decoding = library(kind)

    @given(st.lists(NUMBERS, max_size=20) | st.lists(NUMBERS, min_size=130, max_size=300))
    @settings(max_examples=40)
    def check(ids: list[int]) -> None:
        beginnings = [decoding.decode(ids[:stop], False) for stop in range(len(ids) + 1)]
        shared = (in_common(beginning, beginnings[-1]) for beginning in beginnings)
        assert text_ends(decoding, ids) == (beginnings[-1], list(accumulate(shared, max)))

    check()


@pytest.mark.parametrize("kind", sorted(DECODERS))
def test_a_long_text_is_not_decoded_again_for_every_token(kind: str) -> None:
    ids = [n % len(ENTRIES) for n in range(5_000)]
    counting = Counting(library(kind))
    text_ends(counting, ids)  # type: ignore[arg-type]
    assert counting.count < 100 * len(ids)
