"""Ctrl-C in fit: training ends after a complete step, and SIGINT is handled as before afterwards."""

import os
import signal
import threading

import numpy as np
import pytest
from trainings import CURVE, NUMBERS, ROWS, X, curve_net, small_net

from autograd.errors import OptionError, TrainingError
from autograd.support.progress import Report
from autograd.training import loop


def handled(call):
    """The result of ``call()``; checks that the handler of SIGINT is the same afterwards."""
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
def test_ctrl_c_ends_the_training_after_the_current_step(step, ctrl_c):
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


def test_ctrl_c_from_another_thread_ends_the_training_after_a_complete_step(ctrl_c):
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
    # The epoch of the last step is in the History only if the signal came when that epoch was complete
    assert len(told.loss) in ((len(steps) - 1) // 6, len(steps) // 6)
    np.testing.assert_array_equal(net.values, after_steps(len(steps)).values)


def test_a_second_ctrl_c_ends_the_training_without_completing_the_step(ctrl_c):
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


def test_ctrl_c_in_a_custom_loss_keeps_the_steps_before_it(ctrl_c):
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


def test_ctrl_c_during_validation_keeps_the_steps_of_the_epoch(ctrl_c):
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


def test_fit_restores_the_handler_of_ctrl_c_however_it_ends(ctrl_c):
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


def test_fit_leaves_a_custom_handler_of_ctrl_c_in_place(ctrl_c):
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


@pytest.mark.parametrize("epochs", [1, 2])
def test_ctrl_c_in_a_callback_of_the_last_epoch_marks_the_history_as_interrupted(epochs, ctrl_c):
    def callback(history):
        if len(history.loss) == epochs:
            signal.raise_signal(signal.SIGINT)

    assert small_net().fit(ROWS, NUMBERS, epochs=epochs, callbacks=callback).interrupted


def test_ctrl_c_in_a_callback_that_also_answers_true_marks_the_history_as_interrupted(ctrl_c):
    def callback(history):
        signal.raise_signal(signal.SIGINT)
        return True

    assert small_net().fit(ROWS, NUMBERS, epochs=5, callbacks=callback).interrupted


def test_ctrl_c_after_the_last_epoch_marks_the_history_as_interrupted(ctrl_c, monkeypatch):
    def interrupted_at_its_end(total, *_, **__):
        yield from [Report()] * total
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(loop, "track", interrupted_at_its_end)
    told = handled(lambda: small_net().fit(ROWS, NUMBERS, epochs=3))
    assert (told.interrupted, len(told.loss)) == (True, 3)


def test_ctrl_c_in_a_callback_ends_the_training_without_another_step(ctrl_c):
    net, kept = small_net(), []

    def callback(history):
        kept.append(net.values.copy())
        signal.raise_signal(signal.SIGINT)

    net.fit(ROWS, NUMBERS, epochs=5, callbacks=callback)
    np.testing.assert_array_equal(net.values, kept[0])


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_an_interrupt_in_a_later_epoch_keeps_the_weights_of_the_last_complete_step(optimizer):
    net, twin = curve_net(), curve_net()
    calls = []

    def loss(p, y):
        calls.append(net.values.copy())
        if len(history) == 3 and len(calls) > history[-1] + 1:
            raise KeyboardInterrupt
        return ((p - y) ** 2).mean()

    history = []
    starts = []

    class Report:
        text, shown = "", False

    def track(total, unit, wanted, done):
        for _ in range(total):
            starts.append(net.values.copy())
            history.append(len(calls))
            yield Report()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autograd.training.loop.track", track)
        told = net.fit(X, CURVE, loss=loss, optimizer=optimizer, epochs=10, batch_size=20, seed=0)
    assert told.interrupted
    assert len(starts) == 3
    assert len(told.loss) == 2
    if optimizer == "adam":  # one step of the third epoch was complete
        np.testing.assert_array_equal(net.values, calls[-1])
        assert (net.values != starts[-1]).any()
    else:
        np.testing.assert_array_equal(net.values, starts[-1])
    assert (net.values != twin.values).any()


@pytest.mark.parametrize("interrupted", [True, False])
def test_history_best_is_none_after_an_interrupt_which_keeps_the_last_weights_not_the_best(interrupted):
    net, kept = small_net(), []

    def callback(history):
        kept.append(net.values.copy())
        if interrupted and len(history.loss) == 6:
            raise KeyboardInterrupt

    lr = lambda step: 0.05 if step < 2 else 5.0
    told = net.fit(
        ROWS, NUMBERS, optimizer="sgd", lr=lr, epochs=9, batch_size=40, patience=9, callbacks=callback, seed=0
    )
    assert told.interrupted is interrupted
    assert told.loss[2] == min(told.loss)
    if interrupted:
        assert (told.best, len(kept)) == (None, 6)
        np.testing.assert_array_equal(net.values, kept[-1])
    else:
        assert (told.best, len(kept)) == (2, 9)
        np.testing.assert_array_equal(net.values, kept[2])
