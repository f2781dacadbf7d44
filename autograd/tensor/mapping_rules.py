"""How each row is called with all samples at once: one rule for rows of one kind.

A rule gets the row, the number k of hidden axes, the arguments with these axes first, which of them have
them, and the options. It returns the result of the row with the hidden axes first, or None if it cannot.
"""

import math
import string
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd.tensor.core import plain
from autograd.tensor.mapped import (
    FUNCTION_RULES,
    RULES,
    Mapped,
    broadcast,
    closed,
    levels_of,
    padded,
    reshaped,
    with_axes,
)
from autograd.tensor.trace import Traced, rank

__all__: list[str] = []


def _shifted(axis: Any, k: int, n: int) -> Any:
    """The axes of all samples that are those of one, which has ``n`` axes.

    As in NumPy a number without axes may be reduced along axis 0 and -1, which are none.
    """
    if axis is None:
        return tuple(range(k, k + n))
    if isinstance(axis, tuple | list):
        return tuple(_shifted(a, k, n) for a in axis)
    return () if n == 0 and axis in (0, -1) else k + normalize_axis_index(axis, n)


def _lead(wholes: Sequence[Any], mapped: Sequence[bool], k: int) -> tuple[int, ...]:
    """The lengths of the hidden axes."""
    return tuple(max(x.shape[i] for x, m in zip(wholes, mapped, strict=True) if m) for i in range(k))


def reduction(row: Any, k: int, wholes: Any, mapped: Any, axis: Any, **options: Any) -> Any:
    (x,) = wholes
    return row(x, axis=_shifted(axis, k, x.ndim - k), **options)


def stacks(row: Any, k: int, wholes: Any, mapped: Any, **options: Any) -> Any:
    """Rows that take stacks of matrices."""
    return row(*wholes, **options)


def reshape(row: Any, k: int, wholes: Any, mapped: Any, shape: Any) -> Any:
    (x,) = wholes
    shape = list(shape) if isinstance(shape, tuple | list) else [shape]
    if -1 in shape:
        shape[shape.index(-1)] = math.prod(x.shape[k:]) // max(-math.prod(shape), 1)
    return row(x, shape=(*x.shape[:k], *shape))


def transpose(row: Any, k: int, wholes: Any, mapped: Any, axes: Any) -> Any:
    (x,) = wholes
    n = x.ndim - k
    order = range(n - 1, -1, -1) if axes is None else [a % n for a in axes]
    return row(x, axes=(*range(k), *(k + a for a in order)))


def broadcast_to(row: Any, k: int, wholes: Any, mapped: Any, shape: Any) -> Any:
    (x,) = wholes
    shape = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    return row(padded(x, k, len(shape)), shape=(*x.shape[:k], *shape))


def _is_contiguous(index: Any) -> bool:
    """Whether the arrays in an index stand side by side, so that their axes stay at that place."""
    parts = index if isinstance(index, tuple) else (index,)
    arrays = [i for i, part in enumerate(parts) if isinstance(part, list | np.ndarray | Traced)]
    whole = [i for i, part in enumerate(parts) if isinstance(part, int | np.integer)] if arrays else []
    places = sorted(arrays + whole)
    return not places or places[-1] - places[0] == len(places) - 1


def getitem(row: Any, k: int, wholes: Any, mapped: Any, index: Any) -> Any:
    if not _is_contiguous(index):
        return None
    (x,) = wholes
    return row(x, index=(*(slice(None),) * k, *(index if isinstance(index, tuple) else (index,))))


def scatter(row: Any, k: int, wholes: Any, mapped: Any, index: Any, shape: Any) -> Any:
    if not _is_contiguous(index):
        return None
    (g,) = wholes
    parts = index if isinstance(index, tuple) else (index,)
    return row(g, index=(*(slice(None),) * k, *parts), shape=(*g.shape[:k], *shape))


def joining(row: Any, k: int, wholes: Any, mapped: Any, axis: int) -> Any:
    lead = _lead(wholes, mapped, k)
    full: list[Any] = []
    for x, m in zip(wholes, mapped, strict=True):
        full.append(broadcast(x, (*lead, *x.shape[k:])) if m else np.broadcast_to(x, (*lead, *np.shape(x))))
    return row(*full, axis=_shifted(axis, k, full[0].ndim - k + (row.name == "stack")))


def matmul(row: Any, k: int, wholes: Any, mapped: Any) -> Any:
    x, y = wholes
    rank_x, rank_y = (rank(a) - k * m for a, m in zip(wholes, mapped, strict=True))
    if rank_x == 1 and not mapped[1] and rank_y == 2:
        return row(x, y)  # rows of a matrix
    if rank_y == 1 and not mapped[0] and rank_x == 2:
        return row(y, x.T)
    x = x[..., None, :] if rank_x == 1 else x
    y = y[..., None] if rank_y == 1 else y
    most = max(rank_x, rank_y, 2)
    x, y = (padded(a, k, most) if m else a for a, m in zip((x, y), mapped, strict=True))
    out = row(x, y)
    out = out[..., 0] if rank_y == 1 else out
    return out[..., 0] if rank_x == 1 and rank_y == 1 else out[..., 0, :] if rank_x == 1 else out


def einsum(row: Any, k: int, wholes: Any, mapped: Any, subscripts: str) -> Any:
    inputs, result = subscripts.split("->")
    hidden = "".join([c for c in string.ascii_letters if c not in subscripts][:k])
    lead = _lead(wholes, mapped, k)
    full = [broadcast(x, (*lead, *x.shape[k:])) if m else x for x, m in zip(wholes, mapped, strict=True)]
    terms = [hidden + t if m else t for t, m in zip(inputs.split(","), mapped, strict=True)]
    return row(*full, subscripts=f"{','.join(terms)}->{hidden}{result}")


def solve(row: Any, k: int, wholes: Any, mapped: Any) -> Any:
    a, b = wholes
    vector = rank(b) - k * mapped[1] == 1
    b = b[..., None] if vector else b
    most = max(rank(x) - k * m for x, m in zip((a, b), mapped, strict=True))
    a, b = (padded(x, k, most) if m else x for x, m in zip((a, b), mapped, strict=True))
    found = row(a, b)
    return found[..., 0] if vector else found


def transform(row: Any, k: int, wholes: Any, mapped: Any, axis: int, **options: Any) -> Any:
    (x,) = wholes
    return row(x, axis=_shifted(axis, k, x.ndim - k), **options) if x.ndim > k else None


def mean_square(row: Any, k: int, wholes: Any, mapped: Any) -> Any:
    (x,) = wholes
    return np.mean(x * x, axis=tuple(range(k, x.ndim)))


def correlate(row: Any, k: int, wholes: Any, mapped: Any) -> Any:
    x, kernel = wholes
    if mapped[1]:
        return None
    lead = x.shape[:k]
    found = row(reshaped(x, (math.prod(x.shape[: k + 1]), *x.shape[k + 1 :])), kernel)
    return reshaped(found, (*lead, x.shape[k], *found.shape[1:]))


def nll(row: Any, k: int, wholes: Any, mapped: Any) -> Any:
    x, labels = wholes
    lead = _lead(wholes, mapped, k)
    *_, n, classes = x.shape
    rows = np.reshape(np.broadcast_to(x, (*lead, n, classes)), (-1, classes))
    return np.reshape(row(rows, np.broadcast_to(plain(labels), (*lead, n)).reshape(-1)), (*lead, n))


def append_ones(row: Any, k: int, wholes: Any, mapped: Any) -> Any:
    (x,) = wholes
    ones = np.ones((*x.shape[:k], 1, *x.shape[k + 1 :]), x.dtype)
    return np.concatenate([x, ones], k)


def along_axis(function: Any, default: int | None) -> Any:
    """The rule of a function without a derivative that works along one axis, or on all numbers."""

    def rule(a: Any, axis: Any = default, **options: Any) -> Any:
        one_axis = axis is None or isinstance(axis, int)
        whole_result = axis is None and options.get("keepdims")
        if not isinstance(a, Mapped) or not a.ndim or not one_axis or whole_result or levels_of(options):
            return None
        k, whole = len(a.levels), plain(a.whole)
        if axis is None:
            whole, axis = whole.reshape((*whole.shape[:k], -1)), -1
        return closed(function(whole, axis=_shifted(axis, k, whole.ndim - k), **options), a.levels)

    return rule


def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    levels = levels_of([arr, indices])
    if axis is None or rank(arr) != rank(indices) or not rank(arr):
        return None
    lead = tuple(level.size for level in levels)
    index, x = (
        broadcast(with_axes(a, levels), (*lead, *a.shape))
        if isinstance(a, Mapped)
        else np.broadcast_to(a, (*lead, *np.shape(a)))
        for a in (indices, arr)
    )
    return closed(np.take_along_axis(x, plain(index), _shifted(axis, len(levels), rank(arr))), levels)


FUNCTION_RULES |= {f: along_axis(f, None) for f in (np.argmax, np.argmin, np.any, np.all, np.count_nonzero)}
FUNCTION_RULES |= {np.argsort: along_axis(np.argsort, -1), np.take_along_axis: take_along_axis}
RULES |= {
    **dict.fromkeys(("sum", "mean", "prod", "max", "min", "logsumexp", "softmax"), reduction),
    **dict.fromkeys(("inv", "det", "cofactors", "logabsdet", "detsign", "detphase", "pinv"), stacks),
    **dict.fromkeys(("cholesky", "eigh", "eig", "svd", "qr"), stacks),
    **dict.fromkeys(("fft", "ifft", "rfft", "irfft", "cumsum"), transform),
    **dict.fromkeys(("concatenate", "stack"), joining),
    **{rule.__name__: rule for rule in (reshape, transpose, broadcast_to, getitem, scatter, matmul)},
    **{rule.__name__: rule for rule in (einsum, solve, mean_square, correlate, nll, append_ones)},
}
