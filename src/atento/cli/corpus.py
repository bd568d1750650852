"""``atento corpus``: the built-in corpus; checking, cleaning and splitting one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atento.cli.arguments import (
    Columns,
    Json,
    Keys,
    Languages,
    PairCommand,
    check_output,
    corpora_of,
    corpus_of,
)
from atento.cli.console import PLAIN, print_json, print_table, progress_bar, say
from atento.cli.places import check_apart
from atento.core.errors import DataError, OutputError

if TYPE_CHECKING:
    from atento.data.corpus_files import CorpusFiles

app = typer.Typer(
    help="Parallel corpora: two files of lines, or one TSV, JSONL or TMX; .gz .xz .bz2 .zst, too.",
    rich_markup_mode=PLAIN,
    no_args_is_help=True,
    epilog="Example:  atento corpus check train.pt train.es --held-out test.pt test.es",
)

Files = Annotated[list[Path], typer.Argument(metavar="SRC TGT", help="Two files of lines, or one TSV, JSONL or TMX.")]
HeldOut = Annotated[
    list[Path] | None,
    typer.Option("--held-out", metavar="SRC TGT", help="A dev or test corpus to look for; may be repeated."),
]
Size = Annotated[float, typer.Option(metavar="SIZE", help="A number of pairs, a fraction below 1, or 0 for none.")]


@app.command(epilog="Example:  atento corpus builtin -o corpus")
def builtin(
    folder: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to write.")],
    composed: Annotated[int, typer.Option(metavar="N", help="Pairs to compose, beside the hand-written.")] = 20_000,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the composed pairs and of the split.")] = 1,
    as_json: Json = False,
) -> None:
    """Write the built-in Portuguese-Spanish corpus, with gold word alignments.

    Train, dev and test parts; hand-written and composed dev and test pairs apart.
    """
    from atento.data.builtin.corpus import builtin_corpus, write_builtin

    _check_folder(folder)
    corpus = builtin_corpus(composed, seed)
    paths = write_builtin(folder, corpus)
    parts = {
        f"{name} {kind}": len(getattr(part, kind))
        for name, part in (("train", corpus.train), ("dev", corpus.dev), ("test", corpus.test))
        for kind in ("handwritten", "composed")
    }
    if as_json:
        print_json({"pairs": parts, "files": [str(path) for path in paths]})
        return
    print_table(("part", "pairs"), [(name, f"{count:,}") for name, count in parts.items()], numbers=(1,))
    print(f"Written to {folder}. Next:  atento train --train {folder / 'train.pt'} {folder / 'train.es'} -o runs/pt-es")


@app.command(cls=PairCommand, epilog="Example:  atento corpus check train.pt train.es --held-out test.pt test.es")
def check(
    files: Files,
    held_out: HeldOut = None,
    max_ratio: Annotated[float, typer.Option(metavar="R", help="Report longer against shorter side over R.")] = 5.0,
    examples: Annotated[int, typer.Option(metavar="N", help="Lines to name for each kind of finding.")] = 5,
    languages: Languages = None,
    columns: Columns = None,
    keys: Keys = None,
    as_json: Json = False,
) -> None:
    """Count a corpus and find what is wrong with it.

    Empty and repeated pairs, odd lengths, control characters, bytes that are not UTF-8, and pairs of dev and test
    corpora in it. The exit code is 2 if an entry is no pair at all.
    """
    from atento.data.check import CheckConfig, check_corpus

    corpus = corpus_of(files, languages, columns, keys)
    others = [corpus_of(paths, languages, columns, keys) for paths in corpora_of(held_out or [])]
    with progress_bar() as progress:
        config = CheckConfig(max_ratio=max_ratio, examples=examples)
        report = check_corpus(corpus, config, held_out=others, progress=progress)
    if as_json:
        print_json(report)
    else:
        print_table(("", ""), report.rows())
        for fault in report.faults[:examples]:
            say(fault)
        print("Nothing was found." if report.clean else "`atento corpus clean` removes what is not wanted.")
    if report.faults:
        raise DataError(
            f"{report.corpus}: {len(report.faults):,} entries are no pairs (first: {report.faults[0]}); "
            "`atento corpus clean` puts them aside"
        )


@app.command(
    cls=PairCommand,
    epilog="""\b
Examples:
  atento corpus clean raw.pt raw.es -o train.pt train.es --held-out test.pt test.es
  atento corpus clean raw.tmx --languages pt es -o train.tsv --no-identical --max-words 80
""",
)
def clean(
    files: Files,
    output: Annotated[
        list[Path], typer.Option("--output", "-o", metavar="SRC TGT", help="Two files of lines, or one .tsv.")
    ],
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where rejected lines go. [default: rejects.tsv beside -o]")
    ] = None,
    held_out: HeldOut = None,
    normalise_whitespace: Annotated[
        bool, typer.Option("--normalise-whitespace/--keep-whitespace", help="Make white space single spaces.")
    ] = True,
    empty: Annotated[bool, typer.Option(help="Reject empty sides.")] = True,
    identical: Annotated[bool, typer.Option(help="Reject pairs of the same text.")] = True,
    control_characters: Annotated[bool, typer.Option(help="Reject control characters.")] = True,
    duplicate_pairs: Annotated[bool, typer.Option(help="Reject repeated pairs.")] = True,
    duplicate_sources: Annotated[bool, typer.Option(help="Reject repeated sources.")] = False,
    duplicate_targets: Annotated[bool, typer.Option(help="Reject repeated targets.")] = False,
    max_bytes: Annotated[int, typer.Option(metavar="N", help="Of one side; 0: off.")] = 100_000,
    max_characters: Annotated[int, typer.Option(metavar="N", help="Of one side; 0: off.")] = 0,
    max_words: Annotated[int, typer.Option(metavar="N", help="Of one side; 0: off.")] = 250,
    max_ratio: Annotated[float, typer.Option(metavar="R", help="Of the longer to the shorter side; 0: off.")] = 5.0,
    scripts: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="SRC TGT", help="Reject sides not mostly in these scripts: Latin, Cyrillic, …"),
    ] = None,
    languages: Languages = None,
    columns: Columns = None,
    keys: Keys = None,
    as_json: Json = False,
) -> None:
    """Keep the good pairs; every other line goes to the rejects with its reason.

    Each rule can be switched off, for example --no-identical. With --held-out, pairs of which a side occurs in a dev
    or test corpus are rejected, too.
    """
    from atento.data.clean import CleanConfig, clean_corpus

    corpus = corpus_of(files, languages, columns, keys)
    target = corpus_of(output)
    aside = rejects or output[0].parent / "rejects.tsv"
    _check_places([*target.paths, aside], corpus)
    config = CleanConfig(
        normalise_whitespace=normalise_whitespace,
        empty=empty,
        max_bytes=max_bytes or None,
        max_characters=max_characters or None,
        max_words=max_words or None,
        max_ratio=max_ratio or None,
        identical=identical,
        control_characters=control_characters,
        source_script=scripts[0] if scripts else None,
        target_script=scripts[1] if scripts else None,
        duplicate_pairs=duplicate_pairs,
        duplicate_sources=duplicate_sources,
        duplicate_targets=duplicate_targets,
    )
    others = [corpus_of(paths, languages, columns, keys) for paths in corpora_of(held_out or [])]
    with progress_bar() as progress:
        report = clean_corpus(corpus, target, aside, config, held_out=others, progress=progress)
    if as_json:
        print_json(report)
        return
    rows = [("read", f"{report.read:,}"), ("kept", f"{report.kept:,}")]
    rows += [(f"rejected: {reason}", f"{count:,}") for reason, count in report.rejected.items()]
    rows.append(("kept with white space mended", f"{report.changed:,}"))
    print_table(("", ""), rows, numbers=(1,))
    print(f"Kept: {target.name}. Rejected: {aside}.")


@app.command(epilog="Example:  atento corpus split all.pt all.es -o data --dev 1000 --test 1000")
def split(
    files: Files,
    folder: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Gets train.*, dev.* and test.*; * as the input's.")
    ],
    dev: Size = 0.05,
    test: Size = 0.05,
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed gives the same split.")] = 1,
    languages: Languages = None,
    columns: Columns = None,
    keys: Keys = None,
    as_json: Json = False,
) -> None:
    """Split a corpus into train, dev and test, with no sentence on two sides."""
    from atento.data.split import SplitConfig, SplitOutput, split_corpus

    corpus = corpus_of(files, languages, columns, keys)
    config = SplitConfig(dev=dev, test=test, seed=seed)
    _check_folder(folder)
    output = SplitOutput.in_folder(folder, *_suffixes(files, languages))
    wanted = [(output.train, 1.0), (output.dev, dev), (output.test, test)]
    _check_places([path for part, size in wanted if part is not None and size for path in part.paths], corpus)
    with progress_bar() as progress:
        report = split_corpus(corpus, output, config, progress=progress)
    if as_json:
        print_json(report)
        return
    rows = [(name, f"{getattr(report, name):,}") for name in ("train", "dev", "test")]
    print_table(("part", "pairs"), rows, numbers=(1,))
    print(f"Written to {folder}. The largest group of pairs that share a sentence has {report.largest_group:,}.")


def _suffixes(files: list[Path], languages: tuple[str, str] | None) -> tuple[str, str]:
    """The endings of the parts' names: the input's own if they tell the sides apart."""
    from atento.core.files import COMPRESSIONS

    if languages is not None:
        return languages
    endings = [[suffix for suffix in path.suffixes if suffix not in COMPRESSIONS] for path in files]
    if len(endings) == 2 and all(endings) and endings[0][-1] != endings[1][-1]:
        return endings[0][-1][1:], endings[1][-1][1:]
    return "source", "target"


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"cannot write into {folder}: it is a file; name a folder")
    check_output(folder / "train")


def _check_places(places: list[Path], corpus: CorpusFiles) -> None:
    """Refuse to write over the corpus that is read, or to two places at once."""
    for place in places:
        check_output(place)
    check_apart(places, corpus.paths)
