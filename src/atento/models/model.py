"""What every model family has: a vocabulary, limits, and a number of parameters."""

from __future__ import annotations

from torch import nn

from atento.core.vocabulary import Vocabulary


class Model(nn.Module):
    """The base of every family; everything else goes through ``nn.protocols``."""

    def __init__(self, vocabulary: Vocabulary, *, max_length: int | None = None) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.max_length = max_length
        """Tokens of the longest text that it can read; None: any."""

    @property
    def num_parameters(self) -> int:
        """Numbers that training changes (of a model that is frozen whole: all); shared matrices count once."""
        every = list(self.parameters())
        return sum(parameter.numel() for parameter in [p for p in every if p.requires_grad] or every)
