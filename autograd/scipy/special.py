"""``scipy.special``: its ufuncs, which differentiate Tensors themselves, and a few functions that are none.

>>> import numpy as np
>>> from autograd import grad
>>> f"{grad(lambda x: np.sum(own.gammaln(x)))(1.0):.6f}"  # less Euler's constant
'-0.577216'
"""

import math
from typing import Any

import numpy as np
from scipy import special as own

from autograd.tensor import Tensor
from autograd.tensor import logsumexp as _logsumexp
from autograd.tensor import polygamma as _polygamma

__all__ = own.__all__


def polygamma(n: Any, x: Any) -> Any:
    """SciPy's ``polygamma``: the derivative of order n + 1 of the logarithm of the gamma function.

    >>> f"{polygamma(1, 1.0):.6f}"  # π² / 6
    '1.644934'
    """
    return _polygamma(n, x)


def multigammaln(a: Any, d: int) -> Any:
    """SciPy's ``multigammaln``: the logarithm of the gamma function of d dimensions.

    >>> f"{multigammaln(3.0, 2):.4f}"
    '1.5502'
    """
    terms = sum(own.gammaln(a - j / 2) for j in range(1, d))
    return terms + own.gammaln(a) + d * (d - 1) / 4 * math.log(math.pi)


def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """SciPy's ``logsumexp``: log(sum(b · exp(a))) along ``axis``, for sums above 0.

    >>> f"{logsumexp(np.array([1000.0, 1000.0])):.6f}"
    '1000.693147'
    """
    if not any(isinstance(x, Tensor) for x in (a, b)) or return_sign:
        return own.logsumexp(a, axis, b, keepdims, return_sign)
    if b is None:
        return _logsumexp(a, axis, keepdims)
    numbers, weights = (x.data if isinstance(x, Tensor) else np.asarray(x) for x in (a, b))
    top: Any = np.max(np.where(weights == 0, -np.inf, numbers), axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)  # inf - inf would be nan
    powers = np.exp(np.where(weights == 0, -np.inf, a - top))
    with np.errstate(divide="ignore"):
        total = np.log(np.sum(b * powers, axis=axis, keepdims=keepdims))
    return total + (top if keepdims else np.squeeze(top, axis))


def __getattr__(name: str) -> Any:
    return getattr(own, name)
