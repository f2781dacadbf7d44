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
    return special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b)


def pdf(x: Any, a: Any, b: Any) -> Any:
    """The density at ``x``."""
    return np.exp(logpdf(x, a, b))


def cdf(x: Any, a: Any, b: Any) -> Any:
    """The probability of at most ``x``."""
    return special.betainc(a, b, x)
