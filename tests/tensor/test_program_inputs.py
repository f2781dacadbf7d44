"""Inputs and results of Programs: what a call takes and returns, and what its numbers decide."""

import gc

import numpy as np
import pytest
from tensors import leaf, same, step_of

from autograd import Net, Tensor, losses
from autograd.errors import (
    DataError,
    RecordingError,
    ShapeError,
    UnsupportedError,
)
from autograd.tensor import (
    gradients,
    record,
)

pytestmark = pytest.mark.usefixtures("seeded_and_nothing_recorded_afterwards")
# Inputs and results -------------------------------------------------------------------------------


def test_results_of_a_program_are_independent_arrays():
    w = leaf([1.0, 2.0])
    program = record(lambda x: (x, 2 * x, (2 * x).T, w, w * x, np.broadcast_to(x, (2, 2))), [0.0, 0.0])
    first = program([1.0, 2.0])
    kept = [array.copy() for array in first]
    second = program([5.0, 6.0])
    for array, before in zip(first, kept, strict=True):
        same(array, before)
    for array in (*first, *second):
        array += 100  # they can be written
    for array, before in zip(program([1.0, 2.0]), kept, strict=True):
        same(array, before)
    assert w.tolist() == [1, 2]


def test_a_program_copies_its_examples_and_arguments():
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    program = record(lambda x, y: x * y, x, y)
    x[...] = 100
    assert program().tolist() == [3, 8]
    program(x, y)
    x[...], y[...] = 7, 7
    assert program().tolist() == [300, 400]
    assert program.inputs[0] is not x


def test_inputs_of_a_program_may_be_written_in_place_instead_of_passed():
    program = record(lambda x, y: x - 2 * y, [[1.0, 2.0]], [3.0, 4.0])
    assert [x.tolist() for x in program.inputs] == [[[1, 2]], [3, 4]]
    x, y = program.inputs
    x[...] = 10
    assert program().tolist() == [[4, 2]]
    y[:] = 1, 2
    program.run()
    assert program.outputs.tolist() == [[8, 6]]
    assert program(x, y).tolist() == [[8, 6]]


def test_inputs_of_a_program_may_be_passed_in_another_order():
    program = record(lambda x, y: x - 2 * y, [1.0], [10.0])
    x, y = program.inputs
    assert program(y, x).tolist() == [8]


def test_outputs_of_a_program_may_be_the_input_of_its_next_call():
    program = record(lambda x: x * 2 + 1, [0.0, 1.0])
    program([0.0, 1.0])
    for _ in range(3):
        program(program.outputs)
    assert program.outputs.tolist() == [15, 31]


def test_arrays_and_tensors_from_outside_the_recorded_function_are_constants():
    array, constant = np.array([1.0, 2.0]), Tensor([3.0, 4.0])
    index = np.array([1, 0])
    program = record(lambda x: x[index] * array + constant, [0.0, 0.0])
    array[0], index[...] = 100, 0
    constant.data[0] = 100
    assert program([5.0, 6.0]).tolist() == [9, 14]


def test_constants_that_a_program_returns_keep_their_recorded_numbers():
    array, constant = np.array([1.0, 2.0]), Tensor([3.0, 4.0])
    program = record(lambda x: (x, array, constant), 0.0)
    array[0], constant.data[0] = 100, 100
    assert [r.tolist() for r in program(1.0)] == [1, [1, 2], [3, 4]]


def test_a_program_keeps_the_content_of_a_reused_buffer_at_each_use():
    def function(x):
        buffer = np.ones(3)
        first = x * buffer
        buffer *= 2
        return first + x * buffer

    program = record(function, np.ones(3))
    assert program([1.0, 2.0, 3.0]).tolist() == [3, 6, 9]


@pytest.mark.parametrize("function", [lambda x: x + [1.0, 2.0], lambda x: np.maximum([1.0, 2.0], x)])
def test_a_program_takes_lists_among_its_operands_for_arrays(function):
    x = np.array([5.0, 1.0])
    same(record(function, [0.0, 0.0])(x), function(Tensor(x)).data)


def test_a_recorded_where_takes_a_condition_of_floats():
    program = record(lambda x, y: np.where(x, y, 0.0), [1.0, 0.0], [1.0, 1.0])
    assert program([0.0, 2.0], [5.0, 6.0]).tolist() == [0, 6]


def test_a_recorded_mask_may_depend_on_the_array_that_it_selects_from(rng):
    def function(x, y):
        mask = x > 0
        return x * np.where(mask.T, y > 0, mask)

    x, y = rng.normal(size=(2, 9, 9))
    same(record(function, x, x)(x, y), function(Tensor(x), Tensor(y)).data)


def test_a_recorded_concatenate_of_several_dtypes_leaves_its_operands_unchanged():
    def function(n, m, x):
        n = 3 * n
        return np.concatenate([n, m, x]), n // 2, n

    arrays = np.array([1, 2]), np.array([3, 4], "float32"), np.array([5.0, 6.0])
    program = record(lambda n, m, x: function(n.data, m.data, x.data), *arrays)
    assert [x.dtype for x in program.inputs] == ["int64", "float32", "float64"]
    for found, expected in zip(program(*arrays), function(*arrays), strict=True):
        same(found, expected)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([np.ones((2, 3))], r"float64 \(2, 3\), float64 \(3,\), and got float64 \(2, 3\); record it again"),
        ([np.ones((2, 3)), np.ones(4)], r"and got float64 \(2, 3\), float64 \(4,\); record"),
        ([np.ones((2, 3)), np.ones((3, 1))], r"and got float64 \(2, 3\), float64 \(3, 1\); record"),
        ([np.ones((2, 3)), np.ones(3, "float32")], r"and got float64 \(2, 3\), float32 \(3,\); record"),
        ([np.ones((2, 3), int), np.ones(3)], r"and got int64 \(2, 3\), float64 \(3,\); record"),
        ([np.ones((2, 3)), np.ones(3), 1.0], r"and got float64 \(2, 3\), float64 \(3,\), float64 \(\)"),
        ([np.ones((2, 3)), 1.0], r"and got float64 \(2, 3\), float64 \(\); record"),
        ([np.ones((2, 3)), ["a", "b", "c"]], r"and got float64 \(2, 3\), <U1 \(3,\)"),
        ([np.ones((2, 3)), [1j, 2, 3]], r"and got float64 \(2, 3\), complex128 \(3,\)"),
    ],
)
def test_a_program_refuses_other_shapes_and_dtypes_and_names_both(arrays, message):
    def area(x, y):
        return x * y

    program = record(area, np.ones((2, 3)), np.ones(3))
    with pytest.raises(ShapeError, match=rf"^the Program of area was recorded for .*{message}"):
        program(*arrays)
    same(program(), np.ones((2, 3)))  # the inputs are unchanged


def test_a_program_converts_lists_and_numbers_to_the_recorded_dtype():
    for dtype in ("float64", "float32"):
        program = record(lambda x: x / 2, np.ones(2, dtype))
        for numbers in ([1, 2], (1.0, 2.0), [True, 2]):
            same(program(numbers), np.array([0.5, 1], dtype))
    with pytest.raises(ShapeError, match=r"recorded for int64 \(2,\), and got float64 \(2,\)"):
        record(lambda x: x, [1, 2])([1.5, 2.5])


def test_a_program_refuses_an_argument_that_requires_a_gradient():
    program = record(lambda x: x * 2, [1.0])
    for x in (leaf([1.0]), leaf([1.0]) * 2):
        with pytest.raises(RecordingError, match=r"a Tensor that wants a gradient, which a Program does not"):
            program(x)
    assert program(Tensor([3.0])).tolist() == [6]


@pytest.mark.parametrize("example", ["text", [object()], None, {"a": 1}])
def test_record_refuses_examples_that_are_no_numbers(example):
    with pytest.raises(UnsupportedError, match=r"^record\(\) wants examples of numbers, got "):
        record(lambda x: x, example)


def test_a_program_whose_captured_tensor_has_a_new_array_is_an_error_until_it_is_recorded_again():
    def product(x):
        y = (w * x).sum()
        y.backward()
        return y

    w = leaf([1.0, 2.0])
    program = record(product, [1.0, 1.0])
    gradient = w.grad
    w.grad = [0.0, 0.0]
    with pytest.raises(RecordingError, match=r"^product was .* of shape \(2,\) whose grad has been replaced"):
        program([1.0, 1.0])
    assert w.grad.tolist() == gradient.tolist() == [0, 0]
    program = record(product, [1.0, 1.0])
    w.data = [3.0, 4.0]
    with pytest.raises(RecordingError, match=r"whose data has been replaced .* change it in place, t.data"):
        program([1.0, 1.0])
    assert record(product, [1.0, 1.0])([1.0, 1.0]) == 7


def test_a_program_outlives_the_tensors_that_it_reads(rng):
    w = leaf([1.0, 2.0])
    program = record(lambda x, w=w: w * x, [1.0, 1.0])
    del w
    gc.collect()
    assert program([3.0, 4.0]).tolist() == [3, 8]


# What the numbers of a call decide -------------------------------------------------------------


LABELS = {
    "cross_entropy": (np.array([0, 3, 1]), [np.array([0, 4, 1]), np.array([-1, 0, 0])], "labels from 0 to 3"),
    "binary_cross_entropy": (np.eye(3, 4), [np.full((3, 4), 0.5), np.full((3, 4), np.nan)], "labels 0 or 1"),
    "hinge": (2 * np.eye(3, 4) - 1, [np.zeros((3, 4))], "labels -1 or 1"),
}


@pytest.mark.parametrize(("name", "good", "bad", "message"), [(k, *v) for k, v in LABELS.items()], ids=LABELS)
def test_a_program_checks_labels_at_each_call_before_it_changes_gradients(name, good, bad, message, rng):
    net = Net(2, [4], "linear")
    X = rng.normal(size=(3, 2))
    program = record(step_of(net, getattr(losses, name)), X, good)
    loss, gradient = program(X, good), net.grads.copy()
    for labels in bad:
        with pytest.raises(DataError, match=rf"^{name}\(\) wants {message}"):
            program(10 * X, labels)
        same(net.grads, gradient)
    same(program(X, good), loss)


def test_a_program_checks_sample_weights_at_each_call():
    program = record(lambda x, w: losses.mse(x, np.zeros(3), sample_weight=w), np.ones(3), np.ones(3))
    assert program([1.0, 2.0, 3.0], [1.0, 0.0, 1.0]) == 5
    for weights in ([1, -1, 1], [0, 0, 0], [np.nan, 1, 1]):
        with pytest.raises(DataError, match="weights must be finite and 0 or more"):
            program([1.0, 2.0, 3.0], weights)


def test_a_program_makes_all_its_checks_before_it_changes_gradients(rng):
    one, other = Net(2, [4], "linear"), Net(2, [4], "linear")

    def step(X, y):
        for net in (one, other):
            net.zero_grad()
        (one(X) ** 2).sum().backward()
        losses.cross_entropy(other(X), y).backward()

    X = rng.normal(size=(3, 2))
    program = record(step, X, np.zeros(3, int))
    program(X, [0, 1, 2])
    before = one.grads.copy()
    with pytest.raises(DataError):
        program(2 * X, [0, 1, 9])
    same(one.grads, before)


def test_a_replay_with_another_shape_of_an_intermediate_result_is_an_error():
    program = record(lambda x: x[x.data > 0].sum(), [1.0, -2.0, 3.0])
    assert program([-1.0, 5.0, 6.0]) == 11  # as many as when it was recorded
    message = r"^with these numbers getitem\(\) gives shape \(3,\), where it gave \(2,\) when it was recorded"
    with pytest.raises(ShapeError, match=message):
        program([1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match=r"gives shape \(1,\)"):
        program([-1.0, -2.0, 3.0])
    assert program([2.0, 3.0, -1.0]) == 5
    program = record(lambda x: Tensor(np.unique(x.data)), [1.0, 2.0, 2.0])
    assert program([4.0, 4.0, 3.0]).tolist() == [3, 4]
    with pytest.raises(ShapeError, match=r"unique\(\) gives shape \(3,\), where it gave \(2,\)"):
        program([1.0, 2.0, 3.0])


def test_a_replay_follows_choices_made_by_where_argmax_and_indexing():
    w = leaf([1.0, 10.0, 100.0])

    def function(x, k):
        chosen = np.where(x > 0, x, -2 * x) * w[k]
        return chosen[chosen.argmax()], x[np.argsort(x)], np.count_nonzero(x), x.clip(k.min(), k.max())

    program = record(function, [1.0, 2.0, 3.0], [0, 1, 2])
    for x, k in (([-1.0, 0.0, 0.5], [0, 0, 1]), ([3.0, -2.0, 1.0], [2, 1, 0])):
        expected = function(Tensor(x), Tensor(k))
        for found, one in zip(program(x, k), expected, strict=True):
            same(found, one.data if isinstance(one, Tensor) else np.asarray(one))


def test_a_product_recorded_without_zeros_has_right_gradients_with_zeros():
    program = record(lambda x: gradients(x.prod(axis=1).sum(), [x])[0], leaf([[2.0, 3.0, 5.0]]))
    assert program([[2.0, 0.0, 3.0]]).tolist() == [[0, 6, 0]]
    assert program([[0.0, 0.0, 3.0]]).tolist() == [[0, 0, 0]]
