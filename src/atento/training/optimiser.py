"""AdamW (Loshchilov and Hutter 2019) whose state is kept by parameter name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from atento.models.weights import check_shapes, shapes_of
from atento.training.configuration import TrainingConfig

_SLOTS = ("step", "exp_avg", "exp_avg_sq")


def build_optimiser(model: nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW in its fused form; weight decay acts on matrices, not on biases and normalisation gains."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=config.betas, eps=config.epsilon, fused=True)


def optimiser_tensors(optimiser: torch.optim.Optimizer, model: nn.Module) -> dict[str, Tensor]:
    """The optimiser's state as ``name/slot`` → tensor."""
    return {
        f"{name}/{slot}": optimiser.state[parameter][slot]
        for name, parameter in model.named_parameters()
        if parameter in optimiser.state
        for slot in _SLOTS
    }


def load_optimiser_tensors(optimiser: torch.optim.Optimizer, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put back what ``optimiser_tensors`` gave.

    Raises:
        ValueError: they are of another model, or a parameter has some of its slots only.
    """
    parameters = {
        name: parameter
        for name, parameter in model.named_parameters()
        if any(f"{name}/{slot}" in tensors for slot in _SLOTS)
    }
    step = torch.tensor(0.0)
    places = {f"{name}/{slot}": step if slot == "step" else p for name, p in parameters.items() for slot in _SLOTS}
    check_shapes(shapes_of(tensors), shapes_of(places))
    for name, parameter in parameters.items():
        state: dict[str, Any] = {slot: tensors[f"{name}/{slot}"].to(parameter.device).clone() for slot in _SLOTS}
        optimiser.state[parameter] = state
