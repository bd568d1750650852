"""A masked language model: an encoder of both directions that predicts tokens it cannot see (S13 of the course)."""

from __future__ import annotations

from atento.core.vocabulary import Vocabulary
from atento.models.bert import BertEncoder, MaskedHead, NextSentenceHead
from atento.models.model import Model


class MaskedLanguageModel(Model):
    """Holds the encoder and its heads."""

    head: MaskedHead
    """It is missing where the configuration's ``masked_head`` is false; ``bundle.load_masked_language_model`` refuses
    such a model, so whoever predicts tokens has it."""

    def __init__(
        self,
        encoder: BertEncoder,
        head: MaskedHead | None,
        next_sentence: NextSentenceHead | None,
        vocabulary: Vocabulary,
        *,
        max_length: int | None = None,
    ) -> None:
        super().__init__(vocabulary, max_length=max_length)
        self.encoder = encoder
        if head is not None:
            self.head = head
        self.next_sentence = next_sentence
