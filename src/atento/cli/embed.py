"""``atento embed``: the vectors of a vocabulary, of words and tokens where they stand, and of texts; maps of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from atento.cli.arguments import Device, Json, check_new, check_output, require
from atento.cli.console import print_json, progress_bar, say
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
    from atento.figures.scatter import Cloud
    from atento.inspection.embeddings import Embedder
    from atento.inspection.maps import Map
    from atento.inspection.vectors import Vectors

EXAMPLES = """\b
Examples:
  atento embed runs/pt-es "Onde fica a estação?" "Onde é a estação?" -o sentences.npz
  atento embed runs/bert -i poems.txt --level word --layer 4 -o projector
  atento embed runs/pt-es --level vocabulary --number 2000 --map vocabulary.png --method tsne --seed 3
  atento embed runs/pt-es rei rainha homem mulher --level type --layer input --map words.svg --map words.tsv
"""
Level = Literal["token", "word", "type", "sentence", "vocabulary"]
Method = Literal["pca", "tsne", "umap"]
_DATA = (".json", ".tsv")


def embed(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run of any family, or its bundle.")],
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT...", help="Texts; without them, standard input is read.")
    ] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", "-i", metavar="FILE", help="A text a line; .gz .xz .bz2 .zst too.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PLACE",
            help="FILE.npz, FILE.json, or a folder for TensorBoard's projector (vectors.tsv, metadata.tsv).",
        ),
    ] = None,
    level: Annotated[
        Level,
        typer.Option(
            help="A vector a token, a word (where it stands), a distinct word, a text, or a vocabulary entry."
        ),
    ] = "sentence",
    layer: Annotated[
        str,
        typer.Option(metavar="N", help="0 is what enters the first, -1 the last; or input: the embedding matrix."),
    ] = "-1",
    pooling: Annotated[
        Literal["mean", "first", "last", "final"] | None,
        typer.Option(
            help="How a text becomes one vector: mean of its tokens, first position (BERT's [CLS]), last one (of a "
            "GPT it has read everything), a recurrent encoder's final states. [default: mean]"
        ),
    ] = None,
    side: Side = None,
    sources: Sources = None,
    number: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Of the vocabulary only the first N entries.")
    ] = None,
    maps: Annotated[
        list[Path] | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="Draw the vectors in a plane: .png .svg .pdf; its data: .json .tsv; may be repeated.",
        ),
    ] = None,
    method: Annotated[Method | None, typer.Option(help="How to lay the map out. [default: pca]")] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="For --method tsne and umap, which are random. [default: 1]")
    ] = None,
    mark: Annotated[
        list[str] | None, typer.Option(metavar="LABEL", help="Make these stand out in the map; may be repeated.")
    ] = None,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Write vectors, or draw them.

    Without -o and --map every vector is a line: its label and its numbers, divided by tabs. A word of several tokens
    has the mean of their vectors. Distances are meant to be read in the original space (`atento neighbours`); a map is
    only a picture of it. That of a vocabulary leaves special tokens, bytes and single characters out.
    """
    require(maps or not (method or seed is not None or mark), "--method, --seed and --mark are the map's: give --map")
    require(
        method in ("tsne", "umap") or seed is None, "--seed is for --method tsne or umap; nothing about pca is random"
    )
    require(pooling is None or level == "sentence", "--pooling makes one vector of a text: give --level sentence")
    require(number is None or level == "vocabulary", "--number is for --level vocabulary; leave it out")
    if seed is not None:
        from atento.inspection.maps import check_seed

        check_seed(seed)
    for place in maps or ():
        check_drawing(place, *_DATA)
    if output is not None:
        from atento.inspection.vectors import check_place

        check_place(output)
        if output.suffix:
            check_output(output)
        else:
            check_new(output)
    lines: list[str] = []
    if level == "vocabulary":
        require(
            not (texts or input_file or sources), "--level vocabulary has no texts; leave them out, or choose a level"
        )
        require(layer in ("-1", "input"), "the vocabulary has input vectors only; leave --layer out, or choose a level")
        embedder = load(run, device, side)
        vectors = _vocabulary(embedder, number)
    else:
        lines = read_texts(texts, input_file, skip_blank=input_file is not None and level != "sentence")
        embedder = load(run, device, side)
        vectors = _of_texts(embedder, lines, level, layer_number(layer), pooling or "mean", read_sources(sources))
    found = None
    if maps:
        shown = _shown(embedder, vectors)
        found = _map(shown, method or "pca", 1 if seed is None else seed)
        cloud = _cloud(shown, found, mark or [], lines)
        for place in maps:
            _draw(place, shown, found, cloud)
    _write(vectors, output, found, silent=bool(maps), as_json=as_json)


def _vocabulary(embedder: Embedder, number: int | None) -> Vectors:
    vectors = embedder.vocabulary()
    return vectors if number is None else vectors.chosen(list(range(min(number, len(vectors)))))


def _of_texts(
    embedder: Embedder,
    texts: list[str],
    level: Level,
    layer: int | None,
    pooling: Literal["mean", "first", "last", "final"],
    sources: list[str] | None,
) -> Vectors:
    with progress_bar() as progress:
        match level:
            case "token":
                return embedder.tokens(texts, layer=layer, sources=sources, progress=progress)
            case "word":
                return embedder.words(texts, layer=layer, sources=sources, progress=progress)
            case "type":
                return embedder.types(texts, layer=layer, sources=sources, progress=progress)
            case _:
                return embedder.sentences(texts, layer=layer, pooling=pooling, sources=sources, progress=progress)


def _shown(embedder: Embedder, vectors: Vectors) -> Vectors:
    """What a map shows: of a vocabulary no special tokens, bytes and single characters, unless it has nothing else."""
    if vectors.level != "vocabulary":
        return vectors
    specials = embedder.specials
    own = [place for place in range(len(vectors)) if place not in specials]
    longer = [place for place in own if len(_plain(vectors.labels[place])) > 1 and "⟨" not in vectors.labels[place]]
    return vectors.chosen(longer or own)


def _map(vectors: Vectors, method: Method, seed: int) -> Map:
    from atento.inspection.maps import map_vectors

    return map_vectors(vectors.values, method, seed)


def _cloud(vectors: Vectors, found: Map, marked: list[str], texts: list[str]) -> Cloud:
    """The map as it is drawn."""
    from atento.figures.scatter import Cloud

    wanted = set(marked)
    first = [place for place, label in enumerate(vectors.labels) if _plain(label) in wanted or label in wanted]
    missing = wanted - {vectors.labels[place] for place in first} - {_plain(vectors.labels[place]) for place in first}
    require(not missing, f"--mark {min(missing, default='')}: there is no such label among the vectors")
    groups = None
    if vectors.level in ("token", "word") and vectors.texts is not None:
        groups = tuple(f"{number}: {texts[number - 1]}" for number in vectors.texts)
    return Cloud(found.points, vectors.labels, groups, tuple(first), found.axes, found.note)


def _draw(path: Path, vectors: Vectors, found: Map, cloud: Cloud) -> None:
    """Write the map as a picture or as data."""
    if path.suffix.lower() in _DATA:
        _write_map(path, vectors, found)
        return
    from atento.figures import canvas
    from atento.figures.scatter import scatter

    canvas.save(scatter(cloud), path)


def _plain(label: str) -> str:
    """A word's label without the marks of its tokenizer."""
    from atento.text.pipeline import JOINER_SHOWN, SPACE

    return label.removeprefix(SPACE).strip(JOINER_SHOWN)


def _write_map(path: Path, vectors: Vectors, found: Map) -> None:
    import msgspec

    from atento.core.files import atomic_text

    with atomic_text(path) as stream:
        if path.suffix.lower() == ".json":
            points = [
                {"label": label, "x": float(x), "y": float(y)}
                for label, (x, y) in zip(vectors.labels, found.points, strict=True)
            ]
            stream.write(msgspec.json.encode({**_about(found), "points": points}).decode() + "\n")
        else:
            stream.write("label\tx\ty\n")
            for label, (x, y) in zip(vectors.labels, found.points, strict=True):
                stream.write(f"{' '.join(label.split())}\t{x:.6g}\t{y:.6g}\n")


def _about(found: Map) -> dict[str, object]:
    return {"method": found.method, "seed": found.seed, "explained": found.explained, "note": found.note}


def _write(vectors: Vectors, output: Path | None, found: Map | None, *, silent: bool, as_json: bool) -> None:
    """The vectors to their place or, unless a map was all that was wanted, to standard output."""
    if output is not None:
        vectors.save(output)
    if output is None and not silent:
        for piece in vectors.json_pieces() if as_json else vectors.rows():
            sys.stdout.write(piece)
        return
    if as_json:
        count, size = vectors.values.shape
        about = {"vectors": count, "size": size, "level": vectors.level, "layer": vectors.layer}
        print_json({**about, "map": None if found is None else _about(found)})
        return
    if output is not None:
        say(f"{len(vectors)} vectors of {vectors.values.shape[1]} numbers, {_place(vectors)}, are in {output}")
    if found is not None:
        say(found.note)


def _place(vectors: Vectors) -> str:
    return "the input vectors" if vectors.layer is None else f"of layer {vectors.layer}"
