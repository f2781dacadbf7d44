"""partial_fit: one optimiser over all calls, until the options change."""

import copy

import numpy as np
import pytest
from trainings import NUMBERS, OPTIONS, ROWS, TARGETS, same_bits, small_net

from autograd import Tensor, losses
from autograd.errors import (
    AutogradError,
    DataError,
    OptionError,
    ShapeError,
    TrainingError,
    UnknownNameError,
)
from autograd.optim import OPTIMIZERS, Adam


@pytest.mark.parametrize("optimizer", sorted(set(OPTIONS) - {"lbfgs"}))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_partial_fit_steps_one_optimizer_over_all_calls(optimizer, dtype):
    net, twin = small_net(dtype=dtype), small_net(dtype=dtype)
    opt = OPTIMIZERS[optimizer](twin)
    start = 0
    for rows in (7, 7, 3, 7, 1, 3, 12):
        part = slice(start, start + rows)
        start += rows
        told = net.partial_fit(ROWS[part], NUMBERS[part], optimizer=optimizer)
        loss = losses.mse(twin.forward(Tensor(ROWS[part].astype(dtype)).T).T, NUMBERS[part])
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
def test_partial_fit_with_other_options_begins_with_a_new_optimizer(changed):
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


def test_partial_fit_calls_a_custom_loss_at_each_call():
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


def test_partial_fit_keeps_its_optimizer_if_the_loss_is_given_by_name_and_then_as_a_function():
    net = small_net()
    net.partial_fit(ROWS, NUMBERS, loss="mse")
    opt = net._partial_fit[1].opt
    net.partial_fit(ROWS, NUMBERS, loss=losses.mse)
    assert net._partial_fit[1].opt is opt


PARTIAL_MISTAKES = {
    "shape": ({"X": ROWS[:, :2]}, ShapeError, r"X of shape \(rows, 3\), got \(40, 2\)"),
    "rows": ({"y": NUMBERS[:-1]}, ShapeError, r"each of 40 rows, got shape \(39, 2\)"),
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
def test_partial_fit_names_bad_data_and_options_and_leaves_net_and_optimizer_unchanged(mistake):
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


def test_an_error_in_partial_fit_leaves_gradients_and_optimizer_unchanged():
    net = small_net()
    net.partial_fit(ROWS, NUMBERS)
    before, opt = net.grads.copy(), net._partial_fit[1].opt
    with pytest.raises(OptionError):
        net.partial_fit(ROWS, NUMBERS, lr=lambda step: -1)
    np.testing.assert_array_equal(net.grads, before)
    with pytest.raises(AutogradError):
        net.partial_fit(ROWS[:, :2], NUMBERS, lr=0.5)
    net.partial_fit(ROWS, NUMBERS)
    assert net._partial_fit[1].opt is opt
