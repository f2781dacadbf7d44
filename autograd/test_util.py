"""Checks of derivatives, by the names that programs for HIPS/autograd import them by.

>>> import numpy as np
>>> check_grads(np.tanh, order=3)(0.5)
>>> combo_check(np.sum, [0])([np.ones((2, 3))], axis=[None, 0], keepdims=[True, False])
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from autograd.errors import DerivativeError
from autograd.tensor import check_grads, leaves_of

__all__ = ["check_equivalent", "check_grads", "check_jvp", "check_vjp", "combo_check", "scalar_close"]


def scalar_close(a: Any, b: Any) -> bool:
    """Whether two numbers are the same up to 1e-6, absolute or relative.

    >>> scalar_close(1.0, 1.0000001), scalar_close(1.0, 1.1)
    (True, False)
    """
    return bool(abs(a - b) < 1e-6 or abs(a - b) / abs(a + b) < 1e-6)


def check_equivalent(x: Any, y: Any) -> None:
    """Raise a DerivativeError unless ``x`` and ``y`` have the same structure, shapes and numbers.

    >>> check_equivalent({"a": np.ones(2)}, {"a": np.ones(2)})
    """
    own, other = leaves_of(x), leaves_of(y)
    same = type(x) is type(y) or (np.isscalar(x) and np.isscalar(y))
    same = same and len(own) == len(other)
    for a, b in zip(own, other, strict=False):
        same = same and np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-6, atol=1e-6)
    if not same:
        raise DerivativeError(f"check_equivalent() got {x!r} and {y!r}, which are not the same")


def check_vjp(f: Callable[[Any], Any], x: Any) -> None:
    """`check_grads` of the first derivative in reverse mode.

    >>> check_vjp(np.sin, 1.0)
    """
    check_grads(f, modes=["rev"], order=1)(x)


def check_jvp(f: Callable[[Any], Any], x: Any) -> None:
    """`check_grads` of the first derivative in forward mode.

    >>> check_jvp(np.sin, 1.0)
    """
    check_grads(f, modes=["fwd"], order=1)(x)


def combo_check(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., None]:
    """As `check_grads`, for every combination of the arguments in the lists that the result is called with.

    >>> combo_check(np.multiply, (0, 1))([1.0, np.ones(2)], [2.0, np.zeros(2)])
    """
    check = check_grads(function, *args, **kwargs)

    def every(*choices: Any, **options: Any) -> None:
        for chosen in product(*choices, *options.values()):
            check(*chosen[: len(choices)], **dict(zip(options, chosen[len(choices) :], strict=True)))

    return every
