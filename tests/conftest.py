import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("repeatable")


@pytest.fixture
def rng():
    """A generator with the same numbers in every run."""
    return np.random.default_rng(20260101)
