"""``metrics.jsonl``: one JSON object a logged step, and the same numbers for TensorBoard where it is installed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from atento.core.files import atomic_text


class MetricsLog:
    """Appends to a run's log. On resumption it is cut back to the checkpoint's step."""

    def __init__(self, run: Path, *, after_step: int) -> None:
        self._path = run / "metrics.jsonl"
        kept = [line for line in self._lines() if json.loads(line)["step"] <= after_step] if after_step else []
        with atomic_text(self._path) as stream:
            stream.writelines(f"{line}\n" for line in kept)
        self._board: Any = None
        if importlib.util.find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(run / "tensorboard"), purge_step=after_step + 1)

    def write(self, step: int, values: dict[str, float | int | None]) -> None:
        """Add a line."""
        known = {name: value for name, value in values.items() if value is not None}
        with self._path.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(json.dumps({"step": step, **known}) + "\n")
        if self._board is not None:
            for name, value in known.items():
                self._board.add_scalar(name, value, step)

    def close(self) -> None:
        """Finish TensorBoard's file."""
        if self._board is not None:
            self._board.close()

    def _lines(self) -> list[str]:
        """The whole lines of an earlier log; a line that a kill cut off is dropped."""
        if not self._path.exists():
            return []
        *whole, _ = self._path.read_text(encoding="utf-8").split("\n")
        return whole
