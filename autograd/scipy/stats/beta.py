"""The beta distribution.

>>> round(float(logpdf(0.3, 2.0, 3.0)), 4), round(float(cdf(0.3, 2.0, 3.0)), 4)
(0.5676, 0.3483)
"""

from typing import Any

import numpy as np
from scipy import special

__all__ = ["cdf", "logpdf", "pdf"]


def logpdf(x: Any, a: Any, b: Any) -> Any:
    """The logarithm of the density at ``x``."""
    outside = np.logical_or(x < 0, x > 1)
    inside = np.where(outside, 0.5, x)
    found = special.xlogy(a - 1, inside) + special.xlog1py(b - 1, -inside) - special.betaln(a, b)
    return np.where(outside, -np.inf, found)


def pdf(x: Any, a: Any, b: Any) -> Any:
    """The density at ``x``."""
    return np.exp(logpdf(x, a, b))


def cdf(x: Any, a: Any, b: Any) -> Any:
    """The probability of at most ``x``."""
    return special.betainc(a, b, np.clip(x, 0.0, 1.0))
