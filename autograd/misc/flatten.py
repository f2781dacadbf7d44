"""`flatten`, by the name that programs for HIPS/autograd import it by.

>>> flatten([1.0, [2.0, 3.0]])[0]
array([1., 2., 3.])
"""

from autograd.tensor import flatten

__all__ = ["flatten"]
