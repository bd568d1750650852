"""Listening to modules: what is kept, by which name and role, and that nothing stays behind."""

import pytest
import torch
from torch import Tensor, nn

from atento.nn.capture import Observable, capture, observable_names


class Doubler(Observable):
    def forward(self, inputs: Tensor) -> Tensor:
        if self.listener is not None:
            self.listener.report("hidden", inputs)
            self.listener.report("scores", inputs * 2)
        return inputs * 2


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.between, self.second = Doubler(), nn.Linear(2, 2), Doubler()
        self.first.role, self.second.role = "encoder", "cross"

    def forward(self, inputs: Tensor) -> Tensor:
        return self.second(self.between(self.first(inputs)))  # type: ignore[no-any-return]


def listeners(model: nn.Module) -> list[object]:
    return [module.listener for module in model.modules() if isinstance(module, Observable)]


def test_reports_are_kept_by_name_and_kind_in_the_order_of_the_calls() -> None:
    model = Model()
    inputs = [torch.randn(3, 2) for _ in range(2)]
    with capture(model, ["hidden", "scores"]) as trace:
        for part in inputs:
            model(part)
    assert trace.names("hidden") == ["first", "second"]
    assert trace.names("hidden", "cross") == ["second"]
    assert trace.names("hidden", "decoder") == trace.names("weights") == []
    torch.testing.assert_close(trace.all("first", "hidden"), inputs)
    torch.testing.assert_close(trace.last("first", "scores"), inputs[1] * 2)
    torch.testing.assert_close(trace.layers("hidden", "encoder"), [inputs[1]])
    assert trace.all("first", "weights") == []
    with pytest.raises(KeyError, match="first reported no weights"):
        trace.last("first", "weights")


def test_only_the_wanted_kinds_and_names_are_kept_and_detached() -> None:
    model = Model()
    with capture(model, ["hidden"], names=["second"]) as trace:
        outputs = model(torch.randn(3, 2))
    assert trace.names("hidden") == ["second"]
    assert trace.names("scores") == []
    assert outputs.requires_grad
    assert not trace.last("second", "hidden").requires_grad


def test_reports_may_stay_on_the_graph() -> None:
    model = Model()
    with capture(model, ["scores"], names=["second"], detach=False) as trace:
        model(torch.randn(3, 2))
    trace.last("second", "scores").sum().backward()
    assert model.between.weight.grad is not None
    assert bool(model.between.weight.grad.any())


def test_what_can_be_listened_to_is_named_in_the_models_order() -> None:
    model = Model()
    assert observable_names(model) == ["first", "second"]
    assert observable_names(model, "cross") == ["second"]
    assert observable_names(model, "decoder") == []


def test_listeners_are_gone_after_the_block_and_after_an_error() -> None:
    model = Model()
    with capture(model):
        assert None not in listeners(model)
    assert listeners(model) == [None, None]
    with pytest.raises(RuntimeError, match="shapes"), capture(model):
        model(torch.randn(1, 3))
    assert listeners(model) == [None, None]


@pytest.mark.parametrize("kinds", [["weihgts"], "weights"])
def test_an_unknown_kind_is_refused(kinds: object) -> None:
    with pytest.raises(ValueError, match="unknown kinds"), capture(Model(), kinds):  # type: ignore[arg-type]
        pytest.fail("the block must not run")


def test_an_unknown_name_is_refused_and_the_known_ones_are_listed() -> None:
    model = Model()
    with pytest.raises(ValueError, match="'between'; there are: first, second"), capture(model, names=["between"]):
        pytest.fail("the block must not run")
    assert listeners(model) == [None, None]


def test_a_module_has_one_listener_at_a_time_and_keeps_the_first() -> None:
    model = Model()
    with capture(model, ["hidden"], names=["second"]) as outer:
        with pytest.raises(ValueError, match="second is listened to already"), capture(model):
            pytest.fail("the block must not run")
        with capture(model, ["hidden"], names=["first"]) as inner:
            model(torch.randn(1, 2))
        model(torch.randn(1, 2))
    assert len(outer.all("second", "hidden")) == 2
    assert len(inner.all("first", "hidden")) == 1
    assert listeners(model) == [None, None]
