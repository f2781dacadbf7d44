"""fit: it learns what can be learnt, does what a loop by hand does, and says what it cannot take."""

import copy
import itertools
import math
import os
import random
import signal
import sys
import threading
import tracemalloc
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

import autograd.scalar.nn as oracle
from autograd import Tensor, losses, schedules
from autograd.engine import Value
from autograd.errors import (
    DataError,
    MissingExtraError,
    NotANumberError,
    OptionError,
    ShapeError,
    TrainingError,
    UnknownNameError,
)
from autograd.losses import LOSSES
from autograd.nn import MLP, Net
from autograd.optim import LBFGS, OPTIMIZERS, SGD, Adam, AdamW, RMSprop, clip_gradient
from autograd.tensor.program import program
from autograd.training import History, loop

X = np.linspace(-1, 1, 40)[:, None]
CURVE = np.sin(3 * X)


def curve_net(seed=1, **options):
    random.seed(seed)
    return Net(1, [12, 1], "tanh", "linear", **options)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns_a_curve(optimizer):
    net = curve_net()
    lr = {"sgd": 0.1, "adam": 0.02, "adamw": 0.02, "rmsprop": 0.01}.get(optimizer)
    history = net.fit(X, CURVE, optimizer=optimizer, lr=lr, epochs=150, batch_size=8, seed=0)
    assert len(history.loss) == 150
    assert history.loss[-1] < 0.05 * history.loss[0]
    assert np.mean((net.predict(X) - CURVE) ** 2) < 0.02


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_tells_two_halves_apart(loss):
    net = MLP(1, [8, 2 if loss == "cross_entropy" else 1], init="he")
    labels = (X[:, 0] > 0).astype(int)
    y = 2 * labels - 1 if loss in ("mse", "mae", "huber", "hinge") else labels
    net.fit(X, y, loss=loss, epochs=100, lr=0.02, seed=0)
    out = net.predict(X)
    found = out.argmax(axis=1) if loss == "cross_entropy" else out[:, 0] > 0
    assert (found == labels).mean() > 0.94


def test_a_loss_of_ones_own_is_the_one_of_that_name_if_it_computes_the_same():
    net, twin = curve_net(), curve_net()
    own = net.fit(X, CURVE, loss=lambda p, y: ((p - y) * (p - y)).mean(), epochs=5, seed=3)
    named = twin.fit(X, CURVE, loss="mse", epochs=5, seed=3)
    assert own.loss == pytest.approx(named.loss, rel=1e-12)


def test_a_callable_gets_whole_numbers_as_labels():
    labels = (X[:, 0] > 0).astype(int)
    random.seed(1)
    net = Net(1, [4, 2], "tanh", "linear")
    twin = copy.deepcopy(net)
    named = net.fit(X, labels, loss="cross_entropy", epochs=3, seed=0)
    assert twin.fit(X, labels, loss=losses.cross_entropy, epochs=3, seed=0).loss == named.loss


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_an_interrupt_in_a_later_epoch_keeps_what_the_epochs_before_have_learnt(optimizer):
    net, twin = curve_net(), curve_net()
    calls = []

    def loss(p, y):
        calls.append(net.values.copy())
        if len(history) == 3 and len(calls) > history[-1] + 1:
            raise KeyboardInterrupt
        return ((p - y) ** 2).mean()

    history = []
    starts = []

    class Watch:
        text = ""

    def track(total, unit, wanted, done):
        for _ in range(total):
            starts.append(net.values.copy())
            history.append(len(calls))
            yield Watch()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autograd.training.loop.track", track)
        told = net.fit(X, CURVE, loss=loss, optimizer=optimizer, epochs=10, batch_size=20, seed=0)
    assert told.interrupted
    assert len(starts) == 3
    assert len(told.loss) == 2
    if optimizer == "adam":  # one step of the third epoch was whole
        np.testing.assert_array_equal(net.values, calls[-1])
        assert (net.values != starts[-1]).any()
    else:
        np.testing.assert_array_equal(net.values, starts[-1])
    assert (net.values != twin.values).any()


def test_one_full_batch_of_sgd_is_what_the_oracle_does_by_hand():
    random.seed(5)
    net = Net(2, [4, 2], "sigmoid")
    random.seed(5)
    slow = oracle.Net(2, [4, 2], "sigmoid")
    rows = np.random.default_rng(1).uniform(-1, 1, (6, 2))
    y = np.random.default_rng(2).uniform(0, 1, (6, 2))
    history = net.fit(rows, y, optimizer="sgd", lr=0.5, epochs=20, batch_size=6)
    for epoch in range(20):
        loss = 0
        for x, target in zip(rows.tolist(), y.tolist(), strict=True):
            loss = loss + sum((p - t) ** 2 for p, t in zip(slow(x), target, strict=True))
        loss = loss / 12
        slow.zero_grad()
        loss.backward()
        slow.step(0.5)
        assert history.loss[epoch] == pytest.approx(loss.data, rel=1e-12)
    np.testing.assert_allclose(net.values, [p.data for p in slow.params()], rtol=1e-11)


def test_the_same_seed_gives_the_same_bits():
    first = curve_net().fit(X, CURVE, epochs=5, seed=9)
    assert curve_net().fit(X, CURVE, epochs=5, seed=9).loss == first.loss
    assert curve_net().fit(X, CURVE, epochs=5, seed=10).loss != first.loss
    assert curve_net().fit(X, CURVE, epochs=5).loss == curve_net().fit(X, CURVE, epochs=5).loss


def test_a_batch_larger_than_the_data_is_all_of_it():
    whole = curve_net().fit(X, CURVE, epochs=3, seed=0, batch_size=40)
    assert curve_net().fit(X, CURVE, epochs=3, seed=0, batch_size=1000).loss == whole.loss


def test_the_loss_of_an_epoch_is_a_mean_over_rows_not_batches():
    net = curve_net()
    before = losses.mse(net(X), CURVE).item()
    history = net.fit(X, CURVE, optimizer="sgd", lr=0.0, epochs=1, batch_size=7)
    assert history.loss == [pytest.approx(before, rel=1e-12)]


def test_targets_of_one_output_may_be_flat_and_inputs_too():
    first = curve_net().fit(X, CURVE, epochs=2, seed=0)
    assert curve_net().fit(X[:, 0], CURVE[:, 0].tolist(), epochs=2, seed=0).loss == first.loss


def test_float32_stays_float32():
    net = curve_net(dtype="float32")
    net.fit(X, CURVE, epochs=2)
    assert net.values.dtype == np.float32
    assert net.predict(X).dtype == np.float32


def test_an_optimizer_made_for_the_net_goes_on_where_it_was():
    net = curve_net()
    opt = SGD(net, lr=0.05, momentum=0.9)
    first = net.fit(X, CURVE, optimizer=opt, epochs=3, seed=0).loss
    assert net.fit(X, CURVE, optimizer=opt, epochs=3, seed=0).loss[-1] < first[-1]
    with pytest.raises(OptionError, match="made for other parameters"):
        curve_net().fit(X, CURVE, optimizer=opt)
    with pytest.raises(OptionError, match="both lr and an optimizer"):
        net.fit(X, CURVE, optimizer=opt, lr=0.1)


def broken(place, value):
    table = np.tile(X, (1, 1))
    table[place] = value
    return table


TWO = np.hstack([X, X])


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda n: n.fit(X, CURVE[:-1]), ShapeError, r"each of 40 rows of X, got shape \(39, 1\)"),
        (lambda n: n.fit(TWO, CURVE), ShapeError, r"X of shape \(rows, 1\), got \(40, 2\)"),
        (lambda n: n.fit(X, TWO), ShapeError, r"predictions' shape \(40, 1\), got \(40, 2\)"),
        (lambda n: n.fit(X[:0], CURVE[:0]), DataError, "at least one row"),
        (lambda n: n.fit([["1"]], [1]), DataError, r"wants X to be numbers, got '1' \(str\)"),
        (
            lambda n: n.fit([[1.0], [2.0, 3.0]], [1, 2]),
            DataError,
            "wants X to be numbers, got rows of several lengths",
        ),
        (
            lambda n: n.fit(X[:2], [[1.0], [2.0, 3.0]]),
            DataError,
            "wants y to be numbers, got rows of several lengths",
        ),
        (lambda n: n.fit(np.array([[1j]]), [1]), DataError, "wants X to be numbers, got complex numbers"),
        (lambda n: n.fit([[None]], [1]), DataError, r"wants X to be numbers, got None \(NoneType\)"),
        (
            lambda n: n.fit(X, ["x"] * 40),
            DataError,
            r"y to be numbers, got 'x' \(str\); number classes by np\.unique\(y, return_inverse=True\)\[1\]$",
        ),
        (lambda n: n.fit(broken(3, np.nan), CURVE), DataError, "nan in X at row 3, column 0"),
        (lambda n: n.fit(X, broken(4, np.inf)), DataError, "inf in y at row 4, column 0"),
        (lambda n: n.fit(X, X[:, 0] > 0, loss="hinge"), DataError, "labels -1 or 1, got 0"),
        (lambda n: n.fit(X, CURVE, loss="binary_cross_entropy"), DataError, "labels 0 or 1, got -0.9"),
        (
            lambda n: Net(1, [3], "linear").fit(X, CURVE[:, 0], loss="cross_entropy"),
            DataError,
            "integer labels, got dtype float64",
        ),
        (
            lambda n: Net(1, [3], "linear").fit(X, range(40), loss="cross_entropy"),
            DataError,
            "labels from 0 to 2",
        ),
        (
            lambda n: n.fit(X, range(40), loss="cross_entropy"),
            ShapeError,
            "one output .* binary_cross_ent",
        ),
        (
            lambda n: n.fit(X, [0] * 40, loss="cross_entropy"),
            ShapeError,
            "one output .* binary_cross_ent",
        ),
        (
            lambda n: Net(1, [3], "linear").fit(X[:3], [0, 1, 2]),
            ShapeError,
            r"shape \(3, 3\), got \(3,\); for classes give loss=\"cross_entropy\"$",
        ),
        (lambda n: Net(1, [3], "linear").fit(X, CURVE[:, 0]), ShapeError, r"shape \(40, 3\), got \(40,\)$"),
        (
            lambda n: n.fit(X, CURVE, loss="mes"),
            UnknownNameError,
            "the known ones are mse, .*did you mean 'mse'",
        ),
        (lambda n: n.fit(X, CURVE, optimizer="Adam"), UnknownNameError, "sgd, .*did you mean 'adam'"),
        (lambda n: n.fit(X, CURVE, loss=["mse"]), UnknownNameError, "the known ones are mse"),
        (lambda n: n.fit(X, CURVE, optimizer=["sgd"]), UnknownNameError, "the known ones are sgd"),
        (lambda n: n.fit(X, CURVE, loss=lambda p, y: p - y), ShapeError, r"one number, got shape \(32, 1\)"),
        (lambda n: n.fit(X, CURVE, loss=lambda p, y: 1.0), ShapeError, "one number, got float"),
        (lambda n: n.fit(X, CURVE, lr=-1), OptionError, "lr must be at least 0"),
        (lambda n: n.fit(X, CURVE, lr=1.0, optimizer="lbfgs"), OptionError, "takes no lr"),
        (
            lambda n: n.fit(X, CURVE, epochs=0),
            OptionError,
            "epochs must be a whole number of 1 or more, got 0",
        ),
        (lambda n: n.fit(X, CURVE, epochs=2.5), OptionError, "epochs"),
        (lambda n: n.fit(X, CURVE, batch_size=0), OptionError, "batch_size"),
        (
            lambda n: n.fit(X, CURVE, every=5),
            OptionError,
            r"^fit\(\) got every=5 without the file that is then written; add checkpoint=$",
        ),
        (
            lambda n: n.fit(X, CURVE, seed="a"),
            OptionError,
            "^seed must be a whole number of 0 or more, got 'a'$",
        ),
    ],
)
def test_what_fit_cannot_take_is_said_and_changes_nothing(make, kind, message):
    net = curve_net()
    before = net.values.copy()
    with pytest.raises(kind, match=message):
        make(net)
    np.testing.assert_array_equal(net.values, before)


@pytest.mark.parametrize("batch_size", [7, 40])
@pytest.mark.parametrize(("lr", "epochs"), [(1e5, 1000), (1e200, 2), (1e308, 1)])
def test_what_is_no_longer_finite_is_named_with_its_epoch_and_the_weights_stay_good(batch_size, lr, epochs):
    net = Net(1, [4, 1], "linear")
    y = X if lr < 1e10 else X * 1e150
    with pytest.raises(TrainingError, match=r"(the loss|a weight) became .* in epoch \d+"):
        net.fit(X, y, optimizer="sgd", lr=lr, epochs=epochs, batch_size=batch_size, seed=0)
    assert np.isfinite(losses.mse(net(X), y).item())


def test_a_loss_that_turns_nan_late_costs_no_more_than_the_epochs_after_the_last_good_start():
    net, twin = curve_net(), curve_net()
    calls = []

    def loss(p, y):
        calls.append(1)
        return ((p - y) ** 2).mean() * (1.0 if len(calls) < 5 else np.nan)

    with pytest.raises(TrainingError, match="the loss became nan in epoch 5"):
        net.fit(X, CURVE, loss=loss, epochs=10, batch_size=40, seed=0)
    twin.fit(X, CURVE, epochs=3, batch_size=40, seed=0)  # the fourth loss was the last finite one
    np.testing.assert_array_equal(net.values, twin.values)


def test_a_loss_of_ones_own_gets_no_flat_targets_that_would_spread_over_the_predictions():
    net, x = Net(1, [1], "linear"), np.linspace(-1, 1, 5)
    with pytest.raises(ShapeError, match=r"of the predictions, \(5, 1\), got \(5,\): give np.reshape\(y"):
        net.fit(x, x, loss=lambda prediction, target: ((prediction - target) ** 2).mean())
    with pytest.raises(ShapeError, match=r"np.reshape\(y"):
        net.partial_fit(x, x, loss=lambda prediction, target: ((prediction - target) ** 2).mean())


def test_an_error_in_a_loss_of_ones_own_leaves_the_weights_of_the_last_whole_epoch():
    net = curve_net()
    calls = []

    def loss(p, y):
        calls.append(1)
        if len(calls) == 8:
            raise KeyError("mine")
        return ((p - y) ** 2).mean()

    twin = curve_net()
    opt, twins = (Adam(n, lr=0.01) for n in (net, twin))
    with pytest.raises(KeyError, match="mine"):
        net.fit(X, CURVE, loss=loss, optimizer=opt, epochs=10, batch_size=10, seed=0)
    twin.fit(X, CURVE, optimizer=twins, epochs=1, batch_size=10, seed=0)
    np.testing.assert_array_equal(net.values, twin.values)
    np.testing.assert_array_equal(net.grads, twin.grads)
    for n, o in ((net, opt), (twin, twins)):
        n.fit(X, CURVE, optimizer=o, epochs=2, seed=5)  # goes on as if nothing had been
    np.testing.assert_array_equal(net.values, twin.values)


def test_training_makes_a_graph_from_before_it_unusable_instead_of_wrong():
    net = curve_net()
    old = net([0.5])
    net.fit(X, CURVE, epochs=1)
    with pytest.raises(RuntimeError, match="has been changed since"):
        old.backward()


def test_predict_takes_many_rows_in_parts():
    net = curve_net()
    many = np.linspace(-2, 2, 10_001)
    out = net.predict(many)
    assert out.shape == (10_001, 1)
    np.testing.assert_allclose(out[[0, 5000, -1]], net(many[[0, 5000, -1]][:, None]).numpy(), rtol=1e-14)
    assert net.predict(np.empty((0, 1))).shape == (0, 1)


def test_plain_lines_or_nothing_tell_of_progress_where_there_is_no_terminal(capsys):
    curve_net().fit(X, CURVE, epochs=20, progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("epoch 2/20  loss ")
    assert lines[-1].startswith("epoch 20/20  loss ")
    curve_net().fit(X, CURVE, epochs=20)
    curve_net().fit(X, CURVE, epochs=20, progress=False)
    assert capsys.readouterr().err == ""


class Terminal:
    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        self.text += text

    def flush(self):
        pass


@pytest.mark.parametrize("with_tqdm", [True, False])
def test_a_bar_tells_of_it_on_a_terminal(monkeypatch, with_tqdm):
    if not with_tqdm:
        monkeypatch.setitem(__import__("sys").modules, "tqdm", None)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    curve_net().fit(X, CURVE, epochs=5)
    assert "5/5" in terminal.text
    assert "loss " in terminal.text
    assert ("█" in terminal.text) is not with_tqdm  # tqdm draws in ASCII where it is told no encoding


def test_a_history_draws_itself(tmp_path):
    history = curve_net().fit(X, CURVE, epochs=5)
    figure = history.plot(tmp_path / "loss.png")
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    (axes,) = figure.axes
    assert list(axes.lines[0].get_ydata()) == history.loss


def test_without_matplotlib_the_command_that_brings_it_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'array-autograd\[plot\]'"):
        History([1.0]).plot()


def test_a_hand_written_loop_over_batches_learns_as_well():
    net = curve_net()
    opt = SGD(net, lr=0.1)
    first = losses.mse(net(X), CURVE).item()
    for _ in range(200):
        loss = losses.mse(net(X), CURVE)
        opt.zero_grad()
        loss.backward()
        opt.step()
    assert loss.item() < 0.1 * first


def test_micrograd_style_updates_reach_the_arrays():
    net = curve_net()
    for _ in range(3):
        loss = sum(((net(x) - y) ** 2 for x, y in zip(X.tolist(), CURVE[:, 0], strict=True)), Value(0))
        for p in net.parameters():
            p.grad = 0
        loss.backward()
        for p in net.parameters():
            p.data += -0.01 * p.grad
    assert sum((net(x) - y) ** 2 for x, y in zip(X.tolist(), CURVE[:, 0], strict=True)) < loss


@pytest.fixture
def ctrl_c():
    """Ctrl-C as Python has it; a run in the background starts with one that does nothing."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


# The loop, written out ------------------------------------------------------------------------------

ROWS = np.random.default_rng(7).uniform(-1, 1, (40, 3))
NUMBERS = np.sin(ROWS @ [[3.0, 1.0], [-2.0, 2.0], [1.0, -1.0]])
TARGETS = {
    **dict.fromkeys(("mse", "mae", "huber"), NUMBERS),
    "hinge": np.where(NUMBERS > 0, 1, -1),
    "binary_cross_entropy": (NUMBERS > 0).astype(int),
    "cross_entropy": (NUMBERS[:, 0] > 0.3).astype(int),
}
OPTIONS = {
    "sgd": lambda net: SGD(net, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam": lambda net: Adam(net, lr=0.02),
    "adamw": lambda net: AdamW(net, lr=0.02, weight_decay=0.1),
    "rmsprop": lambda net: RMSprop(net, lr=0.01),
    "lbfgs": lambda net: LBFGS(net, max_iter=3),
}
every_optimizer = pytest.mark.parametrize("optimizer", OPTIONS)


def small_net(seed=1, activation="tanh", **options):
    random.seed(seed)
    return Net(3, [5, 2], activation, "linear", **options)


def by_hand(net, X, y, opt, epochs, batch_size, rng, loss="mse", clip=None, penalty=None):
    """What fit promises, as a loop over batches; the mean loss of each epoch."""
    loss = LOSSES.get(loss, loss)
    table = np.column_stack([X, np.ones(len(X))]).astype(net.dtype)
    y = y.astype(net.dtype) if y.dtype.kind == "f" else y
    means = []
    for _ in range(epochs):
        order, total = rng.permutation(len(X)), 0.0
        for first in range(0, len(X), batch_size):
            batch = order[first : first + batch_size]

            def closure(batch=batch):
                value = loss(net.through(Tensor(table[batch]).T).T, y[batch])
                net.zero_grad()
                value.backward()
                return value

            if isinstance(opt, LBFGS):
                value = opt.step(closure)
            else:
                value = closure().item()
                if penalty is not None:
                    net.grads += penalty(net)
                if clip is not None:
                    clip_gradient(net, clip)
                opt.step()
            total += value * len(batch)
        means.append(total / len(X))
    return means


def same_bits(net, twin):
    np.testing.assert_array_equal(net.values, twin.values)
    np.testing.assert_array_equal(net.grads, twin.grads)


@every_optimizer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fit_is_the_loop_by_hand_bit_for_bit_with_every_optimizer(optimizer, dtype):
    net, twin = small_net(dtype=dtype), small_net(dtype=dtype)
    size = 40 if optimizer == "lbfgs" else 7
    told = net.fit(
        ROWS, NUMBERS, optimizer=OPTIONS[optimizer](net), epochs=4, batch_size=size, seed=5, progress=False
    )
    means = by_hand(twin, ROWS, NUMBERS, OPTIONS[optimizer](twin), 4, size, np.random.default_rng(5))
    same_bits(net, twin)
    assert told.loss == means


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_fit_is_the_loop_by_hand_bit_for_bit_with_every_loss(loss, activation):
    net, twin = small_net(activation=activation), small_net(activation=activation)
    y = TARGETS[loss]
    told = net.fit(ROWS, y, loss=loss, optimizer="adam", lr=0.02, epochs=4, batch_size=7, seed=5)
    means = by_hand(twin, ROWS, y, Adam(twin, lr=0.02), 4, 7, np.random.default_rng(5), loss)
    same_bits(net, twin)
    assert told.loss == means


@pytest.mark.parametrize("batch_size", [1, 13, 20, 39, 40, 41, 10**9])
def test_fit_is_the_loop_by_hand_whatever_the_last_batch_holds(batch_size):
    net, twin = small_net(), small_net()
    told = net.fit(ROWS, NUMBERS, optimizer="sgd", lr=0.1, epochs=3, batch_size=batch_size, seed=5)
    means = by_hand(twin, ROWS, NUMBERS, SGD(twin, lr=0.1), 3, batch_size, np.random.default_rng(5))
    same_bits(net, twin)
    assert told.loss == means


def test_fit_is_a_loop_of_calls_of_the_net_too():
    net, twin = small_net(), small_net()
    net.fit(ROWS, NUMBERS, epochs=3, batch_size=16, seed=5)
    opt, rng = Adam(twin), np.random.default_rng(5)
    for _ in range(3):
        order = rng.permutation(40)
        for batch in (order[:16], order[16:32], order[32:]):
            opt.zero_grad()
            losses.mse(twin(ROWS[batch]), NUMBERS[batch]).backward()
            opt.step()
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12)


@pytest.mark.parametrize(("loss", "recordings"), [("mse", 3), (lambda p, y: losses.mse(p, y), 0)])
def test_a_step_is_recorded_once_for_each_size_of_batch(monkeypatch, loss, recordings):
    record, sizes = program.record, []

    def counting(function, *examples, **options):
        sizes.append([len(x) for x in examples])
        return record(function, *examples, **options)

    monkeypatch.setattr(program, "record", counting)
    small_net().fit(ROWS, NUMBERS, loss=loss, epochs=5, batch_size=7, validation=(ROWS[:3], NUMBERS[:3]))
    assert sizes == [[7, 7], [5, 5], [3, 3]][:recordings]


def test_weights_written_by_a_callback_are_those_that_are_learned_on():
    def reset(net):
        net.layers[0].neurons[0].b = 0.5
        net.values[-3:] = 0.25
        net.mark_changed()

    net, twin = small_net(), small_net()
    net.fit(
        ROWS, NUMBERS, optimizer="sgd", lr=0.1, epochs=3, batch_size=7, seed=5, callbacks=lambda _: reset(net)
    )
    opt, rng = SGD(twin, lr=0.1), np.random.default_rng(5)
    for _ in range(3):
        by_hand(twin, ROWS, NUMBERS, opt, 1, 7, rng)
        reset(twin)
    same_bits(net, twin)


@every_optimizer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_two_runs_with_one_seed_are_the_same_to_the_bit(optimizer, dtype):
    def run(seed=11):
        net = small_net(dtype=dtype)
        told = net.fit(
            ROWS,
            TARGETS["cross_entropy"],
            loss="cross_entropy",
            optimizer=optimizer,
            epochs=3,
            batch_size=7,
            validation=0.3,
            patience=2,
            class_weight="balanced",
            alpha=1e-3,
            clip=None if optimizer == "lbfgs" else 1.0,
            seed=seed,
        )
        return net.values.copy(), told.loss, told.val_loss, told.lr, told.best

    one, two, other = run(), run(), run(12)
    np.testing.assert_array_equal(one[0], two[0])
    assert one[1:] == two[1:]
    assert one[1] != other[1]


def test_without_a_seed_the_order_comes_from_pythons_random():
    def run(seed):
        net = small_net()
        random.seed(seed)
        return net.fit(ROWS, NUMBERS, epochs=2, batch_size=7).loss

    assert run(1) == run(1) != run(2)


@pytest.mark.parametrize("form", ["columns", "backwards", "lists", "Tensors", "read-only", "labels"])
def test_data_may_lie_in_memory_as_they_like(form):
    X, y, loss = ROWS, NUMBERS, "mse"
    if form == "labels":
        y, loss = TARGETS["cross_entropy"], "cross_entropy"
    frozen = ROWS.copy(), NUMBERS.copy()
    for array in frozen:
        array.flags.writeable = False
    given = {
        "columns": (np.asfortranarray(X), np.asfortranarray(y)),
        "backwards": (X[::-1].copy()[::-1], y[::-1].copy()[::-1]),
        "lists": (X.tolist(), y.tolist()),
        "Tensors": (Tensor(X), Tensor(y)),
        "read-only": frozen,
        "labels": (X, y.astype("uint8")),
    }[form]
    net, twin = small_net(), small_net()
    twin.fit(X, y, loss=loss, epochs=2, batch_size=7, seed=5, validation=0.2)
    net.fit(*given, loss=loss, epochs=2, batch_size=7, seed=5, validation=0.2)
    same_bits(net, twin)


@pytest.mark.parametrize("name", ["X", "y"])
def test_numbers_too_large_for_float32_are_refused_by_a_net_of_float32(name):
    data = {"X": ROWS, "y": NUMBERS}
    data[name] = data[name] * 1e39
    for call in (small_net(dtype="float32").fit, small_net(dtype="float32").partial_fit):
        with pytest.raises(DataError, match=rf"got a number in {name} that is too large for float32$"):
            call(**data)


def test_a_copied_optimizer_trains_the_copied_net():
    net = small_net()
    opt = Adam(net, lr=schedules.cosine(0.1, steps=12))
    net.fit(ROWS, NUMBERS, optimizer=opt, epochs=2, batch_size=7, seed=1)
    other = copy.deepcopy(opt)
    assert other.target is not net
    for o in (opt, other):
        o.target.fit(ROWS, NUMBERS, optimizer=o, epochs=2, batch_size=7, seed=2)
        np.testing.assert_array_equal(o.state()["memory"], o._memories)
    same_bits(net, other.target)
    np.testing.assert_array_equal(opt.state()["memory"], other.state()["memory"])


def test_fit_works_in_another_thread_as_well(ctrl_c):
    net, twin = small_net(), small_net()
    thread = threading.Thread(target=lambda: net.fit(ROWS, NUMBERS, epochs=3, seed=5))
    thread.start()
    thread.join()
    twin.fit(ROWS, NUMBERS, epochs=3, seed=5)
    same_bits(net, twin)


# Functions of one's own -----------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("own", ["loss", "activation"])
def test_a_function_that_does_what_a_named_one_does_gives_the_same(loss, own):
    tanh = (lambda x: x.tanh()) if own == "activation" else "tanh"
    net, twin = small_net(activation=tanh), small_net()
    kind = (lambda p, y: LOSSES[loss](p, y)) if own == "loss" else loss
    options = {"epochs": 4, "batch_size": 7, "seed": 5, "lr": 0.02, "validation": 0.2, "alpha": 1e-2}
    told = net.fit(ROWS, TARGETS[loss], loss=kind, **options)
    twins = twin.fit(ROWS, TARGETS[loss], loss=loss, **options)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12)
    assert told.loss == pytest.approx(twins.loss, rel=1e-12)
    assert told.val_loss == pytest.approx(twins.val_loss, rel=1e-12)


def test_a_loss_of_ones_own_is_run_at_each_batch_and_may_branch_and_draw():
    def noisy(noise, called):
        def loss(p, y):
            called.append(p.shape)
            error = (p - y) * noise.integers(0, 2, p.shape)
            return abs(error).mean() if len(called) % 3 else (error**2).mean()

        return loss

    net, twin, called, again = small_net(), small_net(), [], []
    told = net.fit(
        ROWS,
        NUMBERS,
        loss=noisy(np.random.default_rng(1), called),
        optimizer="sgd",
        lr=0.1,
        epochs=3,
        batch_size=16,
        seed=5,
    )
    loss = noisy(np.random.default_rng(1), again)
    means = by_hand(twin, ROWS, NUMBERS, SGD(twin, lr=0.1), 3, 16, np.random.default_rng(5), loss)
    assert called == again == [(16, 2), (16, 2), (8, 2)] * 3
    same_bits(net, twin)
    assert told.loss == means


def test_an_activation_of_ones_own_is_run_at_each_batch_and_may_branch_and_draw():
    def dropout(noise, called):
        def activation(x):
            called.append(x.shape)
            return x.tanh() * noise.integers(0, 2, x.shape) if len(called) % 2 else x.relu()

        return activation

    called, again = [], []
    net = small_net(activation=dropout(np.random.default_rng(1), called))
    twin = small_net(activation=dropout(np.random.default_rng(1), again))
    net.fit(ROWS, NUMBERS, optimizer="sgd", lr=0.1, epochs=3, batch_size=16, seed=5)
    by_hand(twin, ROWS, NUMBERS, SGD(twin, lr=0.1), 3, 16, np.random.default_rng(5))
    assert called == again == [(5, 16), (5, 16), (5, 8)] * 3
    same_bits(net, twin)


def test_a_loss_of_ones_own_sees_the_validation_rows_at_once_and_without_a_graph():
    seen = []

    def loss(p, y):
        seen.append((p.shape, y.shape, p.requires_grad))
        return ((p - y) ** 2).mean()

    small_net().fit(ROWS, NUMBERS, loss=loss, epochs=1, batch_size=20, validation=0.25, seed=0)
    assert seen == [((20, 2), (20, 2), True), ((10, 2), (10, 2), True), ((10, 2), (10, 2), False)]


# Validation -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("share", [0.25, 0.01])
def test_a_share_is_drawn_held_out_and_tells_the_loss_after_each_epoch(loss, share):
    net, twin, y = small_net(), small_net(), TARGETS[loss]
    held, kept = np.split(np.random.default_rng(5).permutation(40), [max(1, int(share * 40))])
    found = []

    def look(history):
        found.append(LOSSES[loss](net(ROWS[held]), y[held]).item())

    told = net.fit(
        ROWS, y, loss=loss, lr=0.02, epochs=3, batch_size=7, validation=share, seed=5, callbacks=[look]
    )
    assert told.val_loss == pytest.approx(found, rel=1e-12)
    rng = np.random.default_rng(5)
    rng.permutation(40)
    means = by_hand(twin, ROWS[kept], y[kept], Adam(twin, lr=0.02), 3, 7, rng, loss)
    same_bits(net, twin)
    assert told.loss == means


@pytest.mark.parametrize("rows", [1, 10, 1024, 1025, 2500])
@pytest.mark.parametrize("form", [tuple, list])
def test_a_pair_of_other_rows_tells_the_loss_and_is_not_learned(rows, form):
    net, twin = small_net(), small_net()
    X = np.random.default_rng(3).uniform(-1, 1, (rows, 3))
    pair = form([X, np.cos(X[:, :2])])
    found = []

    def look(history):
        found.append(np.mean((net.predict(X) - pair[1]) ** 2))

    told = net.fit(ROWS, NUMBERS, epochs=2, validation=pair, seed=5, alpha=0.1, callbacks=[look])
    assert told.val_loss == pytest.approx(found, rel=1e-12)  # without the penalty
    twins = twin.fit(ROWS, NUMBERS, epochs=2, seed=5, alpha=0.1)
    same_bits(net, twin)
    assert (told.loss, twins.val_loss) == (twins.loss, [])


# Patience -------------------------------------------------------------------------------------------

SCRIPT = [3.0, 2.0, 2.5, 1.0, 1.5, 1.0, 1.2, 0.5, 0.4]  # the loss of each epoch


def scripted(script):
    """A loss that falls and rises as the script says, with the slopes of mse; and one for validation rows."""
    script = iter(script)

    def told(p, y):
        mean = ((p - y) ** 2).mean()
        return mean - mean.item() + next(script)

    def validated(p, y):
        return ((p - y) ** 2).mean() if p.requires_grad else Tensor(next(script))

    return {"training": told, "validation": validated}


@pytest.mark.parametrize("watched", ["training", "validation"])
@pytest.mark.parametrize(
    ("patience", "epochs", "ran", "best"),
    [(1, 9, 3, 1), (2, 9, 6, 3), (3, 9, 7, 3), (4, 9, 9, 8), (9, 9, 9, 8), (9, 6, 6, 3), (1, 1, 1, 0)],
)
def test_patience_ends_the_training_and_brings_the_best_weights_back(watched, patience, epochs, ran, best):
    net = small_net()
    opt = SGD(net, lr=0.05, momentum=0.9)
    kept = []

    def keep(history):
        kept.append((net.values.copy(), opt.state()["memory"]))

    told = net.fit(
        ROWS,
        NUMBERS,
        loss=scripted(SCRIPT)[watched],
        optimizer=opt,
        epochs=epochs,
        batch_size=40,
        patience=patience,
        validation=(ROWS, NUMBERS) if watched == "validation" else None,
        callbacks=[keep],
        seed=0,
    )
    found = told.loss if watched == "training" else told.val_loss
    assert found == pytest.approx(SCRIPT[:ran], rel=1e-12)
    assert told.best == best
    np.testing.assert_array_equal(net.values, kept[best][0])
    np.testing.assert_array_equal(opt.state()["memory"], kept[best][1])
    assert opt.state()["steps"] == best + 1


def test_without_patience_the_last_weights_stay():
    net = small_net()
    told = net.fit(
        ROWS, NUMBERS, loss=scripted(SCRIPT)["training"], optimizer="sgd", epochs=3, batch_size=40, seed=0
    )
    twin = small_net()
    twin.fit(ROWS, NUMBERS, optimizer="sgd", epochs=3, batch_size=40, seed=0)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12)
    assert told.best is None


# Callbacks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [None, False, np.False_])
@pytest.mark.parametrize("form", [list, tuple])
def test_callbacks_are_called_with_the_history_after_each_epoch(answer, form):
    net, seen = small_net(), []

    def one(history):
        seen.append(("one", history, len(history.loss), len(history.val_loss), len(history.lr)))
        return answer

    def two(history):
        seen.append(("two", history, len(history.loss), len(history.val_loss), len(history.time)))

    told = net.fit(ROWS, NUMBERS, epochs=3, validation=0.2, callbacks=form([one, two]))
    assert seen == [(name, told, n, n, n) for n in (1, 2, 3) for name in ("one", "two")]
    assert all(history is told for _, history, *_ in seen)


@pytest.mark.parametrize("answer", [True, np.True_])
def test_a_callback_that_answers_true_ends_the_training_with_the_weights_as_they_are(answer):
    net, twin, seen = small_net(), small_net(), []
    told = net.fit(
        ROWS,
        NUMBERS,
        epochs=10,
        seed=5,
        callbacks=[lambda h: answer if len(h.loss) == 3 else False, lambda h: seen.append(len(h.loss))],
    )
    twins = twin.fit(ROWS, NUMBERS, epochs=3, seed=5)
    assert (told.loss, told.interrupted, seen) == (twins.loss, False, [1, 2, 3])
    same_bits(net, twin)


def test_every_callback_may_end_the_training():
    for callbacks in ([lambda h: True, lambda h: None], [lambda h: None, lambda h: True]):
        assert len(small_net().fit(ROWS, NUMBERS, epochs=10, callbacks=callbacks).loss) == 1


@pytest.mark.parametrize("answer", [1, 0, "stop", 0.0, [], np.array([True, False])])
def test_another_answer_of_a_callback_is_an_error_after_the_epoch(answer):
    net, twin = small_net(), small_net()

    def mine(history):
        return answer if len(history.loss) == 2 else None

    with pytest.raises(OptionError, match=r"^a callback answers True to end .* 'mine' answered "):
        net.fit(ROWS, NUMBERS, epochs=5, seed=5, callbacks=[mine])
    twin.fit(ROWS, NUMBERS, epochs=2, seed=5)
    same_bits(net, twin)


def test_an_error_in_a_callback_passes_and_the_epoch_stays_learned():
    net, twin = small_net(), small_net()
    opt, twins = SGD(net, lr=0.1, momentum=0.9), SGD(twin, lr=0.1, momentum=0.9)

    def mine(history):
        if len(history.loss) == 2:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        net.fit(ROWS, NUMBERS, optimizer=opt, epochs=5, seed=5, callbacks=mine)
    twin.fit(ROWS, NUMBERS, optimizer=twins, epochs=2, seed=5)
    same_bits(net, twin)
    np.testing.assert_array_equal(opt.state()["memory"], twins.state()["memory"])


# What the history tells -------------------------------------------------------------------------------


def test_the_learning_rate_may_be_a_function_of_the_step_and_that_of_the_last_one_is_told():
    net, twin, asked = small_net(), small_net(), []

    def lr(step):
        asked.append(step)
        return 0.1 / (1 + step)

    told = net.fit(ROWS, NUMBERS, optimizer="sgd", lr=lr, epochs=4, batch_size=16, seed=5)
    assert asked == list(range(12))
    assert told.lr == [0.1 / 3, 0.1 / 6, 0.1 / 9, 0.1 / 12]
    by_hand(twin, ROWS, NUMBERS, SGD(twin, lr=lr), 4, 16, np.random.default_rng(5))
    same_bits(net, twin)
    schedule = schedules.one_cycle(0.1, steps=12)
    told = net.fit(ROWS, NUMBERS, optimizer="sgd", lr=schedule, epochs=4, batch_size=16)
    assert told.lr == [schedule(step) for step in (2, 5, 8, 11)]


def test_a_constant_learning_rate_is_told_too():
    assert small_net().fit(ROWS, NUMBERS, lr=0.25, epochs=2).lr == [0.25] * 2
    assert small_net().fit(ROWS, NUMBERS, epochs=2).lr == [1e-3] * 2  # Adam's own
    net = small_net()
    assert net.fit(ROWS, NUMBERS, optimizer=SGD(net, lr=0.5), epochs=2).lr == [0.5] * 2


# What torch.optim.lr_scheduler.ReduceLROnPlateau(factor=0.5, patience=1) of PyTorch 2.13.0 makes of lr=0.8
# after each loss of SCRIPT
REDUCED = [0.8, 0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4]


@pytest.mark.parametrize("watched", ["training", "validation"])
@pytest.mark.parametrize("given", ["lr", "optimizer"])
def test_fit_tells_a_plateau_the_loss_of_each_epoch(watched, given):
    net = small_net()
    lr = schedules.Plateau(0.8, factor=0.5, patience=1)
    told = net.fit(
        ROWS,
        NUMBERS,
        loss=scripted(SCRIPT)[watched],
        **({"lr": lr, "optimizer": "sgd"} if given == "lr" else {"optimizer": SGD(net, lr=lr)}),
        epochs=9,
        batch_size=40,
        validation=(ROWS, NUMBERS) if watched == "validation" else None,
    )
    assert told.lr == pytest.approx([0.8] + REDUCED[:-1])  # each reduction shows an epoch later
    assert lr(0) == pytest.approx(REDUCED[-1])


def test_the_time_is_told_in_seconds_from_the_start(monkeypatch):
    clock = itertools.count(100.0, 0.25)
    monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    assert small_net().fit(ROWS, NUMBERS, epochs=4).time == [0.25, 0.5, 0.75, 1.0]


def test_the_real_clock_runs_forward():
    times = small_net().fit(ROWS, NUMBERS, epochs=10).time
    assert times == sorted(times)
    assert times[0] >= 0


def test_a_history_with_validation_draws_both_losses():
    told = small_net().fit(ROWS, NUMBERS, epochs=5, validation=0.2)
    (axes,) = told.plot().axes
    assert [list(line.get_ydata()) for line in axes.lines] == [told.loss, told.val_loss]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training rows", "validation rows"]


# Penalty, clipping, weights -----------------------------------------------------------------------------


def test_alpha_adds_the_slopes_of_half_the_squared_weights_without_biases():
    net, twin, alpha = small_net(), small_net(), 0.3
    for layer in (*net.layers, *twin.layers):
        for neuron in layer.neurons:
            neuron.b = 0.7  # which is not to shrink
    twin.values[:] = net.values
    is_weight = np.concatenate([np.tile([1, 1, 1, 0], 5), np.tile([1, 1, 1, 1, 1, 0], 2)])
    penalties = []

    def penalty(n):
        penalties.append(alpha / 2 * sum((layer.weight**2).sum() for layer in n.layers))
        return alpha * n.values * is_weight

    told = net.fit(ROWS, NUMBERS, optimizer="sgd", lr=0.1, alpha=alpha, epochs=20, batch_size=40, seed=5)
    means = by_hand(twin, ROWS, NUMBERS, SGD(twin, lr=0.1), 20, 40, np.random.default_rng(5), penalty=penalty)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12)
    assert told.loss == pytest.approx(np.add(means, penalties).tolist(), rel=1e-12)


@pytest.mark.parametrize("clip", [1e-3, 0.3, 1e9])
def test_clip_shortens_the_gradient_of_each_batch(clip):
    net, twin = small_net(), small_net()
    net.fit(ROWS, NUMBERS, clip=clip, lr=0.02, epochs=3, batch_size=7, seed=5)
    by_hand(twin, ROWS, NUMBERS, Adam(twin, lr=0.02), 3, 7, np.random.default_rng(5), clip=clip)
    same_bits(net, twin)


def test_a_clipped_step_of_sgd_is_no_longer_than_lr_times_the_limit():
    net = small_net()
    before = net.values.copy()
    net.fit(ROWS, 1e6 * NUMBERS, optimizer="sgd", lr=0.5, clip=0.01, epochs=1, batch_size=40)
    assert np.linalg.norm(net.values - before) == pytest.approx(0.005, rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_whole_sample_weights_are_repeated_rows(loss):
    net, twin, y = small_net(), small_net(), TARGETS[loss]
    weights = np.random.default_rng(1).integers(0, 4, 40)
    again = np.repeat(np.arange(40), weights)
    options = {"loss": loss, "optimizer": "sgd", "lr": 0.05, "epochs": 10, "batch_size": 1000, "alpha": 0.01}
    told = net.fit(ROWS, y, sample_weight=weights, **options)
    twins = twin.fit(ROWS[again], y[again], **options)
    assert told.loss == pytest.approx(twins.loss, rel=1e-12)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("loss", ["hinge", "binary_cross_entropy", "cross_entropy"])
def test_whole_class_weights_are_repeated_rows(loss):
    net, twin = (Net(3, [5, 1 + (loss == "cross_entropy")], "tanh", "linear") for _ in range(2))
    twin.values[:] = net.values
    twin.mark_changed()
    y = TARGETS[loss] if loss == "cross_entropy" else TARGETS[loss][:, 0]
    again = np.repeat(np.arange(40), np.where(y == 1, 3, 1))
    options = {"loss": loss, "optimizer": "sgd", "lr": 0.05, "epochs": 10, "batch_size": 1000}
    told = net.fit(ROWS, y, class_weight={1: 3}, **options)
    twins = twin.fit(ROWS[again], y[again], **options)
    assert told.loss == pytest.approx(twins.loss, rel=1e-12)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("own", [True, False], ids=["activation of one's own", "named activation"])
def test_the_loss_of_an_epoch_is_the_weighted_mean_in_whatever_batches(loss, own):
    net, y = small_net(activation=Tensor.tanh if own else "tanh"), TARGETS[loss]
    options = {"sample_weight": np.random.default_rng(1).uniform(0, 3, 40)}
    if loss in ("hinge", "binary_cross_entropy", "cross_entropy"):
        options["class_weight"] = "balanced"
    expected = LOSSES[loss](net(ROWS), y, **options).item()
    told = net.fit(ROWS, y, loss=loss, optimizer="sgd", lr=0.0, epochs=2, batch_size=7, **options)
    assert told.loss == pytest.approx([expected] * 2, rel=1e-12)


def test_weights_go_with_their_rows_into_batches():
    net, twin = small_net(), small_net()
    weights = np.random.default_rng(1).uniform(0, 3, 40)
    net.fit(ROWS, NUMBERS, sample_weight=weights.tolist(), epochs=3, batch_size=7, seed=5)
    shares, tables = weights / weights.mean(), {}
    for x, w in zip(NUMBERS.tolist(), shares.tolist(), strict=True):
        tables[tuple(x)] = w

    def loss(p, y):
        w = np.array([[tables[tuple(row)]] for row in y.tolist()])
        return ((p - y) ** 2 * w).mean()

    by_hand(twin, ROWS, NUMBERS, Adam(twin), 3, 7, np.random.default_rng(5), loss)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12)


def test_weights_go_with_their_rows_into_a_share_that_is_held_out_and_into_the_others():
    rng = np.random.default_rng(5)
    held, kept = np.split(rng.permutation(40), [10])
    weights = np.random.default_rng(1).uniform(0, 3, 40)
    for rows in (held, kept):
        weights[rows] /= weights[rows].mean()
    net, twin, found = small_net(), small_net(), []

    def look(history):
        found.append(losses.mse(net(ROWS[held]), NUMBERS[held], sample_weight=weights[held]).item())

    told = net.fit(
        ROWS, NUMBERS, sample_weight=weights, epochs=3, lr=0.1, validation=0.25, seed=5, callbacks=look
    )
    opt = Adam(twin, lr=0.1)
    for _ in range(3):  # one batch, whose order changes nothing
        opt.zero_grad()
        losses.mse(twin(ROWS[kept]), NUMBERS[kept], sample_weight=weights[kept]).backward()
        opt.step()
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-11)
    assert told.val_loss == pytest.approx(found, rel=1e-12)


# Trouble ----------------------------------------------------------------------------------------------


def test_a_loss_that_is_no_longer_finite_is_named_with_epoch_batch_and_largest_gradient():
    net, twin = (Net(3, [5, 2], "linear") for _ in range(2))
    twin.values[:] = net.values
    twin.mark_changed()
    opt, rng, found, epoch = SGD(twin, lr=1e30), np.random.default_rng(5), None, 0
    with np.errstate(all="ignore"):
        while found is None:
            order, epoch = rng.permutation(40), epoch + 1
            for k in range(4):
                batch = order[10 * k : 10 * k + 10]
                loss = losses.mse(twin(ROWS[batch]), NUMBERS[batch])
                opt.zero_grad()
                loss.backward()
                if not math.isfinite(loss.item()):
                    bad = ~np.isfinite(twin.grads)
                    assert bad.any()
                    assert not bad.all()
                    found = loss.item(), epoch, k + 1, np.abs(twin.grads[~bad]).max(), bad.sum()
                    break
                opt.step()
    assert (epoch, k) != (1, 0)
    message = (
        "^the loss became {} in epoch {}, batch {}, where the largest gradient was {:.3g}, but for {} that "
        "were not finite; the net"
    )
    with pytest.raises(TrainingError, match=message.format(*found).replace("+", r"\+")):
        net.fit(ROWS, NUMBERS, optimizer="sgd", lr=1e30, epochs=50, batch_size=10, seed=5)
    assert np.isfinite(net.values).all()


def test_a_loss_over_the_validation_rows_that_is_not_finite_is_an_error_too():
    net = Net(2, [1], "linear")
    net.values[:] = [1e200, 0, 0]
    net.mark_changed()
    message = r"^the loss over the validation rows became inf in epoch 1, batch 2, where the largest gradient"
    with pytest.raises(TrainingError, match=message):
        net.fit(np.zeros((4, 2)), np.zeros(4), batch_size=2, validation=(np.ones((2, 2)), np.zeros(2)))
    assert net.values.tolist() == [1e200, 0, 0]


def test_an_error_tells_when_no_gradient_is_finite():
    net = Net(1, [1], "linear")
    net.values[:] = [1e200, 0]
    net.mark_changed()
    with pytest.raises(TrainingError, match="became inf in epoch 1, batch 1, where no gradient was finite"):
        net.fit([1e200], [0.0])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_of_ones_own_that_is_no_longer_finite_is_named_with_epoch_and_batch(bad):
    net, twin, calls = small_net(), small_net(), []
    opt, twins = SGD(net, lr=0.1, momentum=0.9), SGD(twin, lr=0.1, momentum=0.9)

    def loss(p, y):
        calls.append(1)
        if len(calls) == 11:  # the third of the third epoch's four batches
            return bad - 2e6 * p[:, 0].mean()  # whose slope is -2e6 for a bias, and less for the rest
        return ((p - y) ** 2).mean()

    message = (
        rf"^the loss became {bad} in epoch 3, batch 3, where the largest gradient was 2e\+06; the net has"
    )
    with pytest.raises(TrainingError, match=message):
        net.fit(ROWS, NUMBERS, loss=loss, optimizer=opt, epochs=50, batch_size=10, seed=5)
    twin.fit(ROWS, NUMBERS, optimizer=twins, epochs=2, batch_size=10, seed=5)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12)  # those with which the third began
    np.testing.assert_allclose(opt.state()["memory"], twins.state()["memory"], rtol=1e-12)
    assert opt.state()["steps"] == 8


def test_overflow_on_the_way_is_no_warning():
    net = small_net(activation="relu", dtype="float32")
    with pytest.raises(TrainingError, match="loss became inf in epoch 1, batch 1,"):
        net.fit(ROWS, 1e30 * NUMBERS, optimizer="sgd", epochs=1)


# Ctrl-C -----------------------------------------------------------------------------------------------


def handled(call):
    """``call()``, after which Ctrl-C does what it did before."""
    before = signal.getsignal(signal.SIGINT)
    try:
        return call()
    finally:
        assert signal.getsignal(signal.SIGINT) is before


def after_steps(steps, dtype="float64", **options):
    """A net after so many steps of SGD on batches of 7."""
    net = small_net(dtype=dtype)
    lr = lambda step: 0.1 if step < steps else 0.0
    net.fit(ROWS, NUMBERS, optimizer="sgd", lr=lr, epochs=-(-steps // 6), batch_size=7, seed=5, **options)
    return net


@pytest.mark.parametrize("step", [0, 1, 5, 6, 8, 11])
def test_ctrl_c_ends_the_training_after_the_step_that_is_being_made(step, ctrl_c):
    net = small_net()

    def lr(k):
        if k == step:
            signal.raise_signal(signal.SIGINT)  # in the midst of the step
        return 0.1

    told = handled(
        lambda: net.fit(ROWS, NUMBERS, optimizer="sgd", lr=lr, epochs=5, batch_size=7, seed=5, patience=3)
    )
    assert told.interrupted
    assert len(told.loss) == len(told.lr) == len(told.time) == step // 6  # six steps make an epoch
    np.testing.assert_array_equal(net.values, after_steps(step + 1).values)


def test_ctrl_c_from_outside_ends_the_training_after_a_whole_step(ctrl_c):
    net, begun, steps = small_net(), threading.Event(), []

    def lr(step):
        steps.append(step)
        if step == 3:
            begun.set()
        return 0.1

    def interrupt():
        begun.wait(10)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    told = handled(lambda: net.fit(ROWS, NUMBERS, optimizer="sgd", lr=lr, epochs=10**6, batch_size=7, seed=5))
    thread.join()
    assert told.interrupted
    assert len(told.loss) == (len(steps) - 1) // 6  # the epoch of the last step is not told
    np.testing.assert_array_equal(net.values, after_steps(len(steps)).values)


def test_a_second_ctrl_c_does_not_wait_for_the_step(ctrl_c):
    net, calls = small_net(), []

    def loss(p, y):
        calls.append(1)
        if len(calls) == 9:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            calls.append("not reached")
        return ((p - y) ** 2).mean()

    told = handled(
        lambda: net.fit(ROWS, NUMBERS, loss=loss, optimizer="sgd", lr=0.1, epochs=5, batch_size=7, seed=5)
    )
    assert told.interrupted
    assert len(calls) == 9
    np.testing.assert_allclose(net.values, after_steps(8).values, rtol=1e-12)


@pytest.mark.parametrize("how", ["the signal", "the exception"])
def test_ctrl_c_in_a_callback_ends_the_training(how, ctrl_c):
    net = small_net()

    def interrupt(history):
        if len(history.loss) == 2:
            if how == "the exception":
                raise KeyboardInterrupt
            signal.raise_signal(signal.SIGINT)

    told = handled(
        lambda: net.fit(
            ROWS, NUMBERS, optimizer="sgd", lr=0.1, epochs=5, batch_size=7, seed=5, callbacks=interrupt
        )
    )
    assert told.interrupted
    assert len(told.loss) == 2
    whole = [after_steps(steps).values for steps in (12, 13)]
    assert any(np.array_equal(net.values, values) for values in whole)


def test_ctrl_c_in_a_loss_of_ones_own_keeps_the_steps_before(ctrl_c):
    net, calls = small_net(), []

    def loss(p, y):
        calls.append(1)
        if len(calls) == 9:
            raise KeyboardInterrupt
        return ((p - y) ** 2).mean()

    told = handled(
        lambda: net.fit(ROWS, NUMBERS, loss=loss, optimizer="sgd", lr=0.1, epochs=5, batch_size=7, seed=5)
    )
    assert (told.interrupted, len(told.loss)) == (True, 1)
    np.testing.assert_allclose(net.values, after_steps(8).values, rtol=1e-12)


def test_ctrl_c_while_validating_keeps_the_epochs_steps(ctrl_c):
    net = small_net()

    def loss(p, y):
        if not p.requires_grad:
            raise KeyboardInterrupt
        return ((p - y) ** 2).mean()

    told = handled(
        lambda: net.fit(
            ROWS,
            NUMBERS,
            loss=loss,
            optimizer="sgd",
            lr=0.1,
            epochs=5,
            batch_size=7,
            seed=5,
            validation=(ROWS, NUMBERS),
        )
    )
    assert (told.interrupted, told.loss, told.val_loss) == (True, [], [])
    np.testing.assert_allclose(net.values, after_steps(6).values, rtol=1e-12)


def test_however_fit_ends_ctrl_c_does_again_what_it_did(ctrl_c):
    def mine(history):
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        handled(lambda: small_net().fit(ROWS, NUMBERS, epochs=2, callbacks=mine))
    with pytest.raises(TrainingError):
        handled(lambda: small_net().fit(ROWS, 1e200 * NUMBERS, epochs=2))
    with pytest.raises(OptionError):
        handled(lambda: small_net().fit(ROWS, NUMBERS, epochs=0))
    assert not handled(lambda: small_net().fit(ROWS, NUMBERS, epochs=2)).interrupted


def test_a_handler_of_ones_own_is_left_in_its_place(ctrl_c):
    heard = []
    mine = lambda number, frame: heard.append(number)
    before = signal.signal(signal.SIGINT, mine)
    try:

        def lr(step):
            assert signal.getsignal(signal.SIGINT) is mine
            signal.raise_signal(signal.SIGINT)
            return 0.1

        told = small_net().fit(ROWS, NUMBERS, lr=lr, epochs=2, batch_size=40)
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)
    assert (heard, told.interrupted, len(told.loss)) == ([signal.SIGINT] * 2, False, 2)


# Progress -----------------------------------------------------------------------------------------------


class Bar:
    """Stands in for tqdm's bar in a notebook."""

    made: ClassVar = []

    def __init__(self, total, unit, initial):
        self.total, self.unit, self.n, self.done, self.texts, self.closed = total, unit, initial, 0, [], False
        self.made.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.closed = True

    def set_postfix_str(self, text, refresh):
        self.texts.append(text)

    def update(self):
        self.done += 1


@pytest.fixture
def notebook(monkeypatch):
    """As if this ran in a notebook that can show tqdm's bar."""
    shell = SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "ipywidgets", ModuleType("ipywidgets"))
    monkeypatch.setitem(sys.modules, "tqdm.notebook", SimpleNamespace(tqdm=Bar))
    monkeypatch.setattr(Bar, "made", [])
    return shell


@pytest.mark.parametrize("progress", [None, True])
def test_a_bar_tells_of_it_in_a_notebook(notebook, progress, capsys):
    told = small_net().fit(ROWS, NUMBERS, epochs=3, validation=0.2, progress=progress)
    (bar,) = Bar.made
    assert (bar.total, bar.unit, bar.done, bar.closed) == (3, "epoch", 3, True)
    assert bar.texts == [
        f"loss {a:.4g}, val_loss {b:.4g}" for a, b in zip(told.loss, told.val_loss, strict=True)
    ]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("end", ["callback", "patience", "error", "interrupt"])
def test_a_bar_is_closed_however_the_training_ends(notebook, end):
    def callback(history):
        if end == "error":
            raise KeyError("mine")
        if end == "interrupt":
            raise KeyboardInterrupt
        return end == "callback"

    lr = 0.0 if end == "patience" else 0.1
    try:
        small_net().fit(ROWS, NUMBERS, lr=lr, epochs=30, patience=1, callbacks=callback)
    except KeyError:
        assert end == "error"
    (bar,) = Bar.made
    assert bar.closed
    assert bar.done < 30


@pytest.mark.parametrize("missing", ["ipywidgets", "tqdm.notebook", "a kernel", "a shell"])
def test_a_notebook_that_can_show_no_bar_gets_plain_lines_if_wanted(notebook, missing, monkeypatch, capsys):
    if missing == "a kernel":
        notebook.config = {}  # IPython on a terminal
    elif missing == "a shell":
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    else:
        monkeypatch.setitem(sys.modules, missing, None)
    small_net().fit(ROWS, NUMBERS, epochs=2)
    assert capsys.readouterr().err == ""
    small_net().fit(ROWS, NUMBERS, epochs=2, progress=True)
    assert [line[:10] for line in capsys.readouterr().err.splitlines()] == ["epoch 1/2 ", "epoch 2/2 "]
    assert Bar.made == []


def test_nothing_is_shown_in_a_notebook_if_that_is_wanted(notebook, capsys):
    small_net().fit(ROWS, NUMBERS, epochs=2, progress=False)
    assert (Bar.made, capsys.readouterr().err) == ([], "")


# partial_fit ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", sorted(set(OPTIONS) - {"lbfgs"}))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_partial_fit_is_one_optimizer_by_hand_over_all_calls(optimizer, dtype):
    net, twin = small_net(dtype=dtype), small_net(dtype=dtype)
    opt = OPTIMIZERS[optimizer](twin)
    start = 0
    for rows in (7, 7, 3, 7, 1, 3, 12):
        part = slice(start, start + rows)
        start += rows
        told = net.partial_fit(ROWS[part], NUMBERS[part], optimizer=optimizer)
        table = np.column_stack([ROWS[part], np.ones(rows)]).astype(dtype)
        loss = losses.mse(twin.through(Tensor(table).T).T, NUMBERS[part])
        opt.zero_grad()
        loss.backward()
        opt.step()
        assert told == loss.item()
        same_bits(net, twin)


def test_partial_fit_follows_a_schedule_over_all_calls():
    net, asked = small_net(), []

    def lr(step):
        asked.append(step)
        return 0.1

    for _ in range(3):
        net.partial_fit(ROWS, NUMBERS, lr=lr)
        net.fit(ROWS, NUMBERS, epochs=1)  # which has an optimiser of its own
    assert asked == [0, 1, 2]


@pytest.mark.parametrize(
    "changed",
    [{"lr": 0.02}, {"optimizer": "rmsprop"}, {"loss": "mae"}, {"alpha": 0.1}],
    ids=lambda options: next(iter(options)),
)
def test_partial_fit_with_other_options_begins_anew(changed):
    net, twin = small_net(), small_net()
    for _ in range(3):
        net.partial_fit(ROWS, NUMBERS, lr=0.01)
    twin.values[:] = net.values
    twin.mark_changed()
    for _ in range(2):
        options = {"lr": 0.01, **changed}
        assert net.partial_fit(ROWS, NUMBERS, **options) == twin.partial_fit(ROWS, NUMBERS, **options)
    same_bits(net, twin)
    copied = copy.deepcopy(net)  # an optimiser is not part of a copy
    net.partial_fit(ROWS, NUMBERS, lr=0.01)
    copied.partial_fit(ROWS, NUMBERS, lr=0.01)
    same_bits(net, copied)
    net.partial_fit(ROWS, NUMBERS, lr=0.01)
    copy.deepcopy(copied).partial_fit(ROWS, NUMBERS, lr=0.01)


def test_partial_fit_takes_weights_and_a_penalty():
    net, twin = small_net(), small_net()
    weights = np.random.default_rng(1).integers(1, 4, 40)
    again = np.repeat(np.arange(40), weights)
    y = TARGETS["cross_entropy"]
    again = np.concatenate([again, again[y[again] == 1]])
    options = {"loss": "cross_entropy", "optimizer": "sgd", "lr": 0.1, "alpha": 0.01}
    for _ in range(5):
        told = net.partial_fit(ROWS, y, sample_weight=weights, class_weight={1: 2}, **options)
        assert told == pytest.approx(twin.partial_fit(ROWS[again], y[again], **options), rel=1e-12)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12)


def test_partial_fit_runs_a_loss_of_ones_own_each_time():
    net, twin, calls = small_net(), small_net(), []

    def loss(p, y):
        calls.append(len(y))
        return abs(p - y).mean() if len(calls) % 2 else ((p - y) ** 2).mean()

    told = [net.partial_fit(ROWS, NUMBERS, loss=loss) for _ in range(4)]
    assert calls == [40] * 4
    opt = Adam(twin)
    for k in range(4):
        loss = losses.mse(twin(ROWS), NUMBERS) if k % 2 else losses.mae(twin(ROWS), NUMBERS)
        opt.zero_grad()
        loss.backward()
        opt.step()
        assert told[k] == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12)


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", losses.cross_entropy])
@pytest.mark.parametrize("last", ["sigmoid", "tanh"])
def test_outputs_with_bounds_are_no_logits(loss, last):
    net = Net(3, [4, 2], "relu", last)
    before = net.values.copy()
    for learn in (net.fit, net.partial_fit):
        with pytest.raises(OptionError, match=rf'those of a {last}; make it with output_activation="linear"'):
            learn(ROWS, TARGETS["cross_entropy"], loss=loss)
    np.testing.assert_array_equal(net.values, before)
    assert net.fit(ROWS, TARGETS["mse"], epochs=1).loss


PARTIAL_MISTAKES = {
    "shape": ({"X": ROWS[:, :2]}, ShapeError, r"X of shape \(rows, 3\), got \(40, 2\)"),
    "rows": ({"y": NUMBERS[:-1]}, ShapeError, r"each of 40 rows of X, got shape \(39, 2\)"),
    "nan": ({"X": ROWS * np.nan}, DataError, "finite numbers, got nan in X at row 0, column 0"),
    "no rows": ({"X": ROWS[:0], "y": NUMBERS[:0]}, DataError, "at least one row"),
    "loss": ({"loss": "mes"}, UnknownNameError, "did you mean 'mse'"),
    "optimizer": ({"optimizer": "Adam"}, UnknownNameError, "did you mean 'adam'"),
    "lbfgs": ({"optimizer": "lbfgs"}, OptionError, "^lbfgs wants the whole data at once"),
    "lr": ({"lr": -1}, OptionError, "^lr must be at least 0"),
    "alpha": ({"alpha": -1}, OptionError, "^alpha must be 0 or more and finite, got -1.0$"),
    "weights": ({"sample_weight": [1]}, ShapeError, "^sample_weight must hold a number for each of 40"),
    "classes": ({"class_weight": "balanced"}, OptionError, "^class_weight goes with labels"),
    "huge": ({"y": 1e300 * NUMBERS}, TrainingError, r"^partial_fit\(\): the loss became inf, where"),
    "huge lr": (
        {"lr": 1e308, "optimizer": "sgd", "y": 1e9 * NUMBERS},
        TrainingError,
        "a weight became .*, where the largest",
    ),
    "own": ({"loss": lambda p, y: p}, ShapeError, r"one number, got shape \(40, 2\)"),
}


@pytest.mark.parametrize("mistake", PARTIAL_MISTAKES)
def test_what_partial_fit_cannot_take_is_said_and_leaves_net_and_optimizer_as_they_were(mistake):
    changed, kind, message = PARTIAL_MISTAKES[mistake]
    net, twin = small_net(), small_net()
    for n in (net, twin):
        n.partial_fit(ROWS, NUMBERS)
    before = net.values.copy()
    with pytest.raises(kind, match=message):
        net.partial_fit(**{"X": ROWS, "y": NUMBERS, **changed})
    np.testing.assert_array_equal(net.values, before)
    if not set(changed) & {"loss", "optimizer", "lr", "alpha"}:  # with which another optimiser begins
        for n in (net, twin):
            n.partial_fit(ROWS, NUMBERS)
        same_bits(net, twin)


# predict ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["tanh", Tensor.tanh], ids=["named", "of one's own"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predict_gives_what_a_call_gives_for_any_number_of_rows_in_any_order(activation, dtype):
    net = small_net(activation=activation, dtype=dtype)
    X = np.random.default_rng(3).uniform(-1, 1, (3000, 3))
    exact = net(X).numpy()
    for rows in (1, 40, 1024, 40, 1025, 40, 1, 3000, 2048, 3000, 41):
        out = net.predict(X[:rows])
        assert (out.shape, out.dtype) == ((rows, 2), dtype)
        np.testing.assert_allclose(out, exact[:rows], rtol=0, atol=1e-14 if dtype == "float64" else 1e-5)


def test_predict_gives_the_same_bits_at_each_call():
    net = small_net()
    X = np.random.default_rng(3).uniform(-1, 1, (1500, 3))
    for rows in (40, 1500):
        assert len({net.predict(X[:rows]).tobytes() for _ in range(4)}) == 1


def test_predict_runs_an_activation_of_ones_own_each_time():
    called = []

    def activation(x):
        called.append(x.shape)
        return x.relu() if len(called) % 2 else -x.relu()

    net = small_net(activation=activation)
    for _ in range(2):
        plus, minus = net.predict(ROWS), net.predict(ROWS)
        assert np.abs(plus - minus).max() > 0
    assert called == [(5, 40)] * 4


def test_predict_gives_an_array_of_its_own_and_follows_the_weights():
    net = small_net()
    one, two = net.predict(ROWS), net.predict(ROWS)
    kept = one.copy()
    net.predict(-ROWS)
    np.testing.assert_array_equal(one, kept)
    np.testing.assert_array_equal(two, kept)
    net.fit(ROWS, NUMBERS, epochs=1, lr=0.1)
    np.testing.assert_allclose(net.predict(ROWS), net(ROWS).numpy(), atol=1e-14)
    net.layers[1].neurons[0].b = 100.0
    assert net.predict(ROWS)[:, 0].min() > 50


def test_predict_records_nothing_and_leaves_gradients_alone():
    net = small_net()
    loss = losses.mse(net(ROWS), NUMBERS)
    for _ in range(3):
        net.predict(ROWS)
    loss.backward()  # the graph from before is still good
    before = net.grads.copy()
    net.predict(ROWS)
    np.testing.assert_array_equal(net.grads, before)


def test_predict_takes_no_more_memory_for_the_layers_of_more_rows():
    random.seed(1)
    net = Net(1, [50, 50, 1], "tanh", "linear")
    peaks = []
    for rows in (5_000, 50_000):
        X = np.linspace(-1, 1, rows)[:, None]
        for _ in range(2):  # so that no Program is recorded below
            net.predict(X)
        tracemalloc.start()
        out = net.predict(X)
        peaks.append(tracemalloc.get_traced_memory()[1] - out.nbytes)
        tracemalloc.stop()
    hidden = 5_000 * 50 * 8  # what one layer of the smaller table would take
    assert max(peaks) < hidden
    assert peaks[1] - peaks[0] < hidden / 10


def test_predict_keeps_few_programs_for_many_numbers_of_rows():
    net = small_net()
    for rows in range(1, 31):
        for _ in range(2):
            net.predict(ROWS[:rows])
    assert len(net._programs) <= 8


# Bad options ------------------------------------------------------------------------------------------------

WHOLE = "must be a whole number of 1 or more, got"
SHARE = r"validation must be a share of the rows between 0 and 1, or a pair \(X, y\)"
NANS = np.full((40, 3), math.nan)
# fmt: off
BAD = [
    ({"batch_size": 0},                    OptionError, rf"^batch_size {WHOLE} 0$"),
    ({"batch_size": -1},                   OptionError, rf"^batch_size {WHOLE} -1$"),
    ({"batch_size": 2.5},                  OptionError, rf"^batch_size {WHOLE} 2\.5$"),
    ({"batch_size": True},                 OptionError, rf"^batch_size {WHOLE} True$"),
    ({"batch_size": None},                 OptionError, rf"^batch_size {WHOLE} None$"),
    ({"epochs": 0},                        OptionError, rf"^epochs {WHOLE} 0$"),
    ({"epochs": -3},                       OptionError, rf"^epochs {WHOLE} -3$"),
    ({"epochs": "10"},                     OptionError, rf"^epochs {WHOLE} '10'$"),
    ({"patience": 0},                      OptionError, rf"^patience {WHOLE} 0$"),
    ({"patience": -1},                     OptionError, rf"^patience {WHOLE} -1$"),
    ({"patience": 1.5},                    OptionError, rf"^patience {WHOLE} 1\.5$"),
    ({"lr": -0.1},                         OptionError, r"^lr must be at least 0 and below inf, got -0\.1$"),
    ({"lr": math.nan},                     OptionError, r"^lr must be at least 0 and below inf, got nan$"),
    ({"lr": "fast"},                       NotANumberError, r"^lr wants a real number, got 'fast'"),
    ({"lr": lambda step: -1.0},            OptionError, r"^lr\(step\) must be at least 0 .* got -1\.0$"),
    ({"lr": lambda step: None},            NotANumberError, r"^lr\(step\) wants a real number, got None"),
    ({"alpha": -1e-9},                     OptionError, r"^alpha must be 0 or more and finite, got -1e-09$"),
    ({"alpha": math.nan},                  OptionError, r"^alpha must be 0 or more and finite, got nan$"),
    ({"alpha": math.inf},                  OptionError, r"^alpha must be 0 or more and finite, got inf$"),
    ({"alpha": "much"},                    NotANumberError, r"^alpha wants a real number, got 'much'"),
    ({"clip": 0},                          OptionError, r"^clip must be above 0 and finite, got 0$"),
    ({"clip": -1.0},                       OptionError, r"^clip must be above 0 and finite, got -1\.0$"),
    ({"clip": math.inf},                   OptionError, r"^clip must be above 0 and finite, got inf$"),
    ({"clip": "short"},                    NotANumberError, r"^clip wants a real number, got 'short'"),
    *[({"validation": share},              OptionError, rf"^{SHARE}, got {share!r}$")
        for share in (0, 1, -0.1, 1.5, math.nan, math.inf, "0.1", True)],
    ({"validation": (ROWS,)},              OptionError, f"^{SHARE}, got "),
    ({"validation": (ROWS, NUMBERS, 0)},   OptionError, f"^{SHARE}, got "),
    ({"validation": 0.99},                 OptionError, r"^validation=0\.99 leaves none of the 40 rows"),
    ({"validation": (ROWS, NUMBERS[:5])},  ShapeError, r"each of 40 rows of X, got shape \(5, 2\)"),
    ({"validation": (NUMBERS, NUMBERS)},   ShapeError, r"X of shape \(rows, 3\), got \(40, 2\)"),
    ({"validation": (ROWS[:0], ROWS[:0])}, DataError, r"at least one row"),
    ({"validation": (NANS, NUMBERS)},      DataError, r"finite numbers, got nan in X at row 0, column 0"),
    ({"callbacks": [print, 5]}, OptionError, r"^fit\(\) wants functions as callbacks, got \[.*5\]"),
    ({"callbacks": "stop"}, OptionError, r"^fit\(\) wants functions as callbacks, got 'stop'"),
    ({"sample_weight": [1, 2]},            ShapeError, r"^sample_weight must .* 40 rows, got shape \(2,\)$"),
    ({"sample_weight": [-1] * 40},         DataError, r"^weights must be finite and 0 or more"),
    ({"sample_weight": [0] * 40},          DataError, r"^weights must be .* and not all of them 0$"),
    ({"sample_weight": NANS[:, 0]},        DataError, r"got nan in sample_weight at row 0$"),
    ({"sample_weight": ["a"] * 40},        DataError, r"wants sample_weight to be numbers, got 'a' \(str\)$"),
    ({"class_weight": "balanced"},         OptionError, r"^class_weight goes with labels, and mse has none$"),
    ({"loss": losses.mae, "class_weight": [1, 2]}, OptionError, r"^class_weight goes .* and mae has none$"),
    ({"loss": lambda p, y: (p - y).mean(), "sample_weight": [1] * 40}, OptionError,
        r"^fit\(\) with a loss of your own takes no sample_weight or class_weight$"),
    ({"optimizer": "lbfgs", "lr": 0.1},    OptionError, r"^lbfgs finds the length of its steps itself"),
]
# fmt: on


@pytest.mark.parametrize(("options", "kind", "message"), BAD)
def test_options_that_fit_cannot_take_are_named_and_nothing_is_learned(options, kind, message):
    net, twin = small_net(), small_net()
    with pytest.raises(kind, match=message):
        net.fit(ROWS, NUMBERS, **options)
    same_bits(net, twin)


def test_a_penalty_beyond_all_bounds_is_named_and_no_rows_that_are_not_there():
    for validation, message in (
        (None, "the loss over all batches together became inf"),
        (0.25, "became inf"),
    ):
        net = Net(1, [3, 1], "tanh", "linear")
        before = net.values.copy()
        with pytest.raises(TrainingError, match=rf"{message}.* A smaller lr or alpha, or X scaled") as told:
            net.fit(
                np.linspace(-1, 1, 20), np.zeros(20), alpha=1e308, seed=1, validation=validation, epochs=9
            )
        assert validation or "validation" not in str(told.value)
        assert np.isfinite(net.values).all()
        assert validation or (net.values == before).all()
