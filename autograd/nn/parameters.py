"""The flat vector: all parameters of a module in one array, all gradients in another.

Optimiser steps, saving and loading work on the two vectors. A layer uses its part of them as a matrix, and
a `Parameter` is a view of one number as a Value. Before a number is changed, all pending operations that
depend on it have to be computed.
"""

import weakref
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograd.engine import operations, pending, storage
from autograd.engine.node import opened
from autograd.engine.numbers import as_number
from autograd.engine.storage import Storage, Version
from autograd.engine.value import Value, is_leaf
from autograd.errors import GradientError, NotANumberError, ShapeError
from autograd.tensor import Array, Leaf, active_contexts, refuse_in_recording, tensor_of

__all__ = ["LayerParameters", "Parameter", "ParameterList", "ParameterVector"]


class ParameterLeaf(Leaf):
    """The tape's leaf for a matrix of parameters. It shares the version and the owner of the matrix."""

    __slots__ = ("owner", "version")

    def __init__(self, values: Array, grads: Array, version: Version, owner: Any) -> None:
        self.version, self.owner = version, owner
        Leaf.__init__(self, values.shape, values.dtype, grads)

    def set_grad(self, g: Array | None) -> None:
        """Write the gradient, or 0 for None, into the array of the module's gradients."""
        assert self.grad is not None
        self.grad[...] = 0 if g is None else g

    @property
    def _version(self) -> int:
        return self.version.n

    @_version.setter
    def _version(self, n: int) -> None:
        self.version.n = n


class LayerParameters(Storage):
    """The parameters of one layer as a matrix [W | b]: a row for each neuron, the bias in the last column.

    Call `pending.settle` before writing into it and `changed` afterwards. Then backward() through a result
    that was computed from the old numbers raises an error.
    """

    def __init__(self, values: Array, grads: Array, owner: "ParameterVector", place: int) -> None:
        Storage.__init__(self, values, grads, (owner.grads,))
        self.arrays = values, grads
        self.owner = weakref.ref(owner), place  # weak: a matrix must not keep its vector alive
        self.leaf = ParameterLeaf(values, grads, self.version, self.owner)
        self.tensor = tensor_of(values, self.leaf)

    @property
    def weight_mask(self) -> Array:
        """A matrix of the same shape, with 1 for weights and 0 for biases."""
        ones = np.ones(self.tensor.shape, self.tensor.dtype)
        ones[:, -1] = 0
        return ones

    def at(self, i: int) -> tuple[float, float]:
        """The i-th number and its gradient."""
        values, grads = self.arrays
        return float(values.flat[i]), float(grads.flat[i])

    def name_of(self, i: int) -> str:
        """The name of the i-th parameter within its module, such as ``layers[0].neurons[3].w[1]``."""
        vector, k = self.owner[0](), self.owner[1]
        neurons, columns = self.tensor.shape
        row, j = divmod(i, columns)
        name = "b" if j == columns - 1 else f"w[{j}]"
        several = vector is not None and len(vector.matrices) > 1
        if neurons > 1 or several:
            name = f"neurons[{row}].{name}"
        return f"layers[{k}].{name}" if several else name

    def changed(self) -> None:
        """Note that the numbers were changed."""
        self.version.n += 1


class ParameterVector:
    """Two vectors, ``values`` and ``grads``, and a `LayerParameters` as a view of each layer's part."""

    def __init__(self, values: Array, shapes: Sequence[tuple[int, int]]) -> None:
        self.values = values
        self.grads = np.zeros_like(values)
        self.matrices: list[LayerParameters] = []
        self.parts: list[slice] = []  # the part of the vectors that each matrix views
        start = 0
        for shape in shapes:
            part = slice(start, start + shape[0] * shape[1])
            arrays = values[part].reshape(shape), self.grads[part].reshape(shape)
            self.matrices.append(LayerParameters(*arrays, self, len(self.matrices)))
            self.parts.append(part)
            start = part.stop
        self._views: list[list[Parameter]] = [[] for _ in shapes]

    def __reduce__(self) -> Any:
        own = {}  # attributes that users have set on parameters
        for k, views in enumerate(self._views):
            own.update({(k, i): p.__dict__ for i, p in enumerate(views) if p.__dict__})
        return copied, (self.values, [m.tensor.shape for m in self.matrices], self.grads), own or None

    def __setstate__(self, own: dict[tuple[int, int], dict[str, Any]]) -> None:
        for (k, i), attributes in own.items():
            self.views(k)[i].__dict__.update(attributes)

    def views(self, k: int) -> list["Parameter"]:
        """A `Parameter` for each number of the k-th matrix, in order: the same objects at every call."""
        if not self._views[k]:
            matrix = self.matrices[k]
            self._views[k] = [Parameter(matrix, i) for i in range(matrix.tensor.size)]
        return self._views[k]


def copied(values: Array, shapes: Sequence[tuple[int, int]], grads: Array) -> ParameterVector:
    """Rebuild a `ParameterVector` for ``copy`` and ``pickle``."""
    vector = ParameterVector(values, shapes)
    vector.grads[...] = grads
    return vector


class Parameter(Value):
    """A view of one number of a `ParameterVector`: a leaf Value whose data and grad stand in its arrays."""

    __slots__ = ()

    def __init__(self, matrix: LayerParameters, index: int) -> None:
        self._code = operations.PARAMETER
        self._source = self._home = matrix
        self._index = index
        self._a = self._b = None
        self._number = self._grad = 0.0  # used only during a backward pass
        self._n = 0

    @property
    def data(self) -> float:
        """The number, a float."""
        return storage.read_number(self)

    @data.setter
    def data(self, data: Any) -> None:
        x = data if type(data) is float else as_number(data, "data")
        if active_contexts:
            refuse_in_recording("p.data = ...")
        storage.check_room(self, x)
        if pending.any_pending():
            pending.settle(None, self._home.vectors, False)
        storage.write_number(self, x)

    @property
    def grad(self) -> float:
        """The gradient, a float."""
        return storage.read_gradient(self)

    @grad.setter
    def grad(self, grad: Any) -> None:
        g = grad if type(grad) is float else as_number(grad, "grad")
        if active_contexts:
            refuse_in_recording("p.grad = ...")
        storage.check_room(self, g)
        storage.write_gradient(self, g)

    def zero_grad(self) -> None:
        """Set ``grad`` to 0."""
        self.grad = 0.0

    def __copy__(self) -> Value:
        copy = Value(self.data)
        copy.grad = self.grad
        return copy

    def __reduce__(self) -> Any:
        vector, k = self._home.owner[0](), self._home.owner[1]
        if vector is None:
            return Value, (self.data,)
        return view_of, (vector, k, self._index)


opened(Parameter)


def view_of(vector: ParameterVector, k: int, index: int) -> Parameter:
    """Rebuild a `Parameter` for ``copy`` and ``pickle``, as a view of the copied vector."""
    return vector.views(k)[index]


class ParameterList(list[Any]):
    """A neuron's weights: a list of fixed length, in which assigning to an item writes the parameter.

    ``w[i] = 0.5`` or ``w[i] = Value(0.5)`` writes the number into the array that ``w[i]`` is a view of.
    """

    def __setitem__(self, index: Any, value: Any) -> None:
        targets = self[index] if isinstance(index, slice) else [self[index]]
        write_parameters(targets, value if isinstance(index, slice) else [value], "w[...]")

    def _fixed(self, *args: Any, **kwargs: Any) -> Any:
        """Raise ShapeError: the items and their order are fixed."""
        raise ShapeError(
            f"a neuron's list w has a fixed length of {len(self)}; assign to its items, w[i] = 0.5"
        )

    append = extend = insert = pop = remove = clear = sort = reverse = _fixed
    __delitem__ = __iadd__ = __imul__ = _fixed

    def __reduce__(self) -> Any:
        return list, (list(self),)


def write_parameters(targets: Sequence[Parameter], values: Iterable[Any], call: str) -> None:
    """Write numbers, or the data of leaf Values, into parameters. An error leaves all of them unchanged."""
    try:
        given = list(values)
    except TypeError:
        raise NotANumberError(f"{call} wants {len(targets)} numbers, got {values!r}") from None
    numbers = []
    for value in given:
        if isinstance(value, Value) and not is_leaf(value):
            raise GradientError(
                f"{call} = a Value that was computed would cut its gradient off, since a parameter "
                "holds a number only; assign float(v) if that is meant"
            )
        numbers.append(value.data if isinstance(value, Value) else as_number(value, call))
    if len(numbers) != len(targets):
        raise ShapeError(f"{call} wants {len(targets)} numbers, got {len(numbers)}")
    for target, x in zip(targets, numbers, strict=True):
        target.data = x
