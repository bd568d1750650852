"""Running text as windows: what is read, packed and left to predict, against a plain reading of the text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atento.core.errors import DataError
from atento.core.vocabulary import Vocabulary
from atento.data import documents
from atento.data.text_batching import TextBatches, collate_text, plan_windows
from atento.data.text_dataset import TextCorpus, TextDataset, open_texts
from atento.data.text_files import TextFiles
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.training import train_tokenizer

VOCABULARY = Vocabulary(source_size=50, target_size=50, shared=True)
DOCUMENTS = st.lists(st.lists(st.integers(4, 40), max_size=7), min_size=1, max_size=8)


def dataset_of(texts: Sequence[Sequence[Sequence[int]]], weights: Sequence[float] | None = None) -> TextDataset:
    corpora = []
    for number, text in enumerate(texts):
        lengths = np.array([len(document) + 1 for document in text], np.int64)
        corpora.append(
            TextCorpus(
                name=f"text {number}", weight=1.0 if weights is None else weights[number],
                ids=np.array([token for document in text for token in document], np.uint16),
                begins=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
                size=0, lines=np.arange(len(text)),
            )
        )  # fmt: skip
    return TextDataset(corpora)


def plain(text: Sequence[Sequence[int]]) -> list[tuple[int, int, int]]:
    """(read, predicted, document) at every place."""
    places = []
    for number, document in enumerate(text):
        places += [(read, label, number) for read, label in zip([2, *document], [*document, 3], strict=True)]
    return places


@settings(max_examples=80)
@given(texts=st.lists(DOCUMENTS, min_size=1, max_size=3), context=st.integers(1, 9), epoch=st.integers(0, 3))
def test_an_epoch_reads_every_place_once(texts: list[list[list[int]]], context: int, epoch: int) -> None:
    dataset = dataset_of(texts)
    for moved in (True, False):
        windows = plan_windows(dataset, context, seed=1, epoch=epoch, moved=moved)
        assert (windows.ends - windows.begins).min() >= 1
        assert (windows.ends - windows.begins).max() <= context
        batch = collate_text(dataset, windows, VOCABULARY)
        found: list[list[tuple[int, int, int]]] = [[] for _ in texts]
        order = np.lexsort((windows.begins, windows.corpus))
        for row in order.tolist():
            real = batch.mask[row]
            segments = batch.segments[row, real].tolist() if batch.segments is not None else None
            read, labels = batch.inputs[row, real].tolist(), batch.labels[row, real].tolist()
            begin, corpus = int(windows.begins[row]), int(windows.corpus[row])
            numbers = [plain(texts[corpus])[begin + i][2] for i in range(len(read))]
            if segments is not None:
                assert segments == numbers
            else:
                assert len(set(numbers)) == 1
            found[corpus] += list(zip(read, labels, numbers, strict=True))
        assert found == [plain(text) for text in texts]
        assert batch.count == dataset.places == sum(len(plain(text)) for text in texts)
        assert (batch.inputs[~batch.mask] == VOCABULARY.pad).all()


def test_epochs_differ_and_a_seed_decides() -> None:
    dataset = dataset_of([[list(range(4, 40)) * 20]])

    def plan(seed: int, epoch: int) -> Any:
        batches = TextBatches(dataset, VOCABULARY, context=16, budget=64, seed=seed)
        return [entry.begins.tolist() for entry in batches.plan(epoch)]

    assert plan(1, 0) == plan(1, 0)
    assert plan(1, 0) != plan(1, 1)
    assert plan(1, 0) != plan(2, 0)
    batches = TextBatches(dataset, VOCABULARY, context=16, budget=64, seed=1)
    assert all(len(entry) <= 4 for entry in batches.plan(0))
    assert sum(batch.count for batch in batches.epoch(3)) == dataset.places


def test_a_weight_says_how_often_a_text_is_read() -> None:
    dataset = dataset_of([[[5] * 319], [[6] * 319]], [2.0, 0.5])
    windows = plan_windows(dataset, 10, seed=1, epoch=0, moved=False)
    assert np.bincount(windows.corpus).tolist() == [64, 16]


def test_a_context_must_fit_into_a_batch() -> None:
    with pytest.raises(DataError, match="context of 16 tokens does not fit into a batch of 15"):
        TextBatches(dataset_of([[[5] * 99]]), VOCABULARY, context=16, budget=15, seed=1)


@pytest.mark.parametrize("kind", ["char", "bpe", "byte-bpe", "unigram", "word", "wordpiece"])
def test_pieces_give_the_ids_of_the_whole_where_they_can(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        "A vida é bela, é breve.",
        "",
        "O que é a vida?",
        "  Diga lá,",
        "meu irmão!",
        "ção 12 34",
        "\u0301x",
        "Numa só linha: a vida é bela, é breve, o que é 12 34  a vida \u0301x? Diga lá, meu irmão! " * 2,
        "fim",
    ] * 9
    text = "".join(f"{line}\n" for line in lines)
    path = tmp_path / "text.txt"
    path.write_text(text, encoding="utf-8")
    sizes = {"char": 99, "bpe": 300, "byte-bpe": 290, "unigram": 304, "word": 12, "wordpiece": 90}
    tokenizer = train_tokenizer([text] * 2, TokenizerConfig(kind=kind, vocab_size=sizes[kind]))
    monkeypatch.setattr(documents, "PIECE", 30)
    dataset = open_texts([TextFiles(text=str(path))], "file", tokenizer, cache=tmp_path / "cache")
    [corpus] = dataset.corpora
    pieces = list(documents.read_pieces(TextFiles(text=str(path)), "file"))
    assert len(pieces) > 5
    if tokenizer.tiles:
        assert corpus.document(0).tolist() == tokenizer.encode_batch([text])[0]
    else:  # it joins words over line ends, so what is cut apart must be documents of its own
        kept = [piece.text for piece in pieces if piece.text.strip()]
        assert [corpus.document(number).tolist() for number in range(corpus.documents)] == tokenizer.encode_batch(kept)
    assert dataset.size == len(text.encode())


def test_what_was_encoded_is_found_again_and_a_changed_text_is_not(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("um dois\ntrês\n", encoding="utf-8")
    tokenizer = train_tokenizer(["um dois três quatro"], TokenizerConfig(kind="char"))
    files, cache = TextFiles(text=str(path)), tmp_path / "cache"
    first = open_texts([files], "line", tokenizer, cache=cache)
    assert [tokenizer.decode(first.corpora[0].document(number)) for number in (0, 1)] == ["um dois", "três"]
    assert len(list((cache / "encoded").iterdir())) == 1
    for damage in (None, b"{", b'{"\xff": 1}'):
        if damage is not None:
            next((cache / "encoded").rglob("encoded.json")).write_bytes(damage)
        assert open_texts([files], "line", tokenizer, cache=cache).documents == 2
        assert len(list((cache / "encoded").iterdir())) == 1
    open_texts([files], "file", tokenizer, cache=cache)
    path.write_text("um\n", encoding="utf-8")
    assert open_texts([files], "line", tokenizer, cache=cache).documents == 1
    assert len(list((cache / "encoded").iterdir())) == 3
