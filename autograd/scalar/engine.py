"""Scalar reverse-mode differentiation in pure Python, to be read from top to bottom.

A `Value` is a number that remembers how it was computed: its parents, and its slope with respect to
each parent. `Value.backward` goes from a result back to everything that it was computed from and
multiplies the slopes along the way, which is the chain rule.

>>> x = Value(3)
>>> y = x * x + 2 * x
>>> y.backward()
>>> y, x.grad  # the slope of x² + 2x at 3 is 2·3 + 2
(Value(15.0, grad=1.0), 8.0)
"""

import functools
import math
from collections.abc import Callable
from numbers import Real
from typing import Any, TypeVar

__all__ = ["Value"]

R = TypeVar("R")

# Real functions: where Python's own functions give no real number or slope, these define one or raise ---


def number(x: Any) -> float | None:
    """Return ``x`` as a float, or None if it is not a real number.

    NumPy's scalars and its arrays with no dimensions are numbers too; ``item`` converts them to Python's.
    """
    if hasattr(x, "__array_interface__") and x.shape == ():
        x = x.item()
    return float(x) if isinstance(x, Real) else None


def power(x: float, k: float) -> float:
    """x to the power k; ValueError if that is not a real number, as for (-8) ** 0.5."""
    if x < 0 and not k.is_integer() and math.isfinite(k):
        raise ValueError(f"{x} ** {k} is not a real number")
    try:
        y: float = x**k
    except OverflowError:
        raise OverflowError(f"{x} ** {k} is beyond the largest float") from None
    return y


def power_slopes(x: float, k: float, y: float) -> tuple[float, float]:
    """The slopes of y = x ** k with respect to x and k; inf if infinite, nan if undefined."""
    if x == 0:  # for k below 1, except 0, the tangent is vertical; the slope for k is 0 by convention
        return (k if k in (0.0, 1.0) else math.inf if k < 1 else 0.0), 0.0
    if math.isinf(k):  # y is |x| ** k: 0, 1 or infinite
        slope = 0.0 if y == 0 else math.copysign(y, x) * k
    else:
        try:
            slope = k * x ** (k - 1)
        except OverflowError:
            slope = k * (y / x)
    return slope, y * math.log(x) if x > 0 else math.nan


def exponential(x: float) -> float:
    """e to the x; OverflowError if that is beyond the largest float.

    It is computed as ``math.e ** x``, to give the same digits as the library that this one replaces.
    """
    try:
        y: float = math.e**x
    except OverflowError:
        raise OverflowError(f"exp() of {x} is beyond the largest float") from None
    return y


def logistic(x: float) -> float:
    """1 / (1 + exp(-x)), in a form that cannot overflow."""
    t = math.exp(-abs(x))
    return 1 / (1 + t) if x >= 0 else t / (1 + t)


def check_finite(name: str, x: float) -> None:
    """ValueError if ``x`` is infinite; nan passes."""
    if math.isinf(x):
        raise ValueError(f"{name}() wants a finite number, got {x}")


# The graph ------------------------------------------------------------------------------------


def with_operand(operator: Callable[["Value", "Value"], R]) -> Callable[["Value", Any], R]:
    """Make ``operator`` accept plain numbers as its second operand.

    For anything else it returns NotImplemented, which makes Python try the method of that operand.
    """

    @functools.wraps(operator)
    def wrapped(self: "Value", other: Any) -> R:
        if not isinstance(other, Value):
            if number(other) is None:
                return NotImplemented  # type: ignore[no-any-return]  # part of Python's protocol for operators
            other = Value(other)
        return operator(self, other)

    return wrapped


class Value:
    """A number that takes part in differentiation.

    ``data`` is the number. ``grad`` is its gradient: the derivative, with respect to this number, of the
    Value that `backward` was called on. Both can be assigned. Values are ordered by ``data``. A Value is
    equal only to itself, so Values can be members of a set and keys of a dict.

    Args:
        data: a real number.
        parents: the Values that it was computed from; a leaf has none.
        slopes: its slope with respect to each parent.

    Raises:
        TypeError: ``data`` is not a real number.

    >>> x = Value(2)
    >>> x / Value(2.3)
    Value(0.8695652173913044, grad=0.0)
    >>> (x**3).backward()
    >>> x.grad
    12.0
    >>> x.zero_grad()
    >>> x.exp(), x.exp().slopes
    (Value(7.3890560989306495, grad=0.0), (7.3890560989306495,))
    >>> [round(float(y), 3) for y in (x.log(), x.sqrt(), x.sin(), x.cos(), x.tanh(), x.sigmoid())]
    [0.693, 1.414, 0.909, -0.416, 0.964, 0.881]
    >>> [round(float(y), 3) for y in (x.relu(), x.leaky_relu(), x.softplus(), x.gelu())]
    [2.0, 2.0, 2.127, 1.954]
    >>> [round(float(y), 3) for y in (x.log2(), x.log10(), x.clip(0, 1))]
    [1.0, 0.301, 1.0]
    """

    def __init__(self, data: Any, parents: tuple["Value", ...] = (), slopes: tuple[float, ...] = ()) -> None:
        x = number(data)
        if x is None:
            raise TypeError(f"Value() wants a real number, got {data!r} ({type(data).__name__})")
        self.data = x
        self.grad = 0.0
        self.parents = parents  # in the order of the operands
        self.slopes = slopes  # d self / d parent; later changes of the parents' data do not matter

    def backward(self) -> None:
        """Add d self / d leaf to the ``grad`` of every leaf, and set the ``grad`` of every Value in between.

        A Value passes its gradient on after all its consumers have passed on theirs. So each Value is
        visited once, in an order that depends on the expression alone.
        """
        awaited = {self: 0}  # for each Value, how many consumers have still to pass their gradient on
        for value in (reached := [self]):
            if value.parents:
                value.grad = 0.0
            for parent in value.parents:
                if parent not in awaited:
                    awaited[parent] = 0
                    reached.append(parent)
                awaited[parent] += 1

        self.grad += 1.0
        for value in (ready := [self]):
            for parent, slope in zip(value.parents, value.slopes, strict=True):
                parent.grad += slope * value.grad
                awaited[parent] -= 1
                if awaited[parent] == 0:
                    ready.append(parent)

    def zero_grad(self) -> None:
        """Set ``grad`` to 0."""
        self.grad = 0.0

    # Arithmetic: each method returns Value(result, parents, slopes)

    @with_operand
    def __add__(self, other: "Value") -> "Value":
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    @with_operand
    def __sub__(self, other: "Value") -> "Value":
        return Value(self.data - other.data, (self, other), (1.0, -1.0))

    @with_operand
    def __mul__(self, other: "Value") -> "Value":
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    @with_operand
    def __truediv__(self, other: "Value") -> "Value":
        y = self.data / other.data
        return Value(y, (self, other), (1 / other.data, -y / other.data))

    @with_operand
    def __pow__(self, other: "Value") -> "Value":
        y = power(self.data, other.data)
        return Value(y, (self, other), power_slopes(self.data, other.data, y))

    @with_operand
    def __radd__(self, other: "Value") -> "Value":
        return other + self

    @with_operand
    def __rsub__(self, other: "Value") -> "Value":
        return other - self

    @with_operand
    def __rmul__(self, other: "Value") -> "Value":
        return other * self

    @with_operand
    def __rtruediv__(self, other: "Value") -> "Value":
        return other / self

    @with_operand
    def __rpow__(self, other: "Value") -> "Value":
        return other**self

    def __neg__(self) -> "Value":
        return Value(-self.data, (self,), (-1.0,))

    def __pos__(self) -> "Value":
        return Value(self.data, (self,), (1.0,))

    def __abs__(self) -> "Value":
        x = self.data
        return Value(abs(x), (self,), (1.0 if x > 0 else -1.0 if x < 0 else 0.0,))

    # Functions

    def exp(self) -> "Value":
        """e to the x; OverflowError if that is beyond the largest float."""
        y = exponential(self.data)
        return Value(y, (self,), (y,))

    def log(self) -> "Value":
        """The natural logarithm; ValueError for 0 and below."""
        x = self.data
        if x <= 0:
            raise ValueError(f"log() wants a number above 0, got {x}")
        return Value(math.log(x), (self,), (1 / x,))

    def sqrt(self) -> "Value":
        """The square root; ValueError below 0, slope inf at 0."""
        x = self.data
        if x < 0:
            raise ValueError(f"sqrt() wants a number of 0 or more, got {x}")
        y = math.sqrt(x)
        return Value(y, (self,), (0.5 / y if y else math.inf,))

    def sin(self) -> "Value":
        """The sine of x radians; ValueError for infinity."""
        check_finite("sin", self.data)
        return Value(math.sin(self.data), (self,), (math.cos(self.data),))

    def cos(self) -> "Value":
        """The cosine of x radians; ValueError for infinity."""
        check_finite("cos", self.data)
        return Value(math.cos(self.data), (self,), (-math.sin(self.data),))

    def tanh(self) -> "Value":
        """The hyperbolic tangent."""
        y = math.tanh(self.data)
        return Value(y, (self,), (1 - y * y,))

    def sigmoid(self) -> "Value":
        """1 / (1 + exp(-x))."""
        y = logistic(self.data)
        return Value(y, (self,), (y * (1 - y),))

    def relu(self) -> "Value":
        """The larger of x and 0; the slope at 0 is 0; nan stays nan."""
        x = self.data
        return Value(0.0 if x <= 0 else x, (self,), (1.0 if x > 0 else 0.0,))

    def leaky_relu(self) -> "Value":
        """x above 0, and x / 100 elsewhere; the slope at 0 is 0.01."""
        slope = 1.0 if self.data > 0 else 0.01
        return Value(slope * self.data, (self,), (slope,))

    def softplus(self) -> "Value":
        """log(1 + exp(x)), in a form that cannot overflow."""
        x = self.data
        return Value(max(x, 0.0) + math.log1p(math.exp(-abs(x))), (self,), (logistic(x),))

    def gelu(self) -> "Value":
        """x · Φ(x), Φ being the standard normal distribution function (Hendrycks & Gimpel 2016)."""
        x = self.data
        below = 0.5 * math.erfc(-x / math.sqrt(2))
        density = math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
        return Value(x * below, (self,), (below + x * density,))

    def log2(self) -> "Value":
        """The logarithm to base 2; ValueError for 0 and below."""
        return self.log() / math.log(2)

    def log10(self) -> "Value":
        """The logarithm to base 10; ValueError for 0 and below."""
        return self.log() / math.log(10)

    def clip(self, low: Any = -math.inf, high: Any = math.inf) -> "Value":
        """x if between low and high, otherwise the nearer limit, whose slope for x is 0; nan stays nan."""
        for limit, is_beyond in ((low, self < low), (high, self > high)):
            if is_beyond:
                return limit if isinstance(limit, Value) else Value(limit)
        return self

    # Conversions and comparisons

    def __repr__(self) -> str:
        return f"Value({self.data}, grad={self.grad})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __float__(self) -> float:
        return self.data

    def __int__(self) -> int:
        return int(self.data)

    def __round__(self, digits: int | None = None) -> float:
        return round(self.data, digits)

    @with_operand
    def __lt__(self, other: "Value") -> bool:
        return self.data < other.data

    @with_operand
    def __le__(self, other: "Value") -> bool:
        return self.data <= other.data

    @with_operand
    def __gt__(self, other: "Value") -> bool:
        return self.data > other.data

    @with_operand
    def __ge__(self, other: "Value") -> bool:
        return self.data >= other.data
