"""A loss or weight that is not finite: fit names its epoch and restores the last good weights."""

import math

import numpy as np
import pytest
from trainings import CURVE, NUMBERS, ROWS, X, curve_net, small_net

from autograd import losses
from autograd.errors import (
    TrainingError,
)
from autograd.nn import Net
from autograd.optim import SGD


@pytest.mark.parametrize("batch_size", [7, 40])
@pytest.mark.parametrize(("lr", "epochs"), [(1e5, 1000), (1e200, 2), (1e308, 1)])
def test_fit_names_the_epoch_of_an_infinite_loss_or_weight_and_restores_good_weights(batch_size, lr, epochs):
    net = Net(1, [4, 1], "linear")
    y = X if lr < 1e10 else X * 1e150
    with pytest.raises(TrainingError, match=r"(the loss|a weight) became .* in epoch \d+"):
        net.fit(X, y, optimizer="sgd", lr=lr, epochs=epochs, batch_size=batch_size, seed=0)
    assert np.isfinite(losses.mse(net(X), y).item())


# A copy is made before the first step and after 32 and 64; that of 64 has no finite loss if the 65th is nan
@pytest.mark.parametrize(("nan_from", "copied"), [(33, 0), (34, 32), (65, 32), (66, 64)])
def test_a_loss_that_becomes_nan_restores_the_last_copy_of_weights_with_a_finite_loss(nan_from, copied):
    net, twin = curve_net(), curve_net()
    calls = []

    def loss(p, y):
        calls.append(1)
        return ((p - y) ** 2).mean() * (1.0 if len(calls) < nan_from else np.nan)

    with pytest.raises(TrainingError, match=f"the loss became nan in epoch {nan_from}"):
        net.fit(X, CURVE, loss=loss, epochs=100, batch_size=40, seed=0)
    if copied:
        twin.fit(X, CURVE, epochs=copied, batch_size=40, seed=0)
    np.testing.assert_array_equal(net.values, twin.values)


def test_an_infinite_loss_is_an_error_that_names_epoch_batch_and_largest_gradient():
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


def test_an_infinite_validation_loss_is_an_error_and_restores_the_weights():
    net = Net(2, [1], "linear")
    net.values[:] = [1e200, 0, 0]
    net.mark_changed()
    message = r"^the loss over the validation rows became inf in epoch 1, batch 2, where the largest gradient"
    with pytest.raises(TrainingError, match=message):
        net.fit(np.zeros((4, 2)), np.zeros(4), batch_size=2, validation=(np.ones((2, 2)), np.zeros(2)))
    assert net.values.tolist() == [1e200, 0, 0]


def test_the_error_of_an_infinite_loss_says_if_no_gradient_was_finite():
    net = Net(1, [1], "linear")
    net.values[:] = [1e200, 0]
    net.mark_changed()
    with pytest.raises(TrainingError, match="became inf in epoch 1, batch 1, where no gradient was finite"):
        net.fit([1e200], [0.0])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_custom_loss_that_is_not_finite_is_an_error_and_restores_net_and_optimiser(bad):
    net, twin, calls = small_net(), small_net(), []
    opt = SGD(net, lr=0.1, momentum=0.9)

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
    np.testing.assert_array_equal(net.values, twin.values)  # the only copy is that before the first step
    np.testing.assert_array_equal(opt.state()["memory"], 0)
    assert opt.state()["steps"] == 0


def test_an_overflow_during_fit_is_an_error_and_no_warning():
    net = small_net(activation="relu", dtype="float32")
    with pytest.raises(TrainingError, match="loss became inf in epoch 1, batch 1,"):
        net.fit(ROWS, 1e30 * NUMBERS, optimizer="sgd", epochs=1)


@pytest.mark.parametrize(
    ("validation", "what"),
    [
        (None, "the loss over all batches together became inf in epoch 1"),
        (0.25, "the loss over the validation rows became nan in epoch 2"),
    ],
)
def test_a_huge_alpha_is_an_error_that_names_the_infinite_loss_or_weight_and_restores_the_net(
    validation, what
):
    net = Net(1, [3, 1], "tanh", "linear")
    before = net.values.copy()
    with pytest.raises(TrainingError, match=rf"^{what}.* A smaller lr or alpha, or X scaled") as told:
        net.fit(np.linspace(-1, 1, 20), np.zeros(20), alpha=1e308, seed=1, validation=validation, epochs=9)
    assert ("validation" in str(told.value)) == (validation is not None)
    assert np.isfinite(net.values).all()
    assert (net.values == before).all()
