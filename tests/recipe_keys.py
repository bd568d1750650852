"""The tables of keys in ``docs/recipes.md``, made of the configurations: ``make keys``, or ::

python -m tests.recipe_keys
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from atento.core.keys import NO_VALUES, Key, sections
from atento.training.recipe import Recipe

PAGE = Path(__file__).parents[1] / "docs" / "recipes.md"
BEGIN, END = "<!-- keys -->", "<!-- end of keys -->"


def with_keys(text: str) -> str:
    """The page with its tables made anew; what is written around them stays."""
    tables = "\n".join([BEGIN, "", *_lines(), END])
    return re.sub(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: tables, text, flags=re.DOTALL)


def _lines() -> Iterator[str]:
    for section in sections(Recipe):
        yield from (f"### {section.title}", "", "| key | value | default | what it does |", "|---|---|---|---|")
        yield from map(_row, section.keys)
        yield ""


def _row(key: Key) -> str:
    default = f"*{key.default}*" if key.default in NO_VALUES else key.default and f"`{key.default}`"
    cells = (cell.replace("|", "\\|") for cell in (f"`{key.name}`", key.values, default, key.text))
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(with_keys(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
