"""Files of ``--attention`` and ``--figure``: checked before any work is done, and drawn when it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atento.cli.arguments import check_output, require
from atento.core.errors import OutputError

if TYPE_CHECKING:
    from atento.figures.attention import Attention, Role

FORMATS = (".png", ".svg", ".pdf")

AttentionFile = Annotated[
    Path | None,
    typer.Option(
        "--attention", metavar="FILE", help="Draw the attention: .png .svg .pdf, .html, or .json (a line a text)."
    ),
]
Words = Annotated[
    bool, typer.Option("--words/--subwords", help="Merge the drawing's sub-words to words, or show them.")
]
Layer = Annotated[
    int | None, typer.Option("--layer", metavar="N", help="Draw this layer; -1 is the last. [default: mean]")
]
Head = Annotated[int | None, typer.Option("--head", metavar="N", help="Draw this head. [default: mean]")]
Grid = Annotated[bool, typer.Option("--grid", help="Draw every head of every layer of one text.")]


@dataclass(frozen=True, kw_only=True)
class AttentionDrawing:
    """What is asked for with ``--attention`` and the options that go with it."""

    path: Path
    words: bool
    layer: int | None
    head: int | None
    grid: bool
    role: Role | None = None

    @classmethod
    def of(
        cls,
        path: Path | None,
        *,
        words: bool,
        layer: int | None,
        head: int | None,
        grid: bool,
        role: Role | None = None,
    ) -> AttentionDrawing | None:
        """Take the options in, None without a file.

        Raises:
            OutputError: a file that cannot be written, or no format of ours.
            ConfigurationError: options that do not go together.
        """
        if path is None:
            alone = {
                "--words": words,
                "--layer": layer is not None,
                "--head": head is not None,
                "--grid": grid,
                "--role": role,
            }
            given = next((name for name, value in alone.items() if value), None)
            require(given is None, f"{given} is for the drawing: name its file with --attention")
            return None
        check_picture(path, also=(".html", ".json"))
        one = layer is not None or head is not None
        require(not (grid and one), "--grid shows all layers and heads: leave --layer and --head out")
        whole = path.suffix.lower() == ".html"
        require(not (whole and (grid or one)), f"{path} has every layer and head: leave --layer, --head and --grid out")
        return cls(path=path, words=words, layer=layer, head=head, grid=grid, role=role)

    def draw(self, records: Sequence[Attention]) -> None:
        """Write the attention of all texts: a sheet, or one JSON record a line.

        Raises:
            ConfigurationError: a grid of several texts.
            DataError: there is no such layer, head or role, or more than one sheet can hold.
            OutputError: the file cannot be written.
        """
        if self.words:
            from atento.text.words import segment

            records = [record.merged(segment(record.source_text), segment(record.target_text)) for record in records]
        if self.path.suffix.lower() == ".json":
            from atento.core.files import atomic_text

            with atomic_text(self.path) as stream:
                stream.writelines(record.to_json() + "\n" for record in records)
            return
        if self.path.suffix.lower() == ".html":
            from atento.core.display import save_page

            save_page(self.path, "Attention", [self._of_role(record) for record in records])
            return
        from atento.figures import canvas, heatmap

        if self.grid:
            require(len(records) == 1, f"--grid shows one text, and here are {len(records)}: give one, or leave it out")
            figure = heatmap.grid(records[0], role=self.role)
        else:
            figure = heatmap.sheet(records, role=self.role, layer=self.layer, head=self.head)
        canvas.save(figure, self.path)

    def _of_role(self, record: Attention) -> Attention:
        """The record with the role that was asked for alone."""
        match self.role:
            case "encoder" | "decoder":
                return record.alone(self.role)
            case "cross":
                return replace(record, weights={"cross": record.array("cross")})
            case None:
                return record


def check_picture(path: Path | None, *, also: Sequence[str] = ()) -> None:
    """Refuse a file that cannot be drawn to; ``also`` are suffixes beside those of pictures.

    Raises:
        OutputError: the place cannot be written, or the suffix names no format.
    """
    if path is None:
        return
    check_output(path)
    known = (*FORMATS, *also)
    if path.suffix.lower() not in known:
        raise OutputError(f"cannot draw {path}: name a {', '.join(known[:-1])} or {known[-1]} file")
