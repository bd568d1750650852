from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from atento.cli.arguments import _repeated, _repeated_to_the_end, check_output, corpora_of
from atento.core.errors import ConfigurationError, OutputError

OPTIONS = {"--train", "--valid"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--train a.pt a.es -o r", "--train a.pt --train a.es -o r"),
        ("small --train a.tsv other -o r", "small --train a.tsv other -o r"),
        ("--train a.tsv.gz --valid b.pt b.es", "--train a.tsv.gz --valid b.pt --valid b.es"),
        ("--train a.pt a.es small", "--train a.pt --train a.es small"),
        ("--train a.pt -o r", "--train a.pt -o r"),
        ("--train a.pt", "--train a.pt"),
        ("--train", "--train"),
        ("-- --train a b", "-- --train a b"),
        ("--train=a.pt --train=a.es", "--train=a.pt --train=a.es"),
        ("a b c", "a b c"),
    ],
)
def test_a_corpus_option_takes_one_file_or_two(words: str, expected: str) -> None:
    assert _repeated(words.split(), OPTIONS) == expected.split()


def test_train_takes_further_files_that_are_there(written: Callable[..., Path]) -> None:
    texts = [str(written(f"{name}.txt", name)) for name in "abc"]
    recipe = str(written("recipe.toml", ""))
    line = ["--train", *texts, recipe, "--valid", *texts]
    first, second, third = texts
    expected = [f"--train {text}" for text in texts] + [recipe, f"--valid {first} --valid {second} {third}"]
    assert _repeated(line, OPTIONS) == " ".join(expected).split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("s r --a 1 2 3 --b 4 5", "s r --a 1 --a 2 --a 3 --b 4 --b 5"),
        ("--a 1 2 --json s r", "--a 1 --a 2 --json s r"),
        ("--a 1 --seed 2 3 --b 4 5", "--a 1 --seed 2 3 --b 4 --b 5"),
        ("--a 1 2 -- s --a 3 4", "--a 1 --a 2 -- s --a 3 4"),
        ("--a", "--a"),
    ],
)
def test_a_repeatable_option_takes_all_up_to_the_next_option(words: str, expected: str) -> None:
    assert _repeated_to_the_end(words.split(), {"--a", "--b"}) == expected.split()


def test_a_repeatable_option_without_a_value_does_not_take_the_next_option() -> None:
    with pytest.raises(ConfigurationError, match="--b needs a value"):
        _repeated_to_the_end(["--a", "1", "--b", "--seed", "2"], {"--a", "--b"})


def test_files_of_several_corpora_are_told_apart() -> None:
    paths = [Path(name) for name in ("a.pt", "a.es", "b.tmx", "c.jsonl.xz", "d.pt", "d.es")]
    assert [[str(path) for path in each] for each in corpora_of(paths)] == [
        ["a.pt", "a.es"], ["b.tmx"], ["c.jsonl.xz"], ["d.pt", "d.es"],
    ]  # fmt: skip


def test_places_that_cannot_be_written_are_refused_before_work(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    check_output(None)
    check_output(file)
    check_output(tmp_path / "new" / "deep" / "file")
    assert not (tmp_path / "new").exists()
    for place in (tmp_path, file / "below", file / "far" / "below"):
        with pytest.raises(OutputError, match="cannot write"):
            check_output(place)
