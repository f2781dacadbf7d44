"""Values: nodes that know their operands, with the operators and functions of scalars."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd.engine import node, operations, pending, walk
from autograd.engine.node import Node, opened, track_cycle
from autograd.engine.numbers import as_number, elsewhere, number
from autograd.errors import GradientError, NotANumberError, ShapeError

__all__ = ["Value"]


class Own:
    """An operation of the user's own, as micrograd's pages write them.

    Attributes:
        operands: what it was done to.
        slopes: one for each of them, or none.
        symbol: what it is called.
        closure: what passes the gradient of the result on, by adding to those of the operands.
    """

    __slots__ = ("closure", "operands", "slopes", "symbol")

    def __init__(self, operands: Sequence[Node], slopes: Sequence[float], symbol: str) -> None:
        self.operands = operands
        self.slopes = slopes
        self.symbol = symbol
        self.closure: Callable[[], Any] | None = None

    def pass_on(self, out: Any) -> None:
        """Give the operands their part of the gradient of ``out``."""
        if self.closure is not None:
            self.closure()
        g = out.grad
        for operand, slope in zip(self.operands, self.slopes, strict=False):
            add_gradient(operand, slope * g)


def add_gradient(v: Node, g: float) -> None:
    """Within a walk, add to the gradient of a node."""
    v._grad += g


def own(operands: Any, symbol: str, slopes: Any) -> Own:
    """What the arguments of `Value` say of an operation of the user's own."""
    operands = tuple(operands)
    for operand in operands:
        if not isinstance(operand, Value):
            raise NotANumberError(f"Value() wants Values as children, got {operand!r}")
    slopes = tuple(as_number(slope, "Value()") for slope in slopes)
    if slopes and len(slopes) != len(operands):
        raise ShapeError(f"Value() wants a slope for each of {len(operands)} children, got {len(slopes)}")
    return Own(operands, slopes, symbol)


FUNCTIONS = {
    operations.ADD: np.add,
    operations.SUB: np.subtract,
    operations.MUL: np.multiply,
    operations.DIV: np.divide,
    operations.POW: np.power,
}


# Making results -----------------------------------------------------------------------------------


def unary(code: int, a: Node) -> "Value":
    """The result of an operation on one node."""
    out = Value.__new__(Value)
    out._code = code
    out._a = a
    out._b = None
    out._k = out._grad = 0.0
    out._n = 0
    out._source = None
    if a._source is None:
        operations.FORMULAS[code](out, a._number, 0.0)
    else:
        pending.let_wait(out)
    return out


def binary(code: int, a: Node, b: Node) -> "Value":
    """The result of an operation on two."""
    out = Value.__new__(Value)
    out._code = code
    out._a = a
    out._b = b
    out._grad = 0.0
    out._n = 0
    out._source = None
    if a._source is None and b._source is None:
        operations.FORMULAS[code](out, a._number, b._number)
    else:
        pending.let_wait(out)
    return out


def with_number(code: int, a: Node, y: Any) -> Any:
    """The result of an operation on a node and a number; of an array, element by element."""
    if type(y) is float:
        k = y
    elif type(y) is int:
        k = float(y)
    else:
        other = number(y)
        if other is None:
            return elsewhere(FUNCTIONS[code], a, y)
        k = other
    out = Value.__new__(Value)
    out._code = code
    out._a = a
    out._b = None
    out._k = k
    out._grad = 0.0
    out._n = 0
    out._source = None
    if a._source is None:
        operations.FORMULAS[code](out, a._number, k)
    else:
        pending.let_wait(out)
    return out


def number_with(code: int, x: Any, b: Node) -> Any:
    """The same for a number that comes first."""
    if type(x) is float:
        k = x
    elif type(x) is int:
        k = float(x)
    else:
        other = number(x)
        if other is None:
            return elsewhere(FUNCTIONS[code], x, b)
        k = other
    out = Value.__new__(Value)
    out._code = code
    out._a = None
    out._b = b
    out._k = k
    out._grad = 0.0
    out._n = 0
    out._source = None
    if b._source is None:
        operations.FORMULAS[code](out, k, b._number)
    else:
        pending.let_wait(out)
    return out


class Value(Node):
    """A number that takes part in differentiation.

    ``data`` is the number and ``grad`` the slope, with respect to it, of whatever `backward` was
    called on; both are Python floats and can be assigned. Values are ordered by ``data`` and equal
    only to themselves, so they can stand in sets and be keys of a dict; attributes of your own can
    be hung on them. ``+ - * / **``, ``abs`` and the methods below keep the gradient, and so do
    NumPy's functions of the same names and arrays of Values; ``float(v)`` leaves it behind.

    An operation of your own is a Value with ``children``: give it their slopes as ``local_grads``, or set
    its ``_backward`` to a function that adds to their ``grad``, as micrograd's pages do.

    Args:
        data: a real number: int, float, NumPy scalar or array of no dimension.
        _children: the Values that an operation of your own was done to.
        children: the same, by another name.
        _op: what to call it; or, in this place too, ``local_grads``.
        label: a name, for pictures.
        local_grads: the slope of ``data`` for each of the children.

    Attributes:
        data: the number.
        grad: the slope of what `backward` was called on; 0 until then.

    Raises:
        NotANumberError: ``data`` is something else, or assigned to be; or a child is no Value. It is a
            TypeError.
        ShapeError: there are not as many slopes as children.

    >>> x = Value(2)
    >>> x / Value(2.3)
    Value(0.8695652173913044, grad=0.0)
    >>> (x**3).backward()
    >>> x.data, x.grad
    (2.0, 12.0)
    >>> x.zero_grad()
    >>> x
    Value(2.0, grad=0.0)
    >>> cube = Value(x.data**3, (x,), (3 * x.data**2,))  # an operation of one's own
    >>> (2 * cube).backward()
    >>> x.grad
    24.0
    >>> x.zero_grad()
    >>> [round(float(y), 3) for y in (x.exp(), x.log(), x.sqrt(), x.sin(), x.cos(), x.tanh())]
    [7.389, 0.693, 1.414, 0.909, -0.416, 0.964]
    >>> [round(float(y), 3) for y in (x.sigmoid(), x.relu(), x.leaky_relu(), x.softplus(), x.gelu())]
    [0.881, 2.0, 2.0, 2.127, 1.954]
    >>> [round(float(y), 3) for y in (x.log2(), x.log10(), x.clip(0, 1))]
    [1.0, 0.301, 1.0]
    """

    __slots__ = ()
    __array_priority__ = 1000.0  # NumPy's scalars and arrays leave the operators to us

    def __init__(
        self,
        data: Any,
        _children: Any = (),
        _op: Any = "",
        *,
        label: Any = None,
        children: Any = (),
        local_grads: Any = (),
    ) -> None:
        self._number = data if type(data) is float else as_number(data, "Value()")
        self._grad = 0.0
        self._code = operations.LEAF
        self._n = 0
        self._a = self._b = self._source = None
        if len(_children) or len(children):
            symbol, slopes = (_op, local_grads) if isinstance(_op, str) else ("", _op)
            self._home = own(_children if len(_children) else children, symbol, slopes)
            self._code = operations.OWN
            track_cycle(self)
        if label is not None:
            self.label = label

    @property
    def data(self) -> float:
        """The number, a float."""
        return self._number if self._source is None else pending.read_early(self)

    @data.setter
    def data(self, data: Any) -> None:
        x = data if type(data) is float else as_number(data, "data")
        if self._source is not None:
            pending.read_early(self)
        elif pending.waiting():
            pending.settle()
        self._number = x

    @property
    def grad(self) -> float:
        """The gradient, a float."""
        return self._grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        g = grad if type(grad) is float else as_number(grad, "grad")
        if self._source is not None:
            pending.read_early(self)
        self._grad = g

    def zero_grad(self) -> None:
        """Set ``grad`` to 0."""
        self._grad = 0.0

    def backward(self) -> None:
        """Add d self / d leaf to the ``grad`` of every leaf, and set ``grad`` on what lies between.

        Called again it adds the same once more. The slopes are those at the time of the operation,
        whatever ``data`` became since. There is no recursion: a chain may be a million long.

        Raises:
            GradientError: parameters of a net have changed since it was called, and with them the
                slopes are gone; or a walk back is under way already, and this is called from within it.
                No gradient has changed after an error or an interrupt.

        >>> from autograd.engine import Value
        >>> a, b = Value(2), Value(-3)
        >>> (a * b + b**2).backward()
        >>> a.grad, b.grad  # b, and a + 2b
        (-3.0, -4.0)
        """
        walk.backward(self)

    # What micrograd's pages ask of a graph

    @property
    def _prev(self) -> set[Any]:
        """The operands, as a set."""
        return set(operands(self))

    @property
    def _op(self) -> str:
        """What the operation is called that this came from; nothing, for a leaf."""
        return self._home.symbol if self._code == operations.OWN else operations.SYMBOLS[self._code]

    @property
    def _backward(self) -> Callable[[], Any]:
        """What passes the gradient on to the operands, for an operation of your own."""
        mine = self._home.closure if self._code == operations.OWN else None
        return partial(pass_on, self) if mine is None else mine

    @_backward.setter
    def _backward(self, closure: Callable[[], Any]) -> None:
        if not callable(closure):
            raise NotANumberError(f"_backward wants a function, got {closure!r}")
        pending.number_of(self)
        if self._code == operations.PARAMETER or self._code == operations.OUTPUT:
            raise GradientError(
                "the gradient of a net's parameter or output is the net's business; make an operation of it, "
                "Value(v.data, (v,), ...), and set its _backward"
            )
        if self._code != operations.OWN:
            self._home = Own(tuple(operands(self)), (), self._op)
            self._a = self._b = None
            self._code = operations.OWN
        self._home.slopes = ()
        self._home.closure = closure
        track_cycle(self)

    # Arithmetic

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Value):
            return binary(operations.ADD, self, other)
        return with_number(operations.ADD, self, other)

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Value):
            return binary(operations.SUB, self, other)
        return with_number(operations.SUB, self, other)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Value):
            return binary(operations.MUL, self, other)
        return with_number(operations.MUL, self, other)

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Value):
            return binary(operations.DIV, self, other)
        return with_number(operations.DIV, self, other)

    def __pow__(self, other: Any) -> Any:
        if isinstance(other, Value):
            return binary(operations.POW, self, other)
        return with_number(operations.POW, self, other)

    def __radd__(self, other: Any) -> Any:
        return number_with(operations.ADD, other, self)

    def __rsub__(self, other: Any) -> Any:
        return number_with(operations.SUB, other, self)

    def __rmul__(self, other: Any) -> Any:
        return number_with(operations.MUL, other, self)

    def __rtruediv__(self, other: Any) -> Any:
        return number_with(operations.DIV, other, self)

    def __rpow__(self, other: Any) -> Any:
        return number_with(operations.POW, other, self)

    def __neg__(self) -> "Value":
        return unary(operations.NEG, self)

    def __pos__(self) -> "Value":
        return unary(operations.POS, self)

    def __abs__(self) -> "Value":
        return unary(operations.ABS, self)

    # Functions

    def exp(self) -> "Value":
        """e to the x, as ``math.e ** x``; OverflowError beyond the largest float."""
        return unary(operations.EXP, self)

    def log(self) -> "Value":
        """The natural logarithm; DomainError, a ValueError, for 0 and below."""
        return unary(operations.LOG, self)

    def sqrt(self) -> "Value":
        """The square root; DomainError, a ValueError, below 0; slope inf at 0."""
        return unary(operations.SQRT, self)

    def sin(self) -> "Value":
        """The sine of x radians; DomainError, a ValueError, for infinity."""
        return unary(operations.SIN, self)

    def cos(self) -> "Value":
        """The cosine of x radians; DomainError, a ValueError, for infinity."""
        return unary(operations.COS, self)

    def tanh(self) -> "Value":
        """The hyperbolic tangent."""
        return unary(operations.TANH, self)

    def sigmoid(self) -> "Value":
        """1 / (1 + exp(-x)), safe for any x."""
        return unary(operations.SIGMOID, self)

    def relu(self) -> "Value":
        """The larger of x and 0, with slope 0 at the kink; nan stays nan."""
        return unary(operations.RELU, self)

    def leaky_relu(self) -> "Value":
        """x above 0, x / 100 from there down, kink included."""
        return unary(operations.LEAKY_RELU, self)

    def softplus(self) -> "Value":
        """log(1 + exp(x)), safe for any x."""
        return unary(operations.SOFTPLUS, self)

    def gelu(self) -> "Value":
        """x · Φ(x), Φ being the standard normal distribution function (Hendrycks & Gimpel 2016)."""
        return unary(operations.GELU, self)

    def log2(self) -> Any:
        """The logarithm to base 2; DomainError, a ValueError, for 0 and below."""
        return self.log() / math.log(2)

    def log10(self) -> Any:
        """The logarithm to base 10; DomainError, a ValueError, for 0 and below."""
        return self.log() / math.log(10)

    def clip(self, low: Any = None, high: Any = None, out: None = None) -> "Value":
        """x itself from low to high; beyond these the nearer one, without a slope for x. nan stays nan."""
        if low is not None and self < low:
            return low if isinstance(low, Value) else Value(low)
        if high is not None and self > high:
            return high if isinstance(high, Value) else Value(high)
        return self

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
        data = self.data
        if self._code == operations.LEAF:
            return leaf, (data, self.grad, type(self)), vars(self) or None
        leaves: dict[Value, int] = {}
        places: dict[Value, int] = {}  # of results, and below their sources, each before its uses
        open_: list[Any] = [self]
        while open_:
            v = open_[-1]
            if v in places or v in leaves:
                open_.pop()
            elif ends_copy(v):
                leaves[open_.pop()] = len(leaves)
            else:
                below = [p for p in operands(v) if p not in places and p not in leaves]
                open_.extend(below)
                if not below:
                    places[open_.pop()] = len(places)
        steps = [step(v, [~leaves[p] if p in leaves else places[p] for p in operands(v)]) for v in places]
        return result, (list(leaves), steps), vars(self) or None


opened(Value)
if not node.COMPILED:
    from autograd.engine.quicken import quicken

    quicken(Value)


def pass_on(v: Any) -> None:
    """Add to the gradients of a node's operands what comes from its own."""
    if v._code == operations.OUTPUT:
        raise GradientError(
            "a net passes its gradients on for many samples at once; call backward() on the loss"
        )
    if v._code == operations.OWN:
        pairs = zip(v._home.operands, v._home.slopes, strict=False)
    else:
        slopes = [d for d, p in ((1, v._a), (2, v._b)) if p is not None]
        pairs = zip(operands(v), [v._da if d == 1 else v._db for d in slopes], strict=True)
    for operand, slope in pairs:
        operand.grad += slope * v.grad


def operands(v: Any) -> Sequence[Any]:
    """What a node was made from, in order: of a net's output those of its inputs that are Values, and
    the net's parameters.
    """
    if v._code == operations.OUTPUT:
        pending.number_of(v)  # until then it has no place in a batch
        return v._home.operands(v._index)  # type: ignore[no-any-return]  # a batch's
    if v._code == operations.OWN:
        return v._home.operands  # type: ignore[no-any-return]  # of an Own
    return [p for p in (v._a, v._b) if p is not None]


def ends_copy(v: Any) -> bool:
    """Whether a node was made from no other."""
    if v._code == operations.OUTPUT:
        raise GradientError(
            "a Value that was computed from a net cannot be copied or pickled, since its gradient belongs to "
            "that net; copy its number, Value(float(v))"
        )
    return bool(v._code == operations.LEAF or v._code == operations.PARAMETER)


def leaf(data: float, grad: float, kind: Any = Value) -> Any:
    """A leaf, as a copy brings it back, of a subclass too."""
    v = kind.__new__(kind)
    Value.__init__(v, data)
    v.grad = grad
    return v


def step(v: Any, places: Sequence[int]) -> tuple[Any, ...]:
    """A result as it is pickled; ``places`` are those of its operands."""
    if v._code == operations.OWN:
        how = v._home
        return "own", v._number, v._grad, places, how.slopes, how.symbol, how.closure
    k = None if v._a is not None and v._b is not None else v._k
    slopes = 0.0 if v._a is None else v._da, 0.0 if v._b is None else v._db
    return operations.NAMES[v._code], v._number, v._grad, places, slopes, k, v._a is None


def result(leaves: list[Value], steps: list[tuple[Any, ...]]) -> Value:
    """The last of ``steps``, as a copy brings it back; see `Value.__reduce__`."""
    made: list[Value] = []
    for name, data, grad, places, slopes, more, last in steps:
        v: Any = leaf(data, grad)
        below = [leaves[~i] if i < 0 else made[i] for i in places]
        if name == "own":
            v._home = Own(below, slopes, more)
            v._home.closure = last
            v._code = operations.OWN
        else:
            v._code = operations.CODES[name]
            v._da, v._db = slopes
            if more is not None:
                v._k = more
            v._b = below[-1] if last or len(below) == 2 else None
            v._a = None if last else below[0]
        made.append(v)
    return made[-1]
