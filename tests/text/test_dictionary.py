from __future__ import annotations

from pathlib import Path

import pytest

from atento.core.errors import DataError
from atento.text.dictionary import Dictionary


def test_an_exact_entry_wins_over_one_of_another_case() -> None:
    dictionary = Dictionary({"São": "San", "são": "son", "RIO": "río"})
    assert len(dictionary) == 3
    assert [dictionary.find(word) for word in ("São", "são", "SÃO", "Rio", "rio", "mar")] == [
        "San", "son", "San", "río", "río", None,
    ]  # fmt: skip
    assert dictionary.find("sa\u0303o") == "son"  # a separate accent


def test_a_file_is_read_with_its_first_entry_of_each_word(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_text("\ufeffLisboa\tLisboa\n\n rio \t río grande \r\nrio\totro\n", encoding="utf-8")
    dictionary = Dictionary.read(path)
    assert len(dictionary) == 2
    assert (dictionary.find("Lisboa"), dictionary.find("rio")) == ("Lisboa", "río grande")


@pytest.mark.parametrize("line", ["rio", "rio\t", "\trío", "rio\trío\tm"])
def test_a_line_that_is_no_entry_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "names.tsv"
    path.write_text(f"mar\tmar\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"names\.tsv, line 2 is no entry: give a word, a tab") as caught:
        Dictionary.read(path)
    assert "\n" not in str(caught.value)


def test_a_file_without_entries_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_text("\n\n", encoding="utf-8")
    with pytest.raises(DataError, match="has no entry"):
        Dictionary.read(path)
    with pytest.raises(DataError, match="cannot read"):
        Dictionary.read(tmp_path / "missing.tsv")
