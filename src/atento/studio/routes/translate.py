"""The tab Translate: a text in one language, n texts in the other, with scores, time and alignment."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Final

import msgspec

from atento.core.errors import ConfigurationError
from atento.studio.answers import TranslateRequest
from atento.studio.limits import WEIGHTS, check_text
from atento.studio.services import Studio

_WIDEST: Final = 64


def translate(studio: Studio, request: TranslateRequest) -> dict[str, Any]:
    """The candidates, best first; of their attention that over the source, unless the text is too long to show it."""
    for name, value in (("beam_size", request.beam_size), ("n_best", request.n_best)):
        if value is not None and value > _WIDEST:
            raise ConfigurationError(f"{name} = {value}: give at most {_WIDEST}")
    text = check_text(request.text)
    settings = {name: getattr(request, name) for name in ("beam_size", "n_best", "length_penalty")}
    matrices = studio.models.matrices(request.model)
    with studio.models.translator(request.model) as translator:
        from atento.decoding.configuration import with_settings

        decoding = with_settings(translator.bundle.decoding, settings)
        [tokens] = translator.bundle.source_tokenizer.encode_batch([text])
        shown = translator.attends and decoding.returned * matrices * len(tokens) ** 2 <= WEIGHTS
        begun = time.perf_counter()
        found = translator.translate(text, decoding=decoding, attention=shown)
        seconds = time.perf_counter() - begun
    return {
        "seconds": seconds,
        "unknown": found.unknown,
        "candidates": [
            {
                "text": each.text,
                "tokens": each.tokens,
                "ids": each.ids,
                "log_probabilities": each.log_probabilities,
                "total": each.total,
                "score": each.score,
                "finished": each.finished,
                "attention": _over_source(each.attention),
            }
            for each in found.candidates
        ],
    }


def _over_source(attention: Any) -> msgspec.Raw | None:
    if attention is None:
        return None
    cross = replace(attention, weights={"cross": attention.array("cross")}, read=None)
    return msgspec.Raw(cross.to_json().encode())
