"""From a study's name or file, its form, and what the command line says, to a ``Study``.

A file's tables ``[small]`` and ``[full]`` are its two forms: one of them is laid over the rest. In them ``variants``
may be a list of names and tables: the variants of the rest that the form keeps, and tables that are laid over the
variant of their name, or are new.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from atento.core.configuration import apply_overrides, convert, merged, nearest, read_toml, to_builtins
from atento.core.errors import ConfigurationError
from atento.data.corpus_files import CorpusFiles
from atento.data.labelled_files import LabelledFiles
from atento.study.configuration import (
    CorpusData,
    CorpusTest,
    DiagnosticData,
    Form,
    LabelledData,
    LanguagesData,
    Measure,
    Study,
    Variant,
)
from atento.study.data import count_pairs
from atento.study.labelled import labelled_paths
from atento.study.shipped import shipped_studies
from atento.text.words import How

FORMS: tuple[Form, ...] = ("small", "full")


@dataclass(frozen=True, kw_only=True)
class OwnCorpus:
    """A user's corpus in the place of a study's own data."""

    train: Sequence[Path]
    valid: Sequence[Path]
    test: Sequence[Path]
    gold: Path | None = None
    """Word alignments of the test set, and as of ``CorpusTest``:"""
    gold_words: How = "whitespace"
    gold_one_based: bool = False
    gold_inverted: bool = False

    def data_for(self, study: Study, test: str) -> CorpusData | LabelledData:
        """As a study has it.

        Args:
            study: in the place of whose data it stands.
            test: what its one test set is called; that of labelled texts is always called ``test``.

        Raises:
            ConfigurationError: the study wants another kind of files.
        """
        if isinstance(study.data, LabelledData | LanguagesData):
            return self._labelled(study.data)
        if len(self.test) != 2:
            raise ConfigurationError("this study translates: give --test SRC REF, two files")
        source, reference = self.test
        return CorpusData(
            train=(CorpusFiles.of([path.absolute() for path in self.train]),),
            valid=(CorpusFiles.of([path.absolute() for path in self.valid]),),
            tests=(
                CorpusTest(
                    name=test,
                    source=str(source.absolute()),
                    reference=str(reference.absolute()),
                    alignment=None if self.gold is None else str(self.gold.absolute()),
                    words=self.gold_words,
                    one_based=self.gold_one_based,
                    inverted=self.gold_inverted,
                ),
            ),
        )

    def _labelled(self, data: LabelledData | LanguagesData) -> LabelledData:
        """With the limits of the study's own; all its training texts are there to pre-train on."""
        parts = {"train": self.train, "valid": self.valid, "test": self.test}
        for option, paths in parts.items():
            if len(paths) != 1:
                raise ConfigurationError(
                    f"this study classifies: give --{option} FILE, one file of labelled texts (TSV: text, tab, class; "
                    "or JSON Lines)"
                )
        if self.gold is not None:
            raise ConfigurationError("this study classifies and aligns no words; leave --gold out")
        train, valid, test = ((LabelledFiles(file=str(path.absolute())),) for (path,) in parts.values())
        valid_texts = data.valid_texts if isinstance(data, LabelledData) else None
        return LabelledData(
            train=train,
            valid=valid,
            test=test,
            train_texts=data.train_texts,
            valid_texts=valid_texts,
            test_texts=data.test_texts,
            train_unlabelled=True,
        )


def read_study(
    name_or_path: str,
    *,
    small: bool = False,
    data: Path | None = None,
    own: OwnCorpus | None = None,
    overrides: Sequence[str] = (),
    seeds: Sequence[int] = (),
) -> tuple[Study, Form]:
    """A shipped study or a file, and which of its forms was taken.

    Args:
        name_or_path: a shipped study's name, or a file.
        small: take the form ``[small]``, else ``[full]`` where the file has it.
        data: the folder that a shipped study's corpora lie in.
        own: a corpus in the place of the study's; test sets that the study knows by other names all become this one.
        overrides: ``key=value`` settings laid over the study (``recipe.training.steps=100``).
        seeds: in the place of the study's.

    Raises:
        ConfigurationError: there is no such study or form, its corpora are not there, or a key or value does not fit.
    """
    table, folder, shipped = _read(name_or_path)
    table, form = _take_form(table, small=small, where=name_or_path)
    table = apply_overrides(table, overrides)
    if seeds:
        table["seeds"] = list(seeds)
    study = convert(table, Study, where=name_or_path)
    if own is not None:
        if form == "small" and isinstance(study.data, DiagnosticData):
            raise ConfigurationError(
                f"the small form of {name_or_path} has a vocabulary and models for generated words only; leave --small "
                "out, and make it shorter with --set recipe.training.steps=…"
            )
        study = convert(_with_own(table, study, own), Study, where=name_or_path)
    if own is None:
        root = (data if shipped and data is not None else folder).absolute()
        placed, paths = _placed(study, root)
        _require_files(paths, name_or_path, shipped=shipped)
        study = placed
    return study, form


def _read(name_or_path: str) -> tuple[dict[str, Any], Path, bool]:
    """The tables, the folder that their paths are relative to, and whether the study is a shipped one."""
    shipped = shipped_studies()
    if name_or_path in shipped:
        return tomllib.loads(shipped[name_or_path]), Path(), True
    path = Path(name_or_path)
    if not path.suffix and not path.exists():
        raise ConfigurationError(f"there is no study {name_or_path!r}{nearest(name_or_path, shipped)}")
    return read_toml(path), path.absolute().parent, False


def _take_form(table: dict[str, Any], *, small: bool, where: str) -> tuple[dict[str, Any], Form]:
    forms = {form: table.pop(form) for form in FORMS if form in table}
    wanted: Form = "small" if small else "full"
    if small and wanted not in forms:
        raise ConfigurationError(f"{where} has no small form; leave --small out, or add a table [small]")
    form = forms.get(wanted)
    if form is None:
        return table, "only"
    if not isinstance(form, dict):
        raise ConfigurationError(f"{where}: {wanted} must be a table of settings")
    form = dict(form)
    kept = form.pop("variants", None)
    table = merged(table, form)
    if kept is not None:
        if not isinstance(kept, list):
            raise ConfigurationError(f"{where}: {wanted}.variants must be a list, of names or of tables")
        table["variants"] = [_named(table.get("variants", []), name, where) for name in kept]
        _forget_dropped(table)
    return table, wanted


def _forget_dropped(table: dict[str, Any]) -> None:
    """Leave out what is said of variants that the form drops."""
    there = [variant.get("name") for variant in table["variants"]]
    for key, names in (("claims", ("variant", "baseline")), ("published", ("variant",))):
        entries = table.get(key, [])
        if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries):  # else it is refused later
            table[key] = [entry for entry in entries if all(entry.get(name) in there for name in names)]


def _named(variants: Any, name: object, where: str) -> Any:
    by_name = (
        {str(variant.get("name")): variant for variant in variants or () if isinstance(variant, dict)}
        if isinstance(variants, list)
        else {}
    )
    if isinstance(name, dict):
        return merged(by_name.get(str(name.get("name")), {}), name)
    if not isinstance(name, str) or name not in by_name:
        raise ConfigurationError(f"{where}: a form keeps the variant {name!r}{nearest(str(name), by_name)}")
    return by_name[name]


def _with_own(table: dict[str, Any], study: Study, own: OwnCorpus) -> dict[str, Any]:
    """The study's table with a user's corpus: test sets that are not subsets all become the user's.

    Subsets are taken from that. A subset ``test`` that only puts test sets together gives way to it; one with limits
    stays, as claims that are measured on it mean the limits, too.

    What this leaves without pairs to learn from, or without anything to measure, is left out, and the notes say so.
    """
    if study.measures_speed:
        raise ConfigurationError("this study measures random tokens and reads no corpus; leave --train out")
    limited = [each for each in study.subsets if each.name != "test" or each.has_limits]
    test = _free_name("test", [each.name for each in limited])
    data = own.data_for(study, test)
    variants = _learnable(study, data)
    names = {variant.name for variant in variants}
    subsets = [msgspec.structs.replace(each, of=(test,)) for each in limited]
    kept = {test, *(subset.name for subset in subsets)}

    def renamed(name: str | None) -> Any:
        return name if not name or name in kept else test

    claims = [
        msgspec.structs.replace(claim, measure=msgspec.structs.replace(claim.measure, **places))
        for claim in study.claims
        for places in [{key: renamed(getattr(claim.measure, key)) for key in ("on", "minus", "per")}]
        if {claim.variant, claim.baseline} <= names
    ]
    charts = [msgspec.structs.replace(chart, on=renamed(chart.on)) for chart in study.charts]
    unscored = {"aer"} if own.gold is None else set()
    tried = [each for each in claims if each.measure.metric not in unscored and _changes(each.measure)]
    drawn = [each for each in charts if each.metric not in unscored and each.kind != "tests"]
    unlearnable = [f"the variant {each.title!r}" for each in study.variants if each not in variants]
    unmeasured = [f"the claim {each.statement!r}" for each in claims if each not in tried]
    unmeasured += [f"the chart {each.title!r}" for each in charts if each not in drawn]
    changes = {
        "data": data,
        "variants": variants,
        "published": [figure for figure in study.published if figure.variant in names],
        "subsets": subsets,
        "claims": tried,
        "charts": drawn,
        "by_length": renamed(study.by_length),
        "notes": "\n\n".join(filter(None, [study.notes, *_left_out(unlearnable, unmeasured)])),
    }
    return {**table, **to_builtins(changes)}


def _free_name(name: str, taken: Sequence[str]) -> str:
    """The name, or one like it; names of test sets are names of files, and must differ in more than case."""
    while name.casefold() in map(str.casefold, taken):
        name = f"own-{name}"
    return name


def _left_out(unlearnable: Sequence[str], unmeasured: Sequence[str]) -> list[str]:
    """Notes about what there is no text for."""
    reasons = {
        "with its claims, for this corpus has fewer pairs": unlearnable,
        "for this corpus has nothing to measure them by": unmeasured,
    }
    return [f"Left out, {reason}: {', '.join(names)}." for reason, names in reasons.items() if names]


def _learnable(study: Study, data: CorpusData | LabelledData) -> list[Variant]:
    """The variants that want no more pairs than there are, and the one that others are matched to."""
    if isinstance(data, LabelledData) or all(variant.pairs is None for variant in study.variants):
        return list(study.variants)
    there = count_pairs(data.train)
    needed = study.match.to if study.match else None
    return [each for each in study.variants if each.name == needed or (each.pairs or 0) <= there]


def _changes(measure: Measure) -> bool:
    """Whether it compares two different test sets, if it compares any."""
    return measure.on not in (measure.minus, measure.per) or not measure.on


def _placed(study: Study, root: Path) -> tuple[Study, list[Path]]:
    """The study with absolute paths, and all of them."""
    match study.data:
        case CorpusData() as data:
            tests = tuple(_moved(test, root) for test in data.tests)
            train, valid = (tuple(corpus.relative_to(root) for corpus in part) for part in (data.train, data.valid))
            paths = [path for corpus in (*train, *valid) for path in corpus.paths]
            paths += [Path(corpus.alignment) for corpus in train if corpus.alignment is not None]
            paths += [Path(path) for test in tests for path in (test.source, test.reference, test.alignment) if path]
            return msgspec.structs.replace(
                study, data=msgspec.structs.replace(data, train=train, valid=valid, tests=tests)
            ), paths
        case LabelledData() as data:
            labelled = _placed_texts(data, root)
            return msgspec.structs.replace(study, data=labelled), labelled_paths(labelled)
        case _:
            return study, []


def _placed_texts(data: LabelledData, root: Path) -> LabelledData:
    def placed(paths: Sequence[str]) -> tuple[str, ...]:
        return tuple(str(root / path) for path in paths)

    classes = tuple(
        msgspec.structs.replace(each, train=placed(each.train), valid=placed(each.valid), test=placed(each.test))
        for each in data.classes
    )
    train, valid, test = (
        tuple(file.relative_to(root) for file in files) for files in (data.train, data.valid, data.test)
    )
    return msgspec.structs.replace(
        data, classes=classes, train=train, valid=valid, test=test, unlabelled=placed(data.unlabelled)
    )


def _require_files(paths: Sequence[Path], where: str, *, shipped: bool) -> None:
    """Refuse a study whose files are not there.

    Raises:
        ConfigurationError: a file is not there.
    """
    missing = [path for path in paths if not path.is_file()]
    if missing:
        advice = (
            "give the folder that holds it with --data, your own corpus with --train, --valid and --test, or --small"
            if shipped
            else "check the study's paths"
        )
        raise ConfigurationError(f"{where}: there is no file {missing[0]}; {advice}")


def _moved(test: CorpusTest, root: Path) -> CorpusTest:
    changes: Mapping[str, Any] = {
        name: str(root / path) for name in ("source", "reference", "alignment") if (path := getattr(test, name))
    }
    return msgspec.structs.replace(test, **changes)
