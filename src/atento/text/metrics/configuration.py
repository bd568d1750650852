"""How tokenizers are to be measured."""

from __future__ import annotations

import math
from typing import Annotated

from msgspec import Meta

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError
from atento.text.words import How


class MeasureConfig(Configuration, frozen=True, kw_only=True):
    """Settings of ``measure``.

    Raises:
        ConfigurationError: ``alpha`` is no positive number.
    """

    alpha: float = 2.5
    """Order of the Rényi entropy; 2.5 is what Zouhar et al. (2023) found to go with translation quality best."""
    words: How = "words"
    """What a word is; see ``atento.text.words.segment``."""
    resamples: Annotated[int, Meta(ge=100)] = 1000
    """Of the bootstrap."""
    seed: Annotated[int, Meta(ge=0)] = 1
    """Of the bootstrap."""
    look_every: Annotated[int, Meta(ge=1)] = 1
    """Words kept whole are looked for in every so many lines: finding where a tokenizer that changes its text cut it
    takes some ten times as long as encoding."""

    def __post_init__(self) -> None:
        if not (self.alpha > 0 and math.isfinite(self.alpha)):
            raise ConfigurationError(f"alpha is {self.alpha}; give a number above 0")
