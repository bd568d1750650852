"""A training run as a directory: tokenizers, data, loop, bundle, each made once and found again on resumption.

RUN/recipe.toml     resolved
RUN/held-out/       train and dev parts, where no validation corpus was given
RUN/tokenizers/     as trained; the bundle gets copies
RUN/checkpoints/    see ``checkpoint``
RUN/metrics.jsonl   see ``metrics_log``
RUN/bundle/         the result
"""

from __future__ import annotations

import contextlib
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import sacrebleu
import torch

import atento
from atento.applications.device import usable_device
from atento.applications.unknown_words import require_words_and_attention
from atento.bundle import Bundle, save_bundle, vocabulary_of
from atento.core.allocator import keep_freed_memory
from atento.core.configuration import convert, read_toml, to_toml
from atento.core.errors import AtentoError, ConfigurationError, DataError, TrainingError
from atento.core.files import atomic_folder, atomic_text
from atento.core.progress import Progress, Silent, Stop
from atento.data.batch_plan import SPECIALS
from atento.data.batching import Batches
from atento.data.corpus_files import CorpusFiles
from atento.data.dataset import ParallelDataset, open_dataset
from atento.data.readers import read_pairs
from atento.data.split import SplitConfig, SplitOutput, split_corpus
from atento.models.build import build_model
from atento.models.encoder_decoder import EncoderDecoder
from atento.training.guided_alignment import GuidedObjective
from atento.training.loop import Outcome, Trainer
from atento.training.objectives import Objective, TranslationObjective
from atento.training.precision import Precision, resolve
from atento.training.recipe import Recipe, check_guidance
from atento.training.tokenizers import make_tokenizers
from atento.training.validation import Validator

_HELD_OUT_AT_MOST = 1000
_LINKS = "train.align"
"""The word links of a training part."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a run came to."""

    run: Path
    outcome: Outcome
    card: dict[str, Any]


def train(
    recipe: Recipe | None,
    run: Path,
    *,
    resume: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Report:
    """Train a model from a recipe into a run directory, or go on with one.

    Raises glibc's memory thresholds for the whole process (see ``core.allocator``).

    Args:
        recipe: what to do; None takes the one that the run was begun with.
        run: the directory.
        resume: go on where the run stopped; without it the directory must be new.
        device: "cpu", "cuda", … or "auto".
        progress: told how far it is.
        stop: looked at between two steps.

    Raises:
        TrainingError: the directory is in use without ``resume``, or cannot be resumed.
        DataError, ConfigurationError, OutputError: as the parts say.
    """
    keep_freed_memory()
    progress, stop = progress or Silent(), stop or Stop()
    if recipe is not None:
        check_guidance(recipe)
    recipe = _begin(recipe, run, resume)
    with _removed_on_error(run, keep=resume):
        ready = _prepare(recipe, run, device, progress, stop)
    outcome = ready.trainer.run()
    card = _card(recipe, ready, outcome)
    save_bundle(replace(ready.bundle, card=card), run / "bundle", values=outcome.values)
    return Report(run=run, outcome=outcome, card=card)


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """Everything that a run needs before its first step."""

    bundle: Bundle
    trainer: Trainer
    dataset: ParallelDataset
    valid: ParallelDataset
    precision: Precision


def _prepare(recipe: Recipe, run: Path, device: str, progress: Progress, stop: Stop) -> _Ready:
    where = usable_device(device)
    train_files, valid_files = _corpora(recipe, run, progress)
    source, target = make_tokenizers(recipe, train_files, run / "tokenizers", progress)
    dataset = open_dataset(train_files, source, target, max_length=recipe.data.max_length, progress=progress)
    valid = open_dataset(valid_files, source, target, max_length=recipe.data.max_length, progress=progress)
    _announce(dataset, valid, progress)
    _check_size(dataset, recipe)
    model = build_model(recipe.model, vocabulary_of(source, target), seed=recipe.training.seed).to(where)
    for part in (dataset, valid):
        _check_lengths(part, model)
    progress.message(f"{model.num_parameters:,} parameters, vocabulary {source.size:,} → {target.size:,}")
    bundle = Bundle(
        model=model,
        model_config=recipe.model,
        source_tokenizer=source,
        target_tokenizer=target,
        source_language=recipe.data.source_language,
        target_language=recipe.data.target_language,
        decoding=recipe.decoding,
    )
    if recipe.decoding.replace_unknown:
        require_words_and_attention(bundle)
    precision = resolve(recipe.training.precision, where)
    settings = recipe.training
    texts = _readable(_sample_of(valid_files, settings.validation_sentences), bundle, progress)
    budget = max(settings.batch_tokens, recipe.data.max_length + SPECIALS)
    validator = Validator(bundle, Batches(valid, model.vocabulary, budget=budget, seed=0), *texts, precision)
    batches = Batches(dataset, model.vocabulary, budget=budget, seed=settings.seed)
    objective = _objective(recipe, model, batches)
    trainer = Trainer(
        model, objective, batches, validator, settings, run=run, precision=precision, progress=progress, stop=stop
    )
    return _Ready(bundle=bundle, trainer=trainer, dataset=dataset, valid=valid, precision=precision)


def _objective(recipe: Recipe, model: EncoderDecoder, batches: Batches) -> Objective:
    settings = recipe.training
    translation = TranslationObjective(label_smoothing=settings.label_smoothing)
    if settings.guided_alignment is None:
        return translation
    guided = GuidedObjective.of(translation, settings.guided_alignment, model)
    guided.check(model, batches.collate(np.zeros(1, np.int64)).to(next(model.parameters()).device))
    return guided


@contextlib.contextmanager
def _removed_on_error(run: Path, *, keep: bool) -> Iterator[None]:
    """Leave nothing of a new run that cannot begin, so that the mended command works; a kill leaves what it left."""
    try:
        yield
    except AtentoError:
        if not keep:
            shutil.rmtree(run, ignore_errors=True)
        raise


def _check_size(dataset: ParallelDataset, recipe: Recipe) -> None:
    """Refuse a corpus that does not fill a batch: every step would see the same pairs.

    Raises:
        DataError: it is smaller.
    """
    longest = int(max(dataset.source_lengths.max(), dataset.target_lengths.max())) + SPECIALS
    size, budget = len(dataset) * longest, recipe.training.batch_tokens
    if size < budget:
        names = ", ".join(corpus.name for corpus in dataset.corpora)
        raise DataError(
            f"{names}: {len(dataset)} pairs are fewer than one batch holds (training.batch_tokens = {budget}, "
            f"sentences × longest side); bring more text, or set training.batch_tokens to {size} or less"
        )


def _check_lengths(dataset: ParallelDataset, model: EncoderDecoder) -> None:
    """Refuse, before the first step, a pair with a side that is longer than the model can read.

    Raises:
        DataError: there is one.
    """
    sides = (
        ("source", dataset.source_lengths, model.max_source_length),
        ("target", dataset.target_lengths, model.max_length),
    )
    for side, lengths, limit in sides:
        longest = int(lengths.argmax())
        if limit is not None and lengths[longest] + SPECIALS > limit:
            name, line = dataset.line(longest)
            raise DataError(
                f"{name}, line {line}: a {side} of {lengths[longest] + SPECIALS} tokens with the end token is longer "
                f"than the {limit} that this model reads: set data.max_length to {limit - SPECIALS} or less, or give "
                "the model more (model.max_positions, model.attention.max_source_length)"
            )


def _readable(texts: tuple[list[str], list[str]], bundle: Bundle, progress: Progress) -> tuple[list[str], list[str]]:
    """The pairs whose source is not too long for the model to translate."""
    limit = bundle.model.max_source_length
    if limit is None or not texts[0]:
        return texts
    encoded = bundle.source_tokenizer.encode_batch(texts[0])
    kept = [number for number, ids in enumerate(encoded) if len(ids) + SPECIALS <= limit]
    if len(kept) < len(encoded):
        progress.message(f"left out of BLEU and chrF: {len(encoded) - len(kept)} sources of over {limit} tokens")
    return [texts[0][number] for number in kept], [texts[1][number] for number in kept]


def _begin(recipe: Recipe | None, run: Path, resume: bool) -> Recipe:
    """Write the recipe down first of all, so that a run can be resumed from any later instant."""
    path = run / "recipe.toml"
    if resume:
        if not path.exists():
            raise TrainingError(f"there is nothing to resume in {run}; begin it without --resume")
        begun = convert(read_toml(path), Recipe, where=str(path))
        if recipe is not None and msgspec.structs.replace(recipe, data=begun.data) != begun:
            raise TrainingError(f"{path} differs from the recipe given; resume without a recipe, or begin another run")
        return begun
    if recipe is None:
        raise ConfigurationError("a new run needs a recipe")
    if run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise TrainingError(f"{run} is there already; add --resume to go on with it, or give another -o")
    with atomic_text(path) as stream:
        stream.write(to_toml(recipe))
    return recipe


def _corpora(recipe: Recipe, run: Path, progress: Progress) -> tuple[list[CorpusFiles], list[CorpusFiles]]:
    """Training and validation corpora; the second is split from the first where none is given."""
    if recipe.data.valid is not None:
        return list(recipe.data.train), [recipe.data.valid]
    folder = run / "held-out"
    count = len(recipe.data.train)
    if not folder.exists():
        with atomic_folder(folder) as temporary:
            for number, corpus in enumerate(recipe.data.train):
                total = sum(1 for _ in read_pairs(corpus))
                size = recipe.data.held_out * total if recipe.data.held_out < 1 else recipe.data.held_out / count
                dev = max(1, int(min(size, _HELD_OUT_AT_MOST / count)))
                config = SplitConfig(dev=float(dev), test=0.0, seed=recipe.training.seed)
                output = SplitOutput.in_folder(temporary / str(number), "source", "target")
                if corpus.alignment is not None:
                    links = str(temporary / str(number) / _LINKS)
                    output = msgspec.structs.replace(
                        output, train=msgspec.structs.replace(output.train, alignment=links)
                    )
                split_corpus(corpus, output, config)
        progress.message(f"no validation corpus was given: held one out of the training data, in {folder}")

    def parts(name: str) -> list[CorpusFiles]:
        return [
            CorpusFiles.of([folder / str(number) / f"{name}.{side}" for side in ("source", "target")])
            for number in range(count)
        ]

    train = [
        msgspec.structs.replace(part, weight=corpus.weight, **_links_of(corpus, folder / str(number)))
        for number, (part, corpus) in enumerate(zip(parts("train"), recipe.data.train, strict=True))
    ]
    return train, parts("dev")


def _links_of(corpus: CorpusFiles, folder: Path) -> dict[str, Any]:
    """How the links of a corpus's training part are read, if it has any."""
    if corpus.alignment is None:
        return {}
    options = ("alignment_words", "alignment_one_based")
    return {"alignment": str(folder / _LINKS)} | {name: getattr(corpus, name) for name in options}


def _sample_of(corpora: list[CorpusFiles], count: int) -> tuple[list[str], list[str]]:
    """Pairs without an empty side, spread evenly over the corpora."""
    pairs = [(pair.source, pair.target) for corpus in corpora for pair in read_pairs(corpus)]
    pairs = [pair for pair in pairs if pair[0].strip() and pair[1].strip()]
    chosen = np.unique(np.linspace(0, len(pairs) - 1, min(count, len(pairs)), dtype=np.int64)).tolist()
    return [pairs[number][0] for number in chosen], [pairs[number][1] for number in chosen]


def _announce(dataset: ParallelDataset, valid: ParallelDataset, progress: Progress) -> None:
    progress.message(f"{len(dataset):,} pairs to train on, {len(valid):,} to validate on")
    for name, part in (("training", dataset), ("validation", valid)):
        if part.left_out.total:
            progress.message(f"left out of {name}: {part.left_out}")


def _card(recipe: Recipe, ready: _Ready, outcome: Outcome) -> dict[str, Any]:
    """What a reader of the bundle should know."""
    state, dataset, valid = outcome.state, ready.dataset, ready.valid
    versions = {"atento": atento.__version__, "torch": str(torch.__version__), "sacrebleu": sacrebleu.__version__}
    return {
        "data": {
            "train": [corpus.name for corpus in dataset.corpora],
            "valid": [corpus.name for corpus in valid.corpora],
            "train_pairs": len(dataset),
            "valid_pairs": len(valid),
            "left_out": {"empty": dataset.left_out.empty, "too_long": dataset.left_out.too_long},
        },
        "model": {"kind": type(recipe.model).__struct_config__.tag, "parameters": ready.bundle.model.num_parameters},
        "training": {
            "seed": recipe.training.seed,
            "steps": state.step,
            "target_tokens": state.tokens,
            "skipped_steps": state.skipped,
            "minutes": round(state.seconds / 60, 2),
            "ended_by": outcome.reason,
            "precision": ready.precision,
            "kept": recipe.training.keep,
            "guided_alignment": msgspec.to_builtins(recipe.training.guided_alignment),
        },
        "validation": [msgspec.to_builtins(score) for score in state.scores],
        "signatures": {
            "bleu": _signature(sacrebleu.BLEU()),
            "chrf": _signature(sacrebleu.CHRF()),
        },
        "versions": {**versions, "python": platform.python_version()},
    }


def _signature(metric: sacrebleu.BLEU | sacrebleu.CHRF) -> str:
    """A metric's signature; sacreBLEU knows it once something was scored."""
    metric.corpus_score(["a"], [["a"]])
    return str(metric.get_signature())
