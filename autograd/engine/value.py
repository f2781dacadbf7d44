"""Values: nodes with the operators and functions of scalars."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd.engine import node, operations, pending, walk
from autograd.engine.node import Node, last_root, opened, track_cycle
from autograd.engine.numbers import as_number, number, with_other_operand
from autograd.errors import GradientError, NotANumberError, ShapeError

__all__ = ["Value"]


class UserOperation:
    """A user-defined operation, in the form that micrograd's documentation uses.

    Attributes:
        operands: the operands.
        slopes: the slope for each operand, or an empty sequence.
        symbol: the name of the operation.
        closure: the function that adds to the gradients of the operands what the result passes on, or None.
    """

    __slots__ = ("closure", "operands", "slopes", "symbol")

    def __init__(self, operands: Sequence[Node], slopes: Sequence[float], symbol: str) -> None:
        self.operands = operands
        self.slopes = slopes
        self.symbol = symbol
        self.closure: Callable[[], Any] | None = None

    def pass_on(self, out: Any) -> None:
        """Add to the gradients of the operands what the result ``out`` passes on."""
        if self.closure is not None:
            self.closure()
        g = out.grad
        for operand, slope in zip(self.operands, self.slopes, strict=False):
            add_gradient(operand, slope * g)


def add_gradient(v: Node, g: float) -> None:
    """Add to the gradient of a node within a backward pass."""
    v._grad += g


def user_operation(operands: Any, symbol: str, slopes: Any) -> UserOperation:
    """Return the user-defined operation that the arguments of `Value` describe."""
    operands = tuple(operands)
    for operand in operands:
        if not isinstance(operand, Value):
            raise NotANumberError(f"Value() wants Values as children, got {operand!r}")
    slopes = tuple(as_number(slope, "Value()") for slope in slopes)
    if slopes and len(slopes) != len(operands):
        raise ShapeError(f"Value() wants a slope for each of {len(operands)} children, got {len(slopes)}")
    return UserOperation(operands, slopes, symbol)


FUNCTIONS = {
    operations.ADD: np.add,
    operations.SUB: np.subtract,
    operations.MUL: np.multiply,
    operations.DIV: np.divide,
    operations.POW: np.power,
}


# Computing results --------------------------------------------------------------------------------


def unary(code: int, a: Node) -> "Value":
    """Return the result of an operation on one node."""
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
        pending.postpone(out)
    return out


def binary(code: int, a: Node, b: Node) -> "Value":
    """Return the result of an operation on two nodes."""
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
        pending.postpone(out)
    return out


def with_number(code: int, v: Node, y: Any, first: bool) -> Any:
    """Return the result of an operation on a node and a number, or each element of an array.

    ``first`` is whether the number is the first operand.
    """
    if type(y) is float:
        k = y
    elif type(y) is int:
        k = float(y)
    else:
        other = number(y)
        if other is None:
            pair = (y, v) if first else (v, y)
            return with_other_operand(FUNCTIONS[code], *pair)
        k = other
    out = Value.__new__(Value)
    out._code = code
    out._a = None if first else v
    out._b = v if first else None
    out._k = k
    out._grad = 0.0
    out._n = 0
    out._source = None
    if v._source is not None:
        pending.postpone(out)
    elif first:
        operations.FORMULAS[code](out, k, v._number)
    else:
        operations.FORMULAS[code](out, v._number, k)
    return out


class Value(Node):
    """A number that takes part in differentiation.

    ``data`` is the number. ``grad`` is its gradient: the derivative, with respect to this number, of the
    Value that `backward` was called on. Both are Python floats and can be assigned. Values are ordered by
    ``data``. A Value is equal only to itself, so Values can be members of a set and keys of a dict. You can
    add attributes of your own to a Value. Gradients pass through ``+ - * / **``, ``abs`` and the methods
    below, and through NumPy's functions of the same names on Values and arrays of Values. ``float(v)`` is a
    plain number without a gradient.

    An operation of your own is a Value with ``children``. Give the slope for each child in ``local_grads``,
    or set ``_backward`` to a function that adds to the ``grad`` of each child, as in micrograd.

    Args:
        data: a real number: an int, a float, a NumPy scalar or an array with no dimensions.
        _children: the operands of an operation of your own.
        _op: the name of the operation. If it is not a string, it is taken for ``local_grads``.
        label: a name for pictures.
        children: another name for ``_children``.
        local_grads: the slope of ``data`` with respect to each child.

    Attributes:
        data: the number.
        grad: the gradient, which is 0 until `backward` is called.

    Raises:
        NotANumberError: ``data``, ``grad`` or a slope is not a real number, or a child is not a Value. This
            error is a TypeError.
        ShapeError: there are slopes, but not as many as children.
        OverflowError: ``data``, ``grad`` or a slope is beyond the largest float.

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
    __array_priority__ = 1000.0  # makes NumPy leave operators with a Value to this class

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
            self._home = user_operation(_children if len(_children) else children, symbol, slopes)
            self._code = operations.USER_OPERATION
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
        elif pending.any_pending():
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
        """Add d self / d leaf to the ``grad`` of every leaf, and set the ``grad`` of every Value in between.

        A second call adds the same gradients to the leaves once more. The slopes are those at the time of
        each operation; later changes of ``data`` do not matter. There is no recursion, so a chain of a
        million operations is fine. After an error or an interrupt all gradients are as they were before.

        Raises:
            GradientError: a net's parameters have changed since it computed one of these Values, so its
                slopes are no longer known; or this is called from within another backward pass.

        >>> from autograd.engine import Value
        >>> a, b = Value(2), Value(-3)
        >>> (a * b + b**2).backward()
        >>> a.grad, b.grad  # b, and a + 2b
        (-3.0, -4.0)
        """
        walk.backward(self)

    def explain(self, loss: Any = None, k: int = 5) -> Any:
        """Tell which samples and which paths the gradient comes from.

        Args:
            loss: the Value that `backward` was called on; by default the last one, unless that was in
                another thread.
            k: how many paths and samples are shown, those that add most.

        Returns:
            An `Explanation`, which ``print`` shows. Lines of the program are known within `autograd.doctor`.

        Raises:
            GradientError: nothing refers to the last loss any more, or the parameters of a net have changed
                since.

        >>> x = Value(2.0, label="x")
        >>> loss = (3 * x) ** 2
        >>> loss.backward()
        >>> print(x.explain())
        x has the gradient 36, by 1 path:
          36 = 12 × 3
                    12  6.0 ** 2.0
                     3  3.0 * 2.0
        """
        from autograd.engine.explanation import explained

        return explained(self, last_root() if loss is None else loss, k)

    # Attributes for programs that were written for micrograd

    @property
    def _prev(self) -> set[Any]:
        """The set of operands."""
        return set(operands(self))

    @property
    def _op(self) -> str:
        """The name or symbol of the operation that made this Value; empty for a leaf."""
        return (
            self._home.symbol if self._code == operations.USER_OPERATION else operations.SYMBOLS[self._code]
        )

    @property
    def _backward(self) -> Callable[[], Any]:
        """The function that passes the gradient on to the operands; assign your own to it."""
        closure = self._home.closure if self._code == operations.USER_OPERATION else None
        return partial(add_operand_gradients, self) if closure is None else closure

    @_backward.setter
    def _backward(self, closure: Callable[[], Any]) -> None:
        if not callable(closure):
            raise NotANumberError(f"_backward wants a function, got {closure!r}")
        pending.number_of(self)
        if self._code == operations.PARAMETER or self._code == operations.OUTPUT:
            raise GradientError(
                "_backward cannot be set on a parameter or an output of a net, which passes their gradients "
                "on itself; set it on Value(v.data, (v,), ...)"
            )
        if self._code != operations.USER_OPERATION:
            self._home = UserOperation(tuple(operands(self)), (), self._op)
            self._a = self._b = None
            self._code = operations.USER_OPERATION
        self._home.slopes = ()
        self._home.closure = closure
        track_cycle(self)

    # Arithmetic

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Value):
            return binary(operations.ADD, self, other)
        return with_number(operations.ADD, self, other, False)

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Value):
            return binary(operations.SUB, self, other)
        return with_number(operations.SUB, self, other, False)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Value):
            return binary(operations.MUL, self, other)
        return with_number(operations.MUL, self, other, False)

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Value):
            return binary(operations.DIV, self, other)
        return with_number(operations.DIV, self, other, False)

    def __pow__(self, other: Any) -> Any:
        if isinstance(other, Value):
            return binary(operations.POW, self, other)
        return with_number(operations.POW, self, other, False)

    def __radd__(self, other: Any) -> Any:
        return with_number(operations.ADD, self, other, True)

    def __rsub__(self, other: Any) -> Any:
        return with_number(operations.SUB, self, other, True)

    def __rmul__(self, other: Any) -> Any:
        return with_number(operations.MUL, self, other, True)

    def __rtruediv__(self, other: Any) -> Any:
        return with_number(operations.DIV, self, other, True)

    def __rpow__(self, other: Any) -> Any:
        return with_number(operations.POW, self, other, True)

    def __neg__(self) -> "Value":
        return unary(operations.NEG, self)

    def __pos__(self) -> "Value":
        return unary(operations.POS, self)

    def __abs__(self) -> "Value":
        return unary(operations.ABS, self)

    # Functions

    def exp(self) -> "Value":
        """e to the x, computed as ``math.e ** x``; OverflowError if that is beyond the largest float."""
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
        """1 / (1 + exp(-x)), computed without overflow for any x."""
        return unary(operations.SIGMOID, self)

    def relu(self) -> "Value":
        """The larger of x and 0; the slope at 0 is 0; nan stays nan."""
        return unary(operations.RELU, self)

    def leaky_relu(self) -> "Value":
        """x above 0, and x / 100 elsewhere; the slope at 0 is 0.01."""
        return unary(operations.LEAKY_RELU, self)

    def softplus(self) -> "Value":
        """log(1 + exp(x)), computed without overflow for any x."""
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
        """x if it is between low and high, otherwise the nearer limit, whose slope for x is 0; nan stays nan.

        ``out`` is not used; ``np.clip`` passes it.
        """
        if low is not None and self < low:
            return low if isinstance(low, Value) else Value(low)
        if high is not None and self > high:
            return high if isinstance(high, Value) else Value(high)
        return self

    # Conversions and comparisons

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
        return with_other_operand(np.less, self, other) if y is None else self.data < y

    def __le__(self, other: Any) -> Any:
        y = other.data if isinstance(other, Value) else number(other)
        return with_other_operand(np.less_equal, self, other) if y is None else self.data <= y

    def __gt__(self, other: Any) -> Any:
        y = other.data if isinstance(other, Value) else number(other)
        return with_other_operand(np.greater, self, other) if y is None else self.data > y

    def __ge__(self, other: Any) -> Any:
        y = other.data if isinstance(other, Value) else number(other)
        return with_other_operand(np.greater_equal, self, other) if y is None else self.data >= y

    # Copying and pickling. A result is stored as a list of all that it was computed from, not nested, so that
    # deep graphs need no recursion.

    def __reduce__(self) -> Any:
        data = self.data
        if self._code == operations.LEAF:
            return leaf, (data, self.grad, type(self)), vars(self) or None
        leaves: dict[Value, int] = {}
        places: dict[Value, int] = {}  # the place of each computed node, in topological order
        stack: list[Any] = [self]
        while stack:
            v = stack[-1]
            if v in places or v in leaves:
                stack.pop()
            elif operation_of(v) == "output":
                raise GradientError(
                    "a Value that was computed from a net cannot be copied or pickled, since its gradient "
                    "belongs to that net; copy its number, Value(float(v))"
                )
            elif is_leaf(v):
                leaves[stack.pop()] = len(leaves)
            else:
                missing = [p for p in operands(v) if p not in places and p not in leaves]
                stack.extend(missing)
                if not missing:
                    places[stack.pop()] = len(places)
        steps = [step(v, [~leaves[p] if p in leaves else places[p] for p in operands(v)]) for v in places]
        return result, (list(leaves), steps), vars(self) or None


opened(Value)
if not node.COMPILED:
    from autograd.engine.quicken import quicken

    quicken(Value)


def add_operand_gradients(v: Any) -> None:
    """Add to the gradients of a node's operands what the node passes on."""
    if v._code == operations.OUTPUT:
        raise GradientError(
            "_backward() of a net's output cannot be called, since a net passes gradients on for many "
            "samples at once; call backward() on the loss"
        )
    if v._code == operations.USER_OPERATION:
        pairs = zip(v._home.operands, v._home.slopes, strict=False)
    else:
        positions = [i for i, p in ((1, v._a), (2, v._b)) if p is not None]
        pairs = zip(operands(v), [v._da if i == 1 else v._db for i in positions], strict=True)
    for operand, slope in pairs:
        operand.grad += slope * v.grad


def operands(v: Any) -> Sequence[Any]:
    """Return the operands of a node, in order.

    The operands of a net's output are the inputs that are Values, and then the parameters of the net.
    """
    if v._code == operations.OUTPUT:
        pending.number_of(v)  # a pending output has no index yet
        return v._home.operands(v._index)  # type: ignore[no-any-return]  # of a Batch
    if v._code == operations.USER_OPERATION:
        return v._home.operands  # type: ignore[no-any-return]  # of a UserOperation
    return [p for p in (v._a, v._b) if p is not None]


def operation_of(v: Any) -> str:
    """What made a Value, as a name of `operations.NAMES`: an operation, or one of the first four names."""
    return operations.NAMES[v._code]


def is_leaf(v: Any) -> bool:
    """Whether a node is a leaf, which was not computed from other nodes."""
    return bool(v._code == operations.LEAF or v._code == operations.PARAMETER)


def leaf(data: float, grad: float, kind: Any = Value) -> Any:
    """Return the copy of a leaf; ``kind`` is its class."""
    v = kind.__new__(kind)
    Value.__init__(v, data)
    v.grad = grad
    return v


def step(v: Any, places: Sequence[int]) -> tuple[Any, ...]:
    """Return the description of a computed node that is pickled; ``places`` are those of its operands."""
    if v._code == operations.USER_OPERATION:
        how = v._home
        return "own", v._number, v._grad, places, how.slopes, how.symbol, how.closure
    k = None if v._a is not None and v._b is not None else v._k
    slopes = 0.0 if v._a is None else v._da, 0.0 if v._b is None else v._db
    return operations.NAMES[v._code], v._number, v._grad, places, slopes, k, v._a is None


def result(leaves: list[Value], steps: list[tuple[Any, ...]]) -> Value:
    """Return the copy of the result that the last of ``steps`` describes; see `step` and `Value.__reduce__`.

    A place of an operand that is not negative is an index into the steps; ``~place`` is one into ``leaves``.
    """
    made: list[Value] = []
    for name, data, grad, places, slopes, symbol_or_k, closure_or_swapped in steps:
        v: Any = leaf(data, grad)
        sources = [leaves[~i] if i < 0 else made[i] for i in places]
        if name == "own":
            v._home = UserOperation(sources, slopes, symbol_or_k)
            v._home.closure = closure_or_swapped
            v._code = operations.USER_OPERATION
        else:
            v._code = operations.CODES[name]
            v._da, v._db = slopes
            if symbol_or_k is not None:
                v._k = symbol_or_k
            v._b = sources[-1] if closure_or_swapped or len(sources) == 2 else None
            v._a = None if closure_or_swapped else sources[0]
        made.append(v)
    return made[-1]
