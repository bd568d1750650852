"""Settings of every test: one thread (the tensors are tiny), a fixed seed, and no time limit for Hypothesis.

Also the folder of real corpora, where there is one.
"""

import os
from pathlib import Path

import hypothesis
import pytest
import torch

torch.set_num_threads(1)
hypothesis.settings.register_profile("atento", deadline=None)
hypothesis.settings.load_profile("atento")


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(20261123)


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real corpora; the test is skipped where it is missing."""
    given = os.environ.get("ATENTO_DATA")
    folder = Path(given) if given else Path(__file__).parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"there are no corpora in {folder}; name their folder in ATENTO_DATA")
    return folder
