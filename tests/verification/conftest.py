"""What the tests of verify share: both ways for small batches, counts of comparisons, a wrong oracle."""

from collections import Counter

import pytest

from autograd import verification
from autograd.nn import rowwise
from autograd.scalar.nn import Neuron as OracleNeuron


@pytest.fixture(params=[True, False], ids=["by rows", "as a batch"])
def small_batches(request, monkeypatch):
    """Runs the test with both ways of computing a few samples in a small net."""
    if not request.param:
        monkeypatch.setattr(rowwise, "MOST_PRODUCTS", 0)


@pytest.fixture
def compared(monkeypatch):
    """How often verify has compared numbers: the calls of its two functions that do so, by name."""
    counts = Counter()

    def counting(name):
        compare = getattr(verification, name)

        def counted(*args):
            counts[name] += 1
            return compare(*args)

        monkeypatch.setattr(verification, name, counted)

    counting("close")  # the numbers, slopes and gradients of operations
    counting("same")  # the outputs of nets
    return counts


@pytest.fixture
def scale_neurons(monkeypatch):
    """A function that has the oracle's neurons give wrong outputs."""

    def scale():
        right = OracleNeuron.__call__
        monkeypatch.setattr(OracleNeuron, "__call__", lambda neuron, x: right(neuron, x) * 1.001)

    return scale
