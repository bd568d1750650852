"""``atento classify``: which class texts have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atento.cli.arguments import Device, Json, check_output, opened, require
from atento.cli.console import progress_bar, say

if TYPE_CHECKING:
    from atento.applications.classifier import Classification, Text, TextClassifier

EXAMPLES = """\b
Examples:
  atento classify runs/domains "Onde fica a estação?"
  atento classify runs/domains -i texts.txt -o classes.tsv
  atento classify runs/entailment "O gato dorme." --second "O animal dorme." --json
"""


def classify(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A classifier's run, or its bundle.")],
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT...", help="Texts.")] = None,
    second: Annotated[str | None, typer.Option(metavar="TEXT", help="Of pairs: the second text.")] = None,
    input_file: Annotated[
        Path | None,
        typer.Option(
            "--input",
            "-i",
            metavar="FILE",
            help="A text a line (of pairs: two, a tab between); .tsv and .jsonl as in training, classes left unread; "
            ".gz .xz .bz2 .zst too.",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of printing.")] = None,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Tell the class of texts.

    Prints class, probability and text, divided by tabs; with --json the probability of every class.
    """
    require(texts or input_file, "give TEXT, or a file with --input")
    require(not (texts and input_file), "give either TEXT or --input, not both")
    require(second is None or (texts is not None and len(texts) == 1), "--second goes with one TEXT")
    check_output(output)
    classifier = load(run, device)
    given = _read(run, input_file, paired=classifier.bundle.paired) if input_file else _given(texts or [], second)
    with progress_bar() as progress:
        found = classifier.classify(given, progress=progress)
    with opened(output) as stream:
        for number, each in enumerate(found, 1):
            stream.write(_json(number, each) if as_json else _line(each))
    if cut := sum(each.cut for each in found):
        say(f"note: {cut} of {len(found)} texts are longer than the model reads; their ends were not read")


def load(run: Path, device: str) -> TextClassifier:
    """A run's classifier on a device that is there.

    Raises:
        BundleError: there is none.
        ConfigurationError: the device cannot be used.
    """
    from atento.applications.classifier import TextClassifier
    from atento.applications.device import usable_device

    return TextClassifier.load(run, str(usable_device(device)))


def _given(texts: list[str], second: str | None) -> list[Text]:
    return [(texts[0], second)] if second is not None else list(texts)


def _read(run: Path, path: Path, *, paired: bool) -> list[Text]:
    from atento.data.labelled_files import read_unlabelled
    from atento.training.inheritance import labelled_like

    return list(read_unlabelled(labelled_like(run, path), paired=paired))


def _line(each: Classification) -> str:
    texts = (each.text,) if isinstance(each.text, str) else each.text
    shown = "\t".join(" ".join(text.split()) for text in texts)
    return f"{each.label}\t{each.probabilities[each.label]:.4f}\t{shown}\n"


def _json(number: int, each: Classification) -> str:
    import msgspec

    line = {
        "line": number,
        "text": each.text,
        "label": each.label,
        "probabilities": each.probabilities,
        "cut": each.cut,
    }
    return msgspec.json.encode(line).decode() + "\n"
