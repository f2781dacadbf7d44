"""minimize: SciPy's optimisers with exact derivatives, over nested arguments."""

import numpy as np
import pytest
import scipy.optimize
from scipy.optimize import rosen, rosen_der

from autograd import minimize
from autograd.errors import NotANumberError, OutputError

GRADIENT = ["CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP"]
HESSIAN = ["Newton-CG", "trust-ncg", "trust-krylov", "trust-exact", "trust-constr", "dogleg"]
VALUE = ["Nelder-Mead", "Powell", "COBYLA"]
START = np.array([0.9, 1.2, 0.8])


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.filterwarnings("ignore:.*delta_grad == 0.0")
@pytest.mark.parametrize("method", [None, *GRADIENT, *HESSIAN, *VALUE])
def test_each_method_finds_the_minimum_of_a_convex_function(method):
    found = minimize(lambda x: np.sum(np.exp(x) - np.array([1, 2, 3]) * x), START, method=method, tol=1e-8)
    np.testing.assert_allclose(found.x, np.log([1, 2, 3]), atol=1e-4)


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "CG"])
def test_the_path_is_that_of_scipy_with_the_gradient_by_hand(method):
    own, theirs = [], []
    found = minimize(rosenbrock, START, method=method, callback=lambda x: own.append(x.copy()))
    expected = scipy.optimize.minimize(
        rosen, START, jac=rosen_der, method=method, callback=lambda x: theirs.append(x.copy())
    )
    assert found.nit == expected.nit
    np.testing.assert_allclose(own, theirs, atol=1e-5)


def test_exact_derivatives_need_fewer_evaluations_than_differences():
    exact = minimize(rosenbrock, START, method="BFGS")
    differences = scipy.optimize.minimize(rosen, START, method="BFGS")
    assert exact.nfev < differences.nfev / 2


def test_products_at_one_point_go_through_the_function_once():
    calls = []

    def f(x):
        calls.append(1)
        return rosenbrock(x)

    found = minimize(f, START, method="trust-krylov")
    assert len(calls) <= found.nfev + 2 * found.nit + 4
    assert found.nhev > found.nit


def test_arguments_may_be_nested_and_there_may_be_more_of_them():
    X = np.random.default_rng(1).normal(size=(50, 2))
    y = X @ [2.0, -1.0] + 3

    def loss(p, X, y, power):
        return np.mean(np.abs(X @ p["w"] + p["b"][0] - y) ** power)

    seen = []
    start = {"w": np.zeros(2), "b": [0.0]}
    found = minimize(loss, start, (X, y, 2), "BFGS", callback=seen.append)
    np.testing.assert_allclose(found.x["w"], [2, -1], atol=1e-5)
    assert found.x["b"][0] == pytest.approx(3, abs=1e-5)
    assert found.jac["w"].shape == (2,)
    assert sorted(seen[0]) == ["b", "w"]
    assert start["w"].tolist() == [0, 0]
    bounded = minimize(loss, start, (X, y, 2), bounds=[(0, 1)] * 3)
    assert all(0 <= x <= 1 for x in (*bounded.x["w"], *bounded.x["b"]))
    assert minimize(lambda x: (x - 2) ** 2, 0.0).x == pytest.approx(2, abs=1e-6)
    assert minimize(lambda x: (x - 2) ** 2, 1).x == pytest.approx(2, abs=1e-6)  # a whole number to begin with


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: minimize(lambda x: x, START), OutputError, r"^minimize\(\) wants .* one real number,"),
        (lambda: minimize(lambda x: "a", START), OutputError, "<lambda> returned str"),
        (lambda: minimize(rosenbrock, START, method="none"), ValueError, "Unknown solver none"),
        (lambda: minimize(rosenbrock, ["a"]), (NotANumberError, ValueError), "a"),
    ],
)  # fmt: skip
def test_minimize_says_what_it_cannot_minimise(call, error, message):
    with pytest.raises(error, match=message):
        call()
