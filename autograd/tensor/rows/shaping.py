"""Rows that move numbers without changing them: reshaping, reordering axes, indexing, joining."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.tensor.core import Tensor
from autograd.tensor.dispatch import WITHOUT_SLOPE
from autograd.tensor.primitive import implements, primitive
from autograd.tensor.tape import Array
from autograd.tensor.trace import Kernel, indexed


def _transpose_slope(g: Any, out: Any, x: Any, axes: Sequence[int] | None) -> Any:
    return g.transpose(None if axes is None else np.argsort([a % x.ndim for a in axes]).tolist())


def _fill_scatter(out: Array, g: Array, index: Any, shape: tuple[int, ...]) -> None:
    """Fill ``out`` with zeros, and add ``g`` at ``index``, once for each time that an element is indexed."""
    out[...] = 0
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(part, list | np.ndarray) for part in parts):
        np.add.at(out, index, g)  # an index array may name an element more than once
    else:
        out[index] = g


def _joined_slope(i: int, g: Any, out: Any, *arrays: Any, axis: int) -> Any:
    axis = axis % g.ndim
    start = sum(a.shape[axis] for a in arrays[:i])
    return g[(slice(None),) * axis + (slice(start, start + arrays[i].shape[axis]),)]


def _stacked_slope(i: int, g: Any, out: Any, *arrays: Any, axis: int) -> Any:
    return g[(slice(None),) * (axis % g.ndim) + (i,)]


def _empty_with_ones(x: Array) -> Array:
    return np.empty_like(x, shape=(x.shape[0] + 1, *x.shape[1:]))  # in the memory order of x


def _fill_with_ones(out: Array, x: Array) -> None:
    out[:-1] = x
    out[-1] = 1


ones_below = Kernel("append_ones", _empty_with_ones, _fill_with_ones)

# fmt: off
reshape   = primitive(lambda x, shape: np.reshape(x, shape),
                      lambda g, out, x, shape: g.reshape(x.shape), name="reshape", linear=True)
transpose = primitive(lambda x, axes: np.transpose(x, axes), _transpose_slope, name="transpose", linear=True)
broadcast = primitive(lambda x, shape: np.broadcast_to(x, shape),
                      lambda g, out, x, shape: g, name="broadcast_to", linear=True)
scatter   = primitive(Kernel("scatter", lambda g, index, shape: np.empty(shape, g.dtype), _fill_scatter),
                      lambda g, out, x, index, shape: g[index], name="scatter", linear=True)
getitem   = primitive(lambda x, index: indexed(x, index),
                      lambda g, out, x, index: scatter(g, index=index, shape=x.shape),
                      name="getitem", linear=True)
join      = primitive(lambda *arrays, axis: np.concatenate(arrays, axis),
                      variadic=_joined_slope, name="concatenate")
pile      = primitive(lambda *arrays, axis: np.stack(arrays, axis),
                      variadic=_stacked_slope, name="stack")

# x with a row of ones below it, so that one product with [W | b] is the affine map of a layer
append_ones = primitive(ones_below, lambda g, out, x: g[:-1], name="append_ones")
# fmt: on


@implements(np.reshape)
def reshape_(a: Any, shape: Any) -> Tensor:
    """NumPy's ``reshape``, in C order."""
    return reshape(a, shape=shape)


@implements(np.ravel)
def ravel(a: Any) -> Tensor:
    """NumPy's ``ravel``, in C order."""
    return reshape(a, shape=-1)


@implements(np.transpose)
def transpose_(a: Any, axes: Any = None) -> Tensor:
    """NumPy's ``transpose``."""
    return transpose(a, axes=axes)


@implements(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Tensor:
    """NumPy's ``swapaxes``."""
    return a.swapaxes(axis1, axis2)  # type: ignore[no-any-return]


@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Tensor:
    """NumPy's ``moveaxis``."""
    # Axis k of an array of this shape has length k, so the shape afterwards is the order of the axes
    order = np.moveaxis(np.empty(range(a.ndim)), source, destination).shape
    return transpose(a, axes=order)


@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Tensor:
    """NumPy's ``expand_dims``."""
    return reshape(a, shape=np.expand_dims(np.empty(a.shape), axis).shape)


@implements(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Tensor:
    """NumPy's ``squeeze``."""
    return reshape(a, shape=np.squeeze(np.empty(a.shape), axis).shape)


@implements(np.broadcast_to)
def broadcast_to(array: Any, shape: Any) -> Tensor:
    """NumPy's ``broadcast_to``."""
    return broadcast(array, shape=shape)


@implements(np.concatenate)
def concatenate(arrays: Any, axis: Any = 0) -> Tensor:
    """NumPy's ``concatenate``; with ``axis`` None, of the flattened arrays."""
    if axis is None:
        arrays, axis = [np.reshape(a, -1) for a in arrays], 0
    return join(*arrays, axis=axis)


@implements(np.stack)
def stack(arrays: Any, axis: int = 0) -> Tensor:
    """NumPy's ``stack``."""
    return pile(*arrays, axis=axis)


WITHOUT_SLOPE.update(
    {np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like}
    | {np.array_equal, np.allclose, np.isclose, np.array_repr, np.array_str, np.result_type}
    | {np.shares_memory, np.may_share_memory}
)
