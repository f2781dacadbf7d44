"""Metrics of predictions: of classes, and of numbers.

>>> accuracy([0, 1, 2], [0, 1, 1]), r2([1.0, 2.0, 3.0], [1.0, 2.0, 3.5])
(0.6666666666666666, 0.875)
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.errors import DataError, ShapeError
from autograd.tensor import Array, reals

__all__ = [
    "accuracy",
    "confusion_matrix",
    "of_classes",
    "of_numbers",
    "r2",
    "unit_of",
    "verdict",
]


def accuracy(truth: Any, predictions: Any) -> float:
    """The share of rows whose predicted class is the true one.

    Args:
        truth: (rows,) classes, of any kind that can be compared.
        predictions: (rows,) classes.

    Raises:
        ShapeError: the two are not of one shape (rows,).
        DataError: there are no rows.

    >>> accuracy(["cat", "dog"], ["cat", "cat"])
    0.5
    """
    true, predicted = _paired(np.asarray(truth), np.asarray(predictions), "accuracy()")
    return float((true == predicted).mean())


def confusion_matrix(truth: Any, predictions: Any, classes: Sequence[Any] | None = None) -> Array:
    """How many rows of each class are predicted as each class, as an array of shape (classes, classes).

    A row of the matrix is a true class, a column a predicted one.

    Args:
        truth: (rows,) classes.
        predictions: (rows,) classes.
        classes: the classes in order; all that occur, sorted, if not given.

    Raises:
        ShapeError: ``truth`` and ``predictions`` are not of one shape (rows,).
        DataError: there are no rows, or one of another class than ``classes``.

    >>> confusion_matrix(["a", "a", "b"], ["a", "b", "b"]).tolist()
    [[1, 1], [0, 1]]
    """
    true, predicted = _paired(np.asarray(truth), np.asarray(predictions), "confusion_matrix()")
    both = np.concatenate([true, predicted])
    known = np.unique(both if classes is None else np.asarray(classes))
    if classes is not None and len(known) < len(classes):
        raise DataError(f"confusion_matrix() got a class twice in classes={list(classes)}")
    if not (strange := np.isin(both, known, invert=True)).any():
        counts = np.zeros((len(known), len(known)), int)
        np.add.at(counts, (np.searchsorted(known, true), np.searchsorted(known, predicted)), 1)
        order = slice(None) if classes is None else np.searchsorted(known, np.asarray(classes))
        return counts[order][:, order]
    raise DataError(f"confusion_matrix() got a row of class {both[strange][0]!r}, which is not in classes")


def r2(truth: Any, predictions: Any) -> float:
    """R², the share of the variance of the true numbers that predictions explain; 1 if they are exact.

    It is 0 for predictions that are all the mean, negative for worse ones, and nan if all true numbers are
    the same.

    Args:
        truth: (rows,) or (rows, 1) numbers.
        predictions: (rows,) or (rows, 1) numbers.

    Raises:
        ShapeError: the two are not of one shape.
        DataError: there are no rows.

    >>> r2([1.0, 2.0, 3.0], [2.0, 2.0, 2.0])
    0.0
    """
    true, predicted = (
        a[:, 0] if a.ndim == 2 and a.shape[1] == 1 else a
        for a in (reals(x, "r2() wants numbers") for x in (truth, predictions))
    )
    found = of_numbers(*_paired(true, predicted, "r2()"))["r2"]
    return math.nan if found is None else found


def _paired(truth: Array, predictions: Array, call: str) -> tuple[Array, Array]:
    """Both arrays, checked to be of one shape (rows,) and to have rows."""
    if truth.ndim != 1 or truth.shape != predictions.shape:
        raise ShapeError(
            f"{call} wants a prediction for each row, of shape (rows,), got shapes {truth.shape} and "
            f"{predictions.shape}"
        )
    if not len(truth):
        raise DataError(f"{call} wants at least one row, got none")
    return truth, predictions


def of_classes(truth: Array, answers: Array, classes: Sequence[str]) -> dict[str, Any]:
    """The accuracy, and for each class its number of rows, its precision and its recall.

    The precision of a class is the share of correct answers among the rows answered with the class. The
    recall is the share of correct answers among the rows of the class. Either is None if there are no
    such rows.

    Args:
        truth, answers: (rows,) indices into ``classes``.
        classes: the labels of the classes.

    >>> found = of_classes(np.array([0, 0, 1]), np.array([0, 1, 1]), ["a", "b"])
    >>> round(found["accuracy"], 3), found["classes"][1]
    (0.667, {'class': 'b', 'rows': 1, 'precision': 0.5, 'recall': 1.0})
    """
    n = len(classes)
    rows, answered = np.bincount(truth, minlength=n), np.bincount(answers, minlength=n)
    correct = np.bincount(truth[truth == answers], minlength=n)
    table = [
        {"class": name, "rows": int(r), "precision": _share(c, a), "recall": _share(c, r)}
        for name, r, a, c in zip(classes, rows, answered, correct, strict=True)
    ]
    return {"accuracy": float((truth == answers).mean()), "classes": table}


def of_numbers(truth: Array, answers: Array) -> dict[str, float | None]:
    """The root mean squared error, the mean absolute error, and R², the share of the variance explained.

    R² is None where all true numbers are the same.

    Args:
        truth, answers: (rows,) numbers.

    >>> of_numbers(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0]))["r2"]
    -1.0
    """
    unit = unit_of(np.array([np.abs(truth).max(), np.abs(answers).max()]))
    with np.errstate(over="ignore", invalid="ignore"):
        error, variance = truth / unit - answers / unit, float((truth / unit).var())
        mse, mae = float(np.mean(error**2)), float(np.abs(error).mean())
    r2 = None if truth.min() == truth.max() else 1 - mse / variance
    return {"rmse": unit * mse**0.5, "mae": unit * mae, "r2": r2}


def unit_of(numbers: Array) -> float:
    """A power of 2 near the largest magnitude in ``numbers``, as a unit for them.

    In this unit, squares of the largest numbers neither overflow nor underflow.

    >>> unit_of(np.array([-5.0, 1.0]))
    4.0
    """
    _, size = np.frexp(np.abs(numbers).max())
    return math.ldexp(1.0, int(size) - 1)


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None


def verdict(found: dict[str, Any]) -> str:
    """The main metric of the result of `of_classes` or `of_numbers`, as text.

    >>> verdict({"accuracy": 0.975, "classes": []})
    'accuracy 97.5%'
    >>> verdict({"rmse": 0.5, "mae": 0.4, "r2": 0.75})
    'root mean squared error 0.5 (R² 0.750)'
    """
    if "accuracy" in found:
        return f"accuracy {found['accuracy']:.1%}"
    explained = "" if found["r2"] is None else f" (R² {found['r2']:.3f})"
    return f"root mean squared error {found['rmse']:.4g}{explained}"
