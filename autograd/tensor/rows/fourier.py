"""Discrete Fourier transforms. They are linear, so a gradient goes back through the transposed matrix.

The matrices of ``fft`` and ``ifft`` are symmetric: each is its own transpose.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd.errors import OptionError, ShapeError
from autograd.tensor.primitive import Primitive, implements, primitive

SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _along(axis: int, part: Any) -> tuple[Any, ...]:
    """The index that takes ``part`` of an axis, which is not negative."""
    return (*(slice(None),) * axis, part)


def _fitted(x: Any, n: int, axis: int) -> Any:
    """``x`` cut, or continued with zeros, to the length ``n`` along an axis."""
    missing = n - x.shape[axis]
    if missing <= 0:
        return x[_along(axis, slice(n))] if missing else x
    zeros = np.zeros([missing if i == axis else m for i, m in enumerate(x.shape)], x.dtype)
    return np.concatenate([x, zeros], axis)


def _weights(n: int, axis: int, ndim: int) -> Any:
    """How often ``irfft`` to the length ``n`` uses each number, once as it is and once as its conjugate."""
    used = np.full(n // 2 + 1, 2.0)
    used[0] = 1
    if n % 2 == 0:
        used[-1] = 1
    return used.reshape([-1 if i == axis else 1 for i in range(ndim)])


# fmt: off
fft_row   = primitive(lambda x, n, axis, norm: np.fft.fft(x, n, axis, norm),
    lambda g, out, x, n, axis, norm: _fitted(np.fft.fft(g, n, axis, norm), x.shape[axis], axis),
    name="fft", linear=True)
ifft_row  = primitive(lambda x, n, axis, norm: np.fft.ifft(x, n, axis, norm),
    lambda g, out, x, n, axis, norm: _fitted(np.fft.ifft(g, n, axis, norm), x.shape[axis], axis),
    name="ifft", linear=True)
rfft_row  = primitive(lambda x, n, axis, norm: np.fft.rfft(x, n, axis, norm),
    lambda g, out, x, n, axis, norm: _fitted(np.fft.fft(g, n, axis, norm), x.shape[axis], axis),
    name="rfft", linear=True)
irfft_row = primitive(lambda x, n, axis, norm: np.fft.irfft(x, n, axis, norm),
    lambda g, out, x, n, axis, norm: _fitted(
        _weights(n, axis, x.ndim) * np.fft.ifft(g, n, axis, norm)[_along(axis, slice(n // 2 + 1))],
        x.shape[axis], axis),
    name="irfft", linear=True)
# fmt: on


def _one_axis(function: Any, row: Primitive, length: Callable[[int], int]) -> Callable[..., Any]:
    """Implement a transform along one axis; ``length`` makes the default ``n`` of the length of the axis."""

    @implements(function)
    def transform(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
        axis = normalize_axis_index(axis, np.ndim(a))
        n = length(np.shape(a)[axis]) if n is None else n
        if n < 1:
            raise ShapeError(f"{function.__name__}() wants 1 number or more along axis {axis}, got {n}")
        return row(a, n=n, axis=axis, norm=norm)

    return transform


fft = _one_axis(np.fft.fft, fft_row, int)
ifft = _one_axis(np.fft.ifft, ifft_row, int)
rfft = _one_axis(np.fft.rfft, rfft_row, int)
irfft = _one_axis(np.fft.irfft, irfft_row, lambda m: 2 * (m - 1))


def _swapped(norm: Any) -> str:
    if norm not in SWAPPED:
        raise OptionError(f'norm must be "backward", "ortho" or "forward", got {norm!r}')
    return SWAPPED[norm]


@implements(np.fft.hfft)
def hfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    """NumPy's ``hfft``."""
    return irfft(np.conj(a), n, axis, _swapped(norm))


@implements(np.fft.ihfft)
def ihfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    """NumPy's ``ihfft``."""
    return np.conj(rfft(a, n, axis, _swapped(norm)))


def _several_axes(name: str, first: Any, others: Any, last: Any) -> None:
    """Implement NumPy's transform ``name`` + "n" along several axes, and ``name`` + "2" along the last two.

    ``first`` transforms the last axis before ``others`` transform the rest, or ``last`` does so afterwards.
    """

    def along(a: Any, s: Any, axes: Sequence[int] | None, norm: Any) -> Any:
        if axes is None:
            axes = range(-np.ndim(a) if s is None else -len(s), 0)
        lengths = [None] * len(axes) if s is None else list(s)
        if len(lengths) != len(axes):
            raise ShapeError(f"{name}n() wants as many lengths as axes, got {len(lengths)} and {len(axes)}")
        lengths = [np.shape(a)[axis] if n == -1 else n for n, axis in zip(lengths, axes, strict=True)]
        if not lengths:
            return a
        if first is not None:
            a = first(a, lengths[-1], axes[-1], norm)
        for n, axis in list(zip(lengths, axes, strict=True))[-2::-1]:
            a = others(a, n, axis, norm)
        return a if last is None else last(a, lengths[-1], axes[-1], norm)

    @implements(getattr(np.fft, f"{name}n"))
    def of_all(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
        return along(a, s, axes, norm)

    @implements(getattr(np.fft, f"{name}2"))
    def of_two(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
        return along(a, s, axes, norm)


_several_axes("fft", fft, fft, None)
_several_axes("ifft", ifft, ifft, None)
_several_axes("rfft", rfft, fft, None)
_several_axes("irfft", None, ifft, irfft)
