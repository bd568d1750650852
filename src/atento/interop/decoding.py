"""Settings of decoding in Hugging Face's ``generation_config.json``, both ways, as far as they correspond.

A beam of one is greedy search in both libraries; the score of a hypothesis is total / length^α in both, where the
length counts the end token and, of a language model, no prompt. Theirs is our full beam (``beam = "full"``), and
``early_stopping = "never"`` our exact stopping: with these, both find the same hypotheses. Their other two ways to stop
are heuristics that end a search early, at the latest where ours ends; ours takes their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from atento.core.errors import ConfigurationError, DataError
from atento.core.vocabulary import Vocabulary
from atento.decoding.configuration import NO_SAMPLING, DecodingConfig, with_settings
from atento.decoding.filters import forbidden_tokens
from atento.interop.configurations import CONFIG, OwnKeys, fields_of, read_json
from atento.models.build import ModelConfig
from atento.models.gpt import GPTConfig

GENERATION = "generation_config.json"


class _Fields(msgspec.Struct):
    do_sample: bool | None = None
    num_beams: int | None = None
    length_penalty: float | None = None
    max_length: int | None = None
    max_new_tokens: int | None = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    no_repeat_ngram_size: int | None = None


def decoding_from(folder: Path, config: Mapping[str, Any], model: ModelConfig, own: OwnKeys | None) -> DecodingConfig:
    """How a folder wants its model decoded: by its ``generation_config.json``, or its ``config.json`` as older ones do.

    What it does not say there is as its own keys have it or, if it comes from elsewhere, as our defaults with a full
    beam.

    Raises:
        DataError: the file is damaged, or a value is out of its range.
    """
    draws = isinstance(model, GPTConfig)
    path, table = folder / CONFIG, config
    if (folder / GENERATION).is_file():
        path, table = folder / GENERATION, read_json(folder / GENERATION)
    fields = fields_of(table, _Fields, str(path))
    if own is not None and own.decoding is not None:
        start, usual = own.decoding, own.decoding.sampling
    else:
        start, usual = DecodingConfig(beam="full"), draws and fields.num_beams in (None, 1)
    sampling = usual if fields.do_sample is None else fields.do_sample
    given: dict[str, Any] = {
        "beam_size": fields.num_beams,
        "length_penalty": fields.length_penalty,
        "max_length": _longest(fields, draws),
        "no_repeat_ngram_size": fields.no_repeat_ngram_size,
    }
    if sampling:
        given |= {"sampling": True, "temperature": fields.temperature, "top_k": fields.top_k, "top_p": fields.top_p}
    else:
        given |= NO_SAMPLING
    try:
        return with_settings(start, given)
    except ConfigurationError as error:
        raise DataError(f"{path}: {error}") from error


def _longest(fields: _Fields, is_language_model: bool) -> int | None:
    """Their greatest length counts what the decoder reads first, which a translator does not write."""
    if fields.max_new_tokens is not None:
        return fields.max_new_tokens
    if fields.max_length is None or is_language_model:
        return fields.max_length
    return fields.max_length - 1


def generation_config(decoding: DecodingConfig, vocabulary: Vocabulary, *, translates: bool) -> dict[str, Any]:
    """``generation_config.json`` that decodes as a bundle does."""
    table: dict[str, Any] = {
        "bos_token_id": vocabulary.bos,
        "eos_token_id": vocabulary.eos,
        "pad_token_id": vocabulary.pad,
        "do_sample": decoding.sampling,
    }
    if translates:
        table |= {"decoder_start_token_id": vocabulary.decoder_start, "max_new_tokens": decoding.max_length}
    if forbidden := forbidden_tokens(decoding, vocabulary):
        table["suppress_tokens"] = forbidden
    if decoding.sampling:
        table |= {"temperature": decoding.temperature, "top_k": decoding.top_k, "top_p": decoding.top_p}
    else:
        table["num_beams"] = decoding.beam_size
        if decoding.beam_size > 1:
            table |= {"length_penalty": decoding.length_penalty, "early_stopping": "never"}
    if decoding.no_repeat_ngram_size:
        table["no_repeat_ngram_size"] = decoding.no_repeat_ngram_size
    return table


def beam_notes(decoding: DecodingConfig) -> tuple[str, ...]:
    """What a reader should know of a beam that theirs is not."""
    if decoding.sampling or decoding.beam_size == 1 or decoding.beam == "full":
        return ()
    return (
        "beams stay full there, as with decoding.beam = 'full' here: where hypotheses end early, a narrow one may find "
        "another result",
    )
