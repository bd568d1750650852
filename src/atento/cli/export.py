"""``atento export``: a run in another library's format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from atento.cli.arguments import Json
from atento.cli.console import print_json, say

EXAMPLES = """\b
Examples:
  atento export runs/machado --to huggingface -o models/machado
  python -c 'from transformers import pipeline; print(pipeline("text-generation", "models/machado")("Capitu"))'
"""


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run, or its bundle.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to write.")],
    to: Annotated[Literal["huggingface"], typer.Option(help="Whose format.")] = "huggingface",  # noqa: ARG001  (the one)
    as_json: Json = False,
) -> None:
    """Write a folder that transformers loads with AutoModel… and AutoTokenizer, with the same outputs.

    GPTs become GPT-1, GPT-2 or LLaMA, BERTs BERT or RoBERTa, Transformers Marian or Pegasus. A model that has no exact
    equal there is refused, with the keys of its configuration that have none.

    For CTranslate2, give that folder to its ct2-transformers-converter.
    """
    from atento.bundle import load_bundle
    from atento.interop.exporting import export_folder

    exported = export_folder(load_bundle(run), output)
    for note in exported.notes:
        say(f"note: {note}")
    if as_json:
        print_json(
            {
                "folder": str(output),
                "architecture": exported.architecture,
                "auto_class": exported.auto_class,
                "notes": list(exported.notes),
            }
        )
        return
    print(f"{output}: {exported.architecture}.")
    print(f'Next:  {exported.auto_class}.from_pretrained("{output}"), AutoTokenizer.from_pretrained("{output}")')
