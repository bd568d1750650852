"""``atento tokenizer show``: how one tokenizer cuts texts, step by step if asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from atento.cli.arguments import Json, Pattern, Side, Specials, check_output, require
from atento.cli.console import print_json, print_table
from atento.cli.token_lines import line

if TYPE_CHECKING:
    from atento.text.opened.protocol import OpenTokenizer
    from atento.text.traces.summary import Summary
    from atento.text.traces.trace import Trace, TracedPreToken

EPILOG = """\b
Examples:
  atento tokenizer show tokenizer.json "Dê-me água!"
  atento tokenizer show gpt2/ "amigos inimagináveis" --steps
  atento tokenizer show runs/pt-es --side target --input test.es
  atento tokenizer show cl100k_base.tiktoken "…" -o tokens.html
  atento tokenizer show gpt2/ --ids "321 328 418"
"""
_FILES = (".json", ".html", ".csv", ".md")


def show(
    path: Annotated[
        str,
        typer.Argument(
            metavar="TOKENIZER",
            help="A tokenizer.json, vocab.json, vocab.txt, .model or .tiktoken file, a folder, a run, or a hub's name.",
        ),
    ],
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT...", help="Texts to cut.")] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", "-i", metavar="FILE", help="Count tokens over the lines of a file.")
    ] = None,
    ids: Annotated[
        str | None, typer.Option("--ids", metavar="IDS", help="Show the text of these ids instead (“321 328 418”).")
    ] = None,
    steps: Annotated[bool, typer.Option("--steps", help="Show every step: merges, matches, best paths.")] = False,
    best: Annotated[int, typer.Option("--best", metavar="N", min=1, help="Paths of a unigram model to show.")] = 3,
    spaces: Annotated[bool, typer.Option("--spaces", help="Make whitespace visible, on a terminal, too.")] = False,
    specials: Specials = "text",
    pattern: Pattern = None,
    side: Side = "source",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Also write a .html, .json, .csv or .md file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how texts are cut: pieces, ids, byte offsets, and whether the text comes back exactly."""
    from atento.core.files import read_lines
    from atento.text.opened.opening import open_tokenizer
    from atento.text.traces.summary import summarize
    from atento.text.traces.trace import trace

    require(ids is None or not (texts or input_file or output), "--ids stands alone: leave the texts and files out")
    require(output is None or output.suffix in _FILES, f"-o {output}: name a file that ends in {', '.join(_FILES)}")
    require(output is None or texts, "-o writes how texts are cut; give a text")
    check_output(output)
    tokenizer = open_tokenizer(path, pattern=pattern, side=side)
    if ids is not None:
        _print_ids(tokenizer, _numbers(ids), as_json)
        return
    traces = [trace(tokenizer, text, specials=specials, steps=steps, best=best) for text in texts or ()]
    summary = summarize(tokenizer, read_lines(input_file)) if input_file is not None else None
    require(
        summary is None or summary.texts, f"{input_file} is empty: there is nothing to count; give a file with text"
    )
    if output is not None:
        _write(output, traces)
    if as_json:
        counts = None if summary is None else summary.data()
        print_json({"tokenizer": _facts(tokenizer), "texts": [_data(each) for each in traces], "file": counts})
        return
    print(f"{tokenizer.name}: {tokenizer.kind}, {tokenizer.size:,} entries ({tokenizer.library}).{_losses(tokenizer)}")
    for each in traces:
        _print_trace(each, steps, spaces)
    if summary is not None:
        _print_summary(summary)


def _numbers(ids: str) -> list[int]:
    words = ids.replace(",", " ").split()
    require(words and all(word.isdecimal() for word in words), f"--ids {ids!r}: give numbers, such as “321 328 418”")
    return [int(word) for word in words]


def _print_ids(tokenizer: OpenTokenizer, numbers: Sequence[int], as_json: bool) -> None:
    from atento.text.traces.trace import label

    entries = [tokenizer.entry(number) for number in numbers]
    text = tokenizer.decode(numbers)
    if as_json:
        rows = [{"id": each.number, "piece": each.piece, "raw": each.raw.hex(), "role": each.role} for each in entries]
        print_json({"tokenizer": _facts(tokenizer), "text": text, "tokens": rows})
        return
    print(text)
    rows_ = [(str(e.number), label(e, tokenizer.kind), e.raw.hex(" "), e.role) for e in entries]
    print_table(("id", "token", "bytes", ""), rows_, numbers=(0,))


def _facts(tokenizer: OpenTokenizer) -> dict[str, Any]:
    return {
        "name": tokenizer.name,
        "kind": tokenizer.kind,
        "size": tokenizer.size,
        "library": tokenizer.library,
        "losses": tokenizer.losses,
    }


def _data(found: Trace) -> dict[str, Any]:
    import msgspec

    table: dict[str, Any] = msgspec.to_builtins(found)
    return table | {"exact": found.exact}


def _losses(tokenizer: OpenTokenizer) -> str:
    if tokenizer.losses is None:
        return ""
    if not tokenizer.losses:
        return " Every text comes back exactly."
    return f" Not every text comes back exactly: {'; '.join(tokenizer.losses)}."


def _print_trace(found: Trace, steps: bool, spaces: bool) -> None:
    from atento.text.traces.describing import counted, further_facts, round_trip
    from atento.text.visible import visible_bytes
    from atento.text.words import segment

    print(f"\n{line(found, spaces=spaces)}")
    if steps:
        _print_steps(found)
    raw = found.text.encode()
    rows = [
        (
            token.label,
            str(token.id),
            f"{token.span[0]}–{token.span[1]}",
            visible_bytes(raw[slice(*token.span)], spaces=True),
        )
        for token in found.tokens
    ]
    print_table(("token", "id", "bytes", "text"), rows, numbers=(1, 2))
    print(f"{counted(found, len(segment(found.text)))}; the text {round_trip(found)}.")
    for words in further_facts(found):
        print(words)
    if found.names and found.specials == "text":
        print(f"{', '.join(found.names)} in the text is text here; --special parse makes it a special token.")


def _print_steps(found: Trace) -> None:
    from atento.text.traces.trace import spelled
    from atento.text.visible import visible

    kind = found.tokenizer.kind
    print(f"text:        {visible(found.text, spaces=True)}")
    print(f"normalised:  {visible(found.normalised, spaces=True)}")
    print(f"pre-tokens:  {' | '.join(spelled(part.text, kind) for part in found.pre_tokens)}")
    for part in found.pre_tokens:
        print(f"\n  {spelled(part.text, kind)}")
        for words in _lines(part, found):
            print(f"    {words}")
    print()


def _lines(part: TracedPreToken, found: Trace) -> list[str]:
    """The steps of a pre-token, one a line."""
    from atento.text.traces.describing import describe
    from atento.text.traces.trace import spelled

    kind = found.tokenizer.kind
    if part.special:
        return ["a special token, taken as it is"]
    if part.replay is None:
        return ["(the library cuts it otherwise than its model's steps)"]
    return describe(part.replay, lambda piece: spelled(piece, kind))


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


def _write(path: Path, traces: Sequence[Trace]) -> None:
    from atento.core.files import atomic_text
    from atento.text.traces.pages import page
    from atento.text.traces.tables import tokens_table

    match path.suffix:
        case ".json":
            import msgspec

            text = msgspec.json.format(msgspec.json.encode(traces), indent=1).decode() + "\n"
        case ".csv":
            text = tokens_table(traces).csv()
        case ".md":
            text = tokens_table(traces).markdown()
        case _:
            text = page(traces)
    with atomic_text(path) as stream:
        stream.write(text)
