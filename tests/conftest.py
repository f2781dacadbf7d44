import numpy as np
import pytest
from hypothesis import settings

from autograd import film

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("repeatable")


@pytest.fixture
def rng():
    """A generator with the same numbers in every run."""
    return np.random.default_rng(20260101)


@pytest.fixture
def short_films(monkeypatch):
    """Films of three frames, since drawing them is most of the work."""
    for function in (film.Film.__init__, film.decision, film.curve):
        monkeypatch.setitem(function.__kwdefaults__, "frames", 3)
