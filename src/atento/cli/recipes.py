"""``atento recipes``: what is shipped, one of them to read or copy, and every key that a recipe can have."""

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
  atento recipes keys training.masking
"""
KEYS_EXAMPLES = """\b
Examples:
  atento recipes keys training.masking
  atento recipes keys gpt
  atento recipes keys data.train
"""
app = typer.Typer(
    help="List the recipes that come with Atento, show one, or list the keys of recipes.",
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


@app.command(epilog=KEYS_EXAMPLES)
def keys(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="A table (training.masking), a kind (gpt, luong), a key (model.norm) or its last part.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the keys of recipes: what each may be, what it is if nothing is said, and what it does.

    A key is set in a recipe file, or with `atento train --set KEY=VALUE`.
    """
    from atento.core.configuration import nearest
    from atento.core.keys import sections, selected
    from atento.training.recipe import Recipe

    every = sections(Recipe)
    found = every if name is None else selected(every, name)
    if not found:
        known = {part for section in every for part in (section.table, *section.path)} - {""}
        names = known.union(*((key.name, key.name.split(".")[-1]) for section in every for key in section.keys))
        raise ConfigurationError(f"recipes have no key {name!r}{nearest(str(name), names, listed=known)}")
    if as_json:
        print_json({"tables": found})
        return
    for section in found:
        print(section.title if section is found[0] else f"\n{section.title}")
        rows = [(key.name, key.values, key.default, key.text) for key in section.keys]
        print_table(("key", "value", "default", "what it does"), rows, unbroken=[0])


def _summary(text: str) -> str:
    """The comment that a recipe begins with."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return " ".join(lines)
