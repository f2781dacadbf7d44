"""Losses: the distance of predictions from targets, as one number to minimise.

Each loss takes predictions as a Tensor of shape (rows, outputs), as a net returns them for a batch, and
returns a Tensor with one number. That is a mean, so it does not grow with the batch. Each loss also
takes predictions as a list with a Value, or a list of Values, for each sample, and then returns a Value.

>>> from autograd.engine import Value
>>> mse([Value(1.0), Value(3.0)], [1.0, 1.0])
Value(2.0, grad=0.0)
"""

from typing import Any

from autograd.engine import Value, number
from autograd.errors import OptionError
from autograd.losses.loss import ClassLoss, Loss, balanced, mean_of
from autograd.support import by_name
from autograd.tensor import Tensor, flush_subnormals, mean_square, nll_of_rows

__all__ = ["LOSSES", "Loss", "binary_cross_entropy", "cross_entropy", "hinge", "huber", "mae", "mse"]


# The loss of each element, or of each row ---------------------------------------------------------


def squared_errors(prediction: Any, target: Any) -> Any:
    return (prediction - target) ** 2


def absolute_errors(prediction: Any, target: Any) -> Any:
    return abs(prediction - target)


def huber_each(prediction: Any, target: Any, delta: float = 1.0) -> Any:
    error = abs(prediction - target)
    if isinstance(error, Value):
        return 0.5 * error**2 if error.data <= delta else delta * (error - 0.5 * delta)
    inside = error.clip(max=delta)
    return inside * (error - 0.5 * inside)


def hinge_each(prediction: Any, label: Any) -> Any:
    return (1 - label * prediction).relu()


def binary_nll(logit: Any, label: Any) -> Any:
    other_logit = (1 - 2 * label) * (flush_subnormals(logit) if isinstance(logit, Tensor) else logit)
    return other_logit.softplus()  # -log(1 - p) for p = sigmoid(other_logit), the other label's probability


def nll(logits: Any, label: Any) -> Any:
    if isinstance(logits, Tensor):
        return nll_of_rows(flush_subnormals(logits), label)
    top = max(logits).data
    return sum((v - top).exp() for v in logits).log() - (logits[label] - top)


MSE = Loss(
    "mse",
    squared_errors,
    distance=True,
    mean_of_all=lambda prediction, target: mean_square(prediction - target),
)
MAE = Loss("mae", absolute_errors, distance=True)
HUBER = Loss("huber", huber_each, distance=True)
HINGE = Loss("hinge", hinge_each, labels=(-1, 1))
BINARY_CROSS_ENTROPY = Loss("binary_cross_entropy", binary_nll, labels=(0, 1), logits=True)
CROSS_ENTROPY = ClassLoss("cross_entropy", nll, logits=True)

LOSSES: dict[str, Loss] = {
    loss.name: loss for loss in (MSE, MAE, HUBER, HINGE, BINARY_CROSS_ENTROPY, CROSS_ENTROPY)
}
"""The losses by name."""


# As functions -------------------------------------------------------------------------------------


@MSE.as_function
def mse(prediction: Any, target: Any, sample_weight: Any = None) -> Any:
    """Mean squared error over all elements.

    Args:
        prediction: a Tensor of any shape, or lists of Values.
        target: of the same shape, or without its last axis of length 1.
        sample_weight: (rows,) weights of the rows, 0 or more; all equal if not given.

    Raises:
        ShapeError: the shapes differ.
        DataError: weights are negative, or all 0.

    >>> mse(Tensor([[1.0], [3.0]]), [1.0, 1.0]).item()
    2.0
    >>> mse(Tensor([[1.0], [3.0]]), [1.0, 1.0], sample_weight=[3, 1]).item()
    1.0
    """
    return MSE.mean(prediction, target, sample_weight)


@MAE.as_function
def mae(prediction: Any, target: Any, sample_weight: Any = None) -> Any:
    """Mean absolute error over all elements, with slope 0 where the error is 0; arguments as for `mse`.

    >>> mae(Tensor([[1.0], [3.0]]), [1.0, 1.0]).item()
    1.0
    """
    return MAE.mean(prediction, target, sample_weight)


@HUBER.as_function
def huber(prediction: Any, target: Any, delta: float = 1.0, sample_weight: Any = None) -> Any:
    """Mean Huber loss over all elements: d²/2 for errors d up to ``delta``, linear beyond (Huber 1964).

    ``delta`` is above 0; the other arguments are those of `mse`.

    Raises:
        OptionError: ``delta`` is not above 0.

    >>> huber(Tensor([[1.5], [4.0]]), [1.0, 1.0]).item()  # (0.125 + 2.5) / 2
    1.3125
    """
    length = number(delta)
    if length is None or not length > 0:
        raise OptionError(f"huber() wants delta above 0, got {delta!r}")
    delta = length
    return HUBER.mean(prediction, target, sample_weight, delta=delta)


@HINGE.as_function
def hinge(prediction: Any, labels: Any, sample_weight: Any = None, class_weight: Any = None) -> Any:
    """Mean over all elements of max(0, 1 - label · prediction), as in support vector machines.

    Args:
        prediction: scores, a Tensor of any shape, or lists of Values.
        labels: -1 or 1, of the same shape, or without its last axis of length 1.
        sample_weight: as for `mse`.
        class_weight: the weight of each label: ``{-1: a, 1: b}``, ``[a, b]``, or "balanced", which
            gives the elements of either label the same total weight.

    Raises:
        DataError: a label is neither -1 nor 1.

    >>> hinge(Tensor([[0.5], [-2.0]]), [1, -1]).item()
    0.25
    """
    return HINGE.mean(prediction, labels, sample_weight, class_weight)


@BINARY_CROSS_ENTROPY.as_function
def binary_cross_entropy(
    logits: Any, labels: Any, sample_weight: Any = None, class_weight: Any = None
) -> Any:
    """Mean negative log-likelihood of ``labels`` whose probability is sigmoid(``logits``), in nats.

    Args:
        logits: scores of any shape, before the sigmoid; finite scores of any size do not overflow.
        labels: 0 or 1, of the same shape, or without its last axis of length 1.
        sample_weight: as for `mse`.
        class_weight: as for `hinge`, for the labels 0 and 1.

    Raises:
        DataError: a label is neither 0 nor 1.

    >>> round(binary_cross_entropy(Tensor([[0.0], [0.0]]), [0, 1]).item(), 6)  # log(2)
    0.693147
    """
    return BINARY_CROSS_ENTROPY.mean(logits, labels, sample_weight, class_weight)


@CROSS_ENTROPY.as_function
def cross_entropy(logits: Any, labels: Any, sample_weight: Any = None, class_weight: Any = None) -> Any:
    """Mean negative log-likelihood of ``labels`` under softmax(``logits``), in nats per row.

    It is 0 where the label has probability 1.

    Args:
        logits: (rows, classes) scores, before the softmax; finite scores of any size do not overflow.
        labels: (rows,) integers in [0, classes).
        sample_weight: as for `mse`.
        class_weight: the weight of each class: a dict (1 for the classes that it leaves out), a list
            with a number for each class, or "balanced", which gives every class the same total weight.

    Raises:
        ShapeError: ``labels`` does not have one label for each row, or there is only one class.
        DataError: a label is not an integer, or out of range.

    >>> round(cross_entropy(Tensor([[0.0] * 10] * 2), [3, 7]).item(), 6)  # log(10): ten equal guesses
    2.302585
    """
    return CROSS_ENTROPY.mean(logits, labels, sample_weight, class_weight)


def loss_of(loss: Any) -> Any:
    """The `Loss` of a name or of a function of this module; any other function is returned unchanged.

    Raises:
        UnknownNameError: there is no loss of that name.

    >>> loss_of("mse") is loss_of(mse) is MSE
    True
    """
    known = (row for row in LOSSES.values() if callable(loss) and row.function is loss)
    return next(known, None) or by_name("loss", loss, LOSSES)
