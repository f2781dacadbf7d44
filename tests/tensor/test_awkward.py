"""Values and slopes at awkward points, against PyTorch's recorded answers and mpmath's 60 digits.

Where the array engine decides otherwise than PyTorch, `DECIDED` says what, and docs/numbers.md why.
"""

import itertools
import json

import mpmath
import numpy as np
import pytest
from awkward import ANSWERS, BINARY, MANY, NAN, ONE, REDUCTIONS, TWO, UNARY
from scipy import special

from autograd import Tensor, grad, hessian, jacobian, make_jvp, record
from autograd.tensor import logsumexp, softmax
from autograd.tensor.core import ROWS

PYTORCH = json.loads(ANSWERS.read_text())
OURS = {"amax": np.max, "amin": np.min, "norm": np.linalg.norm, "logsumexp": logsumexp, "softmax": softmax}
CASES = [
    *((name, ROWS[UNARY[name] or name], [[x] for x in ONE]) for name in UNARY),
    *((name, ROWS[BINARY[name] or name], TWO) for name in BINARY),
    *((name, OURS.get(name) or getattr(np, name), [[x] for x in MANY]) for name in REDUCTIONS),
]
NOTHING = [NAN, NAN]
DECIDED = {  # by function and point, the value and the slopes here, where PyTorch has others
    ("abs", "[nan]"): (NAN, [NAN]),  # 0 there; here nan goes through to the slope
    ("sign", "[nan]"): (NAN, [0.0]),  # the value is 0 there
    ("relu", "[nan]"): (NAN, [0.0]),  # 1 there
    ("hypot", "[0.0, 0.0]"): (0.0, [0.0, 0.0]),  # nan there, though norm has 0
    ("atan2", "[0.0, 0.0]"): (0.0, NOTHING),  # 0 there; it jumps, so there is no slope
    ("atan2", "[1e-300, 1e-300]"): (np.pi / 4, [5e299, -5e299]),  # 0 there, since squares underflow
    ("pow", "[0.0, -1.0]"): (np.inf, [-np.inf, NAN]),  # for the exponent -inf there
    ("var", "[[inf, 1.0]]"): (NAN, [NOTHING]),  # one of two there
    ("var", "[[-inf, 1.0]]"): (NAN, [NOTHING]),
    ("logsumexp", "[[inf, 1.0]]"): (np.inf, [NOTHING]),  # one of two there
    **{  # 1 for each there: nan, as the result is
        (name, str(pair)): (NAN, NOTHING)
        for name in ("maximum", "minimum")
        for pair in TWO
        if NAN in pair or any(x != x for x in pair)
    },
}


def found(function, numbers):
    tensors = [Tensor(np.array(x, float), requires_grad=True) for x in numbers]
    with np.errstate(all="ignore"):
        out = function(*tensors)
        if out.requires_grad:
            (3 * out).sum().backward()
    return out.data, [np.zeros(t.shape) if t.grad is None else t.grad / 3 for t in tensors]


@pytest.mark.parametrize(("name", "function", "points"), CASES, ids=[case[0] for case in CASES])
def test_values_and_slopes_at_awkward_points_are_those_of_pytorch_or_decided_otherwise(
    name, function, points
):
    assert len(points) == len(PYTORCH[name])
    for point, answer in zip(points, PYTORCH[name], strict=True):
        value, slopes = DECIDED.get((name, str(point)), answer)
        out, grads = found(function, point)
        message = f"{name} at {point}"
        np.testing.assert_allclose(out, value, rtol=1e-12, atol=1e-305, err_msg=message)
        for own, theirs in zip(grads, slopes, strict=True):
            np.testing.assert_allclose(own, theirs, rtol=1e-12, atol=1e-15, err_msg=message)


def test_every_point_decided_otherwise_differs_from_pytorch():
    points = {name: [str(point) for point in points] for name, _, points in CASES}
    for (name, point), (value, slopes) in DECIDED.items():
        theirs = PYTORCH[name][points[name].index(point)]
        same = np.array_equal(theirs[0], value, equal_nan=True)
        same = same and np.allclose(theirs[1], slopes, rtol=1e-12, atol=0, equal_nan=True)
        assert not same, (name, point)


mp = mpmath.mp.clone()
mp.dps = 60
EXACT = {
    "exp": (mp.exp, mp.exp),
    "expm1": (mp.expm1, mp.exp),
    "exp2": (lambda x: mp.mpf(2) ** x, lambda x: mp.mpf(2) ** x * mp.log(2)),
    "log": (mp.log, lambda x: 1 / x),
    "log1p": (mp.log1p, lambda x: 1 / (1 + x)),
    "log2": (lambda x: mp.log(x, 2), lambda x: 1 / (x * mp.log(2))),
    "log10": (mp.log10, lambda x: 1 / (x * mp.log(10))),
    "sqrt": (mp.sqrt, lambda x: 1 / (2 * mp.sqrt(x))),
    "sin": (mp.sin, mp.cos),
    "cos": (mp.cos, lambda x: -mp.sin(x)),
    "tan": (mp.tan, lambda x: 1 / mp.cos(x) ** 2),
    "arcsin": (mp.asin, lambda x: 1 / mp.sqrt(1 - x * x)),
    "arccos": (mp.acos, lambda x: -1 / mp.sqrt(1 - x * x)),
    "arctan": (mp.atan, lambda x: 1 / (1 + x * x)),
    "sinh": (mp.sinh, mp.cosh),
    "cosh": (mp.cosh, mp.sinh),
    "tanh": (mp.tanh, lambda x: mp.sech(x) ** 2),
    "arcsinh": (mp.asinh, lambda x: 1 / mp.sqrt(x * x + 1)),
    "square": (lambda x: x * x, lambda x: 2 * x),
    "reciprocal": (lambda x: 1 / x, lambda x: -1 / x**2),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), lambda x: mp.exp(-x) / (1 + mp.exp(-x)) ** 2),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), lambda x: 1 / (1 + mp.exp(-x))),
}
FINITE = [x for x in ONE if np.isfinite(x) and abs(x) < 700]


@pytest.mark.parametrize("name", EXACT)
def test_values_and_slopes_at_awkward_points_agree_with_60_digits(name):
    value, slope = EXACT[name]
    checked = 0
    for x in [*FINITE, 1e-8, -1e-8, 1e-3, 20.0, -20.0, 1 - 1e-9, -1 + 1e-9, 600.0]:
        try:
            exact = value(mp.mpf(x)), slope(mp.mpf(x))
        except (ZeroDivisionError, ValueError):  # a pole
            continue
        if any(mp.im(y) or not mp.isfinite(y) or abs(y) > 1e300 for y in exact):
            continue
        out, (grad,) = found(ROWS[name], [x])
        # A subtraction from 1 in a slope leaves as many digits as 1 has
        np.testing.assert_allclose(
            float(out), float(exact[0]), rtol=4e-15, atol=1e-307, err_msg=f"{name}({x})"
        )
        np.testing.assert_allclose(grad, float(exact[1]), rtol=1e-7, atol=2e-16, err_msg=f"{name}'({x})")
        checked += 1
    assert checked > 5


def test_clip_is_the_minimum_of_the_maximum_for_any_order_of_its_limits():
    def both(x, lo, hi):
        return np.minimum(np.maximum(x, lo), hi)

    numbers = [-np.inf, -1.0, 0.0, 0.5, 2.0, np.inf, NAN]
    for point in itertools.product(numbers, repeat=3):
        if len(set(point)) < 3:
            continue  # of equal numbers clip gives the gradient to x, and minimum and maximum share it
        value, slopes = found(both, point)
        out, grads = found(np.clip, point)
        np.testing.assert_array_equal(out, value, err_msg=str(point))
        for own, theirs in zip(grads, slopes, strict=True):
            same = np.nan if np.isnan(value) else theirs
            np.testing.assert_array_equal(own, same, err_msg=str(point))


# Slopes of other functions, as the table in docs/numbers.md decides them -----------------------------

ZEROS, EYE = np.zeros((2, 2)), np.eye(2)
RAMP = np.array([1.0, 10.0, 100.0])
TABLE = {  # by what it is: the function, the point, and the slope there
    "where, nan left out": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), [-1.0, 0.0, 4.0], [0, 0, 0.25]),
    "where, nan taken": (lambda x: np.where(x > -2, np.sqrt(x), 0.0), [-1.0, 4.0], [NAN, 0.25]),
    "where, inf left out": (lambda x: np.where(x > 0, x * np.log(x), 0.0), [0.0, 1.0], [0, 1]),
    "where, inf times x": (lambda x: x * np.where(x < 700, np.exp(x) * x, 1.0), [1000.0, 0.0], [1, 0]),
    "select": (
        lambda x: np.select([x > 1, x > 0], [np.log(x - 1), np.sqrt(x)], x),
        [2.0, 4.0, -1.0],
        [1, 1 / 3, 1],
    ),
    "maximum": (lambda x: np.maximum(np.log(x), -5.0), [0.0, 1.0], [0, 1]),
    "minimum": (lambda x: np.minimum(1 / x, 5.0), [0.0, 1.0], [0, -1]),
    "clip": (lambda x: np.clip(np.log(x), -5.0, 5.0), [0.0, 1.0], [0, 1]),
    "max": (lambda x: np.max(np.log(x)), [0.0, 2.0], [0, 0.5]),
    "min": (lambda x: np.min(1 / x), [0.0, 2.0], [0, -0.25]),
    "fmax": (lambda x: np.fmax(np.sqrt(x), 1.0), [-1.0, 4.0], [0, 0.25]),
    "nansum": (lambda x: np.nansum(np.sqrt(x)), [-1.0, 4.0], [0, 0.25]),
    "nanmean": (lambda x: np.nanmean(x * x), [NAN, 4.0], [0, 8]),
    "nanmax": (np.nanmax, [NAN, 1.0], [0, 1]),
    "nanstd": (np.nanstd, [NAN, 1.0, 3.0], [0, -0.5, 0.5]),
    "nan_to_num": (np.nan_to_num, [NAN, np.inf, 1.0], [0, 0, 1]),
    "sort": (lambda x: np.sort(x) * RAMP, [2.0, 2.0, 1.0], [10, 100, 1]),
    "partition": (lambda x: np.partition(x, 1) * RAMP, [2.0, 2.0, 1.0], [10, 100, 1]),
    "median": (np.median, [2.0, 2.0, 2.0], [0, 1, 0]),
    "quantile": (lambda x: np.quantile(x, 0.5), [1.0, 2.0, 2.0, 3.0], [0, 0.5, 0.5, 0]),
    "ptp": (np.ptp, [2.0, 2.0], [0, 0]),
    "prod of two zeros": (np.prod, [0.0, 0.0, 2.0], [0, 0, 0]),
    "prod of one": (np.prod, [0.0, 3.0, 2.0], [6, 0, 0]),
    "cumprod": (np.cumprod, [0.0, 3.0, 0.0], [4, 0, 0]),
    "interp": (lambda x: np.interp(x, [0, 1, 2], [0, 1, 5]), [-1.0, 0.0, 1.0, 2.0, 3.0], [0, 1, 4, 4, 0]),
    "sinc": (np.sinc, [0.0], [0]),
    "remainder": (lambda x: np.remainder(x, 1.0), [2.0], [1]),
    "remainder, by y": (lambda y: np.remainder(2.0, y), [1.0], [-2]),
    "xlogy": (lambda y: special.xlogy(0.0, y), [0.0, 2.0], [0, 0]),
    "xlog1py": (lambda y: special.xlog1py(0.0, y), [-1.0], [0]),
    "rel_entr": (lambda y: special.rel_entr(0.0, y), [0.0, 2.0], [0, 0]),
    "kl_div": (lambda y: special.kl_div(0.0, y), [0.0, 2.0], [1, 1]),
    **{
        f"norm {p}": (lambda x, p=p: np.linalg.norm(x, p), [0.0, 0.0], [0, 0])
        for p in (None, 0, 0.5, 1, 2, 3, np.inf)
    },
    "norm below 1": (lambda x: np.linalg.norm(x, 0.5), [0.0, 2.0], [0, 1]),
    "rows of 0": (lambda x: np.linalg.norm(x, 3, axis=1), [[0.0, 0.0], [0.0, 2.0]], [[0, 0], [0, 1]]),
    "nuclear norm": (lambda x: np.linalg.norm(x, "nuc"), ZEROS, EYE),
    "spectral norm": (lambda x: np.linalg.norm(x, 2), EYE, EYE / 2),
    "det": (np.linalg.det, [[1.0, 2.0], [2.0, 4.0]], [[4, -2], [-2, 1]]),
    "det of rank 1": (np.linalg.det, np.ones((3, 3)), np.zeros((3, 3))),
    "det of a stack": (np.linalg.det, [ZEROS, np.diag([0.0, 3.0])], [ZEROS, np.diag([3.0, 0.0])]),
    "eigvalsh": (np.linalg.eigvalsh, EYE, EYE),
    "eigh": (lambda x: np.linalg.eigh(x)[1] * [1.0, 2.0], EYE, [[NAN, 0], [NAN, NAN]]),
    "arctan2": (lambda x: np.arctan2(x, 0.0), [0.0], [NAN]),
    "logaddexp": (lambda x: np.logaddexp(x, -np.inf), [-np.inf, 0.0], [NAN, 1]),
    "gradient": (np.gradient, [1.0, NAN, 2.0, 3.0], [-1.5, 0.5, -0.5, 1.5]),
}


@pytest.mark.parametrize("name", TABLE)
def test_slopes_are_those_of_the_table_in_the_documentation(name):
    function, point, slope = TABLE[name]
    with np.errstate(all="ignore"):
        at = np.array(point, float)
        gradient = grad(lambda x: 3 * np.sum(function(x)))(at)
        recorded = record(grad(lambda x: 3 * np.sum(function(x))), at)(at)
    np.testing.assert_allclose(gradient, 3 * np.array(slope, float), rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(recorded.data, gradient)


def test_forward_mode_does_not_see_what_is_left_out_either():
    x = np.array([0.0, 4.0])
    with np.errstate(all="ignore"):
        for best, slope in ((np.max, 0.25), (np.min, np.inf)):
            assert make_jvp(lambda x, best=best: best(np.sqrt(x)))(x)(np.ones(2))[1] == slope
        found = jacobian(lambda x: np.stack([np.max(np.sqrt(x)), x[0], x[1]]))(x)
    assert found.tolist() == [[0, 0.25], [1, 0], [0, 1]]


def test_a_gradient_of_numpy_keeps_a_nan_to_its_neighbours():
    x = np.array([1.0, NAN, 2.0, 3.0, 5.0])
    np.testing.assert_array_equal(np.gradient(Tensor(x)).data, np.gradient(x))
    np.testing.assert_array_equal(np.gradient(Tensor(x), edge_order=2).data, np.gradient(x, edge_order=2))


def test_slopes_of_complex_numbers_are_those_of_the_table_in_the_documentation():
    with np.errstate(all="ignore"):
        assert grad(np.abs)(0j) == 0
        assert grad(lambda z: np.real(np.sign(z)))(0j) == 0
        assert np.isnan(grad(np.angle)(0j))


def test_second_derivatives_do_not_see_what_is_left_out_either():
    def f(x):
        return np.sum(np.where(x > 0, x**1.5 * np.log(x), 0.0))

    with np.errstate(all="ignore"):
        found = hessian(f)(np.array([-1.0, 0.0, 4.0]))
    np.testing.assert_allclose(found, np.diag([0, 0, (0.75 * np.log(4) + 2) / 2]), rtol=1e-12)
    # A gradient that happens to be 0 is no number that was left out
    squared = hessian(lambda x: np.where(x > 0, np.sqrt(x) - 2, 0.0) ** 2)
    assert squared(4.0) == pytest.approx(0.125)
    assert record(squared, 1.0)(4.0).item() == pytest.approx(0.125)


def test_the_determinant_has_second_derivatives_of_regular_matrices_only():
    assert hessian(np.linalg.det)(EYE)[0, 0].tolist() == [[0, 0], [0, 1]]
    with pytest.raises(np.linalg.LinAlgError):
        hessian(np.linalg.det)(ZEROS)
