"""Processes that train a net together: rows a second, what talking costs, and a model of it.

$ python benchmarks/processes.py

Each process is pinned to a core. Within one job the ways to train take turns, and the figures are medians
of the rounds. The results are written into PROCESSES.md beside this file; docs/scaling.md explains the model.
"""

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from compare import machine

from autograd.nn import Net

HERE = Path(__file__).parent
MNIST = "784-256-128-10"
NETS = {"64-100-50-10": (64, 100, 50, 10), MNIST: (784, 256, 128, 10)}
ROWS = 256  # of each rank in a step
STEPS = 30  # in an epoch
EPOCHS = 4
BATCHES = 32, 64, 128, 256, 512  # from which the time of a row is found
GRADIENT = 235_146  # numbers in the gradient of the larger net
HEAD = 56  # bytes of the numbers that ranks sum before their gradients
SIZES = 64, 13_000, GRADIENT, 4 * GRADIENT  # numbers that an all-reduce is timed with
CORES = len(os.sched_getaffinity(0))
TOTALS = 256, 4096, 65_536
RANKS = 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000
# Bytes a second, and seconds of one message: ranges that makers name for Ethernet with TCP, and with RDMA
NETWORKS = {"10 Gb/s, 20 µs": (1.25e9, 20e-6), "100 Gb/s, 2 µs": (12.5e9, 2e-6)}


def data(sizes, steps, rank, batch=ROWS):
    rng = np.random.default_rng(rank)
    X = rng.standard_normal((steps * batch, sizes[0]), dtype=np.float32)
    return X, rng.integers(10, size=len(X))


def made(sizes):
    random.seed(1)
    return Net(sizes[0], list(sizes[1:]), "relu", "linear", dtype="float32", init="he")


def seconds_of_a_step(net, X, y, comm=None, batch=ROWS):
    start = time.perf_counter()
    net.fit(
        X,
        y,
        loss="cross_entropy",
        optimizer="sgd",
        lr=1e-3,
        epochs=EPOCHS,
        batch_size=batch,
        seed=1,
        comm=comm,
    )
    return (time.perf_counter() - start) / (EPOCHS * len(X) // batch)


def wait_asleep(comm):
    """A barrier whose waiting takes no time of a core, which another process may need."""
    request = comm.Ibarrier()
    while not request.Test():
        time.sleep(0.001)


def check(comm, sizes):
    """A training of all ranks has to end where one process ends that is given their batches joined."""
    X, y = data(sizes, 3, comm.rank)
    net, twin = made(sizes), made(sizes)
    options = {"loss": "cross_entropy", "optimizer": "sgd", "lr": 0.01, "epochs": 2}
    batches = [(X[k : k + ROWS], y[k : k + ROWS]) for k in range(0, len(X), ROWS)]
    net.fit(batches, comm=comm, **options)
    joint = [
        tuple(map(np.concatenate, zip(*step, strict=True)))
        for step in zip(*comm.allgather(batches), strict=True)
    ]
    twin.fit(joint, **options)
    assert np.allclose(net.values, twin.values, rtol=1e-3, atol=1e-5)
    assert not np.allclose(net.values, made(sizes).values, rtol=1e-3, atol=1e-5)


def job(rounds):
    """What the ranks of one job measure; rank 0 prints it as JSON."""
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[comm.rank % len(cores)]})
    found = {"steps": {}, "batches": {}, "sums": {}}
    for name, sizes in NETS.items():
        check(comm, sizes)
        X, y = data(sizes, STEPS, comm.rank)
        net = made(sizes)
        ways = {f"alone {rank}": ({rank}, None) for rank in range(min(comm.size, CORES))}
        everybody = set(range(comm.size))
        ways |= {"with comm": ({0}, MPI.COMM_SELF), "each": (everybody, None), "together": (everybody, comm)}
        times = {way: [] for way in ways}
        for k in range(-1, rounds):
            for way, (ranks, given) in ways.items():
                wait_asleep(comm)
                elapsed = seconds_of_a_step(net, X, y, given) if comm.rank in ranks else 0.0
                wait_asleep(comm)
                if k >= 0:
                    times[way].append(comm.allreduce(elapsed) / len(ranks))
        found["steps"][name] = {way: statistics.median(t) for way, t in times.items()}
        wait_asleep(comm)
        if comm.rank == 0 and comm.size == 1:
            for batch in BATCHES:
                X, y = data(sizes, STEPS, 0, batch)
                times = [seconds_of_a_step(net, X, y, None, batch) for _ in range(rounds)]
                found["batches"].setdefault(name, {})[batch] = statistics.median(times)
    at_once = partial(comm.Allreduce, MPI.IN_PLACE)
    found["sums"] = {4 * size: seconds_of(comm, at_once, size) for size in SIZES}
    found["whole"] = found["sums"][4 * GRADIENT]
    found["slices"] = seconds_of(comm, partial(summed_in_slices, comm), GRADIENT)
    if comm.rank == 0:
        print(json.dumps(found))


def seconds_of(comm, add_up, size):
    numbers, times = np.ones(size, np.float32), []
    for _ in range(300):
        numbers[:] = 1
        comm.Barrier()
        start = time.perf_counter()
        add_up(numbers)
        times.append(time.perf_counter() - start)
        assert numbers[0] == numbers[-1] == comm.size
    return statistics.median(times)


def summed_in_slices(comm, numbers):
    """A sum begun for each layer, the last one first, as a backward pass would begin them."""
    from mpi4py import MPI

    sizes = NETS[MNIST]
    ends = np.cumsum([n_out * (n_in + 1) for n_in, n_out in pairwise(sizes)])
    slices = reversed(np.split(numbers, ends[:-1]))
    MPI.Request.Waitall([comm.Iallreduce(MPI.IN_PLACE, part) for part in slices])


def started(ranks, rounds):
    mpiexec = Path(sys.executable).parent / "mpiexec"
    command = [str(mpiexec), "-n", str(ranks), sys.executable, "-m", "mpi4py", __file__]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    out = subprocess.run(
        [*command, "--rounds", str(rounds), "--job"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(out.stdout.splitlines()[-1])


def line(points):
    """The intercept and the slope of the line through (x, y) with the least relative errors."""
    x, y = np.array([float(k) for k in points]), np.array(list(points.values()))
    intercept, slope = np.linalg.lstsq(np.stack([1 / y, x / y], axis=1), np.ones(len(x)))[0]
    return float(intercept), float(slope)


@dataclass
class Model:
    """The cost of a step.

    Attributes:
        fixed: seconds of a step that do not depend on its rows, such as the update.
        row: seconds of a row.
        size: bytes of the gradient.
    """

    fixed: float
    row: float
    size: int

    def step(self, ranks, network, rows=ROWS):
        """The seconds of a step of so many rows of each rank."""
        head, gradient = (seconds_of_a_sum(ranks, size, *network) for size in (HEAD, self.size))
        return self.fixed + rows * self.row + head + gradient


def seconds_of_a_sum(ranks, size, bandwidth, latency):
    """Of an all-reduce by halves, without its additions (R. Thakur, R. Rabenseifner, W. Gropp, 2005)."""
    if ranks == 1:
        return 0.0
    return 2 * math.ceil(math.log2(ranks)) * latency + 2 * (ranks - 1) / ranks * size / bandwidth


def memory_of(job):
    """The bandwidth and the latency of the memory that two ranks share, from their all-reduces."""
    intercept, slope = line(job["sums"])
    return 1 / slope, max(intercept, 0.0) / 2


def measured_table(jobs, models, memory):
    columns = ["net", "ranks", "one, alone", "one, with comm", "all, each alone", "all together", "predicted"]
    yield "| " + " | ".join([*columns, "rows a second"]) + " |"
    yield "|---" * 8 + "|"
    for ranks, job in jobs.items():
        on_a_core = math.ceil(ranks / CORES)
        for name, times in job["steps"].items():
            model = models[name]
            alone = statistics.mean(t for way, t in times.items() if way.startswith("alone"))
            guess = on_a_core * alone + model.step(ranks, memory, 0) - model.fixed
            cells = [alone, *(times[way] for way in ("with comm", "each", "together")), guess]
            numbers = " | ".join(f"{1e6 * t:.0f}" for t in cells)
            yield f"| {name} | {ranks} | {numbers} | {ranks * alone / times['together']:.2f} |"


def predicted_table(models):
    names = [f"{name}, {network}" for name in models for network in NETWORKS]
    yield "| ranks | " + " | ".join(names) + " |"
    yield "|---" * (1 + len(names)) + "|"
    for ranks in RANKS:
        cells = []
        for model in models.values():
            for network in NETWORKS.values():
                step = model.step(ranks, network)
                cells.append(f"{1e3 * step:.2f} ms, {model.step(1, network) / step:.0%}")
        yield f"| {ranks:,} | " + " | ".join(cells) + " |"


def limits(models):
    """For a given number of rows in a step, shared by all, the number of ranks that is fastest."""
    yield "| net | network | " + " | ".join(f"{rows:,} rows" for rows in TOTALS) + " |"
    yield "|---" * (2 + len(TOTALS)) + "|"
    for name, model in models.items():
        for network, constants in NETWORKS.items():
            cells = []
            for total in TOTALS:
                times = {n: model.step(n, constants, total / n) for n in range(1, 1001) if n <= total}
                best = min(times, key=times.get)
                half = max(n for n, t in times.items() if times[1] / t >= n / 2)
                cells.append(f"{best:,}: {times[1] / times[best]:.1f} times; {half:,}")
            yield f"| {name} | {network} | " + " | ".join(cells) + " |"


def report(jobs):
    models = {}
    for name, sizes in NETS.items():
        parameters = sum(n_out * (n_in + 1) for n_in, n_out in pairwise(sizes))
        models[name] = Model(*line(jobs[1]["batches"][name]), 4 * parameters)
    memory = memory_of(jobs[2])
    yield f"""# Processes that train a net together

{machine()}; float32, cross entropy, SGD, {ROWS} rows of each rank in a step. Microseconds
of a step, medians of the rounds; each rank is pinned to a core. The last column is the rows a second of all
ranks, as a multiple of those of one that trains alone, on average over the cores.
"""
    yield from measured_table(jobs, models, memory)
    yield """
## The model

A step takes a fixed time, and a time for each row. Two sums follow, of a few numbers and of the gradient.
Each takes the latency of 2 log2(ranks) messages, and 2 (ranks - 1) / ranks times its bytes by the bandwidth.
Above, "predicted" is the time of one rank alone, in the same job, and these sums; ranks on one core take
turns. What is missing is the time for which ranks wait for the slowest one. Measured:
"""
    for name, model in models.items():
        yield (
            f"- {name}: {1e6 * model.fixed:.0f} µs, and {1e6 * model.row:.2f} µs a row; the gradient has "
            f"{model.size / 1e3:,.0f} kB"
        )
    yield f"- memory that ranks share: {memory[0] / 1e9:.1f} GB a second, {1e6 * memory[1]:.1f} µs a message"
    two = jobs[2]
    yield (
        f"- the gradient of the larger net, summed by 2 ranks: {1e6 * two['whole']:.0f} µs at once, "
        f"{1e6 * two['slices']:.0f} µs in a part for each layer"
    )
    yield f"""
## Predicted, {ROWS} rows of each rank

The time of a step; and the rows a second of a rank, as a share of those of one that trains alone.
"""
    yield from predicted_table(models)
    yield """
## Predicted, a given number of rows in a step, shared by all ranks

The number of ranks with the shortest step, and how much shorter it is than with one; then the largest number
of ranks of which each is still worth half of one that trains alone.
"""
    yield from limits(models)


def main(rounds):
    jobs = {ranks: started(ranks, rounds) for ranks in (1, 2, 4)}
    text = "\n".join(report(jobs)) + "\n"
    (HERE / "PROCESSES.md").write_text(text)
    print(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--job", action="store_true", help="be one of the ranks, under mpiexec")
    options = parser.parse_args()
    (job if options.job else main)(options.rounds)
