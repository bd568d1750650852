"""All commands put together, and the program's entry point."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
import typer.main

from atento.cli import (
    align,
    classify,
    compare,
    contexts,
    corpus,
    demo,
    doctor,
    embed,
    evaluate,
    export,
    failures,
    fill,
    import_,
    neighbours,
    recipes,
    studio,
    study,
    tokenizer,
    train,
    translate,
    walk,
    write,
)
from atento.cli.arguments import PairCommand, SeveralCommand
from atento.cli.console import PLAIN, say
from atento.cli.places import Command
from atento.core.environment import settings_for_libraries

HELP = """Bring two text files; get a translator; see why it says what it says.

Start with `atento demo`. Results go to standard output, messages to standard error; the exit code is 0 on success and
2 for wrong usage or bad input, with one line that says what to do.
"""


def _application() -> typer.Typer:
    app = typer.Typer(
        help=HELP,
        rich_markup_mode=PLAIN,
        add_completion=False,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        epilog="Example:  atento train --train train.pt train.es -o runs/pt-es",
    )
    app.callback()(_options)
    app.command(short_help="Lesson one: train, translate, evaluate, draw.", epilog=demo.EXAMPLES)(demo.demo)
    app.add_typer(corpus.app, name="corpus", short_help="Get, check, clean or split a corpus.")
    app.add_typer(tokenizer.app, name="tokenizer")
    app.add_typer(recipes.app, name="recipes", short_help="What can be trained.")
    app.command(short_help="Train a translator on two files.", epilog=train.EXAMPLES, cls=PairCommand)(train.train)
    app.command(short_help="Translate texts, a file, or a pipe.", epilog=translate.EXAMPLES)(translate.translate)
    app.command(short_help="Let a language model go on writing.", epilog=write.EXAMPLES)(write.write)
    app.command(short_help="Let a masked language model fill gaps.", epilog=fill.EXAMPLES)(fill.fill)
    app.command(short_help="Tell classes of texts apart.", epilog=classify.EXAMPLES)(classify.classify)
    app.command(short_help="BLEU, chrF and TER of a test set.", epilog=evaluate.EXAMPLES)(evaluate.evaluate)
    app.command(short_help="Is one system really better than another?", epilog=compare.EXAMPLES, cls=SeveralCommand)(
        compare.compare
    )
    app.command(short_help="Word alignments of a corpus.", epilog=align.EXAMPLES)(align.align)
    app.command(short_help="Vectors of words and texts, and maps of them.", epilog=embed.EXAMPLES)(embed.embed)
    app.command(short_help="Words near a word.", epilog=neighbours.NEIGHBOURS_EXAMPLES)(neighbours.neighbours)
    app.command(short_help="What is to C as A is to B: A − B + C.", epilog=neighbours.ANALOGY_EXAMPLES)(
        neighbours.analogy
    )
    app.command(short_help="One word in several sentences, layer by layer.", epilog=contexts.EXAMPLES)(
        contexts.contexts
    )
    app.command(short_help="What a model computes for a text, step by step.", epilog=walk.EXAMPLES)(walk.walk)
    app.command(short_help="A paper's claim, tried here.", epilog=study.EXAMPLES, cls=PairCommand)(study.study)
    app.command("import", short_help="Make a run of a model from elsewhere.", epilog=import_.EXAMPLES)(import_.import_)
    app.command(short_help="Write a run in another library's format.", epilog=export.EXAMPLES)(export.export)
    app.command(short_help="See all of this in a local page.", epilog=studio.EXAMPLES, cls=SeveralCommand)(
        studio.studio
    )
    app.command(short_help="What this machine offers, and what is wrong.", epilog=doctor.EXAMPLES)(doctor.doctor)
    _check_places(app)
    return app


def _check_places(app: typer.Typer) -> None:
    """Let every command check its paths; those of a class of their own do it already."""
    for command in app.registered_commands:
        if not issubclass(command.cls or object, Command):
            command.cls = Command
    for group in app.registered_groups:
        assert group.typer_instance is not None
        _check_places(group.typer_instance)


def _options(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[  # noqa: ARG001  (main takes it from any place on the line)
        bool, typer.Option("--debug", help="Show the traceback of an error, too.")
    ] = False,
) -> None:
    if version:
        import atento

        print(f"atento {atento.__version__}")
    elif context.invoked_subcommand is None:
        say(context.get_help())
        raise typer.Exit(failures.USAGE)


_options.__doc__ = HELP


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, by default the program's own; gives the exit code."""
    os.environ.update(settings_for_libraries(os.environ))
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = words[: words.index("--")] if "--" in words else words
    debug = "--debug" in options
    words = [word for word in options if word != "--debug"] + words[len(options) :]
    with failures.handled(debug=debug) as outcome:
        command = typer.main.get_command(_application())
        with command.make_context("atento", words, obj=words) as context:
            command.invoke(context)
    return outcome.code
