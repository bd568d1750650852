"""Keep freed memory in the process, or hand it back.

glibc hands large blocks back to the system when they are freed, and the next training step pays for fresh pages again:
a quarter of a small model's step on CPU (``make bench``). Raising two of its thresholds ends that, at the price that
the process keeps its greatest size. Elsewhere (musl, macOS, Windows) nothing is changed.
"""

from __future__ import annotations

import ctypes
import platform

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h


def keep_freed_memory() -> bool:
    """Raise the thresholds of the whole process; returns whether the platform has them."""
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    accepted = (library.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1), library.mallopt(_M_MMAP_THRESHOLD, 2**30))
    return all(accepted)


def release_freed_memory() -> bool:
    """Hand freed memory back to the system now, so that what the process holds can be measured; whether it was done."""
    if platform.libc_ver()[0] != "glibc":
        return False
    return bool(ctypes.CDLL(None).malloc_trim(0))
