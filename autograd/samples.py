"""One sample through a module: numbers or Values in, Values out.

The module computes on Tensors; a `Call` joins what it recorded to the graph of Values on both sides.
"""

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np

from autograd.engine import Value, number
from autograd.errors import NotANumberError, ShapeError
from autograd.graph import Junction
from autograd.tensor.core import Tensor
from autograd.tensor.tape import Array, Leaf, Node, check_unchanged, consumers, pull

__all__ = ["evaluate", "is_batch"]


class Evaluable(Protocol):
    """What a sample can go through."""

    n_in: int
    dtype: np.dtype[Any]

    def forward(self, x: Tensor) -> Tensor:
        """From (n_in,) to (n_out,)."""


class Call(Junction):
    """One call of a module on one sample, between its inputs that are Values and its outputs."""

    __slots__ = ("arriving", "inputs", "leaf", "root")

    def __init__(self, root: Node | Leaf, leaf: Leaf | None, inputs: dict[int, Value]):
        super().__init__()
        self.root = root
        self.leaf = leaf  # of the sample, if inputs are Values
        self.inputs = inputs  # by position in the sample
        self.arriving: Array = np.zeros(root.shape, root.dtype)

    def _sources(self) -> Iterable[Value]:
        check_unchanged(consumers(self.root))  # now, before any gradient has been changed
        self.arriving[...] = 0.0  # outputs that are not part of the expression pass nothing on
        return self.inputs.values()

    def _pass_on(self) -> Iterable[tuple[Value, float]]:
        found: dict[Any, Any] = pull(self.root, self.arriving)
        slopes: Any = found.pop(self.leaf, None)
        for leaf, g in found.items():
            leaf.accumulate(g)
        return [(v, float(slopes[i])) for i, v in self.inputs.items()]


class Output(Value):
    """One of the numbers that a `Call` computed."""

    __slots__ = ("_call", "_place")

    def __init__(self, data: float, call: Call, place: int):
        self._data = data
        self._grad = 0.0
        self._a = self._b = None
        self._da = 0.0
        self._call = call
        self._place = place

    def _sources(self) -> Iterable[Call]:
        return (self._call,)

    def _pass_on(self) -> Iterable[tuple[Call, float]]:
        self._call.arriving[self._place] = self._grad
        return ((self._call, 0.0),)


def is_batch(x: Any) -> bool:
    """Whether ``x`` is many samples: an array of two dimensions, or a list of lists."""
    if isinstance(x, list | tuple) and x:
        x = x[0]
        return isinstance(x, list | tuple) or (isinstance(x, np.ndarray) and x.ndim > 0)
    return isinstance(x, np.ndarray) and x.ndim > 1


def evaluate(module: Evaluable, x: Any, call: str) -> Any:
    """The outputs of ``module`` for one sample: a list of Values, or the Value if it is one.

    Args:
        module: what the sample goes through.
        x: its numbers and Values: a list, a tuple, a one-dimensional array; a lone one if n_in is 1.
        call: what errors call the module.

    Raises:
        ShapeError: not ``n_in`` of them.
        NotANumberError: one that is neither a number nor a Value.
    """
    if isinstance(x, Value) or number(x) is not None:
        x = [x]
    if not isinstance(x, Iterable) or isinstance(x, set | frozenset | dict | str | bytes):
        raise NotANumberError(f"{call} wants a list of {module.n_in} numbers or Values, got {x!r}")
    items = x.tolist() if isinstance(x, np.ndarray) else list(x)
    if len(items) != module.n_in:
        raise ShapeError(f"{call} wants a sample of {module.n_in} numbers or Values, got {len(items)}")
    inputs: dict[int, Value] = {}
    row = []
    for i, item in enumerate(items):
        if isinstance(item, Value):
            inputs[i] = item
            row.append(item.data)
        else:
            y = item if item.__class__ is float else number(item)
            if y is None:
                raise NotANumberError(
                    f"{call} wants numbers or Values, got {item!r} ({type(item).__name__}) at place {i}"
                )
            row.append(y)
    array = np.array(row, module.dtype)
    leaf = Leaf(array.shape, array.dtype) if inputs else None
    out = module.forward(Tensor._of(array, leaf))
    if out._node is None:
        values = [Value(y) for y in out.tolist()]
    else:
        made = Call(out._node, leaf, inputs)
        values = [Output(y, made, i) for i, y in enumerate(out.tolist())]
    return values[0] if len(values) == 1 else values
