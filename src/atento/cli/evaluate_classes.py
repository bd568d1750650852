"""``atento evaluate RUN FILE`` of a classifier: accuracy, macro-F1, each class, and what is taken for what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from atento.cli.arguments import check_output, in_file
from atento.cli.console import print_json, print_table, progress_bar

if TYPE_CHECKING:
    from atento.evaluation.classification import ClassificationReport
    from atento.evaluation.report import Interval


def evaluate_classes_of(
    run: Path, path: Path, *, confusion: Path | None, resamples: int, seed: int, device: str, as_json: bool
) -> None:
    """Classify labelled texts and print how well that went.

    Raises:
        BundleError: the run is no classifier's.
        DataError: the file cannot be read, or has a class that training never saw.
    """
    from atento.cli.classify import load
    from atento.core.errors import DataError
    from atento.data.labelled_files import read_labelled
    from atento.evaluation.classification import evaluate_classes
    from atento.training.inheritance import labelled_like

    check_output(confusion)
    texts = list(read_labelled(labelled_like(run, path)))
    classifier = load(run, device)
    numbers = {name: number for number, name in enumerate(classifier.bundle.classes)}
    for each in texts:
        if each.label not in numbers:
            raise DataError(
                f"{path}, line {each.line}: the class {each.label!r} is none of those of training "
                f"({', '.join(numbers)}); mend it, or leave the line out"
            )
    with progress_bar() as progress, in_file(path):
        found = classifier.classify(
            [each.text if each.second is None else (each.text, each.second) for each in texts], progress=progress
        )
    right, guessed = [numbers[each.label] for each in texts], [numbers[each.label] for each in found]
    report = evaluate_classes(right, guessed, list(numbers), resamples=resamples, seed=seed)
    if confusion is not None:
        from atento.figures.canvas import save
        from atento.figures.confusion import confusion_figure

        save(confusion_figure(report.confusion, list(numbers)), confusion)
    if as_json:
        print_json(report)
    else:
        _print(report)


def _print(report: ClassificationReport) -> None:
    print(f"{report.texts:,} texts.")
    scores = (
        ("accuracy", report.accuracy, report.accuracy_interval),
        ("macro-F1", report.macro_f1, report.macro_f1_interval),
    )
    rows = [(name, f"{100 * value:.2f}", _interval(interval)) for name, value, interval in scores]
    print_table(("measure", "per cent", "95 % interval"), rows, numbers=(1, 2))
    print_table(
        ("class", "texts", "precision", "recall", "F1"),
        [
            (each.name, f"{each.count:,}", *(f"{100 * value:.1f}" for value in (each.precision, each.recall, each.f1)))
            for each in report.classes
        ],
        numbers=(1, 2, 3, 4),
    )
    print("What is taken for what (rows: the right class; columns: the guess):")
    names = [each.name for each in report.classes]
    print_table(
        ("", *names),
        [(name, *(f"{count:,}" for count in row)) for name, row in zip(names, report.confusion, strict=True)],
        numbers=range(1, len(names) + 1),
    )


def _interval(interval: Interval | None) -> str:
    return "–" if interval is None else f"{100 * interval.low:.2f} – {100 * interval.high:.2f}"
