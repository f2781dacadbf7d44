"""NumPy, for programs that were written for HIPS/autograd: ``import autograd.numpy as np``.

NumPy's own functions differentiate Tensors, so this is NumPy itself, but for lists that hold Tensors, to
which NumPy gives no way in: here they are joined.

>>> import autograd.numpy as np
>>> from autograd import grad
>>> grad(lambda x: np.sum(np.array([x, x**2, 1.0])))(3.0)
np.float64(7.0)
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import numpy

from autograd.errors import GradientError, UnsupportedError
from autograd.tensor import Tensor

__all__ = numpy.__all__


def array(object: Any, dtype: Any = None, **options: Any) -> Any:
    """NumPy's ``array``; of Tensors, and of nested lists that hold some, a Tensor with their gradients.

    >>> import autograd.numpy as np
    >>> from autograd import jacobian
    >>> jacobian(lambda x: np.array([[x[0], 2.0], [x[1], x[0] * x[1]]]))(np.array([3.0, 5.0])).tolist()
    [[[1.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [5.0, 3.0]]]
    """
    if not _holds_tensor(object):
        return numpy.array(object, dtype, **options)
    if others := options.keys() - {"copy"}:
        raise UnsupportedError(
            f"array() of Tensors takes dtype and copy, and got {', '.join(sorted(others))}"
        )
    joined = _joined(object)
    return joined if dtype is None else joined.astype(dtype)


def asarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """NumPy's ``asarray``, as `array`."""
    return array(a, dtype) if _holds_tensor(a) else numpy.asarray(a, dtype, **options)


def full(shape: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Any:
    """NumPy's ``full``; with a Tensor as the value, a Tensor with its gradient.

    >>> import autograd.numpy as np
    >>> from autograd import grad
    >>> grad(lambda x: np.sum(np.full((2, 3), x)))(1.0)
    np.float64(6.0)
    """
    if not isinstance(fill_value, Tensor):
        return numpy.full(shape, fill_value, dtype, **options)
    filled: Any = numpy.broadcast_to(fill_value, shape)
    return filled if dtype is None else filled.astype(dtype)


class Joined:
    """What NumPy's ``r_`` and ``c_`` are, with Tensors among the parts."""

    def __init__(self, own: Any, columns: bool) -> None:
        self.own, self.columns = own, columns

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if not any(map(_holds_tensor, parts)):
            return self.own[key]
        found = [self.own[part] if isinstance(part, slice) else asarray(part) for part in parts]
        if self.columns:
            found = [a if numpy.ndim(a) > 1 else numpy.reshape(a, (-1, 1)) for a in found]
        return numpy.concatenate([numpy.atleast_1d(a) for a in found], -1 if self.columns else 0)


r_ = Joined(numpy.r_, columns=False)
c_ = Joined(numpy.c_, columns=True)


def _holds_tensor(x: Any) -> bool:
    return isinstance(x, Tensor) or (isinstance(x, list | tuple) and any(map(_holds_tensor, x)))


def _joined(x: Any) -> Any:
    """A Tensor of nested lists."""
    return numpy.stack([_joined(part) for part in x]) if isinstance(x, list | tuple) else x


def __getattr__(name: str) -> Any:
    found = getattr(numpy, name)
    return joining(found) if isinstance(found, FUNCTIONS) else found


@cache
def joining(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy that takes lists of Tensors too where NumPy wants an array or a list of arrays.

    >>> import autograd.numpy as np
    >>> from autograd import grad
    >>> grad(lambda x: np.sum([x, 2 * x]) + np.sum(np.concatenate([[x, x**2], np.ones(2)])))(3.0)
    np.float64(10.0)
    """

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except GradientError:  # from the conversion of a Tensor in a list
            if not any(isinstance(a, list | tuple) and _holds_tensor(a) for a in args):
                raise
        several = function in OF_SEVERAL
        parts = [
            [asarray(part) for part in a] if several and isinstance(a, list | tuple) else a for a in args
        ]
        return function(*(a if several else asarray(a) if _holds_tensor(a) else a for a in parts), **kwargs)

    return call


FUNCTIONS = (type(numpy.sum), type(numpy.inner))  # not ufuncs, which have methods, nor classes
OF_SEVERAL = (numpy.concatenate, numpy.stack, numpy.vstack, numpy.hstack, numpy.dstack, numpy.column_stack)
