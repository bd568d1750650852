"""``atento contexts``: one word in several sentences, whose vectors differ from layer to layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from atento.cli.arguments import Device, Json, in_file, require
from atento.cli.console import print_json, print_table
from atento.cli.embedding_options import (
    Side,
    Sources,
    check_drawing,
    layer_number,
    load,
    read_sources,
    read_texts,
)

if TYPE_CHECKING:
    from atento.inspection.contexts import Contexts, LayerSimilarity

EXAMPLES = """\b
Examples:
  atento contexts runs/bert banco "O banco abre às dez." "Sentei-me num banco da praça." "Fui ao banco."
  atento contexts runs/pt-es banco -i sentences.pt --figure layers.png --tables tables.png
"""


def contexts(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run of any family, or its bundle.")],
    word: Annotated[str, typer.Argument(metavar="WORD", help="A word, or several that stand together.")],
    sentences: Annotated[
        list[str] | None, typer.Argument(metavar="SENTENCE...", help="Each has the word; together at least twice.")
    ] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", "-i", metavar="FILE", help="Take the lines that have the word.")
    ] = None,
    layer: Annotated[str, typer.Option(metavar="N", help="Whose table of pairs to print; -1 is the last.")] = "-1",
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the means over the layers: .png .svg .pdf.")
    ] = None,
    tables: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw every layer's table of pairs: .png .svg .pdf.")
    ] = None,
    side: Side = None,
    sources: Sources = None,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Compare a word's vectors in several sentences, layer by layer.

    Its input vector is the same everywhere: their cosine is 1. In the layers the sentence changes it; the mean cosine
    of its occurrences is the self-similarity of Ethayarajh (2019). As all vectors of a layer may point the same way,
    the mean of different words stands beside it.
    """
    check_drawing(figure)
    check_drawing(tables)
    require(sentences or input_file, "give sentences that have the word, or --input FILE")
    texts = read_texts(sentences, input_file)
    beside = read_sources(sources)
    if input_file is not None:
        texts, beside = _with_word(texts, beside, word, input_file)
    embedder = load(run, device, side)
    number = layer_number(layer)
    shown = embedder.reader.layer(number)
    from atento.inspection.contexts import compare_contexts

    with in_file(input_file):
        found = compare_contexts(embedder, word, texts, sources=beside)
    _draw(found, figure, tables)
    if as_json:
        print_json(_json(found))
    else:
        _print(found, found.input if shown is None else found.layers[shown])


def _with_word(
    texts: list[str], sources: list[str] | None, word: str, path: Path
) -> tuple[list[str], list[str] | None]:
    """The lines that have the word, with their sources.

    Raises:
        DataError: none has, or there are not as many sources.
    """
    from atento.core.errors import DataError
    from atento.inspection.contexts import has_word

    if sources is not None and len(sources) != len(texts):
        raise DataError(f"{len(sources)} sources and {len(texts)} lines in {path}: give equally many")
    places = [place for place, text in enumerate(texts) if has_word(text, word)]
    if not places:
        raise DataError(f"no line of {path} has the word {word!r}; give another word or file")
    return [texts[place] for place in places], None if sources is None else [sources[place] for place in places]


def _draw(found: Contexts, figure: Path | None, tables: Path | None) -> None:
    if figure is None and tables is None:
        return
    from atento.figures import canvas
    from atento.figures.similarity import Panel, similarity_by_layer, similarity_tables
    from atento.inspection.contexts_view import sentence

    first = Panel("input vectors", found.input.table)
    layers = [Panel(f"layer {each.layer}", each.table) for each in found.layers]
    if figure is not None:
        others = [each.others for each in found.layers]
        canvas.save(similarity_by_layer(found.word, layers, others, first.pairs), figure)
    if tables is not None:
        listed = [sentence(found, each) for each in found.occurrences]
        canvas.save(similarity_tables([first, *layers], listed), tables)


def _print(found: Contexts, shown: LayerSimilarity) -> None:
    from atento.inspection.contexts_view import MOST_OCCURRENCES, layer_name, sentence

    for number, each in enumerate(found.occurrences, 1):
        print(f"{number:3}  {sentence(found, each)}")
    pieces = dict.fromkeys(each.pieces for each in found.occurrences)
    if any(len(its) > 1 for its in pieces):
        print(f"     {found.word}: the mean of its tokens, {' or '.join(' '.join(its) for its in pieces)}")
    print()
    rows = [
        (layer_name(each), _decimals(each.self_similarity), "" if each.others is None else _decimals(each.others))
        for each in (found.input, *found.layers)
    ]
    print_table(("mean cosine of pairs", found.word, "different words"), rows, numbers=(1, 2))
    print()
    table = shown.table[:MOST_OCCURRENCES, :MOST_OCCURRENCES]
    numbers = [str(number) for number in range(1, len(table) + 1)]
    cells = [[name, *(_decimals(float(value)) for value in row)] for name, row in zip(numbers, table, strict=True)]
    print_table((layer_name(shown), *numbers), cells, numbers=range(1, len(numbers) + 1))
    if len(table) < len(shown.table):
        print(f"The first {len(table)} of {len(shown.table):,} occurrences; --json has all.")


def _decimals(value: float) -> str:
    return f"{value:.3f}"


def _json(found: Contexts) -> dict[str, Any]:
    def layer(each: LayerSimilarity) -> dict[str, Any]:
        return {
            "layer": each.layer,
            "self_similarity": each.self_similarity,
            "others": each.others,
            "cosines": each.table.tolist(),
        }

    return {
        "word": found.word,
        "sentences": found.sentences,
        "occurrences": [
            {"sentence": each.sentence, "span": each.span, "pieces": each.pieces} for each in found.occurrences
        ],
        "input": layer(found.input),
        "layers": [layer(each) for each in found.layers],
    }
