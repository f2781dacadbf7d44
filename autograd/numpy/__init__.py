"""NumPy, for programs that were written for HIPS/autograd: ``import autograd.numpy as np``.

NumPy's own functions differentiate Tensors, so this is NumPy itself, but for the functions below: those that
make an array of numbers, to which NumPy gives no way in.

>>> import autograd.numpy as np
>>> from autograd import grad
>>> grad(lambda x: np.sum(np.array([x, x**2, 1.0])))(3.0)
np.float64(7.0)
"""

from typing import Any

import numpy

from autograd.errors import UnsupportedError
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


def _holds_tensor(x: Any) -> bool:
    return isinstance(x, Tensor) or (isinstance(x, list | tuple) and any(map(_holds_tensor, x)))


def _joined(x: Any) -> Any:
    """A Tensor of nested lists."""
    return numpy.stack([_joined(part) for part in x]) if isinstance(x, list | tuple) else x


def __getattr__(name: str) -> Any:
    return getattr(numpy, name)
