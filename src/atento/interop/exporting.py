"""From a bundle of ours to a folder in Hugging Face's format, which ``transformers`` loads with its Auto classes.

Only what computes exactly the same is written. Where a configuration has no equal in a format, the refusal names the
keys that have none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor

from atento.bundle import AnyBundle
from atento.core.configuration import tag_of
from atento.core.errors import ConfigurationError, OutputError
from atento.core.files import atomic_folder
from atento.interop import bert, gpt1, gpt2, llama, marian
from atento.interop.configurations import CONFIG, OURS, OwnKeys
from atento.interop.decoding import GENERATION, beam_notes, generation_config
from atento.interop.tables import write
from atento.interop.tokenizer_files import write_tokenizer
from atento.interop.weight_files import SAFE
from atento.models.bert import BertConfig
from atento.models.classifier import body_config
from atento.models.gpt import GPTConfig
from atento.models.transformer import TransformerConfig
from atento.models.weights import save_tensors, weights
from atento.text.loading import TARGET
from atento.text.template import PLAIN, Template, begun, ended

_WITH_TYPES = ("input_ids", "token_type_ids", "attention_mask")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What a bundle comes to in Hugging Face's format."""

    architecture: str
    """The class that loads it."""
    auto_class: str
    """The Auto class that finds that one."""
    config: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    template: Template
    """How its tokenizer puts special tokens, which are those that the model expects."""
    generation: Mapping[str, Any] | None
    inputs: tuple[str, ...] = ("input_ids", "attention_mask")
    two_tokenizers: bool = False
    """The target has its own."""
    notes: tuple[str, ...] = ()
    """What its reader should know."""


def export_folder(bundle: AnyBundle, folder: Path) -> Exported:
    """Write a bundle as a folder in Hugging Face's format.

    Raises:
        ConfigurationError: the model is of a kind that Hugging Face's library does not have; the keys are named.
        OutputError: the folder is there already, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} is there already; give another -o")
    exported = to_huggingface(bundle)
    with atomic_folder(folder) as temporary:
        save_tensors(exported.tensors, temporary / SAFE, metadata={"format": "pt"})
        _write_json(temporary / CONFIG, exported.config)
        if exported.generation is not None:
            _write_json(temporary / GENERATION, exported.generation)
        places = {temporary: bundle.source_tokenizer}
        if exported.two_tokenizers:
            (temporary / TARGET).mkdir()
            places[temporary / TARGET] = bundle.target_tokenizer
        longest = min((most for most in (bundle.model.max_length, bundle.context) if most is not None), default=None)
        for place, tokenizer in places.items():
            write_tokenizer(tokenizer, exported.template, place, inputs=exported.inputs, longest=longest)
    return exported


def to_huggingface(bundle: AnyBundle) -> Exported:
    """What a bundle comes to in Hugging Face's format.

    Raises:
        ConfigurationError: as ``export_folder``.
    """
    if bundle.classes:
        return _classifier(bundle)
    match bundle.model_config:
        case GPTConfig() as config:
            return _language_model(bundle, config)
        case BertConfig() as config:
            return _masked_language_model(bundle, config)
        case TransformerConfig() as config:
            return _translator(bundle, config)
        case config:
            raise ConfigurationError(
                f"model.kind = {tag_of(config)!r}: Hugging Face's library has no such architecture, so it cannot be "
                "exported there"
            )


def _language_model(bundle: AnyBundle, config: GPTConfig) -> Exported:
    """As GPT-2 or, with the choices of one of those, as GPT-1 or LLaMA."""
    vocabulary, families = bundle.vocabulary, (gpt2, gpt1, llama)
    family = next((family for family in families if not family.unfit(config)), None)
    if family is None:
        lacking = "; ".join(f"{family.NAME} has no {', '.join(family.unfit(config))}" for family in families)
        raise ConfigurationError(f"no language model of Hugging Face's library computes the same: {lacking}")
    return Exported(
        architecture=family.ARCHITECTURE,
        auto_class="AutoModelForCausalLM",
        config=_config(bundle, family.ARCHITECTURE, family.config_to(config, vocabulary)),
        tensors=write(family.table(config), weights(bundle.model)),
        template=_beginning(bundle),
        generation=generation_config(bundle.decoding, vocabulary, translates=False),
        notes=beam_notes(bundle.decoding),
    )


def _beginning(bundle: AnyBundle) -> Template:
    """The template that puts before a prompt what the model reads first: the tokenizer's own, if it is one."""
    vocabulary, template = bundle.vocabulary, bundle.tokenizer.template
    first = [] if vocabulary.prompt_first else [vocabulary.decoder_start]
    if template.single([]) == first:
        return template
    return begun(vocabulary.decoder_start) if first else PLAIN


def _masked_language_model(bundle: AnyBundle, config: BertConfig) -> Exported:
    """As RoBERTa, if it came as one; both compute the same."""
    vocabulary = bundle.vocabulary
    if unfit := bert.unfit(config):
        raise ConfigurationError(f"BERT's format cannot say {', '.join(unfit)}")
    names = bert.ROBERTA if _came_as(bundle) == "roberta" else bert.BERT
    architecture, auto_class = bert.architecture(config, names)
    tensors = write(bert.table(config, names, vocabulary.pad), weights(bundle.model))
    if config.masked_head and not config.tied_embeddings:  # a second bias, which nothing reads but which is looked for
        tensors[names.bias] = tensors[f"{names.decoder}.bias"].clone()
    return Exported(
        architecture=architecture,
        auto_class=auto_class,
        config=_config(bundle, architecture, bert.config_to(config, vocabulary, names)),
        tensors=tensors,
        template=bundle.tokenizer.template,
        generation=None,
        inputs=("input_ids", "attention_mask") if config.num_text_types == 1 else _WITH_TYPES,
        notes=_notes_of_gaps(bundle) if config.masked_head else (),
    )


def _notes_of_gaps(bundle: AnyBundle) -> tuple[str, ...]:
    tokenizer = bundle.tokenizer
    if tokenizer.mask is None:
        return ("its tokenizer has no token that masks others, so nothing can be filled in there either",)
    return (f"a gap is written {tokenizer.piece(tokenizer.mask)} there (mask_token), and cut as here",)


def _classifier(bundle: AnyBundle) -> Exported:
    """As BERT's or RoBERTa's classifier; both read the first token's vector through a tanh layer."""
    config = bundle.model_config
    if not isinstance(config, BertConfig):
        raise ConfigurationError(
            "GPT-2's classifier has no bias and reads the last token of a text, and this one reads </s>: "
            "a classifier made of a GPT cannot be exported there"
        )
    body = body_config(config)
    if unfit := bert.unfit(body):
        raise ConfigurationError(f"BERT's format cannot say {', '.join(unfit)}")
    vocabulary = bundle.vocabulary
    names = bert.ROBERTA if _came_as(bundle) == "roberta" else bert.BERT
    architecture = f"{names.prefix}ForSequenceClassification"
    table = {**bert.config_to(body, vocabulary, names), **bert.classes_to(bundle.classes)}
    return Exported(
        architecture=architecture,
        auto_class="AutoModelForSequenceClassification",
        config=_config(bundle, architecture, table),
        tensors=write(bert.classifier_table(body, names, vocabulary.pad), weights(bundle.model)),
        template=bundle.tokenizer.template,
        generation=None,
        inputs=("input_ids", "attention_mask") if config.num_text_types == 1 else _WITH_TYPES,
    )


def _translator(bundle: AnyBundle, config: TransformerConfig) -> Exported:
    """As Marian or, where norms stand before the sub-layers, as Pegasus."""
    vocabulary = bundle.vocabulary
    if config.tied_embeddings == "all" and not vocabulary.shared:
        config = msgspec.structs.replace(config, tied_embeddings="decoder")
    if unfit := marian.unfit(config):
        other = "Marian" if config.layer_norm == "post" else "Pegasus (norms before the sub-layers)"
        raise ConfigurationError(
            f"no encoder–decoder of Hugging Face's library, {other} the nearest, has {', '.join(unfit)}"
        )
    ours, notes = weights(bundle.model), []
    if config.position_layout == "interleaved":
        ours = marian.halved(ours, config.model_size)
        notes.append("components stand in another order: sines and cosines of positions alternate here, and not there")
    tensors = write(marian.table(config), ours)
    if not config.output_bias:
        tensors["final_logits_bias"] = torch.zeros(1, vocabulary.target_size)
    two = bundle.source_tokenizer.checksum != bundle.target_tokenizer.checksum
    if two:
        notes.append(f"the target's tokenizer is in the folder {TARGET}: it decodes what the model writes")
    architecture = marian.architecture(config)
    return Exported(
        architecture=architecture,
        auto_class=marian.AUTO_CLASS,
        config=_config(bundle, architecture, marian.config_to(config, vocabulary)),
        tensors=tensors,
        template=ended(vocabulary.eos),
        generation=generation_config(bundle.decoding, vocabulary, translates=True),
        two_tokenizers=two,
        notes=(*notes, *beam_notes(bundle.decoding)),
    )


def _came_as(bundle: AnyBundle) -> object:
    """The ``model_type`` that it was imported with, if it was."""
    imported = (bundle.card or {}).get("imported")
    return imported.get("model_type") if isinstance(imported, Mapping) else None


def _config(bundle: AnyBundle, architecture: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """``config.json`` with what all families have, and what their format has no word for."""
    vocabulary = bundle.vocabulary
    own = OwnKeys(
        source_language=bundle.source_language,
        target_language=bundle.target_language,
        decoding=bundle.decoding,
        paired=bundle.paired,
        context=bundle.context,
    )
    return {
        "architectures": [architecture],
        "bos_token_id": vocabulary.bos,
        "eos_token_id": vocabulary.eos,
        "pad_token_id": vocabulary.pad,
        "dtype": "float32",
        **table,
        OURS: msgspec.to_builtins(own),
    }


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")
