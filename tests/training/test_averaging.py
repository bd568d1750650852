from __future__ import annotations

import torch
from torch import nn

from atento.training.averaging import MovingAverage, mean


def test_moving_average_follows_its_formula() -> None:
    model = nn.Linear(3, 2)
    average = MovingAverage(model, decay=0.5)
    expected = model.weight.detach().clone()
    for step in range(1, 6):
        with torch.no_grad():
            model.weight.add_(torch.randn(2, 3))
        average.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * model.weight.detach()
    torch.testing.assert_close(average.values["weight"], expected)
    assert average.values["weight"].data_ptr() != model.weight.data_ptr()


def test_moving_average_goes_on_from_saved_values() -> None:
    model = nn.Linear(3, 2)
    first, second = MovingAverage(model, 0.9), MovingAverage(model, 0.9)
    with torch.no_grad():
        model.weight.add_(1.0)
    first.update(1)
    second.load(first.values)
    torch.testing.assert_close(second.values, first.values)


def test_mean_of_snapshots() -> None:
    snapshots = [{"a": torch.full((2,), float(value))} for value in (1, 2, 6)]
    assert mean(snapshots)["a"].tolist() == [3.0, 3.0]
    assert mean(snapshots)["a"].dtype == torch.float32
