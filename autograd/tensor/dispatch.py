"""NumPy functions on Tensors: the registry of implementations, the call of one, and what is refused."""

import dis
import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from autograd.errors import GradientError, UnsupportedError
from autograd.tensor.modes import DIFFERENTIATING, mode
from autograd.tensor.trace import mapped

__all__ = ["IMPLEMENTED", "LATER", "WITHOUT_SLOPE", "dispatch", "known", "refuse_to_detach"]

IMPLEMENTED: dict[Any, Callable[..., Any]] = {}  # by NumPy function: its implementation for Tensors
LATER: list[Callable[[], None]] = []  # functions that add to these, called for an unknown NumPy function
WITHOUT_SLOPE: set[Any] = set()  # NumPy functions without a derivative, which return plain arrays


def dispatch(function: Any, args: Sequence[Any], kwargs: dict[str, Any], plain: Callable[[Any], Any]) -> Any:
    """Call the implementation for Tensors of a NumPy function.

    ``plain`` returns the array of a Tensor, and anything else as it is.

    Raises:
        UnsupportedError: there is no implementation, or it does not take the arguments.
    """
    implementation = IMPLEMENTED.get(function)
    if implementation is None:
        known(function)
        if function in WITHOUT_SLOPE:
            if any(plain(out) is not out for out in kwargs.get("out") or ()):
                raise UnsupportedError(f"{function.__name__}() does not take a Tensor as out=")
            return function(*mapped(plain, args), **mapped(plain, kwargs))
        implementation = IMPLEMENTED.get(function)
    if implementation is None:
        raise UnsupportedError(
            f"{numpys_name(function)}() has no derivative for Tensors here; if none is needed, give it "
            "t.numpy()"
        )
    if kwargs:
        parameters = parameters_of(implementation)
        kwargs = {k: v for k, v in kwargs.items() if v is not None or k in parameters}
        if unknown := sorted(kwargs.keys() - parameters):
            raise UnsupportedError(
                f"{numpys_name(function)}() of a Tensor does not take {', '.join(unknown)}="
            )
    try:
        return implementation(*args, **kwargs)
    except TypeError:
        if parameters_of(implementation):
            try:
                inspect.signature(implementation).bind(*args, **kwargs)
            except TypeError as error:
                raise UnsupportedError(f"{numpys_name(function)}() of a Tensor: {error}") from None
        raise


def numpys_name(function: Any) -> str:
    """The name of a function of NumPy, with its module."""
    name: str = function.__name__
    if not isinstance(function, np.ufunc):
        return f"{function.__module__}.{name}"
    return f"numpy.{name}" if getattr(np, name, None) is function else name


def known(function: Any) -> None:
    """Import the module that implements a NumPy function for Tensors, if there is one."""
    for add_rows in LATER:
        if function in IMPLEMENTED or function in WITHOUT_SLOPE:
            break
        add_rows()


@cache
def parameters_of(implementation: Any) -> frozenset[str]:
    """The names of the parameters of an implementation."""
    own: Any = getattr(implementation, "parameters", None)
    return frozenset(inspect.signature(implementation).parameters) if own is None else own


def refuse_to_detach(caller: Any, call: str) -> None:
    """Raise a GradientError if ``call``, float() or complex() of a Tensor, would cut off a wanted gradient.

    It is wanted within a transform. It is wanted elsewhere too if the Tensor becomes an element of an array,
    for which NumPy makes the call: then the caller's instruction is an assignment to an element.
    """
    if dis.opname[caller.f_code.co_code[caller.f_lasti]] == "STORE_SUBSCR":
        raise GradientError(
            "an array element cannot hold a Tensor with a gradient, which would be cut off; join Tensors by "
            "np.stack or np.concatenate, choose by np.where, or write t.item() if only the number is meant"
        )
    if mode.taping == DIFFERENTIATING:
        raise GradientError(
            f"{call} of a Tensor, which functions of math call too, would cut its gradient off within a "
            "transform such as grad(); use NumPy's functions, np.exp for math.exp, or write t.item() if only "
            "the number is meant"
        )
