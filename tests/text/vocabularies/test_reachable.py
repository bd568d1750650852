from __future__ import annotations

import base64
import itertools
import random
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from atento.text.opened.hugging_face import HuggingFaceTokenizer
from atento.text.opened.opening import open_tokenizer
from atento.text.opened.protocol import OpenTokenizer
from atento.text.spans import byte_level_table
from atento.text.vocabularies.reachable import Reach, reach

LETTERS = {byte: letter for letter, byte in byte_level_table().items()}
GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def _opened(library: Tokenizer) -> HuggingFaceTokenizer:
    return HuggingFaceTokenizer(library, "tiny")


def _byte_level(merges: list[tuple[str, str]], more: Iterable[str] = ()) -> HuggingFaceTokenizer:
    pieces = dict.fromkeys([*LETTERS.values(), *map("".join, merges), *more])
    library = Tokenizer(models.BPE(vocab={piece: n for n, piece in enumerate(pieces)}, merges=merges))
    split = pre_tokenizers.Split(Regex(GPT2), "isolated")
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    library.pre_tokenizer = pre_tokenizers.Sequence([split, level])
    library.decoder = decoders.ByteLevel()
    return _opened(library)


def _wordpiece(*pieces: str, lowercase: bool = False) -> HuggingFaceTokenizer:
    vocabulary = {piece: n for n, piece in enumerate(("[UNK]", *pieces))}
    library = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    library.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    library.decoder = decoders.WordPiece()
    return _opened(library)


def _by_piece(tokenizer: OpenTokenizer) -> dict[str, Reach]:
    return {tokenizer.entry(found.number).piece: found for found in reach(tokenizer)}


def _all_texts(alphabet: str, longest: int) -> list[str]:
    return ["".join(each) for size in range(1, longest + 1) for each in itertools.product(alphabet, repeat=size)]


def _check(tokenizer: OpenTokenizer, texts: list[str]) -> set[int]:
    """Witnesses give their entries, and nothing is given that is said to be unreachable; the ids that texts give."""
    found = {each.number: each for each in reach(tokenizer)}
    for each in found.values():
        assert (each.witness is None) == (each.reason is not None)
        if each.witness is not None:
            assert each.number in tokenizer.encode(each.witness).ids
    given = {number for ids in tokenizer.encode_batch(texts) for number in ids} & found.keys()
    assert given <= {number for number, each in found.items() if each.witness is not None}
    return given


@pytest.mark.parametrize("seed", range(3))
def test_merges_against_all_short_texts(seed: int) -> None:
    draw = random.Random(seed)
    pieces = [LETTERS[byte] for byte in " ab1é".encode()]
    merges: list[tuple[str, str]] = []
    while len(merges) < 20:
        pair = (draw.choice(pieces), draw.choice(pieces))
        if pair not in merges and len("".join(pair)) < 5:
            merges.append(pair)
            pieces.append("".join(pair))
    tokenizer = _byte_level(merges)
    given = _check(tokenizer, _all_texts(" ab1é", 5))
    letters = {tokenizer.entry(n).piece for n in tokenizer.numbers} - set(LETTERS.values())
    reached = {piece for piece, each in _by_piece(tokenizer).items() if each.witness is not None}
    whole = {p for p in letters if not set(bytes(byte_level_table()[c] for c in p)) & {0xC3, 0xA9}}
    assert reached & whole == {tokenizer.entry(number).piece for number in given} & whole


@pytest.mark.parametrize("seed", range(3))
def test_longest_matches_against_all_short_texts(seed: int) -> None:
    draw = random.Random(seed)
    words = {"".join(draw.choices("ab.", k=draw.randint(1, 4))) for _ in range(14)}
    tokenizer = _wordpiece(*sorted({mark + word for word in words for mark in draw.choices(["", "##"], k=2)}))
    given = _check(tokenizer, _all_texts("ab. ", 6))
    assert given == {each.number for each in reach(tokenizer) if each.witness is not None}


@pytest.mark.parametrize("seed", range(3))
def test_probabilities_against_all_short_texts(seed: int) -> None:
    draw = random.Random(seed)
    words = sorted({"".join(draw.choices("ab▁", k=draw.randint(1, 4))) for _ in range(16)} | {"a", "b", "▁"})
    library = Tokenizer(models.Unigram([("<unk>", 0.0), *((word, -draw.uniform(1, 9)) for word in words)], 0, False))
    library.pre_tokenizer = pre_tokenizers.Metaspace(split=False)
    library.decoder = decoders.Metaspace()
    tokenizer = _opened(library)
    given = _check(tokenizer, _all_texts("ab .", 6))
    assert given == {each.number for each in reach(tokenizer) if each.witness is not None}


def test_own_merges_that_part_an_entry() -> None:
    found = _by_piece(_byte_level([("a", "b"), ("b", "c"), ("a", "bc")], ["xyz"]))
    assert (found["abc"].reason, found["xyz"].reason) == ("cut", "cut")  # ab+c comes first; no merge makes xyz
    assert found["abc"].proved
    assert found["bc"].witness == "bc"


def test_bytes_that_no_text_has_and_a_string_that_is_no_bytes() -> None:
    found = _by_piece(_byte_level([], ["日", " a"]))
    assert {piece for piece, each in found.items() if each.reason == "no UTF-8"} == {
        LETTERS[byte] for byte in (0xC0, 0xC1, *range(0xF5, 0x100))
    }
    assert (found["日"].reason, found[" a"].reason) == ("misspelled", "misspelled")


def test_a_part_of_a_character_that_is_merged_with_whatever_completes_it() -> None:
    lead = LETTERS[0xC3]
    found = _by_piece(_byte_level([(lead, LETTERS[byte]) for byte in range(0x80, 0xC0)]))
    assert found[lead].reason == "cut"
    most = _by_piece(_byte_level([(lead, LETTERS[byte]) for byte in range(0x81, 0xC0)]))
    assert most[lead].witness == "À"


def test_an_end_of_characters_that_merges_leave_over_once_in_a_while() -> None:
    tail = LETTERS[0xA9]
    found = _by_piece(_byte_level([(LETTERS[before], tail) for before in range(0x80, 0xF5)]))
    witness = found[tail].witness
    assert witness is not None
    assert witness.encode().endswith(b"\xa9\xa9")  # the first is merged with what stands before it


def test_a_pattern_that_always_parts_an_entry() -> None:
    found = _by_piece(_byte_level([("'", "S"), ("'", "s"), ("a", "1"), ("Ġ", "a"), ("a", "Ġ")]))
    assert {piece for piece, each in found.items() if each.reason == "parted"} == {"'S", "a1", "aĠ"}
    assert not found["a1"].proved
    assert (found["Ġa"].witness, found["'s"].witness) == (" a", "'s")


def test_entries_inside_words() -> None:
    found = _by_piece(_wordpiece("a", "ab", "##b", "b", ".", "##.", "中", "##中", "[", "##]", "A", "##"))
    assert found["##b"].witness in ("abb", "bb")  # not ab, which is an entry
    assert {piece: each.reason for piece, each in found.items() if each.witness is None} == {
        "##.": "parted", "##中": "parted", "##]": "parted", "##": "empty",
    }  # fmt: skip


def test_a_normaliser_that_never_leaves_an_entry() -> None:
    found = _by_piece(_wordpiece("a", "A", "É", "##B", "e", lowercase=True))
    assert {piece for piece, each in found.items() if each.reason == "normalised"} == {"A", "É", "##B"}


def test_bytes_are_given_for_characters_that_have_no_entry() -> None:
    latin = [chr(code) for code in range(0xC0, 0x100)]
    pieces = [*(f"<0x{byte:02X}>" for byte in range(256)), "a", *latin]
    library = Tokenizer(models.BPE(vocab={p: n for n, p in enumerate(pieces)}, merges=[], byte_fallback=True))
    library.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    found = _by_piece(_opened(library))
    never = {piece for piece, each in found.items() if each.reason == "never bytes"}
    assert never == {"<0x61>", "<0xC3>"}  # a, and À to ÿ
    assert (found["<0x62>"].witness, found["<0xC2>"].reason) == ("b", None)
    assert found["<0xFF>"].reason == "no UTF-8"


def test_special_and_unknown_tokens_are_not_asked_about() -> None:
    library = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    library.add_special_tokens(["[CLS]"])
    library.decoder = decoders.WordPiece()
    assert [each.number for each in reach(_opened(library))] == [1]


def test_gpt2_lacks_texts_for_thirteen_bytes_alone(corpora: Path) -> None:
    file = corpora / "tokenizers" / "tiktoken" / "gpt2.tiktoken"
    tokenizer = open_tokenizer(file)
    found = reach(tokenizer)
    raws = [base64.b64decode(line.split()[0]) for line in file.read_bytes().splitlines()]
    assert len(found) == len(raws) == 50256
    assert {raws[each.number] for each in found if each.witness is None} == {
        bytes([byte]) for byte in (0xC0, 0xC1, *range(0xF5, 0x100))
    }


def test_whisper_has_an_empty_entry_and_contractions_in_capitals(corpora: Path) -> None:
    found = _by_piece(open_tokenizer(corpora / "tokenizers" / "tiktoken" / "multilingual.tiktoken"))
    assert {piece for piece, each in found.items() if each.reason == "parted"} == {"'S", "'T", "'M", "'RE", "'D"}
    assert found[""].reason == "empty"


def test_bert_cannot_give_signs_inside_words_and_what_was_left_free(corpora: Path) -> None:
    found = _by_piece(open_tokenizer(corpora / "tokenizers" / "bert-base-uncased"))
    never = {piece for piece, each in found.items() if each.witness is None}
    free = {piece for piece in found if re.fullmatch(r"\[unused\d+\]", piece)}
    assert len(free) == 994
    assert free <= never
    inside = never - free
    assert len(inside) > 300
    for piece in inside:
        sign = piece.removeprefix("##")[0]
        ideograph = "CJK" in unicodedata.name(sign, "")
        assert ideograph or unicodedata.category(sign)[0] in "PS", piece
