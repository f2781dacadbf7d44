"""``scipy.signal``: `convolve` with the arguments of HIPS/autograd, and SciPy's own other functions."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index
from scipy import signal as own

from autograd.errors import OptionError, ShapeError
from autograd.tensor import Tensor, correlated

__all__ = own.__all__

MODES = ("full", "valid", "same")


def convolve(
    A: Any,
    B: Any,
    axes: Sequence[Sequence[int]] | str | None = None,
    dot_axes: Sequence[Sequence[int]] = ((), ()),
    mode: str = "full",
) -> Any:
    """The convolution of two arrays along some axes, summed over others, for each pair along the rest.

    Args:
        A, B: arrays, or Tensors.
        axes: for each array its axes that are convolved, one with one; by default all. A text is the mode,
            which is SciPy's third argument.
        dot_axes: for each array its axes along which products are summed, one with one.
        mode: "full", "valid", or "same", which is the middle of "full", in the lengths of ``A``.

    Returns:
        An array with the other axes of ``A``, then those of ``B``, then the convolved ones.

    Raises:
        ShapeError: axes that go together have different lengths, or are not as many.
        OptionError: another mode.

    >>> convolve(np.array([1.0, 2.0, 3.0]), np.array([1.0, -1.0]))
    array([ 1.,  1.,  1., -3.])
    >>> images, filters = np.ones((10, 3, 8, 8)), np.ones((5, 3, 2, 2))
    >>> convolve(images, filters, axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid").shape
    (10, 5, 7, 7)
    """
    if isinstance(axes, str):
        return convolve(A, B, mode=axes)
    if mode not in MODES:
        raise OptionError(f"convolve() knows the modes {', '.join(MODES)}, got {mode!r}")
    a, b = (x if isinstance(x, Tensor) else np.asarray(x) for x in (A, B))
    along_a, along_b = axes if axes is not None else (range(a.ndim), range(b.ndim))
    first, rest_a = _arranged(a, along_a, dot_axes[0])
    second, rest_b = _arranged(b, along_b, dot_axes[1])
    if first.ndim != second.ndim or first.shape[1] != second.shape[1]:
        raise ShapeError(
            f"convolve() of shapes {a.shape} and {b.shape} cannot pair the axes {axes} and {dot_axes}"
        )
    lengths, shorter = first.shape[2:], second.shape[2:]
    swapped = any(n < k for n, k in zip(lengths, shorter, strict=True))
    if swapped and mode == "valid":
        if any(n > k for n, k in zip(lengths, shorter, strict=True)):
            raise ShapeError(
                f'convolve(mode="valid") wants one array to be the longer one along all axes, got {lengths} '
                f"and {shorter}"
            )
        first, second = second, first
    if mode != "valid":
        first = np.pad(first, [(0, 0), (0, 0), *((k - 1, k - 1) for k in shorter)])
    flipped = second[(slice(None), slice(None), *(slice(None, None, -1),) * len(lengths))]
    found = correlated(first, flipped)
    if swapped and mode == "valid":
        found = found.swapaxes(0, 1)
    if mode == "same":
        starts = [(k - 1) // 2 for k in shorter]
        found = found[(..., *(slice(i, i + n) for i, n in zip(starts, lengths, strict=True)))]
    return np.reshape(found, (*rest_a, *rest_b, *found.shape[2:]))


def _arranged(x: Any, along: Sequence[int], dot: Sequence[int]) -> tuple[Any, tuple[int, ...]]:
    """``x`` with one axis for all others, one for ``dot``, then ``along``; and the lengths of the others."""
    along, dot = ([normalize_axis_index(i, x.ndim) for i in axes] for axes in (along, dot))
    rest = [i for i in range(x.ndim) if i not in along and i not in dot]
    shape = [x.shape[i] for i in rest]
    moved = np.transpose(x, [*rest, *dot, *along])
    sizes = prod(shape), prod(x.shape[i] for i in dot)
    return np.reshape(moved, (*sizes, *(x.shape[i] for i in along))), tuple(shape)


def __getattr__(name: str) -> Any:
    return getattr(own, name)
