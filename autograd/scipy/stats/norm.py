"""The normal distribution with mean ``loc`` and standard deviation ``scale``.

>>> round(float(cdf(1.96)), 3), round(float(logsf(1.96)), 3), round(float(ppf(0.975)), 2)
(0.975, -3.689, 1.96)
"""

import math
from typing import Any

import numpy as np
from scipy import special

__all__ = ["cdf", "logcdf", "logpdf", "logsf", "pdf", "ppf", "sf"]

LOG_OF_2_PI = math.log(2 * math.pi)


def _positive(scale: Any) -> Any:
    return np.where(scale > 0, scale, np.nan)


def logpdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The logarithm of the density at ``x``."""
    scale = _positive(scale)
    return -0.5 * ((x - loc) / scale) ** 2 - np.log(scale) - 0.5 * LOG_OF_2_PI


def pdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The density at ``x``."""
    return np.exp(logpdf(x, loc, scale))


def cdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The probability of at most ``x``."""
    return special.ndtr((x - loc) / _positive(scale))


def logcdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The logarithm of the probability of at most ``x``."""
    return special.log_ndtr((x - loc) / _positive(scale))


def sf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The probability of more than ``x``."""
    return special.ndtr((loc - x) / _positive(scale))


def logsf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The logarithm of the probability of more than ``x``."""
    return special.log_ndtr((loc - x) / _positive(scale))


def ppf(q: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The number below which the share ``q`` lies."""
    return special.ndtri(q) * _positive(scale) + loc
