"""The course's figures for two vocabularies that have to be given: ATENTO_LLAMA3 and ATENTO_GPT4O name their files.

(Llama 3's ``tokenizer.model`` in tiktoken's form or its ``tokenizer.json``; ``o200k_base.tiktoken``.)
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from atento.text.opened.opening import open_tokenizer
from atento.text.opened.protocol import OpenTokenizer
from atento.text.vocabularies.overlap import overlap

SENTENCE = "E a vida o que é, diga lá meu irmão"


def given(variable: str, pattern: str) -> OpenTokenizer:
    path = os.environ.get(variable)
    if not path:
        pytest.skip(f"{variable} names no tokenizer file")
    return open_tokenizer(path, pattern=pattern if Path(path).suffix == ".tiktoken" else None)


def test_llama_3() -> None:
    llama = given("ATENTO_LLAMA3", "llama3")
    assert llama.size == 128_256
    assert len(llama.encode(SENTENCE).ids) == 13


def test_gpt_4o() -> None:
    gpt = given("ATENTO_GPT4O", "o200k")
    assert max(gpt.numbers) + 1 == 200_019
    assert len(gpt.encode(SENTENCE).ids) == 11


def test_tokens_in_common() -> None:
    found = overlap(given("ATENTO_LLAMA3", "llama3"), given("ATENTO_GPT4O", "o200k"))
    assert 40_094 in (len(found.on_bytes.common), len(found.on_strings.common))
