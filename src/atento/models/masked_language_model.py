"""A masked language model: an encoder of both directions that predicts tokens it cannot see (S13 of the course)."""

from __future__ import annotations

from atento.core.vocabulary import Vocabulary
from atento.models.bert import BertEncoder, MaskedHead, NextSentenceHead
from atento.models.model import Model


class MaskedLanguageModel(Model):
    """Holds the encoder and its heads."""

    def __init__(
        self,
        encoder: BertEncoder,
        head: MaskedHead,
        next_sentence: NextSentenceHead | None,
        vocabulary: Vocabulary,
        *,
        max_length: int | None = None,
    ) -> None:
        super().__init__(vocabulary, max_length=max_length)
        self.encoder = encoder
        self.head = head
        self.next_sentence = next_sentence
