"""``atento evaluate RUN FILE`` of a language model: how well it predicts a text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from atento.cli.console import print_json, print_table, progress_bar

if TYPE_CHECKING:
    from atento.data.text_files import Documents


def evaluate_text(
    run: Path,
    path: Path,
    *,
    documents: Documents | None,
    context: int | None,
    stride: int | None,
    device: str,
    as_json: bool,
) -> None:
    """Predict a text and print what that came to.

    Raises:
        BundleError: the run is no language model's.
        DataError: the text cannot be read.
        ConfigurationError: a context or stride that does not fit.
    """
    from atento.applications.device import usable_device
    from atento.bundle import load_language_model
    from atento.data.documents import read_pieces
    from atento.data.text_dataset import open_texts
    from atento.data.text_files import TextFiles
    from atento.evaluation.language import evaluate_language
    from atento.text.words import segment

    bundle = load_language_model(run, str(usable_device(device)))
    files, chosen = TextFiles(text=str(path)), documents or documents_of(run)
    with progress_bar() as progress:
        words = sum(len(segment(piece.text)) for piece in read_pieces(files, chosen))
        dataset = open_texts([files], chosen, bundle.tokenizer, progress=progress)
        report = evaluate_language(bundle, dataset, words=words, context=context, stride=stride, progress=progress)
    if as_json:
        print_json({**{name: getattr(report, name) for name in report.__struct_fields__}, **report.figures()})
        return
    print(
        f"{report.tokens:,} tokens in {report.documents:,} document{'s' if report.documents != 1 else ''}, "
        f"{report.words:,} words, {report.size:,} bytes; context {report.context}, stride {report.stride}."
    )
    labels = {
        "loss": "loss (nats a token)",
        "perplexity": "perplexity of a token",
        "bits_per_byte": "bits per byte",
        "word_perplexity": "perplexity of a word",
    }
    rows = [
        (labels[name], f"{value:.4f}" if value < 100 else f"{value:,.1f}") for name, value in report.figures().items()
    ]
    print_table(("measure", "value"), rows, numbers=(1,))


def documents_of(run: Path) -> Documents:
    """Where documents end in the texts that a run was trained on; ``file`` where nobody knows."""
    from atento.core.configuration import read_toml
    from atento.core.errors import ConfigurationError
    from atento.training.recipe import TextDataConfig, recipe_of

    path = run / "recipe.toml"
    if not path.exists():
        return "file"
    try:
        data = recipe_of(read_toml(path), where=str(path)).data
    except ConfigurationError:
        return "file"
    return data.documents if isinstance(data, TextDataConfig) else "file"
