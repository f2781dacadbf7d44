"""SciPy, for programs that were written for HIPS/autograd: ``import autograd.scipy.stats as stats``.

SciPy's ufuncs of `scipy.special` differentiate Tensors themselves. The other functions do what SciPy's do.
"""

from autograd.scipy import special, stats

__all__ = ["special", "stats"]
