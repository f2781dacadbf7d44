"""What the doctor costs: loops of several kinds, with it and without it, in turns.

$ python benchmarks/doctor.py
"""

import contextlib
import io
import math
import random
import statistics
import sys
import time

import numpy as np

from autograd import MLP, Net, Value, losses
from autograd.diagnosis import doctor
from autograd.optim import Adam

ROUNDS = 9
SECONDS = 0.03  # of one measurement


def sine():
    X = [[i / 10] for i in range(50)]
    Y = [math.sin(x[0]) for x in X]
    net = Net(1, [20, 20, 1], "tanh", "linear")

    def epoch():
        loss = 0
        for x, y in zip(X, Y, strict=True):
            loss += (net(x) - y) ** 2
        net.zero_grad()
        loss.backward()
        net.step(1e-3)
        return loss.data

    return epoch


def moons():
    X = np.random.default_rng(0).normal(size=(100, 2)).tolist()
    Y = [1.0 if x[0] > 0 else -1.0 for x in X]
    net = MLP(2, [16, 16, 1])

    def epoch():
        scores = [net(x) for x in X]
        loss = sum((1 - y * score).relu() for y, score in zip(Y, scores, strict=True)) / len(X)
        loss = loss + 1e-4 * sum(p * p for p in net.parameters())
        net.zero_grad()
        loss.backward()
        for p in net.parameters():
            p.data -= 0.01 * p.grad
        return loss.data

    return epoch


def softmax():
    X = np.random.default_rng(0).normal(size=(150, 4)).tolist()
    Y = [int(x[0] > 0) for x in X]
    net = Net(4, [10, 3], "tanh", "linear")

    def epoch():
        loss = 0
        for x, y in zip(X, Y, strict=True):
            exps = [out.exp() for out in net(x)]
            loss -= (exps[y] / sum(exps)).log()
        loss = loss / len(X)
        net.zero_grad()
        loss.backward()
        net.step(0.01)
        return loss.data

    return epoch


def online():
    X = np.random.default_rng(0).normal(size=(50, 2)).tolist()
    net = Net(2, [3, 1], "tanh", "linear")

    def epoch():
        for x in X:
            loss = (net(x) - x[0] * x[1]) ** 2
            net.zero_grad()
            loss.backward()
            net.step(0.01)
        return loss.data

    return epoch


def line():
    points = [(i / 10, 2 * i / 10 + 1) for i in range(50)]
    w, b = Value(0.1), Value(0.0)

    def epoch():
        loss = Value(0.0)
        for x, y in points:
            loss = loss + (w * x + b - y) ** 2
        w.zero_grad()
        b.zero_grad()
        loss.backward()
        w.data -= 1e-4 * w.grad
        b.data -= 1e-4 * b.grad
        return loss.data

    return epoch


def lists():
    x = [random.random() for _ in range(32)]
    W = [[Value(random.uniform(-0.2, 0.2)) for _ in x] for _ in x]
    parameters = [w for row in W for w in row]

    def epoch():
        outs = [sum(w * v for w, v in zip(row, x, strict=True)).tanh() for row in W]
        loss = sum((out - 0.5) ** 2 for out in outs)
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p in parameters:
            p.data -= 1e-2 * p.grad
        return loss.data

    return epoch


def arrays(rows=64, sizes=(20, 64, 32, 1), activation="relu"):
    X = np.random.default_rng(0).normal(size=(rows, sizes[0]))
    net = Net(sizes[0], list(sizes[1:]), activation, "linear")
    optimizer = Adam(net, lr=1e-3)

    def epoch():
        loss = losses.mse(net(X), X[:, :1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return epoch


def small_arrays():
    return arrays(8, (2, 4, 1), "tanh")


def fit():
    X = np.random.default_rng(0).normal(size=(640, 20))
    net = Net(20, [64, 32, 1], "relu", "linear")
    return lambda: net.fit(X, X[:, :1], epochs=5, seed=1).loss[-1]


def reading():
    X = [[i / 10] for i in range(50)]
    Y = [math.sin(x[0]) for x in X]
    net = Net(1, [20, 20, 1], "tanh", "linear")

    def epoch():
        outs = [net(x) for x in X]
        hits = sum((out.data > 0) == (y > 0) for out, y in zip(outs, Y, strict=True))
        loss = sum((out - y) ** 2 for out, y in zip(outs, Y, strict=True))
        net.zero_grad()
        loss.backward()
        net.step(1e-3)
        return loss.data + hits

    return epoch


LOOPS = [sine, moons, softmax, online, line, lists, arrays, small_arrays, fit, reading]


def seconds(epoch, n):
    start = time.perf_counter()
    for _ in range(n):
        epoch()
    return (time.perf_counter() - start) / n


def measured(make):
    """The seconds of an epoch without the doctor and with it; the numbers of both are compared."""
    epochs = []
    for _ in range(2):
        random.seed(1)
        epochs.append(make())
    without, with_it = epochs
    n = max(1, int(SECONDS / seconds(without, 3)))
    off, on = [], []
    seconds(with_it, 3)
    for _ in range(ROUNDS):
        last = without()
        off.append(seconds(without, n))
        with contextlib.redirect_stderr(io.StringIO()), doctor():
            assert with_it() == last, "the doctor has changed the numbers"
            on.append(seconds(with_it, n))
    return statistics.median(off), statistics.median(on)


def main(names):
    for make in LOOPS:
        if not names or make.__name__ in names:
            off, on = measured(make)
            print(
                f"{make.__name__:13} {off * 1e6:9.0f} µs, with the doctor {on * 1e6:9.0f} µs: {on / off:.1f}"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
