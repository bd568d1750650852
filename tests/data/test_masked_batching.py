"""Rows for masked language models: every token is read, documents stay apart, and pairs are what they say."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from atento.bundle import vocabulary_of
from atento.core.errors import DataError
from atento.data.chunks import plan_chunks
from atento.data.masked_batching import MaskedBatch, MaskedBatches, paired
from atento.data.masking import MaskingConfig
from atento.data.text_dataset import TextDataset, open_texts
from atento.data.text_files import Documents, TextFiles
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer
from atento.text.word_parts import word_parts

LINES = ["a vida é bela e breve", "o que", "é", "diga lá, meu irmão, onde fica a casa?", "inimagináveis amigos"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer([*LINES, "\n"], TokenizerConfig(kind="char", mask=True))


@pytest.fixture
def dataset(tmp_path: Path, tokenizer: Tokenizer) -> TextDataset:
    return opened(tmp_path, tokenizer, "line")


def opened(folder: Path, tokenizer: Tokenizer, documents: Documents, times: int = 1) -> TextDataset:
    path = folder / "text.txt"
    path.write_text("\n".join(LINES * times) + "\n", encoding="utf-8")
    return open_texts([TextFiles(text=str(path))], documents, tokenizer, cache=folder)


def batches_of(dataset: TextDataset, tokenizer: Tokenizer, **options: object) -> MaskedBatches:
    settings = {"context": 12, "budget": 60, "seed": 1} | options
    masking = settings.pop("masking", MaskingConfig())
    return MaskedBatches(dataset, vocabulary_of(tokenizer, tokenizer), masking, **settings)  # type: ignore[arg-type]


def restored(batch: MaskedBatch) -> torch.Tensor:
    tokens = batch.inputs.clone()
    tokens[batch.chosen] = batch.labels
    return tokens


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("longest", [4, 10, 100])
def test_chunks_hold_every_token_once_and_no_two_documents(dataset: TextDataset, longest: int, moved: bool) -> None:
    for epoch in range(3):
        chunks = plan_chunks(dataset, longest, seed=2, epoch=epoch, moved=moved)
        assert chunks.lengths.max() <= longest
        assert chunks.lengths.min() >= 1
        for number, line in enumerate(LINES):
            mine = chunks.select(chunks.document == number)
            places = np.concatenate([np.arange(b, e) for b, e in zip(mine.begins, mine.ends, strict=True)])
            assert places.tolist() == list(range(len(line)))


def test_cuts_move_from_epoch_to_epoch(dataset: TextDataset) -> None:
    cuts = {tuple(plan_chunks(dataset, 5, seed=1, epoch=epoch).begins) for epoch in range(5)}
    assert len(cuts) > 1


def test_rows_are_framed_texts_and_an_epoch_reads_all(dataset: TextDataset, tokenizer: Tokenizer) -> None:
    texts = []
    for batch in batches_of(dataset, tokenizer, moved=False).epoch():
        assert batch.types is None
        assert batch.follows is None
        assert batch.inputs.shape[0] * batch.inputs.shape[1] <= 60
        assert batch.tokens == int(batch.mask.sum())
        assert bool((batch.chosen.sum(1) >= 1).all())
        for row, mask in zip(restored(batch), batch.mask, strict=True):
            real = row[mask].tolist()
            assert (real[0], real[-1]) == (tokenizer.bos, tokenizer.eos)
            assert set(row[~mask].tolist()) <= {tokenizer.pad}
            texts.append(tokenizer.decode(real[1:-1]))
    cut = []
    for line in LINES:
        pieces = -(-len(line) // 10)
        bounds = [len(line) * place // pieces for place in range(pieces + 1)]
        cut += [line[begin:end] for begin, end in itertools.pairwise(bounds)]
    assert sorted(texts) == sorted(cut)


def test_the_same_place_gives_the_same_batch_and_another_epoch_other_masks(
    dataset: TextDataset, tokenizer: Tokenizer
) -> None:
    batches, again = (batches_of(dataset, tokenizer) for _ in range(2))
    for first, second in zip(batches.epoch(3), again.epoch(3), strict=True):
        assert torch.equal(first.inputs, second.inputs)
        assert torch.equal(first.chosen, second.chosen)
    still = batches_of(dataset, tokenizer, moved=False, context=60, budget=600)
    masks = {tuple(batch.chosen.flatten().tolist()) for epoch in range(4) for batch in still.epoch(epoch)}
    assert len(masks) > 1


@pytest.mark.parametrize("documents", ["line", "file"])
def test_half_of_the_pairs_follow(tmp_path: Path, tokenizer: Tokenizer, documents: Documents) -> None:
    dataset = opened(tmp_path, tokenizer, documents, times=40)
    batches = batches_of(dataset, tokenizer, pairs=True, context=20, budget=400)
    whole = "".join(f"{line}\n" for line in LINES * 40)
    follows = []
    for batch in batches.epoch():
        assert batch.types is not None
        assert batch.follows is not None
        assert batch.inputs.shape[1] <= 20
        for row, mask, types, other in zip(restored(batch), batch.mask, batch.types, batch.follows, strict=True):
            real, kinds = row[mask].tolist(), types[mask].tolist()
            middle = real.index(tokenizer.eos)
            assert kinds == [0] * (middle + 1) + [1] * (len(real) - middle - 1)
            assert real.count(tokenizer.eos) == 2
            first, second = tokenizer.decode(real[1:middle]), tokenizer.decode(real[middle + 1 : -1])
            assert first
            assert second
            if not other:
                assert first + second in whole
            follows.append(int(other))
    assert np.mean(follows) == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("sizes", [[300, 300], [40, 12, 90, 25, 7, 33] * 20, [400]])
def test_neither_length_nor_place_tells_whether_a_second_text_follows(
    tmp_path: Path, tokenizer: Tokenizer, sizes: list[int]
) -> None:
    """Long documents, short ones, and a single one; half of the rows are of each kind, whatever there is."""
    letters = "".join(LINES).replace(" ", "")
    lines = [(letters * 9)[number : number + size] for number, size in enumerate(sizes)]
    (tmp_path / "text").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    files = [TextFiles(text=str(tmp_path / "text"))]
    dataset = open_texts(files, "line", tokenizer, cache=tmp_path / "encoded")
    batches = batches_of(dataset, tokenizer, pairs=True, context=20, budget=400)
    seconds: dict[int, list[int]] = {0: [], 1: []}
    for epoch in range(40 if len(sizes) < 10 else 8):
        for batch in batches.epoch(epoch):
            assert batch.types is not None
            assert batch.follows is not None
            for length, other in zip(batch.types.sum(1).tolist(), batch.follows.tolist(), strict=True):
                seconds[other].append(length)
    follows, foreign = (np.array(seconds[kind]) for kind in (0, 1))
    assert len(foreign) / (len(follows) + len(foreign)) == pytest.approx(0.5, abs=0.05)
    assert foreign.mean() == pytest.approx(follows.mean(), abs=0.6)
    for bound in (2, 5, 10, 15):
        assert (foreign > bound).mean() == pytest.approx((follows > bound).mean(), abs=0.06)


def test_a_second_text_that_does_not_follow_is_of_another_document(tmp_path: Path, tokenizer: Tokenizer) -> None:
    """Every document has one letter of its own."""
    for name, letters in (("first", "aeio"), ("second", "dlb")):
        (tmp_path / name).write_text("".join(f"{letter * 50}\n" for letter in letters), encoding="utf-8")
    files = [TextFiles(text=str(tmp_path / name)) for name in ("first", "second")]
    dataset = open_texts(files, "line", tokenizer, cache=tmp_path / "encoded")
    batches = batches_of(dataset, tokenizer, pairs=True, context=12, budget=120)
    seen = set()
    for batch in (batch for epoch in range(30) for batch in batches.epoch(epoch)):
        assert batch.types is not None
        assert batch.follows is not None
        for row, mask, other in zip(restored(batch), batch.mask, batch.follows.tolist(), strict=True):
            real = row[mask].tolist()
            middle = real.index(tokenizer.eos)
            first, second = {*tokenizer.decode(real[1:middle])}, {*tokenizer.decode(real[middle + 1 : -1])}
            assert len(first) == len(second) == 1
            assert (first != second) == bool(other)
            seen |= {(*first, *second)}
    assert len(seen) == 7 * 7, "every document beside every other, and beside itself"


def test_two_separators_stand_between_texts() -> None:
    tokenizer = train_tokenizer(LINES, TokenizerConfig(kind="char", mask=True))
    vocabulary = vocabulary_of(tokenizer, tokenizer)
    first, second = np.array([[7, 8], [9, 0]]), np.array([[5, 0, 0], [6, 7, 8]])
    tokens, real, types = paired(first, first > 0, second, second > 0, vocabulary, separators=2)
    assert tokens.tolist() == [[2, 7, 8, 3, 3, 5, 3, 0], [2, 9, 3, 3, 6, 7, 8, 3]]
    assert real.tolist() == [[True] * 7 + [False], [True] * 8]
    assert types.tolist() == [[0, 0, 0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 1, 1, 1]]


@pytest.mark.parametrize(("kind", "size"), [("wordpiece", 60), ("byte-bpe", 280), ("unigram", 292), ("bpe", 300)])
def test_whole_words_are_hidden_whole(tmp_path: Path, kind: Kind, size: int) -> None:
    config = TokenizerConfig(kind=kind, vocab_size=size, mask=True, min_frequency=1)
    tokenizer = train_tokenizer(LINES, config)
    dataset = opened(tmp_path, tokenizer, "line")
    parts = word_parts(tokenizer)
    masking = MaskingConfig(whole_words=True, rate=0.3, mask=1.0, random=0.0)
    batches = batches_of(dataset, tokenizer, masking=masking, words=parts, context=100, budget=1000, moved=False)
    seen = 0
    for epoch in range(5):
        for batch in batches.epoch(epoch):
            for row, chosen, mask in zip(restored(batch), batch.chosen, batch.mask, strict=True):
                ids = row[mask].tolist()[1:-1]
                surface = tokenizer.surface(ids)
                raw = surface.text.encode()
                for place, (token, span) in enumerate(zip(ids, surface.spans, strict=True)):
                    before = surface.spans[place - 1] if place else None
                    if span is None or before is None or before[1] != span[0] or token == tokenizer.unk:
                        continue
                    joined = raw[: span[0]].decode(errors="ignore")[-1:] + raw[span[0] :].decode(errors="ignore")[:1]
                    if len(joined) == 2 and joined.isalpha() and ids[place - 1] != tokenizer.unk:
                        assert chosen[place] == chosen[place + 1], (surface.text, place)
                        seen += 1
    assert seen > 20


def test_what_does_not_fit_is_refused(dataset: TextDataset, tokenizer: Tokenizer) -> None:
    with pytest.raises(DataError, match="does not fit into a batch"):
        batches_of(dataset, tokenizer, context=61)
    with pytest.raises(DataError, match="holds no text"):
        batches_of(dataset, tokenizer, context=3, pairs=True)
