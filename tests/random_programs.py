"""The parts of random programs of scalars and nets: operations, strategies, results of both engines."""

import math
import operator
import random

import numpy as np
from both_engines import FACADE, ORACLE
from hypothesis import strategies as st

METHODS = ["exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "leaky_relu", "softplus", "gelu"]

UNARY = {name: operator.methodcaller(name) for name in METHODS}

UNARY |= {
    "neg": operator.neg,
    "pos": operator.pos,
    "abs": abs,
    "squared": lambda v: v * v,
    "1": lambda v: v * 1,
}

UNARY |= {"doubled": lambda v: v + v, "less itself": lambda v: v - v, "over itself": lambda v: v / v}

KINKED = ("abs", "relu", "leaky_relu")

BINARY = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow}

FAILING = {  # functions that are an error for any number of 0.5 or more
    "log": lambda v: (-v).log(),
    "sqrt": lambda v: (-v).sqrt(),
    "root": lambda v: (-v) ** 0.5,
    "exp": lambda v: (v * 1e4).exp(),
    "power": lambda v: (v + 10) ** 1000,
    "over 0": lambda v: v / 0,
    "over 0.0 of a Value": lambda v: v / (v * 0.0),
    "number over 0.0": lambda v: 2.0 / (v * 0.0),
    "0 to a negative power": lambda v: (v * 0.0) ** -1,
    "sine of infinity": lambda v: (v * 1e200 * 1e200).sin(),
}

PENALTIES = {
    "p * p": lambda p: p * p,
    "p ** 2": lambda p: p**2,
    "p ** 3": lambda p: p**3,
    "abs(p)": abs,
    "p * p, then p * 2": lambda p: p * p + p * 2,
    "abs(p), then p ** 2.0": lambda p: abs(p) * 0.5 + p**2.0,
}


class Pair:
    """The results of both engines for the same expression.

    Attributes:
        ours, theirs: the Values; ``theirs`` is None if there is no number, only errors.
        errors: which errors looking at it may raise.
        uses: which layers it needs for its gradient, of which module, and how often they had changed.
    """

    def __init__(self, ours, theirs, errors=(), uses=frozenset()):
        self.ours, self.theirs, self.errors, self.uses = ours, theirs, errors, uses


class Family:
    """A module of both engines with the same weights, and how often each layer of it was changed."""

    def __init__(self, make, layers=lambda module: module.layers):
        state = random.getstate()
        self.theirs = make(ORACLE.nn)
        random.setstate(state)
        self.ours = make(FACADE.nn)
        self.layers = [*zip(layers(self.ours), layers(self.theirs), strict=True)]
        self.versions = [0] * len(self.layers)
        self.members = [(self.ours, self.theirs, list(range(len(self.layers))))]  # with the layers used
        for k, (ours, theirs) in enumerate(self.layers):
            if ours is not self.ours:
                self.members.append((ours, theirs, [k]))
            if hasattr(ours, "neurons"):
                self.members += [(n, m, [k]) for n, m in zip(ours.neurons, theirs.neurons, strict=True)]

    def copy_numbers(self):
        """Copy our parameters, once they are compared, to the oracle, so that differences do not grow."""
        for p, q in zip(self.ours.params(), self.theirs.params(), strict=True):
            q.data, q.grad = p.data, p.grad


def noise(root):
    """The uncertainty of the oracle's result, in rounding errors of numbers of size 1."""
    stack = [root]
    while stack:
        v = stack[-1]
        below = [p for p in v.parents if not hasattr(p, "noise") and p.parents]
        if below:
            stack.extend(below)
            continue
        stack.pop()
        v.noise = sum(
            (abs(d) * getattr(p, "noise", 0.0) for p, d in zip(v.parents, v.slopes, strict=True)), abs(v.data)
        )
    return root.noise


def tame(v):
    """Whether a small error in the oracle's result stays small in what is computed from it."""
    return (
        math.isfinite(v.data)
        and all(abs(d) <= 30 for d in v.slopes)
        and (v.noise if not v.parents and hasattr(v, "noise") else noise(v)) <= 1e3
    )


def spread(root):
    """The largest gradient in the oracle's graph below ``root``."""
    found = {root}
    for v in (order := [root]):
        new = [p for p in v.parents if p not in found]
        found.update(new)
        order.extend(new)
    return max(abs(v.grad) for v in order)


LOSSES = {
    "squares": lambda v, y: (v - y) ** 2,
    "hinge": lambda v, y: (1 + -y * v).softplus(),
    "product": lambda v, y: v * v - y * v,
    "entropy": lambda v, y: -(v * 0.125 + 4).log() * y,
    "quotients": lambda v, y: (v + y) / (v * v + 2),
    "through exp": lambda v, y: (-v).exp() / (1 + (-v).exp()) + v.gelu() * v.sin(),
}

WAYS_TO_STEP = st.sampled_from(["step", "SGD", "SGD of Values", "by hand"])

SELDOM = st.integers(0, 4).map(lambda i: i == 4)

SMALL = st.floats(-2, 2).map(lambda x: round(x, 3))

CONSTANTS = st.one_of(
    SMALL,
    st.sampled_from([0, 1, 2, 3, -1, 0.5, 2.0, -0.0, True]),
    st.sampled_from([np.float64(0.25), np.float32(1.5), np.int64(2), np.array(0.75), np.bool_(1)]),
)

PLACES = st.integers(0, 10**6)

REFERENCES = PLACES.map(lambda i: ("result", i))  # to what was computed before; see `Machine.pick`

LEAVES = PLACES.map(lambda i: ("leaf", i))

PARAMETERS = PLACES.map(lambda i: ("parameter", i))

OPERANDS = st.one_of(REFERENCES, REFERENCES, REFERENCES, LEAVES, CONSTANTS, PARAMETERS)

INPUTS = st.one_of(
    SMALL, SMALL, SMALL, REFERENCES, LEAVES, PARAMETERS, st.sampled_from([0, 1, np.float64(0.5), True])
)

SAMPLES = st.lists(INPUTS, min_size=4, max_size=4)

MOST_ROWS = st.tuples(SMALL, SMALL, SMALL, SMALL)

AFTERWARDS = st.none() | st.lists(SMALL, min_size=1, max_size=3)  # weights of a sum to go back from

CONTAINERS = st.sampled_from([list, tuple, np.array, iter])
