"""A Hugging Face Marian model in memory as an Atento Transformer: what ``atento import`` does, without a folder."""

from __future__ import annotations

from typing import Any

from atento.bundle import Bundle, vocabulary_of
from atento.interop import marian
from atento.interop.tables import read
from atento.models.build import build_model
from atento.models.weights import load_weights, weights
from atento.text.tokenizer import Tokenizer


def bundle_of(model: Any, tokenizer: Tokenizer) -> Bundle:
    """The same translator as an Atento bundle.

    Raises:
        DataError: the model is of another kind.
        ValueError: its special ids are not the tokenizer's.
    """
    config, sizes, start = marian.config_from(model.config.to_dict(), "the model")
    vocabulary = vocabulary_of(tokenizer, tokenizer)
    found = (vocabulary.source_size, vocabulary.pad, vocabulary.eos, vocabulary.decoder_start)
    wanted = (sizes[0], model.config.pad_token_id, model.config.eos_token_id, start)
    if found != wanted:
        raise ValueError(f"size and special ids of the tokenizer are {found}, the model's {wanted}")
    ours = build_model(config, vocabulary, seed=0).eval().requires_grad_(False)
    shapes = {name: tensor.shape for name, tensor in weights(ours).items()}
    load_weights(ours, read(marian.table(config), model.state_dict(), shapes, "the model"))
    return Bundle(model=ours, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)
