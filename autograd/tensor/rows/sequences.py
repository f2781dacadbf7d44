"""Functions along an axis: running sums, differences, interpolation; and functions of a whole sample."""

import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd.errors import OptionError, ShapeError, UnsupportedError
from autograd.tensor.core import Tensor
from autograd.tensor.dispatch import WITHOUT_SLOPE
from autograd.tensor.primitive import implements, primitive
from autograd.tensor.real_numbers import DIFFERENTIABLE
from autograd.tensor.rows.elementwise import root, squared
from autograd.tensor.rows.moving import sort
from autograd.tensor.rows.reductions import mean, prod, sum_
from autograd.tensor.rows.shaping import getitem, reshape
from autograd.tensor.trace import indexed


def _reversed(x: Any, axis: int) -> Any:
    return x[(slice(None),) * (axis % x.ndim) + (slice(None, None, -1),)]


# fmt: off
cumsum_row = primitive(lambda x, axis: np.cumsum(x, axis=axis),
    lambda g, out, x, axis: _reversed(np.cumsum(_reversed(g, axis), axis=axis), axis),
    name="cumsum", linear=True)
# fmt: on


def _part(x: Any, axis: int, *limits: Any) -> Any:
    return getitem(x, index=(*(slice(None),) * normalize_axis_index(axis, np.ndim(x)), slice(*limits)))


@implements(np.cumsum)
def cumsum(a: Any, axis: Any = None) -> Any:
    """NumPy's ``cumsum``."""
    return cumsum_row(a if axis is not None else reshape(a, shape=-1), axis=axis or 0)


@implements(np.cumprod)
def cumprod(a: Any, axis: Any = None) -> Any:
    """NumPy's ``cumprod``, one product after the other, which is right where a factor is 0 too."""
    a, axis = (a, axis) if axis is not None else (reshape(a, shape=-1), 0)
    axis = normalize_axis_index(axis, np.ndim(a))
    parts = [getitem(a, index=(*(slice(None),) * axis, i)) for i in range(np.shape(a)[axis])]
    for i in range(1, len(parts)):
        parts[i] = parts[i - 1] * parts[i]
    return np.stack(parts, axis) if parts else a


@implements(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """NumPy's ``diff``."""
    if operator.index(n) < 0:
        raise ShapeError(f"diff() wants n to be 0 or more, got {n}")
    for _ in range(operator.index(n)):
        a = _part(a, axis, 1, None) - _part(a, axis, None, -1)
    return a


@implements(np.ediff1d)
def ediff1d(ary: Any) -> Any:
    """NumPy's ``ediff1d``."""
    return diff(reshape(ary, shape=-1))


@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    """NumPy's ``gradient``."""
    axes = range(np.ndim(f)) if axis is None else np.atleast_1d(axis).tolist()
    spacings = list(varargs) if len(varargs) > 1 else list(varargs or (1.0,)) * len(axes)
    if any(isinstance(h, Tensor) for h in spacings):
        raise UnsupportedError("numpy.gradient() has no derivative by the spacing here; give an array")
    if len(spacings) != len(axes):
        raise ShapeError(
            f"gradient() wants one spacing, or one for each of {len(axes)} axes, got {len(varargs)}"
        )
    f = f if f.dtype.kind in DIFFERENTIABLE else f.astype(float)
    found = []
    for k, spacing in zip(axes, spacings, strict=True):
        # NumPy's own differences of unit vectors are the weights of three numbers, or two, for each place
        n = np.shape(f)[k]
        unit: Any = np.eye(n)
        weights = np.gradient(unit, spacing, axis=0, edge_order=edge_order).astype(f.dtype)
        near = np.clip(np.arange(n) - 1, 0, max(n - 3, 0))[:, None] + np.arange(min(n, 3))
        weights = np.take_along_axis(weights, near, 1)
        terms = np.where(weights == 0, 0.0, getitem(np.moveaxis(f, k, -1), index=(..., near)) * weights)
        total: Any = sum_(terms, axis=-1, keepdims=False)
        found.append(np.moveaxis(total, -1, k))
    return found[0] if len(found) == 1 else tuple(found)


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """NumPy's ``trapezoid``."""
    if x is not None:
        dx = diff(x) if np.ndim(x) == 1 else diff(x, axis=axis)
        if np.ndim(dx) == 1 and np.ndim(y) > 1:
            dx = reshape(dx, shape=[-1 if i == axis % np.ndim(y) else 1 for i in range(np.ndim(y))])
    return sum_((_part(y, axis, 1, None) + _part(y, axis, None, -1)) * dx * 0.5, axis=axis, keepdims=False)


def _at(a: Any, index: Any) -> Any:
    return getitem(a, index=(index,)) if isinstance(a, Tensor) else indexed(a, index)


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    """NumPy's ``interp``; at a point between two pieces its slope is that of the piece on the right."""
    xp, fp = (a if isinstance(a, Tensor) else np.asarray(a) for a in (xp, fp))
    n = len(xp)
    i = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, n - 2)
    x0, x1, f0, f1 = (_at(a, j) for a in (xp, fp) for j in (i, i + 1))
    inside = f0 + (f1 - f0) * ((x - x0) / (x1 - x0))
    below = np.take(fp, 0) if left is None else left
    above = np.take(fp, n - 1) if right is None else right
    found = np.where(np.less(x, np.take(xp, 0)), below, inside)
    return np.where(np.greater(x, np.take(xp, n - 1)), above, found)


@implements(np.linspace)
def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, *, axis: int = 0) -> Any:
    """NumPy's ``linspace``."""
    length = stop - start
    share: Any = np.linspace(0.0, 1.0, num, endpoint=endpoint)
    share = share.astype(length.dtype if length.dtype.kind in DIFFERENTIABLE else float)
    share = reshape(share, shape=(-1,) + (1,) * np.ndim(length))
    return np.moveaxis(start + length * share, 0, axis)


@implements(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    """NumPy's ``average``."""
    if weights is None:
        return mean(a, axis=axis, keepdims=keepdims)
    if np.ndim(weights) != np.ndim(a):
        if axis is None:
            raise ShapeError(
                f"average() of shape {np.shape(a)} wants an axis for weights of shape {np.shape(weights)}"
            )
        weights = reshape(weights, shape=[-1 if i == axis % np.ndim(a) else 1 for i in range(np.ndim(a))])
    total = sum_(a * weights, axis=axis, keepdims=keepdims)
    return total / sum_(np.broadcast_to(weights, np.shape(a)), axis=axis, keepdims=keepdims)


@implements(np.median)
def median(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """NumPy's ``median`` along one axis, or of all numbers."""
    if not isinstance(axis, int | None):
        raise UnsupportedError(f"numpy.median() of a Tensor wants one axis or None, got {axis!r}")
    shape = [1 if axis is None or i == axis % np.ndim(a) else n for i, n in enumerate(np.shape(a))]
    flat, along = (reshape(a, shape=-1), 0) if axis is None else (a, axis)
    n = np.shape(flat)[along]
    middle: Any = mean(
        _part(sort(flat, along), along, (n - 1) // 2, n // 2 + 1), axis=(along,), keepdims=False
    )
    middle = np.where(np.isnan(a).any(axis), np.nan, middle)
    return reshape(middle, shape=shape) if keepdims else middle


@implements(np.ptp)
def ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """NumPy's ``ptp``: the largest number less the smallest."""
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


def _real(a: Any) -> Any:
    """The dtype of real numbers as precise as those of ``a``."""
    return np.finfo(a.dtype).dtype if a.dtype.kind in DIFFERENTIABLE else np.dtype(float)


def _known(a: Any) -> Any:
    if a.dtype.kind not in DIFFERENTIABLE:
        return a
    return np.where(np.isnan(a), 0.0, a)


@implements(np.nansum)
def nansum(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """NumPy's ``nansum``; a nan has the slope 0."""
    return sum_(_known(a), axis=axis, keepdims=keepdims)


@implements(np.nanmean)
def nanmean(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """NumPy's ``nanmean``; a nan has the slope 0."""
    count = np.sum(np.logical_not(np.isnan(a)), axis=axis, keepdims=keepdims).astype(_real(a))
    return nansum(a, axis, keepdims=keepdims) / count


@implements(np.nanprod)
def nanprod(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """NumPy's ``nanprod``; a nan has the slope 0."""
    return prod(np.where(np.isnan(a), 1.0, a), axis=axis, keepdims=keepdims)


@implements(np.cov)
def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None) -> Any:
    """NumPy's ``cov``, without weights."""
    m = np.atleast_2d(m) if rowvar or np.ndim(m) < 2 else m.T
    m = m if m.dtype.kind == "c" else m.astype(float)
    if y is not None:
        y = np.atleast_2d(y)
        m = np.concatenate([m, y if rowvar or np.shape(y)[0] == 1 else y.T])
    deviation = m - mean(m, axis=1, keepdims=True)
    return np.squeeze(
        deviation @ np.conj(deviation.T) / (np.shape(m)[1] - (int(not bias) if ddof is None else ddof))
    )


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    """NumPy's ``corrcoef``."""
    c = cov(x, y, rowvar)
    if np.ndim(c) == 0:
        return c / c
    d = np.sqrt(np.diagonal(c))
    return c / np.reshape(d, (-1, 1)) / d


@implements(np.nancumsum)
def nancumsum(a: Any, axis: Any = None) -> Any:
    """NumPy's ``nancumsum``; a nan has the slope 0."""
    return cumsum(_known(a), axis)


@implements(np.nanmax)
def nanmax(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """NumPy's ``nanmax``; a nan has the slope 0."""
    return np.max(np.where(np.isnan(a), -np.inf, a), axis=axis, keepdims=keepdims)


@implements(np.nanmin)
def nanmin(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """NumPy's ``nanmin``; a nan has the slope 0."""
    return np.min(np.where(np.isnan(a), np.inf, a), axis=axis, keepdims=keepdims)


@implements(np.nanvar)
def nanvar(a: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """NumPy's ``nanvar``; a nan has the slope 0."""
    known = np.logical_not(np.isnan(a)).astype(_real(a))
    deviation = np.where(np.isnan(a), 0.0, a - nanmean(a, axis, keepdims=True))
    count = np.sum(known, axis=axis, keepdims=keepdims)
    return sum_(squared(deviation), axis=axis, keepdims=keepdims) / (count - ddof)


@implements(np.nanstd)
def nanstd(a: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """NumPy's ``nanstd``; a nan has the slope 0, and so has all where the result is 0."""
    return root(nanvar(a, axis, ddof=ddof, keepdims=keepdims))


@implements(np.nancumprod)
def nancumprod(a: Any, axis: Any = None) -> Any:
    """NumPy's ``nancumprod``; a nan has the slope 0."""
    return cumprod(np.where(np.isnan(a), 1.0, a), axis)


@implements(np.cumulative_sum)
def cumulative_sum(x: Any, *, axis: Any = None) -> Any:
    """NumPy's ``cumulative_sum``."""
    return cumsum(x, axis)


@implements(np.cumulative_prod)
def cumulative_prod(x: Any, *, axis: Any = None) -> Any:
    """NumPy's ``cumulative_prod``."""
    return cumprod(x, axis)


def _ranked(a: Any, q: Any, axis: Any, method: str, name: str) -> tuple[Any, list[int]]:
    """The numbers in order along a first axis, nan last, and the shape of a quantile with that axis kept.

    Raises:
        UnsupportedError: another ``method`` than "linear", or several axes.
        OptionError: a ``q`` is no share.
    """
    if method != "linear":
        raise UnsupportedError(f"numpy.{name}(method={method!r}) has no derivative here")
    if not isinstance(axis, int | None):
        raise UnsupportedError(f"numpy.{name}() of a Tensor wants one axis or None, got {axis!r}")
    if not np.all((np.asarray(q) >= 0) & (np.asarray(q) <= 1)):
        raise OptionError(f"{name}() wants shares from 0 to 1, or percents from 0 to 100, got q={q!r}")
    if axis is None:
        return sort(reshape(a, shape=-1), 0), [1] * np.ndim(a)
    axis = normalize_axis_index(axis, np.ndim(a))
    shape = [1 if i == axis else n for i, n in enumerate(np.shape(a))]
    return np.moveaxis(sort(a, axis), axis, 0), shape


@implements(np.quantile)
def quantile(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    """NumPy's ``quantile`` along one axis, or of all numbers, by linear interpolation; ``q`` has no slope."""
    ordered, shape = _ranked(a, q, axis, method, "quantile")
    place = np.asarray(q) * (len(ordered) - 1)
    below = np.clip(np.floor(place).astype(int), 0, max(len(ordered) - 2, 0))
    share = np.reshape(place - below, np.shape(place) + (1,) * (np.ndim(ordered) - 1))
    share = share if np.ndim(q) or a.dtype.kind != "f" else share.astype(a.dtype)  # as NumPy has it
    low, high = ordered[below], ordered[np.minimum(below + 1, len(ordered) - 1)]
    found = np.where(np.isnan(ordered[-1]), np.nan, low + (high - low) * share)
    return reshape(found, shape=(*np.shape(q), *shape)) if keepdims else found


@implements(np.nanquantile)
def nanquantile(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    """NumPy's ``nanquantile``, as `quantile`; a nan has the slope 0."""
    ordered, shape = _ranked(a, q, axis, method, "nanquantile")
    count = np.sum(np.logical_not(np.isnan(ordered)), axis=0)
    places = np.reshape(q, (*np.shape(q), *(1,) * np.ndim(count))) * (count - 1)
    below = np.maximum(np.floor(places).astype(int), 0)
    low, high = (
        np.take_along_axis(ordered[None], np.reshape(i, (-1, 1, *np.shape(ordered)[1:])), 1)
        for i in (below, np.minimum(below + 1, np.maximum(count - 1, 0)))
    )
    share = np.reshape(places - below, np.shape(low))
    share = share if np.ndim(q) or a.dtype.kind != "f" else share.astype(a.dtype)  # as NumPy has it
    found = np.where(np.reshape(count, np.shape(low)[2:]) > 0, low + (high - low) * share, np.nan)
    return reshape(found, shape=(*np.shape(q), *(shape if keepdims else np.shape(count))))


@implements(np.nanpercentile)
def nanpercentile(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    """NumPy's ``nanpercentile``, as `nanquantile`."""
    return nanquantile(a, np.asarray(q) / 100, axis, method=method, keepdims=keepdims)


@implements(np.nanmedian)
def nanmedian(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """NumPy's ``nanmedian``; a nan has the slope 0."""
    return nanquantile(a, 0.5, axis, keepdims=keepdims)


@implements(np.percentile)
def percentile(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    """NumPy's ``percentile``, as `quantile`."""
    return quantile(a, np.asarray(q) / 100, axis, method=method, keepdims=keepdims)


@implements(np.logspace)
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: float = 10.0, *, axis: int = 0
) -> Any:
    """NumPy's ``logspace``."""
    return base ** linspace(start, stop, num, endpoint, axis=axis)


@implements(np.geomspace)
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, *, axis: int = 0) -> Any:
    """NumPy's ``geomspace``, of numbers above 0."""
    return np.exp(linspace(np.log(start), np.log(stop), num, endpoint, axis=axis))


WITHOUT_SLOPE.update({np.bincount, np.histogram, np.nanargmax, np.nanargmin})
