"""A loss as one row of a table: the loss of each element or sample, its targets, and their weights."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from autograd.engine import Value, number
from autograd.errors import DataError, NotANumberError, OptionError, ShapeError
from autograd.tensor import Tensor, array_of, as_array, indexed, reals, run_check, tensor_of

__all__ = ["ClassLoss", "Loss"]


Function = TypeVar("Function", bound=Callable[..., Any])


class Loss:
    """A loss with a target for each output.

    Args:
        name: its name in options and errors.
        each: ``each(prediction, target)`` returns the loss of each element. The two are Tensors of the same
            shape, or a Value and a number. Options of the loss are passed by name.
        labels: the two possible targets, if targets are class labels.
        logits: whether predictions are logits: unbounded scores, before a sigmoid or softmax.
        distance: whether the loss is least where predictions equal targets, so that outputs have to be able
            to reach the targets.
        mean_of_all: ``mean_of_all(prediction, target)`` returns the mean over all elements, if there is a
            faster way than the mean of ``each``.

    To use a loss of your own by its name, add it to `LOSSES`:

    >>> from autograd.losses import LOSSES
    >>> from autograd.nn import Net
    >>> LOSSES["quartic"] = Loss("quartic", lambda prediction, target: (prediction - target) ** 4)
    >>> history = Net(1, [1]).fit([0.0, 1.0], [0.0, 1.0], loss="quartic", epochs=1)
    >>> LOSSES["quartic"](Tensor([[2.0], [0.0]]), [0.0, 0.0]).item()
    8.0
    >>> del LOSSES["quartic"]
    """

    def __init__(
        self,
        name: str,
        each: Callable[..., Any],
        *,
        labels: tuple[int, int] | None = None,
        logits: bool = False,
        distance: bool = False,
        mean_of_all: Callable[[Tensor, Tensor], Tensor] | None = None,
    ) -> None:
        self.name = name
        self.each = each
        self.labels = labels
        self.logits = logits
        self.distance = distance
        self.mean_of_all = mean_of_all
        self.function: Callable[..., Any] | None = None

    def as_function(self, function: Function) -> Function:
        """Note, as a decorator, the public function that computes this loss."""
        self.function = function
        return function

    takes_classes = False  # whether the target of each row is the number of its class

    def __call__(self, prediction: Any, target: Any, **weights: Any) -> Any:
        """The mean loss; arguments as for `mean`."""
        return self.mean(prediction, target, **weights)

    def __repr__(self) -> str:
        return f"<loss {self.name}>"

    def mean(
        self,
        prediction: Any,
        target: Any,
        sample_weight: Any = None,
        class_weight: Any = None,
        **options: float,
    ) -> Any:
        """The weighted mean loss of the elements or rows: a Tensor for Tensors, a Value for Values."""
        rows = None if isinstance(prediction, Tensor) else as_rows(prediction)
        if isinstance(prediction, Value) and np.ndim(target) == 0:
            target = [target]
        if rows is not None:
            return self._mean_of_values(rows, target, sample_weight, class_weight, options)
        prediction = as_tensor(prediction, f"{self.name}({'logits' if self.logits else 'prediction'}=...)")
        if prediction.dtype.kind != "f":  # differences of small integer dtypes may overflow
            prediction = prediction.astype(np.float64)
        target = self.targets(prediction.shape, target, prediction.dtype)
        if not prediction.size:
            raise DataError(f"{self.name}() is a mean over rows, and there are no rows")
        outputs = (prediction.shape or (1,))[-1]
        weight = self.weights(target, outputs, sample_weight, class_weight, prediction.dtype)
        if weight is None:
            return self.unweighted(prediction, target, **options)
        each = self.each(prediction, target, **options)
        return (each * (weight / spread(weight, each.shape).sum())).sum()

    def _mean_of_values(
        self, rows: list[list[Value]], target: Any, sample_weight: Any, class_weight: Any, options: Any
    ) -> Any:
        outputs = len(rows[0])
        target = self.targets((len(rows), outputs), target, np.dtype(float))
        each = self.each_value(rows, target.tolist(), **options)
        weight = self.weights(target, outputs, sample_weight, class_weight)
        if weight is None:
            return sum(each) / len(each)
        shares = spread(weight, target.shape).data.ravel().tolist()
        return sum(w * e for w, e in zip(shares, each, strict=True)) / sum(shares)

    def each_value(self, rows: list[list[Value]], target: Any, **options: float) -> list[Any]:
        """The loss of each Value in ``rows``, one row after the other."""
        pairs = (pair for row, x in zip(rows, target, strict=True) for pair in zip(row, x, strict=True))
        return [self.each(v, x, **options) for v, x in pairs]

    def unweighted(self, prediction: Tensor, target: Tensor, **options: float) -> Tensor:
        """The unweighted mean over all elements or rows, for targets that `targets` has checked."""
        if self.mean_of_all is not None:
            return self.mean_of_all(prediction, target)
        return mean_of(self.each(prediction, target, **options))

    def targets(self, shape: tuple[int, ...], target: Any, dtype: Any) -> Tensor:
        """Check the targets for predictions of ``shape``, and return them as a Tensor of that shape.

        Raises:
            ShapeError: the targets have another shape.
            DataError: a label is not one of the labels of this loss.
        """
        targets = as_tensor(target, f"{self.name}({'labels' if self.labels else 'target'}=...)", dtype)
        if (*targets.shape, 1) == shape:
            targets = targets.reshape(shape)
        if targets.shape != shape:
            raise ShapeError(
                f"{self.name}() wants targets of the predictions' shape {shape}, got {targets.shape}"
            )
        if self.labels is not None:
            run_check(check_two, array_of(targets), self.name, *self.labels)
        return targets

    def classes(self, target: Tensor, outputs: int) -> tuple[list[int], Any]:
        """The classes, and for each target the index of its class among them.

        Raises:
            OptionError: the targets of this loss are not class labels.
        """
        if self.labels is None:
            raise OptionError(f"class_weight goes with labels, and {self.name} has none")
        return list(self.labels), array_of(target) > 0

    def class_counts(self, target: Tensor, outputs: int) -> Any:
        """How many of the targets each class has, in order; errors are those of `classes`."""
        known, index = self.classes(target, outputs)
        return np.bincount(index.astype(np.intp).ravel(), minlength=len(known))

    def class_table(self, class_weight: Any, target: Tensor, outputs: int) -> Any:
        """The weight of each class, in order, from a ``class_weight`` as for `weights`."""
        if isinstance(class_weight, str):
            return balanced(class_weight, self.class_counts(target, outputs))
        return class_table(class_weight, self.classes(target, outputs)[0])

    def weights(
        self, target: Tensor, outputs: int, sample_weight: Any, class_weight: Any, dtype: Any = np.float64
    ) -> Tensor | None:
        """The weight of each element or row, in a shape that broadcasts to that of the loss.

        Returns:
            The weights, or None if no weights are given.

        Raises:
            OptionError: ``class_weight`` is given for a loss without labels, or for other classes.
            ShapeError: ``sample_weight`` does not have one weight for each row.
            DataError: weights are negative, or all 0.
        """
        total = None
        if class_weight is not None:
            _, index = self.classes(target, outputs)
            table = self.class_table(class_weight, target, outputs)
            total = tensor_of(indexed(table.astype(dtype), index.astype(np.intp)))
        if sample_weight is not None:
            given = as_tensor(sample_weight, f"{self.name}(sample_weight=...)", dtype)
            if not target.ndim:
                raise ShapeError("sample_weight goes with rows, and a single number has none")
            if given.shape != target.shape[:1]:
                raise ShapeError(
                    f"sample_weight must hold a number for each of {len(target)} rows, got shape "
                    f"{given.shape}"
                )
            if target.ndim > 1:
                given = given.reshape((-1,) + (1,) * (target.ndim - 1))
            total = given if total is None else total * given
        if total is not None:
            run_check(check_weights, array_of(total))
        return total


class ClassLoss(Loss):
    """A loss with one output for each class, whose target for each row is the number of a class.

    ``each`` takes Tensors of shapes (rows, classes) and (rows,), or a list of Values and a class number.
    """

    takes_classes = True

    def each_value(self, rows: list[list[Value]], target: Any, **options: float) -> list[Any]:
        return [self.each(row, label, **options) for row, label in zip(rows, target, strict=True)]

    def targets(self, shape: tuple[int, ...], target: Any, dtype: Any) -> Tensor:
        labels = as_tensor(target, f"{self.name}(labels=...)")
        if len(shape) != 2 or labels.shape != shape[:1]:
            raise ShapeError(
                f"{self.name}() wants logits of shape (rows, classes) and a label for each row, got shapes "
                f"{shape} and {labels.shape}"
            )
        if shape[1] == 1:
            raise ShapeError(
                f"{self.name}() wants an output for each of 2 or more classes, got 1; a net of one output "
                "takes binary_cross_entropy"
            )
        if labels.dtype.kind not in "iu":
            raise DataError(
                f"{self.name}() wants integer labels, got dtype {labels.dtype}; convert them by "
                "np.array(labels, int)"
            )
        run_check(check_range, array_of(labels), self.name, shape[1])
        return labels

    def classes(self, target: Tensor, outputs: int) -> tuple[list[int], Any]:
        return list(range(outputs)), array_of(target)


# Helpers ------------------------------------------------------------------------------------------


def mean_of(each: Tensor) -> Tensor:
    """The mean of all elements, divided before they are summed, since the sum alone might overflow."""
    return (each / each.size).sum()


def as_tensor(x: Any, what: str, dtype: Any = None) -> Tensor:
    """``x`` as a Tensor; a NotANumberError that names ``what`` if ``x`` is no array of numbers."""
    return x if isinstance(x, Tensor) else tensor_of(as_array(x, dtype, what))


def as_rows(prediction: Any) -> list[list[Value]] | None:
    """A Value or lists of Values as a list with a list for each sample; None for anything else."""
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
        raise ShapeError("a loss wants the same number of outputs for every sample")
    for v in (v for row in rows for v in row):
        if not isinstance(v, Value) and number(v) is None:
            raise NotANumberError(f"a loss wants Values, got {v!r} ({type(v).__name__}) among them")
    return [[v if isinstance(v, Value) else Value(v) for v in row] for row in rows]


def check_range(labels: Any, name: str, classes: int) -> None:
    """DataError unless all labels lie in [0, classes)."""
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise DataError(
            f"{name}() wants labels from 0 to {classes - 1}, one for each of the {classes} "
            f"outputs, got some from {labels.min()} to {labels.max()}"
        )


def check_two(labels: Any, name: str, low: int, high: int) -> None:
    """DataError unless every label is ``low`` or ``high``."""
    good = (labels == low) | (labels == high)
    if not good.all():
        raise DataError(f"{name}() wants labels {low} or {high}, got {labels[~good].min():g}")


def check_weights(weights: Any) -> None:
    """DataError unless all weights are finite, none is negative, and at least one is positive."""
    if weights.size and not (np.isfinite(weights).all() and weights.min() >= 0 and weights.max() > 0):
        raise DataError("weights must be finite and 0 or more, and not all of them 0")


def spread(weight: Tensor, shape: tuple[int, ...]) -> Tensor:
    """``weight``, broadcast to ``shape``."""
    return np.broadcast_to(weight, shape)  # type: ignore[return-value]  # of a Tensor it returns a Tensor


def balanced(class_weight: str, counts: Any) -> Any:
    """The weight of each class, in order, for "balanced" and classes with so many targets each."""
    if class_weight != "balanced":
        raise OptionError(f"class_weight must be 'balanced', a dict or a list, got {class_weight!r}")
    return counts.sum() / (len(counts) * np.maximum(counts, 1))  # the formula of scikit-learn


def class_table(class_weight: Any, known: Sequence[int]) -> Any:
    """The weight of each of the ``known`` classes, in order."""
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
