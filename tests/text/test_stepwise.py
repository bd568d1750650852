"""Text that comes id by id is what decoding all ids at once gives, of every kind of tokenizer; none is taken back."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from atento.text.loading import load_tokenizer
from atento.text.stepwise import after, grow, tail_of
from atento.text.tokenizer import Tokenizer

OURS = ("word", "char", "bpe", "byte-bpe", "wordpiece", "unigram")
SENTENCE_PIECES = ("sp-unigram", "sp-unigram-bytes", "sp-bpe", "sp-bpe-bytes")
KINDS = (*OURS, *SENTENCE_PIECES, "gpt2", "bert")
TEXTS = ["a vida, é bela", "“não” — 你好 😀😀 x", " ", "", "(a) ... b", "  a  b ", "你", "casa￭ ￭ a"]


@pytest.fixture(scope="module")
def tokenizers(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tokenizer]:
    found = {kind: Tokenizer.load(files[kind]) for kind in OURS}
    for kind in SENTENCE_PIECES:
        folder = tmp_path_factory.mktemp(kind)
        shutil.copy(files[kind], folder / "tokenizer.model")
        found[kind] = load_tokenizer(folder)
    return found | {kind: load_tokenizer(files[kind]) for kind in ("gpt2", "bert")}


def sequences(tokenizer: Tokenizer) -> list[tuple[list[int], list[int]]]:
    """Prompts with what follows: texts cut anywhere, any ids at all, and ids that spell parts of characters."""
    draw = random.Random(5)
    texts = tokenizer.encode_batch(TEXTS)
    found = [(ids[:cut], ids[cut:]) for ids in texts for cut in range(len(ids) + 1)]
    several = [number for number in range(tokenizer.size) if tokenizer.unfinished([number])] or [0]
    spaces = [n for n in range(tokenizer.size) if not tokenizer.decode([n]).strip() and not tokenizer.hides(n)] or [0]
    for pool in (range(tokenizer.size), several, [*several, *texts[0]], [*spaces, *texts[0]]):
        for _ in range(25):
            prompt = draw.choice([[], texts[0], texts[1], draw.choices(pool, k=5)])
            found.append((prompt, draw.choices(pool, k=draw.randrange(1, 30))))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_text_of_all_ids_at_every_step(tokenizers: dict[str, Tokenizer], kind: str) -> None:
    tokenizer = tokenizers[kind]
    for prompt, ids in sequences(tokenizer):
        tail, blind, written, shown = tail_of(tokenizer, prompt), tail_of(tokenizer, prompt), "", ""
        for count, number in enumerate(ids, 1):
            [grown] = grow(tokenizer, [tail], [number], unsettled=True)
            [other] = grow(tokenizer, [blind], [number], unsettled=False)
            tail, blind = grown.tail, other.tail
            written, shown = written + grown.settled, shown + other.settled
            whole = after(tokenizer, prompt, ids[:count])
            if not tokenizer.hides(number):
                assert written + grown.unsettled == whole, (prompt, ids[:count])
            assert shown == written
            assert other.unsettled == ""
        assert after(tokenizer, prompt, ids).startswith(written)


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_before_does_not_matter_to_the_work(
    tokenizers: dict[str, Tokenizer], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few ids are decoded for each that is written, after a prompt of any length and however many were written."""
    tokenizer = tokenizers[kind]
    ids = tokenizer.encode_batch(["a vida é bela, meu irmão, e o gato preto vê a casa 你好"])[0] * 12
    decoded = 0

    def counting(self: Any, batch: Sequence[Sequence[int]]) -> list[str]:
        nonlocal decoded
        decoded += sum(map(len, batch))
        return original(self, batch)

    original = Tokenizer.decode_batch
    monkeypatch.setattr(Tokenizer, "decode_batch", counting)
    tail = tail_of(tokenizer, ids)
    for number in ids:
        [grown] = grow(tokenizer, [tail], [number], unsettled=False)
        tail = grown.tail
        assert len(tail.context) + len(tail.pending) < 12
    assert decoded < 8 * len(ids)


def test_several_rows_grow_as_each_alone(tokenizers: dict[str, Tokenizer]) -> None:
    tokenizer = tokenizers["sp-bpe-bytes"]
    found = [pair for pair in sequences(tokenizer) if len(pair[1]) > 3][:20]
    tails = [tail_of(tokenizer, prompt) for prompt, _ in found]
    for step in range(4):
        together = grow(tokenizer, tails, [ids[step] for _, ids in found], unsettled=True)
        alone = [grow(tokenizer, [t], [ids[step]], unsettled=True)[0] for t, (_, ids) in zip(tails, found, strict=True)]
        assert together == alone
        tails = [each.tail for each in together]
