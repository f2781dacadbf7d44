"""Only at the kink of an activation `verify` lets gradients differ; other slopes hide no wrong one."""

import random

import pytest

from autograd import MLP, Net, Value, verify
from autograd.errors import ParityError
from autograd.nn import ACTIVATIONS
from autograd.scalar.engine import Value as Oracle


@pytest.fixture
def no_gradients(monkeypatch):
    """An oracle whose backward pass does nothing, so that all gradients differ."""
    monkeypatch.setattr(Oracle, "backward", lambda self: None)


NEARLY_0 = {
    "tanh": lambda v: v.tanh(),
    "sin": lambda v: v.sin(),
    "exp": lambda v: v.exp(),
    "neg": lambda v: -v,
    "pos": lambda v: +v,
    "relu": lambda v: v.relu(),
    "abs": lambda v: abs(v),
    "sigmoid": lambda v: v.sigmoid(),
}


@pytest.mark.parametrize("name", NEARLY_0)
def test_a_number_that_cancels_to_nearly_0_hides_no_wrong_gradient(name, no_gradients):
    with pytest.raises(ParityError, match="gradient"), verify():
        NEARLY_0[name](Value(0.1) + Value(0.2) + Value(-0.3)).backward()


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if ACTIVATIONS[name].kink is None])
def test_nor_does_one_within_a_net_whose_activation_has_no_kink(activation, no_gradients):
    net = Net(3, [1], activation, init=lambda n_out, n_in: [[0.1, 0.2, -0.3]])
    with pytest.raises(ParityError, match="gradient"), verify():
        net([1.0, 1.0, 1.0]).backward()


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_at_the_kink_of_an_activation_gradients_may_differ(activation, no_gradients):
    net = Net(3, [1], activation, init=lambda n_out, n_in: [[0.1, 0.2, -0.3]])
    with verify():
        net([1.0, 1.0, 1.0]).backward()
    with pytest.raises(ParityError, match="gradient"), verify():
        net([1.0, 1.0, 0.5]).backward()


def test_a_relu_elsewhere_in_a_net_hides_no_wrong_gradient(no_gradients):
    random.seed(1)
    net = MLP(2, [4, 1])
    with pytest.raises(ParityError, match="gradient"), verify():
        (3 * net([0.5, -1.0])).backward()
