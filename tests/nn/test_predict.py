"""predict: the outputs of a call of the net, as an array, in bounded memory."""

import random
import tracemalloc

import numpy as np
import pytest
import scipy.special
from trainings import NUMBERS, ROWS, curve_net, small_net

from autograd import Tensor, losses
from autograd.errors import OptionError
from autograd.nn import Net


@pytest.mark.parametrize("activation", ["tanh", Tensor.tanh], ids=["named", "of one's own"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predict_gives_what_a_call_gives_for_any_number_of_rows_in_any_order(activation, dtype):
    net = small_net(activation=activation, dtype=dtype)
    X = np.random.default_rng(3).uniform(-1, 1, (3000, 3))
    exact = net(X).numpy()
    for rows in (1, 40, 1024, 40, 1025, 40, 1, 3000, 2048, 3000, 41):
        out = net.predict(X[:rows])
        assert (out.shape, out.dtype) == ((rows, 2), dtype)
        np.testing.assert_allclose(out, exact[:rows], rtol=0, atol=1e-14 if dtype == "float64" else 1e-5)


def test_predict_computes_many_rows_in_parts_with_the_same_outputs():
    net = curve_net()
    many = np.linspace(-2, 2, 10_001)
    out = net.predict(many)
    assert out.shape == (10_001, 1)
    np.testing.assert_allclose(out[[0, 5000, -1]], net(many[[0, 5000, -1]][:, None]).numpy(), rtol=1e-14)
    assert net.predict(np.empty((0, 1))).shape == (0, 1)


def test_predict_gives_the_same_bits_at_each_call():
    net = small_net()
    X = np.random.default_rng(3).uniform(-1, 1, (1500, 3))
    for rows in (40, 1500):
        assert len({net.predict(X[:rows]).tobytes() for _ in range(4)}) == 1


def test_predict_calls_a_custom_activation_at_each_call():
    called = []

    def activation(x):
        called.append(x.shape)
        return x.relu() if len(called) % 2 else -x.relu()

    net = small_net(activation=activation)
    for _ in range(2):
        plus, minus = net.predict(ROWS), net.predict(ROWS)
        assert np.abs(plus - minus).max() > 0
    assert called == [(5, 40)] * 4


def test_predict_returns_a_new_array_and_follows_changes_of_the_weights():
    net = small_net()
    one, two = net.predict(ROWS), net.predict(ROWS)
    kept = one.copy()
    net.predict(-ROWS)
    np.testing.assert_array_equal(one, kept)
    np.testing.assert_array_equal(two, kept)
    net.fit(ROWS, NUMBERS, epochs=1, lr=0.1)
    np.testing.assert_allclose(net.predict(ROWS), net(ROWS).numpy(), atol=1e-14)
    net.layers[1].neurons[0].b = 100.0
    assert net.predict(ROWS)[:, 0].min() > 50


def test_predict_leaves_older_graphs_and_gradients_unchanged():
    net = small_net()
    loss = losses.mse(net(ROWS), NUMBERS)
    for _ in range(3):
        net.predict(ROWS)
    loss.backward()  # the older graph can still be differentiated
    before = net.grads.copy()
    net.predict(ROWS)
    np.testing.assert_array_equal(net.grads, before)


# Memory ----------------------------------------------------------------------------------------


def test_predict_takes_no_more_memory_for_the_layers_of_more_rows():
    random.seed(1)
    net = Net(1, [50, 50, 1], "tanh", "linear")
    peaks = []
    for rows in (5_000, 50_000):
        X = np.linspace(-1, 1, rows)[:, None]
        for _ in range(2):  # so that no Program is recorded below
            net.predict(X)
        tracemalloc.start()
        out = net.predict(X)
        peaks.append(tracemalloc.get_traced_memory()[1] - out.nbytes)
        tracemalloc.stop()
    hidden = 5_000 * 50 * 8  # the bytes of one layer of the smaller table
    assert max(peaks) < hidden
    assert peaks[1] - peaks[0] < hidden / 10


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


def test_predict_keeps_at_most_8_programs_for_tables_of_many_lengths():
    net = small_net()
    for rows in range(1, 31):
        for _ in range(2):
            net.predict(ROWS[:rows])
    assert len(net._programs) <= 8


@pytest.mark.parametrize("outputs", [1, 2, 5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predict_proba_is_the_softmax_or_the_sigmoid_of_logits(outputs, dtype):
    net = Net(3, [6, outputs], "tanh", "linear", dtype=dtype)
    net.values = net.values * 30  # some logits are far from 0
    found = net.predict_proba(ROWS)
    logits = net.predict(ROWS).astype(float)
    if outputs == 1:
        logits = np.concatenate([np.zeros((40, 1)), logits], axis=1)
    expected = scipy.special.softmax(logits, axis=1)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-30)


def test_predict_proba_takes_outputs_between_0_and_1_as_probabilities():
    net = Net(3, [4, 2], "tanh", "sigmoid")
    np.testing.assert_array_equal(net.predict_proba(ROWS), net.predict(ROWS))
    net = Net(3, [4, 1], "tanh", "sigmoid")
    p = net.predict(ROWS)
    np.testing.assert_array_equal(net.predict_proba(ROWS), np.hstack([1 - p, p]))


@pytest.mark.parametrize("last", ["tanh", "relu", "softplus", "gelu"])
def test_predict_proba_of_other_outputs_is_an_error(last):
    with pytest.raises(OptionError, match=r'^predict_proba\(\) wants logits .*output_activation="linear"'):
        Net(3, [2], last).predict_proba(ROWS)
