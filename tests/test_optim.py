"""Optimisers: trajectories against PyTorch's, on modules and on Values, and their errors."""

import random

import numpy as np
import pytest

from autograd.engine import Value
from autograd.errors import NotANumberError, OptionError
from autograd.nn import Layer, Module, Net
from autograd.optim import LBFGS, OPTIMIZERS, SGD, Adam, AdamW, RMSprop

# 25 steps on the Rosenbrock function from (-1.2, 1), recorded once from PyTorch 2.13.0 in float64 with
# the options below: x and y after the last step
PYTORCH = {
    "sgd": (-0.9645365379990894, 1.0088760057877206),
    "momentum": (-0.5531047798777389, 0.46535762550197796),
    "nesterov": (-0.6332691136036114, 0.4821638347819998),
    "sgd decay": (-0.9155411496952204, 0.9195877773680488),
    "adam": (-0.8789974550158391, 0.8310849423262517),
    "adam decay": (-0.8338411118417571, 0.7765532174381976),
    "adamw": (-0.7923577527521192, 0.6734972928907668),
    "rmsprop": (-0.9073259005822413, 0.88363172718387),
}


def rosenbrock(x, y):
    return (1 - x) ** 2 + 10 * (y - x**2) ** 2


KINDS = {
    "sgd": lambda t: SGD(t, lr=0.002),
    "momentum": lambda t: SGD(t, lr=0.002, momentum=0.9),
    "nesterov": lambda t: SGD(t, lr=0.002, momentum=0.9, nesterov=True),
    "sgd decay": lambda t: SGD(t, lr=0.002, momentum=0.5, weight_decay=0.1),
    "adam": lambda t: Adam(t, lr=0.05),
    "adam decay": lambda t: Adam(t, lr=0.05, betas=(0.8, 0.99), weight_decay=0.1),
    "adamw": lambda t: AdamW(t, lr=0.05, weight_decay=0.1),
    "rmsprop": lambda t: RMSprop(t, lr=0.02, alpha=0.9),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_trajectory_is_that_of_pytorch(name):
    x, y = Value(-1.2), Value(1)
    opt = KINDS[name]([x, y])
    for _ in range(25):
        opt.zero_grad()
        rosenbrock(x, y).backward()
        opt.step()
    assert (x.data, y.data) == pytest.approx(PYTORCH[name], rel=1e-9)


def sample_loss(net):
    return 3 * (net([0.5, -1.0]) - 0.3) ** 2


@pytest.mark.parametrize("name", KINDS)
def test_a_net_and_the_list_of_its_parameters_go_the_same_way(name):
    random.seed(7)
    net = Net(2, [3, 1], "tanh")
    random.seed(7)
    twin = Net(2, [3, 1], "tanh")
    by_net, by_list = KINDS[name](net), KINDS[name](twin.params())
    for _ in range(10):
        for model, opt in ((net, by_net), (twin, by_list)):
            opt.zero_grad()
            sample_loss(model).backward()
            opt.step()
    np.testing.assert_array_equal(net.values, twin.values)


def test_a_module_of_ones_own_is_a_target_too():
    class Line(Module):
        def __init__(self):
            self.slope = Value(0)
            self.layer = Layer(1, 1, "linear", init=lambda n_out, n_in: [[2.0]])

        def parameters(self):
            return [self.slope, *self.layer.params()]

    line = Line()
    opt = SGD(line, lr=0.5)
    (line.slope * 3 + line.layer([2.0])).backward()
    opt.step()
    assert [p.data for p in line.parameters()] == [-1.5, 1.0, -0.5]
    opt.zero_grad()
    assert [p.grad for p in line.parameters()] == [0, 0, 0]


def test_lbfgs_finds_the_minimum_of_the_rosenbrock_function():
    x, y = Value(-1.2), Value(1)
    opt = LBFGS([x, y], max_iter=100)

    def closure():
        loss = rosenbrock(x, y)
        opt.zero_grad()
        loss.backward()
        return loss

    assert opt.step(closure) < 1e-10
    assert (x.data, y.data) == pytest.approx((1, 1), abs=1e-4)
    with pytest.raises(OptionError, match="wants a closure"):
        opt.step()


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (SGD, {"lr": -0.1}, "lr must be at least 0"),
        (SGD, {"lr": float("nan")}, "lr must be"),
        (SGD, {"momentum": 1.0}, "momentum must be at least 0 and below 1, got 1.0"),
        (SGD, {"nesterov": True}, "wants a momentum"),
        (SGD, {"weight_decay": -1}, "weight_decay"),
        (Adam, {"betas": (0.9, 1.0)}, r"betas\[1\]"),
        (Adam, {"eps": -1e-8}, "eps"),
        (RMSprop, {"alpha": -0.1}, "alpha"),
        (LBFGS, {"max_iter": 0}, "max_iter must be a whole number of 1 or more, got 0"),
    ],
)
def test_an_option_out_of_its_range_is_named(kind, options, message):
    with pytest.raises(OptionError, match=message):
        kind([Value(1)], **options)


@pytest.mark.parametrize(
    ("target", "got"), [(None, "NoneType"), ([], "list of nothing"), ([1.0], "list of float"), ("net", "str")]
)
def test_what_has_no_parameters_is_no_target(target, got):
    with pytest.raises(NotANumberError, match=f"wants a module or a list of Values, got {got}$"):
        SGD(target)


@pytest.mark.parametrize("lr", ["fast", None])
def test_a_learning_rate_is_a_number(lr):
    for kind in set(OPTIMIZERS.values()) - {LBFGS}:
        with pytest.raises(NotANumberError, match="lr wants a real number"):
            kind([Value(1)], lr=lr)


def test_float32_parameters_stay_float32():
    net = Net(2, [1], dtype="float32")
    for kind in KINDS.values():
        opt = kind(net)
        sample_loss(net).backward()
        opt.step()
        assert net.values.dtype == np.float32


def test_what_a_closure_raises_leaves_the_parameters_as_before():
    x = Value(3)
    opt = LBFGS([x])
    calls = []

    def closure():
        calls.append(x.data)
        if len(calls) == 3:
            raise KeyError("mine")
        loss = x**4
        opt.zero_grad()
        loss.backward()
        return loss

    with pytest.raises(KeyError, match="mine"):
        opt.step(closure)
    assert calls[-1] != 3
    assert x.data == 3
