"""How to search: one configuration for greedy, beam and sampling.

Lengths count target tokens with the end token ``</s>``, without the decoder's first token, and with a forced prefix.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError

NO_SAMPLING: Final[Mapping[str, Any]] = {
    "sampling": False,
    "samples": 1,
    "temperature": 1.0,
    "top_k": 0,
    "top_p": 1.0,
}
"""What settings that sample must be replaced by for a search."""
WIDEST: Final = 10_000
"""Hypotheses of a beam, at most: a step scores each with the whole vocabulary."""


class DecodingConfig(Configuration, frozen=True, kw_only=True):
    """Greedy search is ``beam_size = 1``; ``sampling = true`` draws ``samples`` hypotheses a source instead.

    Raises:
        ConfigurationError: a value out of its range, or two that contradict each other.
    """

    beam_size: int = 5
    """Hypotheses kept of each source."""
    beam: Literal["shrinking", "full"] = "shrinking"
    """What happens to the places of hypotheses that end. ``shrinking``: the ``beam_size`` best extensions of a step are
    kept, and those among them that end leave their places empty until the next step; what the length limit cuts off
    comes after all that ended. ``full``: the next best extensions take their places at once, so that ``beam_size``
    unfinished ones always go on, and the limit ends a hypothesis as ``</s>`` does. This is how Hugging Face's
    ``generate`` searches, and how models that come from there are set. (A beam of one is greedy search in both.)"""
    n_best: int = 1
    """Hypotheses returned of each source by beam search, at most ``beam_size``."""
    length_penalty: float = 1.0
    """α of score = total / length^α: 0 ranks by probability, 1 by the mean log-probability of a token. A language
    model's total and length are those of what it writes, without the prompt."""
    stopping: Literal["exact", "present-length", "first-finished"] = "exact"
    """``exact`` ends a source when no unfinished hypothesis can still enter its n best, ``present-length`` when none
    would if it ended at its present length, ``first-finished`` as soon as ``n_best`` are finished."""
    max_length: int = 256
    """No hypothesis is longer."""
    max_length_ratio: float | None = 2.0
    """``a`` of the source's own limit a·S + b, S its number of tokens with ``</s>``; None, which a recipe writes as
    ``inf``: only ``max_length`` limits. A tighter limit also lets exact stopping end sooner where α > 0."""
    max_length_extra: int = 10
    """``b`` of a·S + b."""
    min_length: int = 0
    """No hypothesis ends earlier."""
    no_repeat_ngram_size: int = 0
    """No sequence of so many tokens occurs twice in a hypothesis; 0: off."""
    forbid_unknown: bool = False
    """Never write ``<unk>``. (Padding and the tokens that begin a sentence are never written.)"""
    replace_unknown: bool = False
    """Put the aligned source word, or a dictionary's entry for it, in the place of each ``<unk>`` of the text (Luong et
    al. 2015); the search itself knows nothing of it. It needs a vocabulary of words and attention."""
    sampling: bool = False
    """Draw hypotheses at random, and do not search; ``samples``, ``temperature``, ``top_k`` and ``top_p`` need it."""
    samples: int = 1
    """Hypotheses drawn, and returned, of each source by sampling."""
    temperature: float = 1.0
    """Sampling draws from softmax(logits / temperature)."""
    top_k: int = 0
    """Sampling draws from the so many most probable tokens only (and those as probable as the last one); 0: off."""
    top_p: float = 1.0
    """Sampling draws from the fewest most probable tokens that have this probability together; 1: off."""
    seed: int = 0
    """With the input's and the sample's number it determines what is drawn."""
    batch_size: int = 64
    """Sources decoded together, at most."""
    batch_tokens: int = 4096
    """Sources decoded together times the longest of them, at most (one source alone may be longer)."""

    def __post_init__(self) -> None:
        for key in ("beam_size", "n_best", "max_length", "samples", "batch_size", "batch_tokens"):
            self._require(key, getattr(self, key) >= 1, "give 1 or more")
        self._require("beam_size", self.beam_size <= WIDEST, f"give {WIDEST:,} or less")
        for key in ("min_length", "max_length_extra", "no_repeat_ngram_size", "top_k"):
            self._require(key, getattr(self, key) >= 0, "give 0 or more")
        if self.max_length_ratio == math.inf:
            msgspec.structs.force_setattr(self, "max_length_ratio", None)
        ratio = self.max_length_ratio
        self._require("max_length_ratio", ratio is None or ratio >= 0, "give 0 or more; inf for no such limit")
        self._require("length_penalty", abs(self.length_penalty) <= 10, "give a number from -10 to 10")
        advice = "give a number above 0 (for the most probable token: beam_size = 1 without sampling)"
        self._require("temperature", 0 < self.temperature < math.inf, advice)
        self._require("top_p", 0 < self.top_p <= 1, "give a probability above 0, at most 1")
        self._require("seed", 0 <= self.seed < 2**63, "give 0 to 2^63 - 1")
        self._require("n_best", self.sampling or self.n_best <= self.beam_size, "give beam_size or less")
        advice = "there is nothing to replace where decoding.forbid_unknown is true; set one of them to false"
        self._require("replace_unknown", not (self.replace_unknown and self.forbid_unknown), advice)
        self._require("min_length", self.min_length <= self.max_length, "give max_length or less")
        if self.sampling:
            self._require("n_best", self.n_best == 1, "sampling returns all its samples: set samples instead")
        else:
            for key, default in NO_SAMPLING.items():
                self._require(key, getattr(self, key) == default, "it needs sampling = true")

    @property
    def width(self) -> int:
        """Rows that each living source has in the decoder."""
        return self.samples if self.sampling else self.beam_size

    @property
    def candidates(self) -> int:
        """Extensions of each source that a step looks at."""
        return 2 * self.width if self.refills else self.width

    @property
    def refills(self) -> bool:
        """Whether the places of hypotheses that end are taken at once; greedy search has none to take."""
        return self.beam == "full" and not self.sampling and self.beam_size > 1

    @property
    def returned(self) -> int:
        """Hypotheses returned of each source (fewer where fewer exist)."""
        return self.samples if self.sampling else self.n_best

    def _require(self, key: str, fits: bool, advice: str) -> None:
        if not fits:
            raise ConfigurationError(f"decoding.{key} = {getattr(self, key)!r} is out of range: {advice}")


def with_settings(decoding: DecodingConfig, settings: Mapping[str, Any]) -> DecodingConfig:
    """A bundle's own settings with those given (not None) put over them; the beam is widened to ``n_best``.

    Raises:
        ConfigurationError: a value out of its range, or two that contradict each other.
    """
    chosen = {name: value for name, value in settings.items() if value is not None}
    if chosen.get("n_best", 1) > decoding.beam_size and "beam_size" not in chosen:
        chosen["beam_size"] = chosen["n_best"]
    if chosen.get("sampling"):
        chosen.setdefault("n_best", 1)
    if chosen.get("beam_size", decoding.beam_size) < decoding.n_best:
        chosen.setdefault("n_best", 1)
    return msgspec.structs.replace(decoding, **chosen)
