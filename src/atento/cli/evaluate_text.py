"""``atento evaluate RUN FILE`` of a model that reads one text: how well it predicts, or guesses, what stands there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from atento.cli.arguments import require
from atento.cli.console import print_json, print_table, progress_bar

if TYPE_CHECKING:
    from atento.core.progress import Progress
    from atento.data.text_dataset import TextDataset
    from atento.data.text_files import Documents, TextFiles
    from atento.evaluation.language import LanguageReport
    from atento.evaluation.masked_language import MaskedLanguageReport
    from atento.text.tokenizer import Tokenizer

_LABELS = {
    "loss": "loss (nats a token)",
    "perplexity": "perplexity of a token",
    "bits_per_byte": "bits per byte",
    "word_perplexity": "perplexity of a word",
    "pseudo_loss": "pseudo-loss (nats a token)",
    "pseudo_perplexity": "pseudo-perplexity of a token",
    "pseudo_word_perplexity": "pseudo-perplexity of a word",
}


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
        BundleError: the run is a translator's.
        DataError: the text cannot be read.
        ConfigurationError: a context or stride that does not fit.
    """
    from atento.applications.device import usable_device
    from atento.bundle import kind_of, load_language_model, load_masked_language_model
    from atento.evaluation.language import evaluate_language
    from atento.evaluation.masked_language import evaluate_masked_language
    from atento.training.inheritance import documents_of, text_like
    from atento.training.texts import context_like

    where, chosen = str(usable_device(device)), documents or documents_of(run)
    files, context = text_like(run, path), context_like(run) if context is None else context
    report: LanguageReport | MaskedLanguageReport
    with progress_bar() as progress:
        if kind_of(run) == "bert":
            require(stride is None, "--stride is for models that write; a masked one reads chunks side by side")
            masked = load_masked_language_model(run, where)
            dataset, words = _opened(files, chosen, masked.tokenizer, progress)
            report = evaluate_masked_language(masked, dataset, words=words, context=context, progress=progress)
            how = f"chunks of {report.context}"
        else:
            bundle = load_language_model(run, where)
            dataset, words = _opened(files, chosen, bundle.tokenizer, progress)
            report = evaluate_language(bundle, dataset, words=words, context=context, stride=stride, progress=progress)
            how = f"context {report.context}, stride {report.stride}"
    if as_json:
        print_json({**{name: getattr(report, name) for name in report.__struct_fields__}, **report.figures()})
    else:
        _print(report, how, chosen)


def _opened(
    files: TextFiles, documents: Documents, tokenizer: Tokenizer, progress: Progress
) -> tuple[TextDataset, int]:
    """The text, encoded, and how many words it has."""
    from atento.data.documents import read_pieces
    from atento.data.text_dataset import open_texts
    from atento.text.words import segment

    words = sum(len(segment(piece.text)) for piece in read_pieces(files, documents))
    return open_texts([files], documents, tokenizer, progress=progress), words


def _print(report: LanguageReport | MaskedLanguageReport, how: str, documents: Documents) -> None:
    print(
        f"{report.tokens:,} tokens in {report.documents:,} document{'s' if report.documents != 1 else ''} "
        f"(--documents {documents}), "
        f"{report.words:,} words, {report.size:,} bytes; {how}."
    )
    rows = [
        (_LABELS[name], f"{value:.4f}" if value < 100 else f"{value:,.1f}") for name, value in report.figures().items()
    ]
    print_table(("measure", "value"), rows, numbers=(1,))
