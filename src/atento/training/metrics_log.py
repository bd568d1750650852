"""``metrics.jsonl``: one JSON object a logged step, and the same numbers for TensorBoard where it is installed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from atento.core.files import atomic_text
from atento.core.parsing import parse_json

_NAME = "metrics.jsonl"


class MetricsLog:
    """Appends to a run's log. On resumption it is cut back to the checkpoint's step."""

    def __init__(self, run: Path, *, after_step: int) -> None:
        self._path = run / _NAME
        kept = [values for values in read_log(run) if values["step"] <= after_step] if after_step else []
        with atomic_text(self._path) as stream:
            stream.writelines(json.dumps(values) + "\n" for values in kept)
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


def read_log(run: Path) -> list[dict[str, Any]]:
    """The lines of a run's log, if there is one; a line that a kill cut off, or that is damaged, is left out."""
    path = run / _NAME
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    return [values for line in lines if (values := _values(line)) is not None]


def _values(line: bytes) -> dict[str, Any] | None:
    try:
        values = parse_json(line)
    except ValueError:
        return None
    return values if isinstance(values, dict) and isinstance(values.get("step"), int) else None
