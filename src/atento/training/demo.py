"""The demo's run: a translator trained on the built-in corpus, which the command line and the studio share.

RUN            a run like any other, of the recipe ``demo``
RUN-corpus/    the corpus as text files, beside it
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

from atento.bundle import load_bundle
from atento.core.configuration import read_toml
from atento.core.errors import BundleError, TrainingError
from atento.core.files import atomic_text, read_lines
from atento.data.builtin.corpus import BuiltinCorpus, write_builtin
from atento.training.recipe import Recipe, read_recipe

RECIPE: Final = "demo"
COMPOSED: Final = 10_000
"""Composed pairs, beside the hand-written ones."""


def corpus_folder(run: Path) -> Path:
    """Where the corpus of a demo's run lies."""
    return run.with_name(f"{run.name}-corpus")


def state_of(run: Path) -> Literal["new", "begun", "finished"]:
    """How far a demo's run has come.

    Raises:
        TrainingError: the folder has something else in it.
    """
    if not run.exists() or (run.is_dir() and not any(run.iterdir())):
        return "new"
    recipe = run / "recipe.toml"
    table: dict[str, Any] = read_toml(recipe) if recipe.is_file() else {}
    sources = [each.get("source") for each in table.get("data", {}).get("train", [])]
    if sources != [str((corpus_folder(run) / "train.pt").absolute())]:
        raise TrainingError(f"{run} is there already and is no demo; give another -o")
    try:
        ended = (load_bundle(run).card or {}).get("training", {}).get("ended_by")
    except BundleError:
        return "begun"
    return "begun" if ended == "stopped" else "finished"


def write_corpus(folder: Path, corpus: BuiltinCorpus) -> None:
    """Write the corpus, and one validation part of both kinds of sentences.

    Raises:
        OutputError: a file cannot be written.
    """
    write_builtin(folder, corpus)
    for name, side in (("dev.pt", "source"), ("dev.es", "target")):
        with atomic_text(folder / name) as stream:
            stream.writelines(f"{getattr(pair, side)}\n" for pair in corpus.dev.pairs)


def check_same_corpus(run: Path, corpus: BuiltinCorpus) -> None:
    """Refuse to score a model on sentences that it may have been trained on.

    Raises:
        TrainingError: the run's corpus is another one, of another size or version.
    """
    if list(read_lines(corpus_folder(run) / "train.pt")) != [pair.source for pair in corpus.train.pairs]:
        raise TrainingError(f"{run} was trained on another built-in corpus than this; add --fresh to train anew")


def demo_recipe(run: Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe ``demo`` on the corpus beside a run.

    Raises:
        ConfigurationError: an override that does not fit.
    """
    folder = corpus_folder(run)
    train, valid = ([folder / f"{part}.pt", folder / f"{part}.es"] for part in ("train", "dev"))
    return read_recipe(RECIPE, train=train, valid=valid, overrides=overrides)
