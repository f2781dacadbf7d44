"""Nested lists, tuples and dicts of numbers and arrays: their leaves in order, and as one vector."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.tensor.trace import mapped

__all__ = ["flatten", "leaves_of", "rebuilt"]


def leaves_of(structure: Any) -> list[Any]:
    """What nested lists, tuples and dicts hold, in order.

    >>> leaves_of({"a": [1.0, (2.0, 3.0)], "b": 4.0})
    [1.0, 2.0, 3.0, 4.0]
    """
    found: list[Any] = []
    mapped(found.append, structure)
    return found


def rebuilt(structure: Any, leaves: Sequence[Any]) -> Any:
    """The nested lists, tuples and dicts of ``structure`` with other leaves.

    >>> rebuilt({"a": [1.0, (2.0, 3.0)], "b": 4.0}, "wxyz")
    {'a': ['w', ('x', 'y')], 'b': 'z'}
    """
    rest = iter(leaves)
    return mapped(lambda _: next(rest), structure)


def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All numbers of ``value`` in one vector, and the function that makes such a structure of a vector.

    Both can be differentiated.

    Args:
        value: a number, an array or a Tensor, or nested lists, tuples and dicts of them.

    >>> vector, unflatten = flatten({"w": np.ones((2, 2)), "b": [3.0]})
    >>> vector
    array([1., 1., 1., 1., 3.])
    >>> unflatten(2 * vector)
    {'w': array([[2., 2.],
           [2., 2.]]), 'b': [np.float64(6.0)]}
    """
    leaves = leaves_of(value)
    shapes = [np.shape(x) for x in leaves]
    sizes = [int(np.prod(shape)) for shape in shapes]
    ends = np.cumsum(sizes).tolist()

    def unflatten(vector: Any) -> Any:
        parts = [
            vector[end - size : end].reshape(shape) if shape else vector[end - 1]
            for shape, size, end in zip(shapes, sizes, ends, strict=True)
        ]
        if vector.dtype.kind == "c":
            parts = [p if np.iscomplexobj(x) else np.real(p) for p, x in zip(parts, leaves, strict=True)]
        return rebuilt(value, parts)

    flat = [np.reshape(x, -1) for x in leaves]
    return (np.concatenate(flat) if flat else np.zeros(0)), unflatten
