"""From a local folder in Hugging Face's format to a bundle of ours.

Which model a folder holds, ``model_type`` in its ``config.json`` says. All is checked before anything is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor

from atento.bundle import AnyBundle, Bundle, save_bundle
from atento.core.errors import ConfigurationError, DataError, OutputError
from atento.core.files import atomic_folder, sha256
from atento.core.vocabulary import Vocabulary
from atento.interop import bert, gpt1, gpt2, llama, marian
from atento.interop.configurations import CONFIG, OURS, OwnKeys, own_keys, read_config
from atento.interop.decoding import decoding_from
from atento.interop.tables import Table, read, unneeded
from atento.interop.weight_files import read_tensors, weight_files
from atento.models.build import ModelConfig, build_any, weight_shapes
from atento.models.classifier import body_config
from atento.models.weights import load_weights
from atento.text.loading import load_tokenizer, load_tokenizers, read_settings
from atento.text.tokenizer import Tokenizer

MODEL_TYPES = ("gpt2", "openai-gpt", "llama", "bert", "roberta", "marian", "pegasus")
"""What ``config.json`` may say."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A folder that was read."""

    bundle: AnyBundle
    model_type: str
    """As the folder calls it."""
    notes: tuple[str, ...]
    """What its reader should know: weights that were left out, heads that it lacks."""


@dataclass(frozen=True, kw_only=True)
class _Folder:
    """A folder that is being read."""

    path: Path
    config: Mapping[str, Any]
    files: list[Path]
    tensors: dict[str, Tensor]
    own: OwnKeys | None
    """What it says in words of ours, if it comes from here."""
    pairs: bool
    """Whoever imports it says that it classifies pairs."""

    @property
    def where(self) -> str:
        """The configuration's path, for errors."""
        return str(self.path / CONFIG)


def import_folder(folder: Path, run: Path, *, pairs: bool = False) -> Imported:
    """Read a folder and write a run that holds its bundle.

    Args:
        folder: in Hugging Face's format.
        run: the run to make.
        pairs: of a classifier, that it classifies pairs of texts, which only folders of ours say.

    Raises:
        DataError: the folder lacks something, is damaged, or holds a model that we do not have; one line says which.
        OutputError: ``run`` is there already, or cannot be written.
    """
    if run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise OutputError(f"{run} is there already; give another -o")
    imported = read_folder(folder, pairs=pairs)
    with atomic_folder(run) as temporary:
        save_bundle(imported.bundle, temporary / "bundle")
    return imported


def read_folder(folder: Path, *, pairs: bool = False) -> Imported:
    """Read a folder in Hugging Face's format; ``pairs`` as ``import_folder`` has it.

    Raises:
        DataError: as ``import_folder``.
    """
    config = read_config(folder)
    where = str(folder / CONFIG)
    kind = config.get("model_type")
    if kind not in MODEL_TYPES:
        raise DataError(
            f"{where}: model_type = {kind!r} is an architecture that Atento does not have; "
            f"it reads {', '.join(MODEL_TYPES)}"
        )
    files = weight_files(folder)
    own = own_keys(config, where)
    source = _Folder(path=folder, config=config, files=files, tensors=read_tensors(files), own=own, pairs=pairs)
    try:
        bundle, notes = _read(kind, source)
    except ConfigurationError as error:  # sizes that do not go together
        raise DataError(f"{where}: {error}") from error
    if pairs and not bundle.classes:
        raise DataError(f"{where}: its model is no classifier, so it reads no pairs to classify: leave --pairs out")
    return Imported(bundle=_with_card(bundle, source, kind, notes), model_type=kind, notes=tuple(notes))


def _read(kind: str, source: _Folder) -> tuple[AnyBundle, list[str]]:
    match kind:
        case "gpt2":
            model, size = gpt2.config_from(source.config, source.where)
            tensors = _with_body(source.tensors, gpt2.BODY, ("lm_head.",))
            return _language_model(source, model, gpt2.table(model), size, tensors)
        case "openai-gpt":
            model, size = gpt1.config_from(source.config, source.where)
            tensors = _with_body(source.tensors, gpt2.BODY, ("lm_head.",))
            return _language_model(source, model, gpt1.table(model), size, tensors)
        case "llama":
            model, size = llama.config_from(source.config, source.where)
            return _language_model(source, model, llama.table(model), size, source.tensors)
        case "bert":
            return _masked_language_model(source, bert.BERT)
        case "roberta":
            return _masked_language_model(source, bert.ROBERTA)
        case "marian" | "pegasus":
            return _translator(source)
        case _:
            raise AssertionError(kind)


def _language_model(
    source: _Folder, config: ModelConfig, table: Table, size: int, tensors: Mapping[str, Tensor]
) -> tuple[AnyBundle, list[str]]:
    tokenizer = load_tokenizer(source.path)
    before = tokenizer.template.before
    if len(before) > 1:
        raise DataError(
            f"{source.path}: its tokenizer begins a text with {len(before)} tokens; Atento reads one or none"
        )
    vocabulary = _vocabulary(source, tokenizer, size, start=before[0] if before else tokenizer.bos, first=not before)
    return _bundle(source, config, vocabulary, table, tensors, (tokenizer, tokenizer))


def _masked_language_model(source: _Folder, names: bert.Names) -> tuple[AnyBundle, list[str]]:
    tokenizer = load_tokenizer(source.path)
    named = {bert.modern(name): tensor for name, tensor in source.tensors.items()}
    tensors = _with_body(named, names.body, (names.heads,))
    pad = source.config.get("pad_token_id")
    if names.begins_after_padding and isinstance(pad, int) and pad != tokenizer.pad:
        raise DataError(
            f"{source.where}: pad_token_id = {pad}, and its tokenizer pads with {tokenizer.pad}: correct one of them"
        )
    config, size = bert.config_from(source.config, names, tensors.keys(), tokenizer.pad, source.where)
    vocabulary = _vocabulary(source, tokenizer, size, start=tokenizer.bos)
    if classes := bert.classes_from(source.config, names, source.where):
        body = body_config(config)
        table = bert.classifier_table(body, names, tokenizer.pad)
        bundle, notes = _bundle(source, body, vocabulary, table, tensors, (tokenizer, tokenizer), classes)
        return _classifier(source, bundle, notes)
    table = bert.table(config, names, tokenizer.pad, tensors.keys())
    bundle, notes = _bundle(source, config, vocabulary, table, tensors, (tokenizer, tokenizer))
    if not config.masked_head:
        notes.append("it has no head for masked tokens, so it cannot fill them in; its vectors can be used")
    elif tokenizer.mask is None:
        notes.append("its tokenizer has no token that masks others (mask_token), so nothing can be filled in")
    return bundle, notes


def _classifier(source: _Folder, bundle: AnyBundle, notes: list[str]) -> tuple[AnyBundle, list[str]]:
    """A classifier's bundle with what only folders of ours say: whether it reads pairs, and how much."""
    if (own := source.own) is None:
        if not source.pairs:
            notes.append(
                "its folder does not say whether it classifies single texts or pairs: single ones, else --pairs"
            )
        return replace(bundle, paired=source.pairs), notes
    if source.pairs and not own.paired:
        raise DataError(f"{source.where}: {OURS}.paired = false, so it learned from single texts: leave --pairs out")
    return replace(bundle, paired=own.paired, context=own.context), notes


def _translator(source: _Folder) -> tuple[AnyBundle, list[str]]:
    """Two tokenizers may have one vocabulary, or one each; the special ids are the same in both."""
    tokenizers = load_tokenizers(source.path)
    config, sizes, start = marian.config_from(source.config, source.where)
    first, second = (
        _vocabulary(source, tokenizer, size, start=tokenizer.pad if start is None else start)
        for tokenizer, size in zip(tokenizers, sizes, strict=True)
    )
    if (first.pad, first.eos) != (second.pad, second.eos):
        raise DataError(
            f"{source.path}: its two vocabularies have different ids for padding and end; Atento has one each"
        )
    vocabulary = msgspec.structs.replace(
        second, source_size=sizes[0], shared=config.tied_embeddings == "all" and sizes[0] == sizes[1]
    )
    if not 0 <= vocabulary.decoder_start < sizes[1]:
        raise DataError(f"{source.where}: decoder_start_token_id = {start} is no entry of its vocabulary")
    return _bundle(source, config, vocabulary, marian.table(config), source.tensors, tokenizers)


def _vocabulary(source: _Folder, tokenizer: Tokenizer, size: int, *, start: int, first: bool = False) -> Vocabulary:
    """What the model must know of its tokenizer.

    Raises:
        DataError: the tokenizer has more entries than the model, or another end.
    """
    if tokenizer.size > size:
        raise DataError(
            f"{source.path}: its tokenizer has ids up to {tokenizer.size - 1}, its model only {size} (vocab_size): "
            "the files do not go together"
        )
    end = source.config.get("eos_token_id")
    if isinstance(end, int) and 0 <= end < size and end != tokenizer.eos:
        raise DataError(
            f"{source.where}: eos_token_id = {end}, and its tokenizer ends a text with {tokenizer.eos} "
            f"({tokenizer.piece(tokenizer.eos)}): correct one of them"
        )
    return Vocabulary(
        source_size=size,
        target_size=size,
        shared=True,
        pad=tokenizer.pad,
        unk=tokenizer.unk,
        bos=tokenizer.bos,
        eos=tokenizer.eos,
        decoder_start=start,
        mask=tokenizer.mask,
        prompt_first=first,
    )


def _bundle(
    source: _Folder,
    config: ModelConfig,
    vocabulary: Vocabulary,
    table: Table,
    tensors: Mapping[str, Tensor],
    tokenizers: tuple[Tokenizer, Tokenizer],
    classes: tuple[str, ...] = (),
) -> tuple[AnyBundle, list[str]]:
    """The model with its weights; and what was left out."""
    shapes = weight_shapes(config, vocabulary, len(classes))  # before memory is taken for what the tensors do not have
    values = read(table, tensors, shapes, str(source.path))
    model = build_any(config, vocabulary, len(classes), seed=0)
    load_weights(model, values)
    model = model.eval().requires_grad_(False)
    left = unneeded(table, list(tensors))
    own = source.own
    languages = read_settings(source.path).languages if own is None else (own.source_language, own.target_language)
    notes = [f"left out, because nothing reads it: {', '.join(left)}"] if left else []
    bundle = Bundle(
        model=model,
        model_config=config,
        source_tokenizer=tokenizers[0],
        target_tokenizer=tokenizers[1],
        source_language=languages[0],
        target_language=languages[1],
        decoding=decoding_from(source.path, source.config, config, own),
        classes=classes,
    )
    return bundle, notes


def _with_card(bundle: AnyBundle, source: _Folder, kind: str, notes: list[str]) -> AnyBundle:
    """The bundle with a card that says where it comes from."""
    names = [file.name for file in source.files]
    names += [name for name in _DESCRIBING if (source.path / name).is_file()]
    card = {
        "imported": {
            "format": "huggingface",
            "folder": source.path.resolve().name,
            "model_type": kind,
            "architectures": source.config.get("architectures"),
            "checksums": {name: sha256(source.path / name) for name in sorted(names)},
            "notes": notes,
        },
        "model": {"parameters": bundle.model.num_parameters},
        "versions": {"atento": metadata.version("atento"), "torch": str(torch.__version__)},
    }
    return replace(bundle, card=card)


def _with_body(tensors: Mapping[str, Tensor], body: str, heads: tuple[str, ...]) -> dict[str, Tensor]:
    """Names with the body's prefix, which files of a model without its heads leave out."""
    if any(name.startswith(body) for name in tensors):
        return dict(tensors)
    return {name if name.startswith(heads) else body + name: tensor for name, tensor in tensors.items()}


_DESCRIBING = (
    CONFIG,
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "tokenizer.model",
    "source.spm",
    "target.spm",
)
"""Files beside the weights that an import may read."""
