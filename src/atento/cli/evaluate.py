"""``atento evaluate``: BLEU, chrF and TER of a run or of existing translations, with signatures and intervals.

Of a language model: perplexity and bits per byte of a text (``evaluate_text``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer

from atento.cli.arguments import (
    Device,
    DictionaryFile,
    Json,
    ReplaceUnknown,
    check_output,
    read_dictionary,
    require,
)
from atento.cli.console import print_json, print_table, progress_bar, say

if TYPE_CHECKING:
    from atento.evaluation.by_length import LengthReport
    from atento.evaluation.configuration import MetricsConfig
    from atento.evaluation.report import Evaluation
    from atento.text.dictionary import Dictionary

EXAMPLES = """\b
Examples:
  atento evaluate runs/pt-es test.pt test.es
  atento evaluate runs/pt-es test.pt test.es second-reference.es -o test.translated
  atento evaluate --hypotheses test.translated test.pt test.es
  atento evaluate runs/machado test.txt --stride 32
  atento evaluate runs/domains test.tsv --confusion confusion.png
"""

METRICS, RESAMPLES, SEED = "bleu,chrf,ter", 1000, 12345
Metrics = Annotated[
    str, typer.Option("--metrics", metavar="NAMES", help="Of bleu, chrf and ter, with commas between them.")
]
Lowercase = Annotated[bool, typer.Option("--lowercase", help="Ignore case.")]
Tokenize = Annotated[
    Literal["13a", "intl", "zh", "char", "none"], typer.Option(help="How BLEU cuts words, as in sacrebleu.")
]
WordOrder = Annotated[int, typer.Option(metavar="N", help="2 gives chrF++.")]
Resamples = Annotated[int, typer.Option(metavar="N", help="Of the bootstrap; 0: no intervals.")]
Seed = Annotated[int, typer.Option(metavar="N", help="Of the bootstrap.")]
Beam = Annotated[int | None, typer.Option("--beam-size", metavar="N", help="Width of the search; 1 is greedy.")]
Penalty = Annotated[float | None, typer.Option("--length-penalty", metavar="ALPHA", help="As in `translate`.")]
Batch = Annotated[int | None, typer.Option("--batch-size", metavar="N", help="Sentences decoded together, at most.")]


def evaluate(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN SRC REF...",
            help="A run, sources, references; with --hypotheses no RUN. Of other models RUN and a text.",
        ),
    ],
    hypotheses: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Score these translations instead of translating.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Save the translations.")
    ] = None,
    metrics: Metrics = METRICS,
    lowercase: Lowercase = False,
    tokenize: Tokenize = "13a",
    chrf_word_order: WordOrder = 0,
    resamples: Resamples = RESAMPLES,
    seed: Seed = SEED,
    beam_size: Beam = None,
    length_penalty: Penalty = None,
    replace_unknown: ReplaceUnknown = None,
    dictionary: DictionaryFile = None,
    batch_size: Batch = None,
    by_length: Annotated[bool, typer.Option(help="Also score short and long sources apart.")] = True,
    documents: Annotated[
        Literal["file", "blank-line", "line"] | None,
        typer.Option(help="Of a text: where its documents end. [default: as in training, or as its family reads]"),
    ] = None,
    context: Annotated[int | None, typer.Option(metavar="N", help="Of a text: tokens read at once, at most.")] = None,
    stride: Annotated[
        int | None, typer.Option(metavar="N", help="Of a text: tokens predicted at once. [default: half the context]")
    ] = None,
    confusion: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Of a classifier: draw what is taken for what (PNG, SVG, PDF).")
    ] = None,
    as_json: Json = False,
    device: Device = "auto",
) -> None:
    """Translate a test set and score it as the sacrebleu command does; or predict or classify texts.

    Scores come with signatures and 95 % bootstrap intervals, and by the length of the source. Of a language model:
    perplexity and bits per byte, every token being predicted once, with a window that slides over the text; of a masked
    one the pseudo-perplexity. Of a classifier, for a file of labelled texts: accuracy and macro-F1.
    """
    kind = _kind_of(paths[0]) if len(paths) == 2 and hypotheses is None else ""
    require(confusion is None or kind == "classifier", "--confusion is for classifiers: RUN FILE")
    if kind in ("classifier", "gpt", "bert"):
        _refuse_idle(
            paths[0],
            {
                "-o": output,
                "--metrics": metrics != METRICS,
                "--lowercase": lowercase,
                "--tokenize": tokenize != "13a",
                "--chrf-word-order": chrf_word_order != 0,
                "--beam-size": beam_size,
                "--length-penalty": length_penalty,
                "--replace-unknown": replace_unknown,
                "--dictionary": dictionary,
                "--batch-size": batch_size,
                "--no-by-length": not by_length,
                "--resamples": kind != "classifier" and resamples != RESAMPLES,
                "--seed": kind != "classifier" and seed != SEED,
            },
        )
    if kind == "classifier":
        from atento.cli.evaluate_classes import evaluate_classes_of

        require(
            (documents, context, stride) == (None, None, None),
            "--documents, --context and --stride are for language models; leave them out",
        )
        evaluate_classes_of(*paths, confusion=confusion, resamples=resamples, seed=seed, device=device, as_json=as_json)
        return
    if kind in ("gpt", "bert"):
        from atento.cli.evaluate_text import evaluate_text

        evaluate_text(*paths, documents=documents, context=context, stride=stride, device=device, as_json=as_json)
        return
    if len(paths) > 2 and hypotheses is None:
        require(
            _kind_of(paths[0]) not in ("classifier", "gpt", "bert"),
            f"{paths[0]} holds no translator: it is evaluated on one file (RUN FILE), and {len(paths) - 1} were given",
        )
    given = next((name for name, value in _of_texts(documents, context, stride).items() if value is not None), None)
    require(given is None, f"--{given} is for language models, which are evaluated on one text: RUN FILE")
    check_output(output)
    config = metrics_config(metrics, lowercase, tokenize, chrf_word_order, resamples, seed)
    least = 2 if hypotheses is not None else 3
    names = "SRC REF" if hypotheses is not None else "RUN SRC REF"
    require(len(paths) >= least, f"evaluate needs {names}, and {len(paths)} paths were given")
    from atento.evaluation.by_length import quality_by_length
    from atento.evaluation.metrics import Scorer, summarise
    from atento.evaluation.readers import read_aligned

    source_path, *reference_paths = paths if hypotheses is not None else paths[1:]
    sources, *references = read_aligned([source_path, *reference_paths])
    if hypotheses is not None:
        _, translations = read_aligned([source_path, hypotheses])
    else:
        settings = {
            "beam_size": beam_size,
            "length_penalty": length_penalty,
            "replace_unknown": replace_unknown,
            "batch_size": batch_size,
        }
        entries = read_dictionary(dictionary, replace_unknown)
        translations = translated(paths[0], source_path, sources, settings, device, entries)
    statistics = Scorer(references, config).statistics(translations)
    evaluation = summarise(statistics)
    lengths = quality_by_length(statistics, sources) if by_length else None
    if output is not None:
        save_lines(output, translations)
    if as_json:
        print_json({"evaluation": evaluation, "by_length": lengths})
    else:
        _print(evaluation, lengths)


def _refuse_idle(run: Path, of_translators: dict[str, object]) -> None:
    """Refuse options that only a translator's evaluation reads.

    Raises:
        ConfigurationError: one of them was given.
    """
    idle = next((name for name, value in of_translators.items() if value is not None and value is not False), None)
    require(idle is None, f"{idle} is for translators, and {run} holds none; leave it out")


def _kind_of(run: Path) -> str:
    """What kind of model the run has."""
    from atento.bundle import kind_of

    return kind_of(run)


def _of_texts(documents: str | None, context: int | None, stride: int | None) -> dict[str, object]:
    return {"documents": documents, "context": context, "stride": stride}


def metrics_config(
    metrics: str,
    lowercase: bool,
    tokenize: str,
    chrf_word_order: int,
    resamples: int,
    seed: int,
) -> MetricsConfig:
    """The metrics that were asked for.

    Raises:
        ConfigurationError: an unknown metric, or a number out of range.
    """
    from atento.core.configuration import convert
    from atento.evaluation.configuration import MetricName, MetricsConfig

    names = [name.strip().lower() for name in metrics.split(",") if name.strip()]
    unknown = next((name for name in names if name not in get_args(MetricName)), None)
    require(unknown is None, f"--metrics {metrics}: {unknown} is none of {', '.join(get_args(MetricName))}")
    table: dict[str, Any] = {
        "metrics": names,
        "lowercase": lowercase,
        "tokenize": tokenize,
        "chrf_word_order": chrf_word_order,
        "resamples": resamples,
        "seed": seed,
    }
    return convert(table, MetricsConfig, where="options")


def translated(
    run: Path,
    name: Path,
    sources: list[str],
    settings: dict[str, Any],
    device: str,
    dictionary: Dictionary | None = None,
    *,
    label: str = "",
) -> list[str]:
    """A run's translations of the lines of a file; ``label`` goes beside the progress bar.

    Raises:
        BundleError: there is no such run.
        DataError: a line cannot be translated; file and line are named.
        ConfigurationError: the settings do not suit this run.
    """
    from atento.cli.translate import load
    from atento.core.errors import ConfigurationError, DataError
    from atento.decoding.configuration import with_settings

    translator = load(run, device)
    decoding = with_settings(translator.bundle.decoding, settings)
    with progress_bar(label) as progress:
        try:
            found = translator.translate(sources, decoding=decoding, dictionary=dictionary, progress=progress)
        except DataError as error:
            raise DataError(f"{name}: {error}") from error
        except ConfigurationError as error:
            raise ConfigurationError(f"{run}: {error}") from error
    return [translation.text for translation in found]


def save_lines(path: Path, lines: list[str]) -> None:
    """Write translations, one a line."""
    from atento.core.files import atomic_text

    with atomic_text(path) as stream:
        stream.writelines(" ".join(line.splitlines()) + "\n" for line in lines)


def _print(evaluation: Evaluation, lengths: LengthReport | None) -> None:
    references = f" {evaluation.references} references each." if evaluation.references > 1 else ""
    print(f"{evaluation.sentences:,} sentences.{references}")
    print_table(("metric", "score", "95 % interval"), [row[:3] for row in evaluation.rows()], numbers=(1, 2))
    if lengths is not None:
        names = [evaluation.score(metric).name for metric in lengths.metrics]
        print_table(("source words", "sentences", *names), lengths.rows(), numbers=range(1, 2 + len(names)))
    print("Signatures (report them with the scores):")
    for score in evaluation.scores:
        print(f"  {score.line()}")
    for note in evaluation.notes:
        say(f"note: {note}")
