"""Loops over samples and scalars, as people write them, against the original's style and PyTorch.

$ python benchmarks/loops.py
$ python benchmarks/loops.py --pytorch /elsewhere/bin/python

The same script runs on this library, compiled and plain, and on the yardstick (original.py); PyTorch
gets the same step on the whole batch. Programs without nets run on a yardstick of their own (slots.py),
an engine with slots and local slopes. All start from the same weights, and their answers are compared
before and after an update. On methods that do nothing (nothing.py) the script shows what its own lines
take. They take turns in processes of their own, and medians are compared. The results are written into
LOOPS.md and, with matplotlib, loops.svg beside this file.
"""

import argparse
import gc
import importlib
import json
import math
import os
import platform
import random
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).parent
OURS, PLAIN = "compiled", "plain"
ORIGINAL, NO_GC, TORCH, SLOTS = "original's style", "original's style, gc off", "PyTorch", "slots"
NOTHING = "methods that do nothing"
CONTESTANTS = (OURS, PLAIN, ORIGINAL, NO_GC, TORCH, SLOTS, NOTHING)
ROUNDS, SLOW_ROUNDS = 9, 2  # the original takes seconds


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
BY_HAND = ("recurrent", "attention", "gan")  # their yardstick is `slots`
ALONE = ("tiny", "minimise", "online", "carried", "beside", "lists", *BY_HAND)  # without PyTorch's batch
FLOOR = ("sine", "moons", "tiny", "digits", "classes", "minimise", "reading")  # with methods that do nothing


# PyTorch, on the whole batch --------------------------------------------------------------------


def torch_net(torch, n_in, sizes, activation):
    layers = []
    for k, n_out in enumerate(sizes):
        layer = torch.nn.Linear(n_in, n_out, dtype=torch.float64)
        with torch.no_grad():
            layer.weight[:] = torch.tensor(
                [[random.uniform(-1, 1) for _ in range(n_in)] for _ in range(n_out)], dtype=torch.float64
            )
            layer.bias.zero_()
        layers += [layer] if k == len(sizes) - 1 else [layer, activation()]
        n_in = n_out
    return torch.nn.Sequential(*layers)


def torch_step(torch, net, lr, measure):
    def epoch():
        loss = measure()
        net.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in net.parameters():
                p -= lr * p.grad
        return loss.item()

    return epoch


def torch_script(name):
    """The step of a script, on the whole batch; reading takes one sample at a time."""
    import torch

    if name in ("sine", "reading"):
        net = torch_net(torch, 1, [20, 20, 1], torch.nn.Tanh)
        X, Y = (torch.tensor(a, dtype=torch.float64) for a in sine_data())
        if name == "reading":
            return lambda: sum(net(x).item() for x in X)
        Y = Y[:, None]
        return torch_step(torch, net, 1e-5, lambda: ((net(X) - Y) ** 2).sum())
    if name == "moons":
        net = torch_net(torch, 2, [16, 16, 1], torch.nn.ReLU)
        X, y = (torch.tensor(a, dtype=torch.float64) for a in moons_data())
        y = y[:, None]

        def measure():
            scores = net(X)
            measure.right = int(((scores > 0) == (y > 0)).sum())
            return (1 - y * scores).relu().mean() + 1e-4 * sum((p * p).sum() for p in net.parameters())

        step = torch_step(torch, net, 1e-3, measure)
        return lambda: step() + measure.right
    if name == "digits":
        net = torch_net(torch, 64, [32, 10], torch.nn.Tanh)
        X, Y = (torch.tensor(a) for a in digits_data())
        return torch_step(torch, net, 1e-6, lambda: ((net(X) - Y) ** 2).sum())
    if name == "classes":
        net = torch_net(torch, 4, [16, 3], torch.nn.Tanh)
        X, labels = map(torch.tensor, classes_data())
        measure = torch.nn.CrossEntropyLoss(reduction="sum")
        return torch_step(torch, net, 1e-5, lambda: measure(net(X), labels))
    raise ValueError(f"no batch in {name}")


# Processes --------------------------------------------------------------------------------------


class Worker:
    """A contestant in its own process."""

    def __init__(self, name):
        self.name = name

    def version(self):
        if self.name == TORCH:
            import torch

            return torch.__version__
        return platform.python_version()

    def prepare(self, script):
        """The answers of the first two runs."""
        random.seed(1)
        if self.name == TORCH:
            self.run = torch_script(script)
        else:
            if self.name in (OURS, PLAIN):
                import autograd
                from autograd import nn
                from autograd.engine import Value

                assert autograd.compiled == (self.name == OURS), (
                    "install with a compiler first: pip install -e ."
                )
            else:
                nn = importlib.import_module({NOTHING: "nothing", SLOTS: "slots"}.get(self.name, "original"))
                Value = nn.Value
            self.run = SCRIPTS[script][0](nn, Value)
        return [self.run(), self.run()]

    def time(self, seconds):
        """Seconds for a run, on average over as many as take so long; twice the same to warm up."""
        gc.collect()
        if self.name == NO_GC:
            gc.disable()
        for _ in range(1 if self.name in (ORIGINAL, NO_GC) else 2):
            start = time.perf_counter()
            runs = 0
            while (elapsed := time.perf_counter() - start) < seconds or not runs:
                self.run()
                runs += 1
        gc.enable()
        return elapsed / runs

    def per_parameter(self, seconds):
        """Seconds for each parameter of ``for p in net.params(): p.data -= lr * p.grad``."""
        from autograd import nn

        net = nn.Net(2, [16, 16, 1], "relu", "linear")

        def run():
            for p in net.params():
                p.data -= 1e-3 * p.grad

        self.run = run
        return self.time(seconds) / net.nparams()

    def per_sample(self, n):
        """Seconds for each sample of an epoch over ``n``."""
        from autograd import nn

        net = nn.Net(1, [20, 20, 1], "tanh", "linear")
        X, Y = [[i / n] for i in range(n)], [math.sin(i / n) for i in range(n)]

        def run():
            loss = 0
            for x, y in zip(X, Y, strict=True):
                loss += (net(x) - y) ** 2
            net.zero_grad()
            loss.backward()
            net.step(1e-9)

        run()
        self.run = run
        return self.time(0.2) / n


def serve(name):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.setrecursionlimit(10**6)  # for the yardsticks
    worker = Worker(name)
    for line in sys.stdin:
        method, *arguments = json.loads(line)
        try:
            answer = {"value": getattr(worker, method)(*arguments)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


# The comparison ---------------------------------------------------------------------------------


def measured(contestants, script, rounds):
    """Median seconds by contestant."""
    answers = {name: c.ask("prepare", script) for name, c in contestants.items()}
    answers.pop(NOTHING, None)
    for name, answer in answers.items():
        for mine, theirs in zip(answer, answers[OURS], strict=True):
            assert math.isclose(mine, theirs, rel_tol=1e-9), f"{script}: {name} disagrees, {answers}"
    times = {name: [] for name in contestants}
    for i in range(rounds):
        for name, c in contestants.items():
            if name not in (ORIGINAL, NO_GC) or i < SLOW_ROUNDS or script in ALONE:
                times[name].append(c.ask("time", 0.1))
    return {name: statistics.median(t) for name, t in times.items()}


def draw(ratios, path):
    """How many times as long the yardstick takes: a row for each script, marks for compiled and plain."""
    from matplotlib.figure import Figure

    names = [
        title.partition(":")[0].partition(",")[0] + (" (*)" if name in BY_HAND else "")
        for name, (_, title) in SCRIPTS.items()
    ]
    figure = Figure(figsize=(8, 0.34 * len(names) + 1.4), layout="constrained")
    axes = figure.subplots()
    for i in range(0, len(names), 2):
        axes.axhspan(i - 0.5, i + 0.5, color="0.96", zorder=0)
    for own, mark, colour in ((OURS, "o", "#0072B2"), (PLAIN, "s", "#E69F00")):
        axes.plot([ratios[name][own] for name in SCRIPTS], range(len(names)), mark, color=colour, label=own)
    axes.axvline(1, color="0.4", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xticks([1, 10, 100, 1000, 10_000], ["1×", "10×", "100×", "1000×", "10,000×"])
    axes.minorticks_off()
    axes.set_xlabel(
        "time in the original's style, or (*) in an engine with slots,\nin times of this library's"
    )
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    figure.savefig(path, metadata={"Date": None})


def times(x):
    return f"{x:.0f} times" if x >= 20 else f"{x:.2g} times"


def main():
    from compare import Contestant, machine

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pytorch", default=sys.executable, help="an interpreter that has PyTorch")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    everybody = {}
    for name in CONTESTANTS:
        python = options.pytorch if name == TORCH else sys.executable
        os.environ["AUTOGRAD_PURE"] = str(int(name == PLAIN))
        contestant = Contestant(name, python, "loops.py")
        try:
            print(f"{name}: {contestant.ask('version')}")
            everybody[name] = contestant
        except RuntimeError as error:
            print(f"without {name}: {error}")
    torch = f"PyTorch {everybody[TORCH].ask('version')}" if TORCH in everybody else "no PyTorch"
    lines = [
        "How many times as long as this library, compiled and plain, the others take. The yardstick is the "
        "original's style, or for programs by hand an engine with slots and local slopes.",
        "",
        "| script, the same on all | compiled | plain | the yardstick takes, of compiled, of plain "
        "| with its collector off | PyTorch takes, for the batch at once | methods that do nothing take |",
        "|---|---|---|---|---|---|---|",
    ]
    ratios = {}
    for script, (_, title) in SCRIPTS.items():
        yardstick = SLOTS if script in BY_HAND else ORIGINAL
        left_out = {SLOTS, ORIGINAL, NO_GC} if script in BY_HAND else {SLOTS}
        left_out |= {TORCH} if script in ALONE else set()
        left_out |= set() if script in FLOOR else {NOTHING}
        some = {n: c for n, c in everybody.items() if n not in left_out - {yardstick}}
        found = measured(some, script, options.rounds)
        ratios[script] = {own: found[yardstick] / found[own] for own in (OURS, PLAIN)}
        both = [
            ", ".join(times(found[n] / found[own]) for own in (OURS, PLAIN)) if n in found else "–"
            for n in (yardstick, NO_GC, TORCH)
        ]
        floor = times(found[NOTHING] / found[OURS]) if NOTHING in found else "–"
        cells = [*(f"{found[own] * 1e3:.3f} ms" for own in (OURS, PLAIN)), *both, floor]
        lines.append(f"| {title} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    ours = everybody[OURS]
    pairs = [(ours.ask("per_sample", 1000), ours.ask("per_sample", 100_000)) for _ in range(options.rounds)]
    few = statistics.median(few for few, _ in pairs)
    growth = statistics.median(many / few for few, many in pairs)
    update = statistics.median(ours.ask("per_parameter", 0.1) for _ in range(options.rounds))
    lines += [
        "",
        f"An epoch of 100,000 samples costs {growth:.2f} times as much a sample as one "
        f"of 1,000 ({few * 1e6:.2f} µs). `for p in net.params(): p.data -= lr * p.grad` takes "
        f"{update * 1e6:.2f} µs a parameter.",
    ]
    print("\n".join(lines[-1:]))
    text = "\n".join(
        [
            "# Loops over samples and scalars",
            "",
            "Made by `python benchmarks/loops.py`; medians of interleaved rounds, one process each.",
            f"{machine()}; Python {platform.python_version()}, {torch}.",
            "",
            *lines,
            "",
        ]
    )
    (HERE / "LOOPS.md").write_text(text)
    try:
        draw(ratios, HERE / "loops.svg")
    except ImportError:
        print("no picture: it needs matplotlib, pip install 'array-autograd[plot]'")
    for contestant in everybody.values():
        contestant.close()


if __name__ == "__main__":
    serve(sys.argv[1]) if sys.argv[1:2] and sys.argv[1] in CONTESTANTS else main()
