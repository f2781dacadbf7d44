"""Fixed points of functions, differentiated without going back through the iterations."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.tensor import Linearization, Primitive, Tensor, apply, leaves_of, plain, rebuilt

__all__ = ["fixed_point"]


def fixed_point(
    f: Callable[[Any], Callable[[Any], Any]], a: Any, x0: Any, distance: Callable[[Any, Any], Any], tol: float
) -> Any:
    """The x for which ``f(a)(x)`` is x, by calling that again and again.

    Its derivative by ``a`` is that of the implicit function theorem: another fixed point, for the gradient.

    Args:
        f: makes, of ``a``, a function from an array x to the next one.
        a: a number, an array or a Tensor, or nested lists, tuples and dicts of them.
        x0: the array to begin with.
        distance: of two arrays x, a number; the iteration ends when it is not above ``tol``.
        tol: the greatest distance of the last two.

    >>> from autograd import grad
    >>> newton = lambda a: lambda x: (x + a / x) / 2  # its fixed point is the root of a
    >>> root = lambda a: fixed_point(newton, a, 1.0, lambda x, y: np.abs(x - y), 1e-12)
    >>> root(2.0), round(grad(root)(2.0), 6), round(grad(grad(root))(2.0), 6)
    (1.414213562373095, np.float64(0.353553), np.float64(-0.088388))
    """
    leaves = leaves_of(a)
    if not any(isinstance(leaf, Tensor) for leaf in leaves):
        step = f(a)
        x, before = step(x0), x0
        while distance(x, before) > tol:
            x, before = step(x), x
        return x

    def forward(*arrays: Any) -> Any:
        return np.asarray(fixed_point(f, rebuilt(a, arrays), plain(x0), distance, tol))

    def slope(i: int, g: Any, out: Any, *args: Any) -> Any:
        def backward(given: Any) -> Callable[[Any], Any]:
            arguments, x, seed = given
            at = Linearization("fixed_point()", f(rebuilt(a, arguments)), (x,), {})
            return lambda w: at.pull(w, warned=False) + seed

        w = fixed_point(backward, (list(args), out, g), np.zeros(out.shape), distance, tol)

        def of_argument(x: Any) -> Any:
            return f(rebuilt(a, [*args[:i], x, *args[i + 1 :]]))(out)

        found = Linearization("fixed_point()", of_argument, (args[i],), {}).pull(w, warned=False)
        return found if isinstance(g, Tensor) else np.asarray(plain(found))

    row = Primitive(forward, (), slope, "fixed_point")
    return apply(row, [x if isinstance(x, Tensor) else np.asarray(x) for x in leaves], {})
