"""Tables for the terminal, with columns as wide as what stands in them."""

from __future__ import annotations

from collections.abc import Sequence


def draw(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Sequence[int] = (),
    unbroken: Sequence[int] = (),
    width: int | None = None,
) -> str:
    """A table as lines; the columns in ``numbers`` are flush right.

    Args:
        header: the columns' names; none is shown if all are empty.
        rows: of cells.
        numbers: columns that are flush right.
        unbroken: columns whose cells stay on one line.
        width: columns of the terminal; None: as many as it has.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    headed = any(header)
    table = Table(box=box.SIMPLE_HEAD if headed else None, show_header=headed, pad_edge=False)
    for number, name in enumerate(header):
        table.add_column(
            Text(name),
            justify="right" if number in numbers else "left",
            overflow="fold",
            no_wrap=number in unbroken,
        )
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(highlight=False, width=width)
    with console.capture() as capture:
        console.print(table)
    lines = (line.rstrip() for line in capture.get().splitlines())
    return "\n".join(line for line in lines if line)
