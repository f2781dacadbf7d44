"""Functions that move numbers about, repeat them, or leave some out, without changing them.

What such a function does with the numbers of an array, it does with their indices. So NumPy's own function is
called with an array of indices, counted from 1, and the numbers are taken from there; a 0 stands for a number
that the function has added, which is 0.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd.errors import ShapeError, UnsupportedError
from autograd.tensor.core import Tensor, plain
from autograd.tensor.dispatch import WITHOUT_SLOPE
from autograd.tensor.primitive import implements
from autograd.tensor.real_numbers import DIFFERENTIABLE
from autograd.tensor.rows.elementwise import select
from autograd.tensor.rows.shaping import broadcast, getitem, join, pile, reshape, scatter
from autograd.tensor.trace import Traced, indexed, mapped


def taken(x: Any, index: Any) -> Any:
    """The numbers of ``x`` at an array of indices, counted from 1, and 0 where the index is 0."""
    if not np.size(x):
        return broadcast(np.zeros_like(x, shape=()) + np.sum(x), shape=index.shape)
    found = getitem(reshape(x, shape=-1), index=np.maximum(index - 1, 0))
    return found if index.all() else select(index > 0, found, np.zeros_like(x, shape=()))


def indices(x: Any) -> Any:
    """An array of the shape of ``x`` that counts its numbers from 1."""
    return np.arange(1, np.size(x) + 1).reshape(np.shape(x))


def _moves(function: Callable[..., Any]) -> None:
    """Implement a NumPy function whose first argument is the array that is moved."""
    names = list(inspect.signature(function).parameters)

    def move(*args: Any, **kwargs: Any) -> Any:
        x, *rest = args if args else (kwargs.pop(names[0]),)
        rest, kwargs = mapped(plain, rest), mapped(plain, kwargs)
        return mapped(lambda index: taken(x, index), function(indices(x), *rest, **kwargs))

    move.__name__ = function.__name__
    move.parameters = frozenset(names)  # type: ignore[attr-defined]  # `dispatch` reads it
    implements(function)(move)


for _function in (
    *(np.flip, np.fliplr, np.flipud, np.rot90, np.roll, np.rollaxis),
    *(np.repeat, np.tile, np.resize, np.delete),
    *(np.diag, np.diagflat, np.diagonal, np.tril, np.triu),
    *(np.fft.fftshift, np.fft.ifftshift),
    *(np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit),
):
    _moves(_function)


@implements(np.take)
def take(a: Any, indices: Any, axis: Any = None, *, mode: Any = "raise") -> Any:
    """NumPy's ``take``."""
    if axis is None:
        a, axis = reshape(a, shape=-1), 0
    length = np.shape(a)[axis]
    counted, indices = np.arange(length), indices if isinstance(indices, Traced) else np.asarray(indices)
    whole = indexed(counted, indices) if mode == "raise" else np.take(counted, indices, mode=mode)
    return getitem(a, index=(*(slice(None),) * (axis % np.ndim(a)), whole))


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    """NumPy's ``take_along_axis``."""
    if axis is None:
        return getitem(reshape(arr, shape=-1), index=(indices,))
    n = np.ndim(arr)
    if np.ndim(indices) != n:
        raise ShapeError(
            f"take_along_axis() wants indices with {n} axes, as the array has, got {np.ndim(indices)}"
        )
    axis = normalize_axis_index(axis, n)
    places = [
        indices if i == axis else np.arange(length).reshape((-1,) + (1,) * (n - 1 - i))
        for i, length in enumerate(np.shape(arr))
    ]
    return getitem(arr, index=tuple(places))


@implements(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    """NumPy's ``sort``."""
    if axis is None:
        a, axis = reshape(a, shape=-1), -1
    return np.take_along_axis(a, np.argsort(a, axis=axis, kind="stable" if stable else kind), axis)


@implements(np.partition)
def partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect") -> Any:
    """NumPy's ``partition``."""
    if axis is None:
        a, axis = reshape(a, shape=-1), -1
    return np.take_along_axis(a, np.argpartition(a, kth, axis=axis, kind=kind), axis)


@implements(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", *, constant_values: Any = 0) -> Any:
    """NumPy's ``pad``, in the modes that repeat numbers, and with one constant."""
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise UnsupportedError(f"numpy.pad(mode={mode!r}) has no derivative here")
    if np.ndim(constant_values):
        raise UnsupportedError("numpy.pad() of a Tensor wants one number as constant_values")
    if mode != "constant":
        return taken(array, np.pad(indices(array), pad_width, mode))
    index = np.pad(indices(array), pad_width)
    found = taken(array, index)
    return (
        found
        if isinstance(constant_values, int) and constant_values == 0
        else select(index > 0, found, constant_values)
    )


@implements(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    """NumPy's ``atleast_1d``."""
    return _at_least(np.atleast_1d, arys)


@implements(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    """NumPy's ``atleast_2d``."""
    return _at_least(np.atleast_2d, arys)


@implements(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    """NumPy's ``atleast_3d``."""
    return _at_least(np.atleast_3d, arys)


def _at_least(function: Any, arrays: Any) -> Any:
    found = tuple(reshape(a, shape=function(np.empty(np.shape(a))).shape) for a in arrays)
    return found if len(found) > 1 else found[0]


@implements(np.vstack)
def vstack(tup: Any) -> Any:
    """NumPy's ``vstack``."""
    return join(*(atleast_2d(a) for a in tup), axis=0)


@implements(np.hstack)
def hstack(tup: Any) -> Any:
    """NumPy's ``hstack``."""
    parts = [atleast_1d(a) for a in tup]
    return join(*parts, axis=0 if np.ndim(parts[0]) == 1 else 1)


@implements(np.dstack)
def dstack(tup: Any) -> Any:
    """NumPy's ``dstack``."""
    return join(*(atleast_3d(a) for a in tup), axis=2)


@implements(np.column_stack)
def column_stack(tup: Any) -> Any:
    """NumPy's ``column_stack``."""
    return join(*(a if np.ndim(a) > 1 else reshape(a, shape=(-1, 1)) for a in tup), axis=1)


@implements(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """NumPy's ``append``."""
    if axis is None:
        return join(reshape(arr, shape=-1), reshape(values, shape=-1), axis=0)
    return join(arr, values, axis=axis)


@implements(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """NumPy's ``insert``."""
    if axis is None:
        arr, axis = reshape(arr, shape=-1), 0
    n = np.size(arr)
    values = values if isinstance(values, Tensor) else np.asarray(values, arr.dtype)
    index = np.insert(indices(arr), obj, n + indices(values), axis)
    return taken(join(reshape(arr, shape=-1), reshape(values, shape=-1), axis=0), index)


@implements(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb") -> Any:
    """NumPy's ``trim_zeros``, of one axis."""
    if np.ndim(filt) != 1:
        raise UnsupportedError(f"numpy.trim_zeros() of a Tensor wants one axis, got shape {np.shape(filt)}")
    used = np.flatnonzero(filt)
    first, last = (used[0], used[-1]) if len(used) else (0, -1)
    start = first if "f" in trim.lower() else 0
    stop = last + 1 if "b" in trim.lower() else len(filt)
    return getitem(filt, index=(slice(start, stop if len(used) else 0),))


@implements(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """NumPy's ``piecewise``: each function gets the numbers for which its condition holds."""
    single = np.isscalar(condlist) or (not isinstance(condlist[0], list | np.ndarray) and np.ndim(x) > 0)
    pieces = [condlist] if single else list(condlist)
    pieces = [np.broadcast_to(plain(piece), np.shape(x)).astype(bool) for piece in pieces]
    if len(funclist) == len(pieces) + 1:
        pieces.append(~np.any(pieces, axis=0))
    if len(funclist) != len(pieces):
        raise ShapeError(f"piecewise() wants {len(pieces)} functions, or one more, got {len(funclist)}")
    found: Any = np.zeros_like(x)
    for piece, function in zip(pieces, funclist, strict=True):
        part = function
        if callable(function):
            part = function(getitem(x, index=(piece,)), *args, **kw)
            part = scatter(np.broadcast_to(part, piece.sum()), index=(piece,), shape=np.shape(x))
        found = select(piece, part, found)
    return found


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> Any:
    """NumPy's ``broadcast_arrays``."""
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(np.broadcast_to(a, shape) for a in args)


@implements(np.meshgrid)
def meshgrid(*xi: Any, indexing: Any = "xy", sparse: bool = False) -> Any:
    """NumPy's ``meshgrid``."""
    grids = np.meshgrid(*map(indices, xi), indexing=indexing, sparse=sparse)
    return tuple(taken(x, grid) for x, grid in zip(xi, grids, strict=True))


@implements(np.block)
def block(arrays: Any) -> Any:
    """NumPy's ``block``."""
    depth, first = 0, arrays
    while isinstance(first, list):
        depth, first = depth + 1, first[0]
    rank = max(depth, *(np.ndim(a) for a in _flat(arrays)))

    def joined(part: Any, axis: int) -> Any:
        if isinstance(part, list):
            return join(*(joined(p, axis + 1) for p in part), axis=axis)
        return reshape(part, shape=(1,) * (rank - np.ndim(part)) + np.shape(part))

    return joined(arrays, rank - depth)


def _flat(arrays: Any) -> list[Any]:
    return [a for part in arrays for a in _flat(part)] if isinstance(arrays, list) else [arrays]


@implements(np.choose)
def choose(a: Any, choices: Any, mode: Any = "raise") -> Any:
    """NumPy's ``choose``."""
    shape = np.broadcast_shapes(np.shape(a), *map(np.shape, choices))
    stacked = pile(*(np.broadcast_to(c, shape) for c in choices), axis=0)
    which = np.choose(plain(a), [np.full(shape, i) for i in range(len(choices))], mode=mode)
    return take_along_axis(stacked, which[None], 0)[0]


@implements(np.select)
def select_(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """NumPy's ``select``."""
    found = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        found = select(condition, choice, found)
    return found


@implements(np.compress)
def compress(condition: Any, a: Any, axis: Any = None) -> Any:
    """NumPy's ``compress``."""
    return take(a, np.flatnonzero(condition), axis)


@implements(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    """NumPy's ``extract``."""
    return take(arr, np.flatnonzero(condition))


@implements(np.unstack)
def unstack(x: Any, *, axis: int = 0) -> Any:
    """NumPy's ``unstack``."""
    return tuple(np.moveaxis(x, axis, 0))


@implements(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x: Any) -> Any:
    """NumPy's ``matrix_transpose``."""
    return x.swapaxes(-1, -2)


@implements(np.copy)
def copy(a: Any) -> Any:
    """NumPy's ``copy``."""
    return a * 1 if a.dtype.kind in DIFFERENTIABLE else a.detach()


WITHOUT_SLOPE.update({np.argwhere, np.flatnonzero, np.isin, np.lexsort, np.array_equiv})
WITHOUT_SLOPE.update({np.isposinf, np.isneginf})
WITHOUT_SLOPE.update({np.argpartition, np.searchsorted, np.digitize})
