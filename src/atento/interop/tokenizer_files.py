"""A tokenizer as the files that ``transformers`` reads: ``tokenizer.json`` and what says which tokens are special.

They are written for its general class, which takes ``tokenizer.json`` as it stands, whatever the model.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from atento.text.template import Template, post_processor
from atento.text.tokenizer import Tokenizer

UNLIMITED = int(1e30)
"""What ``transformers`` writes where a model has no longest text."""


def write_tokenizer(
    tokenizer: Tokenizer, template: Template, folder: Path, *, inputs: tuple[str, ...], longest: int | None
) -> None:
    """Write a tokenizer into a folder.

    Args:
        tokenizer: any of ours.
        template: how special tokens stand around a text.
        folder: where to.
        inputs: what the model takes.
        longest: tokens that it reads at most.
    """
    description = tokenizer.gapped_description()
    description = {
        **description,
        "model": _cut(description["model"], tokenizer.size),
        "post_processor": post_processor(template, None, tokenizer.piece),
    }
    tokens = special_tokens(tokenizer)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "model_max_length": UNLIMITED if longest is None else longest,
        "model_input_names": list(inputs),
        "padding_side": "right",
        **tokens,
    }
    for name, table in (
        ("tokenizer.json", description),
        ("tokenizer_config.json", config),
        ("special_tokens_map.json", tokens),
    ):
        text = json.dumps(table, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        (folder / name).write_text(text, encoding="utf-8")


def _cut(model: dict[str, Any], size: int) -> dict[str, Any]:
    """A model without entries that the vocabulary lacks, which are unknown here and would have too great ids there."""
    vocabulary = model["vocab"]
    if len(vocabulary) <= size:
        return model
    if isinstance(vocabulary, list):
        return model | {"vocab": vocabulary[:size]}
    kept = {text: number for text, number in vocabulary.items() if number < size}
    merges = [pair for pair in model["merges"] if {*pair, "".join(pair)} <= kept.keys()]
    return model | {"vocab": kept, "merges": merges}


def special_tokens(tokenizer: Tokenizer) -> dict[str, str]:
    """The special tokens as ``transformers`` calls them."""
    ids = {"pad": tokenizer.pad, "unk": tokenizer.unk, "bos": tokenizer.bos, "eos": tokenizer.eos}
    if tokenizer.mask is not None:
        ids |= {"mask": tokenizer.mask, "cls": tokenizer.bos, "sep": tokenizer.eos}
    return {f"{name}_token": tokenizer.piece(number) for name, number in ids.items()}
