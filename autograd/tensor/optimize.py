"""`minimize`: SciPy's optimisers, with the derivatives that they want."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.tensor.containers import flatten
from autograd.tensor.linearization import Linearization, plain
from autograd.tensor.transforms import grad, hessian

__all__ = ["minimize"]

WITHOUT_GRADIENT = ("nelder-mead", "powell", "cobyla", "cobyqa")
WITH_HESSIAN = ("dogleg", "trust-exact")
WITH_PRODUCTS = ("newton-cg", "trust-ncg", "trust-krylov", "trust-constr")


class Objective:
    """The function of a vector that SciPy gets, and its derivatives; what was found last is kept."""

    def __init__(self, function: Callable[..., Any], unflatten: Callable[[Any], Any], args: tuple[Any, ...]):
        def of_vector(vector: Any) -> Any:
            return function(unflatten(vector), *args)

        of_vector.__name__ = getattr(function, "__name__", type(function).__name__)
        self.function, self.gradient, self.hessian = of_vector, grad(of_vector), hessian(of_vector)
        self._linear: tuple[Any, Linearization] | None = None

    def value(self, x: Any) -> float:
        """The value at ``x``."""
        return float(plain(self.function(x)))

    def value_and_gradient(self, x: Any) -> tuple[float, Any]:
        """The value and the gradient at ``x``."""
        at = Linearization("minimize()", self.function, (x,), {})
        number = at.only_output(single=True)
        return float(plain(number)), at.pull(np.ones(number.shape))

    def product(self, x: Any, v: Any) -> Any:
        """The product of the Hessian at ``x`` and ``v``; methods ask for several at one point."""
        if self._linear is None or not np.array_equal(self._linear[0], x):
            self._linear = x.copy(), Linearization("minimize()", self.gradient, (x,), {})
        return self._linear[1].push(v)


def minimize(
    function: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    method: str | None = None,
    *,
    callback: Callable[..., Any] | None = None,
    **options: Any,
) -> Any:
    """`scipy.optimize.minimize` with exact derivatives.

    Methods that take a gradient get it. Newton-CG, trust-ncg, trust-krylov and trust-constr get products of
    the Hessian with vectors, trust-exact and dogleg the Hessian.

    Args:
        function: a function of x and of ``args`` that returns one number.
        x0: where to begin: a number, an array, or nested lists, tuples and dicts of them.
        args: further arguments of the function, which stay as they are.
        method: a name that SciPy knows; SciPy chooses one if there is none.
        callback: called with the present x, in the structure of ``x0``, after each iteration.
        options: what else SciPy's function takes: ``bounds``, ``constraints``, ``tol``, ``options``. They
            are about the vector of all numbers of ``x0``, in order.

    Returns:
        SciPy's result, with ``x`` and the gradient ``jac`` in the structure of ``x0``.

    Raises:
        OutputError: the function returned no single real number.
        ValueError: SciPy knows no such method, or the options do not suit it.

    >>> def distance(p):
    ...     return (p["a"] - 1) ** 2 + np.sum((p["b"] - p["a"]) ** 2)
    >>> found = minimize(distance, {"a": 0.0, "b": np.zeros(2)})
    >>> round(float(found.x["a"]), 6), found.x["b"].round(6), found.success
    (1.0, array([1., 1.]), True)
    """
    from scipy import optimize

    vector, unflatten = flatten(x0)
    objective = Objective(function, unflatten, args)
    kind = (method or "").lower()
    if kind in WITH_HESSIAN:
        options["hess"] = objective.hessian
    elif kind in WITH_PRODUCTS:
        options["hessp"] = objective.product
    if callback is not None:
        options["callback"] = lambda x, *state: callback(unflatten(x), *state)
    with_gradient = kind not in WITHOUT_GRADIENT
    result = optimize.minimize(
        objective.value_and_gradient if with_gradient else objective.value,
        np.asarray(vector, float),
        jac=with_gradient or None,
        method=method,
        **options,
    )
    result.x = unflatten(result.x)
    if with_gradient and np.shape(result.jac) == np.shape(vector):
        result.jac = unflatten(result.jac)
    return result
