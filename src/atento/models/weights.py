"""A model's weights by name, each shared matrix once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn


def weights(model: nn.Module) -> dict[str, Tensor]:
    """Every parameter by its first name; matrices that several parts share appear once."""
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


def save_tensors(tensors: Mapping[str, Tensor], path: Path, *, metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file; ``metadata`` goes into its head, for libraries that ask for it.

    Raises:
        OSError: the disk is full or the place cannot be written (the library has an error of its own for that).
    """
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata)
    except SafetensorError as error:
        raise OSError(str(error)) from error


def load_weights(model: nn.Module, values: Mapping[str, Tensor]) -> None:
    """Copy weights into a model; see ``copy_tensors``."""
    copy_tensors(weights(model), values)


def copy_tensors(places: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> None:
    """Copy values into tensors of the same names; all of them or, where they do not fit, none.

    Raises:
        ValueError: names or shapes do not fit (the first one is named).
    """
    check_shapes(shapes_of(values), shapes_of(places))
    with torch.no_grad():
        for name, place in places.items():
            place.copy_(values[name])


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    """The shape of each tensor."""
    return {name: tensor.shape for name, tensor in tensors.items()}


def check_shapes(found: Mapping[str, torch.Size], wanted: Mapping[str, torch.Size]) -> None:
    """Refuse weights of other shapes than a model's.

    Raises:
        ValueError: names or shapes do not fit (the first one is named).
    """
    if missing := sorted(wanted.keys() - found.keys()):
        raise ValueError(f"it lacks {missing[0]!r} ({len(missing)} of {len(wanted)} tensors are missing)")
    if unknown := sorted(found.keys() - wanted.keys()):
        raise ValueError(f"it has {unknown[0]!r}, which the model does not have")
    for name, shape in wanted.items():
        if found[name] != shape:
            raise ValueError(f"{name!r} has the shape {tuple(found[name])}, not {tuple(shape)}")


def is_finite(tensor: Tensor) -> bool:
    """Whether every number is, in float32."""
    numbers = tensor.float()
    # the sum takes a tenth of the time; one that is finite has finite terms only
    return bool(numbers.sum().isfinite()) or bool(numbers.isfinite().all())
