"""Label-smoothed cross-entropy of the output layer, without ever holding all logits.

Szegedy et al. 2016, section 7: the target distribution is (1 − ε) at the right token plus ε / V everywhere. The output
projection and the loss are computed together in chunks of rows that stay in the processor's cache; as the loss is the
last thing a step computes, each chunk's gradient is made at once and its logits are forgotten.

Rows are filled up to a multiple of 64: oneDNN compiles a bfloat16 product anew for every new shape, which takes longer
than the product itself.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from atento.nn.linear import linear

_CHUNK = 512
_MULTIPLE = 64


def linear_cross_entropy(
    hidden: Float[Tensor, "tokens model"], output: nn.Linear, labels: Int[Tensor, " tokens"], smoothing: float = 0.0
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Sums over all tokens of the smoothed loss and of the plain negative log-likelihood, in nats.

    Args:
        hidden: what the output layer reads, at real target positions only.
        output: the last layer.
        labels: the right tokens.
        smoothing: ε.

    Returns:
        The loss to differentiate, and the likelihood for reports (no gradient).
    """
    precision = torch.get_autocast_dtype(hidden.device.type) if torch.is_autocast_enabled(hidden.device.type) else None
    function = cast("Any", _LinearCrossEntropy)  # torch leaves apply untyped
    with torch.autocast(hidden.device.type, enabled=False):
        loss, likelihood = function.apply(
            hidden, output.weight, output.bias, labels, smoothing, precision, torch.is_grad_enabled()
        )
    return loss, likelihood


class _LinearCrossEntropy(torch.autograd.Function):
    """Makes both gradients in the forward pass; the backward pass only scales them."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        labels: Tensor,
        smoothing: float,
        precision: torch.dtype | None,
        learning: bool,
    ) -> tuple[Tensor, Tensor]:
        dtype = precision or hidden.dtype
        count = len(hidden)
        inputs, matrix = functional.pad(hidden.to(dtype), (0, 0, 0, -count % _MULTIPLE)), weight.to(dtype)
        offset = None if bias is None else bias.to(dtype)
        wide = torch.promote_types(hidden.dtype, torch.float32)  # what sums and probabilities are computed in
        learning = learning and any(ctx.needs_input_grad[:3])  # autograd names them without gradients on, too
        turned = matrix.t().contiguous() if learning else matrix
        hidden_gradient = torch.empty_like(inputs) if learning else None
        weight_gradient = torch.zeros_like(weight) if learning else None
        bias_gradient = torch.zeros_like(bias) if learning and bias is not None else None
        loss = hidden.new_zeros((), dtype=wide)
        likelihood = hidden.new_zeros((), dtype=wide)
        for start in range(0, count, _CHUNK):
            filled, part = slice(start, start + _CHUNK), slice(start, min(start + _CHUNK, count))
            rows = part.stop - start
            log_probabilities = linear(inputs[filled], matrix, offset)[:rows].log_softmax(dim=-1, dtype=wide)
            right = -log_probabilities.gather(1, labels[part].unsqueeze(1)).sum()
            likelihood += right
            loss += (1.0 - smoothing) * right
            if smoothing:
                loss -= smoothing * log_probabilities.mean(dim=-1).sum()
            if hidden_gradient is None or weight_gradient is None:
                continue
            gradient = _gradient(log_probabilities, labels[part], smoothing)
            if bias_gradient is not None:
                bias_gradient += gradient.sum(dim=0)
            gradient = functional.pad(gradient.to(dtype), (0, 0, 0, len(inputs[filled]) - rows))
            hidden_gradient[filled] = linear(gradient, turned, None)
            if dtype == weight.dtype:
                weight_gradient.addmm_(gradient.T, inputs[filled])
            else:
                weight_gradient += gradient.T @ inputs[filled]
        ctx.save_for_backward(
            None if hidden_gradient is None else hidden_gradient[:count], weight_gradient, bias_gradient
        )
        ctx.hidden_dtype = hidden.dtype
        ctx.mark_non_differentiable(likelihood)
        return loss, likelihood

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        hidden, weight, bias = ctx.saved_tensors
        return (
            hidden.to(ctx.hidden_dtype) * gradient,
            weight * gradient,
            None if bias is None else bias * gradient,
            None,
            None,
            None,
            None,
        )


def _gradient(log_probabilities: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """The loss's derivative by the logits, probabilities minus smoothed targets; overwrites its input."""
    gradient = log_probabilities.exp_()
    if smoothing:
        gradient -= smoothing / gradient.shape[-1]
    index = labels.unsqueeze(1)
    return gradient.scatter_add_(1, index, gradient.new_full(index.shape, smoothing - 1.0))
