"""What counts as a real number, here and nowhere else: for Values, Tensors, nets, losses and estimators.

Floats, integers and booleans do, NumPy's and Python's, and other kinds of Python that say so, such as
fractions. Dates and spans of time do not, though NumPy would count them; nor do masked cells, whose numbers
mean nothing, structured arrays, complex numbers and text.
"""

from itertools import chain
from numbers import Real
from typing import Any

import numpy as np

from autograd.errors import NotANumberError
from autograd.tensor.tape import Array

__all__ = ["KINDS", "WAYS_OUT", "is_masked", "real", "reals"]

KINDS = "fiub"  # of NumPy's dtypes: floats, integers with and without a sign, booleans

LARGEST_FLOAT = float(np.finfo(float).max)
LISTS = {list, tuple}

WAYS_OUT = {
    "M": ("dates", 'x - day, and that / np.timedelta64(1, "D")'),
    "m": ("spans of time", 'x / np.timedelta64(1, "D")'),
    "V": ("structured cells", 'x["a field"]'),
    "c": ("complex numbers", "x.real or x.imag"),
}


def real(x: Any) -> float | None:
    """``x`` as a float, or None if it is no real number; NumPy's arrays of no dimension may be.

    Raises:
        OverflowError: it is larger than a float can be.

    >>> real(np.float32(0.5)), real(np.array(2)), real(True), real("2"), real(np.datetime64("2020", "ns"))
    (0.5, 2.0, 1.0, None, None)
    """
    if isinstance(x, np.generic | np.ndarray):
        return float(x) if x.ndim == 0 and x.dtype.kind in KINDS and not is_masked(x) else None
    if not isinstance(x, Real):
        return None
    try:
        return float(x)
    except OverflowError:
        raise OverflowError(
            f"wanted is a number up to {LARGEST_FLOAT:.3g}, the largest float, got {described(x)}"
        ) from None


def described(x: Real) -> str:
    """A number that no float can hold, for a message."""
    return f"an int of {x.bit_length()} bits" if isinstance(x, int) else f"one beyond it ({type(x).__name__})"


def is_masked(x: Any) -> bool:
    """Whether ``x`` is a masked array with a masked cell, or nested lists with one in them."""
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
    """``x`` as an array of real numbers, itself if it is one.

    Args:
        x: an array, or nested lists of numbers.
        wants: what errors begin with.

    Raises:
        NotANumberError: something in it is no real number, or the lists are of several lengths.

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
    elif kind in WAYS_OUT:
        what, way_out = WAYS_OUT[kind]
        got = f"{what}, {array.dtype}; numbers are {way_out}"
    else:
        got = f"{type(x).__name__} of dtype {array.dtype}"
    raise NotANumberError(f"{wants}, got {got}")
