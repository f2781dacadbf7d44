"""Calls and memory of Programs: calls that are dropped or merged, arrays that share memory, the listing."""

import numpy as np
import pytest
from tensors import leaf, same, step_of

from autograd import Net, Tensor
from autograd.tensor import (
    append_ones,
    record,
    softmax,
)

pytestmark = pytest.mark.usefixtures("seeded_and_nothing_recorded_afterwards")
# Memory and calls ---------------------------------------------------------------------------------


def chain(x, n=40):
    for _ in range(n):
        x = np.sin(1.01 * x) + 0.5
    return x.sum()


def test_a_program_of_a_chain_of_elementwise_calls_needs_one_array():
    x = np.ones((50, 60))
    program = record(chain, x)
    assert len(program) == len(program.calls) == 3 * 40 + 1
    assert program.nbytes <= 2 * x.nbytes + 64  # one of them is for the input
    assert program(x) == chain(Tensor(x)).item()


@pytest.mark.usefixtures("tanh_of_many")
@pytest.mark.parametrize("shape", [(3, 499), (3, 500), (90, 100), (3, 9000)])
def test_tanh_of_large_arrays_gives_the_same_bits_in_a_program_for_any_layout(rng, shape):
    def function(x):
        y = x.tanh()
        beside = np.concatenate([y.T, (2 * x).tanh().T], axis=1)  # written in columns
        return y, (x.T + 0).tanh(), append_ones(x.T.tanh()), beside, x[::2, ::-1].tanh()

    x, other = rng.normal(size=(2, *shape))
    program = record(function, other)
    for found, expected in zip(program(x), function(Tensor(x)), strict=True):
        np.testing.assert_array_equal(found, expected.data)
    np.testing.assert_allclose(program(x)[0], np.tanh(x), rtol=1e-15)


@pytest.mark.usefixtures("tanh_of_many")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [(64, [1]), (3, [1, 2]), (2, [5, 1])])
def test_a_net_gives_the_same_bits_recorded_called_and_by_predict(rng, sizes, dtype):
    net = Net(*sizes, "tanh", "linear", dtype=dtype)
    for rows in (1, 2, 50, 300):
        x = rng.normal(size=(rows, sizes[0])).astype(dtype)
        by_hand = net(Tensor(x)).data
        np.testing.assert_array_equal(record(net, x)(x), by_hand)
        np.testing.assert_array_equal(net.predict(x), by_hand)
        np.testing.assert_array_equal(net.predict(x), by_hand)  # now by a Program


def test_a_program_reuses_memory_for_arrays_of_other_shapes(rng):
    def function(x):
        for _ in range(20):
            y = (x @ x.T).tanh() @ x
            x = y + y[::-1]
            x = np.exp(-x[:, :20]) @ np.sin(x[10:]) * 0.01
        return x

    x = rng.normal(size=(30, 40)) / 100
    program = record(function, x)
    everything = 20 * (2 * 30 * 30 + 2 * 30 * 40) * 8
    assert program.nbytes < everything / 8
    same(program(x), function(leaf(x)).data)


def test_a_program_does_not_overwrite_arrays_that_are_needed_later(rng):
    def function(x):
        early = np.sin(x)
        late = np.exp(early) + 1
        return early, late, early * late, late - 1

    x = rng.normal(size=(5, 6))
    program = record(function, x)
    for found, expected in zip(program(2 * x), function(Tensor(2 * x)), strict=True):
        same(found, expected.data)


def test_a_program_drops_calls_whose_results_are_not_used():
    def function(x):
        np.exp(x) @ np.ones(3)
        np.sin(x).sum()
        return 2 * x

    program = record(function, np.zeros((2, 3)))
    assert len(program) == 1
    assert program.nbytes == 64 + 48  # what it makes, in whole cache lines, and its input


def test_a_program_computes_repeated_calls_once():
    program = record(lambda x: np.exp(x) + np.exp(x) * np.exp(x) + x.exp().T.T, np.zeros((2, 3)))
    assert len(program) == 4
    same(program(np.ones((2, 3))), np.full((2, 3), np.exp(1) + np.exp(1) * np.exp(1) + np.exp(1)))


def test_a_program_does_not_merge_calls_with_different_options_or_numbers():
    def function(x):
        axes = x.sum(axis=0), x.sum(axis=1), x.sum(axis=0, keepdims=True), x.sum()
        zeros = x * 0.0, x * -0.0, x * 0
        kinds = x * 1, x * True, x.astype("float32"), x.astype("float16")
        return *axes, *zeros, *kinds, x[1], x[True], x[1:], x[1:2], x[1::2], x[None, 1]

    x = -np.arange(1.0, 17.0).reshape(4, 4)
    program = record(function, 0 * x)
    for found, expected in zip(program(x), function(Tensor(x)), strict=True):
        same(found, expected.data)


def test_views_are_no_calls_of_a_program():
    def function(x):
        y = x.T.swapaxes(0, 1).reshape(6)[::2][None]
        return y.T, np.broadcast_to(y, (4, 3)), np.squeeze(y), x[1], x[..., None]

    program = record(function, np.zeros((2, 3)))
    assert len(program) == 0
    x = np.arange(6.0).reshape(2, 3)
    for found, expected in zip(program(x), function(Tensor(x)), strict=True):
        same(found, expected.data)


def test_a_program_computes_what_does_not_depend_on_its_arguments_at_the_recording():
    array, constant = np.arange(3.0), Tensor([1.0, 2.0, 3.0])
    made = []

    def function(x):
        made.append(1)
        return x * (np.exp(array) + constant.tanh()).sum() + softmax(constant)

    program = record(function, np.zeros(3))
    assert len(program) == 2
    same(program([1.0, 2.0, 3.0]), function(Tensor([1.0, 2.0, 3.0])).data)
    assert len(made) == 2


def test_a_program_writes_the_row_of_ones_for_the_biases_once():
    net = Net(3, [4, 5, 2], "relu", "linear")
    program = record(lambda X: net(X), np.zeros((6, 3)))
    assert len(program) == 5  # three products and two maxima
    X = np.arange(18.0).reshape(6, 3)
    for _ in range(2):
        same(program(X), net(leaf(X)).data)
    assert program.inputs[0].shape == (6, 3)
    assert len(record(lambda h: append_ones(np.exp(h)), np.zeros((2, 3)))) == 1
    twice = record(lambda h: append_ones(append_ones(h)) * 2, np.zeros((2, 3)))
    assert twice(np.ones((2, 3))).tolist() == [[2, 2, 2]] * 4


def test_append_ones_of_an_array_with_other_uses_is_replayed_right(rng):
    def function(x):
        y = x.tanh()
        ones = append_ones(y)
        return ones @ ones.T, y * 2, append_ones(y), append_ones(y[:1]), append_ones(x), append_ones(x.T), x

    x = rng.normal(size=(4, 3))
    program = record(function, np.zeros((4, 3)))
    for _ in range(2):
        for found, expected in zip(program(x), function(leaf(x)), strict=True):
            same(found, expected.data)


def test_a_program_writes_gradients_directly_into_the_arrays_of_the_net():
    net = Net(3, [4, 2], "tanh", "linear")
    program = record(step_of(net), np.ones((5, 3)), np.ones((5, 2)))
    written = [call.args[-1] for call in program.calls if call.func is np.dot]
    for matrix in net.matrices:
        assert any(out is matrix.leaf.grad for out in written)


def test_a_recorded_concatenate_contains_all_its_parts(rng):
    def function(x):
        y, z = x.tanh(), x.exp()
        return (
            np.concatenate([y, y]),
            np.concatenate([y[::-1], y, y[:1]]),
            np.concatenate([x, np.ones((1, 3)), x]),
            np.concatenate([y, 2 * y], axis=1),
            np.concatenate([z, 2 * z], axis=1),
            z.reshape(-1),  # which has to be a view
            np.concatenate([x, y], axis=1),
            x.reshape(-1),
        )

    x = rng.normal(size=(4, 3))
    program = record(function, np.zeros((4, 3)))
    for found, expected in zip(program(x), function(leaf(x)), strict=True):
        same(found, expected.data)


def test_an_input_in_a_recorded_concatenate_may_also_be_reshaped(rng):
    def function(x):
        return np.concatenate([x, 2 * x], axis=1), x.reshape(-1)

    x = rng.normal(size=(4, 3))
    for found, expected in zip(record(function, 0 * x)(x), function(Tensor(x)), strict=True):
        same(found, expected.data)


def test_a_program_does_not_reuse_memory_of_another_element_order(rng):
    def function(x):
        y = np.sin(x).T + np.cos(x)
        return y.reshape(-1)[:5], np.exp(np.sin(x)[2:])[1:] * 2

    x = rng.normal(size=(4, 4))
    for found, expected in zip(record(function, 0 * x)(x), function(Tensor(x)), strict=True):
        same(found, expected.data)


# The listing -----------------------------------------------------------------------------------


LISTING = """\
Program of energy: 13 calls, {} bytes
reads x float64 (3, 2), y float64 (), p1 float64 (2, 2), p2 float64 (2, 2)
   1  t1 = dot(x[1:], p1)                         (2, 2)
   2  t2 = tanh(t1)                               (2, 2)
   3  t3 = multiply(t2, constant(2,))             (2, 2)
   4  t4 = subtract(t3, y)                        (2, 2)
   5  t5 = square(t4)                             (2, 2)
   6  t6 = add.reduce(t5, axis=0, keepdims=True)  (1, 2)
   7  t7 = multiply(constant(2, 2), t4)           (2, 2)
   8  t8 = multiply(t7, constant(2,))             (2, 2)
   9  t9 = multiply(t2, t2)                       (2, 2)
  10  t10 = subtract(1, t9)                       (2, 2)
  11  t11 = multiply(t8, t10)                     (2, 2)
  12  t12 = dot(x[1:].mT, t11)                    (2, 2)
  13  t13 = add(p2, t12)                          (2, 2)
gives t6, x[0], t4.T, 3"""


def test_a_program_lists_its_calls():
    w, scale = leaf(np.ones((2, 2))), np.array([1.0, 10.0])

    def energy(x, y):
        error = (x[1:] @ w).tanh() * scale - y
        loss = (error**2).sum(axis=0, keepdims=True)
        loss.sum().backward()
        return {"loss": loss, "first": x[0], "others": [error.T, 3]}

    program = record(energy, np.ones((3, 2)), 1.0)
    assert str(program) == LISTING.format(program.nbytes)
    assert repr(program) == "<Program of energy: 13 calls>"


def test_the_listing_of_a_program_numbers_only_lines_that_compute():
    text = str(record(lambda X: append_ones(np.exp(X)) * 2, np.zeros((2, 3))))
    numbers = [line[:4].strip() for line in text.splitlines()[2:-1]]
    assert numbers == ["1", "", "2"]


def test_the_listing_of_a_program_shows_steps_of_slices_and_numbers_parameters():
    w, v = leaf(np.ones((2, 2))), leaf(np.ones(2))
    text = str(record(lambda x: (x[::2, 1:] @ w.T) * v, np.zeros((4, 3))))
    assert "dot(x[::2, 1:], p1.T)" in text
    assert "p2 float64 (2,)" in text
