"""Seeing inside a model without slowing it down.

Modules that can be looked into derive from ``Observable``. Without a listener they run the fused kernel; inside
``with capture(model) as trace:`` they take the explicit path and report what they compute. Nothing is patched, no
signature carries a flag, and the listeners are gone when the block ends, also by an error.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from torch import Tensor, nn

Kind = Literal[
    "weights", "scores", "queries", "keys", "values", "contexts", "centres", "alignments",
    "gates", "hidden", "cells",
    "embeddings", "positions", "inputs", "normalised", "outputs", "sums", "activations",
]  # fmt: skip
"""What can be reported; each module's docstring says what it reports, and in which shapes.

Attention: ``weights`` are those after the softmax, ``scores`` before it, ``contexts`` the weighted sums of ``values``;
``centres`` of Luong's local windows, and ``alignments``, the softmax before local-p's Gaussian makes ``weights`` of it.
Recurrent layers: ``gates``, ``hidden`` states and an LSTM's ``cells``. The Transformer's embeddings: what is looked up,
the ``positions`` that are added, and their ``sums``. A residual connection: its ``inputs``, the ``outputs`` of its
sub-layer, their ``sums``, and what it ``normalised``. A feed-forward network: ``activations``, its hidden layer.
"""

Role = Literal["encoder", "decoder", "cross"]
"""Whose attention: the encoder's over itself, the decoder's over itself, or the decoder's over the source."""


class Trace:
    """What the observed modules reported, by module name and kind, one tensor a call (but see ``Stack``)."""

    def __init__(self) -> None:
        self._reports: defaultdict[tuple[str, Kind], list[Tensor]] = defaultdict(list)
        self._roles: dict[str, Role | None] = {}

    def all(self, name: str, kind: Kind) -> list[Tensor]:
        """Every report of a module, in the order of the calls (empty if there is none)."""
        return list(self._reports.get((name, kind), ()))

    def last(self, name: str, kind: Kind) -> Tensor:
        """A module's latest report.

        Raises:
            KeyError: the module reported nothing of this kind.
        """
        reports = self._reports.get((name, kind))
        if not reports:
            raise KeyError(f"{name} reported no {kind}; reported: {sorted(self._reports)}")
        return reports[-1]

    def names(self, kind: Kind, role: Role | None = None) -> list[str]:
        """The modules that reported this kind (and have this role), in the model's order."""
        return [
            name
            for name, its_role in self._roles.items()
            if (name, kind) in self._reports and (role is None or its_role == role)
        ]

    def layers(self, kind: Kind, role: Role) -> list[Tensor]:
        """The latest reports of all modules with this role, in the model's order: one a layer."""
        return [self.last(name, kind) for name in self.names(kind, role)]


class Listener:
    """Hands one module's reports to a trace."""

    def __init__(self, name: str, trace: Trace, kinds: frozenset[Kind], detach: bool) -> None:
        self._name = name
        self._trace = trace
        self._kinds = kinds
        self._detach = detach

    def report(self, kind: Kind, value: Tensor) -> None:
        """Keep a value, if its kind is wanted."""
        if kind in self._kinds:
            self._trace._reports[self._name, kind].append(value.detach() if self._detach else value)


class Observable(nn.Module):
    """A module that reports to ``self.listener`` while one is attached."""

    listener: Listener | None = None
    role: Role | None = None

    def tell(self, kind: Kind, value: Tensor) -> None:
        """Report to the listener, if there is one."""
        if self.listener is not None:
            self.listener.report(kind, value)


class Stack(Observable):
    """Layers upon layers. While listened to it reports ``hidden`` several times a call.

    First comes what enters its first layer, then what leaves each one, [rows, steps, units]; the last report is what
    the stack hands over, a last normalisation included. The numbers of Hugging Face's ``hidden_states`` are the same.
    """

    def report_hidden(self, hidden: Tensor) -> None:
        """Tell the listener, if there is one."""
        self.tell("hidden", hidden)


@contextlib.contextmanager
def capture(
    model: nn.Module,
    kinds: Iterable[Kind] = ("weights",),
    *,
    names: Iterable[str] | None = None,
    detach: bool = True,
) -> Iterator[Trace]:
    """Listen to a model's observable modules while the block runs.

    Args:
        model: any module that holds observable ones.
        kinds: what to keep; see ``Kind``.
        names: modules to listen to, by their name in ``model.named_modules()``; None means all of them.
        detach: cut the reports off the graph; without it a loss may be made of them, as the written-out paths are
            differentiable. The trace then keeps the graph alive.

    Raises:
        ValueError: an unknown kind, an unknown name, or a module that somebody listens to already.
    """
    wanted = frozenset(kinds)
    if unknown := wanted - set(get_args(Kind)):
        raise ValueError(f"unknown kinds {sorted(unknown)}; known: {', '.join(get_args(Kind))}")
    observable = {name: module for name, module in model.named_modules() if isinstance(module, Observable)}
    chosen = observable if names is None else {name: observable[name] for name in _known(names, observable)}
    if busy := [name for name, module in chosen.items() if module.listener is not None]:
        raise ValueError(f"{busy[0]} is listened to already; leave that capture first")
    trace = Trace()
    trace._roles = {name: module.role for name, module in chosen.items()}
    try:
        for name, module in chosen.items():
            module.listener = Listener(name, trace, wanted, detach)
        yield trace
    finally:
        for module in chosen.values():
            module.listener = None


def observable_names(model: nn.Module, role: Role | None = None) -> list[str]:
    """The modules of a model that can be listened to (and have this role), in its order."""
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, Observable) and (role is None or module.role == role)
    ]


def roles(model: nn.Module) -> frozenset[Role]:
    """The roles of the model's attention modules; without ``cross`` a decoder sees the source only as one vector."""
    return frozenset(module.role for module in model.modules() if isinstance(module, Observable) and module.role)


def _known(names: Iterable[str], observable: dict[str, Observable]) -> list[str]:
    asked = list(names)
    if unknown := [name for name in asked if name not in observable]:
        raise ValueError(f"no observable module is called {unknown[0]!r}; there are: {', '.join(observable)}")
    return asked
