"""fit(checkpoint=...): an ended training resumes bit for bit, in the same program or another one."""

import io as io_module
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from registries import restored

from autograd import losses, optim, schedules
from autograd.errors import CheckpointWarning, FileFormatError, OptionError, TrainingError
from autograd.files import io
from autograd.losses import LOSSES, Loss
from autograd.nn import ACTIVATIONS, Activation, Net
from autograd.optim import OPTIMIZERS
from autograd.training.data import Rows
from autograd.training.description import _sums_in_any_order

ROOT = Path(__file__).parents[2]
X = np.linspace(-1, 1, 40)[:, None]
CURVE = np.sin(3 * X)
SUFFIXES = ("npz", "safetensors")


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    """Skips fsync, since no test here cuts the power; the processes that are killed do call it."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def curve_net(seed=1, **options):
    random.seed(seed)
    return Net(1, [5, 1], "tanh", "linear", **options)


class StopError(Exception):
    """Ends a training as a kill does, but the test continues."""


def stop_after(epoch):
    def callback(history):
        if len(history.loss) == epoch:
            raise StopError

    return callback


def fit(net, path, **options):
    options = {"epochs": 9, "batch_size": 16, "seed": 3, "lr": 0.05} | options
    return net.fit(options.pop("X", X), options.pop("y", CURVE), checkpoint=path, **options)


def begun(path, epochs=4, net=None, **options):
    """A net whose training was ended during the epoch after ``epochs``, with its checkpoint in ``path``."""
    net = curve_net() if net is None else net
    with pytest.raises(StopError):
        fit(net, path, **options, callbacks=stop_after(epochs + 1))
    return net


def told(history):
    """The History without its times."""
    return history.loss, history.val_loss, history.lr, history.best, history.interrupted


def epochs_in(path):
    return len(io.read(path)[0]["history.loss"])


# Resuming ---------------------------------------------------------------------------------------

MADE = {
    "lbfgs": lambda net: optim.LBFGS(net, max_iter=2),
    "nesterov": lambda net: optim.SGD(net, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "decayed": lambda net: optim.Adam(net, lr=0.02, betas=(0.8, 0.99), weight_decay=1e-3),
    "scheduled": lambda net: optim.AdamW(net, lr=schedules.cosine(0.05, steps=40)),
    "reduced": lambda net: optim.RMSprop(net, lr=schedules.Plateau(0.05, factor=0.5, patience=0)),
    "warmed up": lambda net: optim.SGD(
        net, schedules.warm_up(schedules.Plateau(0.5, 0.5, 0), 9), momentum=0.5
    ),
}
OPTIONS = {
    "plain": {},
    "patience": {"validation": 0.25, "patience": 3},
    "other rows": {"validation": (X[::3] + 0.01, CURVE[::3]), "patience": 50},
    "weighted": {"sample_weight": np.linspace(0.5, 2, 40), "alpha": 1e-3, "clip": 0.5},
}


def test_a_checkpoint_tells_partials_of_a_loss_apart_by_their_arguments(tmp_path):
    net, x = Net(1, [1], "linear"), np.linspace(-1, 1, 8)[:, None]
    options = {"checkpoint": tmp_path / "x.npz", "seed": 1}
    net.fit(x, x, loss=partial(losses.huber, delta=1.0), epochs=1, **options)
    with pytest.raises(OptionError, match=r"loss: then \S+huber\(delta=1\.0\), now \S+huber\(delta=0\.1\)"):
        net.fit(x, x, loss=partial(losses.huber, delta=0.1), epochs=2, **options)


@pytest.mark.parametrize("optimizer", dict.fromkeys([*OPTIMIZERS, *MADE]))
@pytest.mark.parametrize("how", OPTIONS)
def test_a_training_resumed_from_a_checkpoint_gives_the_bits_of_one_without_a_stop(tmp_path, optimizer, how):
    options = {**OPTIONS[how], "lr": None}
    dtype = "float32" if how == "weighted" else "float64"
    if optimizer == "lbfgs":
        options.pop("clip", None)
    make = MADE.get(optimizer, lambda net: optimizer)
    whole = curve_net(dtype=dtype)
    opt = make(whole)
    history = fit(whole, None, optimizer=opt, **options)
    for suffix, every, ends in (("npz", 1, (1, 2, 5)), ("safetensors", 3, (2, 7))):
        path = tmp_path / f"x.{suffix}"
        for end in (*ends, None):
            net = curve_net(seed=2 if path.exists() else 1, dtype=dtype)  # weights come from the file
            again = make(net)
            if end is not None and end <= len(history.loss):  # patience may have ended it before
                with pytest.raises(StopError):
                    fit(net, path, optimizer=again, **options, every=every, callbacks=stop_after(end))
                continue
            other = fit(net, path, optimizer=again, **options, every=every)
        assert net.values.tobytes() == whole.values.tobytes()
        assert net.grads.tobytes() == whole.grads.tobytes()
        assert told(other) == told(history)
        assert other.time == sorted(other.time)
        if not isinstance(opt, str):
            for own, found in zip(opt.state().values(), again.state().values(), strict=True):
                np.testing.assert_array_equal(own, found)
            assert again.last_lr == opt.last_lr


def kill(*arguments):
    """The output of tests/killed.py."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "killed.py"), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_training_killed_50_times_at_random_resumes_to_the_same_bits_and_leaves_no_files(tmp_path):
    found = kill(tmp_path, 10)
    assert found["kills"] == 50
    assert found["begun"] + found["halfway"] == 50
    assert found["halfway"] > 0
    assert found["most left"] <= 1  # the incomplete file of the latest kill; older ones were removed
    assert found["left"] == []


def test_a_training_killed_in_each_step_of_a_checkpoint_write_resumes_to_the_same_bits(tmp_path):
    steps = ["before fsync", "after fsync", "before chmod", "after chmod", "before replace"]
    assert kill(tmp_path) == {**dict.fromkeys(steps, 1), "after replace": 0, "in the end": 0}


@pytest.mark.parametrize("options", [{}, {"validation": 0.25}])
def test_a_training_resumed_without_a_seed_takes_the_seed_of_the_checkpoint(tmp_path, options):
    path = tmp_path / "x.npz"
    random.seed(5)
    begun(path, seed=None, net=curve_net(), **options)
    seed = io.read_header(path)["training"]["run"]["seed"]
    whole, net = curve_net(), curve_net(seed=8)
    history = fit(whole, None, seed=seed, **options)
    assert told(fit(net, path, seed=None, **options)) == told(history)
    np.testing.assert_array_equal(net.values, whole.values)


def test_a_checkpoint_holds_the_weights_that_a_callback_has_written(tmp_path):
    def halve(net):
        def callback(history):
            net.values = net.values / 2

        return callback

    whole, net, again = curve_net(), curve_net(), curve_net(2)
    fit(whole, None, callbacks=halve(whole))
    with pytest.raises(StopError):
        fit(net, tmp_path / "x.npz", callbacks=[halve(net), stop_after(5)])
    fit(again, tmp_path / "x.npz", callbacks=halve(again))
    np.testing.assert_array_equal(again.values, whole.values)


def test_a_training_resumes_from_a_checkpoint_of_an_earlier_format(tmp_path):
    """Rows and targets are eighths, so that they have the same checksums on all machines."""
    x = np.arange(-8, 9) / 8
    whole, net = Net(1, [3, 1], "tanh", "linear", init=quarters), Net(1, [3, 1], "tanh", "linear")
    options = {"X": x, "y": x**2, "optimizer": "adam", "validation": 0.25, "patience": 9}
    history = fit(whole, None, **options)
    shutil.copy(ROOT / "tests" / "saved" / "format-2-checkpoint.npz", tmp_path / "x.npz")
    assert epochs_in(tmp_path / "x.npz") == 4
    other = fit(net, tmp_path / "x.npz", **options)
    np.testing.assert_allclose(other.loss, history.loss, rtol=1e-9)
    np.testing.assert_allclose(net.values, whole.values, rtol=1e-9)


def quarters(n_out, n_in):
    return (np.arange(n_out * n_in).reshape(n_out, n_in) - 1) / 4


# When a checkpoint is written -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "wanted"), [(1, [0, 1, 2, 3, 4, 5, 6, 7]), (3, [0, 0, 0, 3, 3, 3, 6, 6]), (99, [0] * 8)]
)
def test_a_checkpoint_is_written_after_every_so_many_epochs_and_after_the_last(tmp_path, every, wanted):
    path, found = tmp_path / "x.npz", []
    fit(
        curve_net(),
        path,
        epochs=8,
        every=every,
        callbacks=lambda history: found.append(epochs_in(path) if path.exists() else 0),
    )
    assert found == wanted
    assert epochs_in(path) == 8


def test_fit_with_the_checkpoint_of_a_finished_training_returns_at_once(tmp_path):
    whole, net = curve_net(), curve_net(2)
    history = fit(whole, tmp_path / "x.npz", validation=0.25, patience=50)
    before = (tmp_path / "x.npz").read_bytes()

    def callback(history):
        raise AssertionError("an epoch was learned")

    assert fit(net, tmp_path / "x.npz", validation=0.25, patience=50, callbacks=callback) == history
    assert net.values.tobytes() == whole.values.tobytes()
    assert (tmp_path / "x.npz").read_bytes() == before


def test_a_training_resumed_with_more_epochs_trains_on_and_with_fewer_is_an_error(tmp_path):
    whole, net = curve_net(), curve_net()
    history = fit(whole, None, epochs=12)
    fit(net, tmp_path / "x.npz", epochs=5)
    with pytest.raises(OptionError, match=r"x\.npz is a checkpoint after 5 epochs, more than epochs=4"):
        fit(net, tmp_path / "x.npz", epochs=4)
    assert told(fit(net, tmp_path / "x.npz", epochs=12)) == told(history)
    np.testing.assert_array_equal(net.values, whole.values)


@pytest.mark.parametrize(
    "options", [{"patience": 2, "lr": 5.0}, {"callbacks": lambda history: len(history.loss) == 4}]
)
def test_a_training_ended_by_a_callback_or_patience_is_not_resumed(tmp_path, options):
    net, again = curve_net(), curve_net(2)
    history = fit(net, tmp_path / "x.npz", **options)
    assert len(history.loss) < 9
    assert fit(again, tmp_path / "x.npz", **options | {"epochs": 50}) == history
    assert again.values.tobytes() == net.values.tobytes()


@pytest.mark.filterwarnings("ignore:.* cannot be compared")
@pytest.mark.parametrize("where", ["in an epoch", "in a callback"])
@pytest.mark.parametrize("every", [1, 10])
def test_a_training_resumed_after_ctrl_c_repeats_only_the_incomplete_epoch(tmp_path, where, every, ctrl_c):
    path, seen = tmp_path / "x.npz", []

    def loss(prediction, y):
        seen.append(1)
        if where == "in an epoch" and len(seen) == 5 * 3 + 2:
            signal.raise_signal(signal.SIGINT)  # to this thread: os.kill may choose another, and be late
        return ((prediction - y) ** 2).mean()

    def callback(history):
        if where == "in a callback" and len(history.loss) == 5 and len(seen) == 15:
            raise KeyboardInterrupt

    whole, net, again = curve_net(), curve_net(), curve_net(2)
    history = fit(net, path, loss=loss, every=every, callbacks=callback)
    assert (history.interrupted, len(history.loss)) == (True, 5)
    assert epochs_in(path) == (5 if where == "in an epoch" else 4)
    assert told(fit(again, path, loss=loss, every=every)) == told(fit(whole, None, loss=loss))
    np.testing.assert_array_equal(again.values, whole.values)


@pytest.mark.filterwarnings("ignore:.* cannot be compared")
def test_a_loss_that_is_not_finite_leaves_the_last_good_checkpoint(tmp_path):
    path = tmp_path / "x.npz"

    def loss(prediction, y):
        return ((prediction - y) ** 2).mean() * (math.nan if fail and epochs_in(path) == 4 else 1)

    fail, before = False, curve_net()
    begun(path, loss=loss, net=before)
    fail, kept = True, path.read_bytes()
    with pytest.raises(TrainingError, match="epoch 5"):
        fit(curve_net(), path, loss=loss)
    assert path.read_bytes() == kept
    fail, whole, net = False, curve_net(), curve_net(2)
    fit(net, path, loss=loss)
    fit(whole, None, loss=loss, epochs=9)
    np.testing.assert_array_equal(net.values, whole.values)


class Terminal(io_module.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("with_tqdm", [True, False])
def test_progress_of_a_resumed_training_starts_at_the_epoch_of_the_checkpoint(
    tmp_path, monkeypatch, capsys, with_tqdm
):
    begun(tmp_path / "x.npz")
    content = (tmp_path / "x.npz").read_bytes()
    fit(curve_net(), tmp_path / "x.npz", progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("  ")[0] for line in lines] == [f"epoch {k}/9" for k in (5, 6, 7, 8, 9)]
    (tmp_path / "x.npz").write_bytes(content)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    if not with_tqdm:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    fit(curve_net(), tmp_path / "x.npz", progress=True)
    told = terminal.getvalue()
    assert ("4/9" if with_tqdm else "5/9") in told
    assert "3/9" not in told
    assert "9/9" in told


# Checkpoints that are refused -------------------------------------------------------------------


def own_loss(prediction, y):
    return ((prediction - y) ** 2).mean()


OTHER = {
    "sizes": ({"net": lambda: Net(1, [6, 1], "tanh", "linear")}, r"sizes: then \[1, 5, 1\], now \[1, 6, 1\]"),
    "activations": (
        {"net": lambda: Net(1, [5, 1], "relu", "linear")},
        "activations: then tanh, linear, now relu, linear",
    ),
    "another activation": (
        {"net": lambda: Net(1, [5, 1], np.tanh, "linear")},
        r"activations: then tanh, linear, now numpy\.tanh, linear",
    ),
    "dtype": ({"net": lambda: curve_net(dtype="float32")}, "dtype: then float64, now float32"),
    "loss": ({"loss": "mae"}, "loss: then mse, now mae"),
    "a loss": ({"loss": own_loss}, r"loss: then mse, now test_checkpoint\.own_loss"),
    "optimizer": ({"optimizer": "rmsprop"}, r"optimizer: then Adam\(.*\), now RMSprop\("),
    "lr": ({"lr": 0.02}, "lr: then 0.05, now 0.02"),
    "a schedule": ({"lr": schedules.cosine(0.05, 10)}, r"lr: then 0.05, now cosine\(0\.05, 10, 0\.0\)"),
    "a plateau": ({"lr": schedules.Plateau(0.05)}, r"lr: then 0.05, now Plateau\("),
    "batch_size": ({"batch_size": 20}, "batch_size: then 16, now 20"),
    "alpha": ({"alpha": 0.1}, "alpha: then 0.0, now 0.1"),
    "clip": ({"clip": 0.1}, "clip: then None, now 0.1"),
    "patience": ({"patience": 20}, "patience: then None, now 20"),
    "seed": ({"seed": 4}, "seed: then 3, now 4"),
    "rows": ({"X": X[1:], "y": CURVE[1:]}, "X of the rows: then 40 rows, [0-9a-f]{12}, now 39 rows, .* y of"),
    "X": ({"X": X + 1e-15}, "X of the rows: then 40 rows, [0-9a-f]{12}, now 40 rows, [0-9a-f]{12}. Give"),
    "y": ({"y": CURVE * (1 + 1e-15)}, "(?<=training: )y of the rows: then 40 rows, "),
    "weights": ({"sample_weight": np.arange(40)}, "weights of the rows: then None, now 40 rows"),
    "validation": ({"validation": 0.25}, "X of the validation rows: then None, now 10 rows"),
}


@pytest.mark.parametrize("other", OTHER)
def test_the_checkpoint_of_another_training_is_an_error_that_names_the_differences(tmp_path, other):
    options, message = OTHER[other]
    path = tmp_path / "x.npz"
    begun(path)
    kept = path.read_bytes()
    net = options.get("net", curve_net)()
    weights = net.values.tobytes()
    options = {name: value for name, value in options.items() if name != "net"}
    with pytest.raises(OptionError, match=rf"x\.npz is the checkpoint of another training: .*{message}"):
        fit(net, path, **options)
    assert net.values.tobytes() == weights
    assert path.read_bytes() == kept


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (schedules.cosine(0.05, steps=90), schedules.cosine(0.05, steps=60)),
        (schedules.Plateau(0.05), schedules.Plateau(0.04)),
        (schedules.Plateau(0.05), schedules.Plateau(0.05, patience=3)),
        (schedules.warm_up(schedules.Plateau(0.05), 5), schedules.warm_up(schedules.Plateau(0.05, 0.2), 5)),
        (schedules.Plateau(0.05), schedules.warm_up(schedules.Plateau(0.05), 5)),
    ],
)
def test_resuming_with_another_schedule_of_the_same_name_is_refused(tmp_path, first, second):
    begun(tmp_path / "x.npz", lr=first)
    with pytest.raises(OptionError, match=r"(the learning rate of step 11|lr): then "):
        fit(curve_net(), tmp_path / "x.npz", lr=second)


def test_resuming_with_a_learning_rate_that_a_callback_has_changed_is_refused(tmp_path):
    net = curve_net()
    opt = optim.SGD(net, lr=0.5)

    def callback(history):
        opt.lr /= 2

    begun(tmp_path / "x.npz", net=net, optimizer=opt, lr=None, epochs=3)
    with pytest.raises(StopError):
        fit(net, tmp_path / "x.npz", optimizer=opt, lr=None, callbacks=[callback, stop_after(6)])
    fresh = curve_net()
    with pytest.raises(OptionError, match=r"the learning rate of step 14: then 0\.25, now 0\.5"):
        fit(fresh, tmp_path / "x.npz", optimizer=optim.SGD(fresh, lr=0.5), lr=None)


class Watching:
    """A custom schedule that observes the losses."""

    def observe(self, loss):
        self.seen = loss

    def __call__(self, step):
        return 0.1


def test_a_checkpoint_refuses_a_schedule_that_observes_losses_and_has_no_state(tmp_path):
    with pytest.raises(
        OptionError, match=r"needs state\(\) and load_state\(\), as Plateau has them; Watching has not"
    ):
        fit(curve_net(), tmp_path / "x.npz", lr=Watching())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", [[1, 2], np.random.default_rng(1), 1.0, "1"])
def test_a_checkpoint_refuses_a_seed_that_a_file_cannot_hold(tmp_path, seed):
    with pytest.raises(OptionError, match="with checkpoint= seed is a whole number or None"):
        fit(curve_net(), tmp_path / "x.npz", seed=seed)
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_path_where_no_file_can_be_is_refused_before_the_training(tmp_path):
    net = curve_net()
    before = net.values.tobytes()
    with pytest.raises(FileNotFoundError, match="none"):
        fit(net, tmp_path / "none" / "x.npz")
    for every in (0, 1.5, True):
        with pytest.raises(OptionError, match="every must be a whole number"):
            fit(net, tmp_path / "x.npz", every=every)
    assert net.values.tobytes() == before


def test_fit_refuses_the_file_of_a_net_and_load_refuses_a_checkpoint(tmp_path):
    net = curve_net()
    net.save(tmp_path / "net.npz")
    kept = (tmp_path / "net.npz").read_bytes()
    with pytest.raises(
        FileFormatError, match="there is no checkpoint in this file; give another checkpoint="
    ):
        fit(net, tmp_path / "net.npz")
    assert (tmp_path / "net.npz").read_bytes() == kept
    fit(net, tmp_path / "x.npz")
    with pytest.raises(
        FileFormatError, match=r"it is a checkpoint, and fit\(checkpoint=...\) goes on from it"
    ):
        Net.load(tmp_path / "x.npz")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_damaged_checkpoint_is_an_error_that_changes_nothing_or_is_read_as_before(tmp_path, suffix):
    draw, path, whole = random.Random(1), tmp_path / f"x.{suffix}", curve_net()
    fit(whole, path, patience=5)
    content, refused = path.read_bytes(), 0
    for k in range(150):
        damaged, net = bytearray(content), curve_net(2)
        before = net.values.tobytes()
        if k % 3:
            damaged[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        else:
            del damaged[draw.randrange(len(content)) :]
        path.write_bytes(damaged)
        try:
            fit(net, path, patience=5)
        except FileFormatError:
            refused += 1
            assert net.values.tobytes() == before
        else:
            assert net.values.tobytes() == whole.values.tobytes()
    assert refused > 120


WRONG = {
    "no run": {"run": None},
    "a run of another kind": {"run": [1]},
    "a generator of another kind": {"generator": {"bit_generator": "MT19937"}},
    "a generator out of range": {
        "generator": {
            "bit_generator": "PCG64",
            "state": {"state": 1 << 200, "inc": 1},
            "has_uint32": 0,
            "uinteger": 0,
        }
    },
    "no generator": {"generator": None},
    "an end of another kind": {"ended": 0},
    "an optimiser of another kind": {"now.kind": 5},
    "another optimiser": {"now.kind": "SGD"},
    "steps that are no number": {"now.steps": "many"},
    "weights of another shape": {"now.values": np.zeros(3)},
    "weights of another dtype": {"now.values": np.zeros(16, np.float32)},
    "weights in the header": {"now.values": [0.0] * 16},
    "memory of another shape": {"now.memory": np.zeros((1, 16))},
    "best weights of another shape": {"best.values": np.zeros(3)},
    "best weights alone": {"best.memory": None},
    "a history of two lengths": {"history.lr": np.zeros(3)},
    "a history of two dimensions": {"history.time": np.zeros((9, 1))},
    "a history in the header": {"history.loss": [1.0] * 9},
    "no history": {f"history.{name}": np.zeros(0) for name in ("loss", "val_loss", "lr", "time")},
    "a schedule of another kind": {"schedule": 5},
    "a schedule with text": {"schedule": {"lr": "a", "best": 1.0, "waited": 0}},
    "a schedule that waits for ever": {"schedule": {"lr": 0.1, "best": 1.0, "waited": -1}},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_checkpoint_with_inconsistent_content_is_an_error_and_changes_nothing(tmp_path, wrong):
    path, options = tmp_path / "x.npz", {"patience": 5}
    fit(curve_net(), path, lr=schedules.Plateau(0.05), **options)
    arrays, header = io.read(path)
    training = header["training"]
    for name, value in WRONG[wrong].items():
        arrays.pop(name, None)
        if isinstance(value, np.ndarray):
            arrays[name] = value
        else:
            training[name] = value
    io.write(path, arrays, {"training": training})
    net, lr = curve_net(2), schedules.Plateau(0.05)
    before = net.values.tobytes(), lr.state()
    with pytest.raises(
        FileFormatError, match=r"x\.npz: (no checkpoint that fit\(\) has written|there is no checkpoint)"
    ):
        fit(net, path, lr=lr, **options)
    assert (net.values.tobytes(), lr.state()) == before


# The description of a training --------------------------------------------------------------------


SCHEDULES = [
    (schedules.step_decay, {"lr": 0.01, "every": 100, "factor": 0.5}),
    (schedules.cosine, {"lr": 0.01, "steps": 100, "end": 0.001}),
    (schedules.warm_up, {"lr": 0.01, "steps": 100}),
    (schedules.one_cycle, {"peak": 0.01, "steps": 500, "rise": 0.3, "start": 25.0, "end": 1e4}),
    (schedules.Plateau, {"lr": 0.01, "factor": 0.5, "patience": 20, "threshold": 1e-4, "lowest": 1e-6}),
]
OPTIMISERS = [
    (optim.SGD, {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3}),
    (optim.Adam, {"lr": 0.01, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 1e-3}),
    (optim.AdamW, {"lr": 0.01, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 1e-3}),
    (optim.RMSprop, {"lr": 0.01, "alpha": 0.9, "eps": 1e-8}),
    (optim.LBFGS, {"max_iter": 3, "history": 5}),
]


def changes(cases):
    """Each option of each kind, changed."""
    for kind, options in cases:
        for name, value in options.items():
            changed = not value if isinstance(value, bool) else 2 * value
            if name == "betas":
                yield kind, options, {**options, name: (value[0], 0.5)}
                changed = (0.5, value[1])
            if name in ("momentum", "alpha", "factor", "rise"):
                changed = value / 2
            yield kind, options, {**options, name: changed}


@pytest.mark.parametrize("wrap", ["as it is", "warmed up", "warmed up twice"])
@pytest.mark.parametrize(("kind", "options", "others"), list(changes(SCHEDULES)))
def test_resuming_with_any_other_option_of_a_schedule_is_refused(tmp_path, kind, options, others, wrap):
    def made(options):
        schedule = kind(**options)
        for steps in {"as it is": (), "warmed up": (5,), "warmed up twice": (5, 3)}[wrap]:
            schedule = schedules.warm_up(schedule, steps)
        return schedule

    path = tmp_path / "x.npz"
    net = begun(path, lr=made(options))
    before = net.values.copy()
    with pytest.raises(OptionError, match=r"the checkpoint of another training: .*lr"):
        fit(net, path, lr=made(others))
    assert (net.values == before).all()
    fit(net, path, lr=made(options))


@pytest.mark.parametrize(("kind", "options", "others"), list(changes(OPTIMISERS)))
def test_resuming_with_any_other_option_of_an_optimiser_is_refused(tmp_path, kind, options, others):
    path = tmp_path / "x.npz"
    net = curve_net()
    begun(path, net=net, lr=None, optimizer=kind(net, **options))
    before = net.values.copy()
    with pytest.raises(OptionError, match=r"the checkpoint of another training: .*(optimizer|lr)"):
        fit(net, path, lr=None, optimizer=kind(net, **others))
    assert (net.values == before).all()
    fit(net, path, lr=None, optimizer=kind(net, **options))


class Falling:
    """A custom schedule with a list, which the description of a training does not compare."""

    def __init__(self, rates):
        self.rates = rates

    def __call__(self, step):
        return self.rates[0]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"lr": lambda step: 0.05}, r"\S+<lambda>"),
        ({"lr": schedules.warm_up(lambda step: 0.05, 3)}, r"\S+<lambda>"),
        ({"loss": lambda p, y: ((p - y) ** 2).mean()}, r"\S+<lambda>"),
        ({"lr": Falling([0.05])}, r"\S+Falling"),
    ],
)
def test_a_checkpoint_reports_options_that_cannot_be_compared_once(tmp_path, options, what):
    path = tmp_path / "x.npz"
    net = begun(path, **options)
    with pytest.warns(
        CheckpointWarning, match=rf"x\.npz: {what} cannot be compared with what it was"
    ) as told:
        fit(net, path, **options)
    assert len(told) == 1


@pytest.mark.parametrize("what", ["loss", "activation"])
def test_a_checkpoint_tells_which_registered_functions_it_cannot_compare(tmp_path, what):
    with restored():
        LOSSES["mine"] = Loss("mine", lambda p, y: (p - y) ** 2)
        ACTIVATIONS["mine"] = Activation("mine", lambda x: x * x)
        options = {"loss": "mine"} if what == "loss" else {}
        net = Net(1, [2, 1], "mine" if what == "activation" else "tanh", "linear")
        net.fit([0.0, 1.0], [0.0, 1.0], epochs=1, seed=1, checkpoint=tmp_path / "c.npz", **options)
        with pytest.warns(CheckpointWarning, match="lambda"):
            net.fit([0.0, 1.0], [0.0, 1.0], epochs=2, seed=1, checkpoint=tmp_path / "c.npz", **options)


def test_checksums_in_any_order_know_rows_but_not_their_order_nor_who_has_them():
    rng = np.random.default_rng(1)
    table, y, weight = rng.normal(size=(30, 3)), rng.normal(size=(30, 1)), rng.uniform(size=(30, 1))

    def sums(X, y, weight):
        count, hashes, weighted = _sums_in_any_order(Rows(X, y, weight))
        return count, hashes, round(weighted, 9)

    order = rng.permutation(30)
    whole = sums(table, y, weight)
    assert sums(table[order], y[order], weight[order]) == whole
    parts = [sums(table[s], y[s], weight[s]) for s in (slice(0, 7), slice(7, None))]
    count, hashes, weighted = (a + b for a, b in zip(*parts, strict=True))
    assert (count, hashes) == whole[:2]
    assert abs(weighted - whole[2]) < 1e-8
    assert sums(table[order], y, weight)[1] % 2**64 != whole[1] % 2**64  # else the sum of words would do
    assert sums(table, y, weight[order])[2] != whole[2]
    assert sums(table + 1e-15, y, weight)[1] != whole[1]
