"""The tokens of every row, for rules that look back at all of them."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor


class Written:
    """Rows of tokens, right-aligned with −1 before their first one, in a buffer that grows by doubling.

    A step that only adds a token to every row writes one column; rows that are taken from others are copied.
    """

    def __init__(self, tokens: Int[Tensor, "rows length"]) -> None:
        self._buffer, self._length = tokens, tokens.shape[1]

    @property
    def tokens(self) -> Int[Tensor, "rows length"]:
        """All of them; must not be written to."""
        return self._buffer[:, : self._length]

    def extend(self, rows: Int[Tensor, " new_rows"] | None, tokens: Int[Tensor, " new_rows"]) -> None:
        """One more token for each row; ``rows`` says which of the rows each continues, None: itself."""
        if rows is not None or self._length == self._buffer.shape[1]:
            old = self.tokens if rows is None else self.tokens.index_select(0, rows)
            capacity = max(self._buffer.shape[1], 2 * (self._length + 1) if self._is_full else 0)
            self._buffer = torch.nn.functional.pad(old, (0, capacity - self._length), value=-1)
        self._buffer[:, self._length] = tokens
        self._length += 1

    @property
    def _is_full(self) -> bool:
        return self._length == self._buffer.shape[1]
