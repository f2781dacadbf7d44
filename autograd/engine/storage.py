"""Where the numbers of parameters lie."""

from collections.abc import Sequence
from typing import Any

from autograd.engine.node import Node
from autograd.errors import UnsupportedError
from autograd.tensor.tape import Array

__all__ = ["Storage", "Version"]


class Version:
    """How often some parameters were changed; what was computed from them before is known by it."""

    def __init__(self) -> None:
        self.n = 0


def total(versions: list[Version]) -> int:
    """How often any of them was changed."""
    n = 0
    for version in versions:
        n += version.n
    return n


class Storage:
    """The numbers of some parameters, and their gradients, in arrays that others use too.

    A memoryview reads and writes a number as a Python float, in a third of an array's time.

    Args:
        values, grads: the arrays, of float64 or float32; ``values`` may be read-only, as joblib maps them.
        vectors: all gradients that change together with these, for a walk back that may have to undo it.
    """

    def __init__(self, values: Array, grads: Array, vectors: Sequence[Array]) -> None:
        self.vectors = vectors
        self.version = Version()
        self.double: bool = values.itemsize == 8
        self.writable: bool = values.flags.writeable
        self.values: Any = None
        self.targets: Any = None
        self.grads: Any = None
        self.single_values: Any = None
        self.single_targets: Any = None
        self.single_grads: Any = None
        numbers, slopes = memoryview(values.reshape(-1).data), memoryview(grads.reshape(-1).data)
        if self.double:
            self.values, self.grads = numbers, slopes
            self.targets = numbers if self.writable else None
        else:
            self.single_values, self.single_grads = numbers, slopes
            self.single_targets = numbers if self.writable else None


# One parameter, by its node -------------------------------------------------------------------------


def read_number(p: Node) -> float:
    """The number."""
    storage, i = p._home, p._index
    return storage.values[i] if storage.double else storage.single_values[i]  # type: ignore[no-any-return]


def write_number(p: Node, x: float) -> None:
    """Write the number, and note that one was changed."""
    storage, i = p._home, p._index
    if not storage.writable:
        raise UnsupportedError("these parameters are read-only; copy.deepcopy(net) has ones that are not")
    storage.version.n += 1  # first, lest an interrupt leave older graphs with the new number
    if storage.double:
        storage.targets[i] = x
    else:
        storage.single_targets[i] = x


def read_gradient(p: Node) -> float:
    """The gradient."""
    storage, i = p._home, p._index
    return storage.grads[i] if storage.double else storage.single_grads[i]  # type: ignore[no-any-return]


def write_gradient(p: Node, g: float) -> None:
    """Write the gradient."""
    storage, i = p._home, p._index
    if storage.double:
        storage.grads[i] = g
    else:
        storage.single_grads[i] = g
