"""Byte spans where the library's own are rough."""

import pytest

from atento.text.opened.aligning import aligned
from atento.text.spans import Span


@pytest.mark.parametrize(
    ("text", "pieces", "rough", "expected"),
    [
        # a space that the library put before the text takes nothing of it
        ("中", [b" ", b"\xe4", b"\xb8", b"\xad"], [(0, 3)] * 4, [(0, 0), (0, 1), (1, 2), (2, 3)]),
        ("a b", [b" a", b" b"], [(0, 1), (1, 3)], [(0, 1), (1, 3)]),
        # a space that stands for another white space has its bytes
        ("\u00a0b", [b" ", b"b"], [(0, 2), (2, 3)], [(0, 2), (2, 3)]),
        ("\tb", [b" ", b"b"], [(0, 1), (1, 2)], [(0, 1), (1, 2)]),
        # another form than the text's has the library's span
        ("Éa", [b"e", b"a"], [(0, 2), (2, 3)], [(0, 2), (2, 3)]),
    ],
)
def test_spans(text: str, pieces: list[bytes], rough: list[Span], expected: list[Span]) -> None:
    assert aligned(text.encode(), pieces, rough) == expected
