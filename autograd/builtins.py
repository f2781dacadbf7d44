"""Python's ``dict``, ``list``, ``tuple`` and ``type``, and an ``isinstance`` that knows Tensors as arrays.

Arguments that are varied stay lists, tuples and dicts, with Tensors in them.

>>> from autograd import grad
>>> grad(lambda x: sum(list((x, 2 * x))))(1.0)
np.float64(3.0)
"""

import builtins
from builtins import dict, list, tuple, type  # noqa: A004, UP029 - programs import them from here
from typing import Any

import numpy as np

from autograd.tensor import Tensor

__all__ = ["dict", "isinstance", "list", "tuple", "type"]


def isinstance(x: Any, kinds: Any) -> bool:
    """Python's ``isinstance``, for which a Tensor is an array too; without axes it is a float instead.

    >>> isinstance(Tensor([1.0]), np.ndarray), isinstance(Tensor(1.0), np.ndarray)
    (True, False)
    >>> isinstance(Tensor(1.0), float), isinstance(Tensor(1.0), Tensor), isinstance([], (list, dict))
    (True, True, True)
    """
    if builtins.isinstance(x, kinds) or not builtins.isinstance(x, Tensor):
        return builtins.isinstance(x, kinds)
    return builtins.isinstance(np.float64(0) if x.ndim == 0 else np.empty(0), kinds)
