"""Where nothing is compiled: the methods of `Value` with the calls in between left out.

A call costs Python as much as a product. So each operator and function, which the class says in terms of
others, is put in the place of one that does the usual cases itself, and asks the class's own for the rest.
The formulas are the table's here too.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from autograd.engine import operations, pending
from autograd.engine.pending import Level

__all__ = ["quicken"]

OPERATORS = ("add", "sub", "mul", "truediv", "pow")
new = object.__new__


def quicken(kind: Any) -> None:
    """Put quicker methods in the place of a class's own."""
    for name in operations.NAMES[operations.CODES["add"] :]:
        code = operations.CODES[name]
        if name in OPERATORS:
            own = f"__{name}__"
            setattr(kind, own, quick_binary(kind, code, getattr(kind, own)))
        else:
            own = f"__{name}__" if name in ("neg", "pos", "abs") else name
            setattr(kind, own, quick_unary(kind, code, getattr(kind, own)))


def quick_unary(kind: Any, code: int, own: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A method for an operation on one number."""
    rows, state = operations.FORMULAS, pending.PENDING

    @wraps(own)
    def method(self: Any) -> Any:
        level = self._source
        if level is not None and (level.__class__ is not Level or state.observer is not None):
            return own(self)
        out = new(kind)
        out._code = code
        out._a = self
        out._b = None
        out._k = out._grad = 0.0
        out._n = 0
        out._source = level
        if level is None:
            rows[code](out, self._number, 0.0)
        else:
            nodes = level.nodes
            if nodes is None or len(nodes) >= level.room:
                return own(self)
            nodes.append(out)
        return out

    return method


def quick_binary(kind: Any, code: int, own: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A method for an operation on two."""
    rows, state = operations.FORMULAS, pending.PENDING

    @wraps(own)
    def method(self: Any, other: Any) -> Any:
        y: Any
        level = self._source
        if isinstance(other, kind):
            source = other._source  # once, since what comes in between may bring the number
            y = other._number if source is None else None
            if level is None:
                level = source
            elif source is not None and source is not level:
                return own(self, other)
            b = other
        else:
            if other.__class__ is float:
                y = other
            elif other.__class__ is int:
                y = float(other)
            else:
                return own(self, other)
            b = None
        if level is not None and (level.__class__ is not Level or state.observer is not None):
            return own(self, other)
        out = new(kind)
        out._code = code
        out._a = self
        out._b = b
        out._grad = 0.0
        out._n = 0
        out._source = level
        if b is None:
            out._k = y
        if level is None:
            rows[code](out, self._number, y)
        else:
            nodes = level.nodes
            if nodes is None or len(nodes) >= level.room:
                return own(self, other)
            nodes.append(out)
        return out

    return method
