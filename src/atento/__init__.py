"""Atento: bring two text files, get a translator, and see why it says what it says.

    import atento
    translator = atento.load("runs/pt-es")
    print(translator.translate("Onde fica a estação?").text)
    writer = atento.load_writer("runs/machado")
    print(writer.write("Capitu olhou").text)
    reader = atento.load_reader("runs/bert")
    print(reader.fill("A vida é [MASK].").text)
    embedder = atento.load_embedder("runs/pt-es")
    print(embedder.sentences(["Onde fica a estação?"]).values)

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from atento.applications.classifier import TextClassifier
    from atento.applications.reader import Reader
    from atento.applications.translator import Translator
    from atento.applications.writer import Writer
    from atento.inspection.embeddings import Embedder

__all__ = ["__version__", "load", "load_classifier", "load_embedder", "load_reader", "load_writer"]
__version__ = metadata.version("atento")


def load(path: str | Path, device: str = "cpu") -> Translator:
    """The translator of a run (or of a bundle).

    Raises:
        atento.core.errors.BundleError: there is none, or it is damaged.
    """
    from atento.applications.translator import Translator

    return Translator.load(path, device)


def load_writer(path: str | Path, device: str = "cpu") -> Writer:
    """The writer of a language model's run (or of its bundle).

    Raises:
        atento.core.errors.BundleError: there is none, it is damaged, or it is no language model's.
    """
    from atento.applications.writer import Writer

    return Writer.load(path, device)


def load_reader(path: str | Path, device: str = "cpu") -> Reader:
    """The reader of a masked language model's run (or of its bundle).

    Raises:
        atento.core.errors.BundleError: there is none, it is damaged, or it is no masked language model's.
    """
    from atento.applications.reader import Reader

    return Reader.load(path, device)


def load_classifier(path: str | Path, device: str = "cpu") -> TextClassifier:
    """The classifier of a run (or of its bundle).

    Raises:
        atento.core.errors.BundleError: there is none, it is damaged, or it is no classifier's.
    """
    from atento.applications.classifier import TextClassifier

    return TextClassifier.load(path, device)


def load_embedder(
    path: str | Path, device: str = "cpu", *, side: Literal["source", "target"] | None = None
) -> Embedder:
    """What gives the vectors of a run (or of a bundle) of any family: of its vocabulary, of words, and of texts.

    ``side`` is a translator's; its source by default.

    Raises:
        atento.core.errors.BundleError: there is none, or it is damaged.
        atento.core.errors.ConfigurationError: a side of a model that has none.
    """
    from atento.inspection.embeddings import Embedder

    return Embedder.load(path, device, side=side)
