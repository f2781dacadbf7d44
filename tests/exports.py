"""Nets, and tables they were trained on, that the tests of exports share."""

import json
import random

import mpmath
import numpy as np

from autograd import Net
from autograd.cli import main
from autograd.files import TableDescription

ACTIVATIONS = ["sigmoid", "tanh", "relu", "leaky_relu", "softplus", "gelu", "linear"]
EDGES = [0.0, 1e-30, 1e-9, 0.3, 1.0, 5.0, 6.0, 19.0, 21.0, 36.0, 38.0, 100.0, 1e4]
NUMBERS = np.array(sorted({*EDGES, *(-x for x in EDGES)}))


def random_net(rng, activation, dtype="float64", output_activation=None):
    """A net of random sizes whose weights keep the scale of their inputs, with biases."""
    sizes = rng.integers(1, 40, rng.integers(2, 6)).tolist()
    random.seed(int(rng.integers(1 << 30)))
    net = Net(sizes[0], sizes[1:], activation, output_activation, dtype=dtype, init="xavier")
    net.values = net.values + rng.normal(0, 0.1, net.nparams()).astype(dtype)
    return net


def unit(activation, dtype="float64"):
    """A net that is the activation of its one input."""
    return Net(1, [1], activation, dtype=dtype, init=lambda n_out, n_in: [[1.0]])


def table_net(features, target, classes=(), levels=None, seed=0, dtype="float64"):
    """A net with the preprocessing of a table, as ``autograd train`` makes it."""
    rng, levels = np.random.default_rng(seed), levels or {}
    numbers = len(features) - len(levels)
    table = TableDescription(
        list(features),
        rng.normal(0, 10, numbers).tolist(),
        rng.uniform(0.5, 5, numbers).tolist(),
        target,
        list(classes),
        *([] if classes else [7.0, 30.0]),
        median=rng.normal(0, 10, numbers).tolist(),
        levels=levels,
        headed=True,
    )
    random.seed(seed)
    net = Net(table.width, [5, len(classes) or 1], "relu", "linear", dtype=dtype)
    net.preprocessing = table.as_header()
    return net


def exact(activation, x):
    """An activation of a number, to 30 digits."""
    x = mpmath.mpf(x)
    with mpmath.workdps(30):
        return {
            "sigmoid": lambda: 1 / (1 + mpmath.exp(-x)),
            "tanh": lambda: mpmath.tanh(x),
            "relu": lambda: max(x, 0),
            "leaky_relu": lambda: x if x > 0 else x * mpmath.mpf(0.01),
            "softplus": lambda: mpmath.log1p(mpmath.exp(x)),
            "gelu": lambda: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
            "linear": lambda: x,
        }[activation]()


def predicted(capsys, model, file, *options):
    """What ``autograd predict`` says."""
    capsys.readouterr()
    assert main(["predict", str(model), str(file), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)
