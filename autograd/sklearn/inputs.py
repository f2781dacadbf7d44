"""Checks of the arguments of estimators: numbers, dense arrays and sample weights."""

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import numpy as np
from sklearn.utils import check_array

from autograd.errors import DataError
from autograd.tensor import Array, is_masked, reals

__all__ = ["dense", "refuse_what_is_no_number", "weighed"]


def refuse_what_is_no_number(x: Any, name: str) -> None:
    """Raise NotANumberError for dates, masked cells and structured cells.

    scikit-learn would silently convert them to numbers.
    """
    if x is None or hasattr(x, "toarray"):
        return
    with suppress(ValueError):  # scikit-learn refuses lists of different lengths itself
        array = np.asarray(x)
        refused = np.datetime64 | np.timedelta64 | date | timedelta | np.ma.core.MaskedConstant
        cells = array.flat if array.dtype == object else ()
        if is_masked(x) or array.dtype.kind in "mMV" or any(isinstance(cell, refused) for cell in cells):
            reals(x, f"{name} must hold numbers")


def dense(X: Any) -> Array:
    """``X`` as a dense array, if it is a sparse matrix; else ``X``."""
    array: Array = X.toarray() if hasattr(X, "toarray") else X
    return array


def weighed(X: Array, y: Array, sample_weight: Any) -> tuple[Array, Array, Array | None]:
    """The rows of X and y whose weight is not 0, and their weights; all rows and None without weights."""
    if sample_weight is None:
        return X, y, None
    refuse_what_is_no_number(sample_weight, "sample_weight")
    weight: Array = check_array(
        np.full(len(X), sample_weight) if isinstance(sample_weight, int | float) else sample_weight,
        ensure_2d=False,
        dtype=np.float64,
        input_name="sample_weight",
    )
    if weight.shape != (len(X),):
        raise DataError(f"sample_weight must have shape ({len(X)},), one for each row, got {weight.shape}")
    if (weight < 0).any():
        raise DataError("sample_weight must not be negative")
    if not weight.any():
        raise DataError("every sample_weight is zero")
    kept = weight > 0
    return X[kept], y[kept], weight[kept]
