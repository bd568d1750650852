"""Settings of every test: one thread (the tensors are tiny), a fixed seed, and no time limit for Hypothesis."""

import hypothesis
import pytest
import torch

torch.set_num_threads(1)
hypothesis.settings.register_profile("atento", deadline=None)
hypothesis.settings.load_profile("atento")


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(20261123)
