"""Losses: how far predictions are from targets, as one number to be made smaller.

Each takes predictions as a Tensor of shape (rows, outputs), as a net gives them for a batch, and
returns a Tensor that holds one number, a mean, so that it does not grow with the batch.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.errors import DataError, OptionError, ShapeError
from autograd.tensor import Tensor, logsumexp, softplus

__all__ = ["LOSSES", "binary_cross_entropy", "cross_entropy", "hinge", "huber", "mae", "mse"]


def _tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x)


def _alike(call: str, prediction: Tensor, target: Any) -> Tensor:
    """``target`` in the shape of ``prediction``, from which it may lack a last axis of length 1."""
    dtype = prediction.dtype if prediction.dtype.kind == "f" else None
    out: Tensor = target if isinstance(target, Tensor) else Tensor(target, dtype=dtype)
    if out.shape == prediction.shape:
        return out
    if (*out.shape, 1) == prediction.shape:
        return out.reshape(prediction.shape)
    raise ShapeError(f"{call}() wants targets of the predictions' shape {prediction.shape}, got {out.shape}")


def mse(prediction: Tensor, target: Any) -> Tensor:
    """Mean squared error over all elements.

    Args:
        prediction: any shape.
        target: of the same shape, or without its last axis of length 1.

    Raises:
        ShapeError: the shapes differ.

    >>> mse(Tensor([[1.0], [3.0]]), [1.0, 1.0]).item()
    2.0
    """
    prediction = _tensor(prediction)
    return ((prediction - _alike("mse", prediction, target)) ** 2).mean()


def mae(prediction: Tensor, target: Any) -> Tensor:
    """Mean absolute error over all elements; arguments as for `mse`, slope 0 where they agree.

    >>> mae(Tensor([[1.0], [3.0]]), [1.0, 1.0]).item()
    1.0
    """
    prediction = _tensor(prediction)
    return abs(prediction - _alike("mae", prediction, target)).mean()


def huber(prediction: Tensor, target: Any, delta: float = 1.0) -> Tensor:
    """Mean over all elements of d²/2 for errors d up to ``delta``, and linear beyond (Huber 1964).

    >>> huber(Tensor([[1.5], [4.0]]), [1.0, 1.0]).item()  # (0.125 + 2.5) / 2
    1.3125
    """
    prediction = _tensor(prediction)
    if not isinstance(delta, int | float) or not delta > 0:
        raise OptionError(f"huber() wants delta above 0, got {delta!r}")
    error = abs(prediction - _alike("huber", prediction, target))
    inside = error.clip(max=delta)
    return (inside * (error - 0.5 * inside)).mean()


def hinge(prediction: Tensor, labels: Any) -> Tensor:
    """Mean over all elements of max(0, 1 - label · prediction), as in support vector machines.

    Args:
        prediction: scores of any shape.
        labels: -1 or 1, of the same shape, or without its last axis of length 1.

    Raises:
        DataError: a label is neither -1 nor 1.

    >>> hinge(Tensor([[0.5], [-2.0]]), [1, -1]).item()
    0.25
    """
    prediction = _tensor(prediction)
    labels = _alike("hinge", prediction, labels)
    _check_labels("hinge", labels, (-1, 1))
    shortfall: Tensor = 1 - labels * prediction
    return shortfall.relu().mean()


def binary_cross_entropy(logits: Tensor, labels: Any) -> Tensor:
    """Mean surprise of ``labels`` under the probabilities sigmoid(``logits``), in nats; 0 is certainty.

    Args:
        logits: scores of any shape, not passed through a sigmoid; any finite size is safe.
        labels: 0 or 1, of the same shape, or without its last axis of length 1.

    Raises:
        DataError: a label is neither 0 nor 1.

    >>> round(binary_cross_entropy(Tensor([[0.0], [0.0]]), [0, 1]).item(), 6)  # log(2)
    0.693147
    """
    logits = _tensor(logits)
    labels = _alike("binary_cross_entropy", logits, labels)
    _check_labels("binary_cross_entropy", labels, (0, 1))
    return softplus((1 - 2 * labels) * logits).mean()


def cross_entropy(logits: Tensor, labels: Any) -> Tensor:
    """Mean surprise of ``labels`` under softmax(``logits``), in nats per row; 0 is certainty.

    Args:
        logits: (rows, classes) scores, not passed through a softmax; any finite size is safe.
        labels: (rows,) integers in [0, classes).

    Raises:
        ShapeError: ``labels`` is not one for each row.
        DataError: a label is no integer or out of range.

    >>> round(cross_entropy(Tensor([[0.0] * 10] * 2), [3, 7]).item(), 6)  # log(10): ten equal guesses
    2.302585
    """
    logits = _tensor(logits)
    labels = np.asarray(labels)
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ShapeError(
            "cross_entropy() wants logits of shape (rows, classes) and a label for each row, got "
            f"shapes {logits.shape} and {labels.shape}"
        )
    rows, classes = logits.shape
    if labels.dtype.kind not in "iu":
        raise DataError(f"cross_entropy() wants integer labels, got dtype {labels.dtype}")
    if rows and not (labels.min() >= 0 and labels.max() < classes):
        raise DataError(
            f"cross_entropy() wants labels from 0 to {classes - 1}, one for each of the {classes} "
            f"outputs, got some from {labels.min()} to {labels.max()}"
        )
    # The largest logit of each row taken off all of them changes nothing but the rounding
    logits = logits - logits.data.max(axis=1, keepdims=True)
    return (logsumexp(logits, axis=1) - logits[np.arange(rows), labels]).mean()


def _check_labels(call: str, labels: Tensor, allowed: tuple[int, int]) -> None:
    strange = np.setdiff1d(labels.data, allowed)
    if strange.size:
        raise DataError(f"{call}() wants labels {allowed[0]} or {allowed[1]}, got {strange[0]:g}")


LOSSES: dict[str, Callable[[Tensor, Any], Tensor]] = {
    f.__name__: f for f in (mse, mae, huber, hinge, binary_cross_entropy, cross_entropy)
}
