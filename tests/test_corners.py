"""Corners of losses, optimisers, schedules and training that were wrong once."""

import random
import signal
import tracemalloc

import numpy as np
import pytest

from autograd import Net, Tensor, losses, record, schedules
from autograd.engine import Value
from autograd.errors import AutogradError, DataError, NotANumberError, OptionError
from autograd.optim import SGD, Adam, clip_gradient

ROWS = np.random.default_rng(7).uniform(-1, 1, (40, 3))
NUMBERS = np.sin(ROWS @ [[3.0, 1.0], [-2.0, 2.0], [1.0, -1.0]])


def small_net():
    random.seed(1)
    return Net(3, [5, 2], "tanh", "linear")


# Training


def test_predict_takes_no_more_memory_beyond_the_answer_for_more_rows():
    random.seed(0)
    net, peaks = Net(100, [50, 10], "tanh", "linear"), []
    for rows in (5_000, 50_000):
        X = np.random.default_rng(0).normal(size=(rows, 100))
        for _ in range(2):
            net.predict(X)
        tracemalloc.start()
        out = net.predict(X)
        peaks.append(tracemalloc.get_traced_memory()[1] - out.nbytes)
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000


@pytest.mark.parametrize("epochs", [1, 2])
def test_ctrl_c_in_a_callback_of_the_last_epoch_is_not_lost(epochs):
    def callback(history):
        if len(history.loss) == epochs:
            signal.raise_signal(signal.SIGINT)

    assert small_net().fit(ROWS, NUMBERS, epochs=epochs, callbacks=callback).interrupted


def test_ctrl_c_and_a_callback_that_says_stop():
    def callback(history):
        signal.raise_signal(signal.SIGINT)
        return True

    assert small_net().fit(ROWS, NUMBERS, epochs=5, callbacks=callback).interrupted


def test_ctrl_c_in_a_callback_makes_no_step_more():
    net, kept = small_net(), []

    def callback(history):
        kept.append(net.values.copy())
        signal.raise_signal(signal.SIGINT)

    net.fit(ROWS, NUMBERS, epochs=5, callbacks=callback)
    np.testing.assert_array_equal(net.values, kept[0])


def test_callbacks_hear_of_the_epoch_with_which_patience_ends_the_training():
    seen = []
    told = small_net().fit(
        ROWS, NUMBERS, lr=0.0, epochs=9, patience=2, callbacks=lambda h: seen.append(len(h.loss))
    )
    assert seen == list(range(1, len(told.loss) + 1))


def test_after_an_interrupt_best_does_not_name_an_epoch_whose_weights_the_net_has_not():
    net, kept = small_net(), []

    def callback(history):
        kept.append(net.values.copy())
        if len(history.loss) == 6:
            raise KeyboardInterrupt

    lr = lambda step: 0.05 if step < 2 else 5.0
    told = net.fit(
        ROWS, NUMBERS, optimizer="sgd", lr=lr, epochs=9, batch_size=40, patience=9, callbacks=callback, seed=0
    )
    assert told.best is None or np.array_equal(net.values, kept[told.best])


def test_val_loss_is_the_weighted_mean_of_the_rows_held_out():
    weights, net = np.arange(40) + 1.0, small_net()
    told = net.fit(
        ROWS, NUMBERS, lr=0.0, epochs=1, validation=0.25, sample_weight=weights, seed=3, batch_size=99
    )
    held, kept = np.split(np.random.default_rng(3).permutation(40), [10])
    for rows, found in ((held, told.val_loss), (kept, told.loss)):
        expected = losses.mse(net(ROWS[rows]), NUMBERS[rows], sample_weight=weights[rows]).item()
        assert found == pytest.approx([expected], rel=1e-12)


@pytest.mark.parametrize("learned", [True, False])
def test_a_split_that_leaves_only_weights_of_0_is_refused(learned):
    weights = np.full(40, 1.0 * learned)
    weights[np.random.default_rng(0).permutation(40)[:10]] = 1.0 - learned
    with pytest.raises(DataError):
        small_net().fit(ROWS, NUMBERS, sample_weight=weights, validation=0.25, seed=0, epochs=2)


def test_clip_is_not_ignored_by_lbfgs():
    net, twin = small_net(), small_net()
    twin.fit(ROWS, NUMBERS, optimizer="lbfgs", epochs=1, seed=0)
    with pytest.raises(OptionError, match=r"^lbfgs takes no clip"):
        net.fit(ROWS, NUMBERS, optimizer="lbfgs", epochs=1, seed=0, clip=1e-9)


def test_object_arrays_of_numbers_are_taken():
    expected = small_net().fit(ROWS, NUMBERS, epochs=1, seed=0).loss
    assert small_net().fit(ROWS.astype(object), NUMBERS, epochs=1, seed=0).loss == expected


def test_an_error_in_partial_fit_leaves_gradients_and_optimizer():
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


def test_a_loss_by_name_and_by_function_is_the_same_to_partial_fit():
    net = small_net()
    net.partial_fit(ROWS, NUMBERS, loss="mse")
    opt = net._partial_fit[1].opt
    net.partial_fit(ROWS, NUMBERS, loss=losses.mse)
    assert net._partial_fit[1].opt is opt


@pytest.mark.parametrize("callbacks", [5, None])
def test_callbacks_that_are_none_are_named(callbacks):
    with pytest.raises(OptionError):
        small_net().fit(ROWS, NUMBERS, callbacks=callbacks)


@pytest.mark.parametrize("seed", ["a", -1])
def test_a_bad_seed_is_named(seed):
    with pytest.raises(AutogradError):
        small_net().fit(ROWS, NUMBERS, seed=seed)


def test_huge_weights_are_scaled():
    expected = small_net().fit(ROWS, NUMBERS, epochs=1, seed=0).loss
    found = small_net().fit(ROWS, NUMBERS, epochs=1, seed=0, sample_weight=[1e308] * 40).loss
    assert found == pytest.approx(expected)


def test_a_plateau_within_a_warm_up_is_told_too():
    lr = schedules.warm_up(schedules.Plateau(0.01, patience=0, threshold=100), steps=2)
    rates = small_net().fit(ROWS, NUMBERS, epochs=10, lr=lr).lr
    assert rates[-1] < 0.01


# Optimisers


def test_clipping_huge_gradients_is_no_warning():
    x = Value(1.0)
    x.grad = 1e200
    assert clip_gradient([x], 1.0) == 1e200


@pytest.mark.parametrize("kind", [Adam, SGD])
def test_the_state_of_another_optimizer_is_refused(kind):
    x = Value(1.0)
    with pytest.raises(AutogradError):
        kind([x]).load_state(SGD([x], momentum=0.9).state())


@pytest.mark.parametrize("betas", [(0.9,), 0.9])
def test_betas_that_are_no_pair_are_named(betas):
    with pytest.raises(AutogradError):
        Adam([Value(1.0)], betas=betas)


def test_the_norm_of_tiny_gradients_is_not_0():
    x = Value(1.0)
    x.grad = 1e-200
    assert clip_gradient([x], 1.0) == 1e-200


# Schedules


def test_a_plateau_never_raises_the_rate():
    lr = schedules.Plateau(0.01, patience=0, lowest=0.1)
    for _ in range(3):
        lr.observe(1.0)
    assert lr(0) == 0.01


def test_text_is_no_learning_rate():
    with pytest.raises(NotANumberError):
        schedules.step_decay("0.1", every=3)


def test_half_an_epoch_is_no_patience():
    with pytest.raises(OptionError):
        schedules.Plateau(0.1, patience=1.5)


@pytest.mark.parametrize(
    "call", [lambda: schedules.one_cycle(1, 10, rise="a"), lambda: schedules.Plateau(1, factor="a")]
)
def test_text_is_no_share(call):
    with pytest.raises(NotANumberError):
        call()


# Losses


def test_the_mean_of_huge_losses_does_not_overflow():
    assert float(losses.binary_cross_entropy(Tensor([1e308, 1e308]), [0, 0])) == 1e308


def test_a_single_value_takes_a_single_target():
    assert losses.mse(Value(3.0), 1.0).data == 4.0


def test_class_weight_of_numbers_can_be_recorded():
    program = record(
        lambda x, y: losses.cross_entropy(x, y, class_weight=[1, 2]), np.ones((3, 2)), np.array([0, 1, 1])
    )
    expected = losses.cross_entropy(Tensor(np.eye(3, 2)), [0, 1, 1], class_weight=[1, 2]).item()
    assert program(np.eye(3, 2), [0, 1, 1]) == expected


@pytest.mark.parametrize("options", [{"sample_weight": [1.0, 2.0]}, {"class_weight": [1, 2]}])
def test_weights_leave_the_dtype_of_the_predictions(options):
    x = Tensor(np.ones((2, 2), "float32"))
    assert losses.cross_entropy(x, [0, 1], **options).dtype == "float32"


@pytest.mark.parametrize("delta", [np.float32(1), np.int64(1)])
def test_delta_may_be_a_number_of_numpys(delta):
    assert losses.huber(Tensor([2.0]), [1.0], delta).item() == 0.5


def test_a_prediction_of_no_axes_has_no_rows_to_weigh():
    with pytest.raises(AutogradError):
        losses.mse(Tensor(1.0), 2.0, sample_weight=[1.0])


def test_a_list_of_arrays_of_values_is_a_list_of_rows():
    rows = [np.array([Value(1.0), Value(3.0)]), np.array([Value(1.0), Value(3.0)])]
    assert losses.mse(rows, np.ones((2, 2))).data == 2.0


def test_no_rows_at_all_are_refused():
    with pytest.raises(AutogradError):
        losses.mse([], [])
