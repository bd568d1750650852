"""The studies that come with Atento, as text: nothing heavy is imported to list them."""

from __future__ import annotations

from importlib import resources


def shipped_studies() -> dict[str, str]:
    """Name → TOML text of the studies that come with Atento, sorted by name."""
    folder = resources.files("atento.study") / "studies"
    files = (file for file in folder.iterdir() if file.name.endswith(".toml"))
    return {
        file.name.removesuffix(".toml"): file.read_text(encoding="utf-8")
        for file in sorted(files, key=lambda f: f.name)
    }
