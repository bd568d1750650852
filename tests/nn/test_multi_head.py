"""Multi-head attention: the fused kernel and the open equation agree, and training really runs the fused one."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from atento.nn.capture import capture
from atento.nn.multi_head import CrossAttention, SelfAttention

FLASH = "aten::_scaled_dot_product_flash_attention_for_cpu"


class Operations(TorchDispatchMode):
    """Names the operations that run."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(self, function, types, arguments=(), options=None):  # type: ignore[no-untyped-def]
        self.names.add(function.name())
        return function(*arguments, **(options or {}))


def self_attend(attention: SelfAttention, inputs: Tensor, mask: Tensor | None, causal: bool) -> Tensor:
    queries, keys_values = attention.bind_projection()(inputs.flatten(0, 1), len(inputs), None)
    contexts = attention.bind_attention()(queries, *keys_values.unbind(1), mask, causal)
    return attention.output(contexts).view_as(inputs)  # type: ignore[no-any-return]


def masks() -> Iterator[tuple[Tensor | None, bool]]:
    yield None, False
    yield None, True
    yield (torch.arange(5) < torch.tensor([[5], [2]]))[:, None, None, :], False


@pytest.mark.parametrize(("mask", "causal"), list(masks()))
def test_listening_gives_the_same_and_each_row_of_weights_sums_to_one(mask: Tensor | None, causal: bool) -> None:
    attention = SelfAttention(8, 2, 0.0, "encoder")
    inputs = torch.randn(2, 5, 8)
    quiet = self_attend(attention, inputs, mask, causal)
    kinds = ["weights", "scores", "queries", "keys", "values", "contexts"]
    with capture(attention, kinds) as trace:  # type: ignore[arg-type]
        heard = self_attend(attention, inputs, mask, causal)
    torch.testing.assert_close(heard, quiet, atol=1e-6, rtol=0)
    weights = trace.last("", "weights")
    assert weights.shape == (2, 2, 5, 5)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2, 5))
    torch.testing.assert_close(weights @ trace.last("", "values"), trace.last("", "contexts"))
    torch.testing.assert_close(
        trace.last("", "queries") @ trace.last("", "keys").mT / 2, trace.last("", "scores"), atol=1e-6, rtol=0
    )
    if causal:
        assert weights.triu(1).count_nonzero() == 0
    if mask is not None:
        assert weights.masked_select(~mask).count_nonzero() == 0


@pytest.mark.parametrize("bias", [True, False])
def test_self_attention_equals_torchs(bias: bool) -> None:
    ours, theirs = SelfAttention(8, 2, 0.0, "encoder"), nn.MultiheadAttention(8, 2, bias=bias, batch_first=True)
    with torch.no_grad():
        for linear, weight, offset in (
            (ours.input, theirs.in_proj_weight, theirs.in_proj_bias),
            (ours.output, theirs.out_proj.weight, theirs.out_proj.bias),
        ):
            linear.weight.copy_(weight)
            linear.bias.copy_(offset.normal_() if bias else torch.zeros_like(linear.bias))
    inputs = torch.randn(2, 5, 8)
    wanted, weights = theirs(inputs, inputs, inputs, average_attn_weights=False)
    with capture(ours) as trace:
        found = self_attend(ours, inputs, None, False)
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)
    torch.testing.assert_close(trace.last("", "weights"), weights, atol=1e-6, rtol=0)


def test_the_rows_of_a_source_share_its_keys_and_values() -> None:
    attention = CrossAttention(8, 2, 0.0)
    annotations, inputs = torch.randn(2, 6, 8), torch.randn(24, 8)  # three rows of four queries a source
    mask = (torch.arange(6) < torch.tensor([[6], [3]]))[:, None, None, :]
    keys, values = attention.prepare(annotations)
    found = attention.bind()(inputs, keys, values, mask)
    repeated = attention.prepare(annotations.repeat_interleave(3, 0))
    wanted = attention.bind()(inputs, *repeated, mask.repeat_interleave(3, 0))
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)


def test_absorbed_matrices_change_nothing() -> None:
    attention = CrossAttention(32, 2, 0.0).eval()
    annotations, inputs, hidden = torch.randn(1, 6, 32), torch.randn(5, 32), torch.randn(5, 32)
    for linear in (attention.query, attention.key_value, attention.output):
        nn.init.normal_(linear.bias)
    with torch.inference_mode():
        keys, values = attention.prepare(annotations)
        absorbed = attention.absorb(keys, values)
        assert absorbed is not None
        wanted = hidden + attention.output(attention.bind()(inputs, keys, values, None))
        torch.testing.assert_close(absorbed.add_to(hidden, inputs), wanted, atol=1e-5, rtol=1e-5)


def test_matrices_are_absorbed_where_that_is_smaller_and_nothing_is_learnt() -> None:
    attention = CrossAttention(32, 2, 0.0).eval()

    def absorbed(sources: int, positions: int) -> bool:
        keys, values = attention.prepare(torch.randn(sources, positions, 32))
        return attention.absorb(keys, values) is not None

    assert not absorbed(1, 16)
    with torch.inference_mode():
        assert [absorbed(*shape) for shape in ((1, 16), (1, 17), (2, 8))] == [True, False, False]
        attention.train()
        assert not absorbed(1, 16)


def test_a_size_that_heads_do_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="10 is no multiple of num_heads 3"):
        SelfAttention(10, 3, 0.0, "encoder")


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize(("mask", "causal"), list(masks()))
def test_training_runs_the_fused_kernel(mask: Tensor | None, causal: bool, autocast: bool) -> None:
    attention = SelfAttention(8, 2, 0.0, "encoder").train()
    with Operations() as operations, torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        self_attend(attention, torch.randn(2, 5, 8), mask, causal).sum().backward()
    assert {FLASH, f"{FLASH}_backward"} <= operations.names


def test_attention_dropout_disables_the_fused_kernel_in_training_only() -> None:
    attention = SelfAttention(8, 2, 0.5, "encoder")
    for training in (True, False):
        with Operations() as operations:
            self_attend(attention.train(training), torch.randn(2, 5, 8), None, True)
        assert (FLASH in operations.names) is not training


def test_attention_dropout_is_off_in_evaluation_also_when_listened_to() -> None:
    attention = SelfAttention(8, 2, 0.5, "encoder").eval()
    inputs = torch.randn(2, 5, 8)
    quiet = self_attend(attention, inputs, None, False)
    with capture(attention):
        torch.testing.assert_close(self_attend(attention, inputs, None, False), quiet, atol=1e-6, rtol=0)


def test_attention_dropout_keeps_the_expectation_also_when_listened_to() -> None:
    attention = SelfAttention(8, 2, 0.5, "encoder").train()
    inputs = torch.randn(1, 4, 8).expand(4000, 4, 8)
    with torch.no_grad():
        wanted = self_attend(attention.eval(), inputs[:1], None, False)
        attention.train()
        quiet = self_attend(attention, inputs, None, False)
        with capture(attention) as trace:
            heard = self_attend(attention, inputs, None, False)
    for outputs in (quiet, heard):
        assert outputs.std(0).max() > 0.01, "something was dropped"
        torch.testing.assert_close(outputs.mean(0, keepdim=True), wanted, atol=0.05, rtol=0)
    torch.testing.assert_close(trace.last("", "weights").sum(-1), torch.ones(4000, 2, 4))
