"""Nested lists, tuples and dicts of arrays as one vector, and back."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.tensor import leaves_of, rebuilt

__all__ = ["flatten"]


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
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes]).tolist()

    def unflatten(vector: Any) -> Any:
        parts = [
            vector[end - int(np.prod(shape)) : end].reshape(shape)
            for shape, end in zip(shapes, ends, strict=True)
        ]
        return rebuilt(value, [x if x.ndim else x[()] for x in parts])

    parts = [np.reshape(x, -1) for x in leaves]
    return (np.concatenate(parts) if parts else np.zeros(0)), unflatten
