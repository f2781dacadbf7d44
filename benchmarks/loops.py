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
from pathlib import Path

from loop_programs import SCRIPTS, classes_data, digits_data, moons_data, sine_data

HERE = Path(__file__).parent
OURS, PLAIN = "compiled", "plain"
ORIGINAL, NO_GC, TORCH, SLOTS = "original's style", "original's style, gc off", "PyTorch", "slots"
NOTHING = "methods that do nothing"
CONTESTANTS = (OURS, PLAIN, ORIGINAL, NO_GC, TORCH, SLOTS, NOTHING)
ROUNDS, SLOW_ROUNDS = 9, 2  # the original takes seconds


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
