"""Losses: how far predictions are from targets, as one number to be made smaller.

Each takes predictions as a Tensor of shape (rows, outputs), as a net gives them for a batch, and
returns a Tensor with one number, a mean, so that it does not grow with the batch. Or it takes them
as a list with a Value, or a list of Values, for each sample, and returns a Value.

>>> from autograd.engine import Value
>>> mse([Value(1.0), Value(3.0)], [1.0, 1.0])
Value(2.0, grad=0.0)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd.engine.numbers import number
from autograd.engine.value import Value
from autograd.errors import DataError, NotANumberError, OptionError, ShapeError
from autograd.tensor import Tensor
from autograd.tensor.core import array_of, as_array
from autograd.tensor.reals import reals
from autograd.tensor.rows.elementwise import flushed
from autograd.tensor.rows.products import mean_square
from autograd.tensor.rows.reductions import surprise
from autograd.tensor.trace import at, check

__all__ = ["LOSSES", "binary_cross_entropy", "cross_entropy", "hinge", "huber", "mae", "mse"]

Each = Callable[..., Any]


# What each element, or each row, is off ---------------------------------------------------------
# These take Tensors whose shapes fit, and single Values, except `surprises`, which takes rows.


def squares(prediction: Any, target: Any) -> Any:
    return (prediction - target) ** 2


def distances(prediction: Any, target: Any) -> Any:
    return abs(prediction - target)


def bent(prediction: Any, target: Any, delta: float = 1.0) -> Any:
    error = abs(prediction - target)
    if isinstance(error, Value):
        return 0.5 * error**2 if error.data <= delta else delta * (error - 0.5 * delta)
    inside = error.clip(max=delta)
    return inside * (error - 0.5 * inside)


def shortfalls(prediction: Any, label: Any) -> Any:
    return (1 - label * prediction).relu()


def binary_surprises(logit: Any, label: Any) -> Any:
    doubt = (1 - 2 * label) * (flushed(logit) if isinstance(logit, Tensor) else logit)
    return doubt.softplus()


def surprises(logits: Any, label: Any) -> Any:
    if isinstance(logits, Tensor):
        return surprise(flushed(logits), label)
    top = max(logits).data
    return sum((v - top).exp() for v in logits).log() - (logits[label] - top)


EACH: dict[str, Each] = {
    "mse": squares,
    "mae": distances,
    "huber": bent,
    "hinge": shortfalls,
    "binary_cross_entropy": binary_surprises,
    "cross_entropy": surprises,
}
CLASSES: dict[str, tuple[int, int]] = {"hinge": (-1, 1), "binary_cross_entropy": (0, 1)}  # the labels of two


# The mean of them -------------------------------------------------------------------------------


def mean_loss(
    name: str,
    prediction: Any,
    target: Any,
    sample_weight: Any = None,
    class_weight: Any = None,
    **options: float,
) -> Any:
    """The weighted mean of what a loss says of each element or row."""
    rows = None if isinstance(prediction, Tensor) else as_rows(prediction)
    if isinstance(prediction, Value) and np.ndim(target) == 0:
        target = [target]
    if rows is None:
        given = "logits" if "cross_entropy" in name else "prediction"
        prediction = as_tensor(prediction, f"{name}({given}=...)")
        if prediction.dtype.kind != "f":  # differences of small integers may be none
            prediction = prediction.astype(np.float64)
        target = fitting(name, prediction.shape, target, prediction.dtype)
    else:
        target = fitting(name, (len(rows), len(rows[0])), target, np.dtype(float))
        if name == "cross_entropy":
            each = [EACH[name](row, label) for row, label in zip(rows, target.tolist(), strict=True)]
        else:
            numbers = zip(rows, target.tolist(), strict=True)
            each = [EACH[name](v, x, **options) for a, b in numbers for v, x in zip(a, b, strict=True)]
    if rows is None and not prediction.size:
        raise DataError(f"{name}() is a mean, and there is none of no rows")
    outputs = (prediction.shape or (1,))[-1] if rows is None else len(rows[0])
    kind = prediction.dtype if rows is None else np.float64
    weight = weights(name, target, outputs, sample_weight, class_weight, kind)
    if rows is None:
        if weight is None:
            return unweighted(name, prediction, target, **options)
        each = EACH[name](prediction, target, **options)
        return (each * (weight / spread(weight, each.shape).sum())).sum()
    if weight is None:
        return sum(each) / len(each)
    shares = spread(weight, target.shape).data.ravel().tolist()
    return sum(w * e for w, e in zip(shares, each, strict=True)) / sum(shares)


def unweighted(name: str, prediction: Tensor, target: Tensor, **options: float) -> Tensor:
    """The mean over all elements or rows, for targets that were checked."""
    if name == "mse":
        return mean_square(prediction - target)
    return mean(EACH[name](prediction, target, **options))


def mean(each: Tensor) -> Tensor:
    """The mean of all numbers, whose sum alone might be too large."""
    return (each / each.size).sum()


def as_tensor(x: Any, what: str, dtype: Any = None) -> Tensor:
    """``x`` as a Tensor; NotANumberError, which names ``what``, if it is no array of numbers."""
    return x if isinstance(x, Tensor) else Tensor._of(as_array(x, dtype, what), None)


def as_rows(prediction: Any) -> list[list[Value]] | None:
    """A Value, or lists of Values, as a list with a list for each sample; None if it is none."""
    if isinstance(prediction, np.ndarray) and prediction.dtype == object:
        prediction = prediction.tolist()
    if isinstance(prediction, Value):
        return [[prediction]]
    if not isinstance(prediction, list | tuple) or not prediction:
        return None
    rows = [list(row) if isinstance(row, list | tuple | np.ndarray) else [row] for row in prediction]
    if not any(isinstance(v, Value) for row in rows for v in row):
        return None
    if len({len(row) for row in rows}) != 1:
        raise ShapeError("a loss wants as many outputs of each sample")
    for v in (v for row in rows for v in row):
        if not isinstance(v, Value) and number(v) is None:
            raise NotANumberError(f"a loss wants Values, got {v!r} ({type(v).__name__}) among them")
    return [[v if isinstance(v, Value) else Value(v) for v in row] for row in rows]


def fitting(name: str, shape: tuple[int, ...], target: Any, dtype: Any) -> Tensor:
    """Targets for predictions of this shape, checked.

    Raises:
        ShapeError: there are not as many as there must be.
        DataError: labels that are none.
    """
    if name == "cross_entropy":
        labels = as_tensor(target, f"{name}(labels=...)")
        if len(shape) != 2 or labels.shape != shape[:1]:
            raise ShapeError(
                "cross_entropy() wants logits of shape (rows, classes) and a label for each row, got shapes "
                f"{shape} and {labels.shape}"
            )
        if shape[1] == 1:
            raise ShapeError(
                "cross_entropy() wants an output for each of 2 or more classes, got 1; a net of one output "
                "takes binary_cross_entropy"
            )
        if labels.dtype.kind not in "iu":
            raise DataError(
                f"cross_entropy() wants integer labels, got dtype {labels.dtype}; convert them by "
                "np.array(labels, int)"
            )
        check(check_range, array_of(labels), shape[1])
        return labels
    given = "labels" if name in CLASSES else "target"
    targets = as_tensor(target, f"{name}({given}=...)", dtype)
    if (*targets.shape, 1) == shape:
        targets = targets.reshape(shape)
    if targets.shape != shape:
        raise ShapeError(f"{name}() wants targets of the predictions' shape {shape}, got {targets.shape}")
    if name in CLASSES:
        check(check_two, array_of(targets), name, *CLASSES[name])
    return targets


def check_range(labels: Any, classes: int) -> None:
    """DataError unless all labels lie in [0, classes)."""
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise DataError(
            f"cross_entropy() wants labels from 0 to {classes - 1}, one for each of the {classes} "
            f"outputs, got some from {labels.min()} to {labels.max()}"
        )


def check_two(labels: Any, name: str, low: int, high: int) -> None:
    """DataError unless every label is one of the two."""
    good = (labels == low) | (labels == high)
    if not good.all():
        raise DataError(f"{name}() wants labels {low} or {high}, got {labels[~good].min():g}")


def check_weights(weights: Any) -> None:
    """DataError unless all are finite, none is negative and one is positive."""
    if weights.size and not (np.isfinite(weights).all() and weights.min() >= 0 and weights.max() > 0):
        raise DataError("weights must be finite and 0 or more, and not all of them 0")


def spread(weight: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Weights as many as elements of this shape."""
    return np.broadcast_to(weight, shape)  # type: ignore[return-value]  # Tensors answer to it


def weights(
    name: str, target: Tensor, outputs: int, sample_weight: Any, class_weight: Any, kind: Any = np.float64
) -> Tensor | None:
    """What each element or row counts, in a shape that goes with that of the loss; None if all the same."""
    total = None
    if class_weight is not None:
        if name == "cross_entropy":
            known, index = list(range(outputs)), array_of(target)
        elif name in CLASSES:
            known, index = list(CLASSES[name]), array_of(target) > 0
        else:
            raise OptionError(f"class_weight goes with labels, and {name} has none")
        table = class_table(class_weight, known, index)
        total = Tensor._of(at(table.astype(kind), index.astype(np.intp)), None)
    if sample_weight is not None:
        given = as_tensor(sample_weight, f"{name}(sample_weight=...)", kind)
        if not target.ndim:
            raise ShapeError("sample_weight goes with rows, and a single number has none")
        if given.shape != target.shape[:1]:
            raise ShapeError(
                f"sample_weight must hold a number for each of {len(target)} rows, got shape {given.shape}"
            )
        if target.ndim > 1:
            given = given.reshape((-1,) + (1,) * (target.ndim - 1))
        total = given if total is None else total * given
    if total is not None:
        check(check_weights, array_of(total))
    return total


def class_table(class_weight: Any, known: Sequence[int], index: Any) -> Any:
    """The weight of each class, in order."""
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise OptionError(f"class_weight must be 'balanced', a dict or a list, got {class_weight!r}")
        counts = np.bincount(index.astype(np.intp).ravel(), minlength=len(known))
        return index.size / (len(known) * np.maximum(counts, 1))  # as scikit-learn has it
    if isinstance(class_weight, Mapping):
        if strange := sorted(set(class_weight) - set(known), key=str):
            raise OptionError(f"class_weight names {strange[0]!r}; the classes are {known}")
        class_weight = [class_weight.get(k, 1.0) for k in known]
    try:
        table = reals(class_weight, "class_weight").astype(float)
    except NotANumberError:
        table = np.empty(0)
    if table.shape != (len(known),):
        raise OptionError(
            f"class_weight must have a number for each of the classes {known}, got {class_weight!r}"
        )
    return table


# The losses -------------------------------------------------------------------------------------


def mse(prediction: Any, target: Any, sample_weight: Any = None) -> Any:
    """Mean squared error over all elements.

    Args:
        prediction: a Tensor of any shape, or lists of Values.
        target: of the same shape, or without its last axis of length 1.
        sample_weight: how much each row counts, numbers of 0 or more; the same if not given.

    Raises:
        ShapeError: the shapes differ.
        DataError: weights are negative, or all 0.

    >>> mse(Tensor([[1.0], [3.0]]), [1.0, 1.0]).item()
    2.0
    >>> mse(Tensor([[1.0], [3.0]]), [1.0, 1.0], sample_weight=[3, 1]).item()
    1.0
    """
    return mean_loss("mse", prediction, target, sample_weight)


def mae(prediction: Any, target: Any, sample_weight: Any = None) -> Any:
    """Mean absolute error over all elements; arguments as for `mse`, slope 0 where they agree.

    >>> mae(Tensor([[1.0], [3.0]]), [1.0, 1.0]).item()
    1.0
    """
    return mean_loss("mae", prediction, target, sample_weight)


def huber(prediction: Any, target: Any, delta: float = 1.0, sample_weight: Any = None) -> Any:
    """Mean over all elements of d²/2 for errors d up to ``delta``, and linear beyond (Huber 1964).

    Other arguments as for `mse`.

    Raises:
        OptionError: ``delta`` is not above 0.

    >>> huber(Tensor([[1.5], [4.0]]), [1.0, 1.0]).item()  # (0.125 + 2.5) / 2
    1.3125
    """
    length = number(delta)
    if length is None or not length > 0:
        raise OptionError(f"huber() wants delta above 0, got {delta!r}")
    delta = length
    return mean_loss("huber", prediction, target, sample_weight, delta=delta)


def hinge(prediction: Any, labels: Any, sample_weight: Any = None, class_weight: Any = None) -> Any:
    """Mean over all elements of max(0, 1 - label · prediction), as in support vector machines.

    Args:
        prediction: scores, a Tensor of any shape, or lists of Values.
        labels: -1 or 1, of the same shape, or without its last axis of length 1.
        sample_weight: as for `mse`.
        class_weight: how much elements of each label count: ``{-1: a, 1: b}``, ``[a, b]``, or
            "balanced" for as much in all as those of the other label.

    Raises:
        DataError: a label is neither -1 nor 1.

    >>> hinge(Tensor([[0.5], [-2.0]]), [1, -1]).item()
    0.25
    """
    return mean_loss("hinge", prediction, labels, sample_weight, class_weight)


def binary_cross_entropy(
    logits: Any, labels: Any, sample_weight: Any = None, class_weight: Any = None
) -> Any:
    """Mean surprise of ``labels`` under the probabilities sigmoid(``logits``), in nats; 0 is certainty.

    Args:
        logits: scores of any shape, not passed through a sigmoid; any finite size is safe.
        labels: 0 or 1, of the same shape, or without its last axis of length 1.
        sample_weight: as for `mse`.
        class_weight: as for `hinge`, of 0 and 1.

    Raises:
        DataError: a label is neither 0 nor 1.

    >>> round(binary_cross_entropy(Tensor([[0.0], [0.0]]), [0, 1]).item(), 6)  # log(2)
    0.693147
    """
    return mean_loss("binary_cross_entropy", logits, labels, sample_weight, class_weight)


def cross_entropy(logits: Any, labels: Any, sample_weight: Any = None, class_weight: Any = None) -> Any:
    """Mean surprise of ``labels`` under softmax(``logits``), in nats per row; 0 is certainty.

    Args:
        logits: (rows, classes) scores, not passed through a softmax; any finite size is safe.
        labels: (rows,) integers in [0, classes).
        sample_weight: as for `mse`.
        class_weight: how much rows of each class count: a dict (1 for those it leaves out), a list
            with a number for each class, or "balanced" for as much in all for every class.

    Raises:
        ShapeError: ``labels`` is not one for each row, or there is but one class.
        DataError: a label is no integer or out of range.

    >>> round(cross_entropy(Tensor([[0.0] * 10] * 2), [3, 7]).item(), 6)  # log(10): ten equal guesses
    2.302585
    """
    return mean_loss("cross_entropy", logits, labels, sample_weight, class_weight)


LOSSES: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (mse, mae, huber, hinge, binary_cross_entropy, cross_entropy)
}
"""The losses by name."""
