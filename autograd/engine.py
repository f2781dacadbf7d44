"""The facade: scalar Values whose arithmetic stays in Python floats, made for speed.

It has the names, the semantics and, for scalar expressions, the very bits of the oracle,
``autograd.scalar.engine``, which is the one to read first. What differs is how: an operation
writes its local slopes into slots of the result, plain numbers do not become Values, and NumPy's
scalars and arrays are met on either side. The walk back is in ``autograd.graph``.

>>> x = Value(3)
>>> y = x * x + 2 * x
>>> y.backward()
>>> y, x.grad
(Value(15.0, grad=1.0), 8.0)
"""

import math
import operator
from numbers import Real
from typing import Any

import numpy as np

from autograd import graph
from autograd.errors import DomainError, GradientError, NotANumberError

__all__ = ["Value"]

E = math.e
new = object.__new__


# Real functions: what Python's own leave open is decided here, as in the oracle ------------------


def number(x: Any) -> float | None:
    """``x`` as a float, or None if it is no real number; NumPy scalars and 0-d arrays are numbers."""
    if x.__class__ is int or isinstance(x, float):
        return float(x)
    if isinstance(x, np.generic) or (isinstance(x, np.ndarray) and x.ndim == 0):
        x = x.item()
        if x.__class__ is int or x.__class__ is float:
            return float(x)
    return float(x) if isinstance(x, Real) else None


def as_number(x: Any, call: str) -> float:
    """``x`` as a float; NotANumberError, naming the ``call``, if it is no real number."""
    y = number(x)
    if y is None:
        raise NotANumberError(f"{call} wants a real number, got {x!r} ({type(x).__name__})")
    return y


def power(x: float, k: float) -> float:
    """x to the k-th; DomainError where that is not real, as for (-8) ** 0.5."""
    if x < 0 and not k.is_integer() and math.isfinite(k):
        raise DomainError(f"{x} ** {k} is not a real number")
    try:
        y: float = x**k
    except OverflowError:
        raise OverflowError(f"{x} ** {k} is beyond the largest float") from None
    return y


def base_slope(x: float, k: float, y: float) -> float:
    """The slope of y = x ** k for x, which is inf at 0 for k below 1."""
    if x == 0:
        return k if k in (0.0, 1.0) else math.inf if k < 1 else 0.0
    try:
        slope: float = k * x ** (k - 1)
    except OverflowError:
        slope = k * (y / x)
    return slope


def exponent_slope(x: float, y: float) -> float:
    """The slope of y = x ** k for k: 0 at x = 0 by convention, nan below, where there is none."""
    return y * math.log(x) if x > 0 else 0.0 if x == 0 else math.nan


def logistic(x: float) -> float:
    """1 / (1 + exp(-x)), in a form that cannot overflow."""
    t = math.exp(-abs(x))
    return 1 / (1 + t) if x >= 0 else t / (1 + t)


def elsewhere(function: np.ufunc, x: Any, y: Any) -> Any:
    """An operation with what is no number: an array goes element by element, Python asks the rest."""
    return function(x, y) if isinstance(x, np.ndarray) or isinstance(y, np.ndarray) else NotImplemented


class Value:
    """A number that takes part in differentiation.

    ``data`` is the number and ``grad`` the slope, with respect to it, of whatever `backward` was
    called on; both are Python floats and can be assigned. Values are ordered by ``data`` and equal
    only to themselves, so they can stand in sets and be keys of a dict; attributes of your own can
    be hung on them. ``+ - * / **``, ``abs`` and the methods below keep the gradient, and so do
    NumPy's functions of the same names and arrays of Values; ``float(v)`` leaves it behind.

    Args:
        data: a real number: int, float, NumPy scalar or array of no dimension.

    Attributes:
        data: the number.
        grad: the slope of what `backward` was called on; 0 until then.

    Raises:
        NotANumberError: ``data`` is something else, or assigned to be. It is a TypeError.

    >>> x = Value(2)
    >>> x / Value(2.3)
    Value(0.8695652173913044, grad=0.0)
    >>> (x**3).backward()
    >>> x.data, x.grad
    (2.0, 12.0)
    >>> x.zero_grad()
    >>> x
    Value(2.0, grad=0.0)
    >>> [round(float(y), 3) for y in (x.exp(), x.log(), x.sqrt(), x.sin(), x.cos(), x.tanh())]
    [7.389, 0.693, 1.414, 0.909, -0.416, 0.964]
    >>> [round(float(y), 3) for y in (x.sigmoid(), x.relu(), x.leaky_relu(), x.softplus(), x.gelu())]
    [0.881, 2.0, 2.0, 2.127, 1.954]
    """

    # See graph.py; _op is for pictures, and has its number in _db; _next and _also are for waiting.py
    __slots__ = (
        *("__dict__", "__weakref__", "_a", "_also", "_b", "_da", "_data", "_db", "_grad", "_next", "_op"),
    )
    __array_priority__ = 1000.0  # NumPy's scalars and arrays leave the operators to us

    _data: Any  # a float
    _grad: Any  # a float; None for a moment inside backward()
    _a: Any
    _b: Any
    _da: Any
    _db: Any
    _next: Any
    _also: Any
    _op: str  # a name in the table of columns.py

    def __init__(self, data: Any) -> None:
        self._data = float(data) if isinstance(data, float) else as_number(data, "Value()")
        self._grad = 0.0
        self._a = self._da = self._b = None

    def _set_data(self, data: Any) -> None:
        self._data = data if data.__class__ is float else as_number(data, "data")

    def _set_grad(self, grad: Any) -> None:
        self._grad = grad if grad.__class__ is float else as_number(grad, "grad")

    data = property(operator.attrgetter("_data"), _set_data, doc="The number, a float.")
    grad = property(operator.attrgetter("_grad"), _set_grad, doc="The gradient, a float.")

    def zero_grad(self) -> None:
        """Set ``grad`` to 0."""
        self._grad = 0.0

    backward = graph.backward

    # Arithmetic. Making the result is written out each time: a call would cost a tenth of the work.

    def __add__(self, other: Any) -> Any:
        x = self._data
        if isinstance(other, Value):
            y = other._data
            out = new(Value)
            out._data = x + y
            out._b = other
            out._db = 1.0
        else:
            y = other if other.__class__ is float else number(other)
            if y is None:
                return elsewhere(np.add, self, other)
            out = new(Value)
            out._data = x + y
            out._b = None
            out._db = y
        out._a = self
        out._da = 1.0
        out._grad = 0.0
        out._op = "plus"
        return out

    def __sub__(self, other: Any) -> Any:
        x = self._data
        if isinstance(other, Value):
            y = other._data
            out = new(Value)
            out._data = x - y
            out._b = other
            out._db = -1.0
        else:
            y = other if other.__class__ is float else number(other)
            if y is None:
                return elsewhere(np.subtract, self, other)
            out = new(Value)
            out._data = x - y
            out._b = None
            out._db = y
        out._a = self
        out._da = 1.0
        out._grad = 0.0
        out._op = "minus"
        return out

    def __mul__(self, other: Any) -> Any:
        x = self._data
        if isinstance(other, Value):
            y = other._data
            out = new(Value)
            out._data = x * y
            out._b = other
            out._db = x
        else:
            y = other if other.__class__ is float else number(other)
            if y is None:
                return elsewhere(np.multiply, self, other)
            out = new(Value)
            out._data = x * y
            out._b = None
            out._db = y
        out._a = self
        out._da = y
        out._grad = 0.0
        out._op = "times"
        return out

    def __truediv__(self, other: Any) -> Any:
        x = self._data
        if isinstance(other, Value):
            y = other._data
            z = x / y
            out = new(Value)
            out._data = z
            out._b = other
            out._db = -z / y
        else:
            y = other if other.__class__ is float else number(other)
            if y is None:
                return elsewhere(np.divide, self, other)
            z = x / y
            out = new(Value)
            out._data = z
            out._b = None
            out._db = y
        out._a = self
        out._da = 1 / y
        out._grad = 0.0
        out._op = "over"
        return out

    def __pow__(self, other: Any) -> Any:
        x = self._data
        y: Any
        out = new(Value)
        if other.__class__ is int:
            y = float(other)
            out._b = None
            out._db = y
        elif isinstance(other, Value):
            y = other._data
            out._b = other
            out._db = exponent_slope(x, power(x, y))
        else:
            y = other if other.__class__ is float else number(other)
            if y is None:
                return elsewhere(np.power, self, other)
            out._b = None
            out._db = y
        try:
            out._data = z = x**y
            out._da = y * x ** (y - 1.0)
        except (OverflowError, ZeroDivisionError):
            out._data = z = power(x, y)
            out._da = base_slope(x, y, z)
        if x <= 0.0:
            if x == 0.0:
                out._da = base_slope(x, y, z)
            elif z.__class__ is complex or x == -math.inf:
                power(x, y)  # says that it is not real
        out._a = self
        out._grad = 0.0
        out._op = "power"
        return out

    def __radd__(self, other: Any) -> Any:
        x = other if other.__class__ is float else number(other)
        if x is None:
            return elsewhere(np.add, other, self)
        y = self._data
        out = new(Value)
        out._data = x + y
        out._a = self
        out._da = 1.0
        out._b = None
        out._db = x
        out._grad = 0.0
        out._op = "plus"
        return out

    def __rsub__(self, other: Any) -> Any:
        x = other if other.__class__ is float else number(other)
        if x is None:
            return elsewhere(np.subtract, other, self)
        y = self._data
        out = new(Value)
        out._data = x - y
        out._a = self
        out._da = -1.0
        out._b = None
        out._db = x
        out._grad = 0.0
        out._op = "rminus"
        return out

    def __rmul__(self, other: Any) -> Any:
        x = other if other.__class__ is float else number(other)
        if x is None:
            return elsewhere(np.multiply, other, self)
        y = self._data
        out = new(Value)
        out._data = x * y
        out._a = self
        out._da = x
        out._b = None
        out._db = x
        out._grad = 0.0
        out._op = "times"
        return out

    def __rtruediv__(self, other: Any) -> Any:
        x = other if other.__class__ is float else number(other)
        if x is None:
            return elsewhere(np.divide, other, self)
        y = self._data
        z = x / y
        out = new(Value)
        out._data = z
        out._a = self
        out._da = -z / y
        out._b = None
        out._db = x
        out._grad = 0.0
        out._op = "rover"
        return out

    def __rpow__(self, other: Any) -> Any:
        x = other if other.__class__ is float else number(other)
        if x is None:
            return elsewhere(np.power, other, self)
        y = self._data
        z = power(x, y)
        out = new(Value)
        out._data = z
        out._a = self
        out._da = exponent_slope(x, z)
        out._b = None
        out._db = x
        out._grad = 0.0
        out._op = "rpower"
        return out

    def __neg__(self) -> "Value":
        out = new(Value)
        out._data = -self._data
        out._a = self
        out._da = -1.0
        out._b = None
        out._grad = 0.0
        out._op = "neg"
        return out

    def __pos__(self) -> "Value":
        out = new(Value)
        out._data = self._data
        out._a = self
        out._da = 1.0
        out._b = None
        out._grad = 0.0
        out._op = "pos"
        return out

    def __abs__(self) -> "Value":
        x = self._data
        out = new(Value)
        out._data = abs(x)
        out._a = self
        out._da = 1.0 if x > 0 else -1.0 if x < 0 else 0.0
        out._b = None
        out._grad = 0.0
        out._op = "abs"
        return out

    # Functions

    def exp(self) -> "Value":
        """e to the x, as ``math.e ** x``; OverflowError beyond the largest float."""
        try:
            y = E**self._data  # not math.exp: the library this one stands in for prints these digits
        except OverflowError:
            raise OverflowError(f"exp() of {self._data} is beyond the largest float") from None
        out = new(Value)
        out._data = y
        out._a = self
        out._da = y
        out._b = None
        out._grad = 0.0
        out._op = "exp"
        return out

    def log(self) -> "Value":
        """The natural logarithm; DomainError, a ValueError, for 0 and below."""
        x = self._data
        if x <= 0:
            raise DomainError(f"log() wants a number above 0, got {x}")
        out = new(Value)
        out._data = math.log(x)
        out._a = self
        out._da = 1 / x
        out._b = None
        out._grad = 0.0
        out._op = "log"
        return out

    def sqrt(self) -> "Value":
        """The square root; DomainError, a ValueError, below 0; slope inf at 0."""
        x = self._data
        if x < 0:
            raise DomainError(f"sqrt() wants a number of 0 or more, got {x}")
        y = math.sqrt(x)
        out = new(Value)
        out._data = y
        out._a = self
        out._da = 0.5 / y if y else math.inf
        out._b = None
        out._grad = 0.0
        out._op = "sqrt"
        return out

    def sin(self) -> "Value":
        """The sine of x radians; DomainError, a ValueError, for infinity."""
        x = self._data
        if math.isinf(x):
            raise DomainError(f"sin() wants a finite number, got {x}")
        out = new(Value)
        out._data = math.sin(x)
        out._a = self
        out._da = math.cos(x)
        out._b = None
        out._grad = 0.0
        out._op = "sin"
        return out

    def cos(self) -> "Value":
        """The cosine of x radians; DomainError, a ValueError, for infinity."""
        x = self._data
        if math.isinf(x):
            raise DomainError(f"cos() wants a finite number, got {x}")
        out = new(Value)
        out._data = math.cos(x)
        out._a = self
        out._da = -math.sin(x)
        out._b = None
        out._grad = 0.0
        out._op = "cos"
        return out

    def tanh(self) -> "Value":
        """The hyperbolic tangent."""
        y = math.tanh(self._data)
        out = new(Value)
        out._data = y
        out._a = self
        out._da = 1 - y * y
        out._b = None
        out._grad = 0.0
        out._op = "tanh"
        return out

    def sigmoid(self) -> "Value":
        """1 / (1 + exp(-x)), safe for any x."""
        y = logistic(self._data)
        out = new(Value)
        out._data = y
        out._a = self
        out._da = y * (1 - y)
        out._b = None
        out._grad = 0.0
        out._op = "sigmoid"
        return out

    def relu(self) -> "Value":
        """The larger of x and 0, with slope 0 at the kink; nan stays nan."""
        x = self._data
        out = new(Value)
        if x > 0.0:
            out._data = x
            out._da = 1.0
        else:
            out._data = 0.0 if x <= 0.0 else x
            out._da = 0.0
        out._a = self
        out._b = None
        out._grad = 0.0
        out._op = "relu"
        return out

    def leaky_relu(self) -> "Value":
        """x above 0, x / 100 from there down, kink included."""
        x = self._data
        slope = 1.0 if x > 0 else 0.01
        out = new(Value)
        out._data = slope * x
        out._a = self
        out._da = slope
        out._b = None
        out._grad = 0.0
        out._op = "leaky_relu"
        return out

    def softplus(self) -> "Value":
        """log(1 + exp(x)), safe for any x."""
        x = self._data
        out = new(Value)
        out._data = max(x, 0.0) + math.log1p(math.exp(-abs(x)))
        out._a = self
        out._da = logistic(x)
        out._b = None
        out._grad = 0.0
        out._op = "softplus"
        return out

    def gelu(self) -> "Value":
        """x · Φ(x), Φ being the standard normal distribution function (Hendrycks & Gimpel 2016)."""
        x = self._data
        below = 0.5 * math.erfc(-x / math.sqrt(2))
        density = math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
        out = new(Value)
        out._data = x * below
        out._a = self
        out._da = below + x * density
        out._b = None
        out._grad = 0.0
        out._op = "gelu"
        return out

    # As a number

    def __repr__(self) -> str:
        return f"Value({self.data}, grad={self.grad})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __float__(self) -> float:
        return float(self.data)

    def __int__(self) -> int:
        return int(self.data)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.data, digits)

    def __lt__(self, other: Any) -> Any:
        y = other.data if isinstance(other, Value) else number(other)
        return elsewhere(np.less, self, other) if y is None else self.data < y

    def __le__(self, other: Any) -> Any:
        y = other.data if isinstance(other, Value) else number(other)
        return elsewhere(np.less_equal, self, other) if y is None else self.data <= y

    def __gt__(self, other: Any) -> Any:
        y = other.data if isinstance(other, Value) else number(other)
        return elsewhere(np.greater, self, other) if y is None else self.data > y

    def __ge__(self, other: Any) -> Any:
        y = other.data if isinstance(other, Value) else number(other)
        return elsewhere(np.greater_equal, self, other) if y is None else self.data >= y

    # Copies: a leaf by itself, a result as the list of what it was made of, so depth is no matter

    def __reduce__(self) -> Any:
        if self._da is None:
            return leaf, (self._data, self._grad), self.__dict__ or None
        leaves: dict[Value, int] = {}
        places: dict[Value, int] = {}  # of results, and below their sources, each before its uses
        open_: list[Any] = [self]
        while open_:
            v = open_[-1]
            if v in places or v in leaves:
                open_.pop()
            elif v._da is None:
                leaves[open_.pop()] = len(leaves)
            elif v._a is None:
                raise GradientError(
                    "a Value that was computed from a net or its parameters cannot be copied or pickled, "
                    "since its gradient belongs to that net; copy its number, Value(float(v))"
                )
            else:
                below = [p for p in (v._a, v._b) if p is not None and p not in places and p not in leaves]
                open_.extend(below)
                if not below:
                    places[open_.pop()] = len(places)

        def place(p: Value | None) -> int | None:
            return None if p is None else ~leaves[p] if p in leaves else places[p]

        steps = [
            (v._op, v._data, v._grad, place(v._a), v._da, place(v._b), getattr(v, "_db", None))
            for v in places
        ]
        return result, (list(leaves), steps), self.__dict__ or None


def leaf(data: float, grad: float) -> Value:
    """A leaf, as a copy brings it back."""
    v = Value(data)
    v._grad = grad
    return v


def result(leaves: list[Value], steps: list[tuple[Any, ...]]) -> Value:
    """The last of ``steps``, as a copy brings it back; see `Value.__reduce__`."""
    made: list[Value] = []
    for op, data, grad, a, da, b, db in steps:
        v = leaf(data, grad)
        v._op = op
        v._a, v._da = leaves[~a] if a < 0 else made[a], da
        v._b, v._db = None if b is None else leaves[~b] if b < 0 else made[b], db
        made.append(v)
    return made[-1]
