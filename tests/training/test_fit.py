"""fit: every optimiser and loss learns, and a training has the bits of a loop over batches by hand."""

import copy
import random
import threading

import numpy as np
import pytest
from trainings import (
    CURVE,
    NUMBERS,
    OPTIONS,
    ROWS,
    TARGETS,
    X,
    by_hand,
    curve_net,
    every_optimizer,
    same_bits,
    small_net,
)

import autograd.scalar.nn as oracle
from autograd import Tensor, losses, schedules
from autograd.engine import Value
from autograd.errors import (
    OptionError,
)
from autograd.losses import LOSSES
from autograd.nn import MLP, Net
from autograd.optim import OPTIMIZERS, SGD, Adam
from autograd.tensor.program import program

# Learning -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns_a_curve(optimizer):
    net = curve_net()
    lr = {"sgd": 0.1, "adam": 0.02, "adamw": 0.02, "rmsprop": 0.01}.get(optimizer)
    history = net.fit(X, CURVE, optimizer=optimizer, lr=lr, epochs=150, batch_size=8, seed=0)
    assert len(history.loss) == 150
    assert history.loss[-1] < 0.05 * history.loss[0]
    assert np.mean((net.predict(X) - CURVE) ** 2) < 0.02


@pytest.mark.parametrize("loss", LOSSES)
def test_fit_learns_two_classes_with_every_loss(loss):
    net = MLP(1, [8, 2 if loss == "cross_entropy" else 1], init="he")
    labels = (X[:, 0] > 0).astype(int)
    y = 2 * labels - 1 if loss in ("mse", "mae", "huber", "hinge") else labels
    net.fit(X, y, loss=loss, epochs=100, lr=0.02, seed=0)
    out = net.predict(X)
    found = out.argmax(axis=1) if loss == "cross_entropy" else out[:, 0] > 0
    assert (found == labels).mean() > 0.94


def test_fit_with_full_batches_of_sgd_follows_the_oracle():
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


def test_fit_with_the_same_seed_gives_the_same_bits():
    first = curve_net().fit(X, CURVE, epochs=5, seed=9)
    assert curve_net().fit(X, CURVE, epochs=5, seed=9).loss == first.loss
    assert curve_net().fit(X, CURVE, epochs=5, seed=10).loss != first.loss
    assert curve_net().fit(X, CURVE, epochs=5).loss == curve_net().fit(X, CURVE, epochs=5).loss


def test_a_batch_size_above_the_number_of_rows_takes_all_rows():
    whole = curve_net().fit(X, CURVE, epochs=3, seed=0, batch_size=40)
    assert curve_net().fit(X, CURVE, epochs=3, seed=0, batch_size=1000).loss == whole.loss


def test_the_loss_of_an_epoch_is_a_mean_over_rows_not_batches():
    net = curve_net()
    before = losses.mse(net(X), CURVE).item()
    history = net.fit(X, CURVE, optimizer="sgd", lr=0.0, epochs=1, batch_size=7)
    assert history.loss == [pytest.approx(before, rel=1e-12)]


def test_fit_takes_flat_inputs_and_flat_targets_of_a_net_with_one_input_and_output():
    first = curve_net().fit(X, CURVE, epochs=2, seed=0)
    assert curve_net().fit(X[:, 0], CURVE[:, 0].tolist(), epochs=2, seed=0).loss == first.loss


def test_fit_keeps_a_float32_net_in_float32():
    net = curve_net(dtype="float32")
    net.fit(X, CURVE, epochs=2)
    assert net.values.dtype == np.float32
    assert net.predict(X).dtype == np.float32


def test_fit_with_an_optimizer_of_the_net_continues_with_the_state_of_the_optimizer():
    net = curve_net()
    opt = SGD(net, lr=0.05, momentum=0.9)
    first = net.fit(X, CURVE, optimizer=opt, epochs=3, seed=0).loss
    assert net.fit(X, CURVE, optimizer=opt, epochs=3, seed=0).loss[-1] < first[-1]
    with pytest.raises(OptionError, match="made for other parameters"):
        curve_net().fit(X, CURVE, optimizer=opt)
    with pytest.raises(OptionError, match="both lr and an optimizer"):
        net.fit(X, CURVE, optimizer=opt, lr=0.1)


def test_fit_makes_backward_through_an_older_graph_an_error():
    net = curve_net()
    old = net([0.5])
    net.fit(X, CURVE, epochs=1)
    with pytest.raises(RuntimeError, match="has been changed since"):
        old.backward()


def test_a_hand_written_training_loop_learns_a_curve():
    net = curve_net()
    opt = SGD(net, lr=0.1)
    first = losses.mse(net(X), CURVE).item()
    for _ in range(200):
        loss = losses.mse(net(X), CURVE)
        opt.zero_grad()
        loss.backward()
        opt.step()
    assert loss.item() < 0.1 * first


def test_parameter_updates_in_the_style_of_micrograd_train_the_net():
    net = curve_net()
    for _ in range(3):
        loss = sum(((net(x) - y) ** 2 for x, y in zip(X.tolist(), CURVE[:, 0], strict=True)), Value(0))
        for p in net.parameters():
            p.grad = 0
        loss.backward()
        for p in net.parameters():
            p.data += -0.01 * p.grad
    assert sum((net(x) - y) ** 2 for x, y in zip(X.tolist(), CURVE[:, 0], strict=True)) < loss


# The loop, written out -------------------------------------------------------------------------


@every_optimizer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fit_has_the_bits_of_a_hand_written_loop_with_every_optimizer(optimizer, dtype):
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
def test_fit_has_the_bits_of_a_hand_written_loop_with_every_loss(loss, activation):
    net, twin = small_net(activation=activation), small_net(activation=activation)
    y = TARGETS[loss]
    told = net.fit(ROWS, y, loss=loss, optimizer="adam", lr=0.02, epochs=4, batch_size=7, seed=5)
    means = by_hand(twin, ROWS, y, Adam(twin, lr=0.02), 4, 7, np.random.default_rng(5), loss)
    same_bits(net, twin)
    assert told.loss == means


@pytest.mark.parametrize("batch_size", [1, 13, 20, 39, 40, 41, 10**9])
def test_fit_has_the_bits_of_a_hand_written_loop_for_any_size_of_the_last_batch(batch_size):
    net, twin = small_net(), small_net()
    told = net.fit(ROWS, NUMBERS, optimizer="sgd", lr=0.1, epochs=3, batch_size=batch_size, seed=5)
    means = by_hand(twin, ROWS, NUMBERS, SGD(twin, lr=0.1), 3, batch_size, np.random.default_rng(5))
    same_bits(net, twin)
    assert told.loss == means


def test_fit_gives_the_weights_of_a_loop_of_calls_of_the_net():
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
def test_fit_records_a_step_of_a_named_loss_once_for_each_size_of_batch(monkeypatch, loss, recordings):
    record, sizes = program.record, []

    def counting(function, *examples, **options):
        sizes.append([len(x) for x in examples])
        return record(function, *examples, **options)

    monkeypatch.setattr(program, "record", counting)
    small_net().fit(ROWS, NUMBERS, loss=loss, epochs=5, batch_size=7, validation=(ROWS[:3], NUMBERS[:3]))
    assert sizes == [[7, 7], [5, 5], [3, 3]][:recordings]


@every_optimizer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_two_trainings_with_all_options_and_the_same_seed_give_the_same_bits(optimizer, dtype):
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


def test_fit_without_a_seed_takes_the_order_of_rows_from_pythons_random():
    def run(seed):
        net = small_net()
        random.seed(seed)
        return net.fit(ROWS, NUMBERS, epochs=2, batch_size=7).loss

    assert run(1) == run(1) != run(2)


@pytest.mark.parametrize("form", ["columns", "backwards", "lists", "Tensors", "read-only", "labels"])
def test_fit_learns_the_same_from_data_in_any_memory_layout_or_container(form):
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


def test_fit_takes_object_arrays_of_numbers():
    expected = small_net().fit(ROWS, NUMBERS, epochs=1, seed=0).loss
    assert small_net().fit(ROWS.astype(object), NUMBERS, epochs=1, seed=0).loss == expected


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


def test_fit_in_another_thread_learns_the_same_bits(ctrl_c):
    net, twin = small_net(), small_net()
    thread = threading.Thread(target=lambda: net.fit(ROWS, NUMBERS, epochs=3, seed=5))
    thread.start()
    thread.join()
    twin.fit(ROWS, NUMBERS, epochs=3, seed=5)
    same_bits(net, twin)
