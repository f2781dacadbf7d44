"""Rows that reduce along axes: sums and products, maximum and minimum, the softmax family."""

from typing import Any

import numpy as np

from autograd.tensor.core import Tensor
from autograd.tensor.dispatch import WITHOUT_SLOPE
from autograd.tensor.primitive import ZERO_SLOPE, Primitive, implements, primitive
from autograd.tensor.rows.elementwise import root, squared
from autograd.tensor.tape import Array
from autograd.tensor.trace import certain, indexed


def _restored(g: Any, x: Any, axis: Any) -> Any:
    """``g`` with the axes that a reduction of ``x`` removed put back, with length 1."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    reduced = {a % x.ndim for a in axes} if x.ndim else ()  # NumPy lets a number have an axis 0
    return g.reshape(tuple(1 if i in reduced else n for i, n in enumerate(x.shape)))


def _sum_slope(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    if axis is None and g.__class__ is np.ndarray:  # as np.broadcast_to, in a tenth of its time
        return np.ndarray(x.shape, g.dtype, g, strides=(0,) * x.ndim)
    return np.broadcast_to(_restored(g, x, axis), x.shape)


def _mean_slope(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return _sum_slope(g / (x.size // max(out.size, 1)), out, x, axis, keepdims)


def _prod_slope(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    if certain(np.all(x != 0)):
        return _restored(g * out, x, axis) / x
    # out / x is 0 / 0 where x is 0. So compute, for each element, the product of all others: the products of
    # the rows of a square of copies, with 1 on its diagonal
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % x.ndim for a in axes) if x.ndim else ()
    kept = tuple(a for a in range(x.ndim) if a not in axes)
    rows = x.transpose((*kept, *axes)).reshape((*(x.shape[a] for a in kept), -1))
    n = rows.shape[-1]
    others = np.where(np.eye(n, dtype=bool), 1.0, rows[..., None, :]).prod(axis=-1)
    back = tuple(int(i) for i in np.argsort((*kept, *axes)))
    shape = tuple(x.shape[a] for a in (*kept, *axes))
    return _restored(g, x, axis) * others.reshape(shape).transpose(back)


def _extreme_slope(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    extreme = x == _restored(out, x, axis)
    return _restored(g, x, axis) * (extreme / extreme.sum(axis=axis, keepdims=True))  # ties get equal shares


def _mean(x: Array, axis: Any, keepdims: bool) -> Any:
    total: Any = x.sum(axis=axis, keepdims=keepdims)
    return total / (x.size // max(total.size, 1))


def _logsumexp_forward(x: Array, axis: Any, keepdims: bool) -> Any:
    top = x.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)  # inf - inf would be nan; without it the result is right
    with np.errstate(divide="ignore", over="ignore"):
        out = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    return out if keepdims else out.squeeze(axis)


def _softmax_forward(x: Array, axis: Any) -> Array:
    with np.errstate(over="ignore"):  # x - max may overflow to -inf, and exp(-inf) = 0 is right
        t = np.exp(x - x.max(axis=axis, keepdims=True))
    return t / t.sum(axis=axis, keepdims=True)  # type: ignore[no-any-return]


def _reduction(slope: Any, forward: Any, *functions: Any, linear: bool = False) -> Primitive:
    """Make the row of a NumPy reduction, which implements all of ``functions`` for Tensors."""
    row = primitive(forward, slope, name=functions[0].__name__, linear=linear)

    @implements(*functions)
    def reduce(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        return row(a, axis=axis, keepdims=bool(keepdims))

    return row


sum_ = _reduction(_sum_slope, np.add.reduce, np.sum, linear=True)
mean = _reduction(_mean_slope, _mean, np.mean, linear=True)
prod = _reduction(_prod_slope, np.multiply.reduce, np.prod)
max_ = _reduction(_extreme_slope, np.maximum.reduce, np.max, np.amax)
min_ = _reduction(_extreme_slope, np.minimum.reduce, np.min, np.amin)
max_.chooses = min_.chooses = True


@implements(np.var)
def var(a: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """NumPy's ``var``, as a composition of rows."""
    squares = sum_(squared(a - mean(a, axis=axis, keepdims=True)), axis=axis, keepdims=keepdims)
    return squares / max(a.size / max(squares.size, 1) - ddof, 0)


@implements(np.std)
def std(a: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """NumPy's ``std``, the root of `var`; its slope is 0 where the result is 0."""
    return root(var(a, axis, ddof=ddof, keepdims=keepdims))


def _nll(x: Array, labels: Array) -> Any:
    with np.errstate(over="ignore"):
        x = x - x.max(axis=1, keepdims=True)
    total = np.exp(x).sum(axis=1, keepdims=True)
    return np.log(total)[:, 0] - indexed(x, (np.arange(len(x)), labels))


def _nll_slope(g: Any, out: Any, x: Any, labels: Any) -> Any:
    one_hot = labels[:, None] == np.arange(x.shape[1])
    return g[:, None] * (softmax_row(x, axis=1) - one_hot)


# fmt: off
softmax_row   = primitive(_softmax_forward,
    lambda g, out, x, axis: out * (g - (g * out).sum(axis=axis, keepdims=True)), name="softmax")
logsumexp_row = primitive(_logsumexp_forward,  # its slope is not exp(x - out), inaccurate for large x
    lambda g, out, x, axis, keepdims: _restored(g, x, axis) * softmax_row(x, axis=axis), name="logsumexp")

# -log(softmax(x)) at the label of each row. Its slope is softmax(x), less 1 at the label
nll_of_rows = primitive(_nll, _nll_slope, ZERO_SLOPE, name="nll")
# fmt: on


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))) along ``axis``, without overflow for any finite ``x``.

    Args:
        x: a Tensor or array of any shape.
        axis: an int, a tuple of ints, or None for all axes.
        keepdims: whether the reduced axes stay, with length 1.

    >>> round(logsumexp(Tensor([1000.0, 1000.0])).item(), 6)  # 1000 + log(2)
    1000.693147
    """
    return logsumexp_row(x, axis=axis, keepdims=keepdims)


def softmax(x: Any, axis: Any = None) -> Tensor:
    """exp(x) / sum(exp(x)) along ``axis``: positive numbers that add up to 1.

    Args:
        x: a Tensor or array of any shape; finite numbers of any size do not overflow.
        axis: an int, a tuple of ints, or None for all axes.

    >>> softmax(Tensor([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    return softmax_row(x, axis=axis)


def log_softmax(x: Any, axis: Any = None) -> Tensor:
    """The logarithm of `softmax`, without its underflow; the arguments are those of `softmax`.

    >>> log_softmax(Tensor([0.0, -1000.0])).tolist()
    [0.0, -1000.0]
    """
    out: Tensor = x - logsumexp(x, axis=axis, keepdims=True)
    return out


WITHOUT_SLOPE.update({np.argmax, np.argmin, np.any, np.all, np.count_nonzero, np.argsort, np.nonzero})
