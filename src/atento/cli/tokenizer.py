"""``atento tokenizer``: train one, see how one cuts a text, compare several."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from atento.cli.arguments import Columns, Json, Keys, Languages, check_output, corpus_of
from atento.cli.console import PLAIN, print_json, progress_bar
from atento.cli.tokenizer_compare import EPILOG as COMPARE
from atento.cli.tokenizer_compare import compare
from atento.cli.tokenizer_show import EPILOG as SHOW
from atento.cli.tokenizer_show import show

if TYPE_CHECKING:
    from atento.text.tokenizer import Tokenizer

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
    vocab_size: Annotated[int, typer.Option(metavar="N", help="Entries, special ones counted.")] = 8000,
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
    from atento.core.configuration import convert
    from atento.text.configuration import TokenizerConfig
    from atento.text.training import train_tokenizer

    check_output(output)
    table: dict[str, Any] = {
        "kind": kind,
        "vocab_size": vocab_size,
        "lowercase": lowercase,
        "normalization": normalization,
        "byte_fallback": byte_fallback,
        "min_frequency": min_frequency,
        "mask": mask,
    }
    config = convert(table, TokenizerConfig, where="tokenizer train")
    with progress_bar() as progress:
        tokenizer = train_tokenizer(_texts(files, languages, columns, keys), config, progress)
    tokenizer.save(output)
    if as_json:
        print_json({"file": str(output), **_facts(tokenizer)})
    else:
        print(f"{output}: {tokenizer.kind}, {tokenizer.size:,} entries. {_losses(tokenizer)}")
        print(f'Next:  atento tokenizer show {output} "…"')


app.command(epilog=SHOW)(show)
app.command(epilog=COMPARE)(compare)


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
