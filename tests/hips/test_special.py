"""SciPy's special functions and densities, against 60 digits and SciPy's own."""

import mpmath
import numpy as np
import pytest
import scipy.special as special
import scipy.stats
from scipy.differentiate import derivative

import autograd.scipy.special as own_special
from autograd import Tensor, grad, make_jvp, record
from autograd.errors import UnsupportedError
from autograd.scipy import stats
from autograd.tensor.primitive import Primitive
from autograd.tensor.rows import special as special_rows
from autograd.test_util import check_grads, combo_check

mp = mpmath.mp.clone()
mp.dps = 40
# fmt: off
FUNCTIONS = {  # by row: the call of one varied argument, the same with 40 digits, and where
    "gammaln":   (special.gammaln,                      mp.loggamma,                           (0.3, 4)),
    "psi":       (special.psi,                          mp.digamma,                            (0.3, 4)),
    "polygamma": (lambda x: own_special.polygamma(2, x), lambda x: mp.psi(2, x),               (0.5, 4)),
    "gamma":     (special.gamma,                        mp.gamma,                              (0.3, 4)),
    "rgamma":    (special.rgamma,                       mp.rgamma,                             (0.3, 4)),
    "beta":      (lambda x: special.beta(x, 1.5),       lambda x: mp.beta(x, 1.5),             (0.3, 4)),
    "beta, b":   (lambda x: special.beta(0.7, x),       lambda x: mp.beta(mp.mpf(0.7), x),     (0.3, 4)),
    "betaln":    (lambda x: special.betaln(x, 1.5),     lambda x: mp.log(mp.beta(x, 1.5)),     (0.3, 4)),
    "betaln, b": (lambda x: special.betaln(0.7, x),     lambda x: mp.log(mp.beta(mp.mpf(0.7), x)), (0.3, 4)),
    "gammainc":  (lambda x: special.gammainc(1.7, x),
                  lambda x: mp.gammainc(mp.mpf(1.7), 0, x, True),                              (0.2, 3)),
    "gammaincc": (lambda x: special.gammaincc(1.7, x),
                  lambda x: mp.gammainc(mp.mpf(1.7), x, mp.inf, True),                         (0.2, 3)),
    "betainc":   (lambda x: special.betainc(1.7, 0.6, x),
                  lambda x: mp.betainc(mp.mpf(1.7), mp.mpf(0.6), 0, x, True),                  (0.1, 0.9)),
    "erf":       (special.erf,                          mp.erf,                                (-2, 2)),
    "erfc":      (special.erfc,                         mp.erfc,                               (-2, 2)),
    "erfinv":    (special.erfinv,                       mp.erfinv,                             (-0.9, 0.9)),
    "erfcinv":   (special.erfcinv,                      lambda x: mp.erfinv(1 - x),            (0.1, 1.9)),
    "ndtr":      (special.ndtr,                         mp.ncdf,                               (-2, 2)),
    "log_ndtr":  (special.log_ndtr,                     lambda x: mp.log(mp.ncdf(x)),          (-8, 2)),
    "ndtri":     (special.ndtri,   lambda x: mp.sqrt(2) * mp.erfinv(2 * x - 1),                (0.1, 0.9)),
    "expit":     (special.expit,                        lambda x: 1 / (1 + mp.exp(-x)),        (-3, 3)),
    "log_expit": (special.log_expit,                    lambda x: -mp.log(1 + mp.exp(-x)),     (-3, 3)),
    "logit":     (special.logit,                        lambda x: mp.log(x / (1 - x)),         (0.1, 0.9)),
    "xlogy":     (lambda x: special.xlogy(x, 1.7),      lambda x: x * mp.log(1.7),             (-2, 2)),
    "xlogy, y":  (lambda x: special.xlogy(1.7, x),      lambda x: mp.mpf(1.7) * mp.log(x),     (0.3, 3)),
    "xlog1py":   (lambda x: special.xlog1py(x, 0.7),    lambda x: x * mp.log(mp.mpf(0.7) + 1), (-2, 2)),
    "xlog1py, y": (lambda x: special.xlog1py(1.7, x),   lambda x: mp.mpf(1.7) * mp.log(1 + x), (-0.7, 3)),
    "entr":      (special.entr,                         lambda x: -x * mp.log(x),              (0.3, 3)),
    "rel_entr":  (lambda x: special.rel_entr(x, 1.7),   lambda x: x * mp.log(x / mp.mpf(1.7)), (0.3, 3)),
    "rel_entr, y": (lambda x: special.rel_entr(1.7, x),
                  lambda x: mp.mpf(1.7) * mp.log(mp.mpf(1.7) / x),                             (0.3, 3)),
    "kl_div":    (lambda x: special.kl_div(x, 1.7),
                  lambda x: x * mp.log(x / mp.mpf(1.7)) - x + mp.mpf(1.7),                     (0.3, 3)),
    "kl_div, y": (lambda x: special.kl_div(1.7, x),
                  lambda x: mp.mpf(1.7) * mp.log(mp.mpf(1.7) / x) - mp.mpf(1.7) + x,           (0.3, 3)),
    "jv":        (lambda x: special.jv(1.5, x),         lambda x: mp.besselj(1.5, x),          (0.5, 4)),
    "yv":        (lambda x: special.yv(1.5, x),         lambda x: mp.bessely(1.5, x),          (0.5, 4)),
    "yn":        (lambda x: special.yn(2, x),           lambda x: mp.bessely(2, x),            (0.5, 4)),
    "iv":        (lambda x: special.iv(1.5, x),         lambda x: mp.besseli(1.5, x),          (0.5, 4)),
    "kv":        (lambda x: special.kv(1.5, x),         lambda x: mp.besselk(1.5, x),          (0.5, 4)),
    "ive":       (lambda x: special.ive(1.5, x),        lambda x: mp.besseli(1.5, x) * mp.exp(-x), (0.5, 4)),
    "j0":        (special.j0,                           lambda x: mp.besselj(0, x),            (-4, 4)),
    "j1":        (special.j1,                           lambda x: mp.besselj(1, x),            (-4, 4)),
    "y0":        (special.y0,                           lambda x: mp.bessely(0, x),            (0.5, 4)),
    "y1":        (special.y1,                           lambda x: mp.bessely(1, x),            (0.5, 4)),
    "i0":        (special.i0,                           lambda x: mp.besseli(0, x),            (-4, 4)),
    "i1":        (special.i1,                           lambda x: mp.besseli(1, x),            (-4, 4)),
    "k0":        (special.k0,                           lambda x: mp.besselk(0, x),            (0.5, 4)),
    "k1":        (special.k1,                           lambda x: mp.besselk(1, x),            (0.5, 4)),
    "numpy's i0": (np.i0,                               lambda x: mp.besseli(0, x),            (-4, 4)),
    "multigammaln": (lambda x: own_special.multigammaln(x, 3),
                     lambda x: sum(mp.loggamma(x - mp.mpf(j) / 2) for j in range(3)) + mp.log(mp.pi) * 3 / 2,
                     (1.5, 4)),
}
# fmt: on


@pytest.mark.parametrize("name", FUNCTIONS)
def test_special_functions_and_two_derivatives_agree_with_40_digits(name, rng):
    call, reference, (low, high) = FUNCTIONS[name]
    for x in rng.uniform(low, high, 5):
        out = call(Tensor(x))
        assert isinstance(out, Tensor)
        assert out.item() == pytest.approx(float(reference(mp.mpf(x))), rel=1e-12, abs=1e-14)
        for k, f in enumerate((grad(call), lambda x: make_jvp(call)(x)(1.0)[1], grad(grad(call)))):
            expected = float(mp.diff(reference, mp.mpf(x), 1 + (k == 2)))
            assert f(x) == pytest.approx(expected, rel=1e-10, abs=1e-12), k


def test_every_row_of_special_functions_is_tested():
    own = {row.name for row in vars(special_rows).values() if isinstance(row, Primitive)}
    assert own - {name.partition(",")[0] for name in FUNCTIONS} == {"gammasgn"}


@pytest.mark.parametrize(
    ("call", "name", "argument"),
    [
        (lambda a: special.gammainc(a, 1.0), "gammainc", "a"),
        (lambda a: special.betainc(1.0, a, 0.5), "betainc", "b"),
        (lambda a: special.jv(a, 0.5), "jv", "v"),
        (lambda a: special.yn(a, 0.5), "yn", "n"),
    ],
)
def test_a_derivative_that_is_not_known_is_named_with_its_argument(call, name, argument):
    message = rf"scipy.special.{name}\(\) has no derivative by {argument} here"
    with pytest.raises(UnsupportedError, match=message):
        grad(call)(1.0)
    with pytest.raises(UnsupportedError, match=message):
        make_jvp(call)(1.0)(1.0)


def test_special_functions_without_a_derivative_here_are_refused_by_name():
    with pytest.raises(UnsupportedError, match=r"ellipk\(\) has no derivative"):
        special.ellipk(Tensor(0.5, requires_grad=True))


def test_logsumexp_of_scipy_takes_weights(rng):
    x, b = rng.normal(size=(3, 4)), rng.uniform(0.5, 2, (3, 4))
    for axis in (None, 0, 1):
        for keepdims in (False, True):
            f = lambda x, b, axis=axis, keep=keepdims: own_special.logsumexp(x, axis, b, keep)
            found, expected = f(Tensor(x), Tensor(b)).data, special.logsumexp(x, axis, b, keepdims)
            np.testing.assert_allclose(found, expected, rtol=1e-14)
            check_grads(f, (0, 1))(x, b)
    combo_check(own_special.logsumexp, [0])([x], axis=[None, 0, 1], keepdims=[True, False])
    assert own_special.logsumexp(x) == special.logsumexp(x)


# Densities: by name, points and parameters; the first is varied unless it is a whole number
COV = np.array([[2.0, 0.5], [0.5, 1.0]])
DENSITIES = {
    "norm": ([0.3, -1.2, 2.0], (0.4, 1.3), "logpdf pdf cdf logcdf sf logsf"),
    "t": ([0.3, -1.2, 2.0], (5.0, 0.4, 1.3), "logpdf pdf"),
    "gamma": ([0.3, 1.2, 2.0], (2.5,), "logpdf pdf"),
    "beta": ([0.3, 0.6, 0.9], (2.5, 1.5), "logpdf pdf"),
    "chi2": ([0.3, 1.2, 2.0], (3.5,), "logpdf pdf"),
    "poisson": ([0, 2, 5], (1.7,), "logpmf pmf cdf"),
    "dirichlet": ([0.2, 0.5, 0.3], ([2.0, 3.0, 1.5],), "logpdf pdf"),
    "multivariate_normal": ([[0.3, 1.0], [-1.0, 0.2]], ([0.5, 0.1], COV), "logpdf pdf"),
}
CASES = [(name, f) for name, (*_, functions) in DENSITIES.items() for f in functions.split()]


@pytest.mark.parametrize(("name", "function"), CASES)
def test_densities_are_those_of_scipy_with_right_derivatives(name, function):
    x, parameters, _ = DENSITIES[name]
    x, parameters = np.array(x), tuple(np.array(p) if isinstance(p, list) else p for p in parameters)
    own, theirs = getattr(getattr(stats, name), function), getattr(getattr(scipy.stats, name), function)
    np.testing.assert_allclose(own(x, *parameters), theirs(x, *parameters), rtol=1e-12)
    varied = tuple(range(0 if x.dtype == float else 1, 1 + len(parameters)))
    if name == "dirichlet":
        varied = (1,)  # SciPy wants points that add up to 1
    symmetric = (lambda *a: own(*a[:-1], (a[-1] + a[-1].T) / 2)) if name == "multivariate_normal" else own
    check_grads(symmetric, varied)(x, *parameters)


@pytest.mark.parametrize(
    ("own", "theirs", "x"),
    [
        (lambda x: stats.t.cdf(x, 5.0, 0.4, 1.3), lambda x: scipy.stats.t.cdf(x, 5.0, 0.4, 1.3), -1.2),
        (lambda x: stats.t.cdf(x, 5.0, 0.4, 1.3), lambda x: scipy.stats.t.cdf(x, 5.0, 0.4, 1.3), 1.2),
        (lambda x: stats.t.logcdf(x, 5.0), lambda x: scipy.stats.t.logcdf(x, 5.0), -0.5),
        (lambda x: stats.gamma.cdf(x, 2.5), lambda x: scipy.stats.gamma.cdf(x, 2.5), 1.2),
        (lambda x: stats.beta.cdf(x, 2.5, 1.5), lambda x: scipy.stats.beta.cdf(x, 2.5, 1.5), 0.4),
        (lambda x: stats.chi2.cdf(x, 3.5), lambda x: scipy.stats.chi2.cdf(x, 3.5), 1.2),
        (lambda x: stats.norm.ppf(x, 1.0, 2.0), lambda x: scipy.stats.norm.ppf(x, 1.0, 2.0), 0.3),
    ],
)
def test_distribution_functions_are_those_of_scipy_with_right_slopes(own, theirs, x):
    assert own(x) == pytest.approx(theirs(x), rel=1e-12)
    assert grad(own)(x) == pytest.approx(float(derivative(theirs, x, initial_step=0.05).df), rel=1e-8)


def test_the_entropy_of_a_normal_distribution_and_its_slope():
    own = lambda c: stats.multivariate_normal.entropy(np.zeros(2), c)
    assert own(COV) == pytest.approx(scipy.stats.multivariate_normal.entropy(np.zeros(2), COV), rel=1e-12)
    check_grads(own)(COV)


def test_special_functions_are_recorded():
    program = record(grad(lambda x: np.sum(special.gammaln(x) * special.erf(x))), np.ones(3))
    x = np.array([0.5, 1.5, 2.5])
    slopes = special.psi(x) * special.erf(x) + special.gammaln(x) * 2 / np.sqrt(np.pi) * np.exp(-(x**2))
    np.testing.assert_allclose(program(x), slopes, rtol=1e-13)
