"""Densities and distribution functions of ``scipy.stats`` that can be differentiated by their arguments.

A module for each distribution has functions of SciPy's of that name. They take arrays, numbers and Tensors.

>>> import numpy as np
>>> from autograd import grad
>>> grad(lambda mean: np.sum(norm.logpdf(np.array([1.0, 2.0]), mean, 1.0)))(0.0)
np.float64(3.0)
"""

from autograd.scipy.stats import beta, chi2, dirichlet, gamma, multivariate_normal, norm, poisson, t

__all__ = ["beta", "chi2", "dirichlet", "gamma", "multivariate_normal", "norm", "poisson", "t"]
