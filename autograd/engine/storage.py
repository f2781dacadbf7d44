"""The arrays in which the numbers and gradients of parameters are stored."""

from collections.abc import Sequence
from typing import Any

from autograd.engine.node import Node
from autograd.errors import DataError, UnsupportedError
from autograd.tensor import Array

__all__ = ["Storage", "Version"]


class Version:
    """A counter of changes to some parameters. It shows whether they have changed since a computation."""

    def __init__(self) -> None:
        self.n = 0


def total(versions: list[Version]) -> int:
    """Return the sum of several change counters."""
    n = 0
    for version in versions:
        n += version.n
    return n


class Storage:
    """The numbers and gradients of some parameters, in arrays that other objects use too.

    Single numbers are read and written through memoryviews. These work with Python floats and take a third of
    the time of array indexing.

    Args:
        values, grads: the arrays, of float64 or float32; ``values`` may be read-only, for example an array
            that joblib has memory-mapped.
        vectors: the gradients that may change together with these. A backward pass copies them, so that it
            can undo its changes.

    Attributes:
        version: counts the changes of the numbers.
        double: whether the arrays are of float64. Then ``values``, ``writable_values`` and ``grads`` are
            memoryviews of them; for float32 the three whose names begin with ``single_`` are.
        writable: whether the numbers may be written; if not, there are no ``writable_values``.
    """

    def __init__(self, values: Array, grads: Array, vectors: Sequence[Array]) -> None:
        self.vectors = vectors
        self.version = Version()
        self.double: bool = values.itemsize == 8
        self.writable: bool = values.flags.writeable
        self.values: Any = None
        self.writable_values: Any = None
        self.grads: Any = None
        self.single_values: Any = None
        self.single_writable_values: Any = None
        self.single_grads: Any = None
        numbers, slopes = memoryview(values.reshape(-1).data), memoryview(grads.reshape(-1).data)
        if self.double:
            self.values, self.grads = numbers, slopes
            self.writable_values = numbers if self.writable else None
        else:
            self.single_values, self.single_grads = numbers, slopes
            self.single_writable_values = numbers if self.writable else None


TOO_LARGE = 2.0**128 - 2.0**103  # from here on float32 rounds to infinity


# Reading and writing one parameter, given its node --------------------------------------------------


def read_number(p: Node) -> float:
    """Return the number of a parameter."""
    storage, i = p._home, p._index
    return storage.values[i] if storage.double else storage.single_values[i]  # type: ignore[no-any-return]  # floats


def write_number(p: Node, x: float) -> None:
    """Write the number of a parameter, and count the change."""
    storage, i = p._home, p._index
    if not storage.writable:
        raise UnsupportedError(
            "these parameters are read-only; copy.deepcopy(net) makes a net whose parameters can be changed"
        )
    storage.version.n += 1  # before the write: an interrupt in between must not hide the change
    if storage.double:
        storage.writable_values[i] = x
    else:
        storage.single_writable_values[i] = x


def check_room(p: Node, x: float) -> None:
    """Check that a parameter's dtype has room for a number.

    Raises:
        DataError: it is float32, and the number is finite and too large.
    """
    storage = p._home
    if not storage.double and x - x == 0.0 and (x >= TOO_LARGE or x <= -TOO_LARGE):
        raise DataError(
            f"{x!r} is too large for a parameter of dtype float32; make the net with dtype='float64'"
        )


def read_gradient(p: Node) -> float:
    """Return the gradient of a parameter."""
    storage, i = p._home, p._index
    return storage.grads[i] if storage.double else storage.single_grads[i]  # type: ignore[no-any-return]  # floats


def write_gradient(p: Node, g: float) -> None:
    """Write the gradient of a parameter."""
    storage, i = p._home, p._index
    if storage.double:
        storage.grads[i] = g
    else:
        storage.single_grads[i] = g
