"""Things that take long to make, kept while they are asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar, cast

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The values that were asked for last, each made once, also when several threads ask for it at the same time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()

    def get(self, key: Hashable, stamp: object, make: Callable[[], Value]) -> Value:
        """The value of a key, made now if it is not there, or was made of something with another stamp."""
        with self._guard:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self._most:
                self._slots.popitem(last=False)
        with slot.lock:
            if slot.stamps != [stamp]:
                slot.value, slot.stamps = None, []  # an old value is let go before there is a new one
                slot.value, slot.stamps = make(), [stamp]
            return cast("Value", slot.value)


class _Slot:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value: object = None
        self.stamps: list[object] = []
        """What the value was made of; empty: there is none."""
