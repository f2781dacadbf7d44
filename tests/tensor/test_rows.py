"""Every row and every NumPy function of Tensors, compared with `op_table` and `numpy_calls`."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from numpy_calls import CALLS, DOUBLE, REFUSED
from op_table import MASK, SPECIAL, TABLE, each, exact, mp

from autograd import Tensor, tensor
from autograd.errors import NotANumberError, UnsupportedError
from autograd.tensor import (
    gradients,
    log_softmax,
    logsumexp,
    make_jvp,
    make_vjp,
    sigmoid,
    softmax,
    softplus,
)
from autograd.tensor.core import ROWS
from autograd.tensor.dispatch import IMPLEMENTED, WITHOUT_SLOPE
from autograd.tensor.rows import elementwise

CASES = [(op, shapes) for op in TABLE for shapes in op.shapes]
STEEP = [(op, shapes) for op, shapes in CASES if not op.flat]
ELEMENTWISE = [op for op in TABLE if op.scalars]
every_case = pytest.mark.parametrize(("op", "shapes"), CASES, ids=[f"{op}-{shapes}" for op, shapes in CASES])
every_slope = pytest.mark.parametrize(("op", "shapes"), STEEP, ids=[f"{op}-{shapes}" for op, shapes in STEEP])
close = {"rtol": 1e-12, "atol": 1e-13}


def leaves(arrays):
    return [Tensor(a, requires_grad=True) for a in arrays]


# The oracle: central differences of 60-digit numbers ----------------------------------------------

STEP = mp.mpf(10) ** -15  # its square, the error, is far below float64; its inverse squared leaves 30 digits


def slope_along(f, points, directions):
    """The derivative of ``f`` at ``points`` along ``directions``; None as a direction keeps a point fixed."""
    ahead, behind = (
        [
            x if d is None else np.asarray(x + sign * STEP * d, object)
            for x, d in zip(points, directions, strict=True)
        ]
        for sign in (1, -1)
    )
    return (f(*ahead) - f(*behind)) / (2 * STEP)


def exact_gradient(f, points, k):
    """The gradient of the number ``f(*points)`` with respect to ``points[k]``, as floats."""
    gradient = np.empty(points[k].shape)
    for i in np.ndindex(gradient.shape):
        unit = np.full(gradient.shape, mp.mpf(0), object)
        unit[i] = mp.mpf(1)
        gradient[i] = slope_along(f, points, [unit if j == k else None for j in range(len(points))])
    return gradient


def weighed(reference):
    """The number that tests differentiate: results times weights, so that an omitted gradient shows."""
    return lambda c, *xs: np.sum(c * reference(*xs)) + mp.mpf(0)


# Rows ---------------------------------------------------------------------------------------------


def test_every_function_in_the_table_of_rows_has_an_entry_in_op_table():
    assert {op.row for op in TABLE} | SPECIAL == set(ROWS)


@every_case
def test_the_value_of_a_row_agrees_with_60_digits(op, shapes, rng):
    operands = op.operands(shapes, rng)
    out = op.call(*map(Tensor, operands))
    expected = op.reference(*map(exact, operands))
    assert out.shape == expected.shape
    np.testing.assert_allclose(out.data, expected.astype(float), **close)


@every_slope
def test_the_gradient_of_a_row_is_its_slope_times_the_incoming_gradient(op, shapes, rng):
    operands = op.operands(shapes, rng)
    xs = leaves(operands)
    out = op.call(*xs)
    c = rng.uniform(-2, 2, out.shape)
    out.backward(c)
    points = [exact(c), *map(exact, operands)]
    for k, x in enumerate(xs, 1):
        expected = exact_gradient(weighed(op.reference), points, k)
        np.testing.assert_allclose(x.grad, expected, **close, err_msg=f"of operand {k - 1}")


@every_slope
def test_the_second_derivative_of_a_row_is_the_slope_of_its_first(op, shapes, rng):
    operands = op.operands(shapes, rng)
    xs = leaves(operands)
    out = op.call(*xs)
    c = Tensor(rng.uniform(-2, 2, out.shape), requires_grad=True)
    directions = [rng.uniform(-1, 1, x.shape) for x in xs]
    firsts = gradients((c * out).sum(), xs, create_graph=True)
    sum((d * first).sum() for d, first in zip(directions, firsts, strict=True)).backward()

    def along(*points):
        return slope_along(weighed(op.reference), points, [None, *map(exact, directions)])

    points = [exact(c.data), *map(exact, operands)]
    for k, x in enumerate([c, *xs]):
        found = np.zeros(x.shape) if x.grad is None else x.grad  # None: the first does not depend on it
        np.testing.assert_allclose(found, exact_gradient(along, points, k), rtol=1e-11, atol=1e-12)


@every_slope
@pytest.mark.filterwarnings("ignore::autograd.errors.GradientWarning")  # of linear rows
def test_the_tangent_of_a_row_is_its_slope_along_the_direction_to_second_order(op, shapes, rng):
    operands = op.operands(shapes, rng)
    directions = tuple(rng.uniform(-1, 1, x.shape) for x in operands)
    every = tuple(range(len(operands)))

    def along(*points):
        return np.asarray(slope_along(op.reference, points, [*map(exact, directions)]), object)

    def tangent(*xs):
        return make_jvp(op.call, every)(*xs)(directions)[1]

    points = [*map(exact, operands)]
    np.testing.assert_allclose(tangent(*operands), along(*points).astype(float), **close)
    second = np.asarray(slope_along(along, points, [*map(exact, directions)]), float)
    again = make_jvp(tangent, every)(*operands)(directions)[1]
    np.testing.assert_allclose(again, second, rtol=1e-11, atol=1e-12)
    pull, _ = make_vjp(tangent, every)(*operands)
    c = rng.uniform(-1, 1, second.shape)
    pulled = sum(np.sum(g * d) for g, d in zip(pull(c), directions, strict=True))
    assert pulled == pytest.approx(np.sum(c * second), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("op", [op for op in TABLE if op.flat], ids=str)
def test_a_row_without_a_slope_has_the_gradient_0(op):
    x = Tensor([0.3, -1.7], requires_grad=True)
    (slope,) = gradients(op.call(x), [x], [2.0, 3.0])
    assert slope.tolist() == [0, 0]
    (op.call(x) + 3 * x).sum().backward()
    assert x.grad.tolist() == [3, 3]


@every_case
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_result_and_gradients_of_a_row_have_the_dtype_of_its_operands(op, shapes, dtype, rng):
    xs = leaves(op.operands(shapes, rng, dtype))
    out = op.call(*xs)
    assert out.dtype == ("float64" if op.row in ("astype", "float_power") else dtype)
    if not op.flat:
        out.backward(np.ones(out.shape))
        assert [x.grad.dtype for x in xs] == [dtype] * len(xs)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op", ELEMENTWISE, ids=str)
def test_python_numbers_as_operands_do_not_change_the_dtype(op, dtype):
    x = Tensor([1.5, 0.5], requires_grad=True, dtype=dtype)
    n = len(op.domains)
    for place in range(n):
        for number in (2, 2.5):
            operands = [number] * n
            operands[place] = x
            out = op.call(*operands)
            assert (out.dtype, out.requires_grad) == (dtype, True)


ERRORS = [(op, *error) for op in TABLE for error in op.errors]


@pytest.mark.parametrize(("op", "shapes", "kind", "message"), ERRORS, ids=[f"{e[0]}-{e[1]}" for e in ERRORS])
def test_a_row_refuses_bad_operands_by_its_name(op, shapes, kind, message):
    with pytest.raises(kind, match=message):
        op.call(*(Tensor(np.ones(shape)) for shape in shapes))


@pytest.mark.parametrize("op", ELEMENTWISE, ids=str)
@pytest.mark.parametrize("stranger", ["text", None, [1, "a"]], ids=repr)
def test_a_row_refuses_operands_that_are_no_numbers(op, stranger):
    with pytest.raises((NotANumberError, TypeError)):
        op.call(Tensor([1.0, 2.0]), *[stranger] * (len(op.domains) - 1))


# Broadcasting -------------------------------------------------------------------------------------


@given(st.data(), mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3, min_side=0))
def test_a_gradient_is_summed_over_the_axes_of_broadcasting(data, drawn):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x, y = leaves(rng.uniform(1, 2, shape) for shape in drawn.input_shapes)
    c = rng.normal(size=drawn.result_shape)
    (x / y).backward(c)
    for leaf, slopes in ((x, c / y.data), (y, -c * x.data / y.data**2)):
        source = np.broadcast_to(np.arange(leaf.size).reshape(leaf.shape), c.shape)
        sums = np.bincount(source.ravel(), slopes.ravel(), minlength=leaf.size)
        np.testing.assert_allclose(leaf.grad, sums.reshape(leaf.shape), rtol=1e-12, atol=1e-12)


# Kinks and ties, decided ---------------------------------------------------------------------------

INF, NAN = np.inf, np.nan
ROW_LENGTHS = partial(np.linalg.norm, axis=1)
# fmt: off
KINKS = {
    "relu'(0) is 0":                  (lambda x: x.relu(),           [0.0, -0.0],      [0, 0]),
    "abs'(0) is 0":                   (abs,                          [0.0, -0.0],      [0, 0]),
    "leaky_relu'(0) is 0.01":         (lambda x: x.leaky_relu(),     [0.0, -0.0],      [0.01, 0.01]),
    "a tie of maximum is halved":     (lambda x: np.maximum(x, 1.0), [0.0, 1.0, 2.0],  [0, 0.5, 1]),
    "on the right too":               (lambda x: np.maximum(1.0, x), [0.0, 1.0, 2.0],  [0, 0.5, 1]),
    "a tie of minimum is halved":     (lambda x: np.minimum(x, 1.0), [0.0, 1.0, 2.0],  [1, 0.5, 0]),
    "and on the right":               (lambda x: np.minimum(1.0, x), [0.0, 1.0, 2.0],  [1, 0.5, 0]),
    "maximum of x with itself is x":  (lambda x: np.maximum(x, x),   [3.0, -1.0],      [1, 1]),
    "largest of equals share":        (lambda x: x.max(),            [2.0, 1.0, 2.0],  [0.5, 0, 0.5]),
    "smallest of equals share":       (lambda x: x.min(),            [1.0, 1.0, 1.0],  [1 / 3] * 3),
    "equals share along their axis":  (lambda x: x.max(axis=1),      [[5.0, 5], [1, 2]], [[.5, .5], [0, 1]]),
    "clip's limits are inside":       (lambda x: x.clip(-1, 1),      [-2.0, -1, 0, 1, 2], [0, 1, 1, 1, 0]),
    "clip without limits is x":       (lambda x: x.clip(),           [-INF, 3.0],      [1, 1]),
    "x ** 0 is flat, at 0 too":       (lambda x: x**0,               [0.0, 2.0],       [0, 0]),
    "x ** 1 has slope 1 at 0":        (lambda x: x**1,               [0.0, 2.0],       [1, 1]),
    "x ** 2 of negatives":            (lambda x: x**2,               [-3.0, 0.0],      [-6, 0]),
    "x ** -1 of negatives":           (lambda x: x**-1,              [-2.0],           [-0.25]),
    "sqrt'(0) is infinite":           (np.sqrt,                      [0.0],            [INF]),
    "std'(equal numbers) is 0":       (np.std,                       [0.3, 0.3, 0.3],  [0, 0, 0]),
    "std along an axis too":          (lambda x: x.std(axis=1),      [[2.0, 2], [1, 3]], [[0, 0], [-.5, .5]]),
    "a length of 0 is flat":          (np.linalg.norm,               [0.0, 0.0],       [0, 0]),
    "of one row alone too":           (ROW_LENGTHS, [[0.0, 0], [3, 4]], [[0, 0], [3 / 5, 4 / 5]]),
    "hypot'(0, 0) is 0":              (lambda x: np.hypot(x, 0.0),   [0.0, -2.0],      [0, -1]),
    "maximum with nan":               (lambda x: np.maximum(x, [1.0, NAN, 1]), [NAN, 1.0, 2], [NAN, NAN, 1]),
    "minimum with nan":               (lambda x: np.minimum(x, [1.0, NAN, 1]), [NAN, 1.0, 0], [NAN, NAN, 1]),
    "nan on the right":               (lambda x: np.maximum([1.0, NAN], x), [NAN, 1.0], [NAN, NAN]),
    "clip of nan":                    (lambda x: x.clip(0, 1),       [NAN, 0.5],       [NAN, 1]),
    "0 ** y is flat in y":            (lambda y: 0.0**y,             [2.0, 3.0],       [0, 0]),
    "prod with a zero":               (np.prod,                      [2.0, 0.0, 3.0],  [0, 6, 0]),
    "prod with two zeros":            (np.prod,                      [0.0, 0.0, 3.0],  [0, 0, 0]),
    "prod with a zero in one row":    (lambda x: x.prod(axis=1),     [[2.0, 0], [3, 4]], [[0, 2], [4, 3]]),
    "prod with a zero in a column":   (lambda x: x.prod(axis=0),     [[2.0, 0], [3, 4]], [[3, 4], [2, 0]]),
    "prod of everything with a zero": (lambda x: x.prod(axis=(1, 0)), [[2.0, 0], [3, 4]], [[0, 24], [0, 0]]),
}
# fmt: on


@pytest.mark.parametrize(("call", "x", "slopes"), KINKS.values(), ids=KINKS)
def test_slopes_of_rows_at_kinks_and_ties_are_pinned(call, x, slopes):
    x = Tensor(x, requires_grad=True)
    out = call(x)
    (3 * out).backward(np.ones(out.shape))
    np.testing.assert_allclose(x.grad, 3 * np.array(slopes), rtol=1e-15)


@pytest.mark.parametrize("ddof", [0, 1, 2, 3])
@pytest.mark.parametrize("call", [np.var, np.std])
@pytest.mark.filterwarnings("ignore:Degrees of freedom", "ignore:divide by zero", "ignore:invalid value")
def test_var_and_std_with_a_large_ddof_give_the_results_of_numpy(call, ddof):
    for x in ([1.0, 2.0], [2.0, 2.0]):
        np.testing.assert_array_equal(call(Tensor(x, requires_grad=True), ddof=ddof).data, call(x, ddof=ddof))


def test_prod_with_zeros_has_right_second_derivatives():
    x = Tensor([2.0, 0.0, 3.0], requires_grad=True)
    (first,) = gradients(x.prod(), [x], create_graph=True)
    (second,) = gradients(first, [x], [1.0, 10.0, 100.0])  # yz, zx and xy, weighed
    assert second.tolist() == [10 * 3, 1 * 3 + 100 * 2, 10 * 2]


@pytest.mark.parametrize("row", ["relu", "leaky_relu", "maximum", "minimum", "clip", "absolute"])
def test_a_row_with_a_kink_gives_nan_for_nan(row):
    limits = {"maximum": (0,), "minimum": (0,), "clip": (-2, 2)}.get(row, ())
    y = ROWS[row](Tensor([np.nan, 1.0]), *limits)
    assert np.isnan(y.data).tolist() == [True, False]


# Extreme numbers ----------------------------------------------------------------------------------
# Warnings are errors in these tests, so that an overflow anywhere fails them

# fmt: off
FAR = {
    "sigmoid":          (sigmoid,           [-1e3, 1e3, -INF, INF], [0, 1, 0, 1],      [0, 0, 0, 0]),
    "softplus":         (softplus,          [-1e3, 1e3, 1e30],      [0, 1e3, 1e30],    [0, 1, 1]),
    "logaddexp":        (lambda x: np.logaddexp(x, 0.0), [-1e3, 1e3], [0, 1e3],        [0, 1]),
    "logsumexp, high":  (logsumexp,         [1e3, 1e3, -1e3],       1e3 + np.log(2),   [0.5, 0.5, 0]),
    "logsumexp, low":   (logsumexp,         [-1e3, -1e3],           -1e3 + np.log(2),  [0.5, 0.5]),
    "logsumexp, huge":  (logsumexp,         [1e30, 1e30, -1e30],    1e30,              [0.5, 0.5, 0]),
    "logsumexp, -inf":  (logsumexp,         [-INF, 2.0],            2,                 [0, 1]),
    "softmax":          (softmax,           [-1e3, 1e3, 1e3],       [0, 0.5, 0.5],     [0, -0.25, 0.25]),
    "log_softmax":      (log_softmax,       [0.0, 1e3],             [-1e3, 0],         [1, -1]),
    "tanh":             (np.tanh,           [-1e3, 1e3],            [-1, 1],           [0, 0]),
    "gelu":             (lambda x: x.gelu(), [-1e3, 1e3],           [0, 1e3],          [0, 1]),
}
# fmt: on


@pytest.mark.parametrize(("call", "x", "value", "slopes"), FAR.values(), ids=FAR)
@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-6), ("float64", 1e-15)])
def test_rows_of_extreme_numbers_do_not_overflow_or_warn(call, x, value, slopes, dtype, rtol):
    x = Tensor(x, requires_grad=True, dtype=dtype)
    out = call(x)
    np.testing.assert_allclose(out.data, value, rtol=rtol)
    arriving = np.arange(1.0, out.size + 1).reshape(out.shape) if call in (softmax, log_softmax) else 1
    out.backward(np.broadcast_to(arriving, out.shape))
    np.testing.assert_allclose(x.grad, slopes, rtol=rtol)


def test_logsumexp_of_minus_infinities_is_minus_infinity():
    assert logsumexp(Tensor([-INF, -INF])).item() == -INF
    assert logsumexp(Tensor([INF, 0.0])).item() == INF
    assert logsumexp(Tensor([[-INF, -INF], [0.0, -INF]]), axis=1).tolist() == [-INF, 0]


def test_log_softmax_is_the_logarithm_of_softmax(rng):
    x = Tensor(rng.normal(size=(3, 4)), requires_grad=True)
    c = rng.normal(size=(3, 4))
    for axis in (None, 0, -1):
        np.testing.assert_allclose(log_softmax(x, axis).data, np.log(softmax(x, axis).data), rtol=1e-12)
        (one,) = gradients(log_softmax(x, axis), [x], c)
        (other,) = gradients(np.log(softmax(x, axis)), [x], c)
        np.testing.assert_allclose(one.data, other.data, rtol=1e-10, atol=1e-12)


# To the last digits ---------------------------------------------------------------------------------


def ulps(found, expected):
    """The error of each number in units of the last place of the 60-digit one; underflow counts as 0."""
    place = np.spacing(np.abs(expected.astype(float)))
    return (abs(exact(found) - expected) / exact(place)).astype(float)


# fmt: off
SIZES = np.concatenate([
    [0, 5e-324, 1e-320, 2.2e-308, 1e-300, 1e-200, 1e-100, 1e-30],    # tiny, and too small to have all digits
    10.0 ** np.linspace(-17, 0, 35), np.linspace(0.01, 1, 34), np.linspace(1.02, 10, 80),
    [18, 18.7, 19, 19.06, 19.07, 19.9, 20, 20.1, 22],                # where tanh becomes 1
    [30, 36, 36.7, 36.8, 37, 37.4, 38, 39.9, 40, 40.1, 41, 100],     # where the sigmoid becomes 1
    [700, 708.3, 709.7, 709.8, 710, 740, 744.4, 745, 745.2, 1000],   # where exp leaves the floats
])
# fmt: on
ARGUMENTS = np.concatenate([-SIZES[::-1], SIZES])
ACTIVATIONS = {
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "tanh": mp.tanh,
    "relu": lambda x: x if x > 0 else 0 * x,
    "leaky_relu": lambda x: x if x > 0 else x / 100,
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "exp": mp.exp,
}


def in_chunks(name, x, size):
    parts = np.split(x, range(size, len(x), size))
    return np.concatenate([getattr(Tensor(part), name)().data for part in parts])


@pytest.mark.usefixtures("tanh_of_many")
@pytest.mark.parametrize("size", [7, 1499, 1500, 10_000])  # tanh may take another form from 1500 on
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_right_to_4_units_in_the_last_place(name, size):
    x = ARGUMENTS[ARGUMENTS < 709.7] if name == "exp" else ARGUMENTS
    expected = each(ACTIVATIONS[name])(exact(x))
    x, expected = np.tile(x, 8), np.tile(expected, 8)  # at more than one place in the array
    assert ulps(in_chunks(name, x, size), expected).max() <= 4


@pytest.mark.parametrize(
    ("found", "wide"),
    [
        ({"tanh": {"dd": {"current": "AVX512_SKX", "available": "AVX512_SKX AVX2 baseline(SSE)"}}}, True),
        ({"tanh": {"dd": {"current": "X86_V4", "available": "X86_V4 X86_V3 baseline(X86_V2)"}}}, True),
        ({"tanh": {"dd": {"current": "AVX2", "available": "AVX512_SKX AVX2 baseline(SSE)"}}}, False),
        ({"tanh": {"dd": {"current": "baseline(NEON)", "available": "baseline(NEON)"}}}, False),
        ({}, False),
    ],
)
def test_tanh_is_computed_by_numpy_where_that_takes_eight_numbers_at_a_time(found, wide, monkeypatch):
    assert (elementwise.MANY_NUMBERS == INF) == elementwise._has_avx512()
    monkeypatch.setattr(np.lib.introspect, "opt_func_info", lambda func_name, signature: found)
    assert elementwise._has_avx512() == wide


@pytest.mark.usefixtures("tanh_of_many")
def test_tanh_by_table_is_right_to_4_units_in_the_last_place(rng):
    middles = np.arange(-20.5, 20.5, 1 / 128)
    x = np.concatenate([middles + rng.uniform(-1 / 256, 1 / 256, middles.size) for _ in range(2)])
    assert ulps(Tensor(x).tanh().data, each(mp.tanh)(exact(x))).max() <= 4
    ends = np.arange(-20.5, 20.5, 1 / 256)  # where one place of the table ends and another begins
    ends = np.concatenate([ends, np.nextafter(ends, INF), np.nextafter(ends, -INF)])
    assert ulps(Tensor(ends).tanh().data, each(mp.tanh)(exact(ends))).max() <= 4


@pytest.mark.usefixtures("tanh_of_many")
def test_tanh_by_table_keeps_the_sign_of_0_and_takes_any_memory_layout(rng):
    assert np.signbit(Tensor([-0.0, 0.0] * 800).tanh().data).tolist() == [True, False] * 800
    x = rng.normal(size=(60, 300))
    np.testing.assert_array_equal(Tensor(x.T).tanh().data, Tensor(x).tanh().data.T)
    np.testing.assert_allclose(Tensor(x[::-1, 1::2]).tanh().data, np.tanh(x)[::-1, 1::2], rtol=1e-15)


@pytest.mark.usefixtures("tanh_of_many")
def test_tanh_by_table_of_tiny_numbers_does_not_underflow():
    x = np.ldexp(1.0, -np.arange(1000, dtype=int))
    with np.errstate(all="raise"):
        assert Tensor(np.concatenate([x, -x])).tanh().data[500:1000].tolist() == x[500:].tolist()


def test_gelu_is_right_to_4_units_from_minus_0_8_on_and_loses_digits_below():
    # scipy's normal distribution function, which it is made of, has a relative error that grows as x² in
    # its lower tail, and is 0 where its value has no longer all digits
    expected = each(lambda x: x * mp.ncdf(x))(exact(ARGUMENTS))
    for size in (7, 10_000):
        off = ulps(in_chunks("gelu", ARGUMENTS, size), expected)
        assert off[ARGUMENTS >= -0.8].max() <= 4
        below = (ARGUMENTS < -0.8) & (ARGUMENTS > -37.5)
        assert (off[below] <= 16 + 2 * ARGUMENTS[below] ** 2).all()
    assert np.abs(Tensor(ARGUMENTS[ARGUMENTS <= -37.5]).gelu().data).max() < 1e-305


# fmt: off
ENDS = {  # at -inf and inf
    "sigmoid": [0, 1], "tanh": [-1, 1], "relu": [0, INF], "leaky_relu": [-INF, INF], "softplus": [0, INF],
}
# fmt: on


@pytest.mark.usefixtures("tanh_of_many")
@pytest.mark.parametrize("many", [1, 800])
@pytest.mark.parametrize("name", ENDS)
def test_activations_of_infinities_are_their_limits_and_of_nan_are_nan(name, many):
    assert getattr(Tensor([-INF, INF] * many), name)().tolist() == ENDS[name] * many
    with np.errstate(invalid="ignore"):
        assert np.isnan(getattr(Tensor([np.nan, 1.0] * many), name)().data).tolist() == [True, False] * many


@pytest.mark.parametrize("many", [1, 800])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "leaky_relu", "softplus", "gelu"])
def test_activations_of_1000_and_their_slopes_give_no_warning(name, dtype, many):
    low, high = {"sigmoid": (0, 1), "tanh": (-1, 1), "leaky_relu": (-10, 1000)}.get(name, (0, 1000))
    left, right = {"leaky_relu": (0.01, 1), "sigmoid": (0, 0), "tanh": (0, 0)}.get(name, (0, 1))
    x = Tensor([-1000.0, 1000.0] * many, requires_grad=True, dtype=dtype)
    out = getattr(x, name)()
    out.sum().backward()
    np.testing.assert_allclose(out.data, [low, high] * many, rtol=1e-6)
    np.testing.assert_allclose(x.grad, [left, right] * many, rtol=1e-6)


# NumPy's functions by their own names --------------------------------------------------------------

UFUNCS = [f for f in IMPLEMENTED if isinstance(f, np.ufunc) and f.__name__ not in SPECIAL]
NUMPY_CALLS = [(f, i) for f, calls in CALLS.items() for i in range(len(calls))]
every_call = pytest.mark.parametrize(
    ("function", "i"), NUMPY_CALLS, ids=[f"{f.__name__}-{i}" for f, i in NUMPY_CALLS]
)


def test_every_numpy_function_that_tensors_answer_to_is_called_by_its_own_name():
    called = set(CALLS) | {op.call for op in TABLE}
    assert {f.__name__ for f in IMPLEMENTED if f not in called} <= SPECIAL


@every_call
def test_numpy_functions_of_tensors_give_the_results_of_arrays(function, i, rng):
    x, y = rng.normal(size=(3, 4)), rng.normal(size=(4, 3))
    call = CALLS[function][i]
    expected, out = call(x, y), call(Tensor(x), Tensor(y))
    assert isinstance(out, Tensor)
    assert out.shape == np.shape(expected)
    np.testing.assert_allclose(out.data, expected, rtol=1e-13, atol=1e-14)


@every_call
def test_numpy_functions_of_float32_tensors_give_float32(function, i, rng):
    x, y = (Tensor(rng.normal(size=shape), requires_grad=True, dtype="float32") for shape in ((3, 4), (4, 3)))
    out = CALLS[function][i](x, y)
    expected = CALLS[function][i](x.numpy(), y.numpy()).dtype  # constants of float64 may take part
    assert out.dtype == expected
    (out * x.sum() * y.sum()).sum().backward()
    assert (x.grad.dtype, y.grad.dtype) == ("float32", "float32")


@every_call
def test_gradients_through_numpy_functions_are_their_slopes(function, i, rng):
    arrays = rng.normal(size=(3, 4)), rng.normal(size=(4, 3))
    call = CALLS[function][i]
    x, y = leaves(arrays)
    out = call(x, y)
    c = rng.normal(size=out.shape)
    out.backward(c)

    kind = float if function in DOUBLE else np.longdouble  # a central difference in 64 bits of mantissa
    wide, step = [a.astype(kind) for a in arrays], kind(2) ** -20
    precision = {"rtol": 1e-5, "atol": 1e-7} if function in DOUBLE else {"rtol": 1e-9, "atol": 1e-10}
    for k, leaf in enumerate((x, y)):
        expected = np.empty(leaf.shape)
        for place in np.ndindex(leaf.shape):
            shift = np.zeros(leaf.shape, kind)
            shift[place] = step
            ahead, behind = ([a + s * shift if j == k else a for j, a in enumerate(wide)] for s in (1, -1))
            expected[place] = (c * (call(*ahead) - call(*behind))).sum() / (2 * step)
        found = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad  # None: the call does not take it
        np.testing.assert_allclose(found, expected, **precision)


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[message for *_, message in REFUSED])
def test_numpy_functions_of_tensors_refuse_arguments_that_they_do_not_support(call, kind, message):
    with pytest.raises(kind, match=message):
        call(Tensor(np.ones((3, 4)), requires_grad=True))


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "option", [{"out": (np.ones(2),)}, {"where": [True, False]}, {"dtype": "float32"}], ids=str
)
def test_ufuncs_of_tensors_refuse_options_by_name(ufunc, option):
    if "out" in option or ("where" in option and ufunc.signature is not None):  # which NumPy itself refuses
        option = {"out": (np.ones(2),) * ufunc.nout}
    operands = [Tensor([1.0, 1.0], requires_grad=True)] * ufunc.nin
    name = next(iter(option))
    with pytest.raises(
        UnsupportedError, match=rf"^numpy\.{ufunc.__name__}\(\) of a Tensor does not take {name}="
    ):
        ufunc(*operands, **option)


@pytest.mark.parametrize(
    "ufunc", [f for f in UFUNCS if (f.nin, f.nout, f.signature) == (2, 1, None)], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("method", ["reduce", "accumulate", "outer", "at", "reduceat"])
def test_methods_of_ufuncs_on_tensors_are_refused_by_name(ufunc, method):
    x = Tensor([1.0, 1.0], requires_grad=True)
    arguments = {"outer": (x, x), "at": (np.ones(2), [0], x), "reduceat": (x, [0])}.get(method, (x,))
    with pytest.raises(UnsupportedError, match=rf"^numpy\.{ufunc.__name__}\.{method}\(\)"):
        getattr(ufunc, method)(*arguments)


# fmt: off
PLAIN_CALLS = {
    np.argmax: [{"axis": 0}], np.argmin: [{"axis": 1}], np.argsort: [{"axis": 0}], np.nonzero: [{}],
    np.any: [{"axis": 0}], np.all: [{}], np.count_nonzero: [{"axis": 1}],
    np.shape: [{}], np.ndim: [{}], np.size: [{"axis": 1}], np.result_type: [{}],
    np.zeros_like: [{}, {"dtype": "float32"}], np.ones_like: [{"shape": 3}],
    np.array_repr: [{}], np.array_str: [{}], np.argpartition: [{"kth": 1}],
    np.argwhere: [{}], np.flatnonzero: [{}], np.nanargmax: [{"axis": 0}], np.nanargmin: [{}],
    np.iscomplexobj: [{}], np.isrealobj: [{}], np.isreal: [{}], np.iscomplex: [{}],
    np.linalg.matrix_rank: [{}],
    np.isposinf: [{}], np.isneginf: [{}], np.lexsort: [{}], np.histogram: [{"bins": 3}],
    np.digitize: [{"bins": np.array([-1, 0, 1])}],
    np.isfinite: [{}], np.isinf: [{}], np.isnan: [{}], np.signbit: [{}], np.logical_not: [{}],
}
PLAIN_PAIRS = {
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal,
    np.logical_and, np.logical_or, np.logical_xor, np.array_equal, np.allclose, np.isclose,
    np.shares_memory, np.may_share_memory, np.searchsorted, np.isin, np.array_equiv,
}
# fmt: on


def test_every_function_without_a_slope_is_tested():
    assert set(PLAIN_CALLS) | PLAIN_PAIRS | {np.empty_like, np.bincount} == WITHOUT_SLOPE


@pytest.mark.parametrize("function", PLAIN_CALLS, ids=lambda f: f.__name__)
def test_functions_without_a_slope_give_the_results_of_arrays(function, rng):
    x = rng.normal(size=(3, 4)) * (rng.random((3, 4)) > 0.3)
    for options in PLAIN_CALLS[function]:
        found = function(Tensor(x, requires_grad=True), **options)
        expected = function(x, **options)
        assert type(found) is type(expected)
        np.testing.assert_equal(found, expected)


@pytest.mark.parametrize("function", sorted(PLAIN_PAIRS, key=lambda f: f.__name__), ids=lambda f: f.__name__)
def test_functions_of_two_operands_without_a_slope_give_the_results_of_arrays(function):
    x, y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 0.0])
    expected = function(x, y)
    t = Tensor(x, requires_grad=True)
    for found in (function(t, y), function(x, Tensor(y))):
        assert type(found) is type(expected)
        np.testing.assert_array_equal(found, expected)


def test_empty_like_of_a_tensor_has_its_shape_and_dtype():
    like = np.empty_like(tensor([[1, 2]], dtype="float32"))
    assert (type(like), like.shape, like.dtype) == (np.ndarray, (1, 2), "float32")


# Casts --------------------------------------------------------------------------------------------


def test_astype_passes_the_gradient_back_in_the_dtype_of_the_leaf():
    x = Tensor([0.1, 0.2], requires_grad=True, dtype="float32")
    y = x.astype("float64")
    assert y.dtype == "float64"
    (y * np.array([3.0, 1 / 3])).sum().backward()
    assert x.grad.dtype == "float32"
    assert x.grad.tolist() == [3, np.float32(1 / 3)]
    assert not x.astype(int).requires_grad


def test_where_passes_the_gradient_to_the_chosen_operand_only():
    x, y = leaves([np.full((3, 2), np.inf), np.zeros((1, 2))])
    np.where(MASK, y, x).backward(np.array([[1.0, 2], [3, 4], [5, 6]]))
    assert x.grad.tolist() == [[0, 0], [3, 4], [0, 0]]
    assert y.grad.tolist() == [[6, 8]]


@pytest.mark.parametrize(
    ("dtype", "x"), [("uint8", [200, 200]), ("int8", [100, 100]), ("int64", [2**33, 2**33])]
)
def test_the_norm_of_whole_numbers_is_that_of_numpy(dtype, x):
    x = np.array(x, dtype)
    assert np.linalg.norm(Tensor(x)).item() == np.linalg.norm(x)
