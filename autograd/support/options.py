"""Checks of options that users give: names, whole numbers, dtypes, paths of files."""

import operator
from pathlib import Path
from typing import Any

import numpy as np

from autograd.errors import OptionError, UnknownNameError

__all__ = ["by_name", "float_type", "nearby", "whole"]


def by_name(kind: str, name: Any, known: dict[str, Any]) -> Any:
    """``known[name]``, or ``name`` itself if it is a function.

    Raises:
        UnknownNameError: ``name`` is not in ``known``; the message lists the known names.
    """
    if callable(name):
        return name
    if not isinstance(name, str) or name not in known:
        raise UnknownNameError.among(kind, name, known)
    return known[name]


def nearby(path: Any) -> str:
    """The hint that ends an error on a missing file: a file with a similar name beside it, or nothing."""
    import difflib  # here, since it is slow, as in `UnknownNameError.among`

    names = [file.name for file in Path(path).parent.glob("*")]
    near = difflib.get_close_matches(Path(path).name, names, n=1, cutoff=0.85)
    return f"; did you mean {str(Path(path).with_name(near[0]))!r}?" if near else ""


def whole(n: Any, what: str, error: type[Exception] = OptionError) -> int:
    """``n`` as an int, if it is a whole number of 1 or more; else raise an ``error`` that names ``what``."""
    try:
        count = 0 if isinstance(n, bool) else operator.index(n)
    except TypeError:
        count = 0
    if count < 1:
        raise error(f"{what} must be a whole number of 1 or more, got {n!r}")
    return count


def float_type(dtype: Any) -> np.dtype[Any]:
    """``dtype`` as a NumPy dtype; OptionError if it is neither float64 nor float32."""
    for kind in (np.dtype("float64"), np.dtype("float32")):
        if dtype in (kind, kind.name, kind.type):
            return kind
    raise OptionError(f"dtype must be 'float64' or 'float32', got {dtype!r}")
