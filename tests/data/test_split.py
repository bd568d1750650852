from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atento.core.errors import ConfigurationError, DataError
from atento.data.corpus_files import CorpusFiles
from atento.data.hashes import hash_texts
from atento.data.readers import read_pairs
from atento.data.split import SplitConfig, SplitOutput, SplitReport, connected_groups, split_corpus

WORD = st.sampled_from([f"{letter}{n}" for letter in "abAB" for n in range(12)])
TIDY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


def write(folder: Path, pairs: list[tuple[str, str]]) -> CorpusFiles:
    for side, suffix in enumerate(("pt", "es")):
        (folder / f"c.{suffix}").write_text("".join(pair[side] + "\n" for pair in pairs), encoding="utf-8")
    return CorpusFiles.of([folder / "c.pt", folder / "c.es"])


def split(
    folder: Path, corpus: CorpusFiles, config: SplitConfig
) -> tuple[SplitReport, dict[str, list[tuple[str, str]]]]:
    output = SplitOutput.in_folder(folder / "parts", "pt", "es")
    report = split_corpus(corpus, output, config)
    sizes = {"train": report.train, "dev": report.dev, "test": report.test}
    parts = {
        name: [(pair.source, pair.target) for pair in read_pairs(getattr(output, name))] if size else []
        for name, size in sizes.items()
    }
    assert {name: len(pairs) for name, pairs in parts.items()} == sizes
    return report, parts


@given(st.lists(st.tuples(WORD, WORD), min_size=4, max_size=60), st.integers(0, 5))
@TIDY
def test_parts_are_the_corpus_and_share_no_sentence(tmp_path, pairs, seed):
    corpus = write(tmp_path, pairs)
    try:
        _, parts = split(tmp_path, corpus, SplitConfig(dev=0.1, test=2, seed=seed))
    except DataError as error:
        assert "share a sentence" in str(error)  # noqa: PT017 - it depends on the drawn pairs
        return
    assert sorted(pair for part in parts.values() for pair in part) == sorted(pairs)
    for side in (0, 1):
        sentences = [{pair[side].casefold() for pair in part} for part in parts.values()]
        assert not sentences[0] & sentences[1]
        assert not sentences[0] & sentences[2]
        assert not sentences[1] & sentences[2]


def test_sizes_by_count_and_fraction_are_exact_where_nothing_repeats(tmp_path):
    corpus = write(tmp_path, [(f"s{n}", f"t{n}") for n in range(200)])
    report, parts = split(tmp_path, corpus, SplitConfig(dev=0.1, test=7, seed=3))
    assert (report.train, report.dev, report.test) == (173, 20, 7)
    assert (report.groups, report.largest_group) == (200, 1)
    assert parts["train"] == sorted(parts["train"], key=lambda pair: int(pair[0][1:])), "the corpus's order stays"
    other = split(tmp_path, corpus, SplitConfig(dev=0.1, test=7, seed=4))[1]
    assert other["test"] != parts["test"]


def test_a_part_of_size_nought_has_no_file(tmp_path):
    corpus = write(tmp_path, [(f"s{n}", f"t{n}") for n in range(20)])
    report, _ = split(tmp_path, corpus, SplitConfig(dev=2, test=0))
    assert (report.train, report.dev, report.test) == (18, 2, 0)
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["dev.es", "dev.pt", "train.es", "train.pt"]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=60))
def test_groups_are_the_connected_components(pairs):
    source, target = (hash_texts(map(str, side)) for side in zip(*pairs, strict=True))
    groups = connected_groups(source, target).tolist()
    expected: list[int] = list(range(len(pairs)))
    for _ in pairs:
        for i, a in enumerate(pairs):
            for j, b in enumerate(pairs):
                if a[0] == b[0] or a[1] == b[1]:
                    expected[i] = expected[j] = min(expected[i], expected[j])
    assert groups == np.unique(expected, return_inverse=True)[1].tolist()


def test_a_long_chain_is_one_group():
    numbers = np.arange(1000, dtype=np.uint64)
    assert connected_groups(numbers // 2, (numbers + 1) // 2).tolist() == [0] * 1000


def test_the_hash_seed_of_the_process_does_not_matter(tmp_path):
    corpus = write(tmp_path, [(f"s{n % 70}", f"t{n}") for n in range(100)])
    code = (
        "import sys; from pathlib import Path; from atento.data.corpus_files import CorpusFiles\n"
        "from atento.data.split import SplitOutput, SplitConfig, split_corpus\n"
        "out = Path(sys.argv[1])\n"
        f"split_corpus(CorpusFiles.of([{corpus.source!r}, {corpus.target!r}]),"
        " SplitOutput.in_folder(out, 'pt', 'es'), SplitConfig(dev=5, test=5))\n"
    )
    results = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code, str(folder)], check=True, env=environment)
        results.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert results[0] == results[1]


def test_impossible_sizes_are_refused(tmp_path):
    corpus = write(tmp_path, [(f"s{n}", f"t{n}") for n in range(10)])
    with pytest.raises(DataError, match="10 pairs cannot give 5 for dev and 5 for test"):
        split(tmp_path, corpus, SplitConfig(dev=5, test=5))
    with pytest.raises(DataError, match="largest group of pairs that share a sentence has 10 of 10"):
        split(tmp_path, write(tmp_path, [("sim", f"t{n}") for n in range(10)]), SplitConfig(dev=2, test=0))
    with pytest.raises(ConfigurationError, match=r"dev = 1\.5"):
        SplitConfig(dev=1.5)
    with pytest.raises(ConfigurationError, match="test = -1"):
        SplitConfig(test=-1)
    with pytest.raises(ConfigurationError, match="name a file for every part"):
        split_corpus(corpus, SplitOutput(train=CorpusFiles.of([tmp_path / "o.tsv"])))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.es", "c.pt"]
