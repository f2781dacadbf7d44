"""A training in processes that are killed, and once undisturbed; `test_checkpoint` runs this as a program.

Processes are forked from one that has imported everything, which takes milliseconds, while a new Python
takes half a second. The output is one line of JSON.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import numpy as np

from autograd import optim, schedules
from autograd.nn import Net

X = np.linspace(-1, 1, 64)[:, None]
CURVE = np.sin(3 * X)
OPTIMIZERS = {
    "sgd.npz": lambda net: optim.SGD(net, lr=0.05, momentum=0.9),
    "adam.safetensors": lambda net: optim.Adam(net, lr=0.01),
    "adamw.npz": lambda net: optim.AdamW(net, lr=schedules.cosine(0.02, steps=144)),
    "rmsprop.safetensors": lambda net: optim.RMSprop(net, lr=schedules.Plateau(0.02, patience=2)),
    "lbfgs.npz": lambda net: optim.LBFGS(net, max_iter=2),
}


def train(name, checkpoint=None):
    """The results of a training without its times, as bytes."""
    random.seed(1)
    net = Net(1, [8, 1], "tanh", "linear")
    opt = OPTIMIZERS[name](net)
    options = {"epochs": 24, "batch_size": 8, "validation": 0.25, "patience": 20, "seed": 1}
    history = net.fit(X, CURVE, optimizer=opt, **options, checkpoint=checkpoint)
    told = history.loss, history.val_loss, history.lr, history.best, opt.state()["steps"]
    return net.values.tobytes() + opt.state()["memory"].tobytes() + repr(told).encode()


def forked(name, folder, after=None, at=None):
    """Train in another process until it is killed; returns the results if it was not killed.

    Args:
        after: the time after which it is killed.
        at: a function of `os`, and whether the second call of it kills before or after it is done.
    """
    process = os.fork()
    if process == 0:
        try:
            if at is not None:
                deadly(*at)
            (folder / "result").write_bytes(train(name, folder / name))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    if after is not None:
        time.sleep(after)
        os.kill(process, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    return (folder / "result").read_bytes() if status == 0 else None


def deadly(function, before):
    real, calls = getattr(os, function), []

    def kills(*args):
        calls.append(args)
        if not before:
            real(*args)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if before:
            real(*args)

    setattr(os, function, kills)


def left(folder):
    return [p.name for p in folder.iterdir() if p.name.startswith(".saving-")]


def at_random_times(folder, kills):
    """Kill the training of each optimiser so many times, and then let it finish."""
    draw, told = random.Random(1), {"kills": 0, "begun": 0, "halfway": 0, "writing": 0, "most left": 0}
    for name in OPTIMIZERS:
        whole, started = train(name), time.perf_counter()
        assert forked(name, folder) == whole
        longest, landed = (time.perf_counter() - started) / 3, 0
        (folder / name).unlink()
        while landed < kills:
            result = forked(name, folder, after=draw.uniform(0, longest))
            if result is None:
                landed += 1
                told["begun" if not (folder / name).exists() else "halfway"] += 1
                told["writing"] += bool(left(folder))
                told["most left"] = max(told["most left"], len(left(folder)))
            else:
                assert result == whole, name
                (folder / name).unlink()
                longest /= 2
        assert forked(name, folder) == whole, name
        told["kills"] += landed
    told["left"] = left(folder)
    return told


def at_each_step_of_a_write(folder):
    told, name = {}, "sgd.npz"
    whole = train(name)
    for step in ("fsync", "chmod", "replace"):
        for before in (True, False):
            assert forked(name, folder, at=(step, before)) is None
            told[f"{'before' if before else 'after'} {step}"] = len(left(folder))
    assert forked(name, folder) == whole
    told["in the end"] = len(left(folder))
    return told


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    told = at_random_times(folder, int(sys.argv[2])) if len(sys.argv) > 2 else at_each_step_of_a_write(folder)
    print(json.dumps(told))
