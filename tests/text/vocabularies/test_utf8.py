from __future__ import annotations

import random

import pytest

from atento.text.vocabularies.utf8 import is_partial, lacking, stands_in_utf8, texts_with


def _whole(raw: bytes) -> bool:
    return raw.decode(errors="replace").encode() == raw


@pytest.fixture(scope="module")
def pairs() -> set[bytes]:
    """Every two bytes that stand side by side in some text: in one character, or across two."""
    inside = set()
    for code in [*range(0xD800), *range(0xE000, 0x110000, 7), *range(0x10000, 0x10100), *range(0x10FFC0, 0x110000)]:
        raw = chr(code).encode()
        inside |= {raw[start : start + 2] for start in range(len(raw) - 1)}
    inside |= {bytes([lead, second]) for lead in range(0xF0, 0xF5) for second in range(0x80, 0xC0)} & {
        chr(code).encode()[:2] for code in range(0x10000, 0x110000, 0x1000)
    }
    ends, begins = [*range(0x80), *range(0x80, 0xC0)], [*range(0x80), *range(0xC2, 0xF5)]
    return inside | {bytes([end, begin]) for end in ends for begin in begins}


def test_single_bytes_that_no_text_has() -> None:
    never = [byte for byte in range(256) if not stands_in_utf8(bytes([byte]))]
    assert never == [0xC0, 0xC1, *range(0xF5, 0x100)]


def test_pairs_of_bytes_agree_with_those_of_all_characters(pairs: set[bytes]) -> None:
    draw = random.Random(3)
    edges = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEE, 0xEF, 0xF0, 0xF4]
    some = [bytes([a, b]) for a in edges for b in edges] + [draw.randbytes(2) for _ in range(200)]
    assert [stands_in_utf8(raw) for raw in some] == [raw in pairs for raw in some]


@pytest.mark.parametrize(
    ("raw", "stands"),
    [
        (b"", True),
        (b"\x80\x80\x80", True),  # after F1
        (b"\x80\x80\x80\x80", False),
        (b"\xa9caf\xc3", True),
        (b"\xc3(", False),
        (b"\xed\xa0", False),  # a surrogate
        (b"\x90\x80\x80", True),  # only after F0
        (b"\xe2\x82\xac\xff", False),
        ("é".encode() + b"\xf0\x9f\x98", True),
    ],
)
def test_longer_runs(raw: bytes, stands: bool) -> None:
    assert stands_in_utf8(raw) == stands
    assert bool(list(texts_with(raw, 3))) == stands


@pytest.mark.parametrize(("raw", "count"), [(b"\xc3", 64), (b"\xe0", 32 * 64), (b"\xed", 32 * 64), (b"\xf0\x9f", 4096)])
def test_texts_are_all_there_are_and_each_once(raw: bytes, count: int) -> None:
    texts = list(texts_with(raw, 1 << 20))
    assert len(set(texts)) == len(texts) == count
    assert all(len(text) == 1 and text.encode().startswith(raw) for text in texts)


def test_bytes_inside_characters_are_found_in_all_of_them() -> None:
    characters = map(chr, [*range(0xD800), *range(0xE000, 0x110000)])
    assert set(texts_with(b"\x82\xac", 1 << 20)) == {each for each in characters if b"\x82\xac" in each.encode()}


def test_most_is_a_limit_and_whole_characters_are_themselves() -> None:
    assert len(list(texts_with(b"\xe0", 10))) == 10
    assert list(texts_with("olá".encode(), 5)) == ["olá"]
    assert [is_partial(raw) for raw in (b"", b"a", b"\xc3", b"\xc3\xa9")] == [False, False, True, False]
    assert [lacking(raw) for raw in (b"", b"a\xc3", b"\xe2", b"\xf0\x9f", b"\xc3\xa9", b"\xa9")] == [0, 1, 2, 2, 0, 0]
