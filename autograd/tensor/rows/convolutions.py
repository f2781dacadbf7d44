"""Convolutions and correlations: sums of products of a kernel with each window of a signal."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograd.errors import OptionError, ShapeError
from autograd.tensor.core import Tensor
from autograd.tensor.primitive import implements, primitive


def _forward(x: Any, kernel: Any) -> Any:
    axes = tuple(range(2, x.ndim))
    windows = sliding_window_view(x, kernel.shape[2:], axes)
    over = [1, *range(x.ndim, windows.ndim)]
    return np.moveaxis(np.tensordot(windows, kernel, (over, [1, *axes])), -1, 1)


def _flipped(kernel: Any) -> Any:
    return kernel[(slice(None), slice(None), *(slice(None, None, -1),) * (kernel.ndim - 2))]


def _signal_slope(g: Any, out: Any, x: Any, kernel: Any) -> Any:
    around = [(0, 0), (0, 0), *((k - 1, k - 1) for k in kernel.shape[2:])]
    return correlate_row(np.pad(g, around), _flipped(kernel).swapaxes(0, 1))


def _kernel_slope(g: Any, out: Any, x: Any, kernel: Any) -> Any:
    return correlate_row(x.swapaxes(0, 1), g.swapaxes(0, 1)).swapaxes(0, 1)


# Signals of shape (m, channels, *lengths) and kernels (n, channels, *shorter lengths) give (m, n, *places):
# the sum of the products, in all channels, of a kernel and the window that begins at a place
correlate_row: Any = primitive(_forward, _signal_slope, _kernel_slope, name="correlate", linear=True)


def correlated(x: Any, kernel: Any) -> Any:
    """The products of kernels of shape (n, channels, ...) and all windows of signals (m, channels, ...)."""
    return correlate_row(x, kernel)


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """NumPy's ``correlate``."""
    if np.size(v) > np.size(a):
        return np.conj(np.flip(correlate(v, a, mode)))
    return convolve(a, np.conj(np.flip(v)), mode)


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """NumPy's ``convolve``."""
    a, v = (x if isinstance(x, Tensor) else np.asarray(x) for x in (a, v))
    if np.size(v) > np.size(a):
        a, v = v, a
    if np.ndim(a) > 1 or np.ndim(v) > 1:
        raise ShapeError(f"convolve() wants one axis of each, got shapes {np.shape(a)} and {np.shape(v)}")
    n, m = np.size(a), np.size(v)
    if not m:
        raise ShapeError(f"convolve() wants 1 number or more of each argument, got {n} and {m}")
    if mode not in ("full", "same", "valid"):
        raise OptionError(f'convolve() knows the modes "full", "same" and "valid", got {mode!r}')
    before = {"full": m - 1, "same": m // 2, "valid": 0}[mode]
    after = {"full": m - 1, "same": (m - 1) // 2, "valid": 0}[mode]
    signal = np.pad(np.reshape(a, (1, 1, n)), ((0, 0), (0, 0), (before, after)))
    return np.reshape(correlate_row(signal, np.reshape(np.flip(v), (1, 1, m))), -1)
