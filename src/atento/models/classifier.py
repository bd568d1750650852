"""A classifier: BERT or GPT with a linear layer over what it says of a whole text.

BERT's is the first token's vector through a pooler (Devlin et al. 2019, section 4.1); GPT's the vector of the end
token, which has read everything (Radford et al. 2018, section 3.2). Classes have no names here.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from atento.core.vocabulary import Vocabulary
from atento.models.bert import BertConfig, BertEncoder
from atento.models.bert.heads import Pooler
from atento.models.gpt import GPTConfig, GPTDecoder, nothing_to_read
from atento.models.model import Model
from atento.models.transformer.layers import initialise_normally
from atento.models.weights import weights
from atento.nn.dropout import dropout

_BODY = "body."
_POOLER = "next_sentence.pooler."
"""Where a masked language model has a pooler, if it has one."""


def body_config(config: BertConfig) -> BertConfig:
    """A configuration that claims no head but a classifier's, which has neither of the two that BERT learns with."""
    return msgspec.structs.replace(
        config, masked_head=False, next_sentence=False, tied_embeddings=True, output_bias=True
    )


class BertBody(nn.Module):
    """BERT's encoder and pooler; names are those of a masked language model."""

    def __init__(self, config: BertConfig, vocab_size: int) -> None:
        super().__init__()
        self.encoder = BertEncoder(config, vocab_size)
        self.pooler = Pooler(config.model_size)
        initialise_normally(self.pooler)

    def forward(
        self,
        tokens: Int[Tensor, "batch steps"],
        mask: Bool[Tensor, "batch steps"],
        types: Int[Tensor, "batch steps"] | None,
    ) -> Float[Tensor, "batch model"]:
        """The first tokens' vectors, pooled."""
        pooled: Tensor = self.pooler(self.encoder(tokens, mask, types=types).annotations)
        return pooled


class GPTBody(nn.Module):
    """GPT's decoder, whose output layer is not used; names are those of a language model."""

    def __init__(self, config: GPTConfig, vocab_size: int) -> None:
        super().__init__()
        self.decoder_module = GPTDecoder(config, vocab_size)
        if not config.tied_embeddings:
            self.decoder_module.output.requires_grad_(False)

    def forward(
        self,
        tokens: Int[Tensor, "batch steps"],
        mask: Bool[Tensor, "batch steps"],
        types: Int[Tensor, "batch steps"] | None,
    ) -> Float[Tensor, "batch model"]:
        """The end tokens' vectors; a decoder knows the two texts of a pair by what stands between them."""
        del types
        decoder = self.decoder_module
        memory = decoder.prepare(nothing_to_read(len(tokens), tokens.device))
        valid = None if bool(mask.all()) else mask
        hidden, _ = decoder(tokens, memory, decoder.start(memory), valid=valid)
        last: Tensor = hidden[torch.arange(len(tokens), device=tokens.device), mask.sum(1) - 1]
        return last


class Classifier(Model):
    """Holds a body that makes one vector of a text, and the layer over it."""

    def __init__(
        self,
        body: BertBody | GPTBody,
        model_size: int,
        num_classes: int,
        dropout: float,
        vocabulary: Vocabulary,
        *,
        max_length: int | None = None,
    ) -> None:
        super().__init__(vocabulary, max_length=max_length)
        self.num_classes = num_classes
        self.dropout = dropout
        self.body = body
        self.output = nn.Linear(model_size, num_classes)
        initialise_normally(self.output)

    def logits(
        self,
        tokens: Int[Tensor, "batch steps"],
        mask: Bool[Tensor, "batch steps"],
        types: Int[Tensor, "batch steps"] | None = None,
    ) -> Float[Tensor, "batch classes"]:
        """Unnormalised log-probabilities of the classes of framed texts, padded at the end."""
        summaries = self.body(tokens, mask, types)
        logits: Tensor = self.output(dropout(summaries, self.dropout, self.training))
        return logits

    def with_pretrained(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """This model's weights, with those of a pre-trained one's body in the place of its own.

        Args:
            values: the weights of a language model, or of a masked one, with the same body.
        """
        shared = {_BODY + name: value for name, value in values.items()}
        pooler = f"{_BODY}pooler."
        shared |= {
            pooler + name.removeprefix(_POOLER): value for name, value in values.items() if name.startswith(_POOLER)
        }
        return {name: shared.get(name, own) for name, own in weights(self).items()}
