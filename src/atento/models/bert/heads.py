"""What BERT predicts: masked tokens, and whether one text follows another (Devlin et al. 2019, section 3.1)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from atento.models.bert.configuration import BertConfig
from atento.models.transformer.layers import initialise_normally, new_norm
from atento.nn.feed_forward import activate
from atento.nn.linear import Linear, linear


class MaskedHead(nn.Module):
    """output(norm(activation(W h + b))), where the output layer is the embedding matrix unless it has its own.

    In the place of SwiGLU, which is no function of each element, stands GELU.
    """

    def __init__(self, config: BertConfig, embedding: nn.Embedding) -> None:
        super().__init__()
        self.dense = Linear(config.model_size, config.model_size)
        self.activation = activate("gelu" if config.activation == "swiglu" else config.activation)
        self.norm = new_norm(config)
        self.output = nn.Linear(config.model_size, embedding.num_embeddings, bias=config.output_bias)
        initialise_normally(self)
        if config.tied_embeddings:
            self.output.weight = embedding.weight

    def transform(self, hidden: Float[Tensor, "*any model"]) -> Float[Tensor, "*any model"]:
        """All but the output layer, with which training computes its loss."""
        normalised: Tensor = self.norm(self.activation(self.dense(hidden)))
        return normalised

    def logits(self, hidden: Float[Tensor, "*any model"]) -> Float[Tensor, "*any vocab"]:
        """Of each token of the vocabulary, for the encoder's vectors."""
        return linear(self.transform(hidden), self.output.weight, self.output.bias)


class Pooler(nn.Module):
    """tanh(W h₀ + b) of the first token's vector: what BERT says of a whole text."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.dense = Linear(size, size)

    def forward(self, annotations: Float[Tensor, "batch source model"]) -> Float[Tensor, "batch model"]:
        """Pool texts."""
        return torch.tanh(self.dense(annotations[:, 0]))


class NextSentenceHead(nn.Module):
    """Whether the second text of a pair follows the first: the pooled vector, then two classes (follows, does not)."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.pooler = Pooler(config.model_size)
        self.output = nn.Linear(config.model_size, 2)
        initialise_normally(self)

    def logits(self, annotations: Float[Tensor, "batch source model"]) -> Float[Tensor, "batch 2"]:
        """Of each pair, for the encoder's vectors."""
        logits: Tensor = self.output(self.pooler(annotations))
        return logits
