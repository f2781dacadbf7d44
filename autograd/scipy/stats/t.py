"""Student's distribution with ``df`` degrees of freedom, about ``loc``, with the width ``scale``.

>>> round(float(logpdf(1.0, 5.0)), 3), round(float(cdf(1.0, 5.0)), 4)
(-1.516, 0.8184)
"""

import math
from typing import Any

import numpy as np
from scipy import special

__all__ = ["cdf", "logcdf", "logpdf", "pdf"]


def logpdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The logarithm of the density at ``x``."""
    z = (x - loc) / scale
    constant = special.gammaln((df + 1) / 2) - special.gammaln(df / 2) - 0.5 * np.log(df * math.pi)
    return constant - np.log(scale) - (df + 1) / 2 * np.log1p(z * z / df)


def pdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The density at ``x``."""
    return np.exp(logpdf(x, df, loc, scale))


def cdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The probability of at most ``x``."""
    z = (x - loc) / scale
    tail = 0.5 * special.betainc(df / 2, 0.5, df / (df + z * z))
    return np.where(np.less(z, 0), tail, 1 - tail)


def logcdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The logarithm of the probability of at most ``x``."""
    return np.log(cdf(x, df, loc, scale))
