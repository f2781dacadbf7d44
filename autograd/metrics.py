"""Metrics of predictions, for classes and for numbers, as dicts that JSON can hold."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.tensor import Array

__all__ = ["of_classes", "of_numbers", "unit_of", "verdict"]


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
