"""What is measured, each problem solved by all contestants, and the floor: the same arithmetic bare.

A contestant is made by calling an entry of its problem; it is then a function that does the work
once more and returns a number that all contestants of the problem agree on.
"""

import math
import random

import numpy as np
import original

import autograd.engine
import autograd.nn
import autograd.scalar.engine
import autograd.scalar.nn
from autograd import losses, tensor

LR = 0.001
ITERATIONS = 200  # of the minimise demo in one go
SAMPLES = [[i / 10] for i in range(50)]
TARGETS = [math.sin(x[0]) for x in SAMPLES]
SINE = (1, [20, 20, 1])
MOONS = (2, [16, 16, 1])
ROWS = 100


# The minimise demo of the seed: scalar expressions


def minimise(Value):
    def run():
        x, y = Value(7), Value(3)
        for _ in range(ITERATIONS):
            f = (x - y) ** 3 + y.exp()
            f = f.relu() + y
            x.zero_grad()
            y.zero_grad()
            f.backward()
            x.data -= LR * x.grad
            y.data -= LR * y.grad
        return f.data

    return run


def minimise_bare():
    """With the derivative worked out by hand, in plain floats."""

    def run():
        x, y = 7.0, 3.0
        for _ in range(ITERATIONS):
            d, e = x - y, math.e**y
            f = d**3 + e
            on = f > 0
            slope = 3 * d * d if on else 0.0
            gx, gy = slope, (e if on else 0.0) - slope + 1
            out = (f if on else 0.0) + y
            x -= LR * gx
            y -= LR * gy
        return out

    return run


MINIMISE = {
    "autograd.engine": lambda: minimise(autograd.engine.Value),
    "the oracle": lambda: minimise(autograd.scalar.engine.Value),
    "in the original's style": lambda: minimise(original.Value),
    "bare Python floats": minimise_bare,
}


# An epoch of the sine demo, a sample at a time


def sine_epoch(make_net):
    random.seed(1)
    net = make_net(*SINE)

    def run():
        loss = 0
        for x, y in zip(SAMPLES, TARGETS, strict=True):
            loss = loss + (net(x) - y) ** 2
        net.zero_grad()
        loss.backward()
        net.step(1e-5)
        return loss.data

    return run


def matrices(n_in, sizes):
    """[W | b] of each layer, as all the nets here draw them."""
    random.seed(1)
    out = []
    for n_out in sizes:
        rows = [[*(random.uniform(-1, 1) for _ in range(n_in)), 0.0] for _ in range(n_out)]
        out.append(np.array(rows))
        n_in = n_out
    return out


def forward_and_back(layers, h, slope):
    """Columns through tanh layers and a linear one; the output, and the gradient of each matrix."""
    seen = []
    for k, m in enumerate(layers):
        h = np.concatenate([h, np.ones((1, h.shape[1]))])
        seen.append(h)
        h = m @ h
        if k < len(layers) - 1:
            h = np.tanh(h)
    out, g = h, slope(h)
    grads = []
    for k in reversed(range(len(layers))):
        grads.append(g @ seen[k].T)
        if k:
            g = (layers[k][:, :-1].T @ g) * (1 - seen[k][:-1] ** 2)
    return out, grads[::-1]


def sine_epoch_bare():
    """Forward and backward by hand in NumPy, a sample at a time."""
    layers = matrices(*SINE)

    def run():
        loss = 0.0
        sums = [np.zeros_like(m) for m in layers]
        for x, y in zip(SAMPLES, TARGETS, strict=True):
            out, grads = forward_and_back(layers, np.array([x]).T, lambda h, y=y: 2 * (h - y))
            loss += float((out[0, 0] - y) ** 2)
            for total, g in zip(sums, grads, strict=True):
                total += g
        for m, g in zip(layers, sums, strict=True):
            m -= 1e-5 * g
        return loss

    return run


SINE_EPOCH = {
    "autograd.nn": lambda: sine_epoch(lambda n, sizes: autograd.nn.Net(n, sizes, "tanh", "linear")),
    "the oracle": lambda: sine_epoch(lambda n, sizes: autograd.scalar.nn.Net(n, sizes, "tanh", "linear")),
    "in the original's style": lambda: sine_epoch(original.Net),
    "bare NumPy": sine_epoch_bare,
}


# A step on a batch


def table():
    rng = np.random.default_rng(1)
    return rng.uniform(-1, 1, (ROWS, MOONS[0])), rng.uniform(-1, 1, (ROWS, MOONS[1][-1]))


def batch_tensors():
    random.seed(1)
    net = autograd.nn.Net(*MOONS, "tanh", "linear")
    X, Y = map(tensor, table())

    def run():
        loss = losses.mse(net(X), Y)
        net.zero_grad()
        loss.backward()
        net.step(LR)
        return loss.item()

    return run


def batch_oracle():
    random.seed(1)
    net = autograd.scalar.nn.Net(*MOONS, "tanh", "linear")
    X, Y = table()

    def run():
        loss = 0
        for x, (y,) in zip(X.tolist(), Y.tolist(), strict=True):
            loss = loss + (net(x) - y) ** 2
        loss = loss / Y.size
        net.zero_grad()
        loss.backward()
        net.step(LR)
        return loss.data

    return run


def batch_bare():
    """Forward and backward by hand in NumPy, on all rows at once."""
    layers = matrices(*MOONS)
    X, Y = table()
    X, Y = np.ascontiguousarray(X.T), np.ascontiguousarray(Y.T)

    def run():
        out, grads = forward_and_back(layers, X, lambda h: 2 / h.size * (h - Y))
        for m, g in zip(layers, grads, strict=True):
            m -= LR * g
        return float(((out - Y) ** 2).mean())

    return run


BATCH_STEP = {
    "Tensors": batch_tensors,
    "the oracle": batch_oracle,
    "bare NumPy": batch_bare,
}

PROBLEMS = {
    f"minimise demo, {ITERATIONS} iterations": MINIMISE,
    "sine demo, an epoch of 50 samples one at a time, 1-20-20-1": SINE_EPOCH,
    f"a step on a batch of {ROWS} rows, 2-16-16-1": BATCH_STEP,
}
