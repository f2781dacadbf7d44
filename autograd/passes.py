"""Passes: a `Program` that goes forward, and back once the gradients are there."""

from collections.abc import Callable
from typing import Any

from autograd.tensor.program import Program, record
from autograd.tensor.trace import check

__all__ = ["Passes", "turn"]


def _turn(*values: Any) -> None:
    """The first call of the way back; it does nothing."""


def turn(*values: Any) -> None:
    """End the way forward, with these results, in a function that is recorded for `Passes`."""
    check(_turn, *values)


class Passes:
    """A function recorded as a Program in two parts, before and after its `turn`.

    >>> import numpy as np
    >>> def both(x, g):
    ...     y = np.exp(x.data)
    ...     turn(y)
    ...     return y, g.data * y
    >>> passes = Passes(both, np.zeros(2), np.zeros(2))
    >>> passes.inputs[0][:] = 0, np.log(2)
    >>> passes.forward()
    >>> passes.inputs[1][:] = 3
    >>> passes.backward()
    >>> passes.outputs[1].round(3).tolist()
    [3.0, 6.0]
    """

    def __init__(self, function: Callable[..., Any], *examples: Any) -> None:
        self._program: Program = record(function, *examples)  # keeps the memory
        self.inputs, self.outputs = self._program.inputs, self._program.outputs
        calls = self._program.calls
        # A Program promises no more than callables; these are partials
        (at,) = (i for i, call in enumerate(calls) if call.func is _turn)  # type: ignore[attr-defined]
        self._forth, self._back = calls[:at], calls[at + 1 :]

    def forward(self) -> None:
        """Go forward, from the inputs that are there."""
        for call in self._forth:
            call()

    def backward(self) -> None:
        """Go back. That may use the memory of the way forward, which comes first the next time."""
        for call in self._back:
            call()
