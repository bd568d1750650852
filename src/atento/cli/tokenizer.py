"""``atento tokenizer``: train one, or see how one cuts a text."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from atento.cli.arguments import Columns, Json, Keys, Languages, check_output, corpus_of
from atento.cli.console import PLAIN, print_json, print_table, progress_bar
from atento.cli.tokenizer_leaderboard import EXAMPLES, leaderboard
from atento.core.errors import BundleError

if TYPE_CHECKING:
    from atento.text.show import Shown, Summary
    from atento.text.tokenizer import Tokenizer

Kind = Literal["word", "char", "bpe", "byte-bpe", "wordpiece", "unigram"]

app = typer.Typer(
    help="Train a tokenizer, or show how one cuts a text.",
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


@app.command(
    epilog="""\b
Examples:
  atento tokenizer show tokenizer.json "Dê-me água!"
  atento tokenizer show runs/pt-es --side target --input test.es
"""
)
def show(
    path: Annotated[Path, typer.Argument(metavar="TOKENIZER", help="A tokenizer.json, a run, or a bundle.")],
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT...", help="Texts to cut.")] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", "-i", metavar="FILE", help="Count tokens over the lines of a file.")
    ] = None,
    side: Annotated[Literal["source", "target"], typer.Option(help="Whose, of a run.")] = "source",
    as_json: Json = False,
) -> None:
    """Show how texts are cut: pieces, ids, byte offsets, and whether the text comes back exactly."""
    from atento.core.files import read_lines
    from atento.text.show import show as cut
    from atento.text.show import summarize

    tokenizer = _load(path, side)
    shown = [cut(tokenizer, text) for text in texts or ()]
    summary = summarize(tokenizer, read_lines(input_file)) if input_file is not None else None
    if as_json:
        found = [{**dataclasses.asdict(each), "exact": each.exact} for each in shown]
        counts = dataclasses.asdict(summary) if summary is not None else None
        print_json({"tokenizer": _facts(tokenizer), "texts": found, "file": counts})
        return
    print(f"{tokenizer.kind}, {tokenizer.size:,} entries, checksum {tokenizer.checksum[:12]}. {_losses(tokenizer)}")
    for each in shown:
        _print_cut(each)
    if summary is not None:
        _print_summary(summary)


app.command(name="leaderboard", epilog=EXAMPLES)(leaderboard)


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


def _load(path: Path, side: Literal["source", "target"]) -> Tokenizer:
    """The tokenizer in a file, or that of a run or bundle (which needs no model to be loaded)."""
    from atento.text.tokenizer import Tokenizer

    if not path.is_dir():
        return Tokenizer.load(path)
    for folder in (path, path / "bundle"):
        for name in ("tokenizer.json", f"{side}.tokenizer.json"):
            if (folder / name).is_file():
                return Tokenizer.load(folder / name)
    for name in (f"{side}.json", "source.json"):  # a run that has no bundle yet
        if (path / "tokenizers" / name).is_file():
            return Tokenizer.load(path / "tokenizers" / name)
    raise BundleError(f"{path} has no tokenizer; give a tokenizer.json, or the folder that `atento train -o` made")


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


def _print_cut(shown: Shown) -> None:
    raw = shown.text.encode()
    rows = [
        (label, str(number), f"{start}–{stop}", repr(raw[start:stop].decode(errors="replace"))[1:-1])
        for label, number, (start, stop) in zip(shown.labels, shown.ids, shown.spans, strict=True)
    ]
    print_table(("token", "id", "bytes", "text"), rows, numbers=(1, 2))
    back = "The text comes back exactly." if shown.exact else f"The text comes back otherwise {shown.difference}."
    print(f"{len(rows)} tokens, {shown.tokens_per_word:.2f} a word. {back}")
    if shown.unknown:
        print(f"Never seen in training: {' '.join(shown.unknown)}")


def _print_summary(summary: Summary) -> None:
    rows = [
        ("texts", f"{summary.texts:,}"),
        ("words", f"{summary.words:,}"),
        ("tokens", f"{summary.tokens:,}"),
        ("tokens a word", f"{summary.tokens_per_word:.3f}"),
        ("bytes a token", f"{summary.bytes_per_token:.3f}"),
        ("unknown tokens", f"{summary.unknown:,}"),
        ("texts that come back exactly", f"{summary.exact:,}"),
    ]
    print_table(("", ""), rows, numbers=(1,))
