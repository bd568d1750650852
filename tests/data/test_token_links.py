"""Word links become token links, are kept beside the tokens, and come back with the batches."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atento.core.errors import ConfigurationError, DataError
from atento.core.vocabulary import Vocabulary
from atento.data.batching import Batches, collate
from atento.data.corpus_files import CorpusFiles
from atento.data.dataset import ParallelDataset, open_dataset
from atento.data.pharaoh import parse_links
from atento.data.split import SplitConfig, SplitOutput, split_corpus
from atento.text.configuration import TokenizerConfig
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer
from atento.text.words import segment

VOCABULARY = Vocabulary(source_size=300, target_size=300)
PAIRS = [("a casa azul.", "la casa azul."), ("o gato", "el gato"), ("sim", "sí"), ("não vê o gato", "no ve el gato")]
LINKS = ["0-0 1-1 2-2", "0-0 1-1", "", "0-0 1-1 2-2 3-3 3-2"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    texts = [side for pair in PAIRS for side in pair] * 3
    return train_tokenizer(texts, TokenizerConfig(vocab_size=40, min_frequency=1, byte_fallback=False))


def corpus(folder: Path, pairs: list[tuple[str, str]], links: list[str] | None, **options: object) -> CorpusFiles:
    for side, name in enumerate(("s", "t")):
        (folder / name).write_text("".join(pair[side] + "\n" for pair in pairs), encoding="utf-8")
    if links is not None:
        (folder / "align").write_text("".join(f"{line}\n" for line in links), encoding="utf-8")
        options["alignment"] = str(folder / "align")
    return CorpusFiles(source=str(folder / "s"), target=str(folder / "t"), **options)  # type: ignore[arg-type]


def opened(folder: Path, files: CorpusFiles, tokenizer: Tokenizer, max_length: int | None = None) -> ParallelDataset:
    return open_dataset([files], tokenizer, tokenizer, cache=folder / "cache", max_length=max_length)


def words_of(tokenizer: Tokenizer, text: str, how: str = "whitespace") -> list[int | None]:
    """The word that each token begins in, or that begins in it."""
    words = segment(text, how)  # type: ignore[arg-type]
    found = []
    for start, stop in tokenizer.encode(text).spans:
        shared = [max(0, min(stop, end) - max(start, begin)) for begin, end in words]
        found.append(int(np.argmax(shared)) if max(shared) else None)
    return found


@pytest.mark.parametrize("how", ["whitespace", "words"])
def test_each_token_of_a_word_is_linked_to_each_of_the_other(tmp_path: Path, tokenizer: Tokenizer, how: str) -> None:
    links = [*LINKS[:3], "0-0 1-1 2-2 3-3 3?2"]
    dataset = opened(tmp_path, corpus(tmp_path, PAIRS, links, alignment_words=how), tokenizer)
    assert max(len(tokenizer.encode(text).ids) for pair in PAIRS for text in pair) > 4  # words in pieces
    for number, ((source, target), line) in enumerate(zip(PAIRS, links, strict=True)):
        expected = {
            (t, s)
            for t, j in enumerate(words_of(tokenizer, target, how))
            for s, i in enumerate(words_of(tokenizer, source, how))
            if (i, j) in parse_links(line).possible
        }
        found = dataset.links(np.array([number]))
        assert [(t, s) for _, t, s in found.tolist()] == sorted(expected)


def test_numbers_may_count_from_one_and_change_the_cached_corpus(tmp_path: Path, tokenizer: Tokenizer) -> None:
    plain = opened(tmp_path, corpus(tmp_path, PAIRS, None), tokenizer)
    zero = opened(tmp_path, corpus(tmp_path, PAIRS, LINKS), tokenizer)
    shifted = [re.sub(r"\d+", lambda number: str(int(number[0]) + 1), line) for line in LINKS]
    one = opened(tmp_path, corpus(tmp_path, PAIRS, shifted, alignment_one_based=True), tokenizer)
    everything = np.arange(len(PAIRS))
    assert not plain.has_links
    assert plain.links(everything).shape == (0, 3)
    np.testing.assert_array_equal(one.links(everything), zero.links(everything))
    assert len(list((tmp_path / "cache" / "encoded").iterdir())) == 3


def test_batches_carry_links_whose_shares_sum_to_one(tmp_path: Path, tokenizer: Tokenizer) -> None:
    dataset = opened(tmp_path, corpus(tmp_path, PAIRS, LINKS), tokenizer)
    indices = np.array([3, 2, 0])
    batch = collate(dataset, indices, VOCABULARY).to("cpu")
    assert batch.links is not None
    triples = torch.stack([batch.links.rows, batch.links.targets, batch.links.sources], 1)
    torch.testing.assert_close(triples, torch.from_numpy(dataset.links(indices)))
    totals: dict[tuple[int, int], float] = {}
    for (row, target, source), share in zip(triples.tolist(), batch.links.shares.tolist(), strict=True):
        totals[row, target] = totals.get((row, target), 0.0) + share
        assert source < dataset.source_lengths[indices[row]]
        assert target < dataset.target_lengths[indices[row]]
    assert list(totals.values()) == pytest.approx([1.0] * len(totals))
    assert {row for row, _ in totals} == {0, 2}
    without = opened(tmp_path, corpus(tmp_path, PAIRS, None), tokenizer)
    assert collate(without, indices, VOCABULARY).links is None


@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), st.sampled_from([None, 4]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_links_follow_their_pairs_through_several_corpora(
    tmp_path: Path, tokenizer: Tokenizer, chosen: list[int], limit: int | None
) -> None:
    """What is left out for its length, and corpora without links, displace nothing."""
    (tmp_path / "one").mkdir(exist_ok=True)
    (tmp_path / "two").mkdir(exist_ok=True)
    files = [corpus(tmp_path / "one", PAIRS, LINKS), corpus(tmp_path / "two", PAIRS[1:], None)]
    dataset = open_dataset(files, tokenizer, tokenizer, cache=tmp_path / "cache", max_length=limit)
    indices = np.array([number for number in chosen if number < len(dataset)], np.int64)
    found = dataset.links(indices)
    for place, number in enumerate(indices.tolist()):
        name, line = dataset.line(number)
        alone = opened(tmp_path, corpus(tmp_path, [PAIRS[line - 1]], [LINKS[line - 1]]), tokenizer)
        expected = alone.links(np.array([0]))[:, 1:].tolist() if name == files[0].name else []
        assert found[found[:, 0] == place][:, 1:].tolist() == expected


@pytest.mark.parametrize(
    ("links", "words"),
    [
        (LINKS[:3], "align has 3 lines, but .* more pairs"),
        ([*LINKS, "0-0", ""], "align has 6 lines, but .* 4 pairs"),
        (["0-0", "0-0 2-1", "", ""], r"align, line 2: the link 2-1 \(counted from 0\) is outside .* 2 and 2 words"),
        (["0-0", "0=0", "", ""], "align, line 2: '0=0' is no link"),
    ],
)
def test_bad_links_are_one_line_and_leave_nothing(
    tmp_path: Path, tokenizer: Tokenizer, links: list[str], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        opened(tmp_path, corpus(tmp_path, PAIRS, links), tokenizer)
    assert list((tmp_path / "cache" / "encoded").iterdir()) == []


def test_a_missing_file_and_options_without_a_file(tmp_path: Path, tokenizer: Tokenizer) -> None:
    files = corpus(tmp_path, PAIRS, LINKS)
    (tmp_path / "align").unlink()
    with pytest.raises(DataError, match=r"cannot read .*align"):
        opened(tmp_path, files, tokenizer)
    with pytest.raises(ConfigurationError, match="give it too"):
        corpus(tmp_path, PAIRS, None, alignment_one_based=True)
    assert files.relative_to(Path("/elsewhere")).alignment == files.alignment
    assert CorpusFiles(source="s", target="t", alignment="a").relative_to(Path("in")).alignment == str(Path("in/a"))


@pytest.mark.parametrize("victim", ["links.bin", "link_counts.bin"])
def test_damaged_links_are_made_again(tmp_path: Path, tokenizer: Tokenizer, victim: str) -> None:
    files = corpus(tmp_path, PAIRS, LINKS)
    everything = np.arange(len(PAIRS))
    expected = opened(tmp_path, files, tokenizer).links(everything)
    (path,) = (tmp_path / "cache").rglob(victim)
    path.write_bytes(path.read_bytes()[:-4])
    np.testing.assert_array_equal(opened(tmp_path, files, tokenizer).links(everything), expected)


def test_an_epoch_of_batches_has_every_link_once(tmp_path: Path, tokenizer: Tokenizer) -> None:
    dataset = opened(tmp_path, corpus(tmp_path, PAIRS, LINKS), tokenizer)
    batches = Batches(dataset, VOCABULARY, budget=40, seed=1)
    found = [
        (int(batch.indices[row]), target, source)
        for batch in batches.epoch()
        if batch.links is not None
        for row, target, source in zip(
            batch.links.rows.tolist(), batch.links.targets.tolist(), batch.links.sources.tolist(), strict=True
        )
    ]
    assert sorted(found) == sorted(map(tuple, dataset.links(np.arange(len(PAIRS))).tolist()))


def test_a_split_deals_the_links_out_with_the_pairs(tmp_path: Path) -> None:
    pairs = [(f"s{n} x", f"t{n} y") for n in range(20)]
    files = corpus(tmp_path, pairs, [f"{n % 2}-{n % 2}" for n in range(20)])
    names = {name: {"source": f"{name}.s", "target": f"{name}.t"} for name in ("train", "dev")}
    places = {
        name: CorpusFiles(
            **{side: str(tmp_path / file) for side, file in sides.items()}, alignment=str(tmp_path / f"{name}.a")
        )
        for name, sides in names.items()
    }
    split_corpus(files, SplitOutput(train=places["train"], dev=places["dev"]), SplitConfig(dev=5, test=0))
    for name, count in (("train", 15), ("dev", 5)):
        sources, links = ((tmp_path / f"{name}.{side}").read_text().splitlines() for side in ("s", "a"))
        assert len(links) == count
        assert links == [f"{int(line[1:].split()[0]) % 2}-{int(line[1:].split()[0]) % 2}" for line in sources]
    (tmp_path / "align").write_text("0-0\n")
    with pytest.raises(DataError, match="align has 1 lines for 20 pairs"):
        split_corpus(files, SplitOutput(train=places["train"], dev=places["dev"]), SplitConfig(dev=5, test=0))
