"""What a model must know of its tokenizers: sizes and special ids."""

from __future__ import annotations

from atento.core.configuration import Configuration
from atento.core.sizes import check_sizes

SPECIAL_TOKENS = ("<pad>", "<unk>", "<s>", "</s>")
"""The special tokens of every tokenizer that we train, at ids 0, 1, 2, 3."""
MASK = "<mask>"
"""The special token of those that we train for masked language models, at id 4."""


class Vocabulary(Configuration, frozen=True, kw_only=True):
    """Sizes and special ids of a model's vocabulary; a translator has two, which may be one.

    ``decoder_start`` is the token that the decoder reads first: ``<s>`` in models trained here, another one in models
    that come from elsewhere.

    Raises:
        ConfigurationError: a size that no vocabulary has.
    """

    source_size: int
    target_size: int
    shared: bool = False
    pad: int = 0
    unk: int = 1
    bos: int = 2
    eos: int = 3
    decoder_start: int = 2
    mask: int | None = None
    """What hides a token from a masked language model; None: it has none."""
    prompt_first: bool = False
    """A language model reads a prompt with nothing before it, as GPT-2 does; only where there is no prompt it reads
    ``decoder_start``."""

    def __post_init__(self) -> None:
        check_sizes({f"vocabulary.{name}": getattr(self, name) for name in ("source_size", "target_size")})
