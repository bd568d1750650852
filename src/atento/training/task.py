"""What a run is about: a task puts together, for one kind of model, everything that the loop needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic

from atento.bundle import Bundle
from atento.training.loop import ModelType
from atento.training.objectives import Objective
from atento.training.precision import Precision
from atento.training.stream import BatchSource, BatchType, EntryType
from atento.training.validation import Validator


@dataclass(frozen=True, kw_only=True)
class Task(Generic[ModelType, EntryType, BatchType]):
    """A model that is to learn something from batches."""

    bundle: Bundle[ModelType]
    objective: Objective[ModelType, BatchType]
    batches: BatchSource[EntryType, BatchType]
    validator: Validator
    precision: Precision
    data: Mapping[str, Any]
    """What the card says of the data."""
    signatures: Mapping[str, str]
    """Of the metrics that validation measures."""
