"""Optimisers of functions, with the calls of HIPS/autograd: each takes a gradient and a first guess.

``grad(x, i)`` is the gradient at ``x``, in step i. Numbers may be in nested lists, tuples and dicts.
``callback(x, i, g)`` is called before each step. `autograd.optim` has the optimisers for nets and Tensors.

>>> from autograd import grad
>>> slope = grad(lambda p: (p["x"] - 3) ** 2)
>>> round(float(sgd(lambda p, i: slope(p), {"x": 0.0}, num_iters=200, step_size=0.1)["x"]), 3)
3.0
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.misc.flatten import flatten
from autograd.optim import SGD, Adam, Optimizer, RMSprop
from autograd.tensor import Array, Tensor

__all__ = ["adam", "rmsprop", "sgd", "unflatten_optimizer"]

Gradient = Callable[[Any, int], Any]
Callback = Callable[[Any, int, Any], Any]


def unflatten_optimizer(optimize: Callable[..., Any]) -> Callable[..., Any]:
    """An optimiser of nested lists, tuples and dicts, made of one that knows vectors.

    >>> @unflatten_optimizer
    ... def one_step(grad, x, callback=None):
    ...     return x - 0.1 * grad(x, 0)
    >>> one_step(lambda p, i: {"a": 2 * p["a"]}, {"a": 1.0})
    {'a': np.float64(0.8)}
    """

    def of_nested(
        grad: Gradient, x0: Any, callback: Callback | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        vector, unflatten = flatten(x0)

        def called(x: Array, i: int, g: Array) -> Any:
            return callback and callback(unflatten(x), i, unflatten(g))

        def slope(x: Array, i: int) -> Any:
            return flatten(grad(unflatten(x), i))[0]

        return unflatten(optimize(slope, vector, called, *args, **kwargs))

    return of_nested


def _minimised(
    grad: Gradient, x0: Any, callback: Callback | None, num_iters: int, made: Callable[[Tensor], Optimizer]
) -> Any:
    """What ``num_iters`` steps of an optimiser make of ``x0``."""
    vector, unflatten = flatten(x0)
    x = Tensor(vector, requires_grad=True, dtype=float)
    optimizer = made(x)
    for i in range(num_iters):
        at: Array = x.data.copy()
        g = flatten(grad(unflatten(at), i))[0]
        if callback is not None:
            callback(unflatten(at), i, unflatten(g))
        x.grad = g
        optimizer.step()
    return unflatten(np.array(x.data))


def sgd(
    grad: Gradient,
    x0: Any,
    callback: Callback | None = None,
    num_iters: int = 200,
    step_size: float = 0.1,
    mass: float = 0.9,
) -> Any:
    """Gradient descent with momentum: the velocity keeps ``mass``, and takes 1 - ``mass`` of the slope.

    >>> sgd(lambda x, i: 2 * x, np.array([1.0, -1.0]), num_iters=100).round(2)
    array([ 0., -0.])
    """
    return _minimised(
        grad, x0, callback, num_iters, lambda x: SGD([x], lr=step_size * (1 - mass), momentum=mass)
    )


def rmsprop(
    grad: Gradient,
    x0: Any,
    callback: Callback | None = None,
    num_iters: int = 100,
    step_size: float = 0.1,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> Any:
    """RMSprop: steps divided by the root of a running mean of squares, which keeps ``gamma`` of itself.

    The running mean begins with 1.

    >>> bool(np.abs(rmsprop(lambda x, i: 2 * x, np.array([1.0, -1.0]))).max() < 0.1)
    True
    """

    def made(x: Tensor) -> Optimizer:
        optimizer = RMSprop([x], lr=step_size, alpha=gamma, eps=eps)
        state = optimizer.state()  # which has the mean divided by 1 - gamma
        optimizer.load_state(state | {"memory": np.full_like(state["memory"], 1 / (1 - gamma))})
        return optimizer

    return _minimised(grad, x0, callback, num_iters, made)


def adam(
    grad: Gradient,
    x0: Any,
    callback: Callback | None = None,
    num_iters: int = 100,
    step_size: float = 0.001,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Any:
    """Adam (Kingma and Ba 2015), with the fractions ``b1`` and ``b2`` that its two running means keep.

    >>> bool(np.abs(adam(lambda x, i: 2 * x, np.array([1.0, -1.0]), step_size=0.1)).max() < 0.1)
    True
    """
    return _minimised(
        grad, x0, callback, num_iters, lambda x: Adam([x], lr=step_size, betas=(b1, b2), eps=eps)
    )
