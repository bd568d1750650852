"""BERT and RoBERTa in Hugging Face's format (Devlin et al. 2019; Liu et al. 2019); BERTimbau and BETO share BERT's.

They differ in their names, in the head, and in RoBERTa's positions, which begin after the padding's id: the rows before
are cut off on the way in and put back, empty, on the way out. A folder may lack heads: what it has, its tensors say. A
pooler that neither a next-sentence head nor a classifier reads has no place here and is left out.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from atento.core.errors import DataError
from atento.core.sizes import check_sizes
from atento.core.vocabulary import Vocabulary
from atento.data.labelled_files import is_class
from atento.interop.configurations import activation_named, activation_of, differences, fields_of, require
from atento.interop.tables import Row, Table, paired
from atento.models.bert import BertConfig

_LAYER: Final = {
    "self_attention.input": tuple(f"attention.self.{name}" for name in ("query", "key", "value")),
    "self_attention.output": "attention.output.dense",
    "self_residual.norm": "attention.output.LayerNorm",
    "feed_forward.input": "intermediate.dense",
    "feed_forward.output": "output.dense",
    "feed_forward_residual.norm": "output.LayerNorm",
}


@dataclass(frozen=True, kw_only=True)
class Names:
    """What the two call their parts, and what they are called."""

    model_type: str
    prefix: str
    """Of their classes."""
    body: str
    heads: str
    """With what the names of heads begin."""
    dense: str
    norm: str
    bias: str
    decoder: str
    """The output layer, which is the embedding matrix unless it is untied."""
    next_sentence: str | None
    pooler: str
    """A classifier's tanh layer over the first token's vector."""
    classes: str
    """A classifier's last layer."""
    begins_after_padding: bool
    """Positions are counted from the padding's id plus one."""


BERT: Final = Names(
    model_type="bert",
    prefix="Bert",
    body="bert.",
    heads="cls.",
    dense="cls.predictions.transform.dense",
    norm="cls.predictions.transform.LayerNorm",
    bias="cls.predictions.bias",
    decoder="cls.predictions.decoder",
    next_sentence="cls.seq_relationship",
    pooler="bert.pooler.dense",
    classes="classifier",
    begins_after_padding=False,
)
ROBERTA: Final = Names(
    model_type="roberta",
    prefix="Roberta",
    body="roberta.",
    heads="lm_head.",
    dense="lm_head.dense",
    norm="lm_head.layer_norm",
    bias="lm_head.bias",
    decoder="lm_head.decoder",
    next_sentence=None,
    pooler="classifier.dense",
    classes="classifier.out_proj",
    begins_after_padding=True,
)

_ONE_CLASS: Final = "single_label_classification"


class _Fields(msgspec.Struct):
    """``config.json`` with Hugging Face's defaults, which both share but for the padding."""

    vocab_size: int = 30522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_act: str = "gelu"
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12
    tie_word_embeddings: bool = True
    architectures: list[str] | None = None
    id2label: dict[str, str] | None = None
    num_labels: int = 2
    problem_type: str | None = None


def table(config: BertConfig, names: Names, pad: int, tensors: Collection[str] | None = None) -> Table:
    """The weights' names.

    Args:
        config: ours.
        names: whose.
        pad: the padding's id.
        tensors: the names of a folder that is read: where embeddings are untied, the head's bias is the output layer's
            own, which older folders do not have.
    """
    own = not config.tied_embeddings and (tensors is None or f"{names.decoder}.bias" in tensors)
    original, copy = (f"{names.decoder}.bias", names.bias) if own else (names.bias, f"{names.decoder}.bias")
    copies = {} if own else {copy: original}
    if config.tied_embeddings and config.masked_head:
        copies[f"{names.decoder}.weight"] = f"{names.body}embeddings.word_embeddings.weight"
    unneeded = [] if config.next_sentence else [_unread_pooler(names)]
    return Table(
        rows=tuple(_rows(config, names, original, pad)),
        copies=copies,
        constants=_constants(names),
        unneeded=(*unneeded, copy.replace(".", r"\.")) if own else tuple(unneeded),
    )


def classifier_table(config: BertConfig, names: Names, pad: int) -> Table:
    """The names of a classifier's weights; ``config`` is its body's, the rest as ``table`` has it."""
    rows = [dataclasses.replace(row, ours=f"body.{row.ours}") for row in _body_rows(config, names, pad)]
    return Table(
        rows=(*rows, *paired("body.pooler.dense", names.pooler), *paired("output", names.classes)),
        copies={},
        constants=_constants(names),
        unneeded=() if names.pooler.startswith(names.body) else (_unread_pooler(names),),
    )


def _unread_pooler(names: Names) -> str:
    return rf"{re.escape(names.body)}pooler\.dense\.(weight|bias)"


def _constants(names: Names) -> tuple[str, ...]:
    return (rf"{re.escape(names.body)}embeddings\.(position_ids|token_type_ids)",)


def _rows(config: BertConfig, names: Names, bias: str, pad: int) -> Iterator[Row]:
    yield from _body_rows(config, names, pad)
    if config.masked_head:
        yield from paired("head.dense", names.dense)
        yield from paired("head.norm", names.norm)
        yield Row(ours="head.output.bias", theirs=(bias,))
        if not config.tied_embeddings:
            yield Row(ours="head.output.weight", theirs=(f"{names.decoder}.weight",))
    if config.next_sentence and names.next_sentence is not None:
        yield from paired("next_sentence.pooler.dense", f"{names.body}pooler.dense")
        yield from paired("next_sentence.output", names.next_sentence)


def _body_rows(config: BertConfig, names: Names, pad: int) -> Iterator[Row]:
    embeddings = f"{names.body}embeddings"
    yield Row(ours="encoder.embedding.tokens.weight", theirs=(f"{embeddings}.word_embeddings.weight",))
    positions = f"{embeddings}.position_embeddings.weight"
    yield Row(ours="encoder.embedding.positions.weight", theirs=(positions,), unused=_unused_positions(names, pad))
    yield Row(ours="encoder.types.weight", theirs=(f"{embeddings}.token_type_embeddings.weight",))
    yield from paired("encoder.embedding_norm", f"{embeddings}.LayerNorm")
    for number in range(config.num_layers):
        for part, theirs in _LAYER.items():
            several = (theirs,) if isinstance(theirs, str) else theirs
            layer = f"{names.body}encoder.layer.{number}"
            yield from paired(f"encoder.layers.{number}.{part}", [f"{layer}.{name}" for name in several])


def _unused_positions(names: Names, pad: int) -> int:
    return pad + 1 if names.begins_after_padding else 0


def modern(name: str) -> str:
    """A tensor's name as it is today: the first BERTs call a norm's weight and bias ``gamma`` and ``beta``."""
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")


def config_from(
    config: Mapping[str, Any], names: Names, tensors: Collection[str], pad: int, where: str
) -> tuple[BertConfig, int]:
    """Our configuration, and the size of the vocabulary.

    Args:
        config: ``config.json``.
        names: whose.
        tensors: the names of the folder's, which say what heads there are.
        pad: the padding's id.
        where: the file, for errors.

    Raises:
        DataError: it asks for something that our BERT does not have.
    """
    only = {"position_embedding_type": "absolute", "is_decoder": False, "add_cross_attention": False}
    require(config, only, where)
    fields = fields_of(config, _Fields, where)
    predicts = any(name.startswith(names.bias.rpartition(".")[0] + ".") for name in tensors)
    claimed = fields.architectures or []
    ours = BertConfig(
        model_size=fields.hidden_size,
        num_heads=fields.num_attention_heads,
        num_layers=fields.num_hidden_layers,
        feed_forward_size=fields.intermediate_size,
        num_text_types=fields.type_vocab_size,
        masked_head=predicts or any(name.endswith(("ForMaskedLM", "ForPreTraining")) for name in claimed),
        next_sentence=names.next_sentence is not None and f"{names.next_sentence}.weight" in tensors,
        max_positions=fields.max_position_embeddings - _unused_positions(names, pad),
        activation=activation_of(fields.hidden_act, "hidden_act", where),
        norm_epsilon=fields.layer_norm_eps,
        dropout=fields.hidden_dropout_prob,
        attention_dropout=fields.attention_probs_dropout_prob,
        tied_embeddings=fields.tie_word_embeddings,
    )
    if names is ROBERTA and ours.masked_head and ours.activation != "gelu":
        raise DataError(
            f"{where}: hidden_act = {fields.hidden_act!r} with a head for masked tokens: RoBERTa's head has GELU "
            "whatever hidden_act says, and Atento's has the same activation everywhere"
        )
    return ours, fields.vocab_size


def classes_from(config: Mapping[str, Any], names: Names, where: str) -> tuple[str, ...]:
    """The names of a classifier's classes, in the order of its outputs; none if it is another model.

    Raises:
        DataError: it gives a text a number or several classes, or its classes have no names of their own.
    """
    fields = fields_of(config, _Fields, where)
    if f"{names.prefix}ForSequenceClassification" not in (fields.architectures or []):
        return ()
    if fields.problem_type not in (None, _ONE_CLASS):
        raise DataError(
            f"{where}: problem_type = {fields.problem_type!r} is something that Atento's classifiers do not do: they "
            f"give a text one class ({_ONE_CLASS})"
        )
    labels = fields.id2label
    if labels is None:  # their default
        check_sizes({"num_labels": fields.num_labels})
        labels = {str(number): f"LABEL_{number}" for number in range(fields.num_labels)}
    if labels.keys() != {str(number) for number in range(len(labels))} or len(set(labels.values())) < len(labels):
        raise DataError(f"{where}: id2label gives no name of its own to each of 0 … {len(labels) - 1}; correct it")
    if wrong := [name for name in labels.values() if not is_class(name)]:
        raise DataError(
            f"{where}: id2label: the class {wrong[0]!r} is empty, or holds a tab or a line break; correct it"
        )
    if len(labels) < 2:
        raise DataError(f"{where}: its classifier has a single output, which tells no classes apart")
    return tuple(labels[str(number)] for number in range(len(labels)))


def config_to(config: BertConfig, vocabulary: Vocabulary, names: Names) -> dict[str, Any]:
    """``config.json`` of one of our models, without what all families have."""
    return {
        "model_type": names.model_type,
        "vocab_size": vocabulary.target_size,
        "hidden_size": config.model_size,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "intermediate_size": config.feed_forward_size,
        "hidden_act": activation_named(config.activation),
        "hidden_dropout_prob": config.dropout,
        "attention_probs_dropout_prob": config.attention_dropout,
        "max_position_embeddings": config.max_positions + _unused_positions(names, vocabulary.pad),
        "type_vocab_size": config.num_text_types,
        "layer_norm_eps": config.norm_epsilon,
        "tie_word_embeddings": config.tied_embeddings,
    }


def classes_to(classes: Sequence[str]) -> dict[str, Any]:
    """What ``config.json`` says of a classifier beside its body."""
    return {
        "id2label": {str(number): name for number, name in enumerate(classes)},
        "label2id": {name: number for number, name in enumerate(classes)},
        "problem_type": _ONE_CLASS,
    }


def unfit(config: BertConfig) -> list[str]:
    """What of our configuration BERT's format cannot say."""
    return differences(
        config,
        {
            "layer_norm": "post",
            "norm": "layer",
            "position": "learned",
            "activation": ("gelu", "gelu-tanh", "relu", "silu"),
            "bias": True,
            "output_bias": True,
            "embedding_scale": False,
            "key_size": (None, config.model_size // config.num_heads),
            "value_size": (None, config.model_size // config.num_heads),
        },
    )


def architecture(config: BertConfig, names: Names) -> tuple[str, str]:
    """The class that has exactly our heads, and the Auto class that finds it."""
    match config.masked_head, config.next_sentence:
        case True, True:
            return f"{names.prefix}ForPreTraining", "AutoModelForPreTraining"
        case True, False:
            return f"{names.prefix}ForMaskedLM", "AutoModelForMaskedLM"
        case False, True:
            return f"{names.prefix}ForNextSentencePrediction", "AutoModelForNextSentencePrediction"
        case _:
            return f"{names.prefix}Model", "AutoModel"
