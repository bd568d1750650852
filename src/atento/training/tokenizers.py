"""The tokenizers of a run: as saved, given by file, or trained on its training data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from atento.core.files import atomic_folder
from atento.core.progress import Progress
from atento.data.corpus_files import CorpusFiles
from atento.data.documents import read_pieces
from atento.data.labelled_files import LabelledFiles, read_labelled
from atento.data.readers import read_pairs
from atento.data.text_files import TextFiles
from atento.text.configuration import TokenizerConfig
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer
from atento.training.recipe import LabelledDataConfig, PairDataConfig, TextDataConfig


def make_tokenizers(
    config: TokenizerConfig,
    data: PairDataConfig,
    corpora: Sequence[CorpusFiles],
    folder: Path,
    progress: Progress,
) -> tuple[Tokenizer, Tokenizer]:
    """The source's and the target's tokenizer (the same one, if shared), made once and kept in ``folder``.

    Raises:
        DataError: a corpus or a tokenizer's file cannot be read.
        OutputError: the folder cannot be written.
    """
    if not folder.exists():
        if data.source_tokenizer is not None:
            made = [Tokenizer.load(Path(path)) for path in (data.source_tokenizer, data.target_tokenizer) if path]
        elif config.shared:
            made = [train_tokenizer(_texts(corpora, (0, 1)), config, progress)]
        else:
            made = [train_tokenizer(_texts(corpora, (side,)), config, progress) for side in (0, 1)]
        with atomic_folder(folder) as temporary:
            for name, tokenizer in zip(("source", "target"), made, strict=False):
                tokenizer.save(temporary / f"{name}.json")
    source = Tokenizer.load(folder / "source.json")
    target = folder / "target.json"
    return source, Tokenizer.load(target) if target.exists() else source


def make_tokenizer(
    config: TokenizerConfig,
    data: TextDataConfig,
    texts: Sequence[TextFiles],
    folder: Path,
    progress: Progress,
) -> Tokenizer:
    """A language model's tokenizer, made once and kept in ``folder``.

    Raises:
        DataError: a text or the tokenizer's file cannot be read.
        OutputError: the folder cannot be written.
    """
    pieces = (piece.text for files in texts for piece in read_pieces(files, data.documents))
    return _one(config, data.tokenizer, pieces, folder, progress)


def make_classifier_tokenizer(
    config: TokenizerConfig,
    data: LabelledDataConfig,
    texts: Sequence[LabelledFiles],
    folder: Path,
    progress: Progress,
) -> Tokenizer:
    """A classifier's tokenizer, made once and kept in ``folder``.

    Raises:
        DataError: a file cannot be read.
        OutputError: the folder cannot be written.
    """
    every = (part for files in texts for each in read_labelled(files) for part in (each.text, each.second) if part)
    return _one(config, data.tokenizer, every, folder, progress)


def _one(
    config: TokenizerConfig, given: str | None, texts: Iterator[str], folder: Path, progress: Progress
) -> Tokenizer:
    if not folder.exists():
        made = Tokenizer.load(Path(given)) if given is not None else train_tokenizer(texts, config, progress)
        with atomic_folder(folder) as temporary:
            made.save(temporary / "tokenizer.json")
    return Tokenizer.load(folder / "tokenizer.json")


def _texts(corpora: Sequence[CorpusFiles], sides: tuple[int, ...]) -> Iterator[str]:
    for corpus in corpora:
        for pair in read_pairs(corpus):
            yield from ((pair.source, pair.target)[side] for side in sides)
