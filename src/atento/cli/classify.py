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
            "--input", "-i", metavar="FILE", help="A text a line (of pairs: two, a tab between); .gz .xz .bz2 .zst too."
        ),
    ] = None,
    pairs: Annotated[bool, typer.Option("--pairs", help="The lines of --input are pairs.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of printing.")] = None,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Tell the class of texts.

    Prints class, probability and text, divided by tabs; with --json the probability of every class.
    """
    require(texts or input_file, "give TEXT, or a file with --input")
    require(not (texts and input_file), "give either TEXT or --input, not both")
    require(not pairs or input_file, "--pairs is for --input; give the second text with --second")
    require(second is None or (texts is not None and len(texts) == 1), "--second goes with one TEXT")
    check_output(output)
    given = _given(texts, second, input_file, pairs=pairs)
    classifier = load(run, device)
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


def _given(texts: list[str] | None, second: str | None, input_file: Path | None, *, pairs: bool) -> list[Text]:
    if input_file is None:
        assert texts is not None
        return [(texts[0], second)] if second is not None else list(texts)
    from atento.core.errors import DataError
    from atento.core.files import read_lines

    found: list[Text] = []
    for number, line in enumerate(read_lines(input_file), 1):
        if not pairs:
            found.append(line)
            continue
        cells = line.split("\t")
        if len(cells) != 2:
            raise DataError(f"{input_file}, line {number}: {len(cells)} tab-separated texts, expected 2; mend the line")
        found.append((cells[0], cells[1]))
    if not found:
        raise DataError(f"{input_file} is empty; give a file with a text a line")
    return found


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
