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
    return special.xlogy(a - 1, x) - x - special.gammaln(a)


def pdf(x: Any, a: Any) -> Any:
    """The density at ``x``."""
    return np.exp(logpdf(x, a))


def cdf(x: Any, a: Any) -> Any:
    """The probability of at most ``x``."""
    return special.gammainc(a, x)
