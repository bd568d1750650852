"""Atento: bring two text files, get a translator, and see why it says what it says.

    import atento
    translator = atento.load("runs/pt-es")
    print(translator.translate("Onde fica a estação?").text)
    writer = atento.load_writer("runs/machado")
    print(writer.write("Capitu olhou").text)
    reader = atento.load_reader("runs/bert")
    print(reader.fill("A vida é [MASK].").text)
    tokenizer = atento.open_tokenizer("gpt2/vocab.json")
    print(atento.trace(tokenizer, "amigos inimagináveis", steps=True).tokens)
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
    from atento.text.opened.protocol import OpenTokenizer, Specials
    from atento.text.traces.trace import Trace

__all__ = [
    "__version__",
    "load",
    "load_classifier",
    "load_embedder",
    "load_reader",
    "load_writer",
    "open_tokenizer",
    "trace",
]
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


def open_tokenizer(source: str | Path, *, name: str | None = None, pattern: str | None = None) -> OpenTokenizer:
    """Any tokenizer, run by its own library: a file of any format, a folder, a run, or a name on the hub.

    ``pattern`` is for ``.tiktoken`` files of other names than the published ones: gpt2, cl100k, o200k, llama3, or a
    regular expression.

    Raises:
        atento.core.errors.DataError: there is none, it is damaged, or a library that it needs is not installed.
        atento.core.errors.ConfigurationError: a pattern that is missing, wrong, or for another format.
    """
    from atento.text.opened.opening import open_tokenizer

    return open_tokenizer(source, name=name, pattern=pattern)


def trace(tokenizer: OpenTokenizer, text: str, *, specials: Specials = "text", steps: bool = False) -> Trace:
    """A text's way through a tokenizer: normalised, parted, cut, with special tokens; ``steps`` replays every merge.

    Raises:
        atento.core.errors.DataError: half a character in the text, or a special token where these are refused.
    """
    from atento.text.traces.trace import trace

    return trace(tokenizer, text, specials=specials, steps=steps)
