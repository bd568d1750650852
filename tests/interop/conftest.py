"""Folders in Hugging Face's format, made with its own library: tiny models of random weights, small tokenizers."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sentencepiece
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

PREFIXES = {"bert": "Bert", "roberta": "Roberta"}
"""With what the families' classes begin."""


def scatter(model: nn.Module, deviation: float = 0.4) -> Any:
    """Random weights that matter, norms near one, biases included."""
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter, mean=float("norm" in name.lower() and "weight" in name), std=deviation)
    return model.eval()


def byte_level(folder: Path, specials: Sequence[str], size: int = 320, texts: Sequence[str] = TEXTS) -> None:
    """``vocab.json`` and ``merges.txt`` of a small byte-level BPE."""
    library = tokenizers.Tokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(specials), initial_alphabet=alphabet, show_progress=False
    )
    library.train_from_iterator([*texts] * 3, trainer)
    library.model.save(str(folder))


def write_json(path: Path, table: dict[str, Any]) -> None:
    path.write_text(json.dumps(table), encoding="utf-8")


def gpt2(folder: Path, *, seed: int = 0, entries: int = 320, texts: Sequence[str] = TEXTS, **changes: Any) -> Any:
    """A folder with a GPT-2, whose tokenizer has so many entries, made of ``texts``; gives its model."""
    folder.mkdir(parents=True, exist_ok=True)
    byte_level(folder, ["<|endoftext|>"], entries, texts)
    size = len(json.loads((folder / "vocab.json").read_text(encoding="utf-8")))
    torch.manual_seed(seed)
    options = {
        "vocab_size": size,
        "n_embd": 16,
        "n_layer": 2,
        "n_head": 2,
        "n_positions": 32,
        "bos_token_id": 0,
        "eos_token_id": 0,
    }
    model = scatter(transformers.GPT2LMHeadModel(transformers.GPT2Config(**{**options, **changes})))
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


def sentence_pieces(path: Path, texts: Sequence[str], size: int, kind: str = "unigram", **options: Any) -> None:
    """A small SentencePiece model."""
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=stream, vocab_size=size, model_type=kind, minloglevel=2,
        hard_vocab_limit=False, **options,
    )  # fmt: skip
    path.write_bytes(stream.getvalue())


def pieces_of(path: Path) -> list[str]:
    """A model's pieces that texts are cut into."""
    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return [model.id_to_piece(n) for n in range(len(model)) if not (model.is_control(n) or model.is_unknown(n))]


def marian_tokenizer(folder: Path, kind: str = "unigram") -> int:
    """``source.spm``, ``target.spm`` and ``vocab.json``, which lacks a piece; gives the vocabulary's size."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, texts in (("source", TEXTS[:5]), ("target", TEXTS[3:])):
        sentence_pieces(folder / f"{name}.spm", texts * 4, 60, kind)
    source, target = (pieces_of(folder / f"{name}.spm") for name in ("source", "target"))
    both = list(dict.fromkeys([*source, *target]))
    both.remove(next(piece for piece in source[::-1] if piece not in target and len(piece) > 1))
    entries = ["</s>", "<unk>", *both, ">>es<<", "<pad>"]
    write_json(folder / "vocab.json", {entry: number for number, entry in enumerate(entries)})
    return len(entries)


def marian(folder: Path, *, kind: str = "Marian", pieces: str = "unigram", seed: int = 0, **changes: Any) -> Any:
    """A folder with a Marian or Pegasus model and Marian's tokenizers; gives its model."""
    size = marian_tokenizer(folder, pieces)
    torch.manual_seed(seed)
    options = {
        "vocab_size": size, "d_model": 16, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2,
        "decoder_attention_heads": 2, "encoder_ffn_dim": 24, "decoder_ffn_dim": 24, "activation_function": "swish",
        "scale_embedding": True, "max_position_embeddings": 64, "pad_token_id": size - 1, "eos_token_id": 0,
        "decoder_start_token_id": size - 1, "forced_eos_token_id": None, "bos_token_id": 0, **changes,
    }  # fmt: skip
    if kind == "Marian":
        model = transformers.MarianMTModel(transformers.MarianConfig(**options))
    else:
        model = transformers.PegasusForConditionalGeneration(transformers.PegasusConfig(**options))
    scatter(model, 0.3)
    model.final_logits_bias.normal_()
    model.save_pretrained(folder)
    return model


def llama(folder: Path, **changes: Any) -> Any:
    """A folder with a LLaMA and a SentencePiece model with bytes; gives its model."""
    folder.mkdir(parents=True, exist_ok=True)
    sentence_pieces(folder / "tokenizer.model", TEXTS * 4, 340, "bpe", byte_fallback=True)
    size = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model")).vocab_size()
    options = {
        "vocab_size": size, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
        "num_attention_heads": 4, "max_position_embeddings": 32, **changes,
    }  # fmt: skip
    model = scatter(transformers.LlamaForCausalLM(transformers.LlamaConfig(**options)))
    model.save_pretrained(folder)
    return model


_SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}


@pytest.fixture(scope="session")
def make() -> ModuleType:
    """This module: pytest's import mode lets tests import no module beside them."""
    return sys.modules[__name__]
