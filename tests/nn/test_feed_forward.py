"""Feed-forward networks against their formulas."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from atento.nn.capture import capture
from atento.nn.feed_forward import Activation, FeedForward


@pytest.mark.parametrize("activation", ["relu", "gelu", "swiglu"])
def test_it_is_the_formula_at_every_position(activation: Activation) -> None:
    network = FeedForward(4, 6, activation, 0.0)
    inputs = torch.randn(2, 3, 4)
    before = inputs.clone()
    found = network.output(network.bind()(inputs))
    assert torch.equal(inputs, before)
    weight, bias = network.input.weight, network.input.bias
    for row, position in ((0, 0), (1, 2)):
        hidden = weight @ inputs[row, position] + bias
        if activation == "swiglu":
            gate, value = hidden[:6], hidden[6:]
            hidden = gate * torch.sigmoid(gate) * value
        else:
            hidden = hidden.clamp(min=0) if activation == "relu" else F.gelu(hidden)
        wanted = network.output.weight @ hidden + network.output.bias
        torch.testing.assert_close(found[row, position], wanted, atol=1e-6, rtol=0)


@pytest.mark.parametrize("activation", ["relu", "gelu-tanh", "silu", "swiglu"])
def test_its_hidden_layer_can_be_heard_and_costs_nothing_unheard(activation: Activation) -> None:
    network, inputs = FeedForward(4, 6, activation, 0.0), torch.randn(3, 4)
    quiet = network.bind()(inputs)
    with capture(network, ["activations"]) as trace:
        heard = network.bind()
        assert torch.equal(heard(inputs), quiet)
    assert torch.equal(trace.last("", "activations"), quiet)
    assert torch.equal(heard(inputs), quiet), "what was bound while somebody listened still works"
    assert len(trace.all("", "activations")) == 1


def test_dropout_acts_inside_and_in_training_only() -> None:
    network = FeedForward(4, 6, "relu", 0.5)
    inputs = torch.randn(1, 4).expand(4000, 4)
    outputs = network.output(network.train().bind()(inputs))
    wanted = network.output(network.eval().bind()(inputs[:1]))
    assert outputs.std(0).max() > 0.01
    torch.testing.assert_close(outputs.mean(0, keepdim=True), wanted, atol=0.05, rtol=0)
    assert torch.equal(network.output(network.bind()(inputs[:1])), wanted)
