"""fit with a custom loss or activation: called at each batch, with safe arguments."""

import copy
import random

import numpy as np
import pytest
from trainings import CURVE, NUMBERS, ROWS, TARGETS, X, by_hand, curve_net, same_bits, small_net

from autograd import losses
from autograd.errors import (
    ShapeError,
)
from autograd.losses import LOSSES
from autograd.nn import Net
from autograd.optim import SGD, Adam


def test_a_custom_loss_with_the_formula_of_mse_gives_the_losses_of_mse():
    net, twin = curve_net(), curve_net()
    own = net.fit(X, CURVE, loss=lambda p, y: ((p - y) * (p - y)).mean(), epochs=5, seed=3)
    named = twin.fit(X, CURVE, loss="mse", epochs=5, seed=3)
    assert own.loss == pytest.approx(named.loss, rel=1e-12)


def test_fit_passes_labels_to_a_loss_function_as_whole_numbers():
    labels = (X[:, 0] > 0).astype(int)
    random.seed(1)
    net = Net(1, [4, 2], "tanh", "linear")
    twin = copy.deepcopy(net)
    named = net.fit(X, labels, loss="cross_entropy", epochs=3, seed=0)
    assert twin.fit(X, labels, loss=losses.cross_entropy, epochs=3, seed=0).loss == named.loss


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("own", ["loss", "activation"])
def test_a_custom_loss_or_activation_equal_to_a_named_one_gives_the_same_training(loss, own):
    tanh = (lambda x: x.tanh()) if own == "activation" else "tanh"
    net, twin = small_net(activation=tanh), small_net()
    kind = (lambda p, y: LOSSES[loss](p, y)) if own == "loss" else loss
    options = {"epochs": 4, "batch_size": 7, "seed": 5, "lr": 0.02, "validation": 0.2, "alpha": 1e-2}
    told = net.fit(ROWS, TARGETS[loss], loss=kind, **options)
    twins = twin.fit(ROWS, TARGETS[loss], loss=loss, **options)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12)
    assert told.loss == pytest.approx(twins.loss, rel=1e-12)
    assert told.val_loss == pytest.approx(twins.val_loss, rel=1e-12)


def test_a_custom_loss_is_called_at_each_batch_and_may_branch_and_draw_random_numbers():
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


def test_a_custom_activation_is_called_at_each_batch_and_may_branch_and_draw_random_numbers():
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


def test_a_custom_loss_gets_all_validation_rows_in_one_call_and_without_a_graph():
    seen = []

    def loss(p, y):
        seen.append((p.shape, y.shape, p.requires_grad))
        return ((p - y) ** 2).mean()

    small_net().fit(ROWS, NUMBERS, loss=loss, epochs=1, batch_size=20, validation=0.25, seed=0)
    assert seen == [((20, 2), (20, 2), True), ((10, 2), (10, 2), True), ((10, 2), (10, 2), False)]


def test_fit_with_a_custom_loss_refuses_flat_targets_that_would_broadcast_against_the_predictions():
    net, x = Net(1, [1], "linear"), np.linspace(-1, 1, 5)
    with pytest.raises(ShapeError, match=r"of the predictions, \(5, 1\), got \(5,\): give np.reshape\(y"):
        net.fit(x, x, loss=lambda prediction, target: ((prediction - target) ** 2).mean())
    with pytest.raises(ShapeError, match=r"np.reshape\(y"):
        net.partial_fit(x, x, loss=lambda prediction, target: ((prediction - target) ** 2).mean())


def test_after_an_error_in_a_custom_loss_net_and_optimizer_are_those_of_the_last_complete_step():
    net = curve_net()

    def failing(error):
        calls = []

        def loss(p, y):
            calls.append(1)
            if len(calls) == 8:
                raise error
            return ((p - y) ** 2).mean()

        return loss

    twin = curve_net()
    opt, twins = (Adam(n, lr=0.01) for n in (net, twin))
    with pytest.raises(KeyError, match="mine"):
        net.fit(X, CURVE, loss=failing(KeyError("mine")), optimizer=opt, epochs=10, batch_size=10, seed=0)
    options = {"optimizer": twins, "epochs": 10, "batch_size": 10, "seed": 0}
    assert twin.fit(X, CURVE, loss=failing(KeyboardInterrupt), **options).interrupted
    assert opt.state()["steps"] == 7
    np.testing.assert_array_equal(net.values, twin.values)
    np.testing.assert_array_equal(net.grads, twin.grads)
    for n, o in ((net, opt), (twin, twins)):
        n.fit(X, CURVE, optimizer=o, epochs=2, seed=5)  # training continues as if there had been no error
    np.testing.assert_array_equal(net.values, twin.values)
