"""The loss of a module on a batch of rows, with or without its gradient: recorded once, then replayed.

All that this file needs of a module is the protocol `Trainable`: a flat vector of parameters, and a forward
pass for a Tensor with one column for each row of data. So it imports no module, and modules can import it.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from autograd.errors import ShapeError
from autograd.losses import Loss, mean_of
from autograd.tensor import Array, Programs, Tensor, no_grad, tensor_of
from autograd.training.data import Rows

__all__ = ["CHUNK_ROWS", "BatchLoss", "Objective", "Trainable"]

CHUNK_ROWS = 1024  # rows of one forward pass without gradients, which bounds the memory


class Trainable(Protocol):
    """What `fit` needs of a module."""

    N: list[int]
    n_in: int
    n_out: int
    activations: list[Any]
    dtype: np.dtype[Any]
    values: Array
    grads: Array
    _partial_fit: Any  # what `partial_fit` keeps from call to call: its options and a `PartialFit`

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest possible value of an output."""

    @property
    def functions(self) -> list[Any]:
        """The activation of each layer, as a function of a Tensor."""

    @property
    def named(self) -> bool:
        """Whether all activations are known by name, so that a recorded forward pass stays valid."""

    def through(self, h: Tensor) -> Tensor:
        """The forward pass, from shape (n_in + 1, rows), with ones in the last row, to (n_out, rows)."""

    def _twin(self) -> "Trainable":
        """A module with the same parameters, for objects that this one owns: they must not refer back to it.

        A reference cycle would keep the module in memory after its last use.
        """

    def zero_grad(self) -> None:
        """Set every gradient to 0."""

    def mark_changed(self) -> None:
        """Note that ``values`` have been changed in place."""

    def penalty(self, alpha: float) -> Tensor:
        """``alpha / 2`` times the sum of the squares of all weights, without biases."""


class Objective:
    """The loss of a module on a batch, with and without its gradient.

    Args:
        module: the module that is trained.
        loss: a `Loss`, or a function of predictions and targets.
        alpha: factor of the L2 penalty, half the sum of squared weights.
    """

    def __init__(self, module: Trainable, loss: Loss | Callable[..., Any], alpha: float = 0.0) -> None:
        self.module = module
        self.loss = loss
        self.alpha = alpha
        # A user's function may branch, count calls or draw random numbers, which a replay would not repeat
        self.recordable = module.named and isinstance(loss, Loss)

    def _predict(self, X: Tensor) -> Tensor:
        return self.module.through(X.T).T

    def _of(self, prediction: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
        if not isinstance(self.loss, Loss):
            value = self.loss(prediction, y.data)
            if not isinstance(value, Tensor) or value.size != 1:
                got = f"shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
                raise ShapeError(f"a loss must give a Tensor that holds one number, got {got}")
            return value
        if weight is None:
            return self.loss.unweighted(prediction, y)
        return mean_of(self.loss.each(prediction, y) * weight)

    def loss_and_grad(self, X: Tensor, y: Tensor, weight: Tensor | None = None) -> Tensor:
        """The loss with its penalty; the gradient is left in the module."""
        loss = self._of(self._predict(X), y, weight)
        if self.alpha:
            loss = loss + self.module.penalty(self.alpha)
        self.module.zero_grad()
        loss.backward()
        return loss

    def evaluate(self, X: Tensor, y: Tensor, weight: Tensor | None = None) -> Tensor:
        """The loss alone, without the penalty."""
        with no_grad():
            return self._of(self._predict(X), y, weight)


class BatchLoss:
    """The loss on batches of rows, recorded for each batch size unless a user's function takes part.

    Args:
        objective: the loss of a batch.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.gradient_programs = Programs(objective.loss_and_grad, limit=4)
        self.loss_programs = Programs(objective.evaluate, limit=4)

    def loss_and_gradient(self, data: Rows, size: int) -> Callable[[Array], float]:
        """A function from ``size`` row numbers to their loss, which leaves the gradient in the module."""
        arrays, loss_and_grad = data.arrays(), self.objective.loss_and_grad
        if not self.objective.recordable:

            def run(rows: Array) -> float:
                return loss_and_grad(*(tensor_of(a[rows]) for a in arrays)).item()

            return run
        program = self.gradient_programs.at(*(a[:size] for a in arrays))
        copies = [(a.take, buffer) for a, buffer in zip(arrays, program.inputs, strict=True)]
        calls, out = program.calls, program.outputs

        def replay(rows: Array) -> float:
            for take, buffer in copies:
                take(rows, 0, buffer, "clip")
            for call in calls:
                call()
            return float(out)

        return replay

    def mean(self, data: Rows) -> float:
        """The mean loss over all rows."""
        objective = self.objective
        if not isinstance(objective.loss, Loss):
            return objective.evaluate(*(tensor_of(a) for a in data.arrays())).item()
        total = 0.0
        for start in range(0, len(data), CHUNK_ROWS):
            part = [a[start : start + CHUNK_ROWS] for a in data.arrays()]
            if objective.recordable:
                value = float(self.loss_programs(*part))
            else:
                value = objective.evaluate(*(tensor_of(a) for a in part)).item()
            total += value * len(part[0])
        return total / len(data)


def advice(alpha: float) -> str:
    """The end of an error message: what may help against a loss that is not finite."""
    rate = "lr or alpha" if alpha else "lr"
    return (
        f"the net has its last good weights again. A smaller {rate}, or X scaled to about -1 to 1, may help"
    )


def largest_gradient(grads: Array) -> str:
    """The part of an error message that names the largest gradient."""
    finite = grads[np.isfinite(grads)]
    if not finite.size:
        return "no gradient was finite"
    rest = f", but for {grads.size - finite.size} that were not finite" if finite.size < grads.size else ""
    return f"the largest gradient was {np.abs(finite).max():.3g}{rest}"
