"""fit: it learns what can be learnt, does what a loop by hand does, and says what it cannot take."""

import copy
import random

import numpy as np
import pytest

import autograd.scalar.nn as oracle
from autograd import losses
from autograd.engine import Value
from autograd.errors import (
    DataError,
    MissingExtraError,
    OptionError,
    ShapeError,
    TrainingError,
    UnknownNameError,
)
from autograd.losses import LOSSES
from autograd.nn import MLP, Net
from autograd.optim import OPTIMIZERS, SGD, Adam
from autograd.training import History

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
        if len(history) == 3 and len(calls) > history[-1]:
            raise KeyboardInterrupt
        return ((p - y) ** 2).mean()

    history = []
    starts = []

    class Watch:
        text = ""

    def track(total, unit, wanted):
        for _ in range(total):
            starts.append(net.values.copy())
            history.append(len(calls))
            yield Watch()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autograd.training.track", track)
        with pytest.raises(KeyboardInterrupt):
            net.fit(X, CURVE, loss=loss, optimizer=optimizer, epochs=10, batch_size=40, seed=0)
    assert len(starts) == 3
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
            "a table of numbers with rows of one length",
        ),
        (
            lambda n: n.fit(X[:2], [[1.0], [2.0, 3.0]]),
            DataError,
            "y to be a table of numbers with rows of one",
        ),
        (lambda n: n.fit(np.array([[1j]]), [1]), DataError, "wants X to be numbers, got 1j"),
        (lambda n: n.fit([[None]], [1]), DataError, r"wants X to be numbers, got None \(NoneType\)"),
        (lambda n: n.fit(X, ["x"] * 40), DataError, r"wants y to be numbers, got 'x' \(str\)"),
        (lambda n: n.fit(broken(3, np.nan), CURVE), DataError, "nan in X at row 3, column 0"),
        (lambda n: n.fit(X, broken(4, np.inf)), DataError, "inf in y at row 4, column 0"),
        (lambda n: n.fit(X, X[:, 0] > 0, loss="hinge"), DataError, "labels -1 or 1, got 0"),
        (lambda n: n.fit(X, CURVE, loss="binary_cross_entropy"), DataError, "labels 0 or 1, got -0.9"),
        (
            lambda n: n.fit(X, CURVE[:, 0], loss="cross_entropy"),
            DataError,
            "integer labels, got dtype float64",
        ),
        (lambda n: n.fit(X, range(40), loss="cross_entropy"), DataError, "labels from 0 to 0"),
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
