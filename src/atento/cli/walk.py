"""``atento walk``: what a model computes for a text, frame by frame, as one page or as data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from atento.cli.arguments import Device, Json, require
from atento.cli.console import print_table, say
from atento.cli.pictures import check_picture
from atento.inspection.walk_kinds import Kind

if TYPE_CHECKING:
    from atento.inspection.walks import Walk

EXAMPLES = """\b
Examples:
  atento walk runs/pt-es attention "E a vida o que é?" --position 2 -o walk.html
  atento walk runs/pt-es head "E a vida o que é?" --role encoder --layer 1 --head 3 -o head.html
  atento walk runs/bert block "A vida é [MASK]." -o block.json
  atento walk runs/pt-es generation "E a vida o que é?" --target "¿Y la vida, qué es?"
"""


def walk(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A translator's, language model's or BERT's run.")],
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help=f"{', '.join(get_args(Kind))}.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is translated, written or read.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A .html page to step through, all its numbers as .json, or a picture.",
        ),
    ] = None,
    target: Annotated[str | None, typer.Option(metavar="TEXT", help="A translation that is read by force.")] = None,
    role: Annotated[Literal["cross", "encoder", "decoder"] | None, typer.Option(help="Whose layer or head.")] = None,
    layer: Annotated[int | None, typer.Option(metavar="N", help="From 0.")] = None,
    head: Annotated[int | None, typer.Option(metavar="N", help="From 0.")] = None,
    position: Annotated[
        int | None, typer.Option(metavar="N", help="The token that looks or is predicted, from 0.")
    ] = None,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="Most probable tokens that are shown.")] = 8,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Follow a text through a model, in the order in which a teacher would show it, with the model's own numbers.

    Without --output it prints the frames with their equations. Which walks a model has depends on its kind; what it
    does not have is refused with what it has.
    """
    check_picture(output, also=(".html", ".json"))
    require(text.strip(), "the text is empty; give one")
    from atento.applications.loading import load_application
    from atento.inspection.walks import walk as walk_through

    application = load_application(run, device)
    found = walk_through(
        application, kind, text, target=target, role=role, layer=layer, head=head, position=position, top=top,
        name=run.name,
    )  # fmt: skip
    if output is not None:
        _write(found, output)
        say(f"Written: {output}, {len(found.frames)} frames")
    if as_json:
        print(found.to_json())
    elif output is None:
        _print(found)


def _print(found: Walk) -> None:
    from atento.inspection.walks.view import HEAD, about, steps

    print("\n".join(about(found)))
    print_table(HEAD, steps(found), numbers=(0,))


def _write(found: Walk, output: Path) -> None:
    match output.suffix.lower():
        case ".html":
            found.save_html(output)
        case ".json":
            from atento.core.files import atomic_text

            with atomic_text(output) as stream:
                stream.write(found.to_json() + "\n")
        case _:
            from atento.figures import canvas
            from atento.inspection.walks.view import figure

            canvas.save(figure(found), output)
