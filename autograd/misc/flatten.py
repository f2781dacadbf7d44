"""`flatten`, by the name that programs for HIPS/autograd import it by, and `flatten_func`.

>>> flatten([1.0, [2.0, 3.0]])[0]
array([1., 2., 3.])
"""

from collections.abc import Callable
from typing import Any

from autograd.tensor import flatten

__all__ = ["flatten", "flatten_func"]


def flatten_func(func: Callable[..., Any], example: Any) -> tuple[Callable[..., Any], Any, Any]:
    """A function of one vector for a function of nested lists, tuples and dicts that returns such.

    Returns:
        The function; what makes a structure like ``example`` of a vector; and ``example`` as a vector.

    >>> tripled, unflatten, vector = flatten_func(lambda p: {"a": 3 * p["a"]}, {"a": 1.0})
    >>> tripled(vector), unflatten(tripled(vector))
    (array([3.]), {'a': np.float64(3.0)})
    """
    vector, unflatten = flatten(example)
    return (lambda x, *args: flatten(func(unflatten(x), *args))[0]), unflatten, vector
