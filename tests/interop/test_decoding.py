"""Settings of decoding and languages survive a round trip; what a folder says in its own words comes first."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from transformers import AutoModelForSeq2SeqLM

from atento.core.errors import DataError
from atento.decoding.configuration import DecodingConfig
from atento.interop.exporting import export_folder
from atento.interop.importing import read_folder

SETTINGS = {
    "as models are made here": {},
    "a search of our own": {
        "beam_size": 4, "n_best": 3, "length_penalty": 0.6, "stopping": "first-finished", "min_length": 2,
        "max_length": 70, "max_length_ratio": None, "max_length_extra": 3, "no_repeat_ngram_size": 4,
        "forbid_unknown": True, "batch_size": 7, "batch_tokens": 900,
    },
    "greedy": {"beam_size": 1, "length_penalty": 0.3},
    "sampling": {"sampling": True, "samples": 3, "temperature": 0.7, "top_k": 20, "top_p": 0.9, "seed": 5},
}  # fmt: skip


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("family", ["gpt2", "marian"])
def test_they_come_back(make: ModuleType, tmp_path: Path, family: str, settings: dict[str, Any]) -> None:
    getattr(make, family)(tmp_path / "in")
    bundle = replace(
        read_folder(tmp_path / "in").bundle,
        decoding=DecodingConfig(**settings),
        source_language="pt" if family == "marian" else None,
        target_language="es",
    )
    export_folder(bundle, tmp_path / "out")
    back = read_folder(tmp_path / "out").bundle
    assert back.decoding == bundle.decoding
    assert (back.source_language, back.target_language) == (bundle.source_language, "es")


def test_what_somebody_changed_there_counts(make: ModuleType, tmp_path: Path) -> None:
    """A folder of ours that the other library loaded, set otherwise and saved."""
    make.marian(tmp_path / "in")
    settings = DecodingConfig(n_best=4, sampling=False, beam="shrinking", min_length=3)
    export_folder(replace(read_folder(tmp_path / "in").bundle, decoding=settings), tmp_path / "out")
    theirs = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "out")
    theirs.generation_config.num_beams = 3
    theirs.generation_config.length_penalty = 0.4
    theirs.save_pretrained(tmp_path / "out")
    found = read_folder(tmp_path / "out").bundle.decoding
    assert found == DecodingConfig(beam_size=3, length_penalty=0.4, n_best=1, min_length=3)
    path = tmp_path / "out" / "generation_config.json"
    table = {"do_sample": True, "top_k": 9}
    path.write_text(json.dumps(table), encoding="utf-8")
    found = read_folder(tmp_path / "out").bundle.decoding
    assert (found.sampling, found.top_k, found.n_best, found.min_length) == (True, 9, 1, 3)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"decoding": {"beam_size": 0}}, "config.json: atento: decoding.beam_size = 0"),
        ({"decoding": {"beam": "wide"}}, "config.json: atento: decoding.beam: Invalid enum value 'wide'"),
        ({"target_language": 3}, "config.json: atento: target_language: Expected `str | null`, got `int`"),
    ],
)
def test_damage_is_named(make: ModuleType, tmp_path: Path, own: dict[str, Any], words: str) -> None:
    make.gpt2(tmp_path)
    table = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    make.write_json(tmp_path / "config.json", {**table, "atento": own})
    with pytest.raises(DataError) as caught:
        read_folder(tmp_path)
    assert words in str(caught.value)
