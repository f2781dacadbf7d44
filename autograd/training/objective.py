"""The loss of a module on a batch of rows, with or without its gradient: recorded once, then replayed.

All that this file needs of a module is the protocol `Trainable`: a flat vector of parameters, and a forward
pass for a Tensor with one column for each row of data. So it imports no module, and modules can import it.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol, TypeAlias

import numpy as np

from autograd.errors import ShapeError
from autograd.losses import Loss, mean_of
from autograd.tensor import Array, Programs, Tensor, no_grad, tensor_of
from autograd.training.data import Rows
from autograd.training.inputs import take_of

__all__ = ["CHUNK_ROWS", "BatchLoss", "BatchLosses", "BatchResult", "Objective", "Trainable"]

CHUNK_ROWS = 1024  # rows of one forward pass without gradients, which bounds the memory
SIZES_KEPT = 16  # batch sizes whose Programs a `BatchLoss` keeps, with gradients and without
LOSSES_KEPT = 4  # losses whose Programs a module keeps from one training to the next
BYTES_KEPT = 1 << 25  # memory of the Programs of a loss, if there are several

# Of a batch: the number of rows; that times the scale of their weights, which is its part in a mean over
# batches; the loss; the penalty
BatchResult: TypeAlias = tuple[float, float, float, float]


class Trainable(Protocol):
    """What `fit` needs of a module."""

    N: list[int]
    n_out: int
    activations: list[Any]
    dtype: np.dtype[Any]
    _partial_fit: Any  # what `partial_fit` keeps from call to call: its options and a `PartialFit`
    _batch_losses: "BatchLosses"

    @property
    def n_in(self) -> int | None:
        """The number of inputs; None for as many as X has."""

    @property
    def values(self) -> Array:
        """The parameters, as a vector."""

    @property
    def grads(self) -> Array:
        """Their gradients, as a vector."""

    @property
    def all_in_vector(self) -> bool:
        """Whether `values` holds all parameters."""

    @property
    def runs_layers(self) -> bool:
        """Whether a call runs the layers and nothing else."""

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest possible value of an output."""

    @property
    def functions(self) -> list[Any]:
        """The activation of each layer, as a function of a Tensor."""

    @property
    def named(self) -> bool:
        """Whether all activations are known by name, so that a recorded forward pass stays valid."""

    def infer_shapes(self, X: Array) -> None:
        """Note the numbers of inputs and outputs, if the inputs X of some rows are what tells them."""

    def through(self, x: Tensor) -> Tensor:
        """The forward pass, from shape (n_in, rows) to (n_out, rows)."""

    def _twin(self) -> "Trainable":
        """A module with the same parameters, for objects that this one owns: they must not refer back to it.

        A reference cycle would keep the module in memory after its last use.
        """

    def zero_grad(self) -> None:
        """Set every gradient to 0."""

    def mark_changed(self) -> None:
        """Note that ``values`` have been changed in place."""

    def mark_gradient_changed(self) -> None:
        """Note that ``grads`` have been changed in place."""

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

    def _of(self, X: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
        prediction = self.module.through(X.T).T
        if not isinstance(self.loss, Loss):
            value = self.loss(prediction, y.data)
            if not isinstance(value, Tensor) or value.size != 1:
                got = f"shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
                raise ShapeError(f"a loss must give a Tensor that holds one number, got {got}")
            return value
        if weight is None:
            return self.loss.unweighted(prediction, y)
        return mean_of(self.loss.each(prediction, y) * weight)

    def loss_and_grad(
        self, X: Tensor, y: Tensor, weight: Tensor | None = None
    ) -> tuple[Tensor] | tuple[Tensor, Tensor]:
        """The loss and, if ``alpha`` is not 0, the penalty; the gradient of both is left in the module."""
        loss = self._of(X, y, weight)
        parts = (loss, self.module.penalty(self.alpha)) if self.alpha else (loss,)
        self.module.zero_grad()
        sum(parts[1:], loss).backward()
        return parts

    def evaluate(self, X: Tensor, y: Tensor, weight: Tensor | None = None) -> Tensor:
        """The loss alone, without the penalty."""
        with no_grad():
            return self._of(X, y, weight)

    def penalty(self) -> float:
        """The penalty of the present weights."""
        with no_grad():
            return self.module.penalty(self.alpha).item() if self.alpha else 0.0


class BatchLoss:
    """The loss on batches of rows, recorded for each batch size unless a user's function takes part.

    Args:
        objective: the loss of a batch.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.gradient_programs = Programs(objective.loss_and_grad, SIZES_KEPT, most_bytes=BYTES_KEPT)
        self.loss_programs = Programs(objective.evaluate, SIZES_KEPT, most_bytes=BYTES_KEPT)

    def of_batches(self, data: Rows) -> Callable[[int, Array | None], BatchResult]:
        """A function that leaves the gradient of a batch in the module, and returns its `BatchResult`.

        Its arguments are the number of rows in the batch, and their indices in ``data``; None for all rows.
        """
        if not self.objective.recordable:
            return lambda size, rows: self._compute(data, size, slice(None) if rows is None else rows)
        scale = data.scale

        @cache
        def program_of(size: int) -> Any:
            arrays = data.arrays()
            program = self.gradient_programs.at(*(a[:size] for a in arrays))
            if size == len(data):  # all rows are one batch
                for a, own in zip(arrays, program.inputs, strict=True):
                    np.copyto(own, a[:])
                takes: list[Any] = []
            else:
                takes = [(take_of(a), own) for a, own in zip(arrays, program.inputs, strict=True)]
            return takes, program.calls, program.outputs

        def replay(size: int, rows: Array | None) -> BatchResult:
            takes, calls, outputs = program_of(size)
            for take, own in takes:
                take(rows, 0, own, "clip")
            for call in calls:
                call()
            penalty = float(outputs[1]) if len(outputs) > 1 else 0.0
            return size, size * scale, float(outputs[0]), penalty

        return replay

    def _compute(self, data: Rows, size: int, rows: Array | slice) -> BatchResult:
        """The `BatchResult` of some rows, computed without a Program."""
        parts = self.objective.loss_and_grad(*(tensor_of(a[rows]) for a in data.arrays()))
        penalty = parts[1].item() if len(parts) > 1 else 0.0
        return size, size * data.scale, parts[0].item(), penalty

    def mean(self, data: Rows) -> float:
        """The mean loss over all rows, without the penalty."""
        objective = self.objective
        if not isinstance(objective.loss, Loss):
            return objective.evaluate(*(tensor_of(a[:]) for a in data.arrays())).item()
        total = 0.0
        for start in range(0, len(data), CHUNK_ROWS):
            part = [a[start : start + CHUNK_ROWS] for a in data.arrays()]
            if objective.recordable:
                value = float(self.loss_programs(*part))
            else:
                value = objective.evaluate(*map(tensor_of, part)).item()
            total += value * len(part[0])
        return total / len(data)


class BatchLosses:
    """The `BatchLoss` objects of a module, whose Programs are kept from one training to the next."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Any, BatchLoss] = OrderedDict()

    @contextmanager
    def lent(self, module: Trainable, loss: Any, alpha: float) -> Iterator[BatchLoss]:
        """A `BatchLoss` of the module, which within the context is not lent to another training."""
        key = (loss, alpha) if isinstance(loss, Loss) else None
        batch_loss = self._kept.pop(key, None)
        if batch_loss is None:
            batch_loss = BatchLoss(Objective(module._twin(), loss, alpha))
        try:
            yield batch_loss
        finally:
            if batch_loss.objective.recordable:
                self._kept[key] = batch_loss
                if len(self._kept) > LOSSES_KEPT:
                    self._kept.popitem(last=False)


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
