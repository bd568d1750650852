"""The same sentence in a GPT and in a BERT: masked self-attention looks back, unmasked self-attention both ways.

python examples/masked_and_unmasked.py FOLDER [GPT_RUN BERT_RUN]

Without runs the models are tiny and of random weights, so large that their heads look somewhere, though without sense.
Three pictures are made: a head of both models side by side, and every head of every layer of each. What a mask hides is
hatched there, which is another thing than a weight of nearly zero.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from atento.applications.passages import to_read, to_write
from atento.applications.self_attention import explain_read, explain_written
from atento.bundle import Bundle, load_language_model, load_masked_language_model, vocabulary_of
from atento.data.builtin.corpus import builtin_corpus
from atento.figures import canvas, heatmap, terminal
from atento.models.bert import BertConfig
from atento.models.build import build_model
from atento.models.gpt import GPTConfig
from atento.models.language_model import LanguageModel
from atento.models.masked_language_model import MaskedLanguageModel
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer

SENTENCE = "A menina comprou um livro novo."
Pair = tuple[Bundle[LanguageModel], Bundle[MaskedLanguageModel]]


def untrained() -> Pair:
    """A tiny GPT and a tiny BERT of random weights, with one tokenizer of the built-in corpus's Portuguese side."""
    lines = [pair.source for pair in builtin_corpus(composed=0).train.handwritten]
    tokenizer = train_tokenizer(lines, TokenizerConfig(vocab_size=1000, mask=True))
    vocabulary = vocabulary_of(tokenizer, tokenizer)
    gpt = GPTConfig(model_size=32, num_heads=4, feed_forward_size=64, num_layers=2)
    bert = BertConfig(model_size=32, num_heads=4, feed_forward_size=64, num_layers=2)
    models = build_model(gpt, vocabulary, seed=1), build_model(bert, vocabulary, seed=1)
    for model in models:
        with torch.no_grad():
            for matrix in (parameter for parameter in model.eval().parameters() if parameter.dim() > 1):
                matrix *= 10.0
    return (
        Bundle(model=models[0], model_config=gpt, source_tokenizer=tokenizer, target_tokenizer=tokenizer),
        Bundle(model=models[1], model_config=bert, source_tokenizer=tokenizer, target_tokenizer=tokenizer),
    )


def trained(gpt: Path, bert: Path) -> Pair:
    """The models of two runs."""
    return load_language_model(gpt), load_masked_language_model(bert)


def main(folder: Path, models: Pair) -> None:
    """Draw a sentence's self-attention in both models."""
    gpt, bert = models
    [masked] = explain_written(gpt, to_write(gpt, [SENTENCE]), rows="input")
    [unmasked] = explain_read(bert, to_read(bert, [SENTENCE]))
    for record in (masked, unmasked):
        print(terminal.draw(record, layer=0, head=0))
    print(terminal.legend(hidden=True))
    titles = ["GPT: masked self-attention", "BERT: unmasked self-attention"]
    sheet = heatmap.sheet([masked, unmasked], layer=0, head=0, titles=titles)
    canvas.save(sheet, folder / "masked_and_unmasked.png")
    canvas.save(heatmap.grid(masked), folder / "gpt_heads.png")
    canvas.save(heatmap.grid(unmasked), folder / "bert_heads.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), trained(Path(sys.argv[2]), Path(sys.argv[3])) if len(sys.argv) > 3 else untrained())
