"""The one definition of a real number, for Values, Tensors, nets, losses and estimators.

Real numbers are NumPy's and Python's floats, integers and booleans, and Python's other kinds of
`numbers.Real`, such as fractions. Dates and time spans are not, though NumPy stores them as integers. Nor are
masked cells, whose numbers mean nothing, structured arrays, complex numbers and text.
"""

import math
from collections.abc import Sequence
from itertools import chain
from numbers import Real
from typing import Any

import numpy as np

from autograd.errors import NotANumberError
from autograd.tensor.tape import Array

__all__ = ["CONVERSIONS", "DIFFERENTIABLE", "KINDS", "NUMBERS", "is_masked", "not_numbers", "real", "reals"]

KINDS = "fiub"  # kinds of NumPy dtypes: floats, signed and unsigned integers, booleans
NUMBERS = KINDS + "c"  # what operations on Tensors compute with: real and complex numbers
DIFFERENTIABLE = "fc"  # what has derivatives

LARGEST_FLOAT = float(np.finfo(float).max)
LISTS = {list, tuple}

# By kind of dtype: what errors call such data, and an expression that makes numbers of it
CONVERSIONS = {
    "M": ("dates", '(x - day) / np.timedelta64(1, "D")'),
    "m": ("spans of time", 'x / np.timedelta64(1, "D")'),
    "V": ("structured cells", 'x["a field"]'),
    "c": ("complex numbers", "x.real or x.imag"),
}


def real(x: Any) -> float | None:
    """Return ``x`` as a float, or None if it is not a real number. An array without axes can be one.

    Raises:
        OverflowError: ``x`` is larger than the largest float.

    >>> real(np.float32(0.5)), real(np.array(2)), real(True), real("2"), real(np.datetime64("2020", "ns"))
    (0.5, 2.0, 1.0, None, None)
    """
    if isinstance(x, np.generic | np.ndarray):
        if x.ndim or x.dtype.kind not in KINDS or is_masked(x):
            return None
        number = float(x)
        if math.isinf(number) and np.isfinite(x):  # as a long double may be
            raise OverflowError(f"a number must be at most {LARGEST_FLOAT:.3g}, the largest float, got {x!r}")
        return number
    if not isinstance(x, Real):
        return None
    try:
        return float(x)
    except OverflowError:
        raise OverflowError(
            f"a number must be at most {LARGEST_FLOAT:.3g}, the largest float, got {described(x)}"
        ) from None


def described(x: Real) -> str:
    """Return a description of a number that is too large for a float, for an error message."""
    return f"an int of {x.bit_length()} bits" if isinstance(x, int) else f"one beyond it ({type(x).__name__})"


def is_masked(x: Any) -> bool:
    """Whether ``x`` is a masked array with a masked cell, or nested lists that hold a masked cell."""
    if isinstance(x, np.ma.MaskedArray):
        return bool(np.ma.is_masked(x))
    level = x if x.__class__ in LISTS else ()
    while level:
        kinds = set(map(type, level))
        if any(issubclass(kind, np.ma.MaskedArray) for kind in kinds) and any(map(np.ma.is_masked, level)):
            return True
        lists = level if kinds <= LISTS else [a for a in level if a.__class__ in LISTS]
        level = list(chain.from_iterable(lists))
    return False


def reals(x: Any, wants: str) -> Array:
    """Return ``x`` as an array of real numbers; ``x`` itself if it is one.

    Args:
        x: an array, or nested lists of numbers.
        wants: the beginning of error messages.

    Raises:
        NotANumberError: ``x`` holds something that is not a real number, or lists of different lengths.
        OverflowError: it holds an integer beyond the largest float.

    >>> reals([[1, 2.5]], "f() wants numbers")
    array([[1. , 2.5]])
    >>> reals([1, 2j], "f() wants numbers")
    Traceback (most recent call last):
    autograd.errors.NotANumberError: f() wants numbers, got complex numbers, complex128; ... x.real or x.imag
    """
    if is_masked(x):
        raise NotANumberError(f"{wants}, got masked cells; fill them, x.filled(...), or leave them out")
    try:
        array: Array = np.asarray(x)
        kind = array.dtype.kind
        if kind in KINDS:
            return array
        cells = np.asarray(x, object) if kind in "OUS" else array
    except (TypeError, ValueError):
        raise NotANumberError(f"{wants}, got rows of several lengths, or lists among numbers") from None
    if kind in "OUS":
        bad = [cell for cell in cells.flat if real(cell) is None]
        if not bad:
            return cells.astype(float)
        got = f"{bad[0]!r} ({type(bad[0]).__name__})"
    elif kind in CONVERSIONS:
        what, conversion = CONVERSIONS[kind]
        got = f"{what}, {array.dtype}; convert them: {conversion}"
    else:
        got = f"{type(x).__name__} of dtype {array.dtype}"
    raise NotANumberError(f"{wants}, got {got}")


def not_numbers(name: str, type_names: Sequence[str]) -> NotANumberError:
    """Return the error for operands that are not numbers; ``type_names`` are the names of their types."""
    return NotANumberError(
        f"{name}() of a Tensor wants numbers and arrays of them, got {', '.join(type_names)}; in an "
        "expression with Values, take numbers out of the Tensor by item()"
    )
