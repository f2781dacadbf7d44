"""Polynomials as arrays of their coefficients, the highest power first."""

from typing import Any

import numpy as np

from autograd.errors import OptionError, ShapeError
from autograd.tensor.core import Tensor, plain
from autograd.tensor.primitive import implements
from autograd.tensor.rows.shaping import reshape


@implements(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """NumPy's ``polyval``, by Horner's rule."""
    p, x = np.atleast_1d(p), x if isinstance(x, Tensor) else np.asarray(x)
    found: Any = 0.0 * x
    for i in range(len(p)):
        found = found * x + p[i]
    return found


@implements(np.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """NumPy's ``vander``."""
    if np.ndim(x) != 1:
        raise ShapeError(f"vander() of a Tensor wants one axis, got shape {np.shape(x)}")
    powers = np.arange(float(np.size(x) if N is None else N))
    x = np.reshape(x, (-1, 1))
    x = x if x.dtype.kind == "c" else x.astype(float)
    return x ** (powers if increasing else powers[::-1])


@implements(np.poly)
def poly(seq_of_zeros: Any) -> Any:
    """NumPy's ``poly``, of zeros, or of a square matrix, whose eigenvalues they are."""
    zeros = seq_of_zeros
    if np.ndim(zeros) == 2:
        zeros = np.linalg.eigvals(zeros)
    if np.ndim(zeros) != 1:
        raise ShapeError(f"poly() of a Tensor wants one axis or a square matrix, got shape {np.shape(zeros)}")
    p: Any = np.ones(1, zeros.dtype)
    for i in range(len(zeros)):
        p = np.pad(p, (0, 1)) - np.pad(p * zeros[i], (1, 0))
    roots = plain(zeros)
    in_pairs = np.iscomplexobj(roots) and np.all(np.sort(roots) == np.sort(np.conj(roots)))
    return np.real(p) if in_pairs else p


@implements(np.roots)
def roots(p: Any) -> Any:
    """NumPy's ``roots``: the eigenvalues of the companion matrix."""
    if np.ndim(p) != 1:
        raise ShapeError(f"roots() of a Tensor wants one axis, got shape {np.shape(p)}")
    used = np.flatnonzero(p)
    if not len(used):
        return np.zeros(0)
    first, last = used[0], used[-1]
    at_zero = np.zeros(len(p) - 1 - last)
    if last == first:
        return at_zero
    row = -p[first + 1 : last + 1] / p[first]
    companion = np.concatenate([row[None], np.eye(last - first)[:-1]])
    return np.concatenate([np.linalg.eigvals(companion), at_zero])


def _aligned(a: Any, b: Any) -> tuple[Any, Any]:
    """Both with as many coefficients."""
    n = max(np.size(a), np.size(b))
    first, second = (np.pad(p, (n - np.size(p), 0)) for p in (np.atleast_1d(a), np.atleast_1d(b)))
    return first, second


@implements(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    """NumPy's ``polyadd``."""
    a, b = _aligned(a1, a2)
    return a + b


@implements(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    """NumPy's ``polysub``."""
    a, b = _aligned(a1, a2)
    return a - b


@implements(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    """NumPy's ``polymul``."""
    return np.convolve(np.atleast_1d(a1), np.atleast_1d(a2))


@implements(np.polydiv)
def polydiv(u: Any, v: Any) -> Any:
    """NumPy's ``polydiv``: quotient and remainder."""
    u, v = np.atleast_1d(u) * 1.0, np.atleast_1d(v) * 1.0
    n, m = len(u), len(v)
    quotient = []
    for k in range(n - m + 1):
        quotient.append(u[k] / v[0])
        u = u - np.pad(quotient[-1] * v, (k, n - m - k))
    first = 0
    while first < n - 1 and np.allclose(plain(u)[first], 0, rtol=1e-14):
        first += 1
    return (np.stack(quotient) if quotient else np.zeros(1)), u[first:]


@implements(np.polyder)
def polyder(p: Any, m: int = 1) -> Any:
    """NumPy's ``polyder``."""
    if m < 0:
        raise OptionError(f"polyder() wants the order of a derivative, 0 or more, got m={m}")
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@implements(np.polyint)
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """NumPy's ``polyint``, with the integration constants ``k``, by default 0."""
    if m < 0:
        raise OptionError(f"polyint() wants the order of an integral, 0 or more, got m={m}")
    constants = np.broadcast_to(0.0 if k is None else k, m)
    for i in range(m):
        p = np.append(np.atleast_1d(p) / np.arange(len(p), 0, -1), constants[i])
    return p


@implements(np.polyfit)
def polyfit(x: Any, y: Any, deg: int, *, w: Any = None) -> Any:
    """NumPy's ``polyfit``: the coefficients alone."""
    left, right = np.vander(x, deg + 1), y
    if w is not None:
        weights = np.reshape(w, (-1, 1))
        left = left * weights
        right = right * (weights[:, 0] if np.ndim(y) == 1 else weights)
    scale = np.sqrt(np.sum(left * left, axis=0))
    found = np.linalg.pinv(left / scale) @ right
    return found / (scale if np.ndim(found) == 1 else reshape(scale, shape=(-1, 1)))
