"""The start of a search: prepare the memory, read the decoder's first token and a forced prefix in one decoder call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from atento.core.errors import ConfigurationError
from atento.core.vocabulary import Vocabulary
from atento.decoding.configuration import DecodingConfig
from atento.nn.protocols import Decoder, Encoding, Memory, State


@dataclass(frozen=True, kw_only=True)
class Prefill:
    """A search's sources after their prefixes, one row each."""

    memory: Memory
    state: State
    log_probabilities: Float[Tensor, "sources vocab"]
    """Of the token after the prefix."""
    prefixes: list[list[int]]
    prefix_values: list[list[float]]
    """The log-probability of each token of the prefixes; 0 for one that was read first and so not predicted."""
    limits: list[int]
    """The greatest length of a hypothesis of each source."""

    def right_aligned(self) -> Int[Tensor, "sources longest"]:
        """The prefixes with −1 before them."""
        longest = max(map(len, self.prefixes))
        rows = [[-1] * (longest - len(prefix)) + prefix for prefix in self.prefixes]
        device = self.log_probabilities.device
        return torch.tensor(rows, dtype=torch.long, device=device).view(len(rows), longest)


def prefill(
    decoder: Decoder,
    encoding: Encoding,
    config: DecodingConfig,
    vocabulary: Vocabulary,
    prefixes: Sequence[Sequence[int]] | None,
    indices: Sequence[int],
    given_limits: Sequence[int] | None = None,
    *,
    scored: bool = True,
) -> Prefill:
    """Read the prefixes of all sources in one call of the decoder; ``indices`` name the sources in errors.

    ``given_limits`` take the place of those that the configuration makes. Without ``scored`` the prefixes' tokens get
    0 for their log-probabilities, and the whole vocabulary is scored at each prefix's end only.

    Raises:
        ConfigurationError: an unusable prefix.
    """
    sources, device = encoding.mask.shape[0], encoding.mask.device
    forced = [list(prefix) for prefix in prefixes] if prefixes is not None else [[] for _ in range(sources)]
    _check(forced, indices, vocabulary)
    limits = _limits(encoding.mask, forced, indices, config, given_limits)
    read = [_read_first(prefix, vocabulary) for prefix in forced]
    tokens, valid = _decoder_input(read, vocabulary, device)
    memory = decoder.prepare(encoding)
    ragged = len(set(map(len, read))) > 1
    hidden, state = decoder(tokens, memory, decoder.start(memory), valid=valid if ragged else None)
    ends = valid.sum(1).cumsum(0) - 1  # where each source's last real token stands among all real ones
    values: list[list[float]] = [[] for _ in range(sources)]
    if not scored:
        last = decoder.logits(hidden[valid][ends]).log_softmax(-1, dtype=torch.float32)
        values = [[0.0] * len(prefix) for prefix in forced]
        return Prefill(
            memory=memory, state=state, log_probabilities=last, prefixes=forced, prefix_values=values, limits=limits
        )
    log_probabilities = decoder.logits(hidden[valid]).log_softmax(-1, dtype=torch.float32)  # [real tokens, V]
    if tokens.shape[1] > 1:
        inside = torch.ones(len(log_probabilities), dtype=torch.bool, device=device).index_fill_(0, ends, False)
        found = log_probabilities[inside].gather(1, tokens[:, 1:][valid[:, 1:]].unsqueeze(1)).flatten()
        parts = torch.split(found, [len(row) - 1 for row in read])
        values = [[0.0] * (len(prefix) - len(part)) + part.tolist() for prefix, part in zip(forced, parts, strict=True)]
    elif vocabulary.prompt_first:
        values = [[0.0] * len(prefix) for prefix in forced]
    return Prefill(
        memory=memory,
        state=state,
        log_probabilities=log_probabilities[ends],
        prefixes=forced,
        prefix_values=values,
        limits=limits,
    )


def _read_first(prefix: list[int], vocabulary: Vocabulary) -> list[int]:
    """What the decoder reads before it writes."""
    return prefix if prefix and vocabulary.prompt_first else [vocabulary.decoder_start, *prefix]


def _decoder_input(
    read: list[list[int]], vocabulary: Vocabulary, device: torch.device
) -> tuple[Int[Tensor, "sources length"], Bool[Tensor, "sources length"]]:
    longest = max(map(len, read))
    rows = [row + [vocabulary.pad] * (longest - len(row)) for row in read]
    lengths = torch.tensor(list(map(len, read)))
    valid = torch.arange(longest) < lengths.unsqueeze(1)
    return torch.tensor(rows, device=device), valid.to(device)


def _check(forced: list[list[int]], indices: Sequence[int], vocabulary: Vocabulary) -> None:
    if len(forced) != len(indices):
        raise ConfigurationError(
            f"{len(forced)} prefixes for {len(indices)} sources: give one each, empty where none is meant"
        )
    for number, prefix in zip(indices, forced, strict=True):
        for token in prefix:
            if not 0 <= token < vocabulary.target_size or token == vocabulary.eos:
                advice = f"give ids from 0 to {vocabulary.target_size - 1}, without {vocabulary.eos} (the end token)"
                raise ConfigurationError(f"prefix of source {number}: token {token} cannot be forced: {advice}")


def _limits(
    mask: Bool[Tensor, "sources source"],
    forced: list[list[int]],
    indices: Sequence[int],
    config: DecodingConfig,
    given: Sequence[int] | None,
) -> list[int]:
    """min(max_length, a·S + b), the second raised where it leaves no room for the prefix and the minimum length."""
    limits = []
    most = [config.max_length] * len(forced) if given is None else given
    for number, length, prefix, limit in zip(indices, mask.sum(1).tolist(), forced, most, strict=True):
        if config.max_length_ratio is not None and given is None:
            own = math.floor(config.max_length_ratio * length) + config.max_length_extra
            limit = min(limit, max(own, len(prefix) + 1, config.min_length))
        if limit <= len(prefix):
            raise ConfigurationError(
                f"prefix of source {number} has {len(prefix)} tokens: raise decoding.max_length = {limit} above that"
            )
        limits.append(limit)
    return limits
