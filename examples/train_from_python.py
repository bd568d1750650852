"""Train a small translator on the built-in corpus from Python, translate, and draw the alignment.

python examples/train_from_python.py FOLDER [STEPS]
"""

from __future__ import annotations

import sys
from pathlib import Path

import atento
from atento.data.builtin.corpus import builtin_corpus, write_builtin
from atento.training.recipe import read_recipe
from atento.training.run import train


def main(folder: Path, steps: int) -> None:
    """Train for so many steps; a few hundred already give sensible words."""
    write_builtin(folder / "corpus", builtin_corpus(composed=2000))
    recipe = read_recipe(
        "small",
        train=[folder / "corpus" / "train.pt", folder / "corpus" / "train.es"],
        overrides=[
            f"training.steps={steps}",
            f"training.validate_every={steps}",
            "tokenizer.vocab_size=2000",
            "model.model_size=64",
            "model.feed_forward_size=256",
        ],
    )
    report = train(recipe, folder / "run")
    print(f"{report.outcome.state.step} steps, validation loss {report.outcome.state.scores[-1].loss:.3f}")

    translator = atento.load(folder / "run")
    result = translator.translate("A menina comprou um livro novo.", beam_size=5, attention=True)
    print(result.text)
    assert result.attention is not None
    result.attention.figure().savefig(folder / "alignment.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200)
