"""Ids and texts are those of each tokenizer's own library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import tiktoken
import tokenizers
import transformers
from tests.text.conftest import HARD, OURS, varied
from tiktoken.load import load_tiktoken_bpe

from atento.text.opened.opening import open_tokenizer
from atento.text.opened.protocol import OpenTokenizer

Batch = Callable[[list[str]], list[list[int]]]
SENTENCE_PIECE = ("sp-unigram", "sp-unigram-bytes", "sp-bpe", "sp-bpe-bytes")
REDUCED, WHOLE = 1200, 20_000


def of_tokenizers(library: tokenizers.Tokenizer) -> Batch:
    def encode(texts: list[str]) -> list[list[int]]:
        library.encode_special_tokens = True
        return [encoding.ids for encoding in library.encode_batch(texts, add_special_tokens=False)]

    return encode


def of_transformers(library: Any) -> Batch:
    return lambda texts: library(texts, add_special_tokens=False, split_special_tokens=True)["input_ids"]


def of_sentence_piece(path: Path) -> Batch:
    return lambda texts: sentencepiece.SentencePieceProcessor(model_file=str(path)).encode(texts)


def of_tiktoken(path: Path) -> Batch:
    ranks = load_tiktoken_bpe(str(path))
    pattern = r"""'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}]+| ?[\p{N}]+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""  # GPT-2's own
    return tiktoken.Encoding("own", pat_str=pattern, mergeable_ranks=ranks, special_tokens={}).encode_ordinary_batch


@pytest.mark.parametrize("name", [*OURS, "strange"])
def test_tokenizer_json(files: dict[str, Path], opened: dict[str, OpenTokenizer], name: str) -> None:
    agree(opened[name], of_tokenizers(tokenizers.Tokenizer.from_file(str(files[name]))), [*HARD, *varied(200)])


@pytest.mark.parametrize("name", SENTENCE_PIECE)
def test_sentence_piece(files: dict[str, Path], opened: dict[str, OpenTokenizer], name: str) -> None:
    agree(opened[name], of_sentence_piece(files[name]), [*HARD, *varied(200)])


def test_tiktoken(files: dict[str, Path], opened: dict[str, OpenTokenizer]) -> None:
    agree(opened["tiktoken"], of_tiktoken(files["tiktoken"]), [*HARD, *varied(200)])


def test_gpt2(files: dict[str, Path], opened: dict[str, OpenTokenizer]) -> None:
    agree(opened["gpt2"], of_transformers(transformers.GPT2Tokenizer.from_pretrained(files["gpt2"])), HARD)


def test_bert(files: dict[str, Path], opened: dict[str, OpenTokenizer]) -> None:
    agree(opened["bert"], of_transformers(transformers.BertTokenizer.from_pretrained(files["bert"])), HARD)


def agree(tokenizer: OpenTokenizer, reference: Batch, texts: list[str]) -> None:
    expected = [list(ids) for ids in reference(texts)]
    assert tokenizer.encode_batch(texts) == expected
    for text, ids in zip(texts, expected, strict=True):
        assert list(tokenizer.encode(text).ids) == ids


SHARED: dict[str, Callable[[Path], Batch]] = {
    "gpt2": lambda path: of_transformers(transformers.GPT2Tokenizer.from_pretrained(path)),
    "bert-base-uncased": lambda path: of_transformers(transformers.BertTokenizer.from_pretrained(path)),
    "bertimbau-base-cased": lambda path: of_transformers(
        transformers.BertTokenizer.from_pretrained(path, do_lower_case=False)
    ),
    "hf-tokenizer-json": lambda path: of_tokenizers(tokenizers.Tokenizer.from_file(str(path / "tokenizer.json"))),
    "sentencepiece/test_model.model": of_sentence_piece,
    "sentencepiece/mistral_v1_bpe.model": of_sentence_piece,
    "tiktoken/gpt2.tiktoken": of_tiktoken,
    "tiktoken/multilingual.tiktoken": of_tiktoken,
}


def lines(corpora: Path, count: int) -> list[str]:
    """A third from corpora of several languages, two thirds made up."""
    names = ("pt-es/ntrex/ntrex.test.pt", "pt-es/tico19/tico19.test.es", "pt-es/bible/bible.train.pt",
             "pt-es/python-docs/python-docs.train.es", "tokenizers/sentencepiece/botchan.txt")  # fmt: skip
    each = count // 3 // len(names)
    read = [line for name in names for line in (corpora / name).read_text(encoding="utf-8").split("\n")[:each]]
    return [*HARD, *read, *varied(count - len(read))]


@pytest.mark.parametrize("name", SHARED)
def test_published_files(corpora: Path, name: str) -> None:
    check_published(corpora, name, REDUCED)


@pytest.mark.acceptance
@pytest.mark.parametrize("name", SHARED)
def test_published_files_on_many_lines(corpora: Path, name: str) -> None:
    check_published(corpora, name, WHOLE)


def check_published(corpora: Path, name: str, count: int) -> None:
    path = corpora / "tokenizers" / name
    tokenizer, texts = open_tokenizer(path), lines(corpora, count)
    expected = [list(ids) for ids in SHARED[name](path)(texts)]
    found = tokenizer.encode_batch(texts)
    differing = [text for text, a, b in zip(texts, found, expected, strict=True) if a != b]
    assert not differing, f"{len(differing)} of {len(texts)}: {differing[:3]}"
    for text, ids in list(zip(texts, expected, strict=True))[:: max(1, count // REDUCED)]:
        assert list(tokenizer.encode(text).ids) == ids
    if name in ("gpt2", "tiktoken/gpt2.tiktoken", "tiktoken/multilingual.tiktoken"):
        assert tokenizer.decode_batch(expected) == texts


def test_gpt2_is_gpt2_by_either_library(corpora: Path) -> None:
    """Two files of one vocabulary, two libraries, one result."""
    folder = corpora / "tokenizers"
    one, other = open_tokenizer(folder / "gpt2"), open_tokenizer(folder / "tiktoken" / "gpt2.tiktoken")
    texts = lines(corpora, REDUCED)
    assert one.encode_batch(texts) == other.encode_batch(texts)
    assert (one.size, one.specials) == (other.size, other.specials)


def test_the_courses_figures(corpora: Path) -> None:
    tokens = open_tokenizer(corpora / "tokenizers" / "gpt2").encode("amigos inimagináveis")
    assert tokens.ids == (321, 328, 418, 287, 320, 23183, 6557, 303, 271)
