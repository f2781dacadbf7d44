"""Callbacks of fit: when they are called and with what, and the effect of their answers and errors."""

import numpy as np
import pytest
from trainings import NUMBERS, ROWS, by_hand, same_bits, small_net

from autograd.errors import (
    OptionError,
)
from autograd.optim import SGD


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


def test_any_of_several_callbacks_may_end_the_training():
    for callbacks in ([lambda h: True, lambda h: None], [lambda h: None, lambda h: True]):
        assert len(small_net().fit(ROWS, NUMBERS, epochs=10, callbacks=callbacks).loss) == 1


@pytest.mark.parametrize("answer", [1, 0, "stop", 0.0, [], np.array([True, False])])
def test_a_callback_that_answers_neither_true_false_nor_none_is_an_error_after_the_epoch(answer):
    net, twin = small_net(), small_net()

    def mine(history):
        return answer if len(history.loss) == 2 else None

    with pytest.raises(OptionError, match=r"^a callback answers True to end .* 'mine' answered "):
        net.fit(ROWS, NUMBERS, epochs=5, seed=5, callbacks=[mine])
    twin.fit(ROWS, NUMBERS, epochs=2, seed=5)
    same_bits(net, twin)


def test_an_error_in_a_callback_is_passed_on_and_keeps_the_weights_of_the_epoch():
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


def test_fit_goes_on_from_the_weights_that_a_callback_has_written():
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


def test_callbacks_are_called_after_the_epoch_with_which_patience_ends_the_training():
    seen = []
    told = small_net().fit(
        ROWS,
        NUMBERS,
        lr=0.0,
        epochs=9,
        batch_size=40,
        patience=2,
        callbacks=lambda h: seen.append(len(h.loss)),
    )
    assert seen == [1, 2, 3]
    assert len(told.loss) == 3


@pytest.mark.parametrize("callbacks", [5, None])
def test_fit_refuses_callbacks_that_are_no_functions(callbacks):
    with pytest.raises(OptionError):
        small_net().fit(ROWS, NUMBERS, callbacks=callbacks)
