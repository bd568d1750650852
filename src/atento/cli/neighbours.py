"""``atento neighbours`` and ``atento analogy``: which words lie near a word, or near a sum of words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from atento.cli.arguments import Device, Json, require
from atento.cli.console import print_json, print_table, progress_bar
from atento.cli.embedding_options import Side, Sources, layer_number, load, read_sources, read_texts

if TYPE_CHECKING:
    from atento.inspection.word_space import Answer, Word, WordSpace

NEIGHBOURS_EXAMPLES = """\b
Examples:
  atento neighbours runs/pt-es gato casa
  atento neighbours runs/pt-es gato --side target --number 20
  atento neighbours runs/bert banco -i novel.txt --layer 4
"""
ANALOGY_EXAMPLES = """\b
Examples:
  atento analogy runs/pt-es rei homem mulher
  atento analogy runs/gpt rei homem mulher -i novel.txt
"""
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run of any family, or its bundle.")]
Number = Annotated[int, typer.Option("--number", "-n", metavar="N", min=1, help="How many to show.")]
Texts = Annotated[
    Path | None,
    typer.Option("--input", "-i", metavar="FILE", help="Rank the words of these texts, not the tokenizer's pieces."),
]
Layer = Annotated[
    str | None,
    typer.Option(metavar="N", help="With --input: the mean of a word's vectors in this layer. [default: input]"),
]


def neighbours(
    run: Run,
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="Words; one of several tokens has their mean.")],
    number: Number = 10,
    metric: Annotated[
        Literal["cosine", "dot"], typer.Option(help="What is near: dot prefers long vectors.")
    ] = "cosine",
    input_file: Texts = None,
    layer: Layer = None,
    side: Side = None,
    sources: Sources = None,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Show the words whose vectors are nearest to a word's, in the original space.

    Every vector is compared. The word itself, its own tokens, copies of its vector and special tokens are left out.
    """
    space = _space(run, input_file, layer, side, sources, device, metric)
    answers = space.neighbours(words, number)
    if as_json:
        print_json({"metric": metric, "words": [_json(answer.words[0], answer) for answer in answers]})
        return
    for place, answer in enumerate(answers):
        print(("\n" if place else "") + _named(answer.words[0]))
        _print(answer, metric)


def analogy(
    run: Run,
    a: Annotated[str, typer.Argument(metavar="A", help="rei")],
    b: Annotated[str, typer.Argument(metavar="B", help="homem")],
    c: Annotated[str, typer.Argument(metavar="C", help="mulher")],
    number: Number = 10,
    input_file: Texts = None,
    layer: Layer = None,
    side: Side = None,
    sources: Sources = None,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Show what is nearest to A − B + C: what is to C as A is to B.

    `rei homem mulher` asks for rei − homem + mulher, that is, what is to mulher as rei is to homem. The vectors are
    made equally long before they are summed (Mikolov et al. 2013); the three words, with their tokens, are left out.
    """
    space = _space(run, input_file, layer, side, sources, device, "cosine")
    answer = space.analogy(a, b, c, number)
    if as_json:
        words = [_word(word) for word in answer.words]
        print_json({"a": words[0], "b": words[1], "c": words[2], "neighbours": _listed(answer)})
        return
    print(f"{a} − {b} + {c}: what is to {c} as {a} is to {b}")
    for word in answer.words:
        if len(word.pieces) > 1:
            print(_named(word))
    _print(answer, "cosine")


def _space(
    run: Path,
    input_file: Path | None,
    layer: str | None,
    side: Literal["source", "target"] | None,
    sources: Path | None,
    device: str,
    metric: Literal["cosine", "dot"],
) -> WordSpace:
    from atento.inspection.word_space import WordSpace

    require(
        input_file or not (layer or sources),
        "only words that stand in texts have vectors in layers: give --input too, or leave --layer and --sources out",
    )
    texts = None if input_file is None else read_texts(None, input_file, skip_blank=sources is None)
    chosen = None if layer is None else layer_number(layer)
    embedder = load(run, device, side)
    if texts is None:
        return WordSpace.of_vocabulary(embedder, metric)
    with progress_bar() as progress:
        return WordSpace.of_texts(
            embedder, texts, layer=chosen, metric=metric, sources=read_sources(sources), progress=progress
        )


def _named(word: Word) -> str:
    """A word, and what its vector is the mean of."""
    if len(word.pieces) > 1:
        return f"{word.text} (the mean of its {len(word.pieces)} tokens: {' '.join(word.pieces)})"
    return word.text


def _print(answer: Answer, metric: str) -> None:
    rows = [(f"{each.score:.4f}", each.label) for each in answer.neighbours]
    print_table((metric, "neighbour"), rows, numbers=(0,))


def _word(word: Word) -> dict[str, Any]:
    return {"word": word.text, "pieces": word.pieces}


def _listed(answer: Answer) -> Sequence[dict[str, Any]]:
    return [{"label": each.label, "score": each.score, "id": each.place} for each in answer.neighbours]


def _json(word: Word, answer: Answer) -> dict[str, Any]:
    return {**_word(word), "neighbours": _listed(answer)}
