"""BERT's encoder: every token looks at every other of its text (Devlin et al. 2019, section 3).

It differs from the Transformer's in its embeddings: types of text are added, and the sum is normalised.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from atento.models.bert.configuration import BertConfig
from atento.models.transformer.encoder import EncoderLayer
from atento.models.transformer.layers import Embedding, initialise_normally, new_norm, rotary
from atento.nn.capture import Stack
from atento.nn.dropout import dropout
from atento.nn.protocols import Encoding


class BertEncoder(Stack):
    """Implements ``nn.protocols.Encoder``; it can also read pairs and packed rows."""

    def __init__(self, config: BertConfig, vocab_size: int) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding(config, nn.Embedding(vocab_size, config.model_size))
        self.types = nn.Embedding(config.num_text_types, config.model_size)
        self.embedding_norm = new_norm(config)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.num_layers))
        self.norm = new_norm(config) if config.layer_norm == "pre" else None
        initialise_normally(self)

    def forward(
        self,
        tokens: Int[Tensor, "batch source"],
        mask: Bool[Tensor, "batch source"],
        *,
        types: Int[Tensor, "batch source"] | None = None,
        segments: Int[Tensor, "batch source"] | None = None,
    ) -> Encoding:
        """Encode.

        Args:
            tokens: texts, padded at the end.
            mask: True where a real token stands.
            types: which text of a pair each token belongs to; None: all to the first.
            segments: which of the texts packed into a row each token belongs to, padding to one of its own; they do not
                see each other, and each counts its positions from its own beginning. None: one text a row.
        """
        if segments is None:
            visible = None if bool(mask.all()) else mask[:, None, None, :]
            positions = None
        else:
            visible, positions = _packed(segments)
        vectors = self.embedding.undropped(tokens, 0, positions)
        vectors = vectors + (self.types.weight[0] if types is None else self.types(types))
        vectors = dropout(self.embedding_norm(vectors), self.config.dropout, self.training)
        rotate = rotary(self.config, tokens.shape[1], 0, positions, tokens.device)
        for layer in self.layers:
            self.report_hidden(vectors)
            vectors = layer(vectors, visible, rotate)
        if self.norm is not None:
            vectors = self.norm(vectors)
        self.report_hidden(vectors)
        return Encoding(annotations=vectors, mask=mask)

    def __call__(
        self,
        tokens: Int[Tensor, "batch source"],
        mask: Bool[Tensor, "batch source"],
        *,
        types: Int[Tensor, "batch source"] | None = None,
        segments: Int[Tensor, "batch source"] | None = None,
    ) -> Encoding:
        """See ``forward``."""
        encoding: Encoding = super().__call__(tokens, mask, types=types, segments=segments)
        return encoding


def _packed(
    segments: Int[Tensor, "batch source"],
) -> tuple[Bool[Tensor, "batch 1 source source"], Int[Tensor, "batch source"]]:
    """Where each token may look, and its position in its segment."""
    own = segments.unsqueeze(2) == segments.unsqueeze(1)
    first: Float[Tensor, "batch source"] = own.byte().argmax(2)
    return own.unsqueeze(1), torch.arange(segments.shape[1], device=segments.device) - first
