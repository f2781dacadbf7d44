"""How this library compares with its peers: a grid of nets, measured interleaved in one run.

$ python benchmarks/compare.py
$ python benchmarks/compare.py --peer "PyTorch=/elsewhere/bin/python" --peer "JAX=/other/bin/python"

Each contestant runs in a process of its own, with this interpreter or with the one given for it. A
contestant whose library is not installed is left out. All are checked to have the same losses from the
same weights; then they take turns, round by round, and medians are compared. The results are written
into RESULTS.md and results.svg beside this file.
"""

import argparse
import json
import math
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
from pathlib import Path

from contestants import CONTESTANTS, EPOCH_BATCH, EPOCH_ROWS

HERE = Path(__file__).parent
OURS, EAGER, FLOOR = "autograd", "autograd, Tensors by hand", "NumPy by hand"
SHOWN = [name for name in CONTESTANTS if name != OURS]
NETS = [
    ((1, 20, 20, 1), 50),
    ((2, 16, 16, 1), 100),
    ((64, 100, 50, 10), 32),
    ((64, 100, 50, 10), 256),
    ((784, 256, 128, 10), 128),
    ((784, 256, 128, 10), 1024),
]
ACTIVATIONS = ["relu", "tanh", "sigmoid"]
DTYPES = ["float32", "float64"]
FITS = [  # where the cost of fit itself is measured, at batches of 32
    ((1, 20, 20, 1), 32, "relu", "float32", "mse"),
    ((1, 20, 20, 1), 32, "tanh", "float64", "mse"),
    ((64, 100, 50, 10), 32, "relu", "float32", "mse"),
    ((64, 100, 50, 10), 32, "tanh", "float64", "mse"),
    ((64, 100, 50, 10), 32, "relu", "float32", "cross_entropy"),
]
# What torch.compile and lax.scan are asked for: compiling all of the grid would take an hour
COMPILED = {(net, "relu", "float32", "mse") for net, _ in NETS} | {((1, 20, 20, 1), "tanh", "float64", "mse")}


def cells(small):
    """The grid: sizes, rows, activation, dtype, loss."""
    for sizes, rows in NETS[:1] if small else NETS:
        for loss in ["mse"] if len(sizes) < 4 or sizes[0] < 64 else ["mse", "cross_entropy"]:
            for activation in ACTIVATIONS[:1] if small else ACTIVATIONS:
                for dtype in DTYPES:
                    yield sizes, rows, activation, dtype, loss


class Contestant:
    """A process that answers, and is stopped while it is not asked.

    Libraries of linear algebra leave threads that look for more work long after a call, and so would
    take a core from whoever has the next turn.
    """

    def __init__(self, name, python, script="contestants.py"):
        self.name = name
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        self.process = subprocess.Popen(
            [python, str(HERE / script), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.signal("SIGSTOP")

    def signal(self, name):
        if hasattr(signal, name):  # Windows has neither; turns disturb each other there
            self.process.send_signal(getattr(signal, name))

    def ask(self, *request):
        """The answer; RuntimeError with what went wrong."""
        self.signal("SIGCONT")
        try:
            return self._asked(request)
        finally:
            self.signal("SIGSTOP")

    def _asked(self, request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise RuntimeError("it ended")
        answer = json.loads(answer)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    def close(self):
        self.signal("SIGCONT")
        self.process.communicate()


def peer(name):
    """The name that --peer knows a contestant by."""
    return name.split(",")[0].split(" ")[0]


def interpreters(peers):
    """The interpreter of each peer, from NAME=PYTHON; ValueError if there is no such peer or interpreter."""
    found = {}
    for each in peers:
        name, _, python = each.partition("=")
        if name not in map(peer, SHOWN):
            raise ValueError(f"--peer {each}: the peers are {', '.join(dict.fromkeys(map(peer, SHOWN)))}")
        if shutil.which(python) is None:
            raise ValueError(f"--peer {each}: {python or 'nothing'} is no interpreter")
        found[name] = python
    return found


def present(pythons):
    """The contestants whose libraries are installed, with their versions."""
    found, versions = {}, {}
    for name in CONTESTANTS:
        contestant = Contestant(name, pythons.get(peer(name), sys.executable))
        try:
            versions[name] = contestant.ask("version")
            found[name] = contestant
        except RuntimeError as error:
            print(f"without {name}: {error}")
            contestant.close()
    return found, versions


def agree(losses, dtype):
    """Whether losses are the same, as far as the dtype has it."""
    near = 1e-8 if dtype == "float64" else 1e-4
    reference = losses[FLOOR]
    for name, own in losses.items():
        if not all(math.isclose(a, b, rel_tol=near) for a, b in zip(own, reference, strict=True)):
            raise SystemExit(f"{name} has other losses than {FLOOR}: {own} and {reference}")


def measure(contestants, cell, rounds, seconds):
    """The median seconds of a step for each contestant that takes part."""
    sizes, _, activation, dtype, loss = cell
    losses, taking = {}, []
    for name, contestant in contestants.items():
        if ("compile" in name or "scan" in name) and (sizes, activation, dtype, loss) not in COMPILED:
            continue
        try:
            losses[name] = contestant.ask("prepare", *cell)
            taking.append(name)
        except RuntimeError as error:
            if "NotImplementedError" not in str(error):
                print(f"without {name}: {error}")
    agree(losses, dtype)
    times = {name: [] for name in taking}
    for k in range(rounds + 1):
        for name in list(times):
            try:
                took = contestants[name].ask("time", seconds)
            except RuntimeError as error:
                print(f"without {name}: {error}")
                del times[name]
                continue
            if k:  # the first round is for warming up
                times[name].append(took)
    return {name: statistics.median(t) for name, t in times.items()}


def measure_epoch(contestants, rounds):
    """The median seconds of an epoch over many rows, data movement included."""
    taking, losses = [], {}
    for name, contestant in contestants.items():
        try:
            contestant.ask("prepare_epoch")
            losses[name] = contestant.ask("epoch", 0)[1]
            taking.append(name)
        except RuntimeError as error:
            if "NotImplementedError" not in str(error):
                print(f"without {name}: {error}")
    for name in taking:  # the last, smaller batch is left out by some
        if not math.isclose(losses[name], losses[FLOOR], rel_tol=0.02):
            raise SystemExit(f"{name}: mean loss {losses[name]}, where {FLOOR} has {losses[FLOOR]}")
    times = {name: [] for name in taking}
    for k in range(rounds):
        for name in taking:
            times[name].append(contestants[name].ask("epoch", k + 1)[0])
    return {name: statistics.median(t) for name, t in times.items()}


# What is asked ----------------------------------------------------------------------------------


GROUPS = ["small nets", "64-100-50-10", "784-256-128-10"]


def group(cell):
    return GROUPS[{1: 0, 2: 0, 64: 1, 784: 2}[cell[0][0]]]


def asked(peer, cell):
    """The ratio to reach, or None."""
    (first, *_), _, activation, dtype, _ = cell
    small, middle = first < 64, first == 64
    if peer == FLOOR:
        return 0.65 if small else 0.9 if middle else 1.0
    if peer == "PyTorch":
        return 0.1 if small else 0.4 if middle else 0.95
    if peer == "JAX jit":
        if small:
            return 1.3 if (activation, dtype) == ("tanh", "float64") else 0.8
        return 0.95 if middle else 1.0
    return None


EPOCH_ASKED = {"PyTorch": 0.85, "JAX jit": 1.1}  # the ratios to reach in an epoch over many rows


# The report -------------------------------------------------------------------------------------


def machine():
    """The processor, and how many of its cores may be used."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {platform.system()}"


def spelt(cell):
    sizes, rows, activation, dtype, loss = cell
    task = "MSE, SGD" if loss == "mse" else "cross entropy, Adam"
    return f"{'-'.join(map(str, sizes))}, {rows} rows | {activation} | {dtype} | {task}"


def report(results, overheads, epoch, versions, rounds):
    """RESULTS.md."""
    said = ", ".join(dict.fromkeys(f"{CONTESTANTS[n].module} {v}" for n, v in versions.items()))
    names = [n for n in SHOWN if n in versions]
    lines = [
        "# How it compares",
        "",
        "Written by `python benchmarks/compare.py`; the grid, the contestants and what each does are in "
        "[compare.py](compare.py) and [contestants.py](contestants.py).",
        "",
        f"- Machine: {machine()}; CPython {platform.python_version()}.",
        f"- Versions: {said}.",
        f"- Medians of {rounds} rounds, in which all took turns, each in a process of its own, after a "
        "round to warm up and a check that all have the same losses from the same weights.",
        "- Numbers are ratios: the time of a step here, by `fit` with all rows as one batch, over the "
        "contestant's. Below 1 `fit` is faster. `fit` counts the losses, checks them and keeps a history.",
        "",
        "![Ratios of times for each net and contestant](results.svg)",
        "",
        "## What was asked, and what came out",
        "",
        "Median ratio over the cells of the grid, the worst in brackets; then how many of the cells reach "
        "what was asked.",
        "",
        "| against | " + " | ".join(GROUPS) + " |",
        "|---|---|---|---|",
    ]
    for name in names:
        row = []
        for kind in GROUPS:
            taking = [(c, t) for c, t in results.items() if group(c) == kind and name in t]
            ratios = [(t[OURS] / t[name], asked(name, c)) for c, t in taking]
            if not ratios:
                row.append("–")
                continue
            values = [r for r, _ in ratios]
            text = f"{statistics.median(values):.2f} ({max(values):.2f})"
            goals = [(r, goal) for r, goal in ratios if goal is not None]
            if goals:
                text += f"; {sum(r <= goal for r, goal in goals)} of {len(goals)}"
            row.append(text)
        lines.append(f"| {name} | " + " | ".join(row) + " |")
    eager = [t[EAGER] / t[FLOOR] for c, t in results.items() if group(c) == "small nets"]
    lines += [
        "",
        f"A step by hand with Tensors takes {statistics.median(eager):.2f} times as long as NumPy by hand on "
        f"small nets (worst {max(eager):.2f}; asked: 2.0).",
    ]
    lines += [
        "",
        "In batches of 32 `fit` takes so many times as long for a step as the recorded step and the optimiser"
        " take on one batch over and over, with recording, shuffling, gathering of rows and history:",
        "",
        *(f"- {spelt(cell).replace(' |', ',')}: {ratio:.2f}" for cell, ratio in overheads.items()),
    ]
    if epoch:
        lines += [
            "",
            f"One epoch over {EPOCH_ROWS:,} × 784 numbers in batches of {EPOCH_BATCH}, 784-256-128-10, relu, "
            "float32, cross entropy and Adam, shuffling and data movement included (here: `fit`):",
            "",
            "| | seconds | ratio | asked |",
            "|---|---|---|---|",
            *(
                f"| {name} | {t:.2f} | {epoch[OURS] / t:.2f} | {EPOCH_ASKED.get(name, '–')} |"
                for name, t in epoch.items()
            ),
        ]
    remarks = HERE / "remarks.md"
    if remarks.exists():
        lines += ["", remarks.read_text().strip()]
    lines += [
        "",
        "## The whole grid",
        "",
        "Microseconds a step here, and ratios; ✗ marks a cell that misses what was asked.",
        "",
        "| net | activation | dtype | | µs | " + " | ".join(names) + " |",
        "|---|---|---|---|---|" + "---|" * len(names),
    ]
    for cell, times in results.items():
        row = []
        for name in names:
            if name not in times:
                row.append("–")
                continue
            ratio, goal = times[OURS] / times[name], asked(name, cell)
            row.append(f"{ratio:.2f}{' ✗' if goal is not None and ratio > goal else ''}")
        lines.append(f"| {spelt(cell)} | {times[OURS] * 1e6:.0f} | " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def draw(results, path):
    """A strip of dots for each contestant and group of nets: how many times as long it takes."""
    from matplotlib.figure import Figure

    colours = dict(zip(GROUPS, ("#0072B2", "#E69F00", "#009E73"), strict=True))
    marks = dict(zip(GROUPS, "os^", strict=True))
    names = [n for n in SHOWN if any(n in t for t in results.values())]
    figure = Figure(figsize=(8, 0.55 * len(names) + 1.5), layout="constrained")
    axes = figure.subplots()
    for i in range(0, len(names), 2):
        axes.axhspan(i - 0.5, i + 0.5, color="0.96", zorder=0)
    for k, kind in enumerate(colours):
        xs, ys = [], []
        for i, name in enumerate(names):
            for cell, times in results.items():
                if group(cell) == kind and name in times:
                    xs.append(times[name] / times[OURS])
                    ys.append(i + 0.24 * (k - 1))
        axes.plot(xs, ys, marks[kind], color=colours[kind], markersize=4.5, alpha=0.75, label=kind)
    axes.axvline(1, color="0.4", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    ticks = [0.5, 1, 2, 5, 10, 20, 50]
    axes.set_xticks(ticks, [f"{t:g}×" for t in ticks])
    axes.minorticks_off()
    axes.set_xlabel("time of a training step, as a multiple of this library's; a mark for each cell")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=len(colours), frameon=False)
    figure.savefig(path, metadata={"Date": None})


def main(arguments=None):
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    add = parser.add_argument
    add("--peer", action="append", default=[], metavar="NAME=PYTHON", help="the interpreter that has it")
    add("--rounds", type=int, default=11, help="how often all take their turn (11)")
    add("--seconds", type=float, default=0.1, help="about how long a turn is (0.1)")
    add("--small", action="store_true", help="one net only, to see whether it works")
    add("--output", type=Path, default=HERE, help="the folder for the results")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        pythons = interpreters(options.peer)
    except ValueError as error:
        parser.error(str(error))
    contestants, versions = present(pythons)
    results = {}
    for cell in cells(options.small):
        results[cell] = measure(contestants, cell, options.rounds, options.seconds)
        own = results[cell][OURS]
        said = ", ".join(f"{n} {own / t:.2f}" for n, t in results[cell].items() if n != OURS)
        print(f"{spelt(cell)}: {own * 1e6:.0f} µs; {said}", flush=True)
    few = max(1, options.rounds // 2)
    fits = FITS[:1] if options.small else FITS
    overheads = {cell: contestants[OURS].ask("overhead", few, *cell) for cell in fits}
    epoch = {} if options.small else measure_epoch(contestants, few)
    for contestant in contestants.values():
        contestant.close()
    (options.output / "RESULTS.md").write_text(report(results, overheads, epoch, versions, options.rounds))
    try:
        draw(results, options.output / "results.svg")
    except ImportError:
        print("no picture: it needs matplotlib")


if __name__ == "__main__":
    main()
