"""alpha, clip, sample_weight and class_weight of fit."""

import numpy as np
import pytest
from trainings import NUMBERS, ROWS, TARGETS, by_hand, same_bits, small_net

from autograd import Tensor, losses
from autograd.losses import LOSSES
from autograd.nn import Net
from autograd.optim import SGD, Adam


def test_alpha_adds_the_slopes_of_half_the_squared_weights_without_biases():
    net, twin, alpha = small_net(), small_net(), 0.3
    for layer in (*net.layers, *twin.layers):
        for neuron in layer.neurons:
            neuron.b = 0.7  # a bias, which alpha must not shrink
    twin.values[:] = net.values
    is_weight = np.concatenate([np.tile([1, 1, 1, 0], 5), np.tile([1, 1, 1, 1, 1, 0], 2)])
    penalties = []

    def penalty(n):
        penalties.append(alpha / 2 * sum((layer.weight**2).sum() for layer in n.layers))
        return alpha * n.values * is_weight

    told = net.fit(ROWS, NUMBERS, optimizer="sgd", lr=0.1, alpha=alpha, epochs=20, batch_size=40, seed=5)
    means = by_hand(twin, ROWS, NUMBERS, SGD(twin, lr=0.1), 20, 40, np.random.default_rng(5), penalty=penalty)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12)
    assert told.loss == pytest.approx(means, rel=1e-12)
    assert told.penalty == pytest.approx(penalties, rel=1e-12)


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
def test_fit_with_whole_sample_weights_learns_as_from_repeated_rows(loss):
    net, twin, y = small_net(), small_net(), TARGETS[loss]
    weights = np.random.default_rng(1).integers(0, 4, 40)
    again = np.repeat(np.arange(40), weights)
    options = {"loss": loss, "optimizer": "sgd", "lr": 0.05, "epochs": 10, "batch_size": 1000, "alpha": 0.01}
    told = net.fit(ROWS, y, sample_weight=weights, **options)
    twins = twin.fit(ROWS[again], y[again], **options)
    assert told.loss == pytest.approx(twins.loss, rel=1e-12)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("loss", ["hinge", "binary_cross_entropy", "cross_entropy"])
def test_fit_with_whole_class_weights_learns_as_from_repeated_rows(loss):
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
def test_the_loss_of_an_epoch_is_the_weighted_mean_for_any_batch_size(loss, own):
    net, y = small_net(activation=Tensor.tanh if own else "tanh"), TARGETS[loss]
    options = {"sample_weight": np.random.default_rng(1).uniform(0, 3, 40)}
    if loss in ("hinge", "binary_cross_entropy", "cross_entropy"):
        options["class_weight"] = "balanced"
    expected = LOSSES[loss](net(ROWS), y, **options).item()
    told = net.fit(ROWS, y, loss=loss, optimizer="sgd", lr=0.0, epochs=2, batch_size=7, **options)
    assert told.loss == pytest.approx([expected] * 2, rel=1e-12)


def test_sample_weights_follow_their_rows_into_batches():
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


def test_sample_weights_follow_their_rows_into_the_training_and_the_validation_rows():
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


def test_fit_scales_huge_sample_weights():
    expected = small_net().fit(ROWS, NUMBERS, epochs=1, seed=0).loss
    found = small_net().fit(ROWS, NUMBERS, epochs=1, seed=0, sample_weight=[1e308] * 40).loss
    assert found == pytest.approx(expected)
