"""SciPy, for programs that were written for HIPS/autograd: ``import autograd.scipy.stats as stats``.

SciPy's ufuncs of `scipy.special` differentiate Tensors themselves. The other functions do what SciPy's do.
"""

from importlib import import_module
from typing import Any

__all__ = ["integrate", "linalg", "signal", "special", "stats"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # imported when it is used, as SciPy does
        return import_module(f"autograd.scipy.{name}")
    raise AttributeError(f"module 'autograd.scipy' has no attribute {name!r}")
