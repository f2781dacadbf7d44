"""Values as two arrays, for code that works on arrays, such as optimisers."""

from collections.abc import Sequence

import numpy as np

from autograd.engine.value import Value

__all__ = ["Vector"]


class Vector:
    """Copies of the numbers and gradients of some Values, in two arrays: see `sync` and `mark_changed`."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._views = list(values)
        self._numbers: list[float] = []  # at the last `sync`
        self.values = np.empty(len(self._views))
        self.grads = np.empty(len(self._views))

    def sync(self) -> None:
        """Copy the numbers and gradients of the Values into the arrays."""
        self._numbers = [v.data for v in self._views]
        self.values[:] = self._numbers
        self.grads[:] = [v.grad for v in self._views]

    def mark_changed(self) -> None:
        """Copy ``values`` back into the Values."""
        self._write(self.values.tolist())

    def go_back(self) -> None:
        """Set the Values back to their numbers at the last `sync`."""
        self._write(self._numbers)

    def _write(self, numbers: Sequence[float]) -> None:
        for v, x in zip(self._views, numbers, strict=True):
            v.data = x

    def mark_gradient_changed(self) -> None:
        """Copy ``grads`` back into the Values."""
        for v, g in zip(self._views, self.grads.tolist(), strict=True):
            v.grad = g

    def zero_grad(self) -> None:
        """Set the gradient of every Value to 0."""
        for v in self._views:
            v.grad = 0.0
