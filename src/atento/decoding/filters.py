"""Small changes of a distribution: what may be written, and what sampling draws from (temperature, top-k, top-p).

Bans write −inf in place into log-probabilities; the others are pure functions. All work row by row, so that no row
depends on its neighbours.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from atento.core.vocabulary import Vocabulary
from atento.decoding.configuration import DecodingConfig

HEAD = 256
"""Most probable tokens that ``top_p`` looks at first: a partial sort of so many is far cheaper than sorting all."""


def forbidden_tokens(config: DecodingConfig, vocabulary: Vocabulary) -> list[int]:
    """The ids that are never written: padding, what begins a sentence and, on request, the unknown token."""
    forbidden = {vocabulary.pad, vocabulary.bos, vocabulary.decoder_start}
    if config.forbid_unknown:
        forbidden.add(vocabulary.unk)
    return sorted(token for token in forbidden - {vocabulary.eos} if 0 <= token < vocabulary.target_size)


def ban_repeated_ngrams(
    log_probabilities: Float[Tensor, "rows vocab"], history: Int[Tensor, "rows length"], size: int
) -> None:
    """Ban, in place, every token that would complete a sequence of ``size`` tokens that the row already has.

    Rows of ``history`` stand right-aligned, with −1 before their first token.
    """
    if history.shape[1] < size:
        return
    windows = history.unfold(1, size, 1)  # [R, windows, size]
    suffix = history[:, history.shape[1] - size + 1 :].unsqueeze(1)  # [R, 1, size - 1]
    repeated = (windows[..., :-1] == suffix).all(-1) & (windows[..., -1] >= 0)
    rows, places = repeated.nonzero(as_tuple=True)
    log_probabilities[rows, windows[rows, places, -1]] = -torch.inf


def apply_temperature(logits: Float[Tensor, "rows vocab"], temperature: float) -> Float[Tensor, "rows vocab"]:
    """logits / temperature."""
    return logits if temperature == 1 else logits / temperature


def keep_top_k(logits: Float[Tensor, "rows vocab"], count: int) -> Float[Tensor, "rows vocab"]:
    """−inf for all but the ``count`` greatest (and those equal to the last of them); 0 keeps all."""
    if count == 0 or count >= logits.shape[1]:
        return logits
    return logits.masked_fill(logits < logits.topk(count, dim=1).values[:, -1:], -torch.inf)


def keep_top_p(logits: Float[Tensor, "rows vocab"], mass: float) -> Float[Tensor, "rows vocab"]:
    """−inf for all but the fewest most probable whose probabilities sum to ``mass`` or more; 1 keeps all.

    Holtzman et al. 2020, eq. 2. Tokens as probable as the last one kept are kept too.
    """
    if mass == 1:
        return logits
    normalised = logits.log_softmax(1)  # row by row the same for any number of rows, which logsumexp is not
    for count in (min(HEAD, logits.shape[1]), logits.shape[1]):
        values = normalised.topk(count, dim=1).values
        before = values.exp().cumsum(1, dtype=torch.float64)
        if count == logits.shape[1] or bool((before[:, -1] >= mass).all()):
            break
    last = (before < mass).sum(1, keepdim=True).clamp_(max=count - 1)
    return logits.masked_fill(normalised < values.gather(1, last), -torch.inf)
