"""The Poisson distribution with mean ``mu``, of whole numbers ``k``, which have no derivative.

>>> round(float(logpmf(2, 3.0)), 4), round(float(cdf(2, 3.0)), 4)
(-1.4959, 0.4232)
"""

from typing import Any

import numpy as np
from scipy import special

__all__ = ["cdf", "logpmf", "pmf"]


def logpmf(k: Any, mu: Any) -> Any:
    """The logarithm of the probability of ``k``."""
    possible = np.logical_and(np.equal(np.floor(k), k), np.greater_equal(k, 0))
    whole = np.where(possible, k, 0)
    found = special.xlogy(whole, mu) - special.gammaln(whole + 1.0) - mu
    return np.where(possible, found, -np.inf)


def pmf(k: Any, mu: Any) -> Any:
    """The probability of ``k``."""
    return np.exp(logpmf(k, mu))


def cdf(k: Any, mu: Any) -> Any:
    """The probability of at most ``k``."""
    return special.gammaincc(np.floor(k) + 1, mu)
