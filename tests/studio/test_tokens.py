from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from atento.text.opened.opening import open_tokenizer
from atento.text.traces.trace import Trace, trace

Post = Callable[..., Any]
TEXT = "a vida é bela\nE não <s>: 👩‍👩‍👧 \u202ec"
FILES = {"bpe.json": "bpe.json", "deep/unigram": "deep/unigram/tokenizer.json", "bert": "bert/vocab.txt"}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("specials", ["text", "parse"])
def test_a_trace_is_the_librarys_own(post: Post, folder: Path, name: str, specials: Any) -> None:
    found = post("tokens", {"tokenizer": name, "text": TEXT, "specials": specials})
    tokenizer = open_tokenizer(folder / FILES[name], name=found["tokenizer"]["name"])
    assert msgspec.convert(found, Trace) == trace(tokenizer, TEXT, specials=specials)


@pytest.mark.parametrize("name", FILES)
def test_every_replay_is_the_traces_own(post: Post, folder: Path, name: str) -> None:
    expected = trace(open_tokenizer(folder / FILES[name]), "a vida bela hoje", steps=True, best=2)
    assert len(expected.pre_tokens) > 1
    for number, part in enumerate(expected.pre_tokens):
        body = {"tokenizer": name, "text": "a vida bela hoje", "specials": "text", "pre_token": number, "best": 2}
        assert post("tokens/replay", body) == msgspec.json.decode(msgspec.json.encode(part.replay))


@pytest.mark.parametrize(("number", "best", "words"), [(4, 3, "pre-token"), (-1, 3, "pre-token"), (0, 0, "best")])
def test_there_is_no_such_replay(post: Post, number: int, best: int, words: str) -> None:
    body = {"tokenizer": "bpe.json", "text": "a vida é bela", "pre_token": number, "best": best}
    assert words in post("tokens/replay", body, 422)


def test_special_tokens_are_refused_on_request(post: Post) -> None:
    assert "<s>" in post("tokens", {"tokenizer": "bpe.json", "text": "a <s>", "specials": "refuse"}, 422)


def test_ids_become_text(post: Post, folder: Path) -> None:
    tokenizer = open_tokenizer(folder / "bpe.json")
    ids = tokenizer.encode("a vida é bela").ids
    found = post("tokens/ids", {"tokenizer": "bpe.json", "ids": [*ids, 2]})
    assert found["text"] == tokenizer.decode([*ids, 2])
    assert [each["id"] for each in found["entries"]] == [*ids, 2]
    assert bytes.fromhex("".join(each["raw"] for each in found["entries"][:-1])).decode() == " a vida é bela"
    assert found["entries"][-1]["role"] == "special"
    assert post("tokens/ids", {"tokenizer": "bpe.json", "ids": []}) == {"text": "", "entries": []}


@pytest.mark.parametrize("ids", [[330], [-1], [2**40]])
def test_an_id_without_an_entry_is_told(post: Post, ids: list[int]) -> None:
    assert str(ids[0]) in post("tokens/ids", {"tokenizer": "bpe.json", "ids": ids}, 422)


def test_too_many_ids_are_refused(post: Post) -> None:
    assert "200,001" in post("tokens/ids", {"tokenizer": "bpe.json", "ids": [1] * 200_001}, 413)


def test_built_in_tokenizers_are_trained_when_they_are_asked_for(post: Post, cache: Path) -> None:
    sentence = "E a vida o que é, diga lá, meu irmão?"
    found = post("tokens", {"tokenizer": "builtin/bpe", "text": sentence})
    assert found["decoded"] == sentence
    assert found["tokenizer"]["size"] == 2000
    [file] = cache.glob("studio/*/bpe.json")
    before = file.stat().st_mtime_ns
    assert post("tokens", {"tokenizer": "builtin/bpe", "text": sentence}) == found
    assert file.stat().st_mtime_ns == before
    assert "builtin/none" in post("tokens", {"tokenizer": "builtin/none", "text": "a"}, 404)
