"""The Dirichlet distribution.

>>> round(float(logpdf(np.array([0.2, 0.8]), np.array([2.0, 3.0]))), 4)
0.4292
"""

from typing import Any

import numpy as np
from scipy import special

__all__ = ["logpdf", "pdf"]


def logpdf(x: Any, alpha: Any) -> Any:
    """The logarithm of the density at ``x``."""
    if len(x) + 1 == len(alpha):  # the last one is what is missing to 1
        x = np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)])
    constant = special.gammaln(np.sum(alpha)) - np.sum(special.gammaln(alpha))
    return constant + np.sum(special.xlogy((alpha - 1).T, x.T).T, axis=0)


def pdf(x: Any, alpha: Any) -> Any:
    """The density at ``x``."""
    return np.exp(logpdf(x, alpha))
