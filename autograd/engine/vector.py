"""Values, Tensors and layers as two arrays, for code that works on arrays, such as optimisers."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import numpy as np

from autograd.engine.value import Value
from autograd.tensor import Array, Tensor

__all__ = ["Vector"]


class Vector:
    """Copies of the numbers and gradients of some parameters, in two arrays.

    The arrays are filled by `sync`, and copied back by `mark_changed` and `mark_gradient_changed`. They are
    float32 if all parameters are. A Tensor without a gradient counts as one of gradient 0.

    Args:
        parameters: Values, Tensors, and modules with flat vectors ``values`` and ``grads``, such as layers.
    """

    def __init__(self, parameters: Iterable[Any]) -> None:
        # Each Tensor, each module, and each run of Values, with its part of the arrays
        self.parts: list[tuple[slice, Any]] = []
        start, dtypes = 0, set()
        for are_values, run in groupby(parameters, lambda p: isinstance(p, Value)):
            members: list[Any] = list(run)
            parts: list[Any] = [members] if are_values else members
            for part in parts:
                size = len(part) if are_values else part.size if isinstance(part, Tensor) else part.grads.size
                self.parts.append((slice(start, start + size), part))
                dtypes.add(np.dtype(float) if are_values else part.dtype)
                start += size
        self.values = np.empty(start, np.result_type(*(dtypes or {np.dtype(float)})))
        self.grads = np.empty_like(self.values)
        self._before = np.empty_like(self.values)  # the numbers at the last `sync`

    def sync(self) -> None:
        """Copy numbers and gradients into the arrays."""
        for place, part in self.parts:
            if isinstance(part, list):
                self.values[place] = [v.data for v in part]
                self.grads[place] = [v.grad for v in part]
            elif isinstance(part, Tensor):
                self.values[place] = part.data.reshape(-1)
                self.grads[place] = 0 if part.grad is None else part.grad.reshape(-1)
            else:
                self.values[place] = part.values
                self.grads[place] = part.grads
        self._before[:] = self.values

    def mark_changed(self) -> None:
        """Copy ``values`` back into the parameters."""
        self._write(self.values)

    def go_back(self) -> None:
        """Set the parameters back to their numbers at the last `sync`."""
        self._write(self._before)

    def _write(self, numbers: Array) -> None:
        for place, part in self.parts:
            if isinstance(part, list):
                for v, x in zip(part, numbers[place].tolist(), strict=True):
                    v.data = x
            elif isinstance(part, Tensor):
                data = part.data
                data[...] = numbers[place].reshape(part.shape)
                part.data = data  # which notes that it was changed in place
            else:
                values = part.values
                part.mark_changed()  # first: an interrupt must not leave older graphs with the new numbers
                values[...] = numbers[place]

    def mark_gradient_changed(self) -> None:
        """Copy ``grads`` back into the parameters."""
        for place, part in self.parts:
            if isinstance(part, list):
                for v, g in zip(part, self.grads[place].tolist(), strict=True):
                    v.grad = g
            elif isinstance(part, Tensor):
                if part.grad is not None:
                    part.grad[...] = self.grads[place].reshape(part.shape)
            else:
                part.grads[...] = self.grads[place]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        for _, part in self.parts:
            for p in part if isinstance(part, list) else [part]:
                p.zero_grad()
