"""Which operands of a Value count as numbers, and how arithmetic treats all others."""

from typing import Any

import numpy as np

from autograd.errors import NotANumberError
from autograd.tensor import is_masked, real, reals

__all__ = ["as_number", "number", "with_other_operand"]


def number(x: Any) -> float | None:
    """Return ``x`` as a float, or None if it is no real number. NumPy scalars and 0-d arrays are numbers."""
    if type(x) is float:
        return x
    try:
        return float(x) if type(x) is int or isinstance(x, float) else real(x)
    except OverflowError:
        return real(x)  # raises an OverflowError whose message describes the number


def as_number(x: Any, call: str) -> float:
    """Return ``x`` as a float.

    Raises:
        NotANumberError: it is not a real number; the message names the ``call``.
        OverflowError: it is beyond the largest float.
    """
    y = number(x)
    if y is None:
        raise NotANumberError(f"{call} wants a real number, got {x!r} ({type(x).__name__})")
    return y


def with_other_operand(function: np.ufunc, x: Any, y: Any) -> Any:
    """Return the result of an operation on a Value and an operand that is not a number.

    An array is treated element by element. For other operands the result is NotImplemented, which makes
    Python try the method of the other operand.
    """
    for array in (x, y):
        if isinstance(array, np.ndarray):
            if array.dtype != object or is_masked(array):
                reals(array, f"{function.__name__}() of a Value and an array wants numbers")
            return function(x, y)
        if isinstance(array, np.generic):  # its own operator would convert the Value to a number
            raise NotANumberError(f"{function.__name__}() of a Value wants a real number, got {array!r}")
    return NotImplemented
