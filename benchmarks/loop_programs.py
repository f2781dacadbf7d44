"""The programs that loops.py measures: loops over samples and scalars, as people write them.

Each takes a library's ``nn`` and ``Value`` and returns a function that makes one update and returns the loss.
"""

import math
from itertools import pairwise

# The scripts ------------------------------------------------------------------------------------


def sine_data():
    X = [[i / 10] for i in range(50)]
    return X, [math.sin(x[0]) for x in X]


def sine(nn, Value):
    """The original's sine demo."""
    X, Y = sine_data()
    net = nn.Net(1, [20, 20, 1], "tanh", "linear")

    def epoch():
        loss = 0
        for x, y in zip(X, Y, strict=True):
            loss += (net(x) - y) ** 2
        net.zero_grad()
        loss.backward()
        net.step(1e-5)
        return loss.data

    return epoch


def moons_data():
    import numpy as np

    draw = np.random.default_rng(7)
    angles = draw.uniform(0, math.pi, 100)
    upper = np.arange(100) < 50
    X = np.c_[np.cos(angles), np.sin(angles)] * np.where(upper, 1, -1)[:, None]
    return X + draw.normal(0, 0.1, X.shape), np.where(upper, 1, -1)


def moons(nn, Value):
    """micrograd's demo: hinge loss, L2 over all parameters, accuracy."""
    X, y = moons_data()
    model = nn.Net(2, [16, 16, 1], "relu", "linear")

    def epoch():
        inputs = [list(map(Value, row)) for row in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * score).relu() for yi, score in zip(y.tolist(), scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        total = data_loss + 1e-4 * sum(p * p for p in model.params())
        accuracy = [(yi > 0) == (score.data > 0) for yi, score in zip(y, scores, strict=True)]
        model.zero_grad()
        total.backward()
        for p in model.params():
            p.data -= 1e-3 * p.grad
        return total.data + sum(accuracy)

    return epoch


def tiny(nn, Value):
    """The original's tiny demo, with a hand-written update."""
    X = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    Y = [1.0, -1.0, -1.0, 1.0]
    net = nn.Net(3, [10, 1], "tanh", "linear")

    def epoch():
        loss = sum((net(x) - y) ** 2 for x, y in zip(X, Y, strict=True))
        net.zero_grad()
        loss.backward()
        for p in net.params():
            p.data -= 1e-3 * p.grad
        return loss.data

    return epoch


def digits_data():
    import numpy as np

    draw = np.random.default_rng(3)
    return draw.uniform(0, 1, (200, 64)), np.eye(10)[draw.integers(0, 10, 200)]


def digits(nn, Value):
    """200 rows of 64 numbers, squared error over 10 outputs."""
    X, Y = digits_data()
    rows, targets = list(X), Y.tolist()
    net = nn.Net(64, [32, 10], "tanh", "linear")

    def epoch():
        loss = 0
        for x, target in zip(rows, targets, strict=True):
            loss += sum((out - t) ** 2 for out, t in zip(net(x), target, strict=True))
        net.zero_grad()
        loss.backward()
        net.step(1e-6)
        return loss.data

    return epoch


def classes_data():
    import numpy as np

    draw = np.random.default_rng(5)
    labels = draw.integers(0, 3, 150)
    return draw.normal(0, 1, (150, 4)) + np.eye(3, 4)[labels], labels


def classes(nn, Value):
    """A softmax and its cross entropy, written by hand."""
    X, labels = classes_data()
    rows, labels = X.tolist(), labels.tolist()
    net = nn.Net(4, [16, 3], "tanh", "linear")

    def epoch():
        loss = 0
        for x, label in zip(rows, labels, strict=True):
            powers = [out.exp() for out in net(x)]
            loss += -(powers[label] / sum(powers)).log()
        net.zero_grad()
        loss.backward()
        net.step(1e-5)
        return loss.data

    return epoch


def minimise(nn, Value):
    """The original's minimise demo: scalars only, 200 iterations."""

    def run():
        x, y = Value(7), Value(3)
        for _ in range(200):
            f = (x - y) ** 3 + y.exp()
            f = f.relu() + y
            x.zero_grad()
            y.zero_grad()
            f.backward()
            x.data -= 0.001 * x.grad
            y.data -= 0.001 * y.grad
        return f.data

    return run


def reading(nn, Value):
    """Every result read at once."""
    X, _ = sine_data()
    net = nn.Net(1, [20, 20, 1], "tanh", "linear")

    def run():
        return sum(net(x).data for x in X)

    return run


def lists(nn, Value):
    """Two layers of 32 neurons as lists of Values."""
    W, V = ([[Value(math.sin(k + 32 * i + j) / 6) for j in range(32)] for i in range(32)] for k in (0, 5))
    x = [Value(i / 32) for i in range(32)]

    def run():
        h = [sum(w * a for w, a in zip(row, x, strict=True)).tanh() for row in W]
        out = [sum(w * a for w, a in zip(row, h, strict=True)) for row in V]
        loss = sum(o * o for o in out)
        for p in [p for M in (W, V) for row in M for p in row]:
            p.grad = 0.0
        loss.backward()
        return loss.data + W[3][4].grad

    return run


def linear(W, x):
    return [sum(w * a for w, a in zip(row, x, strict=True)) for row in W]


def matrix(Value, n, m, k):
    return [[Value(math.sin(k + m * i + j) / 3) for j in range(m)] for i in range(n)]


def descend(params, loss, lr):
    for p in params:
        p.grad = 0.0
    loss.backward()
    for p in params:
        p.data -= lr * p.grad
    return loss.data


def recurrent(nn, Value):
    """A recurrent cell of 8 units by hand, over 20 numbers."""
    U, W, out = matrix(Value, 8, 1, 1), matrix(Value, 8, 8, 2), matrix(Value, 1, 8, 3)
    params = [p for M in (U, W, out) for row in M for p in row]
    series = [math.sin(t / 3) for t in range(21)]

    def run():
        h, loss = [Value(0.0) for _ in range(8)], Value(0.0)
        for x, y in pairwise(series):
            h = [(a + b).tanh() for a, b in zip(linear(U, [Value(x)]), linear(W, h), strict=True)]
            loss = loss + (linear(out, h)[0] - y) ** 2
        return descend(params, loss, 1e-5)

    return run


def attention(nn, Value):
    """An attention head of width 8 by hand, over 10 places."""
    Q, K, V = (matrix(Value, 8, 8, k) for k in (1, 2, 3))
    params = [p for M in (Q, K, V) for row in M for p in row]
    xs = [[math.cos(i * j + i) for j in range(8)] for i in range(10)]

    def run():
        inputs = [[Value(a) for a in x] for x in xs]
        q, k, v = ([linear(M, x) for x in inputs] for M in (Q, K, V))
        loss = Value(0.0)
        for t in range(len(xs)):
            scores = [sum(a * b for a, b in zip(q[t], k[u], strict=True)) / 8**0.5 for u in range(t + 1)]
            exps = [s.exp() for s in scores]
            total = sum(exps)
            head = [sum(e / total * v[u][j] for u, e in enumerate(exps)) for j in range(8)]
            loss = loss + sum(h * h for h in head)
        return descend(params, loss, 1e-6)

    return run


def gan(nn, Value):
    """A GAN by hand: a generator 2-8-1 and a discriminator 1-8-1, a step of each on 8 samples."""
    G, D = ([matrix(Value, 8, n, k), matrix(Value, 1, 8, k + 1)] for n, k in ((2, 1), (1, 4)))
    flat = [[p for M in net for row in M for p in row] for net in (G, D)]

    def through(net, x):
        return linear(net[1], [a.tanh() for a in linear(net[0], x)])[0]

    def sigmoid(z):
        return 1 / (1 + (-z).exp())

    def run():
        noise = [[math.sin(i), math.cos(2 * i)] for i in range(8)]
        real = sum(-sigmoid(through(D, [Value(1 + 0.1 * z[0])])).log() for z in noise)
        fake = sum(-(1 - sigmoid(through(D, [through(G, [Value(a) for a in z])]))).log() for z in noise)
        first = descend(flat[1], real + fake, 1e-5)
        fooled = sum(-sigmoid(through(D, [through(G, [Value(a) for a in z])])).log() for z in noise)
        return first + descend(flat[0], fooled, 1e-5)

    return run


def online(nn, Value):
    """One sample, one update."""
    net = nn.Net(2, [3, 1], "tanh", "linear")
    X = [[math.sin(i), math.cos(3 * i)] for i in range(50)]

    def epoch():
        for x in X:
            loss = (net(x) - x[0]) ** 2
            net.zero_grad()
            loss.backward()
            net.step(1e-5)
        return loss.data

    return epoch


def carried(nn, Value, n=400):
    """A moving average carried through the samples."""
    net = nn.Net(1, [4, 1], "relu", "linear")
    X = [[i / n] for i in range(n)]

    def epoch():
        s = loss = 0.0
        for x in X:
            s = 0.9 * s + 0.1 * net(x)
            loss = loss + (s - 0.5) ** 2
        net.zero_grad()
        loss.backward()
        net.step(1e-6)
        return loss.data

    return epoch


def beside(nn, Value, n=400):
    """Weights used again beside outputs."""
    net = nn.Net(1, [4, 1], "relu", "linear")
    w, b = net.params()[0], net.params()[-1]
    X = [[i / n] for i in range(n)]

    def epoch():
        loss = 0
        for x in X:
            loss += (net(x) * w + b - x[0]) ** 2
        net.zero_grad()
        loss.backward()
        net.step(1e-6)
        return loss.data

    return epoch


SCRIPTS = {
    "sine": (sine, "sine demo: 50 samples, 1-20-20-1"),
    "moons": (moons, "moons as in micrograd's demo: 100 samples, 2-16-16-1, hinge, L2 over all parameters"),
    "tiny": (tiny, "tiny demo: 4 samples, 3-10-1, hand-written update"),
    "digits": (digits, "digits: 200 samples, 64-32-10, squared error over 10 outputs"),
    "classes": (classes, "three classes: 150 samples, 4-16-3, softmax and cross entropy by hand"),
    "minimise": (minimise, "minimise demo: scalars only"),
    "reading": (reading, "every result read at once: 50 samples, 1-20-20-1"),
    "online": (online, "one sample, one update: 50 times, 2-3-1"),
    "carried": (carried, "a moving average carried through 400 samples, 1-4-1"),
    "beside": (beside, "weights used again beside outputs: 400 samples, 1-4-1"),
    "lists": (lists, "two 32 × 32 layers as lists of Values"),
    "recurrent": (recurrent, "a recurrent cell by hand: 8 units, 20 steps"),
    "attention": (attention, "an attention head by hand: width 8, 10 places"),
    "gan": (gan, "a GAN by hand: 2-8-1 and 1-8-1, 8 samples"),
}
