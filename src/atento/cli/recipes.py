"""``atento recipes``: what is shipped, and one of them to read or copy."""

from __future__ import annotations

from typing import Annotated

import typer

from atento.cli.arguments import Json
from atento.cli.console import PLAIN, print_json, print_table
from atento.core.errors import ConfigurationError

EXAMPLES = """\b
Examples:
  atento recipes
  atento recipes show pt-es-small > my-recipe.toml
"""
app = typer.Typer(
    help="List the recipes that come with Atento, or show one.",
    rich_markup_mode=PLAIN,
    invoke_without_command=True,
    epilog=EXAMPLES,
)


@app.callback()
def recipes(context: typer.Context, as_json: Json = False) -> None:
    """List the recipes that come with Atento, or show one."""
    if context.invoked_subcommand is not None:
        return
    from atento.training.shipped import DEFAULT, shipped_recipes

    summaries = {name: _summary(text) for name, text in shipped_recipes().items()}
    if as_json:
        print_json({"recipes": summaries, "default": DEFAULT})
    else:
        print_table(("recipe", "what it is"), list(summaries.items()))


@app.command(epilog="Example:  atento recipes show small > my-recipe.toml")
def show(name: Annotated[str, typer.Argument(metavar="NAME", help="A shipped recipe.")]) -> None:
    """Print a recipe; change a copy of it, and give the copy to `atento train`."""
    from atento.core.configuration import nearest
    from atento.training.shipped import shipped_recipes

    shipped = shipped_recipes()
    if name not in shipped:
        raise ConfigurationError(f"there is no recipe {name!r}{nearest(name, shipped)}")
    print(shipped[name], end="")


def _summary(text: str) -> str:
    """The comment that a recipe begins with."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return " ".join(lines)
