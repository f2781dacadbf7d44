"""Faster methods of `Value` for installations where nothing is compiled.

In Python a function call costs as much as a multiplication. So each operator and function of `Value`, which
calls other functions, is replaced by a method that handles the usual cases without these calls and leaves all
other cases to the original method. The formulas are those of `operations.FORMULAS` here too.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from autograd.engine import operations, pending
from autograd.engine.pending import Level

__all__ = ["quicken"]

new = object.__new__


def quicken(kind: Any) -> None:
    """Replace the operators and functions of a class by faster methods."""
    for name in operations.NAMES[operations.CODES["add"] :]:
        code = operations.CODES[name]
        if name in operations.BINARY:
            method = f"__{name}__"
            setattr(kind, method, quick_binary(kind, code, getattr(kind, method)))
        else:
            method = f"__{name}__" if name in operations.UNARY else name
            setattr(kind, method, quick_unary(kind, code, getattr(kind, method)))


def quick_unary(kind: Any, code: int, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a faster method for an operation on one number."""
    formulas, all_pending = operations.FORMULAS, pending.PENDING

    @wraps(original)
    def method(self: Any) -> Any:
        level = self._source
        if level is not None and (level.__class__ is not Level or all_pending.observer is not None):
            return original(self)
        out = new(kind)
        out._code = code
        out._a = self
        out._b = None
        out._k = out._grad = 0.0
        out._n = 0
        out._source = level
        if level is None:
            formulas[code](out, self._number, 0.0)
        else:
            nodes = level.nodes
            if nodes is None or len(nodes) >= level.capacity:
                return original(self)
            nodes.append(out)
        return out

    return method


def quick_binary(kind: Any, code: int, original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a faster method for an operation on two numbers."""
    formulas, all_pending = operations.FORMULAS, pending.PENDING

    @wraps(original)
    def method(self: Any, other: Any) -> Any:
        y: Any
        level = self._source
        if isinstance(other, kind):
            source = other._source  # read once, since a signal handler may compute the number meanwhile
            y = other._number if source is None else None
            if level is None:
                level = source
            elif source is not None and source is not level:
                return original(self, other)
            b = other
        else:
            if other.__class__ is float:
                y = other
            elif other.__class__ is int:
                y = float(other)
            else:
                return original(self, other)
            b = None
        if level is not None and (level.__class__ is not Level or all_pending.observer is not None):
            return original(self, other)
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
            formulas[code](out, self._number, y)
        else:
            nodes = level.nodes
            if nodes is None or len(nodes) >= level.capacity:
                return original(self, other)
            nodes.append(out)
        return out

    return method
