"""``atento import``: a model in Hugging Face's format becomes a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atento.cli.arguments import Json
from atento.cli.console import print_json, say

if TYPE_CHECKING:
    from atento.bundle import AnyBundle

EXAMPLES = """\b
Examples:
  atento import models/gpt2-small-portuguese -o runs/gpt2
  atento import models/bert-base-portuguese-cased -o runs/bertimbau
  atento import models/opus-mt-pt-es -o runs/opus && atento translate runs/opus "Onde fica a estação?"
"""


def import_(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A local folder with config.json, weights and tokenizer.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="RUN", help="The run to make of it.")],
    pairs: Annotated[
        bool, typer.Option("--pairs", help="It classifies pairs of texts, which folders from elsewhere do not say.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a run of a folder in Hugging Face's format: GPT-1, GPT-2, LLaMA, BERT, RoBERTa, Marian (OPUS-MT), Pegasus.

    Models that share these architectures (BERTimbau, BETO, DistilGPT-2) are read as well. Weights are read from
    safetensors, or from pytorch_model.bin by a loader that runs nothing. Classifiers made of BERT or RoBERTa keep the
    names of their classes. What Atento does not have is refused.
    """
    from atento.interop.importing import import_folder

    imported = import_folder(folder, output, pairs=pairs)
    bundle = imported.bundle
    for note in imported.notes:
        say(f"note: {note}")
    if as_json:
        print_json(
            {
                "run": str(output),
                "model_type": imported.model_type,
                "parameters": bundle.model.num_parameters,
                "vocabulary": bundle.vocabulary.target_size,
                "notes": list(imported.notes),
            }
        )
        return
    print(
        f"{output}: {imported.model_type}, {bundle.model.num_parameters:,} parameters, "
        f"{bundle.vocabulary.target_size:,} entries in its vocabulary ({bundle.tokenizer.kind})."
    )
    print(f"Next:  {_next(bundle, output)}")


def _next(bundle: AnyBundle, run: Path) -> str:
    from atento.models.bert import BertConfig
    from atento.models.gpt import GPTConfig

    if bundle.classes:
        return f'atento classify {run} "…"' + (' --second "…"' if bundle.paired else "")
    mask = bundle.tokenizer.mask
    match bundle.model_config:
        case GPTConfig():
            return f'atento write {run} "…"'
        case BertConfig(masked_head=True) if mask is not None:
            return f'atento fill {run} "… {bundle.tokenizer.label(mask)} …"'
        case BertConfig():
            return f'atento embed {run} "…" -o vectors.npz'
        case _:
            return f'atento translate {run} "…"'
