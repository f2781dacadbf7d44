"""The inputs of a training: checked, in the dtype of the net, and read or computed in parts if need be."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.errors import DataError, NotANumberError, ShapeError
from autograd.tensor import Array, Tensor, reals

__all__ = [
    "BlockedInputs",
    "LazyInputs",
    "SelectedRows",
    "finite_numbers",
    "in_blocks",
    "in_dtype",
    "rows_of",
    "take_of",
]

CHECKED = 1 << 16  # numbers that are checked at a time, which bounds the memory
BLOCK_BYTES = 1 << 25  # of the inputs that are read at a time, unless a chunk of theirs has more


def finite_numbers(x: Any, name: str, call: str, first: int = 0) -> Array:
    """``x`` as an array of finite real numbers.

    Args:
        x: an array, a Tensor, or nested lists of numbers.
        name: what messages call ``x``.
        call: the call that messages begin with, such as "fit()".
        first: the number of the first row, for messages, if ``x`` is a part of a longer table.

    Raises:
        DataError: something in ``x`` is no number, or not finite; the message names row and column.
    """
    try:
        array = reals(x.data if isinstance(x, Tensor) else x, f"{call} wants {name} to be numbers")
    except NotANumberError as error:
        classes = name.endswith("y") and str(error).endswith("(str)")
        hint = "; number classes by np.unique(y, return_inverse=True)[1]" if classes else ""
        raise DataError(f"{error}{hint}") from None
    rows = array.reshape(len(array), math.prod(array.shape[1:])) if array.ndim else array.reshape(1, 1)
    step = max(1, CHECKED // max(1, rows.shape[1]))
    for start in range(0, len(rows), step):
        good = np.isfinite(rows[start : start + step])
        if not good.all():
            row = start + int(np.argmin(good.all(axis=1)))
            place = np.argwhere(~np.isfinite(array[row] if array.ndim else array))[0]
            value = (array[row] if array.ndim else array)[tuple(place)]
            axes = zip(("row", "column"), (*([row + first] if array.ndim else []), *place), strict=False)
            where = ", ".join(f"{axis} {i}" for axis, i in axes)
            raise DataError(f"{call} wants finite numbers, got {value} in {name} at {where}")
    return array


def rows_of(X: Any, n_in: int | None, dtype: Any, call: str, first: int = 0, name: str = "X") -> Array:
    """``X`` as an array of shape (rows, n_in); shape (rows,) becomes a column if n_in is 1.

    If n_in is None, ``X`` may have any number of columns.

    ``call``, ``first`` and ``name`` are as in `finite_numbers`.

    Raises:
        DataError: ``X`` is no table of finite numbers; the message names row and column.
        ShapeError: ``X`` has another number of columns.
    """
    array = finite_numbers(X, name, call, first)
    _check_shape(array.shape, n_in, call, name)
    return in_dtype(array[:, None] if array.ndim == 1 else array, dtype, name, call)


def _check_shape(shape: tuple[int, ...], n_in: int | None, call: str, name: str) -> None:
    if len(shape) == 1 and n_in in (1, None):
        return
    if len(shape) != 2 or shape[1] != (shape[1] if n_in is None else n_in):
        columns = "inputs" if n_in is None else n_in
        hint = "; for one row, [x]" if shape == (n_in,) else ""
        raise ShapeError(f"{call} wants {name} of shape (rows, {columns}), got {shape}{hint}")


def in_dtype(array: Array, dtype: Any, name: str, call: str) -> Array:
    """``array`` in the dtype of a net; DataError if a number is too large for it."""
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        out = array.astype(dtype, copy=False)
    if (np.isinf(out) & np.isfinite(array)).any():
        raise DataError(f"{call} got a number in {name} that is too large for {np.dtype(dtype).name}")
    return out


class LazyInputs:
    """Inputs that are computed for each batch, where all rows at once would take too much memory.

    They can be the X of `fit`, for a net in float64 and without a checkpoint.

    Attributes:
        shape: (rows, inputs).
    """

    shape: tuple[int, int]
    dtype = np.dtype("float64")

    def make(self, rows: Array | slice) -> Array:
        """The inputs of some rows: finite float64 numbers, in a new array."""
        raise NotImplementedError

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Array | slice) -> Array:
        return self.make(rows)

    def take(self, rows: Array, axis: int, out: Array, mode: str) -> None:
        """Write rows into ``out``, with the signature of ``numpy.ndarray.take``."""
        out[...] = self.make(rows)


def take_of(array: Any) -> Callable[[Array, int, Array, str], Any]:
    """The ``take`` of an array, which would copy an array that is not contiguous as a whole each time."""
    if isinstance(array, np.ndarray) and not array.flags.c_contiguous:
        return lambda rows, axis, out, mode: np.copyto(out, array[rows])
    return array.take  # type: ignore[no-any-return]  # of an array or LazyInputs


class SelectedRows(LazyInputs):
    """Some rows of inputs, which are not copied."""

    def __init__(self, X: Array | LazyInputs, rows: Array) -> None:
        self.X, self.rows, self._take = X, rows, take_of(X)
        self.shape, self.dtype = (len(rows), X.shape[1]), X.dtype

    def make(self, rows: Array | slice) -> Array:
        return self.X[self.rows[rows]]

    def take(self, rows: Array, axis: int, out: Array, mode: str) -> None:
        self._take(self.rows[rows], axis, out, mode)


def in_blocks(X: Any) -> bool:
    """Whether X is an array that is read in chunks, such as those of Dask, Zarr and h5py."""
    return isinstance(getattr(X, "chunks", None), tuple) and hasattr(X, "shape") and hasattr(X, "dtype")


class BlockedInputs(LazyInputs):
    """Inputs that are read in blocks of rows, of one or more chunks.

    Args:
        X: an array of Dask, Zarr or h5py, of shape (rows, inputs), or (rows,) for one input.
        n_in, dtype, call, name: as for `rows_of`.

    Attributes:
        edges: the number of the first row of each block, and the number of rows.

    Raises:
        ShapeError: as for `rows_of`. What is in the blocks is checked when they are read.
    """

    def __init__(self, X: Any, n_in: int | None, dtype: Any, call: str, name: str = "X") -> None:
        if any(not n >= 0 for n in X.shape):  # Dask says nan
            raise ShapeError(f"{call} wants {name} of a known shape, got {X.shape}: X.compute_chunk_sizes()")
        _check_shape(X.shape, n_in, call, name)
        self.X, self.n_in, self.call, self.name = X, n_in, call, name
        self.dtype = np.dtype(dtype)
        rows, columns = self.shape = X.shape if len(X.shape) == 2 else (X.shape[0], 1)
        row_bytes = max(1, columns * self.dtype.itemsize)
        self.edges = [0]
        for end in _chunk_ends(X):
            if (end - self.edges[-1]) * row_bytes >= BLOCK_BYTES or end == rows:
                self.edges.append(end)
        self._kept: tuple[int, Array] = -1, np.empty(0)  # a block that was read last, with its number

    def check(self) -> None:
        """Read all blocks once; DataError if one holds something that is no finite number."""
        for k in range(len(self.edges) - 1):
            self.block(k)

    def block(self, k: int) -> Array:
        """The inputs of block number k; errors are those of `rows_of`."""
        start, stop = self.edges[k : k + 2]
        return rows_of(np.asarray(self.X[start:stop]), self.n_in, self.dtype, self.call, start, self.name)

    def make(self, rows: Array | slice) -> Array:
        numbers = np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else rows
        out = np.empty((len(numbers), self.shape[1]), self.dtype)
        blocks = np.searchsorted(self.edges, numbers, side="right") - 1
        for k in np.unique(blocks):
            if self._kept[0] != k:
                self._kept = k, self.block(k)
            here = blocks == k
            out[here] = self._kept[1][numbers[here] - self.edges[k]]
        return out


def _chunk_ends(X: Any) -> list[int]:
    """The numbers of rows up to the end of each chunk."""
    sizes = X.chunks[0]
    if isinstance(sizes, tuple):
        return list(np.cumsum(sizes).tolist())
    return [min(start + sizes, X.shape[0]) for start in range(0, X.shape[0], sizes)]
