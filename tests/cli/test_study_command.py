from __future__ import annotations

import pytest

from atento.cli.study import _shared


@pytest.mark.parametrize(
    ("typed", "shared"),
    [
        ("study reversal --small -o here --jobs 2 --seed 4 --json", "study reversal --small --seed 4"),
        ("study reversal --output=here -othere --device cpu", "study reversal"),
        ("study /home/a/mine.toml --data /home/a --set seeds=3", "study mine.toml --set seeds=3"),
        ("study scores --train /a/x.pt y.es --valid v.pt v.es", "study scores --train x.pt y.es --valid v.pt v.es"),
    ],
)  # fmt: skip
def test_the_command_in_a_report_leaves_out_what_concerns_one_machine(typed: str, shared: str) -> None:
    assert _shared(typed.split()) == f"atento {shared}"
