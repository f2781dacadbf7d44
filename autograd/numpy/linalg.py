"""``numpy.linalg``, by the name that programs for HIPS/autograd import it by."""

from typing import Any

import numpy.linalg as own

__all__ = own.__all__


def __getattr__(name: str) -> Any:
    return getattr(own, name)
