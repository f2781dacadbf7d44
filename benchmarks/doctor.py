"""What the doctor costs: programs of several kinds, with it and without it, in turns.

$ python benchmarks/doctor.py
$ python benchmarks/doctor.py sine fit
"""

import contextlib
import io
import random
import statistics
import sys
import time

import numpy as np
from loop_programs import SCRIPTS

from autograd import Net, Value, losses, nn
from autograd.diagnosis import doctor
from autograd.optim import Adam

ROUNDS = 9
SECONDS = 0.03  # of one measurement


def arrays(rows=64, sizes=(20, 64, 32, 1), activation="relu"):
    """Whole arrays, and an optimiser."""
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
    """The same with a small net and few rows."""
    return arrays(8, (2, 4, 1), "tanh")


def fit():
    """Five epochs of fit."""
    X = np.random.default_rng(0).normal(size=(640, 20))
    net = Net(20, [64, 32, 1], "relu", "linear")
    return lambda: net.fit(X, X[:, :1], epochs=5, seed=1).loss[-1]


def line():
    """A line through 50 points, with Values alone."""
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


def numbers():
    """1,000 numbers are read, and nothing else."""
    values = [Value(i / 7) for i in range(1000)]
    return lambda: sum([v.data for v in values])


LOOPS = {name: lambda script=script: script(nn, Value) for name, (script, _) in SCRIPTS.items()}
LOOPS |= {make.__name__: make for make in (line, numbers, arrays, small_arrays, fit)}


def seconds(epoch, n):
    """The seconds of an epoch, over ``n`` of them."""
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
    """Measure the programs with these names, or all."""
    for name, make in LOOPS.items():
        if not names or name in names:
            off, on = measured(make)
            print(f"{name:13} {off * 1e6:9.0f} µs, with the doctor {on * 1e6:9.0f} µs: {on / off:.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
