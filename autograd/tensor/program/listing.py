"""The text that ``print(program)`` shows: one line for each call, with the shape of its result."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.tensor.program.binding import Binder, is_reduction
from autograd.tensor.tape import Array
from autograd.tensor.trace import Call, Traced

__all__ = ["listing", "signature", "signature_text"]


def signature(arrays: Sequence[Array]) -> tuple[tuple[tuple[int, ...], Any], ...]:
    """The shape and dtype of each array."""
    return tuple((a.shape, a.dtype) for a in arrays)


def signature_text(signature: Sequence[tuple[tuple[int, ...], Any]]) -> str:
    """A `signature` as text."""
    return ", ".join(f"{dtype} {shape}" for shape, dtype in signature) or "no array"


class ArrayNames:
    """The names of a Program's arrays in its listing.

    Inputs have the names of the function's parameters. Arrays outside the recording are p1, p2, ...;
    results are t1, t2, ... A view is named by its source: ``x.T``, ``t1[0]``.
    """

    def __init__(self, names: Sequence[str], inputs: Sequence[Traced]) -> None:
        self.called: dict[Traced, str] = dict(zip(inputs, names, strict=True))
        self.sources = [
            f"{n} {signature_text(signature([x.value]))}" for n, x in zip(names, inputs, strict=True)
        ]
        self._outside = 0
        self._results = 0

    def of(self, x: Any) -> str:
        """The text of an argument."""
        if isinstance(x, Traced):
            if x not in self.called:  # an array outside the recording, seen for the first time
                self._outside += 1
                self.called[x] = f"p{self._outside}"
                self.sources.append(f"{self.called[x]} {signature_text(signature([x.value]))}")
            return self.called[x]
        if isinstance(x, tuple | list):
            return "(" + ", ".join(map(self.of, x)) + ")"
        if isinstance(x, np.ndarray):
            return f"constant{x.shape}" if x.ndim else f"{x}"
        if isinstance(x, slice):
            ends = (x.start, x.stop) if x.step is None else (x.start, x.stop, x.step)
            return ":".join("" if n is None else str(n) for n in ends)
        return str(x)

    def call(self, call: Call) -> str:
        """The text of a call."""
        function: Any = call.function
        name = function.__self__.__name__ + "." if is_reduction(function) else ""
        name += getattr(function, "__name__", type(function).__name__)
        arguments = ", ".join(map(self.of, call.args))
        options = {k: v for k, v in call.kwargs.items() if v is not None and v is not False}
        return f"{name}({arguments}" + "".join(f", {k}={self.of(v)}" for k, v in options.items()) + ")"

    def view(self, call: Call) -> None:
        """Name a view by its source and the operation that makes it."""
        source, text = self.of(call.args[0]), self.call(call)
        if call.function is operator.getitem:
            text = f"{source}[{self.of(call.args[1]).strip('()')}]"
        elif text in (f"transpose({source})", f"transpose({source}, None)"):
            text = f"{source}.T"
        elif text == f"swapaxes({source}, -1, -2)":
            text = f"{source}.mT"
        assert call.out is not None
        self.called[call.out] = text

    def result(self, out: Traced) -> str:
        """Give a result the next name, and return that name."""
        self._results += 1
        self.called[out] = f"t{self._results}"
        return self.called[out]


def listing(
    name: str, names: Sequence[str], inputs: Sequence[Traced], binder: Binder, outputs: Sequence[Any]
) -> str:
    """The text of a Program: one line for each call, with the shape of its result."""
    array_names = ArrayNames(names, inputs)
    rows = []
    count = 0
    for call, bound in binder.lines:
        out = call.out
        if out is not None and out.owner is not out:
            array_names.view(call)
            continue
        text = array_names.call(call)
        number = f"{count + 1}" if bound else ""
        count += len(bound)
        rows.append((number, text if out is None else f"{array_names.result(out)} = {text}", out))
    width = min(max((len(text) for _, text, _ in rows), default=0), 60)
    heading = f"Program of {name}: {len(binder.bound_calls)} calls, {binder.pool.nbytes} bytes"
    lines = [f"{n:>4}  {text:<{width}}  {'' if out is None else out.shape}".rstrip() for n, text, out in rows]
    results = ", ".join(array_names.of(x) for x in outputs)
    return "\n".join(
        [heading, "reads " + ", ".join(array_names.sources), *lines, f"gives {results or 'nothing'}"]
    )
