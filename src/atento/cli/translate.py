"""``atento translate``: texts, a file, or a pipe, line by line in order."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from atento.cli.arguments import (
    Device,
    DictionaryFile,
    Json,
    ReplaceUnknown,
    check_output,
    opened,
    read_dictionary,
    require,
)
from atento.cli.console import progress_bar, say
from atento.cli.pictures import AttentionDrawing, AttentionFile, Grid, Head, Layer, Words

if TYPE_CHECKING:
    from atento.applications.translator import Translation, Translator
    from atento.core.progress import Progress
    from atento.figures.attention import Attention

EXAMPLES = """\b
Examples:
  atento translate runs/pt-es "Onde fica a estação?" --attention alignment.png
  atento translate runs/pt-es "Onde fica a estação?" --attention heads.png --grid --role encoder
  atento translate runs/pt-es -i letters.pt -o letters.es
  cat letters.pt | atento translate runs/pt-es > letters.es
  atento translate runs/words -i letters.pt --replace-unknown --dictionary names.tsv
"""


def translate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run, or its bundle.")],
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT...", help="Texts; without them, standard input is read.")
    ] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", "-i", metavar="FILE", help="One sentence a line; .gz .xz .bz2 .zst too.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of printing.")] = None,
    beam_size: Annotated[int | None, typer.Option(metavar="N", help="Width of the search; 1 is greedy.")] = None,
    n_best: Annotated[
        int | None, typer.Option(metavar="N", help="Print N translations of each line: line, score, text.")
    ] = None,
    length_penalty: Annotated[
        float | None, typer.Option(metavar="ALPHA", help="Score = log-probability / length^ALPHA.")
    ] = None,
    sampling: Annotated[bool, typer.Option("--sampling", help="Draw translations instead of searching.")] = False,
    samples: Annotated[int | None, typer.Option(metavar="N", help="Draw N for each line.")] = None,
    temperature: Annotated[float | None, typer.Option(metavar="T", help="Below 1 is tamer, above 1 wilder.")] = None,
    top_k: Annotated[int | None, typer.Option(metavar="K", help="Draw from the K most probable tokens.")] = None,
    top_p: Annotated[float | None, typer.Option(metavar="P", help="Draw from the top P of probability.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of the draws.")] = None,
    prefix: Annotated[str | None, typer.Option(metavar="TEXT", help="Begin every translation with this.")] = None,
    min_length: Annotated[int | None, typer.Option(metavar="N", help="Fewest tokens, </s> counted.")] = None,
    max_length: Annotated[int | None, typer.Option(metavar="N", help="Most tokens, </s> counted.")] = None,
    no_repeat_ngram_size: Annotated[
        int | None, typer.Option(metavar="N", help="No sequence of N tokens twice.")
    ] = None,
    replace_unknown: ReplaceUnknown = None,
    dictionary: DictionaryFile = None,
    batch_size: Annotated[int | None, typer.Option(metavar="N", help="Sentences decoded together, at most.")] = None,
    attention: AttentionFile = None,
    words: Words = False,
    layer: Layer = None,
    head: Head = None,
    grid: Grid = False,
    role: Annotated[
        Literal["cross", "encoder", "decoder"] | None,
        typer.Option(help="Draw the decoder's attention over the source, or either's over itself. [default: cross]"),
    ] = None,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Translate raw text, one sentence a line.

    An empty line stays empty. With --json every line becomes a JSON object that has all candidates with their tokens
    and log-probabilities.
    """
    require(not (texts and input_file), "give either TEXT or --input, not both")
    check_output(output)
    drawing = AttentionDrawing.of(attention, words=words, layer=layer, head=head, grid=grid, role=role)
    settings = {
        "beam_size": beam_size,
        "n_best": n_best,
        "length_penalty": length_penalty,
        "sampling": sampling or None,
        "samples": samples,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "seed": seed,
        "min_length": min_length,
        "max_length": max_length,
        "no_repeat_ngram_size": no_repeat_ngram_size,
        "replace_unknown": replace_unknown,
        "batch_size": batch_size,
    }
    entries = read_dictionary(dictionary, replace_unknown)
    from atento.applications.translator import LONGEST_TEXT

    chunks = _chunks(texts, input_file, LONGEST_TEXT)
    from atento.decoding.configuration import with_settings

    translator = load(run, device)
    decoding = with_settings(translator.bundle.decoding, settings)
    records: list[Attention] = []
    with ExitStack() as stack:
        stream = stack.enter_context(opened(output))
        progress = stack.enter_context(progress_bar()) if _shows_progress(input_file, output) else None
        seen = _Unknown()
        found = translator.translate_stream(
            chunks,
            decoding=decoding,
            attention=drawing is not None,
            dictionary=entries,
            prefix=prefix,
            progress=_within(progress),
        )
        if progress is not None and input_file is not None:
            progress.start("translating", _total(input_file))
        for number, translation in enumerate(found, 1):
            seen.look_at(number, translation)
            stream.write(_written(number, translation, several=decoding.returned > 1, as_json=as_json))
            if output is None:
                stream.flush()
            if translation.attention is not None:
                records.append(translation.attention)
        if drawing is not None:
            drawing.draw(records)


def load(run: Path, device: str) -> Translator:
    """A run's translator on a device that is there.

    Raises:
        BundleError: there is none, or it is damaged.
        ConfigurationError: the device cannot be used.
    """
    from atento.applications.device import usable_device
    from atento.applications.translator import Translator

    return Translator.load(run, str(usable_device(device)))


class _Unknown:
    """Warns once of characters that training never saw."""

    def __init__(self) -> None:
        self._warned = False

    def look_at(self, number: int, translation: Translation) -> None:
        if translation.unknown and not self._warned:
            self._warned = True
            some = " ".join(translation.unknown[:8]) + (" …" if len(translation.unknown) > 8 else "")
            say(
                f"warning: line {number} has what training never saw ({some}): its translation is a guess; "
                "further such lines are not named"
            )


class _Inner:
    """A bar that stands for the whole work: each chunk's own beginning and end are not shown."""

    def __init__(self, outer: Progress) -> None:
        self._outer = outer
        self.advance = outer.advance
        self.message = outer.message

    def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:
        """Part of the whole."""

    def finish(self) -> None:
        """Part of the whole."""


def _within(progress: Progress | None) -> Progress | None:
    return _Inner(progress) if progress is not None else None


def _chunks(texts: list[str] | None, input_file: Path | None, longest: int) -> Iterator[list[str]]:
    from atento.cli import inputs
    from atento.core.files import open_binary

    if texts:
        return inputs.given(texts, longest=longest)
    if input_file is not None:
        open_binary(input_file).close()  # a missing file is said before the model is loaded
        return inputs.from_file(input_file, longest=longest)
    if sys.stdin.isatty():
        say("Type a sentence and press Enter; Ctrl-D (Windows: Ctrl-Z, Enter) ends.")
    return inputs.from_standard_input(longest=longest)


def _total(path: Path) -> int:
    from atento.cli.inputs import count_lines

    return count_lines(path)


def _shows_progress(input_file: Path | None, output: Path | None) -> bool:
    return input_file is not None and (output is not None or not sys.stdout.isatty())


def _written(number: int, translation: Translation, *, several: bool, as_json: bool) -> str:
    """What is printed for one input line."""
    if as_json:
        return _json(number, translation) + "\n"
    if several and not translation.candidates:
        return f"{number}\t\t\n"
    if several:
        return "".join(
            f"{number}\t{candidate.score:.4f}\t{_flat(candidate.text)}\n" for candidate in translation.candidates
        )
    return _flat(translation.text) + "\n"


def _json(number: int, translation: Translation) -> str:
    import msgspec

    fields = ("text", "score", "total", "finished", "tokens", "ids", "log_probabilities", "replaced")
    return msgspec.json.encode(
        {
            "line": number,
            "source": translation.source,
            "translation": translation.text,
            "unknown": translation.unknown,
            "candidates": [{name: getattr(candidate, name) for name in fields} for candidate in translation.candidates],
        }
    ).decode()


def _flat(text: str) -> str:
    """A model over bytes may write a line break; one line in stays one line out."""
    return " ".join(text.splitlines()) if len(text.splitlines()) > 1 else text.rstrip("\r\n")
