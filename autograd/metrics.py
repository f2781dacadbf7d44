"""How good answers are: for classes and for numbers, as dicts that JSON can hold."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.tensor.tape import Array

__all__ = ["of_classes", "of_numbers", "unit_of", "verdict"]


def of_classes(truth: Array, answers: Array, classes: Sequence[str]) -> dict[str, Any]:
    """The accuracy, and for each class how many rows it has, its precision and its recall.

    The precision is the share of the rows answered with the class that are of it, the recall the
    share of the rows of the class that are answered with it; None where there are no such rows.

    Args:
        truth, answers: (rows,) places in ``classes``.
        classes: the labels.

    >>> found = of_classes(np.array([0, 0, 1]), np.array([0, 1, 1]), ["a", "b"])
    >>> round(found["accuracy"], 3), found["classes"][1]
    (0.667, {'class': 'b', 'rows': 1, 'precision': 0.5, 'recall': 1.0})
    """
    n = len(classes)
    rows, answered = np.bincount(truth, minlength=n), np.bincount(answers, minlength=n)
    right = np.bincount(truth[truth == answers], minlength=n)
    table = [
        {"class": name, "rows": int(r), "precision": _share(hit, a), "recall": _share(hit, r)}
        for name, r, a, hit in zip(classes, rows, answered, right, strict=True)
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
        off, variance = truth / unit - answers / unit, float((truth / unit).var())
        square, mae = float(np.mean(off**2)), float(np.abs(off).mean())
    return {"rmse": unit * square**0.5, "mae": unit * mae, "r2": 1 - square / variance if variance else None}


def unit_of(numbers: Array) -> float:
    """A power of 2 next to the largest of some numbers, in whose units squares neither overflow nor vanish.

    >>> unit_of(np.array([-5.0, 1.0]))
    4.0
    """
    _, size = np.frexp(np.abs(numbers).max())
    return math.ldexp(1.0, int(size) - 1)


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None


def verdict(found: dict[str, Any]) -> str:
    """The main figures, in words.

    >>> verdict({"accuracy": 0.975, "classes": []})
    'accuracy 97.5%'
    >>> verdict({"rmse": 0.5, "mae": 0.4, "r2": 0.75})
    'root mean squared error 0.5 (R² 0.750)'
    """
    if "accuracy" in found:
        return f"accuracy {found['accuracy']:.1%}"
    explained = "" if found["r2"] is None else f" (R² {found['r2']:.3f})"
    return f"root mean squared error {found['rmse']:.4g}{explained}"
