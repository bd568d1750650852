"""The recipes that come with Atento, as text: nothing heavy is imported to list them."""

from __future__ import annotations

from importlib import resources

DEFAULT = "small"
"""The shipped recipe that is used where none is named."""
FINE_TUNING = "fine-tune"
"""The same where a run goes on from another one; it has no model of its own."""


def shipped_recipes() -> dict[str, str]:
    """Name → TOML text of the recipes that come with Atento, sorted by name."""
    folder = resources.files("atento.training") / "recipes"
    files = (file for file in folder.iterdir() if file.name.endswith(".toml"))
    return {
        file.name.removesuffix(".toml"): file.read_text(encoding="utf-8")
        for file in sorted(files, key=lambda f: f.name)
    }
