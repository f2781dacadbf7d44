"""The chi-squared distribution with ``df`` degrees of freedom.

>>> round(float(logpdf(2.0, 3.0)), 4), round(float(cdf(2.0, 3.0)), 4)
(-1.5724, 0.4276)
"""

import math
from typing import Any

import numpy as np
from scipy import special

__all__ = ["cdf", "logpdf", "pdf"]


def logpdf(x: Any, df: Any) -> Any:
    """The logarithm of the density at ``x``."""
    inside = np.where(x < 0, 1.0, x)
    constant = special.gammaln(df / 2) + df / 2 * math.log(2)
    return np.where(x < 0, -np.inf, special.xlogy(df / 2 - 1, inside) - inside / 2 - constant)


def pdf(x: Any, df: Any) -> Any:
    """The density at ``x``."""
    return np.exp(logpdf(x, df))


def cdf(x: Any, df: Any) -> Any:
    """The probability of at most ``x``."""
    return special.gammainc(df / 2, np.where(x < 0, 0.0, x) / 2)
