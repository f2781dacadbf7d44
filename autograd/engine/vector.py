"""Values and Tensors as two arrays, for code that works on arrays, such as optimisers."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from autograd.engine.value import Value
from autograd.tensor import Array, Tensor

__all__ = ["Vector"]


class Vector:
    """Copies of the numbers and gradients of some Values and Tensors, in two arrays.

    The arrays are filled by `sync`, and copied back by `mark_changed` and `mark_gradient_changed`. They are
    float32 if there are Tensors of float32 only. A Tensor without a gradient counts as one of gradient 0.
    """

    def __init__(self, parameters: Sequence[Value | Tensor]) -> None:
        # Each Tensor, and each run of Values, with its part of the arrays
        self._parts: list[tuple[slice, Tensor | list[Value]]] = []
        start = 0
        for are_values, run in groupby(parameters, lambda p: isinstance(p, Value)):
            members: list[Any] = list(run)
            parts: list[Any] = [members] if are_values else members
            for part in parts:
                size = len(part) if are_values else part.size
                self._parts.append((slice(start, start + size), part))
                start += size
        dtypes = {np.dtype(float) if isinstance(p, Value) else p.dtype for p in parameters}
        self.values = np.empty(start, np.result_type(*(dtypes or {np.dtype(float)})))
        self.grads = np.empty_like(self.values)
        self._before = np.empty_like(self.values)  # the numbers at the last `sync`

    def sync(self) -> None:
        """Copy numbers and gradients into the arrays."""
        for place, part in self._parts:
            if isinstance(part, list):
                self.values[place] = [v.data for v in part]
                self.grads[place] = [v.grad for v in part]
            else:
                self.values[place] = part.data.reshape(-1)
                self.grads[place] = 0 if part.grad is None else part.grad.reshape(-1)
        self._before[:] = self.values

    def mark_changed(self) -> None:
        """Copy ``values`` back into the Values and Tensors."""
        self._write(self.values)

    def go_back(self) -> None:
        """Set the Values and Tensors back to their numbers at the last `sync`."""
        self._write(self._before)

    def _write(self, numbers: Array) -> None:
        for place, part in self._parts:
            if isinstance(part, list):
                for v, x in zip(part, numbers[place].tolist(), strict=True):
                    v.data = x
            else:
                data = part.data
                data[...] = numbers[place].reshape(part.shape)
                part.data = data  # which notes that it was changed in place

    def mark_gradient_changed(self) -> None:
        """Copy ``grads`` back into the Values and Tensors."""
        for place, part in self._parts:
            if isinstance(part, list):
                for v, g in zip(part, self.grads[place].tolist(), strict=True):
                    v.grad = g
            elif part.grad is not None:
                part.grad[...] = self.grads[place].reshape(part.shape)

    def zero_grad(self) -> None:
        """Set the gradient of every Value and Tensor to 0."""
        for _, part in self._parts:
            for p in part if isinstance(part, list) else [part]:
                p.zero_grad()
