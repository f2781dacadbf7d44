"""`vmap`: a function mapped over samples gives what it gives for one sample after the other."""

import tracemalloc
import warnings
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
from numpy_calls import CALLS
from op_table import TABLE

from autograd import (
    Tensor,
    checkpoint,
    grad,
    hessian,
    jacobian,
    make_jvp,
    make_vjp,
    record,
    value_and_grad,
    vmap,
)
from autograd.errors import MappingWarning, OptionError, OutputError, ShapeError, UnsupportedError
from autograd.extend import defvjp, primitive
from autograd.tensor import leaves_of, mode, transforms
from autograd.tensor.core import ROWS

CASES = [(op, shapes) for op in TABLE for shapes in op.shapes if op.row != "affine"]  # only nets call that
every_case = pytest.mark.parametrize(("op", "shapes"), CASES, ids=[f"{op}-{shapes}" for op, shapes in CASES])
close = partial(np.testing.assert_allclose, rtol=1e-11, atol=1e-12)
SAMPLES = 3
# Rows that are called for one sample after the other: for some cases of theirs, or always
BY_SAMPLE = {"correlate"}


def operands(op, shapes, rng):
    """For each operand the samples, along a first axis."""
    return [
        np.stack(samples) for samples in zip(*(op.operands(shapes, rng) for _ in range(SAMPLES)), strict=True)
    ]


def one_by_one(call, samples, axes):
    found = [
        call(*(x if a is None else x[i] for x, a in zip(samples, axes, strict=True))) for i in range(SAMPLES)
    ]
    return np.stack([np.asarray(x) for x in found])


@contextmanager
def quietly(op):
    """Calls by sample are an error for all rows but those that are known for them."""
    with warnings.catch_warnings():
        if op.row in BY_SAMPLE:
            warnings.simplefilter("ignore", MappingWarning)
        yield


def value(call):
    """A call of Tensors, of arrays, and its result as an array."""
    return lambda *xs: call(*map(Tensor, xs)).numpy()


@every_case
def test_every_row_gives_all_samples_what_it_gives_each(op, shapes, rng):
    samples = operands(op, shapes, rng)
    n = len(samples)
    for axes in {(0,) * n, (0,) + (None,) * (n - 1), (None,) * (n - 1) + (0,)}:
        given = [x if a == 0 else x[0] for x, a in zip(samples, axes, strict=True)]
        expected = one_by_one(value(op.call), given, axes)
        with quietly(op):
            found = vmap(op.call, axes)(*given)
            last = [x if a is None else np.moveaxis(x, 0, -1) for x, a in zip(given, axes, strict=True)]
            moved = vmap(op.call, [a if a is None else -1 for a in axes], -1)(*last)
        close(found, expected)
        close(np.moveaxis(moved, -1, 0), expected)


@every_case
def test_every_row_has_the_gradient_of_each_sample(op, shapes, rng):
    samples = operands(op, shapes, rng)
    weights = rng.normal(size=value(op.call)(*(x[0] for x in samples)).shape)

    def weighed(*xs):
        return np.sum(weights * op.call(*xs)) * 3 + 0 * np.sum(xs[0])

    n = len(samples)
    with quietly(op):
        found = vmap(grad(weighed, tuple(range(n))))(*samples)
        shared = vmap(grad(weighed), (None, *(0,) * (n - 1)))(samples[0][0], *samples[1:]) if n > 1 else None
        pushed = vmap(lambda *xs: make_jvp(weighed)(*xs)(np.ones_like(xs[0]))[1])(*samples)
    for k, gradient in enumerate(found):
        close(gradient, one_by_one(grad(weighed, k), samples, (0,) * n))
    close(pushed, [np.sum(g) for g in found[0]])
    if n > 1:
        close(shared, one_by_one(grad(weighed), [samples[0][0], *samples[1:]], (None, *(0,) * (n - 1))))


@every_case
def test_every_row_has_the_jacobian_and_hessian_of_its_rows(op, shapes, rng):
    """Which are computed together, as `vmap` would, and here by one product after the other too."""
    xs = op.operands(shapes, rng)
    if not xs:
        return

    def scaled(x):
        return op.call(x, *xs[1:]) * 3 + 0 * np.sum(x)

    found = jacobian(scaled)(xs[0])
    pull, result = make_vjp(scaled)(xs[0])
    units = np.eye(result.size).reshape((result.size, *result.shape))
    close(found, np.reshape([pull(unit) for unit in units], found.shape))
    push = make_jvp(scaled)(xs[0])
    for unit, place in zip(np.eye(xs[0].size), np.ndindex(xs[0].shape), strict=True):
        close(found[(..., *place)], push(unit.reshape(xs[0].shape))[1])
    if xs[0].size < 10:
        slope = grad(lambda x: np.sum(np.cos(scaled(x))) + np.sum(x**2))
        times, _ = make_vjp(slope)(xs[0])
        units = np.eye(xs[0].size).reshape((-1, *xs[0].shape)) if xs[0].size else np.zeros((0, *xs[0].shape))
        expected = np.reshape([times(unit) for unit in units], (*xs[0].shape, *xs[0].shape))
        close(hessian(lambda x: np.sum(np.cos(scaled(x))) + np.sum(x**2))(xs[0]), expected)


@pytest.mark.parametrize(
    ("function", "i"),
    [(f, i) for f, calls in CALLS.items() for i in range(len(calls))],
    ids=[f"{f.__name__}-{i}" for f, calls in CALLS.items() for i in range(len(calls))],
)
@pytest.mark.filterwarnings("ignore::autograd.errors.MappingWarning", "ignore:All-NaN")
def test_every_function_of_numpy_gives_all_samples_what_it_gives_each(function, i, rng):
    x, y = rng.normal(size=(SAMPLES, 3, 4)), rng.normal(size=(SAMPLES, 4, 3))
    call = CALLS[function][i]
    close(vmap(call)(x, y), one_by_one(call, (x, y), (0, 0)))
    close(vmap(call, (0, None))(x, y[0]), one_by_one(call, (x, y[0]), (0, None)))

    def number(x, y):
        return np.sum(call(x, y)) * 3 + 0 * np.sum(x)

    close(vmap(grad(number))(x, y), one_by_one(grad(number), (x, y), (0, 0)), rtol=1e-9)


# Nesting -------------------------------------------------------------------------------------------

X, W = np.random.default_rng(1).normal(size=(5, 3)), np.random.default_rng(2).normal(size=(4, 3))


def neuron(w, x):
    return np.tanh(np.sum(w * x)) * w[0] + np.max(x)


def test_maps_are_nested_in_each_other():
    expected = np.array([[neuron(w, x) for x in X] for w in W])
    close(vmap(vmap(neuron, (None, 0)), (0, None))(W, X), expected)
    close(vmap(vmap(neuron, (0, None)), (None, 0), 1)(W, X), expected)
    slopes = np.array([[grad(neuron)(w, x) for x in X] for w in W])
    close(vmap(vmap(grad(neuron), (None, 0)), (0, None))(W, X), slopes)
    close(vmap(jacobian(vmap(neuron, (None, 0))), (0, None))(W, X), slopes)
    close(vmap(hessian(neuron), (None, 0))(W[0], X), [hessian(neuron)(W[0], x) for x in X])
    close(vmap(lambda w: vmap(lambda x: neuron(w, x))(X))(W), expected)


def test_a_map_is_differentiated():
    def total(w, x):
        return np.sum(vmap(neuron, (None, 0))(w, x) ** 2)

    def by_rows(w, x):
        return sum(neuron(w, row) ** 2 for row in x)

    for argnum in (0, 1):
        close(grad(total, argnum)(W[0], X), grad(by_rows, argnum)(W[0], X))
        close(hessian(total, argnum)(W[0], X), hessian(by_rows, argnum)(W[0], X))
    close(make_jvp(total)(W[0], X)(W[1])[1], make_jvp(by_rows)(W[0], X)(W[1])[1])
    w = Tensor(W[0], requires_grad=True)
    (vmap(neuron, (None, 0))(w, X).sum() * 3).backward()
    close(w.grad, 3 * sum(grad(neuron)(W[0], x) for x in X))


def test_a_map_is_recorded():
    program = record(vmap(value_and_grad(neuron), (None, 0)), W[0], X)
    values, slopes = program(W[1], -X)
    expected = vmap(value_and_grad(neuron), (None, 0))(W[1], -X)
    np.testing.assert_array_equal(values.data, expected[0])
    np.testing.assert_array_equal(slopes.data, expected[1])


def test_products_of_a_jacobian_are_mapped_over_their_vectors():
    pull, _ = make_vjp(lambda w: vmap(neuron, (None, 0))(w, X))(W[0])
    seeds = np.random.default_rng(3).normal(size=(7, 5))
    close(vmap(pull)(seeds), [pull(seed) for seed in seeds])
    push = make_jvp(lambda w: np.outer(np.sin(w), w))(W[0])
    close(vmap(push)(W)[1], [push(w)[1] for w in W])


def test_results_keep_their_structure_and_constants_are_repeated():
    def f(p, scale=1.0):
        return {"twice": [2 * p["x"] * scale], "same": 5.0, "pair": (p["x"] > 0, np.argmax(p["y"]))}

    found = vmap(f)({"x": np.array([1.0, -1.0]), "y": np.array([[1.0, 2], [4, 3]])}, scale=3.0)
    assert found["twice"][0].tolist() == [6, -6]
    assert found["same"].tolist() == [5, 5]
    assert [part.tolist() for part in found["pair"]] == [[True, False], [1, 0]]
    assert {type(x) for x in leaves_of(found)} == {np.ndarray}
    assert isinstance(vmap(np.sin)(Tensor(X)), Tensor)
    assert vmap(lambda x: x.shape[0] * x)(X).tolist() == (3 * X).tolist()


def test_each_row_is_called_once_for_all_samples(monkeypatch):
    calls = []
    row = ROWS["tanh"]
    monkeypatch.setattr(row, "forward", lambda x: calls.append(x.shape) or np.tanh(x))
    vmap(grad(neuron), (None, 0))(W[0], X)
    assert calls == [(5,)]


def test_a_large_jacobian_is_computed_in_parts(monkeypatch):
    expected = jacobian(lambda x: np.outer(np.sin(x), x))(X[0])
    sizes = []
    monkeypatch.setattr(transforms, "AT_ONCE", 18)  # two units at a time, if an array has 9 numbers
    monkeypatch.setattr(transforms, "Level", lambda n, own=transforms.Level: sizes.append(n) or own(n))
    np.testing.assert_array_equal(jacobian(lambda x: np.outer(np.sin(x), x))(X[0]), expected)
    assert sizes == [2, 1]


# One sample after the other ------------------------------------------------------------------------


def test_a_function_that_reads_numbers_is_called_for_one_sample_after_the_other():
    def shrunk(x):
        while np.sum(x**2) > 1:
            x = x / 2
        return x

    with pytest.warns(
        MappingWarning, match=r"^vmap\(\) of shrunk: shrunk called for 5 samples one by one$"
    ) as told:
        found = vmap(shrunk)(X)
    assert told[0].filename == __file__
    close(found, [shrunk(x) for x in X])
    with pytest.warns(MappingWarning):
        slopes = vmap(grad(lambda x: np.sum(shrunk(x) ** 2)))(X)
    close(slopes, [grad(lambda x: np.sum(shrunk(x) ** 2))(x) for x in X])
    with pytest.warns(MappingWarning):
        assert vmap(lambda x: float(x[0]))(X).tolist() == X[:, 0].tolist()


def test_a_primitive_of_the_users_own_is_called_for_one_sample_after_the_other():
    @primitive
    def length(x):
        assert x.shape == (3,)
        return np.sqrt(np.sum(x**2))

    defvjp(length, lambda ans, x: lambda g: g * x / ans)
    with pytest.warns(MappingWarning, match="length called for 5 samples one by one"):
        found = vmap(value_and_grad(lambda x: length(x) ** 3))(X)
    norms = np.linalg.norm(X, axis=1)
    close(found[0], norms**3)
    close(found[1], 3 * norms[:, None] * X)
    close(jacobian(lambda x: length(x) * x)(X[0]), jacobian(lambda x: np.linalg.norm(x) * x)(X[0]))


def test_a_formula_that_reads_numbers_is_called_for_one_unit_after_the_other():
    @primitive
    def tripled(x):
        return 3 * x

    defvjp(tripled, lambda ans, x: lambda g: np.array([3 * float(part) for part in g]))
    assert jacobian(tripled)(np.ones(2)).tolist() == [[3, 0], [0, 3]]


def test_a_checkpoint_alone_is_called_for_one_sample_after_the_other():
    @checkpoint
    def deep(x):
        return np.sum(np.sin(x) ** 2)

    with pytest.warns(MappingWarning, match=": deep called for 5 samples"):
        found = vmap(grad(lambda x: deep(x) * 3))(X)
    close(found, 3 * np.sin(2 * X))


def test_an_index_of_arrays_apart_is_looked_up_for_each_sample():
    x = np.arange(48.0).reshape(2, 3, 2, 4) ** 2
    with pytest.warns(MappingWarning, match="getitem called"):
        assert vmap(lambda x: x[[0, 2], :, [1, 3]])(x).tolist() == [a[[0, 2], :, [1, 3]].tolist() for a in x]
    slopes = jacobian(lambda x: x[[0, 2], :, [1, 3]] ** 2)(x[0])
    assert slopes.shape == (2, 2, 3, 2, 4)
    assert slopes[1, 0, 2, 0, 3] == 2 * x[0, 2, 0, 3]
    assert np.count_nonzero(slopes) == np.count_nonzero(x[0][[0, 2], :, [1, 3]])


# Bad input -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: vmap(neuron)(W, X),
            ShapeError,
            r"^vmap\(\) of neuron wants one number .* got 4 and 5",
        ),
        (lambda: vmap(np.sin)(1.0), ShapeError, r"samples along axis 0 of an argument of shape \(\)"),
        (
            lambda: vmap(np.sin, 2)(X),
            ShapeError,
            r"samples along axis 2 of an argument of shape \(5, 3\)",
        ),
        (lambda: vmap(np.sin)(X[:0]), ShapeError, "wants one number of samples, 1 or more, .* got 0"),
        (lambda: vmap(np.sin)([]), ShapeError, "got no array"),
        (
            lambda: vmap(neuron, (0,))(W, X),
            OptionError,
            r"in_axes for each argument, .* got \(0,\) for 2",
        ),
        (lambda: vmap(np.sin, None)(X), OptionError, "not all None, got None for 1 argument$"),
        (lambda: vmap(np.sin, "x")(X), OptionError, "in_axes for each argument, .* got 'x' for 1"),
        (lambda: vmap(np.sin, 0, None), OptionError, "wants one axis as out_axes, got None"),
        (
            lambda: vmap(lambda x: "text")(X),
            OutputError,
            "numbers and arrays, and <lambda> returned str",
        ),
        (lambda: vmap(lambda x: None)(X), OutputError, "returned NoneType"),
        (lambda: vmap(lambda x: np.zeros(int(x.sum() > 0)))(X), ShapeError, r"gives \(0,\) and \(1,\)"),
    ],
)
@pytest.mark.filterwarnings("ignore::autograd.errors.MappingWarning")
def test_vmap_says_what_it_wants(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_sample_that_is_printed_says_what_it_is():
    seen = []
    vmap(lambda x: seen.append((repr(x), len(x), x.size, x.ndim)) or x)(X)
    assert seen == [("<one of 5 samples of shape (3,)>", 3, 3, 1)]


# What rows are given besides samples ---------------------------------------------------------------


def test_losses_are_mapped_over_labels_and_predictions():
    rows, labels = (
        np.random.default_rng(4).normal(size=(5, 2, 3)),
        np.array([[0, 1], [2, 2], [1, 0], [0, 0], [2, 1]]),
    )
    nll = ROWS["nll"]
    close(vmap(nll)(rows, labels), [value(nll)(x, y) for x, y in zip(rows, labels, strict=True)])
    close(vmap(nll, (None, 0))(rows[0], labels), [value(nll)(rows[0], y) for y in labels])
    slopes = vmap(grad(lambda x: np.sum(nll(x, labels[0]))))(rows)
    close(slopes, [grad(lambda x: np.sum(nll(x, labels[0])))(x) for x in rows])


def test_choices_that_differ_between_samples():
    def chosen(x):
        ahead = (x > 0) & ~(x > 1) | (x < -1)
        return np.where(ahead ^ (x == 0), np.sort(x), x * np.any(x > 1)) + np.take_along_axis(
            x, np.argsort(-x), -1
        )

    close(vmap(chosen)(X), [chosen(x) for x in X])
    close(vmap(jacobian(chosen))(X), [jacobian(chosen)(x) for x in X])


def test_an_index_that_differs_between_samples_is_looked_up_for_each():
    with pytest.warns(MappingWarning):
        assert vmap(lambda x: x[np.argmax(x)])(X).tolist() == X.max(axis=1).tolist()


def test_gradients_that_accumulate_are_those_of_each_sample_in_turn():
    w = Tensor(W[0], requires_grad=True)

    def back(x):
        np.sum(w * x).backward()
        return x

    with pytest.warns(MappingWarning):
        vmap(back)(X)
    close(w.grad, X.sum(axis=0))


# Samples of few axes, and axes from the end ---------------------------------------------------------


@pytest.mark.parametrize("function", [np.sum, np.prod, np.max, np.argmax, np.any, np.cumsum, np.ptp])
@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.filterwarnings("ignore::autograd.errors.MappingWarning")
def test_a_number_is_reduced_along_its_first_axis_which_it_does_not_have(function, axis):
    x = np.array([3.0, -1.0, 2.0])
    close(vmap(lambda x: function(x, axis=axis))(x), [function(number, axis=axis) for number in x])


@pytest.mark.parametrize("function", [np.sum, np.cumsum, np.argmax, np.sort])
def test_an_axis_that_a_sample_does_not_have_is_an_error(function):
    with pytest.raises((ValueError, IndexError), match="axis -2 is out of bounds for array of dimension 1"):
        vmap(lambda x: function(x, axis=-2))(X)


def test_a_loss_of_one_number_a_sample_has_the_gradient_of_each():
    def loss(w, x, y):
        return np.sum((x @ w - y) ** 2, axis=-1)

    rows, targets, w = np.arange(6.0).reshape(3, 2), np.ones(3), np.ones(2)
    close(vmap(loss, (None, 0, 0))(w, rows, targets), [0, 16, 64])
    expected = [grad(loss)(w, x, y) for x, y in zip(rows, targets, strict=True)]
    close(vmap(grad(loss), (None, 0, 0))(w, rows, targets), expected)


@pytest.mark.parametrize(
    ("a", "b"), [((3, 2, 2), (2, 2)), ((2, 2), (3, 2, 2)), ((3, 2, 2), (2,)), ((2, 2), (2,))]
)
def test_samples_of_stacks_of_linear_systems(a, b, rng):
    a, b = rng.normal(size=(3, *a)), rng.normal(size=(3, *b))
    close(vmap(np.linalg.solve)(a, b), [np.linalg.solve(x, y) for x, y in zip(a, b, strict=True)])


def test_products_and_quotients_of_whole_numbers():
    a = np.arange(9).reshape(3, 3)
    assert vmap(np.matmul)(a, a).tolist() == [5, 50, 149]
    quotients, rests = vmap(np.divmod, (0, None))(np.arange(5), 2)
    assert (quotients.tolist(), rests.tolist()) == ([0, 0, 1, 1, 2], [0, 1, 0, 1, 0])


# Branches of several kinds, what is taken out, and what is not of vmap -------------------------------


@pytest.mark.parametrize("x", [[-1.0, 0.0], [0.0, -1.0], [-1.0, 2.0], [2.0, -1.0]])
@pytest.mark.filterwarnings("ignore::autograd.errors.MappingWarning")
def test_branches_may_give_a_number_or_an_array(x):
    half = lambda x: 0.0 if x < 0 else x * x + x
    x = np.array(x)
    close(vmap(half)(x), [half(number) for number in x])
    slopes = grad(lambda x: 3 * np.sum(vmap(half)(x)))(x)
    close(slopes, np.where(x < 0, 0, 3 * (2 * x + 1)))


@pytest.mark.filterwarnings("ignore::autograd.errors.MappingWarning")
def test_branches_may_give_dicts_and_fill_arrays():
    found = vmap(lambda x: {"a": x} if x > 0 else {"a": 2 * x})(np.array([-1.0, 2.0]))
    assert found["a"].tolist() == [-2, 2]

    def filled(x):
        array = np.zeros(2)
        array[0] = x
        return array

    assert vmap(filled)(np.array([1.0, 2.0])).tolist() == [[1, 0], [2, 0]]


def test_a_sample_that_escapes_is_refused():
    kept = []
    vmap(lambda x: kept.append(x) or x)(X)
    for use in (lambda x: x * 2, lambda x: x.item(), lambda x: grad(lambda y: np.sum(y * x))(np.ones(3))):
        with pytest.raises(UnsupportedError, match=r"is used after vmap\(\) has returned"):
            use(kept[0])


def test_a_mistake_in_the_function_is_no_reason_to_call_it_again():
    calls = []
    with pytest.raises(TypeError, match="has no len"):
        vmap(lambda x: calls.append(1) or len(3))(X)
    assert calls == [1]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_error_in_a_mapped_function_leaves_everything_as_it_was(error):
    def fails(x):
        raise error

    for call in (vmap(fails), vmap(grad(fails)), grad(vmap(fails))):
        with pytest.raises(error):
            call(X)
    assert (mode.levels, mode.taping, mode.trace) == ((), True, None)


def test_a_jacobian_of_a_product_takes_no_memory_for_all_rows_times_the_matrix():
    W = np.ones((300, 300))
    tracemalloc.start()
    jacobian(lambda x: np.tanh(W @ x))(np.ones(300))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 40 * W.nbytes  # 300 times as much otherwise
