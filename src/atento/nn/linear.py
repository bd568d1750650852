"""x Wᵀ + b, by the faster of two libraries on a CPU.

PyTorch multiplies float32 matrices with MKL. oneDNN, which it also brings along, needs 5 to 35 % less time for the
products of our models on AMD processors (``benchmarks/linear_products.py``), most of all for a wide output layer and
few rows. PyTorch's compiler reaches it through ``mkldnn::_linear_pointwise``, an operator that is no part of the public
interface: where it is missing, and for other devices and types, the usual product is taken. Small products stay with
MKL too, because a call of it costs less. The gradient of the weights does as well: oneDNN would copy both its factors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

Product = Callable[[Tensor, Tensor, Tensor | None, str, list[float], str], Tensor]

WIDE = 1 << 20
"""Elements of a matrix from which on oneDNN is faster for any number of rows …"""
LARGE = 1 << 23
"""… and multiplications from which on it is for any matrix."""


def _find_operator() -> Product | None:
    if not (torch.backends.mkldnn.is_available() and torch.backends.mkl.is_available()):  # type: ignore[no-untyped-call]
        return None
    return cast("Product | None", getattr(torch.ops.mkldnn, "_linear_pointwise", None))


_ONEDNN = _find_operator()


def linear(
    inputs: Float[Tensor, "*any inputs"],
    weight: Float[Tensor, "outputs inputs"],
    bias: Float[Tensor, " outputs"] | None,
) -> Float[Tensor, "*any outputs"]:
    """``torch.nn.functional.linear``, differentiable once."""
    if not _pays(inputs, weight):
        return F.linear(inputs, weight, bias)
    if torch.is_grad_enabled() and any(part is not None and part.requires_grad for part in (inputs, weight, bias)):
        function = cast("Any", _Linear)  # torch leaves apply untyped
        return cast("Tensor", function.apply(inputs, weight, bias))
    return _multiply(inputs, weight, bias)


class Linear(nn.Linear):
    """``torch.nn.Linear`` by ``linear``."""

    def forward(self, inputs: Float[Tensor, "*any inputs"]) -> Float[Tensor, "*any outputs"]:
        """x Wᵀ + b."""
        return linear(inputs, self.weight, self.bias)


def _pays(inputs: Tensor, weight: Tensor) -> bool:
    """Whether oneDNN can multiply these, and faster."""
    size = weight.numel()
    return (
        (size >= WIDE or inputs.numel() // inputs.shape[-1] * size >= LARGE)
        and _ONEDNN is not None
        and inputs.dtype == weight.dtype == torch.float32
        and inputs.device.type == "cpu"
        and not torch.is_autocast_enabled("cpu")
    )


def _multiply(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    assert _ONEDNN is not None
    return _ONEDNN(inputs, weight, bias, "none", [], "")


class _Linear(torch.autograd.Function):
    """oneDNN's product and its gradients."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(inputs, weight)
        return _multiply(inputs, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        inputs, weight = ctx.saved_tensors
        for_inputs, for_weight, for_bias = ctx.needs_input_grad
        flat = gradient.reshape(-1, gradient.shape[-1])
        return (
            _multiply(gradient, weight.t(), None) if for_inputs else None,
            flat.t() @ inputs.reshape(-1, inputs.shape[-1]) if for_weight else None,
            flat.sum(dim=0) if for_bias else None,
        )
