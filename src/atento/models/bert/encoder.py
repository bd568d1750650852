"""BERT's encoder: every token looks at every other of its text (Devlin et al. 2019, section 3).

It differs from the Transformer's in its embeddings: types of text are added, and the sum is normalised.
"""

from __future__ import annotations

from jaxtyping import Bool, Int
from torch import Tensor, nn

from atento.models.bert.configuration import BertConfig
from atento.models.transformer.encoder import EncoderLayer
from atento.models.transformer.layers import Embedding, initialise_normally, new_norm, rotary
from atento.nn.capture import Stack
from atento.nn.dropout import dropout
from atento.nn.protocols import Encoding


class BertEncoder(Stack):
    """Implements ``nn.protocols.Encoder``; it can also read pairs of texts."""

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
    ) -> Encoding:
        """Encode.

        Args:
            tokens: texts, or pairs of texts, padded at the end.
            mask: True where a real token stands.
            types: which text of a pair each token belongs to; None: all to the first.
        """
        visible = None if bool(mask.all()) else mask[:, None, None, :]
        vectors = self.embedding.undropped(tokens, 0, None)
        vectors = vectors + (self.types.weight[0] if types is None else self.types(types))
        vectors = dropout(self.embedding_norm(vectors), self.config.dropout, self.training)
        rotate = rotary(self.config, tokens.shape[1], 0, None, tokens.device)
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
    ) -> Encoding:
        """See ``forward``."""
        encoding: Encoding = super().__call__(tokens, mask, types=types)
        return encoding
