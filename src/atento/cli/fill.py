"""``atento fill``: a masked language model fills gaps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from atento.cli.arguments import Device, Json, check_output, in_file, opened, require
from atento.cli.console import print_table, progress_bar
from atento.cli.pictures import AttentionDrawing, AttentionFile, Grid, Head, Layer, Words

if TYPE_CHECKING:
    from atento.applications.reader import Filling, PseudoLikelihood, Reader

_TOP = 5
"""Candidates for a gap where nothing is said."""

EXAMPLES = """\b
Examples:
  atento fill runs/bert "A vida é [MASK]."
  atento fill runs/bert "[MASK] fica a [MASK]?" --top 10
  atento fill runs/bert -i gaps.txt --json > filled.jsonl
  atento fill runs/bert --score "A vida é bela."
  atento fill runs/bert "A vida é [MASK]." --attention heads.png --grid
"""


def fill(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A masked language model's run, or its bundle.")],
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT...", help="Texts with [MASK] where a word is wanted.")
    ] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", "-i", metavar="FILE", help="A text a line; .gz .xz .bz2 .zst too.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of printing.")] = None,
    top: Annotated[int | None, typer.Option(metavar="N", min=1, help="Candidates for a gap. [default: 5]")] = None,
    score: Annotated[
        bool, typer.Option("--score", help="Fill nothing: how well is each token of a text guessed from the others?")
    ] = False,
    attention: AttentionFile = None,
    words: Words = False,
    layer: Layer = None,
    head: Head = None,
    grid: Grid = False,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Fill the gaps of texts, each gap seeing the others as gaps.

    Prints the most probable tokens of every gap with their probabilities. With --score texts have no gaps: every token
    is masked in its turn, which gives the text's pseudo-perplexity. --attention draws where the model looks.
    """
    require(texts or input_file, "give TEXT, or a file with --input")
    require(not (texts and input_file), "give either TEXT or --input, not both")
    check_output(output)
    drawing = AttentionDrawing.of(attention, words=words, layer=layer, head=head, grid=grid)
    require(not (score and drawing), "--attention shows how gaps are filled; leave it or --score out")
    require(not score or top is None, "--top is of gaps, and --score fills none; leave one of them out")
    given = texts or _lines(input_file)
    reader = load(run, device)
    with opened(output) as stream, in_file(input_file):
        if score:
            with progress_bar() as progress:
                judged = reader.score(list(given), progress=progress)
            for number, each in enumerate(judged, 1):
                _write_score(stream, number, each, as_json=as_json)
            return
        with progress_bar() as progress:
            found = reader.fill(
                list(given), top=_TOP if top is None else top, attention=drawing is not None, progress=progress
            )
        for number, filling in enumerate(found, 1):
            if as_json:
                stream.write(_json(number, filling))
            else:
                _write(stream, filling)
        if drawing is not None:  # a drawing that cannot be made leaves no file of the other output
            drawing.draw([each.attention for each in found if each.attention is not None])


def load(run: Path, device: str) -> Reader:
    """A run's reader on a device that is there.

    Raises:
        BundleError: there is none.
        ConfigurationError: the device cannot be used.
    """
    from atento.applications.device import usable_device
    from atento.applications.reader import Reader

    return Reader.load(run, str(usable_device(device)))


def _lines(input_file: Path | None) -> list[str]:
    from atento.core.errors import DataError
    from atento.core.files import read_lines

    assert input_file is not None
    texts = list(read_lines(input_file))
    if not texts:
        raise DataError(f"{input_file} is empty; give a file with a text a line")
    return texts


def _write(stream: TextIO, filling: Filling) -> None:
    stream.write(f"{filling.text}\n")
    for number, gap in enumerate(filling.gaps, 1):
        rows = [(f"{each.probability:.1%}", each.token, each.text) for each in gap.candidates]
        heading = "token" if len(filling.gaps) == 1 else f"gap {number}"
        print_table(("probability", heading, "text"), rows, numbers=(0,), stream=stream)
    stream.write("\n")


def _write_score(stream: TextIO, number: int, judged: PseudoLikelihood, *, as_json: bool) -> None:
    import msgspec

    if as_json:
        facts = {
            "line": number,
            "text": judged.text,
            "total": judged.total,
            "pseudo_perplexity": judged.perplexity,
            "tokens": judged.tokens,
            "log_probabilities": judged.log_probabilities,
        }
        stream.write(msgspec.json.encode(facts).decode() + "\n")
        return
    stream.write(f"{judged.text}\npseudo-perplexity {judged.perplexity:.2f}, {judged.total:.2f} nats\n")
    rows = [(token, f"{value:.2f}") for token, value in zip(judged.tokens, judged.log_probabilities, strict=True)]
    print_table(("token", "log-probability"), rows, numbers=(1,), stream=stream)
    stream.write("\n")


def _json(number: int, filling: Filling) -> str:
    import msgspec

    fields = ("token", "id", "probability", "text")
    gaps = [[{name: getattr(each, name) for name in fields} for each in gap.candidates] for gap in filling.gaps]
    line = {"line": number, "source": filling.source, "text": filling.text, "gaps": gaps}
    return msgspec.json.encode(line).decode() + "\n"
