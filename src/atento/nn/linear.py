"""x Wᵀ + b, by the faster of two libraries on a CPU.

PyTorch multiplies float32 matrices with MKL. It also brings oneDNN along, which on AMD processors needs up to 15 % less
time for the products of our models in training, and about a third of the time for few rows, as in decoding, if it may
keep the weights in an order of its own (``benchmarks/linear_products.py``). On Intel's, for which MKL is written, it is
no faster, and a call for one row of a small model costs it several times as much: there it is not used. PyTorch's
compiler reaches it through two
operators, ``mkldnn::_linear_pointwise`` and ``mkldnn::_reorder_linear_weight``, that are no part of the public
interface: where they are missing, and for other devices and types, the usual product is taken.

Learning: small products stay with MKL, because a call of it costs less; so does the gradient of the weights, because
oneDNN would copy both its factors. Inference mode: the reordered weights of a frozen model (``requires_grad`` is false,
as in every loaded bundle) are kept beside the usual ones for as long as these live and stay unchanged, which doubles
the memory of the matrices; and what follows the product, a sum or the rectifier, is computed with it. Weights that are
being learnt are not kept: PyTorch's fused optimisers change them without its version counter noticing. Nor does it
notice a change through ``.data``: of frozen weights, use ``copy_`` or ``load_state_dict``.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from atento.core.machine import processor

WIDE = 1 << 20
"""Elements of a matrix from which on oneDNN is faster for any number of rows …"""
LARGE = 1 << 23
"""… and multiplications from which on it is for any matrix."""
REORDERED = 1 << 14
"""Elements of a matrix from which on it is kept reordered."""
TYPICAL_ROWS = 64
"""What the order is chosen for; it hardly matters."""


Product = Callable[[Float[Tensor, "*any inputs"]], Float[Tensor, "*any outputs"]]
Sum = Callable[[Float[Tensor, "*any outputs"], Float[Tensor, "*any inputs"]], Float[Tensor, "*any outputs"]]


class _Operators(NamedTuple):
    """What PyTorch has of oneDNN."""

    multiply: Callable[[Tensor, Tensor, Tensor | None, str, list[float], str], Tensor]
    multiply_add: Callable[[Tensor, Tensor, Tensor, Tensor | None, str], Tensor]
    reorder: Callable[[Tensor, int], Tensor]


def _find_operators() -> _Operators | None:
    if not (torch.backends.mkldnn.is_available() and torch.backends.mkl.is_available()):  # type: ignore[no-untyped-call]
        return None
    operators = torch.ops.mkldnn
    try:
        product = operators._linear_pointwise
        return _Operators(product.default, product.binary, operators._reorder_linear_weight.default)
    except AttributeError:
        return None


def _chosen(processor_name: str) -> _Operators | None:
    return None if "intel" in processor_name.casefold() else _find_operators()


_ONEDNN = _chosen(processor())


def linear(
    inputs: Float[Tensor, "*any inputs"],
    weight: Float[Tensor, "outputs inputs"],
    bias: Float[Tensor, " outputs"] | None,
) -> Float[Tensor, "*any outputs"]:
    """``torch.nn.functional.linear``, differentiable once."""
    ordered = _reordered(weight) if inputs.dtype == torch.float32 else None
    if ordered is not None:
        return _multiply(inputs, ordered, bias)
    size = weight.numel()
    pays = size >= WIDE or inputs.numel() // inputs.shape[-1] * size >= LARGE
    if not pays or inputs.dtype != torch.float32 or not _multiplies(weight):
        return F.linear(inputs, weight, bias)
    if torch.is_grad_enabled() and any(part is not None and part.requires_grad for part in (inputs, weight, bias)):
        function = cast("Any", _Linear)  # torch leaves apply untyped
        return cast("Tensor", function.apply(inputs, weight, bias))
    return _multiply(inputs, weight, bias)


class Linear(nn.Linear):
    """``torch.nn.Linear`` by ``linear``, and with what often follows.

    What ``bind…`` gives has the weights at hand: a decoding step is many small operations, and looking for a module's
    parts each time takes as long as they do. It holds as long as the weights stay as they are.
    """

    def forward(self, inputs: Float[Tensor, "*any inputs"]) -> Float[Tensor, "*any outputs"]:
        """x Wᵀ + b."""
        return linear(inputs, self.weight, self.bias)

    def bind(self) -> Product:
        """x ↦ x Wᵀ + b."""
        return self._bind_reordered("none") or self._bind_usual() or self

    def bind_rectified(self) -> Product:
        """x ↦ max(0, x Wᵀ + b)."""

        def rectified(inputs: Tensor) -> Tensor:
            outputs = self(inputs)
            return F.relu(outputs, inplace=not outputs.requires_grad)  # autograd copies around views

        return self._bind_reordered("relu") or rectified

    def bind_sum(self) -> Sum:
        """(y, x) ↦ y + x Wᵀ + b."""
        weight, bias = _reordered(self.weight), self.bias
        if weight is None:
            product = self._bind_usual() or self
            return lambda to, inputs: to + product(inputs)
        assert _ONEDNN is not None
        multiply_add = _ONEDNN.multiply_add
        return lambda to, inputs: multiply_add(inputs, to, weight, bias, "add")

    def _bind_usual(self) -> Product | None:
        """PyTorch's product with nothing left to choose; None where there is a choice."""
        weight, bias = self.weight, self.bias
        return None if _multiplies(weight) else lambda inputs: F.linear(inputs, weight, bias)

    def _bind_reordered(self, then: str) -> Product | None:
        weight, bias = _reordered(self.weight), self.bias
        if weight is None:
            return None
        assert _ONEDNN is not None
        multiply = _ONEDNN.multiply
        nothing: list[float] = []
        return lambda inputs: multiply(inputs, weight, bias, then, nothing, "")


def _multiplies(weight: Tensor) -> bool:
    """Whether oneDNN can multiply this matrix."""
    return (
        _ONEDNN is not None
        and weight.dtype == torch.float32
        and weight.device.type == "cpu"
        and not torch.is_autocast_enabled("cpu")
    )


def _multiply(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    assert _ONEDNN is not None
    return _ONEDNN.multiply(inputs, weight, bias, "none", [], "")


class _Reordered(NamedTuple):
    """A matrix in oneDNN's order, and which one it is."""

    weight: Tensor
    original: weakref.ref[Tensor]
    version: int
    address: int

    def is_of(self, weight: Tensor) -> bool:
        """Whether it is this matrix, still frozen and unchanged."""
        return (
            self.original() is weight
            and self.version == weight._version
            and self.address == weight.data_ptr()
            and not weight.requires_grad
        )


_REORDERED: dict[int, _Reordered] = {}


def _reordered(weight: Tensor) -> Tensor | None:
    """In inference mode, a frozen matrix in oneDNN's order, made anew if it was changed; None if it is not kept."""
    if not torch.is_inference_mode_enabled() or torch.is_autocast_enabled("cpu"):
        return None
    key = id(weight)
    held = _REORDERED.get(key)
    if held is not None and held.is_of(weight):
        return held.weight
    if weight.numel() < REORDERED or not _multiplies(weight):
        return None
    if weight.requires_grad or weight.is_inference():  # nobody could tell whether it was changed
        return None
    assert _ONEDNN is not None
    with torch.inference_mode(False), torch.no_grad():
        ordered = _ONEDNN.reorder(weight, TYPICAL_ROWS)
    forget = weakref.ref(weight, lambda _: _REORDERED.pop(key, None))
    _REORDERED[key] = _Reordered(ordered, forget, weight._version, weight.data_ptr())
    return ordered


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
