"""The flat vector: all parameters of a module in one array, all gradients in another.

An optimiser step, saving and loading work on the two vectors; layers see them as matrices; and a
`Parameter` is a window through which one number looks like a Value. Whoever changes a number first
has everything worked out that waits and depends on it.
"""

import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd.columns import LOCK, NOTHING, Column, guarded, indices, settle
from autograd.engine import Value, as_number
from autograd.errors import GradientError, NotANumberError, ShapeError
from autograd.graph import Junction
from autograd.patterns import Patterns
from autograd.replay import Root
from autograd.tensor.core import Tensor, entered, refuse_in_recording, unusual
from autograd.tensor.tape import Array, Leaf
from autograd.waiting import Waiting, join, member

__all__ = ["Flat", "Leaves", "Matrix", "Parameter", "ParameterList", "Users"]


class Leaves(Root):
    """The parameters of a `Flat` as they are now, as operands of scalar expressions."""

    def __init__(self, values: Array, grads: Array, matrices: "Sequence[Matrix]") -> None:
        super().__init__(0, 0)
        self._own = values, grads
        self.matrices = matrices  # whose parameters they are, in order

    def parents(self) -> Sequence[Column]:
        return ()

    def another(self, new: Mapping[Column, Column]) -> Column:
        return Leaves(*self._own, self.matrices)

    asks = True

    def read(self) -> Array:
        return self._own[0]

    def through(self, X: Tensor) -> Tensor:
        return X

    def give(self, slopes: Array) -> Iterable[tuple[Value, float]]:
        grads = self._own[1]
        grads += slopes
        return ()

    def work(self) -> tuple[Array, Array]:
        self.X = self.read()
        keys = self.keys if self.keys.size else indices(self.X.size)
        return keys, self.X.astype(np.float64)

    def sources(self) -> tuple[Sequence[Junction], Iterable[Value]]:
        self.reached()
        return (), ()

    def share(self) -> Iterable[tuple[Value, float]]:
        return self.give(self.arrived())


class Users:
    """Columns that use the parameters of a `Flat` and may not be worked out yet."""

    __slots__ = ("limit", "owner", "pending")

    def __init__(self, owner: "Flat") -> None:
        self.owner = weakref.ref(owner)
        self.limit = 32  # of what is pending, before it is looked through for what has gone
        self.pending: dict[Any, Any] = {}  # with the patterns of which they are the root, all weakly

    def add(self, column: Column, pattern: Any = NOTHING) -> None:
        """Have ``column`` worked out before a parameter changes, if somebody holds its ``pattern``."""
        with LOCK:
            if len(self.pending) >= self.limit:
                for known in [known for known in self.pending if known() is None]:
                    del self.pending[known]
                self.limit = 32 + 2 * len(self.pending)
            self.pending[weakref.ref(column)] = pattern

    def settle(self) -> None:
        """Work out what waits, and empty patterns that nobody holds. Call it before a parameter changes."""
        with LOCK:
            flat = self.owner()
            if flat is not None:
                flat.operands = {}  # what comes later is to be made from other numbers
            waiting, emptied = [], set()
            for known, pattern in list(self.pending.items()):
                if known() is not None and known().values is None:
                    if pattern() is not None and pattern().free() and not pattern().shared:
                        pattern().reopen(self)
                        emptied.add(known)
                    else:
                        waiting.append(known())
            settle(*waiting)
            for known in [known for known in self.pending if known not in emptied]:
                del self.pending[known]


class Matrix:
    """The parameters of one layer, [W | b]: a row for each neuron, its bias last.

    Whoever writes into it calls ``users.settle`` before and `changed` after, so that a backward()
    through what was computed from the old numbers finds out.
    """

    __slots__ = ("grads", "leaf", "owner", "pending", "tensor", "users", "values")

    def __init__(self, values: Array, grads: Array, owner: "Flat", place: int) -> None:
        self.owner = weakref.ref(owner), place  # for copies; not to keep it alive
        self.users = owner.users
        self.pending = owner.users.pending
        self.leaf = Leaf(values.shape, values.dtype, grads)
        self.tensor = Tensor._of(values, self.leaf)
        # A memoryview reads and writes a number as a Python float, in a third of an array's time
        self.values: Any = memoryview(values.reshape(-1).data)
        self.grads: Any = memoryview(grads.reshape(-1).data)

    @property
    def weight_mask(self) -> Array:
        """1 where a weight stands and 0 for biases."""
        ones = np.ones(self.tensor.shape, self.tensor.dtype)
        ones[:, -1] = 0
        return ones

    def changed(self) -> None:
        """Note that the numbers are no longer what they were."""
        self.leaf._version += 1


class Flat:
    """Two vectors, ``values`` and ``grads``, and a `Matrix` over each layer's part of them."""

    def __init__(self, values: Array, shapes: Sequence[tuple[int, int]]) -> None:
        self.values = values
        self.grads = np.zeros_like(values)
        self.users = Users(self)
        self.operands: dict[int, Any] = {}  # parameters as they are now, by key, as Values that wait
        self.matrices: list[Matrix] = []
        self.parts: list[slice] = []  # where in the vectors each matrix lies
        start = 0
        for shape in shapes:
            part = slice(start, start + shape[0] * shape[1])
            parts = values[part].reshape(shape), self.grads[part].reshape(shape)
            self.matrices.append(Matrix(*parts, self, len(self.matrices)))
            self.parts.append(part)
            start = part.stop
        self._windows: list[list[Parameter]] = [[] for _ in shapes]
        self.patterns = Patterns(self.users)

    def __reduce__(self) -> Any:
        own = {}  # attributes that programs have hung on parameters
        for k, windows in enumerate(self._windows):
            own.update({(k, i): p.__dict__ for i, p in enumerate(windows) if p.__dict__})
        return copied, (self.values, [m.tensor.shape for m in self.matrices], self.grads), own or None

    def __setstate__(self, own: dict[tuple[int, int], dict[str, Any]]) -> None:
        for (k, i), attributes in own.items():
            self.windows(k)[i].__dict__.update(attributes)

    def operand(self, key: int) -> Any:
        """A parameter as it is now, as a Value that waits."""
        with LOCK:
            pattern = self.patterns.current
            if pattern is None or not self.operands:
                pattern = self.patterns.begin(lambda: Leaves(self.values, self.grads, self.matrices))
                self.operands = dict(pattern.heads)
            if key not in self.operands:
                self.operands[key] = member(pattern.root, key)
                pattern.add(key, self.operands[key])
            return self.operands[key]

    def windows(self, k: int) -> list["Parameter"]:
        """A `Parameter` for each number of the k-th matrix, in order: the same ones at every call."""
        if not self._windows[k]:
            matrix, start = self.matrices[k], self.parts[k].start
            self._windows[k] = [Parameter(matrix, i, start + i) for i in range(len(matrix.values))]
        return self._windows[k]


def copied(values: Array, shapes: Sequence[tuple[int, int]], grads: Array) -> Flat:
    """A `Flat` as ``copy`` and ``pickle`` bring it back."""
    flat = Flat(values, shapes)
    flat.grads[...] = grads
    return flat


class Parameter(Value):
    """A window on one number of a `Flat`: a leaf Value whose data and grad live in the arrays."""

    __slots__ = ("_grads", "_index", "_matrix", "_values")

    def __init__(self, matrix: Matrix, index: int, key: int) -> None:
        self._matrix = matrix
        self._values, self._grads = matrix.values, matrix.grads
        self._index = index
        self._a = self._da = None
        self._b = key  # in the flat vector

    def _get_data(self) -> float:
        return self._values[self._index]  # type: ignore[no-any-return]  # from a memoryview

    def _set_data(self, data: Any) -> None:
        matrix = self._matrix
        if data.__class__ is not float or matrix.pending or entered:
            refuse_in_recording("p.data = ...")
            data = as_number(data, "data")
            matrix.users.settle()
        self._values[self._index] = data
        matrix.leaf._version += 1

    def _get_grad(self) -> float:
        return self._grads[self._index]  # type: ignore[no-any-return]  # from a memoryview

    def _set_grad(self, grad: Any) -> None:
        if grad.__class__ is not float or entered:
            refuse_in_recording("p.grad = ...")
            grad = as_number(grad, "grad")
        self._grads[self._index] = grad

    data = property(_get_data, _set_data, doc="The number, a float.")
    grad = property(_get_grad, _set_grad, doc="The gradient, a float.")

    def __copy__(self) -> Value:
        copy = Value(self.data)
        copy.grad = self.grad
        return copy

    def __reduce__(self) -> Any:
        flat, k = self._matrix.owner[0](), self._matrix.owner[1]
        return super().__reduce__() if flat is None else (window, (flat, k, self._index))

    _data, _grad = data, grad  # what the operations of Value read

    # What a penalty on parameters is made of waits, as one column for all of them

    def __mul__(self, other: Any) -> Any:
        if other is self and (made := self._wait("square")) is not None:
            return made
        return NotImplemented if isinstance(other, Waiting) else super().__mul__(other)

    def __pow__(self, other: Any) -> Any:
        kind = other.__class__
        if (kind is int or kind is float) and (made := self._wait("power", float(other))) is not None:
            return made
        return NotImplemented if isinstance(other, Waiting) else super().__pow__(other)

    def __abs__(self) -> Any:
        return self._wait("abs") or super().__abs__()

    # A Value that waits knows what to do with a parameter on its left

    def __add__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Waiting) else super().__add__(other)

    def __sub__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Waiting) else super().__sub__(other)

    def __truediv__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Waiting) else super().__truediv__(other)

    def _forget(self) -> None:
        """Let go of what waits and was made from parameters."""
        flat = self._matrix.owner[0]()
        if flat is not None:
            flat.patterns.forget()
            flat.operands = {}

    def _wait(self, name: str, payload: Any = 0) -> Any:
        """The result of an operation, waiting; None if it is to be a plain one."""
        if entered and unusual():
            return None
        flat = self._matrix.owner[0]()
        if flat is None:
            return None
        operand = flat.operands.get(self._b)
        if operand is None:
            operand = flat.operand(self._b)
        return join(operand, name, payload)


guarded(Parameter, "_wait")


def window(flat: Flat, k: int, index: int) -> Parameter:
    """A `Parameter` as ``copy`` and ``pickle`` bring it back: of the copied vector."""
    return flat.windows(k)[index]


class ParameterList(list[Any]):
    """A neuron's weights: a list whose items are written through and whose length is fixed.

    ``w[i] = 0.5`` or ``w[i] = Value(0.5)`` writes the number into the array that w[i] looks at.
    """

    def __setitem__(self, index: Any, value: Any) -> None:
        targets = self[index] if isinstance(index, slice) else [self[index]]
        write(targets, value if isinstance(index, slice) else [value], "w[...]")

    def _fixed(self, *args: Any, **kwargs: Any) -> Any:
        """Raise ShapeError: no weight comes or goes."""
        raise ShapeError(f"the {len(self)} weights of a neuron cannot become more, fewer or other ones")

    append = extend = insert = pop = remove = clear = sort = reverse = _fixed
    __delitem__ = __iadd__ = __imul__ = _fixed

    def __reduce__(self) -> Any:
        return list, (list(self),)


def write(targets: Sequence[Parameter], values: Iterable[Any], call: str) -> None:
    """Write numbers, or leaf Values, into parameters: all of them or, after an error, none."""
    try:
        given = list(values)
    except TypeError:
        raise NotANumberError(f"{call} wants {len(targets)} numbers, got {values!r}") from None
    numbers = []
    for value in given:
        if isinstance(value, Value) and value._da is not None:
            raise GradientError(
                f"{call} = a Value that was computed would cut its gradient off, since a parameter "
                "holds a number only; assign float(v) if that is meant"
            )
        numbers.append(value.data if isinstance(value, Value) else as_number(value, call))
    if len(numbers) != len(targets):
        raise ShapeError(f"{call} wants {len(targets)} numbers, got {len(numbers)}")
    for target, x in zip(targets, numbers, strict=True):
        target.data = x


class Vector:
    """Any Values, such as those of an expression, as two arrays: copied in, and copied back."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._windows = list(values)
        self.values = np.empty(len(self._windows))
        self.grads = np.empty(len(self._windows))

    def pull(self) -> None:
        """Bring the arrays up to date with the Values."""
        self.values[:] = [v.data for v in self._windows]
        self.grads[:] = [v.grad for v in self._windows]

    def push(self) -> None:
        """Write ``values`` back into the Values."""
        for v, x in zip(self._windows, self.values.tolist(), strict=True):
            v.data = x

    def push_gradient(self) -> None:
        """Write ``grads`` back into the Values."""
        for v, g in zip(self._windows, self.grads.tolist(), strict=True):
            v.grad = g

    def zero_grad(self) -> None:
        """Set the gradient of every Value to 0."""
        for v in self._windows:
            v.grad = 0.0
