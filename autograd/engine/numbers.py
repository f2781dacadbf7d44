"""What counts as a number beside a Value, and what arithmetic does with the rest."""

from typing import Any

import numpy as np

from autograd.errors import NotANumberError
from autograd.tensor.reals import is_masked, real, reals

__all__ = ["as_number", "elsewhere", "number"]


def number(x: Any) -> float | None:
    """``x`` as a float, or None if it is no real number; NumPy scalars and 0-d arrays are numbers."""
    if type(x) is float:
        return x
    try:
        return float(x) if type(x) is int or isinstance(x, float) else real(x)
    except OverflowError:
        return real(x)  # which says of which number


def as_number(x: Any, call: str) -> float:
    """``x`` as a float; NotANumberError, naming the ``call``, if it is no real number."""
    y = number(x)
    if y is None:
        raise NotANumberError(f"{call} wants a real number, got {x!r} ({type(x).__name__})")
    return y


def elsewhere(function: np.ufunc, x: Any, y: Any) -> Any:
    """An operation with what is no number: an array goes element by element, Python asks the rest."""
    for array in (x, y):
        if isinstance(array, np.ndarray):
            if array.dtype != object or is_masked(array):
                reals(array, f"{function.__name__}() of a Value and an array wants numbers")
            return function(x, y)
        if isinstance(array, np.generic):  # which would take the Value for its number
            raise NotANumberError(f"{function.__name__}() of a Value wants a real number, got {array!r}")
    return NotImplemented
