"""A module's way forward and back for a number of samples, recorded as one Program that pauses in between."""

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.tensor.core import Tensor, array_of
from autograd.tensor.program.program import Program, record_apart
from autograd.tensor.tape import Array
from autograd.tensor.trace import check

__all__ = ["Staged"]


def _turn(*values: Any) -> None:
    """The first call of the way back; it does nothing."""


def nothing() -> None:
    """No samples."""


class Staged:
    """A module's way forward and back for a number of samples, recorded."""

    def __init__(
        self, through: Callable[[Tensor], Tensor], n: int, n_in: int, n_out: int, dtype: Any, asks: bool
    ) -> None:
        def both(X: Tensor, G: Tensor) -> Any:
            with np.errstate(all="ignore"):
                y = through(X.T).T
            check(_turn, array_of(y))
            with np.errstate(all="ignore"):
                y.backward(G)
            return y, X.grad if asks else None

        X: Any = np.zeros((n, n_in), dtype)
        G = np.zeros((n, n_out), dtype)
        self.program: Program = record_apart(both, Tensor(X, True) if asks else X, G)
        self.X, self.G = self.program.inputs
        self.y, self.slopes = self.program.outputs
        calls = self.program.calls
        # A Program promises no more than callables; these are partials
        (at,) = (i for i, call in enumerate(calls) if call.func is _turn)  # type: ignore[attr-defined]
        self.forth, self.back = calls[:at], calls[at + 1 :]
        self.ran: Any = nothing  # weakly, the samples that went forward last, until they went back

    def forward(self, X: Array) -> Array:
        """The outputs of samples."""
        self.ran = nothing
        np.copyto(self.X, X)
        for call in self.forth:
            call()
        self.ran = weakref.ref(X)
        return self.y.astype(np.float64)  # type: ignore[no-any-return]  # an output of any kind

    def backward(self, X: Array, G: Array) -> Array | None:
        """Add to the gradients of parameters; those of the inputs, if they are wanted."""
        if self.ran() is not X:
            np.copyto(self.X, X)
            for call in self.forth:
                call()
        self.ran = nothing  # the way back may use the memory of the way forward
        np.copyto(self.G, G)
        for call in self.back:
            call()
        return self.slopes  # type: ignore[no-any-return]  # the same
