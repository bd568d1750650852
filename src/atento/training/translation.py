"""Learning to translate: from parallel corpora to a task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import sacrebleu

from atento.applications.device import usable_device
from atento.applications.unknown_words import require_words_and_attention
from atento.bundle import Bundle, TranslationBundle
from atento.core.errors import DataError
from atento.core.files import atomic_folder
from atento.core.progress import Progress
from atento.data.batch_plan import SPECIALS, Int64s
from atento.data.batching import Batch, Batches
from atento.data.corpus_files import CorpusFiles
from atento.data.dataset import ParallelDataset, open_dataset
from atento.data.readers import read_pairs
from atento.data.split import SplitConfig, SplitOutput, split_corpus
from atento.models.build import TranslatorConfig, build_model, moved
from atento.models.encoder_decoder import EncoderDecoder
from atento.training.fit import fit_of_pairs, tell_of_fit
from atento.training.guided_alignment import GuidedObjective
from atento.training.objectives import Objective, TranslationObjective
from atento.training.precision import resolve
from atento.training.recipe import PairDataConfig, Recipe
from atento.training.start import origin_of
from atento.training.task import Task
from atento.training.tokenizers import make_tokenizers
from atento.training.validation import TranslationValidator

_HELD_OUT_AT_MOST = 1000
_LINKS = "train.align"
"""The word links of a training part."""


def translation_task(
    recipe: Recipe, model_config: TranslatorConfig, data: PairDataConfig, run: Path, device: str, progress: Progress
) -> Task[EncoderDecoder, Int64s, Batch]:
    """Tokenizers, encoded corpora and a model with random weights; what is made is kept in ``run``.

    Raises:
        DataError: a corpus cannot be read, is too small, or does not fit the model.
        ConfigurationError: settings that do not go together.
        OutputError: ``run`` cannot be written.
    """
    where = usable_device(device)
    train_files, valid_files = _corpora(recipe, data, run, progress)
    source, target = make_tokenizers(recipe.tokenizer, data, train_files, run / "tokenizers", progress)
    dataset = open_dataset(train_files, source, target, max_length=data.max_length, progress=progress)
    valid = open_dataset(valid_files, source, target, max_length=data.max_length, progress=progress)
    _announce(dataset, valid, progress)
    fit = fit_of_pairs(train_files, source, target)
    tell_of_fit(fit, recipe.start, progress)
    _check_size(dataset, recipe)
    _check_links(dataset, recipe, data)
    origin = origin_of(recipe.start, source, target)
    model = build_model(model_config, origin.vocabulary, seed=recipe.training.seed)
    origin.load_into(model)
    model = moved(model, where)
    for part in (dataset, valid):
        _check_lengths(part, model)
    progress.message(f"{model.num_parameters:,} parameters, vocabulary {source.size:,} → {target.size:,}")
    bundle = Bundle(
        model=model,
        model_config=model_config,
        source_tokenizer=source,
        target_tokenizer=target,
        source_language=data.source_language,
        target_language=data.target_language,
        decoding=recipe.decoding,
    )
    if recipe.decoding.replace_unknown:
        require_words_and_attention(bundle)
    precision = resolve(recipe.training.precision, where)
    settings = recipe.training
    texts = _readable(_sample_of(valid_files, settings.validation_sentences), bundle, progress)
    budget = max(settings.batch_tokens, data.max_length + SPECIALS)
    validator = TranslationValidator(bundle, Batches(valid, model.vocabulary, budget=budget, seed=0), *texts, precision)
    batches = Batches(dataset, model.vocabulary, budget=budget, seed=settings.seed)
    return Task(
        bundle=bundle,
        objective=_objective(recipe, model, batches),
        batches=batches,
        validator=validator,
        precision=precision,
        data={
            "train": [corpus.name for corpus in dataset.corpora],
            "valid": [corpus.name for corpus in valid.corpora],
            "train_pairs": len(dataset),
            "valid_pairs": len(valid),
            "left_out": {"empty": dataset.left_out.empty, "too_long": dataset.left_out.too_long},
            "fit": msgspec.to_builtins(fit),
        },
        signatures={"bleu": _signature(sacrebleu.BLEU()), "chrf": _signature(sacrebleu.CHRF())},
    )


def _objective(recipe: Recipe, model: EncoderDecoder, batches: Batches) -> Objective[EncoderDecoder, Batch]:
    settings = recipe.training
    translation = TranslationObjective(label_smoothing=settings.label_smoothing)
    if settings.guided_alignment is None:
        return translation
    guided = GuidedObjective.of(translation, settings.guided_alignment, model)
    guided.check(model, batches.collate(np.zeros(1, np.int64)).to(next(model.parameters()).device))
    return guided


def _check_links(dataset: ParallelDataset, recipe: Recipe, data: PairDataConfig) -> None:
    """Refuse alignments without a link: attention would learn nothing from them, and seem to.

    Raises:
        DataError: there is none.
    """
    if recipe.training.guided_alignment is not None and not dataset.num_links:
        files = " and ".join(corpus.alignment for corpus in data.train if corpus.alignment is not None)
        raise DataError(f"{files}: no pair to train on has a link; give an aligner's links, or leave the alignment out")


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


def _readable(
    texts: tuple[list[str], list[str]], bundle: TranslationBundle, progress: Progress
) -> tuple[list[str], list[str]]:
    """The pairs whose source is not too long for the model to translate."""
    limit = bundle.model.max_source_length
    if limit is None or not texts[0]:
        return texts
    encoded = bundle.source_tokenizer.encode_batch(texts[0])
    kept = [number for number, ids in enumerate(encoded) if len(ids) + SPECIALS <= limit]
    if len(kept) < len(encoded):
        progress.message(f"left out of BLEU and chrF: {len(encoded) - len(kept)} sources of over {limit} tokens")
    return [texts[0][number] for number in kept], [texts[1][number] for number in kept]


def _corpora(
    recipe: Recipe, data: PairDataConfig, run: Path, progress: Progress
) -> tuple[list[CorpusFiles], list[CorpusFiles]]:
    """Training and validation corpora; the second is split from the first where none is given."""
    if data.valid is not None:
        return list(data.train), [data.valid]
    folder = run / "held-out"
    count = len(data.train)
    if not folder.exists():
        with atomic_folder(folder) as temporary:
            for number, corpus in enumerate(data.train):
                total = sum(1 for _ in read_pairs(corpus))
                size = data.held_out * total if data.held_out < 1 else data.held_out / count
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
        for number, (part, corpus) in enumerate(zip(parts("train"), data.train, strict=True))
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


def _signature(metric: sacrebleu.BLEU | sacrebleu.CHRF) -> str:
    """A metric's signature; sacreBLEU knows it once something was scored."""
    metric.corpus_score(["a"], [["a"]])
    return str(metric.get_signature())
