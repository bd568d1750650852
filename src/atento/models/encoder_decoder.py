"""A translator's model: an encoder and a decoder (S1 of the course: P(y₁…yₙ | X) = ∏ₜ P(yₜ | y₍<t₎, X))."""

from __future__ import annotations

from typing import cast

from torch import nn

from atento.core.vocabulary import Vocabulary
from atento.models.model import Model
from atento.nn.protocols import Decoder, Encoder


class EncoderDecoder(Model):
    """Holds both parts; everything else goes through ``nn.protocols``."""

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        vocabulary: Vocabulary,
        *,
        max_length: int | None = None,
        max_source_length: int | None = None,
    ) -> None:
        super().__init__(vocabulary, max_length=max_length)
        self.encoder_module = encoder
        self.decoder_module = decoder
        self.max_source_length = max_length if max_source_length is None else max_source_length
        """Tokens of the longest source, ``</s>`` included, where that has a limit of its own; else ``max_length``."""

    @property
    def encoder(self) -> Encoder:
        """The encoder, by its protocol."""
        return cast("Encoder", self.encoder_module)

    @property
    def decoder(self) -> Decoder:
        """The decoder, by its protocol."""
        return cast("Decoder", self.decoder_module)
