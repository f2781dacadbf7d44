"""Trainings that several processes share, run by `test_team` as ``mpiexec -n N python -m mpi4py`` this file.

Each process writes what came out, by the name of the case, into a file of its own.
"""

import os
import pickle
import random
import signal
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
from trainings import NUMBERS, OPTIONS, ROWS, TARGETS, Scaled, small_net

from autograd.errors import AutogradError
from autograd.nn import Net
from autograd.optim import SGD
from autograd.schedules import Plateau

WEIGHTS = np.linspace(0.2, 3, 40)
VALIDATION = ROWS[:10] * 0.9, NUMBERS[:10]


def parts(ranks, rows=40):
    """The rows of each rank: those of the first are the fewest, by far."""
    cuts = [rows * (k * k + k + 1) // (ranks * ranks + ranks + 1) for k in range(1, ranks)]
    return np.split(np.arange(rows), cuts)


def options_of(name):
    """The options of `fit` in the cases whose result has to equal that of one process with all rows."""
    common = {"epochs": 3, "batch_size": 5, "seed": 4}
    return {
        **{f"optimizer {k}": {**common, "optimizer": k} for k in OPTIONS},
        **{f"loss {k}": {**common, "loss": k} for k in TARGETS},
        "penalty and clip": {**common, "alpha": 0.3, "clip": 0.05},
        "sample weights": {**common, "sample_weight": WEIGHTS},
        "class weights": {**common, "loss": "cross_entropy", "class_weight": {0: 2.0, 1: 0.5}},
        "balanced": {
            **common,
            "loss": "cross_entropy",
            "class_weight": "balanced",
            "sample_weight": WEIGHTS,
        },
        "validation": {**common, "validation": VALIDATION, "patience": 1, "epochs": 8, "lr": 0.5},
        "weighted validation": {**common, "validation": (*VALIDATION, WEIGHTS[:10]), "patience": 2},
        "one batch": {**common, "batch_size": 99},
        "own loss": {**common, "loss": own_loss},
        "schedule": {**common, "lr": lambda step: 0.1 / (1 + step)},
        "module": {**common, "alpha": 0.1},
        "float32": {**common},
    }[name]


CASES = [*(f"optimizer {k}" for k in OPTIONS), *(f"loss {k}" for k in TARGETS), "penalty and clip"]
CASES += ["sample weights", "class weights", "balanced", "validation", "weighted validation", "one batch"]
CASES += ["own loss", "schedule", "module", "float32"]


def own_loss(prediction, target):
    return (abs(prediction - target) ** 1.5).mean()


def net_of(name, seed):
    random.seed(seed)
    if name == "module":
        return Scaled()
    return small_net(seed, dtype="float32" if name == "float32" else "float64")


def data_of(name):
    options = options_of(name)
    rows = ROWS[:, :2] if name == "module" else ROWS
    loss = options.get("loss", "mse")
    targets = NUMBERS[:, :1] if name == "module" else TARGETS.get(loss, NUMBERS)
    return rows, targets


def outcome(net, history):
    told = history.loss, history.penalty, history.val_loss, history.lr
    return {"values": net.values.copy(), "told": told, "best": history.best, "cut": history.interrupted}


def equal(comm):
    """Each case with the rows of this rank; the weights differ from rank to rank before."""
    found = {}
    own = parts(comm.size)[comm.rank]
    for name in CASES:
        X, y = data_of(name)
        options = options_of(name)
        if "sample_weight" in options:
            options["sample_weight"] = WEIGHTS[own]
        if "validation" in options:
            held_out = parts(comm.size, 10)[comm.rank]
            options["validation"] = tuple(a[held_out] for a in options["validation"])
        net = net_of(name, 1 + comm.rank)
        if options.get("optimizer") in OPTIONS:
            options["optimizer"] = OPTIONS[options["optimizer"]](net)
        found[name] = outcome(net, net.fit(X[own], y[own], comm=comm, **options))
    return found


def streams(comm):
    """Batches from an iterable, fewer on the first rank, weighted, and the same for each epoch."""
    own = parts(comm.size)[comm.rank]
    batches = [(ROWS[own[k : k + 4]], NUMBERS[own[k : k + 4]]) for k in range(0, len(own), 4)]
    weighted = [(*b, WEIGHTS[own[4 * k : 4 * k + 4]]) for k, b in enumerate(batches)]
    found = {}
    for name, given in (("plain", batches), ("weighted", lambda: iter(weighted))):
        net = small_net(1 + comm.rank)
        found[name] = outcome(net, net.fit(given, epochs=3, optimizer="sgd", lr=0.1, comm=comm))
    return found


def failing(call):
    """The error of a call, as its type and text."""
    try:
        call()
    except Exception as error:
        return type(error).__name__, str(error)
    return None


def errors(comm):
    """Trainings that fail on one rank: what each rank raises, and whether all have the same weights then."""
    last, found = comm.rank == comm.size - 1, {}
    common = {"epochs": 3, "batch_size": 5, "seed": 4, "comm": comm}

    def case(name, net=None, X=ROWS, y=NUMBERS, **options):
        net = net or small_net()
        found[name] = failing(lambda: net.fit(X, y, **{**common, **options})), net.values.copy()

    nan = ROWS.copy()
    nan[7, 1] = np.nan
    huge = np.where(np.arange(40)[:, None] == 7, 1e200, NUMBERS)
    case("nan in the data", X=nan if last else ROWS)
    case("no rows", X=ROWS[:0] if last else ROWS, y=NUMBERS[:0] if last else NUMBERS)
    case("loss", loss="mse", y=huge if last else NUMBERS)
    case("callback", callbacks=lambda history: 1 / 0 if last and len(history.loss) == 2 else None)
    case("learning rate", lr=lambda step: 1 / 0 if last and step == 3 else 0.1)
    case("sizes", net=Net(3, [4, 2]) if last else small_net())
    case("dtype", net=small_net(dtype="float32") if last else small_net())
    case("activation", net=small_net(activation="relu") if last else small_net())
    case("seed", seed=5 if last else 4)
    case("optimizer", optimizer="sgd" if last else "adam")
    case("options", epochs=4 if last else 3, alpha=0.1 if last else 0)
    case("validation", validation=(ROWS, NUMBERS) if last else 0.2)
    case("weights of validation", validation=(ROWS, NUMBERS, WEIGHTS) if last else (ROWS, NUMBERS))
    case(
        "weights of validation of batches",
        X=[(ROWS, NUMBERS)],
        y=None,
        validation=(ROWS, NUMBERS, WEIGHTS) if last else (ROWS, NUMBERS),
    )
    case("a weight", y=NUMBERS * 1e4, optimizer="sgd", lr=1e308, batch_size=40, **watched(comm))
    case("a local error", callbacks=lambda history: own_error() if last else None)
    case("generators", seed=np.random.default_rng(3))
    case("file", checkpoint="/no/such/folder/file.npz")
    case("stream", X=lambda: raising(last), y=None, seed=None)
    case("empty stream", X=lambda: iter([] if last else [(ROWS, NUMBERS)]), y=None, seed=None)
    case(
        "own loss", loss=lambda p, y: (p - y).mean() * (1 if len(p) == 5 or not last else 1 / 0), batch_size=6
    )
    case("all right")
    return found


def watched(comm):
    """A callback on rank 0 alone."""
    return {"callbacks": [lambda history: None]} if comm.rank == 0 else {}


def own_error():
    class OwnError(AutogradError):
        pass

    raise OwnError("mine")


def raising(last):
    for k in range(5):
        yield ROWS[k : k + 5], NUMBERS[k : k + 5]
        if last and k == 2:
            raise LookupError("the disk is gone")


def endings(comm):
    """Trainings that one rank ends, by its callback or by Ctrl-C."""
    last, found = comm.rank == comm.size - 1, {}
    common = {"epochs": 5, "batch_size": 5, "seed": 4, "comm": comm, "optimizer": "sgd"}
    net = small_net()
    ends = [lambda history: last and len(history.loss) == 2]
    found["callback"] = outcome(net, net.fit(ROWS, NUMBERS, callbacks=ends, **common))
    for name, step in (("ctrl-c in a step", 11), ("ctrl-c in the last step", 39)):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        net, steps = small_net(), []

        def lr(k, steps=steps, step=step):
            steps.append(k)
            if last and k == step:
                signal.raise_signal(signal.SIGINT)
            return 0.1

        found[name] = outcome(net, net.fit(ROWS, NUMBERS, lr=lr, **common)), len(steps)
    net = small_net()

    def twice(history):
        if last and len(history.loss) == 2:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    found["ctrl-c twice"] = outcome(net, net.fit(ROWS, NUMBERS, callbacks=twice, **common))
    net = small_net()

    def late(k):  # so that the others wait for the last rank when Ctrl-C is pressed again
        if k == 10 and last:
            time.sleep(1.0)
        elif k == 10:
            signal.raise_signal(signal.SIGINT)
            threading.Timer(0.5, signal.pthread_kill, [main, signal.SIGINT]).start()
        return 0.1

    main = threading.main_thread().ident
    found["ctrl-c while waiting"] = outcome(net, net.fit(ROWS, NUMBERS, lr=late, **common))
    net, schedule = small_net(), Plateau(0.1, patience=1)
    for loss in (1.0, 2.0, 3.0, 4.0) if last else ():
        schedule.observe(loss)
    found["plateau"] = outcome(net, net.fit(ROWS, NUMBERS, lr=schedule, **common))
    return found


def resumed(comm, folder, epochs, validation="rows"):
    """A training with a checkpoint, which goes on from that of a former one."""
    own = parts(comm.size)[comm.rank]
    net = small_net(1 + comm.rank)
    options = {"validation": (ROWS[:5], NUMBERS[:5])} if validation == "rows" else {"validation": 0.25}
    options |= {"sample_weight": WEIGHTS[own], "checkpoint": str(folder / "kept.npz"), "comm": comm}
    opt = SGD(net, lr=0.1, momentum=0.9)

    def train():
        history = net.fit(
            ROWS[own], NUMBERS[own], epochs=int(epochs), batch_size=5, optimizer=opt, patience=20, **options
        )
        return outcome(net, history)

    try:
        return train()
    except ValueError as error:
        return str(error)


def killed(comm, folder, how):
    """One rank ends in the midst of a training."""
    last = comm.rank == comm.size - 1

    def lr(step):
        if last and step == 5 and how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if last and step == 5 and how == "exit":
            sys.exit(3)
        return 0.1

    if last and how == "late":
        raise LookupError("my rows are not there")
    small_net().fit(ROWS, NUMBERS, epochs=10**6, batch_size=5, lr=lr, comm=comm)


def shown(comm):
    """The progress, as lines on the standard error."""
    net = small_net()
    return outcome(net, net.fit(ROWS, NUMBERS, epochs=2, progress=True, seed=1, comm=comm))


if __name__ == "__main__":
    from mpi4py import MPI

    warnings.simplefilter("error")
    case, folder, *arguments = sys.argv[1:]
    folder = Path(folder)
    run = globals()[case]
    takes_folder = case in ("resumed", "killed")
    result = run(MPI.COMM_WORLD, *([folder, *arguments] if takes_folder else []))
    (folder / f"{MPI.COMM_WORLD.rank}.pickle").write_bytes(pickle.dumps(result))
