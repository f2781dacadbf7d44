"""The gamma distribution of shape ``a``.

>>> round(float(logpdf(2.0, 3.0)), 4), round(float(cdf(2.0, 3.0)), 4)
(-1.3069, 0.3233)
"""

from typing import Any

import numpy as np
from scipy import special

__all__ = ["cdf", "logpdf", "pdf"]


def logpdf(x: Any, a: Any) -> Any:
    """The logarithm of the density at ``x``."""
    inside = np.where(x < 0, 1.0, x)
    found = special.xlogy(a - 1, inside) - inside - special.gammaln(a)
    return np.where(x < 0, -np.inf, found)


def pdf(x: Any, a: Any) -> Any:
    """The density at ``x``."""
    return np.exp(logpdf(x, a))


def cdf(x: Any, a: Any) -> Any:
    """The probability of at most ``x``."""
    return special.gammainc(a, np.where(x < 0, 0.0, x))
