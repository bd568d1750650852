"""Parity with PyTorch's layers, on padded and on packed input."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from atento.nn.recurrent.cells import CellKind, CellState
from atento.nn.recurrent.layers import RecurrentLayer
from atento.nn.recurrent.packing import Packing

THEIRS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def their_layer(layer: RecurrentLayer, inputs: int) -> nn.RNNBase:
    theirs: nn.RNNBase = THEIRS[layer.kind](inputs, layer.units).double()
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(layer.weight_input)  # type: ignore[operator]
        theirs.weight_hh_l0.copy_(layer.weight_hidden)  # type: ignore[operator]
        theirs.bias_ih_l0.copy_(layer.bias)  # type: ignore[operator]
        theirs.bias_hh_l0.zero_()  # type: ignore[operator]
        if layer.bias_candidate is not None:
            theirs.bias_hh_l0[-layer.units :] = layer.bias_candidate  # type: ignore[index]
    return theirs


@pytest.mark.parametrize("lengths", [[4, 4, 4], [4, 2, 1]])
@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_a_layer_agrees_with_pytorchs_in_outputs_and_gradients(kind: CellKind, lengths: list[int]) -> None:
    torch.manual_seed(0)
    layer = RecurrentLayer(kind, 3, 5).double()
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.5)
    theirs = their_layer(layer, 3)
    valid = torch.arange(4) < torch.tensor(lengths).unsqueeze(1)
    packing = Packing.of((3, 4), valid, torch.device("cpu"))
    ours_in = torch.randn(packing.real, 3).double().requires_grad_()
    their_in = ours_in.detach().clone().requires_grad_()
    hidden, cell = torch.randn(2, 3, 5).double()
    run = layer(ours_in, packing, CellState(hidden, cell if kind == "lstm" else None))
    start: Tensor | tuple[Tensor, Tensor] = (hidden[None], cell[None]) if kind == "lstm" else hidden[None]
    output, last = theirs(PackedSequence(their_in, torch.tensor(packing.sizes)), start)
    torch.testing.assert_close(run.hidden, output.data)
    their_last = last if isinstance(last, tuple) else (last,)
    our_last = [run.final.hidden] if run.final.cell is None else [run.final.hidden, run.final.cell]
    for our, their in zip(our_last, their_last, strict=True):
        torch.testing.assert_close(our, their[0])
    weights = torch.randn_like(run.hidden)
    ((run.hidden * weights).sum() + sum((state**2).sum() for state in our_last)).backward()
    ((output.data * weights).sum() + sum((state**2).sum() for state in their_last)).backward()
    torch.testing.assert_close(ours_in.grad, their_in.grad)
    torch.testing.assert_close(layer.weight_hidden.grad, theirs.weight_hh_l0.grad)
    torch.testing.assert_close(layer.weight_input.grad, theirs.weight_ih_l0.grad)
    torch.testing.assert_close(layer.bias.grad, theirs.bias_ih_l0.grad)
