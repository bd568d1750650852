"""GPT, the decoder-only language model (Radford et al. 2018, 2019): configuration and decoder."""

from atento.models.gpt.configuration import GPTConfig
from atento.models.gpt.decoder import GPTDecoder, nothing_to_read

__all__ = ["GPTConfig", "GPTDecoder", "nothing_to_read"]
