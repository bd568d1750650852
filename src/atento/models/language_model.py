"""A language model: P(y₁…yₙ) = ∏ₜ P(yₜ | y₍<t₎), one decoder and nothing to translate (S12 of the course)."""

from __future__ import annotations

from typing import cast

from torch import nn

from atento.core.vocabulary import Vocabulary
from atento.models.model import Model
from atento.nn.protocols import Decoder


class LanguageModel(Model):
    """Holds a decoder that has no source; everything else goes through ``nn.protocols``."""

    def __init__(self, decoder: nn.Module, vocabulary: Vocabulary, *, max_length: int | None = None) -> None:
        super().__init__(vocabulary, max_length=max_length)
        self.decoder_module = decoder

    @property
    def decoder(self) -> Decoder:
        """The decoder, by its protocol."""
        return cast("Decoder", self.decoder_module)
