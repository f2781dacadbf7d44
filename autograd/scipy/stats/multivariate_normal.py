"""The normal distribution of several dimensions, with the covariance matrix ``cov``.

>>> round(float(logpdf(np.array([1.0, 2.0]), np.zeros(2), np.eye(2))), 4)
-4.3379
>>> round(float(entropy(np.zeros(2), np.eye(2))), 4)
2.8379
"""

import math
from typing import Any

import numpy as np

__all__ = ["entropy", "logpdf", "pdf"]

LOG_OF_2_PI = math.log(2 * math.pi)


def logpdf(x: Any, mean: Any, cov: Any) -> Any:
    """The logarithm of the density at ``x``."""
    deviation = x - mean
    lower = np.linalg.cholesky(cov)
    n = np.shape(cov)[-1]
    z = np.linalg.solve(lower, np.reshape(deviation, (-1, n)).T)
    log_of_root = np.sum(np.log(np.diagonal(lower)))
    found = -0.5 * np.sum(z * z, axis=0) - log_of_root - 0.5 * n * LOG_OF_2_PI
    return np.reshape(found, np.shape(deviation)[:-1])


def pdf(x: Any, mean: Any, cov: Any) -> Any:
    """The density at ``x``."""
    return np.exp(logpdf(x, mean, cov))


def entropy(mean: Any, cov: Any) -> Any:
    """The entropy, in nats."""
    n = np.shape(cov)[-1]
    return 0.5 * (n * (1 + LOG_OF_2_PI) + np.linalg.slogdet(cov)[1])
