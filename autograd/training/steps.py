"""The loss of a module on a batch of rows, with its gradient and without: recorded once, then replayed.

A module is known only as something with a flat vector of parameters that takes a Tensor of columns, one for
each row of data, so that training stands below the modules that call it.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from autograd.errors import ShapeError
from autograd.losses import Loss
from autograd.losses.loss import mean_of
from autograd.tensor import Programs, Tensor, no_grad
from autograd.tensor.tape import Array
from autograd.training.data import Rows

__all__ = ["CHUNK", "Objective", "Steps", "Trainable"]

CHUNK = 1024  # rows that are evaluated at once where nothing is learned, which bounds the memory


class Trainable(Protocol):
    """What `fit` asks of a module."""

    N: list[int]
    n_in: int
    n_out: int
    activations: list[Any]
    dtype: np.dtype[Any]
    values: Array
    grads: Array
    _partial_fit: Any  # what `partial_fit` remembers from call to call

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest that an output can be."""

    @property
    def named(self) -> bool:
        """Whether its activations are known by name, so that their calls are always the same."""

    def through(self, h: Tensor) -> Tensor:
        """From (n_in + 1, rows), the last row ones, to (n_out, rows)."""

    def _twin(self) -> "Trainable":
        """The same module, for what this one keeps: if that knew this one, it would not go away."""

    def zero_grad(self) -> None:
        """Set every gradient to 0."""

    def mark_changed(self) -> None:
        """Note that ``values`` were written into."""

    def penalty(self, alpha: float) -> Tensor:
        """``alpha / 2`` times the sum of the squares of all weights; biases do not count."""


class Objective:
    """The loss of a module on a batch, with and without its gradient.

    Args:
        module: what is trained.
        loss: the row of a loss, or a function of predictions and targets.
        alpha: what half the sum of squared weights counts in the loss.
    """

    def __init__(self, module: Trainable, loss: Loss | Callable[..., Any], alpha: float = 0.0) -> None:
        self.module = module
        self.loss = loss
        self.alpha = alpha
        # A function of the user's may branch, count or draw random numbers: it is run as it stands
        self.replayed = module.named and isinstance(loss, Loss)

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
        """The loss, with its gradient left with the module."""
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


class Steps:
    """A measure on batches of rows, recorded for each size of batch if that can be.

    Args:
        measure: the loss of a batch.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.gradient_programs = Programs(objective.loss_and_grad, limit=4)
        self.loss_programs = Programs(objective.evaluate, limit=4)

    def learner(self, data: Rows, size: int) -> Callable[[Array], float]:
        """What finds the loss of ``size`` of the rows, and leaves its gradient with the module."""
        arrays, loss_and_grad = data.arrays(), self.objective.loss_and_grad
        if not self.objective.replayed:

            def run(rows: Array) -> float:
                return loss_and_grad(*(Tensor._of(a[rows], None) for a in arrays)).item()

            return run
        program = self.gradient_programs.at(*(a[:size] for a in arrays))
        pairs = [(a.take, own) for a, own in zip(arrays, program.inputs, strict=True)]
        calls, out = program.calls, program.outputs

        def replay(rows: Array) -> float:
            for take, own in pairs:
                take(rows, 0, own, "clip")
            for call in calls:
                call()
            return float(out)

        return replay

    def over(self, data: Rows) -> float:
        """The mean loss over all rows."""
        objective = self.objective
        if not isinstance(objective.loss, Loss):
            return objective.evaluate(*(Tensor._of(a, None) for a in data.arrays())).item()
        total = 0.0
        for start in range(0, len(data), CHUNK):
            part = [a[start : start + CHUNK] for a in data.arrays()]
            if objective.replayed:
                value = float(self.loss_programs(*part))
            else:
                value = objective.evaluate(*(Tensor._of(a, None) for a in part)).item()
            total += value * len(part[0])
        return total / len(data)


def way_out(alpha: float) -> str:
    """What an error says of what may help."""
    rate = "lr or alpha" if alpha else "lr"
    return (
        f"the net has its last good weights again. A smaller {rate}, or X scaled to about -1 to 1, may help"
    )


def largest(grads: Array) -> str:
    """What an error says of gradients."""
    finite = grads[np.isfinite(grads)]
    if not finite.size:
        return "no gradient was finite"
    others = f", but for {grads.size - finite.size} that were not finite" if finite.size < grads.size else ""
    return f"the largest gradient was {np.abs(finite).max():.3g}{others}"
