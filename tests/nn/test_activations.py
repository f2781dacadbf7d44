"""Activations of one's own, and the summary of a net."""

import copy

import numpy as np
import pytest
from registries import restored

from autograd.errors import OptionError, UnknownNameError
from autograd.nn import ACTIVATIONS, Net, register_activation


def test_a_registered_activation_is_used_by_its_name_and_may_be_registered_again(tmp_path):
    with restored():
        register_activation("cube", lambda x: x**3, bounds=(-np.inf, np.inf))
        net = Net(1, [2, 1], "cube", "linear")
        net.save(tmp_path / "net.npz")
        np.testing.assert_array_equal(Net.load(tmp_path / "net.npz").predict([[0.5]]), net.predict([[0.5]]))
        assert copy.deepcopy(net).activations == ["cube", "linear"]
        again = register_activation("cube", lambda x: 2 * x**3)
        assert ACTIVATIONS["cube"] is again
    with pytest.raises(
        UnknownNameError, match=r"the activation 'cube' of this net is not known; before loading"
    ):
        Net.load(tmp_path / "net.npz")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("relu", lambda x: x), {}, "a name that is not built in, got 'relu'"),
        ((5, lambda x: x), {}, "a name that is not built in, got 5"),
        (("", lambda x: x), {}, "a name that is not built in, got ''"),
        (("cube", 3), {}, "a function of a Tensor, got 3"),
        (("cube", abs), {"bounds": (1, 0)}, r"bounds \(low, high\), got \(1, 0\)"),
        (("cube", abs), {"bounds": 1}, r"bounds \(low, high\), got 1"),
    ],
)
def test_register_activation_refuses_what_is_no_activation(arguments, options, message):
    before = dict(ACTIVATIONS)
    with pytest.raises(OptionError, match=rf"^register_activation\(\) wants {message}$"):
        register_activation(*arguments, **options)
    assert before == ACTIVATIONS


# The summary ------------------------------------------------------------------------------------


def test_the_summary_of_a_net_is_a_text_that_the_prompt_shows_as_it_is():
    net = Net(300, [12_000, 3], "leaky_relu", lambda x: x * 2, dtype="float32")
    assert repr(net.summary()) == str(net.summary()) == net.summary()
    first, second, third, last = net.summary().splitlines()
    assert first.split() == ["layer", "inputs", "outputs", "activation", "parameters"]
    assert second.split() == ["layers[0]", "300", "12000", "leaky_relu", "3612000"]
    assert third.split() == ["layers[1]", "12000", "3", "<lambda>", "36003"]
    assert last == "3648003 parameters, float32"
    assert {len(line) for line in (first, second, third)} == {len(first)}
