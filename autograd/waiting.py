"""Values that wait: their numbers are worked out, many at once, when somebody looks.

A net called on one sample answers with these. An operation on one adds a cell to a `Column` and makes
another; looking at ``data``, ``grad`` or a comparison has the columns worked out that it depends on.

Each keeps the results that were made from it last: the first in ``_next``, and from each in ``_also``
the one after it. When the columns are opened again, as `autograd.patterns` says, the same operation
finds its result there and fills the cell.
"""

import weakref
from collections.abc import Callable
from typing import Any

from autograd.columns import LOCK, OPERATIONS, SHIFT, Applied, Column, Pins, Sums, guarded, settle
from autograd.engine import Value, number
from autograd.graph import Port, backward

__all__ = ["Kept", "Waiting", "join", "member", "publish"]

FEW = 8  # rows: once worked out, what has fewer goes on as plain Values, which is quicker
DEEP = 64  # operations in a row, after which the next is a plain one
FULL = 8192  # cells of sums and pins, which do not come to an end with what they were made from
ZERO = None, 0.0  # as a term of a sum
MOST = 32  # results made from one Value that it keeps
# Attributes that say nothing about another time
OWN = {*Value.__slots__, "data", "grad"} - {"_next", "_also"}
SLOTS: Any = vars(Value)
USES = 64  # of one Value by one operation, before it goes on as a plain one


def publish(v: "Waiting", early: bool = True) -> Value:
    """Make a plain Value of one that waits; ``early`` if somebody needs its number now."""
    with LOCK:
        if isinstance(v, Waiting):
            column, key = v._a, v._b
            if column.values is None:
                settle(column, early=early)
            place = column.place(key)
            SLOTS["_data"].__set__(v, column.number(place))
            SLOTS["_grad"].__set__(v, column.gradient(place))
            SLOTS["_da"].__set__(v, 1.0)
            v._a = Port(column, place)  # first, since a place is sought by the key only in a column
            v._b = v._next = v._also = None
            if column.published is None:
                column.published = {}
            column.published[place] = weakref.ref(v)
            v.__class__ = Value
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
                return column  # type: ignore[no-any-return]  # from a weak reference
            slot = name, i
    return None


def member(column: Column, key: int, made_from: Value | None = None) -> Any:
    """The Value that is this result of a column; ``made_from`` is what it can be made from again."""
    out = Waiting()
    out._a = column
    out._b = key
    out._next = out._also = None
    if made_from is not None:
        keep(made_from, out)
    return out


def keep(v: Any, out: Value) -> None:
    """Have ``out`` as the last of the results made from ``v``; if there are too many, the first one goes."""
    first = last = v._next
    if not isinstance(first, Waiting):
        v._next = out
        return
    n = 1
    while isinstance(last._also, Waiting):
        last = last._also
        n += 1
    last._also = out
    if n == MOST:
        v._next = first._also


def join(v: Value, name: str, payload: Any) -> Any:
    """The result of an operation on ``v`` and no other Value: one that is kept if it is free, or a new
    member of a column; None if a plain one is better.
    """
    out = v._next
    while out is not None:
        column = out._a
        if column.name is name:
            key, cells = out._b, column.cells
            try:
                if cells[key] is None:
                    cells[key] = payload
                    if not column.closed:
                        return out
            except IndexError:
                pass
        out = out._also
    column = v._a.children[name]()
    if column is not None:
        key, cells = v._b, column.cells
        try:
            if cells[key] is None:
                cells[key] = payload
                if not column.closed:
                    return member(column, key, v)
        except IndexError:
            pass
    column, key = v._a, v._b
    if not isinstance(v, Waiting) or column.__class__ is Port:
        return None
    numbers = name in REFLECTED
    made = child(column, name, key, payload, lambda: Applied(name, column, None, numbers))
    return None if made is None else member(made, key, v)


def meet(v: Value, name: str, other: Value) -> Any:
    """The same for an operation on two Values that wait."""
    column, key, right, there = v._a, v._b, other._a, other._b
    if column.__class__ is Port or not isinstance(v, Waiting):
        return None
    if right.__class__ is Port or not isinstance(other, Waiting):
        return None
    out = v._next
    while out is not None:
        made = out._a
        same = made.right is right and made.operation_name is name
        if same and not made.closed and claim(made, key, there):
            return out
        out = out._also
    if right.values is not None and len(right.keys) < FEW and column.values is not None:
        return None
    made = child(column, (name, id(right)), key, there, lambda: Applied(name, column, right))
    return None if made is None else member(made, key, v if right.origin is column.origin else None)


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
        return join(self, name, 0) or getattr(publish(self), PLAIN.get(name, name))()

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
            if kind is int:
                other = float(other)
            elif isinstance(other, Value):
                return second(self, other)
            else:
                x = number(other)
                if x is None:
                    return plain(publish(self), other)
                other = x
        if divides and not other:
            return plain(publish(self), other)  # which raises the error
        out = self._next  # as in `join`; a call would cost a third of the time
        if out is not None:
            column = out._a
            if column.name is name:
                key, cells = out._b, column.cells
                try:
                    if cells[key] is None:
                        cells[key] = other
                        if not column.closed:
                            return out
                except IndexError:
                    pass
        return join(self, name, other) or plain(publish(self), other)

    def second(self: "Waiting", other: Value) -> Any:
        if name == "minus":
            return self + -other
        if name == "rminus":
            return -self + other
        if isinstance(self, Waiting):
            there = other if isinstance(other, Waiting) else pinned(self, other)
            made = meet(self, name, there)
            if made is not None:
                return made
        mine = publish(self)  # the other one need not be
        swapped = isinstance(other, Waiting) or name in ("rover", "rpower")
        return getattr(other, reflected)(mine) if swapped else plain(mine, other)

    method.__doc__ = plain.__doc__
    return method


def when_published(name: str) -> Any:
    """A slot of a plain Value, for one that has to become that first."""
    return property(lambda self: SLOTS[name].__get__(publish(self)))


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
    # What is not there yet. A __getattr__ for it would make the way to every attribute longer
    _data, _grad, _da, _db = (when_published(name) for name in ("_data", "_grad", "_da", "_db"))

    @property
    def label(self) -> Any:
        """What a picture is to call it; a column has no room for that, so who gets one waits no longer."""
        raise AttributeError("this Value has no label")

    @label.setter
    def label(self, label: Any) -> None:
        publish(self).label = label  # type: ignore[attr-defined]  # an attribute of the user's

    def zero_grad(self) -> None:
        """Set ``grad`` to 0."""
        publish(self).zero_grad()

    def backward(self) -> None:
        column, key = self._a, self._b
        if column.__class__ is Port:
            backward(self)
            return
        if column.values is None:
            settle(column)
        place = column.place(key)
        column.number(place)  # or the error that it comes to
        backward(Port(column, place))

    backward.__doc__ = Value.backward.__doc__

    def __add__(self, other: Any) -> Any:
        sums = self._a
        if other.__class__ is Kept:
            out = self._next
            if out is not None and out._a is sums and other._a is sums.home:
                key, cells = out._b, sums.cells
                if cells[key] is None:
                    cells[key] = other._b
                    if not sums.closed:
                        return out
        if isinstance(other, Waiting) and other._a is sums.home:
            key, cells = self._b + 1, sums.cells
            if cells[key] is None:
                cells[key] = other._b
                if not sums.closed:
                    return member(sums, key, self)
        if sums.home is None and not isinstance(other, Value):
            return add_number(self, other)
        return plus(self, other)

    def __radd__(self, other: Any) -> Any:
        if other.__class__ is int and other == 0:  # as sum() begins
            out = self._next
            if out is not None:
                sums, key = out._a, out._b
                if sums.home is self._a:
                    cells = sums.cells
                    if cells[key] is None and not sums.closed:
                        sums.starts[key >> SHIFT] = ZERO
                        cells[key] = self._b
                        if not sums.closed:
                            return out
            return begin(self, ZERO) or Value.__radd__(publish(self), other)
        if self._a.home is None and not isinstance(other, Value):
            return add_number(self, other)
        return plus(self, other)

    __sub__, __rsub__ = binary("minus"), binary("rminus")
    __mul__ = __rmul__ = binary("times")
    __truediv__, __rtruediv__ = binary("over"), binary("rover")
    __pow__, __rpow__ = binary("power"), binary("rpower")
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
add_number = binary("plus")


class Kept(Waiting):
    """One of a `Pattern`. It notes what would be wrong with the result that it is next time."""

    __slots__ = ()

    def __setattr__(self, name: str, x: Any) -> None:
        if name not in OWN and self._a.__class__ is not Port:
            self._a.changed = True
        object.__setattr__(self, name, x)


def begin(v: Waiting, start: tuple[Column | None, Any]) -> Any:
    """``start + v``, as the beginning of a chain of sums; None if a plain sum is better."""
    column, key = v._a, v._b
    if not isinstance(v, Waiting) or column.__class__ is Port:
        return None
    out = v._next
    while out is not None:
        sums, place = out._a, out._b
        if sums.home is column and not sums.closed and sums.cells[place] is None:
            term = sums.term(*start)
            if not sums.closed and sums.cells[place] is None:  # after a call another thread may have come
                sums.starts[place >> SHIFT] = term
                sums.cells[place] = key
                return out
        out = out._also
    sums = opened_sums(column)
    if sums is None:
        return None
    kept = not isinstance(start[0], Pins)
    out = member(sums, sums.chain(sums.term(*start), key), v if kept else None)
    return out if not sums.closed else begin(v, start)


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
            return join(v, "plus", x) or Value.__add__(publish(v), x)
        longest = longer(v, (None, x)) if x else None  # there are two zeros, which are equal
        return longest or join(v, "plus", x) or Value.__add__(publish(v), x)
    if not isinstance(v, Waiting):
        return v + other
    there = other if isinstance(other, Waiting) else pinned(v, other)
    column, key = there._a, there._b
    mine = v._a
    if column.__class__ is Port or mine.__class__ is Port:
        return v + other  # another thread has made a plain one of it
    term = (column, key)
    if mine.home is not None and not (mine.home.closed and not column.closed):
        longest = longer(v, key if column is mine.home else term)
        if longest is not None:
            return longest
    # A new chain, over the column that depends on more, and starting with the other one
    here = rank(mine) >= rank(column)
    summed = begin(v, (column, key)) if here else begin(there, (mine, v._b))
    if summed is not None:
        return summed
    publish(v)  # the other one need not be
    return plus(other, v) if isinstance(other, Waiting) else Value.__add__(v, other)


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
    if payload.__class__ is tuple:
        term = sums.term(*payload)
        if sums.closed or key in sums.cells:  # after a call another thread may have come
            return None
        sums.odd[key] = term
        payload = 0
    sums.cells[key] = payload
    if sums.closed:
        return None
    out = v._next
    while out is not None and out._a is not sums:
        out = out._also
    return out or member(sums, key, v)
