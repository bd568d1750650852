from __future__ import annotations

import threading

import pytest

from atento.studio.kept import Kept


def test_values_are_made_once_and_the_last_ones_are_kept() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name.upper()

    kept: Kept[str] = Kept(2)
    for name in ("a", "b", "a", "c", "a", "b"):  # c takes the place of b, and b that of c
        assert kept.get(name, 1, lambda name=name: make(name)) == name.upper()
    assert made == ["a", "b", "c", "b"]


def test_another_stamp_makes_a_new_value() -> None:
    kept: Kept[int] = Kept(2)
    assert [kept.get("a", stamp, lambda stamp=stamp: stamp) for stamp in (1, 1, 2, 2)] == [1, 1, 2, 2]


def test_what_could_not_be_made_is_tried_again() -> None:
    kept: Kept[int] = Kept(2)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", 1, lambda: 1 // 0)
    assert kept.get("a", 1, lambda: 7) == 7


def test_threads_that_ask_at_once_get_one_value() -> None:
    kept: Kept[object] = Kept(2)
    begun, goes_on = threading.Event(), threading.Event()

    def make() -> object:
        begun.set()
        assert goes_on.wait(30)
        return object()

    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(kept.get("a", 1, make))) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert begun.wait(30)
    assert kept.get("b", 1, lambda: 1) == 1  # another value is not kept waiting
    goes_on.set()
    for thread in threads:
        thread.join(30)
    assert len(found) == 5
    assert len(set(map(id, found))) == 1
