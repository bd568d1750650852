"""One table, both directions: writing what was read gives the same tensors; nothing is passed over in silence."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from atento.core.errors import DataError
from atento.interop.tables import Row, Table, paired, read, unneeded, write

TABLE = Table(
    rows=(
        Row(ours="fused", theirs=("c",), transposed=True),
        Row(ours="grouped", theirs=("q", "k", "v"), sizes=(4, 2, 2)),
        Row(ours="positions", theirs=("p",), unused=2),
        Row(ours="bias", theirs=("b",), nested=True),
        *paired("layer", ["one", "two"]),
    ),
    copies={"copy": "c"},
    constants=(r"mask\.\d+",),
    unneeded=(r"pooler\..*",),
)
SHAPES = {
    "fused": (6, 3), "grouped": (8, 3), "positions": (5, 3), "bias": (7,), "layer.weight": (4, 3), "layer.bias": (4,)
}  # fmt: skip


def tensors() -> dict[str, Tensor]:
    shapes = {
        "c": (3, 6), "q": (4, 3), "k": (2, 3), "v": (2, 3), "p": (7, 3), "b": (1, 7), "one.weight": (2, 3),
        "two.weight": (2, 3), "one.bias": (2,), "two.bias": (2,),
    }  # fmt: skip
    return {name: torch.randn(shape) for name, shape in shapes.items()}


def reading(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    return read(TABLE, theirs, {name: torch.Size(shape) for name, shape in SHAPES.items()}, "folder")


def test_writing_undoes_reading() -> None:
    theirs = tensors()
    ours = reading(theirs)
    assert {name: tuple(tensor.shape) for name, tensor in ours.items()} == SHAPES
    assert torch.equal(ours["fused"], theirs["c"].t())
    assert torch.equal(ours["grouped"][4:6], theirs["k"])
    assert torch.equal(ours["layer.bias"], torch.cat([theirs["one.bias"], theirs["two.bias"]]))
    theirs["p"][:2] = 0  # rows that nothing reads come back empty
    back = write(TABLE, ours)
    assert back.keys() == theirs.keys()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in back.items())


def test_half_precision_is_read_as_float32() -> None:
    ours = reading({name: tensor.half() for name, tensor in tensors().items()})
    assert all(tensor.dtype == torch.float32 for tensor in ours.values())


def test_copies_constants_and_what_is_not_needed() -> None:
    theirs = tensors()
    more = {"copy": theirs["c"].clone(), "mask.0": torch.ones(2), "pooler.weight": torch.ones(2)}
    assert reading({**theirs, **more}).keys() == SHAPES.keys()
    assert unneeded(TABLE, [*theirs, *more]) == ["pooler.weight"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"k": None}, "'k' is missing among its weights (1 of 10 are)"),
        ({"strange": torch.ones(1)}, "'strange' among its weights belongs to nothing"),
        ({"mask.x": torch.ones(1)}, "'mask.x' among its weights belongs to nothing"),
        ({"copy": torch.zeros(3, 6)}, "'copy' and 'c' differ"),
        ({"c": torch.ones(6, 3)}, "'c' has the shape (6, 3)"),
        ({"p": torch.ones(5, 3)}, "asks for numbers in the shape (7, 3)"),
        ({"b": torch.ones(7)}, "asks for numbers in the shape (1, 7)"),
        ({"q": torch.ones(4, 3, dtype=torch.int64)}, "the type torch.int64"),
        ({"k": torch.full((2, 3), float("nan"))}, "'k' holds NaN or infinite numbers"),
        ({"p": torch.full((7, 3), 1e300, dtype=torch.float64)}, "'p' holds NaN or infinite numbers"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Tensor | None], words: str) -> None:
    changed = {name: tensor for name, tensor in {**tensors(), **change}.items() if tensor is not None}
    with pytest.raises(DataError) as caught:
        reading(changed)
    assert words in str(caught.value)
    assert str(caught.value).startswith("folder: ")
