"""A trained model as a folder that reads and writes raw text by itself.

    model.safetensors     weights, each shared matrix once
    config.json           model, vocabularies, languages, decoding defaults, checksums of the other files
    tokenizer.json        one shared tokenizer, or source.tokenizer.json and target.tokenizer.json (which may have one
                          vocabulary all the same: Marian's)
    card.json             data, metrics, signatures, versions: for people and reports

No pickle. A bundle is written at once and checked when it is read: a tokenizer that is not its own is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import msgspec
import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor

from atento.core.configuration import Configuration, convert, tag_of
from atento.core.errors import BundleError, ConfigurationError, DataError
from atento.core.files import atomic_folder, sha256, standing_folder
from atento.core.parsing import parse_json
from atento.core.vocabulary import Vocabulary
from atento.data.labelled_files import is_class
from atento.decoding.configuration import DecodingConfig
from atento.figures.attention import Rows
from atento.models.bert import BertConfig
from atento.models.build import AnyModel, ModelConfig, build_any, weight_shapes
from atento.models.classifier import Classifier
from atento.models.encoder_decoder import EncoderDecoder
from atento.models.language_model import LanguageModel
from atento.models.masked_language_model import MaskedLanguageModel
from atento.models.model import Model
from atento.models.weights import check_shapes, is_finite, load_weights, save_tensors, shapes_of, weights
from atento.text.tokenizer import Tokenizer

ModelType = TypeVar("ModelType", bound=Model)
ModelType_co = TypeVar("ModelType_co", bound=Model, covariant=True)
FORMAT, VERSION = "atento.bundle", 1
WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "card.json"
SHARED, SOURCE, TARGET = "tokenizer.json", "source.tokenizer.json", "target.tokenizer.json"


class BundleConfig(Configuration, frozen=True, kw_only=True):
    """What ``config.json`` holds."""

    format: str
    version: int
    model: ModelConfig
    vocabulary: Vocabulary
    source_language: str | None = None
    target_language: str | None = None
    decoding: DecodingConfig = DecodingConfig()
    classes: tuple[str, ...] = ()
    """Names of a classifier's classes, in the order of its outputs; empty: the model is none."""
    paired: bool = False
    """Whether a classifier reads pairs of texts."""
    context: int | None = None
    """Tokens that a classifier was trained to read at most, if fewer than its model can."""
    checksums: dict[str, str] = {}  # noqa: RUF012  (msgspec copies it)
    """SHA-256 of each tokenizer file."""


class AligningHead(Configuration, frozen=True, kw_only=True):
    """Where the attention of a model aligns words best, as far as its training says."""

    layer: int | Literal["penultimate"] = "penultimate"
    """``penultimate`` is the last but one (Garg et al. 2019), or the only one; negative numbers count from the last."""
    head: int | Literal["mean"] = "mean"
    rows: Rows = "predicted"


@dataclass(frozen=True, kw_only=True)
class Bundle(Generic[ModelType_co]):
    """A model with everything that it needs to read and write raw text.

    Of a language model, which has one tokenizer, both tokenizers are that one and the language is the target's.
    """

    model: ModelType_co
    model_config: ModelConfig
    source_tokenizer: Tokenizer
    target_tokenizer: Tokenizer
    source_language: str | None = None
    target_language: str | None = None
    decoding: DecodingConfig = field(default_factory=DecodingConfig)
    card: Mapping[str, Any] | None = None
    classes: tuple[str, ...] = ()
    """Of a classifier, as are ``paired`` and ``context``; see ``BundleConfig``."""
    paired: bool = False
    context: int | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """Sizes and special ids."""
        return self.model.vocabulary

    @property
    def tokenizer(self) -> Tokenizer:
        """That of what the model writes; a language model's only one."""
        return self.target_tokenizer

    @property
    def aligning_head(self) -> AligningHead:
        """The head that guided alignment trained; without such training the usual one.

        Raises:
            BundleError: the card names something else than a layer, a head and rows.
        """
        training = (self.card or {}).get("training")
        guided = training.get("guided_alignment") if isinstance(training, Mapping) else None
        if not isinstance(guided, Mapping):
            return AligningHead()
        trained = {name: guided[name] for name in ("layer", "head", "rows") if name in guided}
        try:
            return convert(trained, AligningHead, where=CARD)
        except ConfigurationError as error:
            raise BundleError(f"{error}; copy the bundle again whole") from error


TranslationBundle = Bundle[EncoderDecoder]
AnyBundle = Bundle[AnyModel]


def vocabulary_of(source: Tokenizer, target: Tokenizer) -> Vocabulary:
    """What a model must know of two tokenizers (or twice the same)."""
    return Vocabulary(
        source_size=source.size,
        target_size=target.size,
        shared=source.checksum == target.checksum,
        pad=target.pad,
        unk=target.unk,
        bos=target.bos,
        eos=target.eos,
        decoder_start=target.bos,
        mask=target.mask,
    )


def save_bundle(bundle: AnyBundle, folder: Path, *, values: Mapping[str, Tensor] | None = None) -> None:
    """Write a bundle; ``values`` are weights to write in place of the model's own (an average, say).

    Raises:
        OutputError: the folder cannot be written.
    """
    with atomic_folder(folder) as temporary:
        source, target = bundle.source_tokenizer, bundle.target_tokenizer
        if source is target or source.checksum == target.checksum:
            tokenizers = {SHARED: source}
        else:
            tokenizers = {SOURCE: source, TARGET: target}
        for name, tokenizer in tokenizers.items():
            tokenizer.save(temporary / name)
        config = BundleConfig(
            format=FORMAT,
            version=VERSION,
            model=bundle.model_config,
            vocabulary=bundle.vocabulary,
            source_language=bundle.source_language,
            target_language=bundle.target_language,
            decoding=bundle.decoding,
            classes=bundle.classes,
            paired=bundle.paired,
            context=bundle.context,
            checksums={name: sha256(temporary / name) for name in tokenizers},
        )
        save_tensors(values or weights(bundle.model), temporary / WEIGHTS)
        _write_json(temporary / CONFIG, msgspec.to_builtins(config))
        _write_json(temporary / CARD, dict(bundle.card or {}))


def load_translation(path: Path, device: torch.device | str = "cpu") -> TranslationBundle:
    """A translator's bundle; see ``load_bundle``.

    Raises:
        BundleError: it is damaged, or no translator's.
    """
    return _of_kind(load_bundle(path, device), EncoderDecoder, path, "translate")


def load_language_model(path: Path, device: torch.device | str = "cpu") -> Bundle[LanguageModel]:
    """A GPT's bundle; see ``load_bundle``.

    Raises:
        BundleError: it is damaged, or no language model's.
    """
    return _of_kind(load_bundle(path, device), LanguageModel, path, "write")


def load_masked_language_model(path: Path, device: torch.device | str = "cpu") -> Bundle[MaskedLanguageModel]:
    """A BERT's bundle; see ``load_bundle``.

    Raises:
        BundleError: it is damaged, or no masked language model's.
    """
    bundle = _of_kind(load_bundle(path, device), MaskedLanguageModel, path, "fill")
    if isinstance(bundle.model_config, BertConfig) and not bundle.model_config.masked_head:
        raise BundleError(
            f"{path} holds an encoder that came without a head for masked tokens, so it can predict none; "
            "import a folder that has one, or use it for its vectors"
        )
    return bundle


def load_classifier(path: Path, device: torch.device | str = "cpu") -> Bundle[Classifier]:
    """A classifier's bundle; see ``load_bundle``.

    Raises:
        BundleError: it is damaged, or no classifier's.
    """
    return _of_kind(load_bundle(path, device), Classifier, path, "classify")


def load_bundle(path: Path, device: torch.device | str = "cpu") -> AnyBundle:
    """Read a bundle, given its folder or the run that holds it; the model is in evaluation mode, its weights frozen.

    Raises:
        BundleError: there is none, or it is truncated, altered, or not ours; one line says which.
    """
    folder, config = read_bundle_config(path)
    source, target = _read_tokenizers(folder, config)
    if source.size > config.vocabulary.source_size or target.size > config.vocabulary.target_size:
        raise BundleError(
            f"{folder}: its tokenizers and its model have different vocabulary sizes; copy it again whole"
        )
    _check_vocabulary(folder, config.vocabulary, target)
    values = _read_weights(folder, config)
    model = build_any(config.model, config.vocabulary, len(config.classes), seed=0)
    load_weights(model, values)
    model = model.to(device).eval().requires_grad_(False)
    return Bundle(
        model=model,
        model_config=config.model,
        source_tokenizer=source,
        target_tokenizer=target,
        source_language=config.source_language,
        target_language=config.target_language,
        decoding=config.decoding,
        card=read_card(folder),
        classes=config.classes,
        paired=config.paired,
        context=config.context,
    )


def _check_vocabulary(folder: Path, vocabulary: Vocabulary, tokenizer: Tokenizer) -> None:
    """Refuse special ids that are not the tokenizer's, and a first token that the vocabulary does not have."""
    where = f"{folder / CONFIG}: vocabulary"
    for name in ("pad", "unk", "bos", "eos", "mask"):
        number, own = getattr(vocabulary, name), getattr(tokenizer, name)
        if number != own:
            found, wanted = ("none" if each is None else each for each in (number, own))
            raise BundleError(f"{where}.{name} = {found}, and its tokenizer has {wanted}; copy the bundle again whole")
    start, size = vocabulary.decoder_start, vocabulary.target_size
    if not 0 <= start < size:
        raise BundleError(f"{where}.decoder_start = {start}: ids are 0 … {size - 1}; copy the bundle again whole")


def _read_weights(folder: Path, config: BundleConfig) -> dict[str, Tensor]:
    """The weights, which fit the model; it is not built for them before."""
    path = folder / WEIGHTS
    try:
        shapes = weight_shapes(config.model, config.vocabulary, len(config.classes))
    except ConfigurationError as error:
        raise BundleError(f"{folder / CONFIG}: {error}, or copy the bundle again whole") from error
    try:
        values = load_file(path)
        check_shapes(shapes_of(values), shapes)
    except (OSError, safetensors.SafetensorError) as error:
        raise BundleError(f"{path} is missing or damaged ({error}); copy the bundle again whole") from error
    except ValueError as error:
        raise BundleError(f"{path} does not fit its config.json: {error}; copy it again whole") from error
    for name, tensor in values.items():
        if not is_finite(tensor):
            raise BundleError(
                f"{path}: {name!r} holds NaN or infinite numbers, so nothing can be computed with it; "
                "copy the bundle again whole, or train anew"
            )
    return values


_COMMANDS: dict[type[Model], tuple[str, str]] = {
    EncoderDecoder: ("a translator", "translate"),
    LanguageModel: ("a language model", "write"),
    MaskedLanguageModel: ("a masked language model", "fill"),
    Classifier: ("a classifier", "classify"),
}
"""What each kind of model is, and the command that it is for."""


def _of_kind(bundle: Bundle[Any], kind: type[ModelType], path: Path, command: str) -> Bundle[ModelType]:
    if not isinstance(bundle.model, kind):
        is_, own = _COMMANDS[type(bundle.model)]
        wanted, _ = _COMMANDS[kind]
        raise BundleError(f"{path} holds {is_}, and `{command}` is for {wanted}: use `atento {own}`")
    return bundle


def kind_of(path: Path) -> str:
    """``model.kind`` of a bundle, or of the run that holds it, or ``classifier``, without reading its weights.

    Raises:
        BundleError: there is none, or its configuration is damaged.
    """
    config = read_bundle_config(path)[1]
    return "classifier" if config.classes else tag_of(config.model)


def find_bundle(path: Path) -> Path:
    """The bundle's folder, given it or the run that holds it.

    Raises:
        BundleError: there is none.
    """
    for folder in map(standing_folder, (path, path / "bundle")):
        if (folder / CONFIG).is_file():
            return folder
    if not path.exists():
        raise BundleError(f"{path} does not exist; give the folder that `atento train -o` made")
    if (path / "checkpoints").is_dir() or (path / "recipe.toml").is_file():
        raise BundleError(f"{path} is a run that has no bundle yet; finish it with `atento train --resume -o {path}`")
    raise BundleError(f"{path} is no bundle (it has no {CONFIG}); give the folder that `atento train -o` made")


def read_bundle_config(path: Path) -> tuple[Path, BundleConfig]:
    """The folder and the configuration of a bundle, given it or the run that holds it; no weight is read.

    Raises:
        BundleError: there is none, or its configuration is damaged.
    """
    folder = find_bundle(path)
    return folder, _read_config(folder)


def _read_config(folder: Path) -> BundleConfig:
    path = folder / CONFIG
    try:
        table = parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} is damaged ({error}); copy the bundle again whole") from error
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise BundleError(f"{path} is not from Atento; give the folder that `atento train -o` made")
    if table.get("version") != VERSION:
        raise BundleError(f"{path} has version {table.get('version')}; this Atento reads version {VERSION}: update it")
    try:
        config = convert(table, BundleConfig, where=str(path))
    except ConfigurationError as error:
        raise BundleError(f"{error}; copy the bundle again whole") from error
    _check_classifier(path, config)
    return config


def _check_classifier(path: Path, config: BundleConfig) -> None:
    """Refuse classes and a context that no classifier has."""
    classes, context = config.classes, config.context
    if classes and (len(set(classes)) < max(2, len(classes)) or not all(map(is_class, classes))):
        raise BundleError(
            f"{path}: classes = {list(classes)}: they are two or more different names, without tabs and line "
            "breaks; copy the bundle again whole"
        )
    if context is not None and context < 3:
        raise BundleError(f"{path}: context = {context}: it is 3 or more; copy the bundle again whole")


def _read_tokenizers(folder: Path, config: BundleConfig) -> tuple[Tokenizer, Tokenizer]:
    names = (SHARED, SHARED) if SHARED in config.checksums else (SOURCE, TARGET)
    for name in names:
        path = folder / name
        if not path.is_file():
            raise BundleError(f"{path} is missing; copy the bundle again whole")
        if sha256(path) != config.checksums.get(name):
            raise BundleError(
                f"{path} is not the tokenizer that this model was trained with (its checksum differs); "
                "put the original file back"
            )
    try:
        source = Tokenizer.load(folder / names[0])
        return source, source if names[0] == names[1] else Tokenizer.load(folder / names[1])
    except DataError as error:
        raise BundleError(f"{error}; copy the bundle again whole") from error


def read_card(folder: Path) -> dict[str, Any]:
    """A bundle's card; empty where it is missing or damaged, for a bundle works without its card."""
    try:
        card = parse_json((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")
