"""Tokens a second of sampling with the cache: Hugging Face's ``generate`` or our writer, on the same GPT-2.

The model has random weights of nanoGPT's small size (4 layers, 4 heads, 128 wide) and a context of 1,024; it is made by
``transformers`` and imported by us. Both draw from the 40 most probable tokens and never end early. ::

    python -m benchmarks.gpt_generation --side transformers
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.common import parser

TOKENS = 200
LENGTHS = (100, 200, 400, 800)
GROUPS = {"alone": 1, "eight": 8}
PROMPT = "a"

Write = Callable[[int, int], None]
"""Writes so many texts of so many tokens."""


def model_folder(options: argparse.Namespace) -> Path:
    """A GPT-2 with a vocabulary of characters, in Hugging Face's format; made once."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    folder: Path = options.work / "generation.gpt2"
    if (folder / "config.json").exists():
        return folder
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    library = Tokenizer(models.BPE({letter: number for number, letter in enumerate([*letters, "<|endoftext|>"])}, []))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    ends = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "<|endoftext|>")
    transformers.PreTrainedTokenizerFast(tokenizer_object=library, **ends).save_pretrained(folder)
    transformers.set_seed(1)
    config = transformers.GPT2Config(
        vocab_size=len(letters) + 1, n_positions=1024, n_embd=128, n_layer=4, n_head=4,
        bos_token_id=len(letters), eos_token_id=len(letters),
    )  # fmt: skip
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def theirs(folder: Path, seed: int) -> Write:
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(seed)
    prompt = torch.tensor([tokenizer(PROMPT).input_ids])

    def write(texts: int, tokens: int) -> None:
        with torch.inference_mode():
            model.generate(
                prompt.repeat(texts, 1), attention_mask=torch.ones(texts, prompt.shape[1], dtype=torch.long),
                do_sample=True, top_k=40, min_new_tokens=tokens, max_new_tokens=tokens, pad_token_id=0,
            )  # fmt: skip

    return write


def ours(folder: Path, seed: int) -> Write:
    import msgspec

    from atento.applications.writer import Writer
    from atento.decoding.configuration import DecodingConfig
    from atento.interop.importing import import_folder

    run = folder.with_suffix(".run")
    shutil.rmtree(run, ignore_errors=True)
    import_folder(folder, run)
    writer = Writer.load(run)
    settings = DecodingConfig(sampling=True, top_k=40, seed=seed, max_length=2000)

    def write(texts: int, tokens: int) -> None:
        decoding = msgspec.structs.replace(settings, samples=texts, min_length=tokens + len(PROMPT))
        found = writer.write(PROMPT, max_tokens=tokens, decoding=decoding)
        assert all(len(each.ids) == tokens for each in found.continuations)

    return write


def seconds(write: Write, texts: int, tokens: int) -> float:
    begun = time.perf_counter()
    write(texts, tokens)
    return time.perf_counter() - begun


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--side", choices=["transformers", "atento"], required=True)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    folder = model_folder(chosen)
    write = theirs(folder, chosen.seed) if chosen.side == "transformers" else ours(folder, chosen.seed)
    found: dict[str, Any] = {}
    for name, texts in GROUPS.items():
        write(texts, 20)  # kernels are chosen, memory is claimed
        found[f"{name}_tokens_per_second"] = texts * TOKENS / min(seconds(write, texts, TOKENS) for _ in range(3))
    found["seconds_by_length"] = [(length, seconds(write, 1, length)) for length in LENGTHS]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
