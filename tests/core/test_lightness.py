"""Commands answer at once because nothing imports torch before it is needed."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("part", ["atento", "atento.text.training", "atento.figures.attention", "atento.core.files"])
def test_importing_these_parts_does_not_import_torch(part: str) -> None:
    program = (
        f"import sys, {part}; print(*(name for name in ('torch', 'matplotlib', 'sacrebleu') if name in sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


@pytest.mark.parametrize("words", [["--help"], ["study"], ["study", "--json"], ["study", "--help"]])
def test_these_commands_do_not_import_torch(words: list[str]) -> None:
    program = (
        "import sys\nfrom atento.cli import main\n"
        f"code = main({words!r})\n"
        "print(*(name for name in ('torch', 'matplotlib', 'sacrebleu') if name in sys.modules), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout
    assert found.stderr.split() == []
