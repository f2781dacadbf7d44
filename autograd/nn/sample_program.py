"""A module's forward and backward pass of a fixed number of samples: one Program, replayed in two parts."""

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.tensor import Array, Program, Tensor, array_of, record_in_new_thread, run_check

__all__ = ["SampleProgram"]


def _marker(*values: Any) -> None:
    """Do nothing. The recorded call of this function marks where the backward pass begins."""


def nothing() -> None:
    """Return None, like a weak reference whose object is gone."""


class SampleProgram:
    """A module's forward and backward pass for a fixed number of samples, recorded as one Program.

    Args:
        through: the module's function, from (n_in, rows) to (n_out, rows).
        n: the number of samples.
        n_in: the number of inputs of a sample.
        n_out: the number of outputs of a sample.
        dtype: the module's dtype.
        wants_input_gradients: whether the backward pass also computes the gradients of the samples.
    """

    def __init__(
        self,
        through: Callable[[Tensor], Tensor],
        n: int,
        n_in: int,
        n_out: int,
        dtype: Any,
        wants_input_gradients: bool,
    ) -> None:
        def both(X: Tensor, G: Tensor) -> Any:
            with np.errstate(all="ignore"):
                y = through(X.T).T
            run_check(_marker, array_of(y))
            with np.errstate(all="ignore"):
                y.backward(G)
            return y, X.grad if wants_input_gradients else None

        X: Any = np.zeros((n, n_in), dtype)
        G = np.zeros((n, n_out), dtype)
        self.program: Program = record_in_new_thread(both, Tensor(X, True) if wants_input_gradients else X, G)
        self.X, self.G = self.program.inputs
        self.y, self.input_gradients = self.program.outputs
        calls = self.program.calls
        # Program.calls is typed as callables; the calls are in fact functools.partial objects
        (end,) = (i for i, call in enumerate(calls) if call.func is _marker)  # type: ignore[attr-defined]
        self.forward_calls = calls[:end]  # compute y from X, and keep what the backward pass needs
        self.backward_calls = calls[end + 1 :]  # compute the gradients from G and what the others have kept
        # A weak reference to the samples whose forward pass is still in the Program's memory
        self.in_memory: Any = nothing

    def forward(self, X: Array) -> Array:
        """The outputs of the samples, (n, n_out)."""
        self.in_memory = nothing
        np.copyto(self.X, X)
        for call in self.forward_calls:
            call()
        self.in_memory = weakref.ref(X)
        return self.y.astype(np.float64)  # type: ignore[no-any-return]  # its outputs are typed as Any

    def backward(self, X: Array, G: Array) -> Array | None:
        """Pass the gradients of the outputs back, and add to the gradients of the parameters.

        Args:
            X: the samples. They pass through the module again unless they were the last to do so.
            G: the gradients of their outputs, (n, n_out).

        Returns:
            The gradients of the samples, (n, n_in), in memory that the next backward pass overwrites; None
            if they are not wanted.
        """
        if self.in_memory() is not X:
            np.copyto(self.X, X)
            for call in self.forward_calls:
                call()
        self.in_memory = nothing  # the backward pass may overwrite results of the forward pass
        np.copyto(self.G, G)
        for call in self.backward_calls:
            call()
        return self.input_gradients  # type: ignore[no-any-return]  # as above
