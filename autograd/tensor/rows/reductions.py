"""Rows that reduce along axes: sums and products, extremes, the softmax family."""

from typing import Any

import numpy as np

from autograd.errors import UnsupportedError
from autograd.tensor.core import WITHOUT_SLOPE, Tensor
from autograd.tensor.primitive import ZERO_SLOPE, Primitive, implements, primitive
from autograd.tensor.rows.elementwise import root
from autograd.tensor.tape import Array
from autograd.tensor.trace import at, certain


def _kept(g: Any, x: Any, axis: Any) -> Any:
    """``g`` with the axes that a reduction of ``x`` removed put back, of length 1."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {a % x.ndim for a in axes}
    return g.reshape(tuple(1 if i in gone else n for i, n in enumerate(x.shape)))


def _sum_slope(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    if axis is None and g.__class__ is np.ndarray:  # what np.broadcast_to does, in a tenth of its time
        return np.ndarray(x.shape, g.dtype, g, strides=(0,) * x.ndim)
    return np.broadcast_to(_kept(g, x, axis), x.shape)


def _mean_slope(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return _sum_slope(g / (x.size // max(out.size, 1)), out, x, axis, keepdims)


def _prod_slope(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    if certain(np.all(x != 0)):
        return _kept(g * out, x, axis) / x
    # out / x is 0 / 0 at a zero, so multiply all the others instead, a row for each one left out
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % x.ndim for a in axes)
    rest = tuple(a for a in range(x.ndim) if a not in axes)
    rows = x.transpose((*rest, *axes)).reshape((*(x.shape[a] for a in rest), -1))
    n = rows.shape[-1]
    others = np.where(np.eye(n, dtype=bool), 1.0, rows[..., None, :]).prod(axis=-1)
    back = tuple(int(i) for i in np.argsort((*rest, *axes)))
    shape = tuple(x.shape[a] for a in (*rest, *axes))
    return _kept(g, x, axis) * others.reshape(shape).transpose(back)


def _extreme_slope(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    hit = x == _kept(out, x, axis)
    return _kept(g, x, axis) * (hit / hit.sum(axis=axis, keepdims=True))  # ties share it equally


def _mean(x: Array, axis: Any, keepdims: bool) -> Any:
    total: Any = x.sum(axis=axis, keepdims=keepdims)
    return total / (x.size // max(total.size, 1))


def _logsumexp(x: Array, axis: Any, keepdims: bool) -> Any:
    top = x.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)  # log(0 + 0) is -inf all by itself
    with np.errstate(divide="ignore", over="ignore"):
        out = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    return out if keepdims else out.squeeze(axis)


def _softmax(x: Array, axis: Any) -> Array:
    with np.errstate(over="ignore"):  # a difference of -inf is as good as one of -1e308
        t = np.exp(x - x.max(axis=axis, keepdims=True))
    return t / t.sum(axis=axis, keepdims=True)  # type: ignore[no-any-return]


def _reduction(slope: Any, forward: Any, *functions: Any) -> Primitive:
    """The row of a NumPy reduction, which also answers to its other names."""
    row = primitive(forward, slope, name=functions[0].__name__)

    @implements(*functions)
    def reduce(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        return row(a, axis=axis, keepdims=bool(keepdims))

    return row


sum_ = _reduction(_sum_slope, np.add.reduce, np.sum)
mean = _reduction(_mean_slope, _mean, np.mean)
prod = _reduction(_prod_slope, np.multiply.reduce, np.prod)
max_ = _reduction(_extreme_slope, np.maximum.reduce, np.max, np.amax)
min_ = _reduction(_extreme_slope, np.minimum.reduce, np.min, np.amin)


@implements(np.var)
def var(a: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """NumPy's ``var``, as a composition of rows."""
    deviation = a - mean(a, axis=axis, keepdims=True)
    squares = sum_(deviation * deviation, axis=axis, keepdims=keepdims)
    return squares / max(a.size / max(squares.size, 1) - ddof, 0)


@implements(np.std)
def std(a: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """NumPy's ``std``, the root of `var`, with slope 0 where all are the same."""
    return root(var(a, axis, ddof=ddof, keepdims=keepdims))


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """NumPy's ``norm``, for the Euclidean length, with slope 0 where that is 0."""
    lengths = (None, 2) if axis.__class__ is int or (axis is None and x.ndim == 1) else (None, "fro")
    if ord not in lengths:
        raise UnsupportedError(f"numpy.linalg.norm(ord={ord!r}) has no derivative here; leave out ord")
    if x.dtype.kind != "f":  # whose squares may be too large for them
        x = x.astype(np.float64)
    return root(sum_(x * x, axis=axis, keepdims=keepdims))


def _nll(x: Array, labels: Array) -> Any:
    with np.errstate(over="ignore"):
        x = x - x.max(axis=1, keepdims=True)
    total = np.exp(x).sum(axis=1, keepdims=True)
    return np.log(total)[:, 0] - at(x, (np.arange(len(x)), labels))


def _nll_slope(g: Any, out: Any, x: Any, labels: Any) -> Any:
    hit = labels[:, None] == np.arange(x.shape[1])
    return g[:, None] * (_soft_max(x, axis=1) - hit)


# fmt: off
_soft_max = primitive(_softmax,
    lambda g, out, x, axis: out * (g - (g * out).sum(axis=axis, keepdims=True)), name="softmax")
_log_sum_exp = primitive(_logsumexp,  # not exp(x - out), which loses all digits where x is large
    lambda g, out, x, axis, keepdims: _kept(g, x, axis) * _soft_max(x, axis=axis), name="logsumexp")

# -log(softmax(x)) at the label of each row, whose slope is that softmax less 1 there
nll_of_rows = primitive(_nll, _nll_slope, ZERO_SLOPE, name="nll")
# fmt: on


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))) along ``axis``, safe for any finite ``x``.

    Args:
        x: a Tensor or array of any shape.
        axis: an int, several, or None for all numbers.
        keepdims: whether the axes stay, with length 1.

    >>> round(logsumexp(Tensor([1000.0, 1000.0])).item(), 6)  # 1000 + log(2)
    1000.693147
    """
    return _log_sum_exp(x, axis=axis, keepdims=keepdims)


def softmax(x: Any, axis: Any = None) -> Tensor:
    """exp(x) / sum(exp(x)) along ``axis``: positive numbers that add up to 1.

    Args:
        x: a Tensor or array of any shape; any finite size of its numbers is safe.
        axis: an int, several, or None for all numbers.

    >>> softmax(Tensor([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    return _soft_max(x, axis=axis)


def log_softmax(x: Any, axis: Any = None) -> Tensor:
    """The logarithm of `softmax`, without its underflow; arguments as there.

    >>> log_softmax(Tensor([0.0, -1000.0])).tolist()
    [0.0, -1000.0]
    """
    out: Tensor = x - logsumexp(x, axis=axis, keepdims=True)
    return out


WITHOUT_SLOPE.update({np.argmax, np.argmin, np.any, np.all, np.count_nonzero, np.argsort, np.nonzero})
