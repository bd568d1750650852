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
    contexts = attention.bind_attention()(queries, *attention.bind_parting()(keys_values), mask, causal)
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


def plainly(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """softmax(QKᵀ / √d_k) V of one head (Vaswani et al. 2017, eq. 1), query by query."""
    outputs = []
    for query, visible in zip(queries, mask, strict=True):
        scores = torch.stack([query @ key / keys.shape[1] ** 0.5 for key in keys]).masked_fill(~visible, -torch.inf)
        outputs.append(sum(weight * value for weight, value in zip(scores.softmax(0), values, strict=True)))
    return torch.stack(outputs)  # type: ignore[arg-type]


def heads(vectors: Tensor, weight: Tensor, bias: Tensor, num_heads: int) -> list[Tensor]:
    """x W_i + b_i of each head i; the heads' matrices lie one below the other."""
    pairs = zip(weight.chunk(num_heads), bias.chunk(num_heads), strict=True)
    return [vectors @ matrix.T + offset for matrix, offset in pairs]


SIZES = [(None, None), (4, 4), (6, 6), (6, 3), (2, 5), (1, 4)]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("key_size", "value_size"), SIZES)
def test_self_attention_is_its_equations(key_size: int | None, value_size: int | None, causal: bool) -> None:
    """MultiHead(Q, K, V) = Concat(head₁, …, head_h) W_O, head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V)."""
    attention = SelfAttention(12, 3, 0.0, "encoder", key_size, value_size).double()
    nn.init.normal_(attention.input.bias)
    inputs = torch.randn(2, 5, 12, dtype=torch.float64)
    keys, values = 3 * (key_size or 4), 3 * (value_size or 4)
    parts = [
        torch.split_with_sizes(tensor, [keys, keys, values])
        for tensor in (attention.input.weight, attention.input.bias)
    ]
    mask = torch.ones(5, 5, dtype=torch.bool).tril() if causal else torch.ones(5, 5, dtype=torch.bool)
    wanted = []
    for sentence in inputs:
        projected = [heads(sentence, weight, bias, 3) for weight, bias in zip(*parts, strict=True)]
        contexts = [plainly(*each, mask) for each in zip(*projected, strict=True)]
        wanted.append(torch.cat(contexts, 1) @ attention.output.weight.T + attention.output.bias)
    torch.testing.assert_close(self_attend(attention, inputs, None, causal), torch.stack(wanted))
    with capture(attention, ["keys", "values"]) as trace:
        torch.testing.assert_close(self_attend(attention, inputs, None, causal), torch.stack(wanted))
    assert trace.last("", "keys").shape == (2, 3, 5, keys // 3)
    assert trace.last("", "values").shape == (2, 3, 5, values // 3)


@pytest.mark.parametrize(("key_size", "value_size"), SIZES)
def test_cross_attention_is_its_equations(key_size: int | None, value_size: int | None) -> None:
    attention = CrossAttention(12, 3, 0.0, key_size, value_size).double().eval()
    for linear in (attention.query, attention.key_value, attention.output):
        nn.init.normal_(linear.bias)
    annotations, inputs = torch.randn(1, 3, 12, dtype=torch.float64), torch.randn(7, 12, dtype=torch.float64)
    widths = [3 * (key_size or 4), 3 * (value_size or 4)]
    key, value = zip(
        *(torch.split_with_sizes(tensor, widths) for tensor in (attention.key_value.weight, attention.key_value.bias)),
        strict=True,
    )
    projected = (
        heads(inputs, attention.query.weight, attention.query.bias, 3),
        heads(annotations[0], *key, 3), heads(annotations[0], *value, 3),
    )  # fmt: skip
    visible = torch.ones(7, 3, dtype=torch.bool)
    contexts = torch.cat([plainly(*each, visible) for each in zip(*projected, strict=True)], 1)
    wanted = contexts @ attention.output.weight.T + attention.output.bias
    with torch.inference_mode():
        keys, values = attention.prepare(annotations)
        found = attention.output(attention.bind()(inputs, keys, values, None))
        torch.testing.assert_close(found, wanted.detach())
        absorbed = attention.absorb(keys, values)
        assert (absorbed is not None) == (sum(widths) // 3 >= 6)
        if absorbed is not None:
            torch.testing.assert_close(absorbed.add_to(torch.zeros_like(inputs), inputs), wanted.detach())


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
    for sizes in ((None, None), (4, None), (None, 4)):
        with pytest.raises(ValueError, match="10 is no multiple of num_heads 3"):
            SelfAttention(10, 3, 0.0, "encoder", *sizes)
    SelfAttention(10, 3, 0.0, "encoder", 4, 2)


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
