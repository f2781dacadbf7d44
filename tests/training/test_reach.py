"""Outputs that cannot be what a loss asks of them: errors where it is certain, else warnings."""

import warnings

import numpy as np
import pytest
from trainings import ROWS, TARGETS

from autograd import losses
from autograd.errors import OptionError, TrainingWarning
from autograd.losses import LOSSES, Loss
from autograd.nn import ACTIVATIONS, Net

BOUNDED = ["sigmoid", "tanh"]
FROM_BELOW = ["relu", "softplus", "gelu"]
CALLS = [Net.fit, Net.partial_fit]


def net_ending_in(last):
    return Net(3, [5, 2], "tanh", last)


def options(call):
    return {"epochs": 1} if call is Net.fit else {}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("loss", "last", "message"),
    [
        *(("cross_entropy", last, "takes logits, which have no bounds") for last in BOUNDED),
        *(("binary_cross_entropy", last, "takes logits, which have no bounds") for last in BOUNDED),
        *(("binary_cross_entropy", last, "tells labels by the sign") for last in ("relu", "softplus")),
        *(("hinge", last, "tells labels by the sign") for last in ("sigmoid", "relu", "softplus")),
    ],
)
def test_outputs_that_cannot_be_what_the_loss_asks_of_them_are_an_error(call, loss, last, message):
    net = net_ending_in(last)
    before = net.values.copy()
    with pytest.raises(OptionError, match=rf'{message}.*ends in {last}.*output_activation="linear"'):
        call(net, ROWS, TARGETS[loss], loss=loss, **options(call))
    np.testing.assert_array_equal(net.values, before)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("loss", "last"),
    [*(("cross_entropy", last) for last in FROM_BELOW), ("binary_cross_entropy", "gelu")],
)
def test_logits_that_are_bounded_on_one_side_get_a_warning_at_the_line_of_the_call(call, loss, last):
    net = net_ending_in(last)
    with pytest.warns(TrainingWarning, match=f"{loss} takes logits.*may learn badly.*ends in {last}") as told:
        call(net, ROWS, TARGETS[loss], loss=loss, **options(call))
    assert [w.filename for w in told] == [__file__]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("loss", ["mse", "mae", "huber", losses.mse])
@pytest.mark.parametrize(("last", "low", "high"), [("sigmoid", 0, 1), ("tanh", -1, 1), ("relu", 0, 9)])
def test_targets_beyond_the_outputs_are_an_error_if_they_are_most_and_a_warning_if_they_are_some(
    call, loss, last, low, high
):
    draw = np.random.default_rng(1)
    y = draw.uniform(low, high, (40, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(net_ending_in(last), ROWS, y, loss=loss, **options(call))
    y[:20, 1] = low - 3.0
    message = f"20 of 80 targets are out of reach, since targets go from {low - 3} to .* ends in {last}"
    with pytest.warns(TrainingWarning, match=message) as told:
        call(net_ending_in(last), ROWS, y, loss=loss, **options(call))
    assert [w.filename for w in told] == [__file__]
    y[20, 1] = low - 3.0
    net = net_ending_in(last)
    before = net.values.copy()
    with pytest.raises(OptionError, match=r"21 of 80 targets are out of reach.*or scale the targets"):
        call(net, ROWS, y, loss=loss, **options(call))
    np.testing.assert_array_equal(net.values, before)


def test_partial_fit_warns_of_targets_out_of_reach_at_its_first_call_only():
    net, y = net_ending_in("tanh"), np.full((40, 2), 0.5)
    y[0] = 2.0
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(3):
            net.partial_fit(ROWS, y)
    assert [w.category for w in told] == [TrainingWarning]


def test_functions_as_losses_or_activations_and_losses_that_are_no_distances_are_not_judged():
    far = np.full((40, 2), 7.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net_ending_in("sigmoid").fit(ROWS, far, loss=lambda p, y: ((p - y) ** 2).mean(), epochs=1)
        net_ending_in(lambda x: x.sigmoid()).fit(ROWS, far, epochs=1)
        net_ending_in("sigmoid").fit(ROWS, far, loss=Loss("log", lambda p, y: p - y * p.log()), epochs=1)


@pytest.mark.parametrize("last", ACTIVATIONS)
def test_each_activation_suits_each_loss_or_is_told_of(last):
    """No pair is overlooked: what is neither refused nor warned of reaches its targets."""
    low, high = ACTIVATIONS[last].bounds
    for name, loss in LOSSES.items():
        y = TARGETS[name]
        if loss.distance:
            y = np.clip(y, max(low, -1), min(high, 1))
        free = low == -np.inf and high == np.inf
        fits = free or (not loss.logits and (loss.labels is None or low < 0 < high))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                net_ending_in(last).fit(ROWS, y, loss=name, epochs=1)
            except OptionError:
                told = ["refused"]
        assert (not told) == fits, (name, last)
