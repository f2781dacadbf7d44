"""A module of the user's as `fit` needs it, where only its parameters and its call are known."""

import math
from typing import Any

from autograd.errors import GradientError, OptionError, ShapeError
from autograd.optim import vector_of
from autograd.tensor import Array, Tensor, mode, no_grad, tensor_of
from autograd.training.objective import BatchLosses

__all__ = ["CallableModule"]

PROBED = 2  # rows of the forward pass that tells the number of outputs


class CallableModule:
    """A `Trainable` made of any module that maps rows to rows.

    Args:
        module: the module, which is called with a Tensor of shape (rows, inputs), and returns one of shape
            (rows, outputs), or (rows,).
    """

    all_in_vector = runs_layers = True
    named = False  # the call may branch, count or draw random numbers, so it is not recorded

    def __init__(self, module: Any) -> None:
        self.module = module
        self._vector = vector_of(module)
        self._batch_losses = BatchLosses()
        self._partial_fit: Any = None
        self.dtype = self._vector.values.dtype
        self.n_in: int | None = None
        self.n_out = 0
        self.N = [self._vector.values.size]
        self.activations: list[Any] = [module.__call__]
        self.functions = self.activations
        self.bounds = -math.inf, math.inf
        if getattr(module, "runs_layers", False):
            self.activations, self.bounds = module._description()["activations"], module.bounds

    @property
    def values(self) -> Array:
        """A copy of the parameters, as a vector, which `mark_changed` copies back."""
        self._vector.sync()
        values: Array = self._vector.values
        return values

    @property
    def grads(self) -> Array:
        """A copy of the gradients, as a vector, which `mark_changed` copies back."""
        self._vector.sync()
        grads: Array = self._vector.grads
        return grads

    def sync(self) -> None:
        """Do nothing: `values` and `grads` are copied anew when they are read."""

    def mark_changed(self) -> None:
        """Copy the vectors of the last read of `values` and `grads` back into the parameters."""
        self._vector.mark_changed()
        self.mark_gradient_changed()

    def mark_gradient_changed(self) -> None:
        """Copy the vector of the last read of `grads` back into the parameters."""
        self._vector.mark_gradient_changed()

    def zero_grad(self) -> None:
        """Set every gradient to 0."""
        self._vector.zero_grad()

    def infer_shapes(self, X: Array) -> None:
        """Note the numbers of inputs and outputs, by a forward pass of the first rows."""
        if self.n_in is None:
            with no_grad():
                outputs = self._outputs(tensor_of(X[:PROBED]))
            self.n_in, self.n_out = X.shape[1], outputs.shape[1]

    def through(self, x: Tensor) -> Tensor:
        """The forward pass, from shape (inputs, rows) to (outputs, rows).

        Raises:
            GradientError: the outputs depend on no parameter.
        """
        outputs = self._outputs(x.T)
        if mode.taping and not outputs.requires_grad:
            raise GradientError(
                f"fit() cannot train {type(self.module).__name__}: what its call returned depends on none of "
                "its parameters"
            )
        return outputs.T

    def _outputs(self, X: Tensor) -> Tensor:
        """The outputs of the module, of shape (rows, outputs)."""
        outputs: Any = self.module(X)
        rows, right = len(X), isinstance(outputs, Tensor)
        right = right and outputs.ndim in (1, 2) and len(outputs) == rows and outputs.size > 0
        if not right or (self.n_in is not None and outputs.size != rows * self.n_out):
            got = f"shape {outputs.shape}" if isinstance(outputs, Tensor) else type(outputs).__name__
            columns = self.n_out if self.n_in is not None else "outputs"
            raise ShapeError(
                f"fit() calls {type(self.module).__name__} with a Tensor of shape {X.shape}, and wants a "
                f"Tensor of shape ({rows}, {columns}) from it, got {got}"
            )
        table: Tensor = outputs.reshape(rows, -1)
        return table

    def penalty(self, alpha: float) -> Tensor:
        """``alpha / 2`` times the sum of the squares of all weights.

        Weights are the Tensors of two or more axes, and those of layers.

        Raises:
            OptionError: there are none.
        """
        terms: list[Tensor] = []
        for _, part in self._vector.parts:
            if isinstance(part, Tensor):
                if part.ndim > 1:
                    terms.append((part * part).sum() * (alpha / 2))
            elif not isinstance(part, list):
                terms.append(part.penalty(alpha))
        if not terms:
            raise OptionError(
                f"fit() got alpha={alpha}, which penalises the weights of layers and Tensors of two or more "
                f"axes, and this {type(self.module).__name__} has none"
            )
        return sum(terms[1:], terms[0])

    def _twin(self) -> "CallableModule":
        return self
