"""Values that wait: their numbers are worked out, many at once, when somebody looks.

A net called on one sample answers with these. An operation on one adds a cell to a `Column` and makes
another; looking at ``data``, ``grad`` or a comparison has the columns worked out that it depends on.
From then on the Value is a plain one, as far as anybody can tell.
"""

import weakref
from collections.abc import Callable
from typing import Any

from autograd.columns import LOCK, OPERATIONS, Applied, Column, Pins, Sums, guarded, settle
from autograd.engine import Value, number
from autograd.graph import Port

__all__ = ["Waiting", "follow", "publish"]

FEW = 8  # rows: once worked out, what has fewer goes on as plain Values, which is quicker
DEEP = 64  # operations in a row, after which the next is a plain one
FULL = 8192  # cells of sums and pins, which do not come to an end with what they were made from
USES = 64  # of one Value by one operation, before it goes on as a plain one


def publish(v: "Waiting", early: bool = True) -> Value:
    """Make a plain Value of one that waits; ``early`` if somebody needs its number now."""
    with LOCK:
        if v.__class__ is Waiting:
            column, key = v._a, v._b
            if column.values is None:
                settle(column, early=early)
            place = column.place(key)
            v._data = column.number(place)
            v._grad = column.gradient(place)
            v._da = 1.0
            v._b = None
            v._a = Port(column, place)
            if column.published is None:
                column.published = {}
            column.published[place] = weakref.ref(v)
            v.__class__ = Value  # type: ignore[assignment]
    return v


def claim(column: Column, key: int, payload: Any) -> bool:
    """Whether there is a cell for ``key`` now that was not there before."""
    cells = column.cells
    if cells.__class__ is list:
        if key >= len(cells):
            cells.extend([None] * (max(key + 1, 2 * len(cells)) - len(cells)))
        if cells[key] is not None:
            return False
    elif key in cells:
        return False
    cells[key] = payload
    return not column.closed


def child(parent: Column, name: Any, key: int, payload: Any, make: Callable[[], Column]) -> Column | None:
    """The open column that ``name`` leads to, with a cell for ``key`` in it; None if there are too many."""
    if parent.depth >= DEEP or (parent.values is not None and len(parent.keys) < FEW):
        return None
    slot = name
    with LOCK:
        for i in range(USES):
            column = parent.children[slot]()
            if column is None or column.closed:
                column = make()
                parent.lead(slot, column)
            if claim(column, key, payload):
                return column  # type: ignore[no-any-return]
            slot = name, i
    return None


def member(column: Column, key: int) -> Any:
    """The Value that is this result of a column."""
    out = Waiting()
    out._a = column
    out._b = key
    return out


def follow(v: Value, name: str, payload: Any, other: "Waiting | None" = None) -> Any:
    """The result of an operation on ``v`` whose column is not there yet, or does not take it."""
    column, key = v._a, v._b
    if v.__class__ is not Waiting or column.__class__ is Port:
        return None
    operation = OPERATIONS[name]
    slot: Any = name
    right = None
    if other is None:
        numbers = payload is not None
        payload = payload if numbers else 0
    else:
        numbers = False
        right, there = other._a, other._b
        if other.__class__ is not Waiting or right.__class__ is Port:
            return None
        slot, payload = (name, id(right)), there
        if right.values is not None and len(right.keys) < FEW and column.values is not None:
            return None
    made = child(column, slot, key, payload, lambda: Applied(operation, column, right, numbers))
    return None if made is None else member(made, key)


def pinned(v: "Waiting", other: Value) -> Any:
    """A plain Value as an operand of one that waits."""
    column = v._a
    pins = column.children["pins"]()
    if pins is not None and len(pins.cells) >= FULL:
        settle(pins)
    if pins is not None and not pins.closed:
        key = pins.pin(other)
        if not pins.closed:
            return member(pins, key)
    pins = Pins()
    column.lead("pins", pins)
    return member(pins, pins.pin(other))


def unary(name: str) -> Any:
    """An operation on one Value."""

    def method(self: "Waiting") -> Any:
        column = self._a.children[name]()
        if column is not None:
            key, cells = self._b, column.cells
            try:
                if cells[key] is None:
                    cells[key] = 0
                    if not column.closed:
                        out = Waiting()
                        out._a = column
                        out._b = key
                        return out
            except IndexError:
                pass
        return follow(self, name, None) or getattr(publish(self), PLAIN.get(name, name))()

    method.__doc__ = getattr(Value, PLAIN.get(name, name)).__doc__
    return method


PLAIN = {
    "plus": "__add__",
    "minus": "__sub__",
    "rminus": "__rsub__",
    "times": "__mul__",
    "over": "__truediv__",
    "rover": "__rtruediv__",
    "power": "__pow__",
    "rpower": "__rpow__",
    "neg": "__neg__",
    "pos": "__pos__",
    "abs": "__abs__",
}
REFLECTED = {
    "plus": "plus",
    "minus": "rminus",
    "rminus": "minus",
    "times": "times",
    "over": "rover",
    "rover": "over",
    "power": "rpower",
    "rpower": "power",
}


def binary(name: str) -> Any:
    """An operation on a Value and a number or another Value."""
    plain = getattr(Value, PLAIN[name])
    reflected = PLAIN[REFLECTED[name]]
    divides = name == "over"

    def method(self: "Waiting", other: Any) -> Any:
        kind = other.__class__
        if kind is not float:
            if kind is not int and isinstance(other, Value):
                return second(self, other)
            x = number(other)
            if x is None:
                return plain(publish(self), other)
            other = x
        if divides and not other:
            return plain(publish(self), other)  # which raises the error
        column = self._a.children[name]()
        if column is not None:
            key, cells = self._b, column.cells
            try:
                if cells[key] is None:
                    cells[key] = other
                    if not column.closed:
                        out = Waiting()
                        out._a = column
                        out._b = key
                        return out
            except IndexError:
                pass
        return follow(self, name, other) or plain(publish(self), other)

    def second(self: "Waiting", other: Value) -> Any:
        if name == "minus":
            return self + -other
        if name == "rminus":
            return -self + other
        if self.__class__ is Waiting:
            there = other if other.__class__ is Waiting else pinned(self, other)
            made = follow(self, name, None, there)
            if made is not None:
                return made
        mine = publish(self)  # the other one need not be
        swapped = other.__class__ is Waiting or name in ("rover", "rpower")
        return getattr(other, reflected)(mine) if swapped else plain(mine, other)

    method.__doc__ = plain.__doc__
    return method


class Waiting(Value):
    """A Value whose number is not there yet: a result of a column, known by its key."""

    __slots__ = ()
    __init__ = object.__init__

    _a: Any  # the column; of a plain one a Port
    _b: Any  # the key

    def _get_data(self) -> Any:
        column, key = self._a, self._b
        if column.__class__ is Port:
            return self._data
        if column.values is None:
            settle(column, early=True)
        x: float = column.number(key if column.start == 0 else column.place(key))
        return x

    def _set_data(self, data: Any) -> None:
        publish(self).data = data

    def _get_grad(self) -> Any:
        column = self._a
        if column.__class__ is Port:
            return self._grad
        g: float = 0.0 if column.grads is None else column.gradient(column.place(self._b))
        return g

    def _set_grad(self, grad: Any) -> None:
        publish(self).grad = grad

    data = property(_get_data, _set_data, doc="The number, a float.")
    grad = property(_get_grad, _set_grad, doc="The gradient, a float.")

    def __getattr__(self, name: str) -> Any:
        if name in ("_data", "_grad", "_da", "_db"):  # slots that are still empty
            return getattr(publish(self), name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def zero_grad(self) -> None:
        """Set ``grad`` to 0."""
        publish(self).zero_grad()

    def backward(self) -> None:
        publish(self, early=False).backward()

    backward.__doc__ = Value.backward.__doc__

    def __add__(self, other: Any) -> Any:
        sums = self._a
        kind = other.__class__
        if kind is Waiting and other._a is sums.home:
            key, cells = self._b + 1, sums.cells
            if key not in cells:
                cells[key] = other._b
                if not sums.closed:
                    out = Waiting()
                    out._a = sums
                    out._b = key
                    return out
        if sums.home is None and not isinstance(other, Value):
            return add_number(self, other)
        return plus(self, other)

    def __radd__(self, other: Any) -> Any:
        if other.__class__ is int and other == 0:  # as sum() begins
            sums = self._a.sum()
            if sums is not None and len(sums.cells) < FULL:
                key = sums.chain(0.0, self._b)
                if not sums.closed:
                    out = Waiting()
                    out._a = sums
                    out._b = key
                    return out
            return begin(self, 0.0)
        if self._a.home is None and not isinstance(other, Value):
            return add_number(self, other)
        return plus(self, other)

    # Written out, as in engine.py, because they come most often: nothing else is different from `binary`

    def __sub__(self, other: Any) -> Any:
        if other.__class__ is float:
            column = self._a.minus()
            if column is not None:
                key, cells = self._b, column.cells
                try:
                    if cells[key] is None:
                        cells[key] = other
                        if not column.closed:
                            out = Waiting()
                            out._a = column
                            out._b = key
                            return out
                except IndexError:
                    pass
        return minus(self, other)

    def __mul__(self, other: Any) -> Any:
        if other.__class__ is int:
            other = float(other)
        if other.__class__ is float:
            column = self._a.times()
            if column is not None:
                key, cells = self._b, column.cells
                try:
                    if cells[key] is None:
                        cells[key] = other
                        if not column.closed:
                            out = Waiting()
                            out._a = column
                            out._b = key
                            return out
                except IndexError:
                    pass
        return times(self, other)

    def __pow__(self, other: Any) -> Any:
        if other.__class__ is int or other.__class__ is float:
            column = self._a.power()
            if column is not None:
                key, cells = self._b, column.cells
                try:
                    if cells[key] is None:
                        cells[key] = float(other)
                        if not column.closed:
                            out = Waiting()
                            out._a = column
                            out._b = key
                            return out
                except IndexError:
                    pass
        return power(self, other)

    __rmul__, __rsub__ = __mul__, binary("rminus")
    __truediv__, __rtruediv__ = binary("over"), binary("rover")
    __rpow__ = binary("rpower")
    __neg__, __pos__, __abs__ = unary("neg"), unary("pos"), unary("abs")
    exp, log, sqrt, sin, cos = unary("exp"), unary("log"), unary("sqrt"), unary("sin"), unary("cos")
    tanh, sigmoid, relu = unary("tanh"), unary("sigmoid"), unary("relu")
    leaky_relu, softplus, gelu = unary("leaky_relu"), unary("softplus"), unary("gelu")

    def __reduce__(self) -> Any:
        return publish(self).__reduce__()


guarded(
    Waiting,
    *(name for name in vars(Waiting) if name in {*PLAIN.values(), "__radd__", "__rmul__", *OPERATIONS}),
)
minus, times, power, add_number = binary("minus"), binary("times"), binary("power"), binary("plus")


def begin(v: Waiting, start: float) -> Any:
    """``start + v``, as the beginning of a chain of sums."""
    column = v._a
    if v.__class__ is Waiting and column.__class__ is not Port:
        sums = opened_sums(column)
        if sums is not None:
            key = sums.chain(start, v._b)
            return member(sums, key) if not sums.closed else begin(v, start)
    return Value.__radd__(publish(v), start)


def opened_sums(home: Column) -> Any:
    """The open column of sums over a column; None if plain sums are better."""
    sums = home.children["sum"]()
    if sums is not None and not sums.closed:
        if len(sums.cells) < FULL:
            return sums
        settle(sums)
    if home.depth >= DEEP or (home.values is not None and len(home.keys) < FEW):
        return None
    sums = Sums(home)
    home.lead("sum", sums)
    return sums


def plus(v: Waiting, other: Any) -> Any:
    """``v + other``, but for the quickest case."""
    if not isinstance(other, Value):
        x = number(other)
        if x is None:
            return Value.__add__(publish(v), other)
        if v._a.home is None:
            return follow(v, "plus", x) or Value.__add__(publish(v), x)
        return longer(v, (None, x)) or follow(v, "plus", x) or Value.__add__(publish(v), x)
    if v.__class__ is not Waiting:
        return v + other
    there = other if other.__class__ is Waiting else pinned(v, other)
    column, key = there._a, there._b
    mine = v._a
    if column.__class__ is Port or mine.__class__ is Port:
        return v + other  # another thread has made a plain one of it
    term = (column, key)
    if mine.home is not None and not (mine.home.closed and not column.closed):
        longest = longer(v, key if column is mine.home else term)
        if longest is not None:
            return longest
    # A new chain, over the column that depends on more
    home = mine if rank(mine) >= rank(column) else column
    sums = opened_sums(home)
    if sums is None:
        publish(v)  # the other one need not be
        return plus(other, v) if other.__class__ is Waiting else Value.__add__(v, other)
    key = sums.chain(None, (mine, v._b), term)
    return plus(v, other) if sums.closed else member(sums, key)


def rank(column: Column) -> int:
    """The level of a column, as far as it matters for what joins it."""
    return -1 if column.closed else column.level


def longer(v: Waiting, payload: Any) -> Any:
    """The chain that ends with ``v`` made longer; None if it cannot be."""
    sums, key = v._a, v._b + 1
    if payload.__class__ is tuple and payload[0] is not None and rank(payload[0]) >= sums.level:
        return None
    if sums.closed or key in sums.cells:
        return None
    sums.add(key, payload)
    return member(sums, key) if not sums.closed else None
