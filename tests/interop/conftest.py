"""Folders in Hugging Face's format, made with its own library: tiny models of random weights, small tokenizers."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tokenizers
import torch
import transformers
from tokenizers import models, pre_tokenizers, trainers
from torch import nn

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

TEXTS = [
    "a vida é bela", "o que é a vida, meu irmão?", "diga lá", "onde fica a estação?", "ele vê a casa e o gato preto",
    "¿qué es la vida, hermano?", "la casa del gato es bella", "Dê-me água!", "1984, 42 e 7", "não sei quando ele vem",
]  # fmt: skip
HARD = [
    *TEXTS, "", " ", "  dois   espaços ", "linha\numa\r\noutra\tfim ", "ALTO Ünïcödé ǅ ﬁ ß", "e\u0301 comb. a\u0308",
    "你好，世界", "こんにちは", "안녕하세요", "مرحبا بالعالم", "नमस्ते", "สวัสดี", "👩‍👩‍👧 🇧🇷 😀",
    "\u200b\u00a0\u2028\ufeff",
    "x\x00\x07\x1by", "1,000.50 €!?", "don't we're I'll", "▁a ▁▁b", "##a", "a" * 120,
]  # fmt: skip
"""Of many scripts, with emoji and control characters."""


def scatter(model: nn.Module, deviation: float = 0.4) -> Any:
    """Random weights that matter, norms near one, biases included."""
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter, mean=float("norm" in name.lower() and "weight" in name), std=deviation)
    return model.eval()


def byte_level(folder: Path, specials: Sequence[str], size: int = 320) -> None:
    """``vocab.json`` and ``merges.txt`` of a small byte-level BPE."""
    library = tokenizers.Tokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(specials), initial_alphabet=alphabet, show_progress=False
    )
    library.train_from_iterator(TEXTS * 3, trainer)
    library.model.save(str(folder))


def write_json(path: Path, table: dict[str, Any]) -> None:
    path.write_text(json.dumps(table), encoding="utf-8")


def gpt2(folder: Path, *, seed: int = 0, **changes: Any) -> Any:
    """A folder with a GPT-2; gives its model."""
    folder.mkdir(parents=True, exist_ok=True)
    byte_level(folder, ["<|endoftext|>"])
    size = len(json.loads((folder / "vocab.json").read_text(encoding="utf-8")))
    torch.manual_seed(seed)
    options = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32, "bos_token_id": 0, "eos_token_id": 0}
    model = scatter(transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=size, **{**options, **changes})))
    model.save_pretrained(folder)
    return model


def bert(folder: Path, kind: str, **changes: Any) -> Any:
    """A folder with a BERT of the class ``Bert{kind}``; gives its model."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = sorted({piece for text in TEXTS for word in text.split() for piece in (word[0], "##" + word[-1], word)})
    entries = dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdeo,.!?", *pieces])
    (folder / "vocab.txt").write_text("".join(f"{entry}\n" for entry in entries), encoding="utf-8")
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": False})
    options = {"max_position_embeddings": 24, "vocab_size": len(entries), **_SMALL, **changes}
    model = scatter(getattr(transformers, f"Bert{kind}")(transformers.BertConfig(**options)), 0.25)
    model.save_pretrained(folder)
    return model


def roberta(folder: Path, kind: str, **changes: Any) -> Any:
    """A folder with a RoBERTa of the class ``Roberta{kind}``; gives its model."""
    folder.mkdir(parents=True, exist_ok=True)
    byte_level(folder, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "RobertaTokenizer"})
    options = {"max_position_embeddings": 26, "vocab_size": 320, **_SMALL, **changes}
    model = scatter(getattr(transformers, f"Roberta{kind}")(transformers.RobertaConfig(**options)), 0.25)
    model.save_pretrained(folder)
    return model


_SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}


@pytest.fixture(scope="session")
def make() -> ModuleType:
    """This module: pytest's import mode lets tests import no module beside them."""
    return sys.modules[__name__]
