"""Methods of NumPy's arrays that are functions of NumPy too, for `Tensor`."""

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["ArrayMethods"]


def method(function: Any) -> Callable[..., Any]:
    """The method that calls a function of NumPy with its object as the first argument."""

    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    called.__name__ = function.__name__
    called.__doc__ = (
        f"NumPy's ``{function.__name__}`` of this array; the arguments are those of the function."
    )
    return called


class ArrayMethods:
    """Each method is the function of NumPy of that name, called with the Tensor.

    >>> from autograd.tensor import Tensor
    >>> t = Tensor([[1.0, 4.0], [9.0, 16.0]])
    >>> t.flatten().tolist(), t.cumsum(axis=1).tolist(), t.trace().item(), t.diagonal().tolist()
    ([1.0, 4.0, 9.0, 16.0], [[1.0, 5.0], [9.0, 25.0]], 17.0, [1.0, 16.0])
    >>> t.repeat(2, axis=0).shape, t[None].squeeze().shape, t.take([0, 3]).tolist(), t.round(-1).tolist()
    ((4, 2), (2, 2), [1.0, 16.0], [[0.0, 0.0], [10.0, 20.0]])
    >>> t.cumprod().tolist(), t.copy().tolist() == t.tolist(), t.argsort().tolist(), t.nonzero()[0].size
    ([1.0, 4.0, 36.0, 576.0], True, [[0, 1], [0, 1]], 4)
    >>> bool(t.any()), bool(t.all())
    (True, True)
    >>> z = t[0] * 1j
    >>> z.real.tolist(), z.imag.tolist(), z.conj().tolist(), z.conjugate().tolist() == z.conj().tolist()
    ([0.0, 0.0], [1.0, 4.0], [-1j, -4j], True)
    """

    __slots__ = ()

    flatten = method(np.ravel)
    squeeze = method(np.squeeze)
    cumsum = method(np.cumsum)
    cumprod = method(np.cumprod)
    trace = method(np.trace)
    diagonal = method(np.diagonal)
    repeat = method(np.repeat)
    take = method(np.take)
    round = method(np.round)
    copy = method(np.copy)
    any = method(np.any)
    all = method(np.all)
    argsort = method(np.argsort)
    nonzero = method(np.nonzero)
    conj = method(np.conjugate)
    conjugate = method(np.conjugate)
    real = property(method(np.real))
    imag = property(method(np.imag))
