"""``atento write``: a language model continues prompts."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TextIO

import typer

from atento.cli.arguments import Device, Json, check_output, in_file, opened, require
from atento.cli.console import progress_bar, terminal_width
from atento.cli.pictures import AttentionDrawing, AttentionFile, Grid, Head, Layer, Words, check_picture

if TYPE_CHECKING:
    from atento.applications.writer import Continuation, Writer, Writing
    from atento.decoding.configuration import DecodingConfig

EXAMPLES = """\b
Examples:
  atento write runs/machado "Capitu olhou"
  atento write runs/machado "Capitu olhou" --samples 3 --temperature 0.7 --max-tokens 80 --stop "."
  atento write runs/machado -i prompts.txt --greedy --json > continued.jsonl
  atento write runs/machado "Capitu olhou" --greedy --max-tokens 12 --top 5 --figure bars.png
  atento write runs/machado "Capitu olhou" --max-tokens 12 --attention heads.png --grid
"""


def write(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A language model's run, or its bundle.")],
    prompts: Annotated[
        list[str] | None, typer.Argument(metavar="PROMPT...", help="Beginnings; none: the model begins by itself.")
    ] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", "-i", metavar="FILE", help="A prompt a line; .gz .xz .bz2 .zst too.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of printing.")] = None,
    max_tokens: Annotated[int | None, typer.Option(metavar="N", help="Tokens after a prompt, at most. [200]")] = None,
    samples: Annotated[int | None, typer.Option(metavar="N", help="Draw N continuations of each prompt.")] = None,
    temperature: Annotated[float | None, typer.Option(metavar="T", help="Below 1 is tamer, above 1 wilder.")] = None,
    top_k: Annotated[int | None, typer.Option(metavar="K", help="Draw from the K most probable tokens.")] = None,
    top_p: Annotated[float | None, typer.Option(metavar="P", help="Draw from the top P of probability.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of the draws; the same seed writes the same.")] = None,
    greedy: Annotated[bool, typer.Option("--greedy", help="Take the most probable token each time.")] = False,
    beam_size: Annotated[int | None, typer.Option(metavar="N", help="Search with a beam instead of drawing.")] = None,
    n_best: Annotated[int | None, typer.Option(metavar="N", help="Print N results of the beam.")] = None,
    stop: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="End where this would be written, as a whole; may be repeated."),
    ] = None,
    no_repeat_ngram_size: Annotated[
        int | None, typer.Option(metavar="N", help="No sequence of N tokens twice.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(metavar="N", help="Texts written together, at most.")] = None,
    top: Annotated[
        int | None, typer.Option(metavar="N", help="For every written token, the N most probable ones, in a table.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw what --top shows as bars: .png .svg .pdf .html.")
    ] = None,
    attention: AttentionFile = None,
    words: Words = False,
    layer: Layer = None,
    head: Head = None,
    grid: Grid = False,
    rows: Annotated[
        Literal["predicted", "input"],
        typer.Option(help="Name a row of the drawing by the token that is predicted there, or by the one read."),
    ] = "predicted",
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Continue prompts.

    One continuation appears while it is written. Several are printed one after the other, each with its prompt. With
    --json every prompt becomes a JSON object that has all continuations with their tokens and log-probabilities.
    A --stop string counts where it is written as a whole, after the prompt, and is not printed.
    The drawing of the attention shows prompt and continuation; where a token cannot look is hatched.
    """
    require(not (prompts and input_file), "give either PROMPT or --input, not both")
    searches = greedy or beam_size is not None or n_best is not None
    draws = {"samples": samples, "temperature": temperature, "top-k": top_k, "top-p": top_p, "seed": seed}
    given = next((name for name, value in draws.items() if value is not None), None)
    require(not (searches and given), f"--{given} is for drawing; leave it out, or --greedy and the beam")
    require(not greedy or (beam_size is None and n_best is None), "--greedy is a beam of one; leave it or the beam out")
    check_output(output)
    check_picture(figure, also=(".html",))
    require(figure is None or top is not None, "--figure draws what --top shows: say how many tokens with --top N")
    drawing = AttentionDrawing.of(attention, words=words, layer=layer, head=head, grid=grid)
    require(rows == "predicted" or drawing is not None, "--rows is for the drawing: name its file with --attention")
    from atento.applications.next_tokens import check_top
    from atento.applications.writer import MAX_TOKENS

    texts = _prompts(prompts, input_file)
    writer = load(run, device)
    if top is not None:
        check_top(writer.bundle, top)  # before anything is written
    settings: dict[str, Any] = {
        "samples": samples,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "seed": seed,
        "no_repeat_ngram_size": no_repeat_ngram_size,
        "batch_size": batch_size,
    }
    if searches:
        width = beam_size if beam_size is not None else n_best if n_best is not None else 1
        settings |= {"beam_size": width, "n_best": n_best}
    decoding = with_settings(writer.bundle.decoding, settings, searches=searches)
    live = not as_json and output is None and len(texts) == 1 and decoding.width == 1 and decoding.returned == 1
    with opened(output) as stream, in_file(input_file):
        live_text = _LiveText(stream, texts[0]) if live else None
        with progress_bar() if not live else nullcontext() as progress:
            writings = writer.write(
                texts,
                max_tokens=max_tokens if max_tokens is not None else MAX_TOKENS,
                stop=stop or (),
                attention=drawing is not None,
                top=top,
                decoding=decoding,
                on_text=live_text,
                progress=progress,
            )
        if live_text is not None:
            live_text.finish()
            stream.write(f"\n{_table(writings[0].continuations[0])}")
        else:
            for number, writing in enumerate(writings, 1):
                stream.write(_json(number, writing) if as_json else _text(writing))
        found = [each for writing in writings for each in writing.continuations]
        if drawing is not None:
            drawing.draw([each.attention.with_rows(rows) for each in found if each.attention is not None])
        if figure is not None:
            _draw_predictions(figure, found)


def load(run: Path, device: str) -> Writer:
    """A run's writer on a device that is there.

    Raises:
        BundleError: there is none.
        ConfigurationError: the device cannot be used.
    """
    from atento.applications.device import usable_device
    from atento.applications.writer import Writer

    return Writer.load(run, str(usable_device(device)))


def with_settings(decoding: DecodingConfig, settings: dict[str, Any], *, searches: bool) -> DecodingConfig:
    """The bundle's own settings with those given (not None) put over them; a search leaves those of drawing out.

    Raises:
        ConfigurationError: a value out of its range, or two that contradict each other.
    """
    import msgspec

    from atento.decoding.configuration import NO_SAMPLING

    chosen = {name: value for name, value in settings.items() if value is not None}
    if searches:
        chosen |= NO_SAMPLING
        chosen.setdefault("n_best", 1)
    elif {"samples", "temperature", "top_k", "top_p", "seed"} & chosen.keys():
        chosen |= {"sampling": True, "n_best": 1}
    return msgspec.structs.replace(decoding, **chosen)


def _prompts(prompts: list[str] | None, input_file: Path | None) -> list[str]:
    if input_file is None:
        return prompts or [""]
    from atento.core.errors import DataError
    from atento.core.files import read_lines

    texts = list(read_lines(input_file))
    if not texts:
        raise DataError(f"{input_file} is empty; give a file with a prompt a line")
    return texts


class _LiveText:
    """Shows a text while it is written; the prompt only once something comes, for until then it may be refused."""

    def __init__(self, stream: TextIO, prompt: str) -> None:
        self._stream, self._prompt = stream, prompt

    def __call__(self, text: str) -> None:
        self._stream.write(self._prompt + text)
        self._stream.flush()
        self._prompt = ""

    def finish(self) -> None:
        """Show the prompt if nothing came after it."""
        self("")


def _text(writing: Writing) -> str:
    """Every continuation with its prompt and its table, if there is one; an empty line after each."""
    return "".join(f"{writing.prompt}{each.text}\n{_table(each)}\n" for each in writing.continuations)


def _table(continuation: Continuation) -> str:
    """What else could have been written, below an empty line; nothing if nobody asked."""
    if continuation.predictions is None:
        return ""
    return f"\n{continuation.predictions.table(width=terminal_width())}\n"


def _draw_predictions(path: Path, continuations: list[Continuation]) -> None:
    records = [each.predictions for each in continuations if each.predictions is not None]
    if path.suffix.lower() == ".html":
        from atento.core.display import save_page

        save_page(path, "Next tokens", records)
        return
    from atento.figures import canvas, next_tokens

    canvas.save(next_tokens.sheet(records), path)


def _json(number: int, writing: Writing) -> str:
    import msgspec

    fields = ("text", "total", "ended", "tokens", "ids", "log_probabilities")
    continuations: list[dict[str, Any]] = []
    for each in writing.continuations:
        continuations.append({name: getattr(each, name) for name in fields})
        if each.predictions is not None:
            continuations[-1]["predictions"] = each.predictions.steps
    record = {"line": number, "prompt": writing.prompt, "continuations": continuations}
    return msgspec.json.encode(record).decode() + "\n"
