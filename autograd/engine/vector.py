"""Any Values as two arrays, for who works on arrays, as optimisers do."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from autograd.engine.value import Value
from autograd.support.interrupts import finished

__all__ = ["Vector"]


class Vector:
    """Any Values, such as those of an expression, as two arrays: copied in, and copied back."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._windows = list(values)
        self._numbers: list[float] = []  # at the last pull
        self.values = np.empty(len(self._windows))
        self.grads = np.empty(len(self._windows))

    def pull(self) -> None:
        """Bring the arrays up to date with the Values."""
        self._numbers = [v.data for v in self._windows]
        self.values[:] = self._numbers
        self.grads[:] = [v.grad for v in self._windows]

    def push(self) -> None:
        """Write ``values`` back into the Values; after an error they are as at the last `pull`."""
        try:
            self._write(self.values.tolist())
        except BaseException:
            finished(partial(self._write, self._numbers))
            raise

    def _write(self, numbers: Sequence[float]) -> None:
        for v, x in zip(self._windows, numbers, strict=True):
            v.data = x

    def push_gradient(self) -> None:
        """Write ``grads`` back into the Values."""
        for v, g in zip(self._windows, self.grads.tolist(), strict=True):
            v.grad = g

    def zero_grad(self) -> None:
        """Set the gradient of every Value to 0."""
        for v in self._windows:
            v.grad = 0.0
