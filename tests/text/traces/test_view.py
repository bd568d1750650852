"""Traces in a notebook and as files: coloured tokens, what is cut, and nothing of a user's that acts."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.formatters import DisplayFormatter
from tests.offline_pages import check_offline

from atento.core.display import save_page
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.opened.opening import open_trained
from atento.text.opened.protocol import OpenTokenizer
from atento.text.traces.describing import counted, names
from atento.text.traces.lanes import Lanes
from atento.text.traces.trace import trace
from atento.text.training import train_tokenizer
from atento.text.words import segment

ATTACK = "<script>alert(1)</script>"
TEXT = f"o gato vê {ATTACK} 😀"

KINDS: tuple[Kind, ...] = ("char", "word", "bpe")


def opened(kind: Kind) -> OpenTokenizer:
    texts = ["o gato vê o peixe", "o peixe vê o gato", ATTACK, "amigos até logo"] * 5
    size = {"byte-bpe": 290, "bpe": 300, "unigram": 284, "word": 20, "char": 40, "wordpiece": 60}[kind]
    return open_trained(train_tokenizer(texts, TokenizerConfig(kind=kind, vocab_size=size, min_frequency=1)))


def test_places_are_named_from_one() -> None:
    assert names((2, 3, 4)) == "3–5"
    assert names((2, 6)) == "3, 7"
    assert names((0,)) == "1"


@pytest.mark.parametrize("kind", ["byte-bpe", "bpe", "wordpiece", "unigram", "char", "word"])
def test_every_token_is_shown_with_its_id(kind: Kind) -> None:
    found = trace(opened(kind), TEXT, steps=True)
    data, _ = DisplayFormatter().format(found)
    assert set(data) == {"text/plain", "text/html", "image/png"}
    assert "|".join(token.label for token in found.tokens) in data["text/plain"]
    read = check_offline(data["text/html"])
    table = read.rows[-len(found.tokens) :]
    assert [row[1:5] for row in table] == [
        [str(token.id), token.label, token.piece, token.raw] for token in found.tokens
    ]
    assert "".join(f"{token.label}{token.id}" for token in found.tokens) in read.text
    assert "Step by step" in read.text
    check_offline(found.to_html())


def test_a_text_of_200_000_characters_stays_small_in_a_notebook() -> None:
    found = trace(opened("byte-bpe"), ("amigos 😀 até logo " * 12_000)[:200_000])
    data, _ = found._repr_mimebundle_()
    assert sum(map(len, data.values())) < 1_000_000
    total = f"The first 300 of {len(found.tokens):,} tokens"
    assert total in data["text/plain"]
    assert f"{total}." in check_offline(data["text/html"]).text
    assert "(200,000 characters)" in data["text/html"]


def test_a_page_of_several_records_has_all_tokens_and_steps(tmp_path: Path) -> None:
    found = trace(opened("byte-bpe"), "amigos 😀 até logo " * 60, steps=True)
    assert len(found.tokens) > 300
    lanes = Lanes(traces=(found,))
    save_page(tmp_path / "both.html", "both", [found, lanes])
    read = check_offline((tmp_path / "both.html").read_text(encoding="utf-8"))
    assert [name for tag, name, value in read.attributes if (tag, value) == ("span", "token")] == ["class"] * (
        2 * len(found.tokens)
    )
    assert len([row for row in read.rows if row[-1] == "ordinary"]) == len(found.tokens)
    assert read.tags.count("pre") == len(found.pre_tokens)
    assert found.text in read.text
    assert "The first" not in read.text


def test_lanes_count_the_tokens_of_a_long_trace() -> None:
    found = trace(opened("byte-bpe"), "amigos 😀 até logo " * 60)
    text = Lanes(traces=(found,))._repr_mimebundle_(include=["text/plain"])[0]["text/plain"]
    assert f"The first 300 of {len(found.tokens):,} tokens." in text
    assert counted(found, len(segment(found.text))) in text


def test_an_empty_text_has_no_picture() -> None:
    data, _ = trace(opened("bpe"), "")._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html"}


def test_lanes_mark_what_they_disagree_about() -> None:
    traces = tuple(trace(opened(kind), TEXT) for kind in KINDS)
    lanes = Lanes(traces=traces)
    data, _ = DisplayFormatter().format(lanes)
    assert set(data) == {"text/plain", "text/html", "image/png"}
    read = check_offline(data["text/html"])
    disputed = sum(len(lanes.disputed_tokens(each)) for each in traces)
    assert read.text.count("‖") == disputed + 1  # and once where the sign is explained
    assert data["text/plain"].count("‖") == disputed + 1
    assert lanes.table().shown[0] in read.rows
    check_offline(lanes.to_html())
