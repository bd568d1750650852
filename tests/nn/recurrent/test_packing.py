import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence

from atento.nn.recurrent.packing import Packing


def packing_of(lengths: list[int], steps: int) -> Packing:
    valid = torch.arange(steps) < torch.tensor(lengths).unsqueeze(1)
    return Packing.of((len(lengths), steps), valid, torch.device("cpu"))


ragged = st.lists(st.integers(0, 6), min_size=1, max_size=6).filter(any)


@settings(deadline=None)
@given(ragged, st.integers(0, 2))
def test_unpacking_gives_back_every_real_element_and_zeros(lengths: list[int], extra: int) -> None:
    steps = max(lengths) + extra
    packing = packing_of(lengths, steps)
    padded = torch.randn(len(lengths), steps, 2)
    valid = torch.arange(steps) < torch.tensor(lengths).unsqueeze(1)
    torch.testing.assert_close(packing.unpack(packing.pack(padded)), padded * valid.unsqueeze(2))
    assert packing.real == sum(lengths)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=6))
@settings(deadline=None)
def test_the_layout_is_pytorchs(lengths: list[int]) -> None:
    padded = torch.randn(len(lengths), max(lengths), 2)
    theirs = pack_padded_sequence(padded, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    packing = packing_of(lengths, max(lengths))
    assert list(packing.sizes) == theirs.batch_sizes.tolist()
    rows = torch.arange(float(len(lengths)))
    ours = packing.pack(padded)
    for start, size in packing.slices():  # equally long rows may stand in another order
        assert sorted(ours[start : start + size, 0].tolist()) == sorted(theirs.data[start : start + size, 0].tolist())
    torch.testing.assert_close(packing.unsort(packing.sort(rows)), rows)


@settings(deadline=None)
@given(ragged)
def test_reversal_turns_each_row_inside_its_own_length(lengths: list[int]) -> None:
    packing = packing_of(lengths, max(lengths))
    padded = torch.randint(1, 100, (len(lengths), max(lengths)))
    turned = packing.unpack(packing.pack(padded)[packing.reversal()])
    for row, length in enumerate(lengths):
        assert turned[row, :length].tolist() == padded[row, :length].tolist()[::-1]
    kept = torch.tensor([min(1, length) for length in lengths])
    turned = packing.unpack(packing.pack(padded)[packing.reversal(kept)])
    for row, length in enumerate(lengths):
        original = padded[row, :length].tolist()
        assert turned[row, :length].tolist() == original[:-1][::-1] + original[-1:]


@pytest.mark.parametrize("lengths", [[3, 3], [2, 3], [0, 3, 1]])
def test_previous_is_one_step_earlier(lengths: list[int]) -> None:
    packing = packing_of(lengths, 3)
    padded, initial = torch.randn(len(lengths), 3, 2), torch.randn(len(lengths), 2)
    before = packing.unpack(packing.previous(packing.pack(padded), packing.sort(initial)))
    for row, length in enumerate(lengths):
        wanted = torch.cat([initial[row : row + 1], padded[row]])[:length]
        torch.testing.assert_close(before[row, :length], wanted)
