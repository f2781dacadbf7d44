"""verify accepts other gradients only at the kink of an activation."""

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
def test_verify_raises_for_a_wrong_gradient_where_an_operand_cancels_to_nearly_0(name, no_gradients):
    with pytest.raises(ParityError, match="gradient"), verify():
        NEARLY_0[name](Value(0.1) + Value(0.2) + Value(-0.3)).backward()


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if ACTIVATIONS[name].kink is None])
def test_verify_raises_for_a_wrong_gradient_of_a_net_with_a_smooth_activation_at_nearly_0(
    activation, no_gradients
):
    net = Net(3, [1], activation, init=lambda n_out, n_in: [[0.1, 0.2, -0.3]])
    with pytest.raises(ParityError, match="gradient"), verify():
        net([1.0, 1.0, 1.0]).backward()


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_verify_accepts_other_gradients_only_at_the_kink_of_an_activation(activation, no_gradients):
    net = Net(3, [1], activation, init=lambda n_out, n_in: [[0.1, 0.2, -0.3]])
    with verify():
        net([1.0, 1.0, 1.0]).backward()
    with pytest.raises(ParityError, match="gradient"), verify():
        net([1.0, 1.0, 0.5]).backward()


def test_verify_raises_for_a_wrong_gradient_of_a_relu_net_away_from_its_kinks(no_gradients):
    random.seed(1)
    net = MLP(2, [4, 1])
    with pytest.raises(ParityError, match="gradient"), verify():
        (3 * net([0.5, -1.0])).backward()
