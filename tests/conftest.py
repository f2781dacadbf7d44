import math

import numpy as np
import pytest
from hypothesis import settings

from autograd.pictures import animation as film
from autograd.tensor.rows import elementwise

# They have no doctests, and pytest cannot collect several modules of the same name
collect_ignore_glob = ["conftest.py", "*/conftest.py"]

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("repeatable")


@pytest.fixture
def rng():
    """A generator with the same numbers in every run."""
    return np.random.default_rng(20260101)


@pytest.fixture(params=[1500, math.inf], ids=["by table", "by NumPy"])
def tanh_of_many(request, monkeypatch):
    """Runs the test with each of the two forms of tanh, whichever is faster on this machine."""
    monkeypatch.setattr(elementwise, "MANY_NUMBERS", request.param)


@pytest.fixture
def short_films(monkeypatch):
    """Films of three frames, since drawing them is most of the work."""
    for function in (film.Film.__init__, film.decision, film.curve):
        monkeypatch.setitem(function.__kwdefaults__, "frames", 3)
