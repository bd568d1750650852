"""``atento tokenizer``: train one, see how one cuts a text, compare several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from atento.cli.arguments import Columns, Json, Keys, Languages, check_output, corpus_of, require
from atento.cli.console import PLAIN, print_json, print_table, progress_bar
from atento.cli.pictures import check_picture
from atento.cli.tokenizer_characters import register as register_characters
from atento.cli.tokenizer_compare import EPILOG as COMPARE
from atento.cli.tokenizer_compare import compare
from atento.cli.tokenizer_leaderboard import EXAMPLES as LEADERBOARD
from atento.cli.tokenizer_leaderboard import leaderboard
from atento.cli.tokenizer_show import EPILOG as SHOW
from atento.cli.tokenizer_show import show

if TYPE_CHECKING:
    from atento.text.tokenizer import Tokenizer
    from atento.text.vocabulary_size import Curve, Point

Kind = Literal["word", "char", "bpe", "byte-bpe", "wordpiece", "unigram"]

app = typer.Typer(
    help="Train a tokenizer, show how one cuts a text, compare several.",
    rich_markup_mode=PLAIN,
    no_args_is_help=True,
    epilog='Example:  atento tokenizer show runs/pt-es "Dê-me água!"',
)


@app.command(epilog="Example:  atento tokenizer train train.pt train.es --kind unigram -o unigram.json")
def train(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Text, line by line; or TSV, JSONL, TMX.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The tokenizer.json to write.")],
    kind: Annotated[Kind, typer.Option(help="What a token is.")] = "bpe",
    vocab_size: Annotated[
        str, typer.Option(metavar="N|auto", help="Entries, special ones counted; auto: see --gain.")
    ] = "8000",
    gain: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="With --vocab-size auto: the smallest size from which a doubling makes tokens of held-out text longer "
            "by less than this. [default: 0.05]",
        ),
    ] = None,
    curve: Annotated[
        Path | None,
        typer.Option("--curve", metavar="FILE", help="With --vocab-size auto: draw bytes per token (.png .svg .pdf)."),
    ] = None,
    lowercase: Annotated[bool, typer.Option("--lowercase", help="Make all letters small.")] = False,
    normalization: Annotated[
        Literal["nfc", "none"] | None,
        typer.Option(help="Compose accents, or leave every byte. [default: none for byte-bpe, else nfc]"),
    ] = None,
    byte_fallback: Annotated[bool, typer.Option(help="Spell unseen characters in bytes (bpe, unigram).")] = True,
    min_frequency: Annotated[int, typer.Option(metavar="N", help="Rarer words or pairs get no entry.")] = 2,
    mask: Annotated[bool, typer.Option("--mask", help="Have a token that hides others, for model.kind=bert.")] = False,
    languages: Languages = None,
    columns: Columns = None,
    keys: Keys = None,
    as_json: Json = False,
) -> None:
    """Train a tokenizer on text; the file opens in transformers, too.

    A recipe uses it with data.source_tokenizer = "FILE" (and data.target_tokenizer for one of its own).
    """
    import msgspec

    from atento.core.configuration import convert
    from atento.text.configuration import TokenizerConfig
    from atento.text.training import train_tokenizer
    from atento.text.vocabulary_size import choose_size

    check_output(output)
    check_picture(curve)
    automatic = vocab_size == "auto"
    require(
        automatic or (curve is None and gain is None), "--gain and --curve go with --vocab-size auto; leave them out"
    )
    require(automatic or vocab_size.isdecimal(), f"--vocab-size {vocab_size}: give a number, or auto")
    table: dict[str, Any] = {
        "kind": kind,
        "vocab_size": 8000 if automatic else int(vocab_size),
        "lowercase": lowercase,
        "normalization": normalization,
        "byte_fallback": byte_fallback,
        "min_frequency": min_frequency,
        "mask": mask,
    }
    config = convert(table, TokenizerConfig, where="tokenizer train")

    def texts() -> Iterator[str]:
        return _texts(files, languages, columns, keys)

    found = None
    with progress_bar() as progress:
        if automatic:
            found = choose_size(texts, config, gain=0.05 if gain is None else gain, progress=progress)
            config = msgspec.structs.replace(config, vocab_size=found.size)
        tokenizer = train_tokenizer(texts(), config, progress)
    tokenizer.save(output)
    if found is not None and curve is not None:
        _draw(found, tokenizer.kind, curve)
    if as_json:
        chosen = {} if found is None else {"curve": found.table().data()}
        print_json({"file": str(output), **_facts(tokenizer), **chosen})
    else:
        if found is not None:
            _print_curve(found)
        print(f"{output}: {tokenizer.kind}, {tokenizer.size:,} entries. {_losses(tokenizer)}")
        print(f'Next:  atento tokenizer show {output} "…"')


app.command(epilog=SHOW)(show)
app.command(epilog=COMPARE)(compare)


app.command(name="leaderboard", epilog=LEADERBOARD)(leaderboard)


register_characters(app)


def _texts(
    files: list[Path],
    languages: tuple[str, str] | None,
    columns: tuple[int, int] | None,
    keys: tuple[str, str] | None,
) -> Iterator[str]:
    """Lines of plain files, both sides of corpora in one file."""
    from atento.cli.arguments import corpora_of
    from atento.core.files import read_lines
    from atento.data.readers import read_pairs

    for path in files:
        if corpora_of([path, path]) == [[path], [path]]:  # it holds both sides
            for pair in read_pairs(corpus_of([path], languages, columns, keys)):
                yield from (pair.source, pair.target)
        else:
            yield from read_lines(path)


def _print_curve(curve: Curve) -> None:
    table = curve.table()
    print_table([column.title for column in table.columns], table.shown, numbers=table.numbers)
    for note in table.notes:
        print(note)


def _draw(curve: Curve, kind: str, path: Path) -> None:
    """Bytes per token against size, with the point that was chosen."""
    from atento.figures.canvas import save
    from atento.figures.charts import Interval
    from atento.figures.lines import Scales, Series, lines

    def series(label: str, points: Sequence[Point]) -> Series:
        sizes = tuple(float(point.size) for point in points)
        return Series(label, sizes, tuple(Interval(point.bytes_per_token) for point in points))

    all_sizes, chosen = series(kind, curve.points), series(f"{curve.size:,} entries", [curve.points[curve.chosen]])
    scales = Scales(
        "entries of the vocabulary", "bytes per token, held-out text", logarithmic_x=True, ticks_at_data=True
    )
    save(lines([all_sizes, chosen], scales), path)


def _facts(tokenizer: Tokenizer) -> dict[str, Any]:
    return {
        "kind": tokenizer.kind,
        "size": tokenizer.size,
        "lossless": tokenizer.lossless,
        "losses": tokenizer.losses,
        "checksum": tokenizer.checksum,
    }


def _losses(tokenizer: Tokenizer) -> str:
    if tokenizer.lossless:
        return "Every text comes back exactly."
    return f"Not every text comes back exactly: {'; '.join(tokenizer.losses)}."
