"""Derivatives of functions of your own, with the calls of HIPS/autograd.

>>> import numpy as np
>>> from autograd import grad
>>> @primitive
... def logsumexp(x):
...     top = np.max(x)
...     return top + np.log(np.sum(np.exp(x - top)))
>>> defvjp(logsumexp, lambda ans, x: lambda g: g * np.exp(x - ans))
>>> grad(logsumexp)(np.array([1.0, 1.0]))
array([0.5, 0.5])
>>> grad(lambda x: grad(logsumexp)(x)[0])(np.array([1.0, 1.0]))  # of any order
array([ 0.25, -0.25])
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.errors import OptionError, UnsupportedError
from autograd.tensor import Primitive, Tensor, apply, array_of, opaque

__all__ = [
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "defjvp_argnums",
    "defvjp",
    "defvjp_argnum",
    "defvjp_argnums",
    "notrace_primitive",
    "primitive",
]

Function = Callable[..., Any]


class OwnPrimitive(Primitive):
    """A function that is not looked into, with what `defvjp` and `defjvp` have said of its derivatives."""

    def __init__(self, function: Function) -> None:
        super().__init__(opaque(function), (), None, function.__name__)
        self.__name__ = self.__qualname__ = function.__name__
        self.__doc__ = function.__doc__
        self.__wrapped__ = function
        self.pulls: Callable[[int], Function] | None = None  # by argument, what makes a gradient's function
        self.pushes: Callable[[int], Function] | None = None
        self.backward_only = True  # until `defjvp`: the formulas of `defvjp` may be none of NumPy's functions
        self.slopes = self
        self.only_numbers = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(a, Tensor) for a in args):
            return apply(self, args, kwargs)
        return self.forward(*args, **kwargs)

    def __getitem__(self, i: int) -> Function | None:
        """The formula of the gradient of argument ``i``, as `Primitive` has it; None for 0."""
        if self.pulls is None:
            raise UnsupportedError(
                f"{self.name}() has no derivative backward, by argument {i}; give it one by defvjp()"
            )
        maker = self.pulls(i)
        if maker is None:
            return None

        def formula(g: Any, out: Any, *args: Any, **kwargs: Any) -> Any:
            found = maker(out, *args, **kwargs)(g)
            return found if hasattr(found, "dtype") else np.asarray(found, out.dtype)  # a number of Python

        return formula

    def push(self, i: int, v: Any, out: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """The tangent of ``out``, by `defjvp` if that was called, and by `defvjp` otherwise."""
        if self.pushes is None:
            if self.pulls is None:
                raise UnsupportedError(
                    f"{self.name}() has no derivative forward, by argument {i}; give it one by defjvp()"
                )
            return super().push(i, v, out, args, kwargs)
        formula = self.pushes(i)
        return None if formula is None else formula(v, out, *args, **kwargs)


def primitive(function: Function) -> OwnPrimitive:
    """Make a function one that is not looked into: it gets arrays for Tensors, and its derivatives are given.

    Only positional arguments can be differentiated. A call without a Tensor calls the function itself. So
    does a Program with it in it, each time: the function may be of any library, and its arrays stay as they
    are.
    """
    return OwnPrimitive(function)


def notrace_primitive(function: Function) -> Function:
    """Make a function one without a derivative: it gets arrays for Tensors, and returns a constant.

    >>> import numpy as np
    >>> from autograd import grad
    >>> grad(lambda x: x * notrace_primitive(np.sign)(x))(-2.0)
    np.float64(-1.0)
    """

    def constant(*args: Any, **kwargs: Any) -> Any:
        return function(*(array_of(a) if isinstance(a, Tensor) else a for a in args), **kwargs)

    constant.__name__ = constant.__qualname__ = function.__name__
    return constant


def _by_argument(
    function: OwnPrimitive, makers: Sequence[Any], argnums: Any, call: str
) -> Callable[[int], Any]:
    if not isinstance(function, OwnPrimitive):
        raise OptionError(f"{call} wants a function that was made by primitive(), got {function!r}")
    table = dict(zip(range(len(makers)) if argnums is None else argnums, makers, strict=False))

    def found(i: int) -> Any:
        if i not in table:
            raise UnsupportedError(
                f"{function.name}() has no derivative by argument {i}; {call} gave those by "
                f"{', '.join(map(str, table)) or 'none'}"
            )
        return table[i]

    return found


def defvjp(function: OwnPrimitive, *makers: Any, argnums: Sequence[int] | None = None) -> None:
    """Say how the gradient goes back through a primitive.

    Args:
        function: what `primitive` made.
        makers: for each argument, ``maker(ans, *args, **kwargs)``, which returns a function from the gradient
            of the result ``ans`` to that of the argument; None for an argument of slope 0. They use NumPy's
            functions and operators, so that they can be differentiated in turn.
        argnums: the numbers of these arguments, if they are not the first ones.
    """
    function.pulls = _by_argument(function, makers, argnums, "defvjp()")


def defvjp_argnum(function: OwnPrimitive, maker: Function) -> None:
    """As `defvjp`, with one ``maker(argnum, ans, args, kwargs)`` for all arguments."""
    function.pulls = lambda i: lambda ans, *args, **kwargs: maker(i, ans, args, kwargs)


def defvjp_argnums(function: OwnPrimitive, maker: Function) -> None:
    """As `defvjp`, with ``maker(argnums, ans, args, kwargs)``, whose function returns a gradient for each."""
    function.pulls = lambda i: (
        lambda ans, *args, **kwargs: lambda g: next(iter(maker((i,), ans, args, kwargs)(g)))
    )


def defjvp(function: OwnPrimitive, *formulas: Any, argnums: Sequence[int] | None = None) -> None:
    """Say how a tangent goes forward through a primitive.

    Args:
        function: what `primitive` made.
        formulas: for each argument, ``formula(g, ans, *args, **kwargs)``, the tangent of the result ``ans``
            if that of the argument is ``g``; None for an argument of slope 0; "same" if the function is
            linear in the argument.
        argnums: the numbers of these arguments, if they are not the first ones.
    """

    def same(i: int) -> Function:
        return lambda g, ans, *args, **kwargs: function(*args[:i], g, *args[i + 1 :], **kwargs)

    numbers = range(len(formulas)) if argnums is None else argnums
    made = [same(i) if f == "same" else f for i, f in zip(numbers, formulas, strict=False)]
    function.pushes = _by_argument(function, made, argnums, "defjvp()")
    function.backward_only = False


def defjvp_argnum(function: OwnPrimitive, formula: Function) -> None:
    """As `defjvp`, with one ``formula(argnum, g, ans, args, kwargs)`` for all arguments."""
    function.pushes = lambda i: lambda g, ans, *args, **kwargs: formula(i, g, ans, args, kwargs)
    function.backward_only = False


def defjvp_argnums(function: OwnPrimitive, formula: Function) -> None:
    """As `defjvp`, with ``formula(argnums, gs, ans, args, kwargs)``, where each tangent adds its part."""
    function.pushes = lambda i: lambda g, ans, *args, **kwargs: formula((i,), (g,), ans, args, kwargs)
    function.backward_only = False


def def_linear(function: OwnPrimitive) -> None:
    """Say that a primitive is linear in each of its arguments: tangents go through the function itself.

    >>> import numpy as np
    >>> from autograd import make_jvp
    >>> double = primitive(lambda x: 2 * x)
    >>> def_linear(double)
    >>> make_jvp(double)(np.array([1.0]))(np.array([5.0]))
    (array([2.]), array([10.]))
    """
    defjvp_argnum(function, lambda i, g, ans, args, kwargs: function(*args[:i], g, *args[i + 1 :], **kwargs))
