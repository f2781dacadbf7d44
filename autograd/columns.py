"""Columns: one scalar operation on many Values, worked out for all of them when a number is needed.

Code that goes through samples one by one does the same to each. So the results of, say, ``- y`` on the
outputs of a net form a column, below it those of ``** 2``, and so on: an operation on a Value that
waits adds a cell to a column and does nothing else. A column is closed when it is worked out. What
comes later joins another, so no column ever depends on one that was closed after it.

A cell is a place in a list that held None, so that an operation costs little more than its result.
Several threads may add cells: between finding a place empty and filling it CPython, which changes
threads only at calls and jumps back, does not let another one run; where it has no lock of its own,
`guarded` puts one around.
"""

import functools
import itertools
import math
import operator
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from autograd.engine import E, Value
from autograd.graph import LOCK, Junction
from autograd.tally import TALLY
from autograd.tensor.tape import Array
from autograd.tensor.trace import caller

__all__ = [
    "GIL",
    "LEVEL",
    "LOCK",
    "NOTHING",
    "OPERATIONS",
    "ORDERS",
    "SHIFT",
    "Applied",
    "Column",
    "Operation",
    "Pins",
    "Sums",
    "guarded",
    "indices",
    "settle",
]

GIL: bool = getattr(sys, "_is_gil_enabled", lambda: True)()  # whether one thread runs at a time
ROOM = 8  # cells that a new list has
SHIFT = 24  # bits of a key in `Sums` that count along a chain


class Gone:
    """What nothing refers to."""


NOTHING: Any = weakref.ref(Gone())  # gives None when called


INDICES = np.arange(4096)
INDICES.flags.writeable = False


def indices(n: int) -> Array:
    """0 to n - 1."""
    return INDICES[:n] if n <= INDICES.size else np.arange(n)


class Children(dict[Any, Any]):
    """Columns by operation, weakly."""

    def __missing__(self, name: Any) -> Any:
        return NOTHING


class Sparse(dict[int, Any]):
    """Cells of a column whose keys leave gaps: None where there is none."""

    __missing__: Any = {}.get  # written in C, so that no other thread comes between looking and filling


LEVEL = operator.attrgetter("level")
ORDERS = itertools.count(1)


def in_order(keys: list[int], payloads: list[Any]) -> tuple[Array, list[Any]]:
    """Cells sorted by key. Another thread may have added one between the two lists."""
    n = min(len(keys), len(payloads))
    array = np.fromiter(keys, np.int64, n)
    if n > 1 and not (array[1:] > array[:-1]).all():
        order = np.argsort(array)
        array, payloads = array[order], [payloads[i] for i in order.tolist()]
    return array, payloads[:n]


NONE: Mapping[Any, Any] = MappingProxyType({})


class Column(Junction):
    """Results of one operation, each known by its key.

    Attributes:
        name: of its operation, if that has no second operand or a number for it.
        right: the column of the second operands, if it has one.
        home, others: of `Sums`.
        origin: the same for all columns that were made, by their first operands, from the same one.
        level: higher than that of every column this one depends on, unless that was closed before.
        depth: how many operations lie between it and a net or parameters.
        cells: by key, what is needed to work it out; in a list, None where there is none.
        children: the columns that follow, weakly, by operation.
        closed: whether it takes no more cells.
        keys: sorted, once it is closed; ``start`` is the first if no key is missing between, or None.
        values: once it is closed, the numbers, in the order of the keys.
        grads: the gradients that the last walks left, if any did.
        changed: whether its `Pattern` is no longer what it was when it was gathered.
        replay: weakly, what may do its work and that of others at once.
    """

    name: str | None = None
    home: "Column | None" = None  # of `Sums`
    right: "Column | None" = None  # of `Applied`
    others: "Mapping[Column, int]" = NONE  # of `Sums`
    changed = False
    sparse = False  # whether keys are no indices for a list
    keys: Array = INDICES[:0]
    start: int | None = None
    grads: Array | None = None
    # What most columns never change
    closed = False
    values: Any = None
    failed: Mapping[int, Callable[[], Any]] = NONE  # by place, what raises the error
    published: dict[int, Any] | None = None  # by place, weakly: results that are plain Values now
    replay: Any = NOTHING
    _floats: list[float] | None = None
    _reads = 0
    # Within a walk: which results were reached, True if all were; and their gradients so far
    hit: Any = None
    g: Array | None = None
    _led: Any = None  # by which `Replay`

    def __init__(self, level: int, depth: int, origin: object = None) -> None:
        self.level = level
        self.depth = depth
        self.origin = origin or object()
        self.cells: Any = {}
        self.children = Children()

    def lead(self, name: Any, column: "Column") -> None:
        """Have ``name`` lead to ``column``, as long as that is there."""
        self.children[name] = weakref.ref(column)

    def following(self) -> list["Column"]:
        """The open columns with results that depend on this one alone, or were made from it first."""
        found: list[Column] = [self]
        for column in found:
            children = [known() for known in list(column.children.values())]
            found.extend([c for c in children if c is not None and not c.closed])
        return [c for c in found[1:] if c.cells and any(cell is not None for cell in list(c.cells))]

    def operands(self) -> Sequence["Column"]:
        """The columns that it was made from, if these can be opened again and it with them."""
        return ()

    def parents(self) -> Sequence["Column"]:
        """The columns it depends on; `Sums` have some that they were not made from."""
        raise NotImplementedError

    def work(self) -> tuple[Array, Array]:
        """Keys and values of the cells."""
        raise NotImplementedError

    def close(self) -> None:
        """Work it out; its parents are closed. After an error it is as before."""
        replay = self.replay()
        if replay is not None and replay.forward(self):
            return
        self.closed = True
        try:
            keys, values = self.work()
            if keys is not self.keys:  # as it is where all is as the last time
                start = keys.item(0)
                self.keys, self.start = keys, start if keys.item(-1) - start == keys.size - 1 else None
            self.order = next(ORDERS)
        except BaseException:
            self.failed = {}
            self.closed = False
            raise
        self.values = values
        self.cells = type(self.cells)()

    def another(self, new: Mapping["Column", "Column"]) -> "Column":
        """One for the same results at another time; ``new`` are those of the columns it depends on."""
        raise NotImplementedError

    def used(self) -> int:
        """How many of its results, in order, may be held by somebody."""
        cells = self.cells
        if self.closed:
            return self.keys.size if self.start == 0 else sys.maxsize
        empty = cells.count(None) == len(cells) if cells.__class__ is list else not cells
        return 0 if empty else sys.maxsize

    def reopen(self, room: int) -> None:
        """Make it as it was at first; ``room`` cells at least are needed. Nobody holds a result of it."""
        self.values = self.grads = self.published = self._floats = self.hit = self.g = None
        self.failed = {}
        self.awaited = self._reads = 0
        self.cells = Sparse() if self.sparse else [None] * room
        self.closed = False

    def snapshot(self) -> tuple[Array, list[Any]]:
        """The cells, by key: keys and payloads. Another thread that is adding one will notice."""
        return in_order(list(self.cells), list(self.cells.values()))

    def locate(self, keys: Array) -> Array | None:
        """The places of ``keys``; None if these are all, in order."""
        if keys.size == self.keys.size and (keys == self.keys).all():
            return None
        return self.keys.searchsorted(keys) if self.start is None else keys - self.start

    def place(self, key: int) -> int:
        """The place of one key."""
        return int(self.keys.searchsorted(key)) if self.start is None else key - self.start

    def number(self, place: int) -> float:
        """The value at ``place``; or the error that its operation, or one before, comes to."""
        if self.failed and place in self.failed:
            try:
                return float(self.failed[place]())
            except Exception as error:
                error.add_note(
                    "This Value was waiting, and was worked out only when its number was needed; "
                    "within autograd.eager() the error comes from the line that made it."
                )
                raise
        if self._floats is None:
            self._reads += 1
            if self._reads < 4:  # as in a loop that reads its loss and nothing else
                x: float = self.values.item(place)
                return x
            self._floats = self.values.tolist()
        return self._floats[place]

    def gradient(self, place: int) -> float:
        """The gradient at ``place`` that the last walk there left."""
        return 0.0 if self.grads is None else float(self.grads[place]) + 0.0  # there is no -0.0

    def sources(self) -> tuple[Sequence[Junction], Iterable[Value]]:
        """What its reached results were made from, as `open` says."""
        raise NotImplementedError

    def share(self) -> Iterable[tuple[Value, float]]:
        """Pass its gradients on, as `pass_on` says."""
        raise NotImplementedError

    # The walk

    def open(self) -> tuple[Sequence[Junction], Iterable[Value]]:
        replay = self.replay()
        if replay is None or not replay.leads(self):
            return self.sources()
        self._led = replay
        sources: tuple[Sequence[Junction], Iterable[Value]] = replay.sources()
        return sources

    def pass_on(self) -> Iterable[tuple[Value, float]]:
        return self.share() if self._led is None else self._led.share(self.arrived())

    def reach(self, place: int) -> None:
        if self.hit is None:
            self.hit = np.zeros(len(self.keys), bool)
        if self.hit is not True:
            self.hit[place] = True

    def reach_many(self, at: Array | None, some: Array | None) -> None:
        """Reach the results at places ``at``, or all; if ``some`` is given, those of them it marks."""
        if at is None and some is None:
            self.hit = True
        elif self.hit is not True:
            if self.hit is None:
                self.hit = np.zeros(len(self.keys), bool)
            self.hit[some if at is None else at if some is None else at[some]] = True

    def receive(self, place: int, g: float) -> None:
        if self.g is None:
            self.g = np.zeros(len(self.keys))
        self.g[place] += g

    def receive_many(self, at: Array | None, some: Array | None, g: Array) -> None:
        """Add ``g`` to the gradients at places as for `reach_many`; one may be there several times."""
        if self.g is None:
            if at is None and some is None:
                self.g = g.copy()
                return
            self.g = np.zeros(len(self.keys))
        if at is None:
            self.g[slice(None) if some is None else some] += g
        else:
            np.add.at(self.g, at if some is None else at[some], g)

    def reached(self) -> Array | None:
        """Which results the walk came by; None if by all."""
        if self.hit is True or self.hit.all():
            self.hit = True
            return None
        some: Array = self.hit
        return some

    def arrived(self) -> Array:
        """The gradients of all results."""
        if self.g is None:
            self.g = np.zeros(len(self.keys))
        return self.g

    def finish(self, done: bool) -> None:
        if self._led is not None:
            self._led.finish(done)
            self._led = None
        elif done:
            self.keep(self.arrived(), self.hit)
        self.hit = self.g = None
        self.awaited = 0

    def keep(self, g: Array, hit: Any) -> None:
        """Have ``g`` as the gradients that a walk left, where ``hit`` says, or everywhere if True."""
        self.grads = g if hit is True or self.grads is None else np.where(hit, g, self.grads)
        published = self.published or {}
        for place, known in list(published.items()):
            v = known()
            if v is None:
                del published[place]
            elif hit is True or hit[place]:
                v._grad = float(g[place]) + 0.0


def guarded(kind: type, *names: str) -> None:
    """Have methods that fill cells hold a lock, if this Python lets threads run side by side."""
    if GIL:
        return

    def locked(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def replacement(*args: Any) -> Any:
            with LOCK:
                return method(*args)

        return replacement

    for name in names:
        setattr(kind, name, locked(vars(kind)[name]))


def settle(*columns: Column, early: bool = False) -> None:
    """Work out columns, after all they depend on; ``early`` if somebody has looked at a number."""
    with LOCK:
        found: dict[Column, None] = {}
        open_ = [c for c in columns if c.values is None]
        if not open_:
            return
        for column in open_:
            if column not in found:
                found[column] = None
                open_.extend([c for c in column.parents() if c.values is None])
        if early:
            TALLY.early[caller()] += 1
        with np.errstate(all="ignore"):
            for column in sorted(found, key=LEVEL):
                if column.values is None:
                    column.close()


# Operations -----------------------------------------------------------------------------------


class Operation:
    """A scalar operation on arrays of operands: ``x``, which waits, and for some a second one, ``z``.

    Args:
        forward: the results ``y``.
        left: given the gradient of ``y``, that of ``x``.
        right: the same for ``z``.
        plain: the operation on Values and numbers.
        wrong: where the plain one may raise an error.
    """

    def __init__(
        self,
        plain: Callable[..., Any],
        forward: Callable[[Any, Any], Any],
        left: Callable[[Any, Any, Any, Any], Any],
        right: Callable[[Any, Any, Any, Any], Any] | None = None,
        wrong: Callable[[Any, Any, Any], Any] | None = None,
    ) -> None:
        self.plain = plain
        self.forward = forward
        self.left = left
        self.right = right
        self.wrong = wrong


def _logistic(x: Any) -> Any:
    t = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + t), t / (1 + t))


def _below(x: Any) -> Any:
    from scipy.special import ndtr

    return ndtr(x)


def _density(x: Any) -> Any:
    return np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def _power(x: Any, k: Any) -> Any:
    if k.__class__ is float and k == 2.0:
        return x * x
    # NumPy has a power of -inf that is 0, where the plain operation has none
    return np.where((x == -math.inf) & (k != np.floor(k)), math.nan, np.power(x, k))


def _base_slope(g: Any, y: Any, x: Any, k: Any) -> Any:
    if k.__class__ is float and k == 2.0:
        return g * (2.0 * x)
    slope = k * np.power(x, k - 1.0)
    slope = np.where(np.isinf(slope) & np.isfinite(x) & (x != 0), k * (y / x), slope)
    at_0 = np.where((k == 0) | (k == 1), k, np.where(k < 1, math.inf, 0.0))
    return g * np.where(x == 0, at_0, slope)


def _exponent_slope(g: Any, y: Any, x: Any, k: Any) -> Any:
    return g * np.where(x > 0, y * np.log(np.abs(x)), np.where(x == 0, 0.0, math.nan))


def _unreal(y: Any, x: Any, k: Any) -> Any:
    beyond = np.isinf(y) & np.isfinite(x) & np.isfinite(k)
    if k.__class__ is float and k.is_integer():
        return beyond
    return beyond | ((x < 0) & np.isfinite(k) & (k != np.floor(k)))


# In a formula g is the gradient that arrives, y the result, x and z the operands. Slopes at kinks are
# those of the plain operations.
# fmt: off
OPERATIONS: dict[str, Operation] = {
    "plus":   Operation(lambda x, z: x + z,  lambda x, z: x + z, lambda g, y, x, z: g),
    "minus":  Operation(lambda x, z: x - z,  lambda x, z: x - z, lambda g, y, x, z: g),
    "rminus": Operation(lambda x, z: z - x,  lambda x, z: z - x, lambda g, y, x, z: -g),
    "times":  Operation(lambda x, z: x * z,  lambda x, z: x * z,
                        lambda g, y, x, z: g * z,     lambda g, y, x, z: g * x),
    "over":   Operation(lambda x, z: x / z,  lambda x, z: x / z,
                        lambda g, y, x, z: g / z,     lambda g, y, x, z: g * (-y / z),
                        lambda y, x, z: z == 0),
    "rover":  Operation(lambda x, z: z / x,  lambda x, z: z / x,
                        lambda g, y, x, z: g * (-y / x), lambda g, y, x, z: g / x,
                        lambda y, x, z: x == 0),
    "power":  Operation(lambda x, z: x**z,   _power,
                        _base_slope, _exponent_slope, _unreal),
    "rpower": Operation(lambda x, z: z**x,   lambda x, z: _power(z, x),
                        lambda g, y, x, z: _exponent_slope(g, y, z, x),
                        lambda g, y, x, z: _base_slope(g, y, z, x),
                        lambda y, x, z: _unreal(y, z, x)),
    "square": Operation(lambda x, z: x * x,  lambda x, z: x * x, lambda g, y, x, z: g * x + g * x),
    "neg":    Operation(lambda x, z: -x,     lambda x, z: -x,    lambda g, y, x, z: -g),
    "pos":    Operation(lambda x, z: +x,     lambda x, z: x.copy(), lambda g, y, x, z: g),
    "abs":    Operation(lambda x, z: abs(x), lambda x, z: np.abs(x),
                        lambda g, y, x, z: g * np.where(x > 0, 1.0, np.where(x < 0, -1.0, 0.0))),
    "exp":    Operation(lambda x, z: x.exp(),  lambda x, z: np.power(E, x),
                        lambda g, y, x, z: g * y, None, lambda y, x, z: np.isinf(y) & np.isfinite(x)),
    "log":    Operation(lambda x, z: x.log(),  lambda x, z: np.log(x),
                        lambda g, y, x, z: g * (1 / x), None, lambda y, x, z: x <= 0),
    "sqrt":   Operation(lambda x, z: x.sqrt(), lambda x, z: np.sqrt(x),
                        lambda g, y, x, z: g * np.where(y == 0, math.inf, 0.5 / y), None,
                        lambda y, x, z: x < 0),
    "sin":    Operation(lambda x, z: x.sin(),  lambda x, z: np.sin(x),
                        lambda g, y, x, z: g * np.cos(x),  None, lambda y, x, z: np.isinf(x)),
    "cos":    Operation(lambda x, z: x.cos(),  lambda x, z: np.cos(x),
                        lambda g, y, x, z: g * -np.sin(x), None, lambda y, x, z: np.isinf(x)),
    "tanh":   Operation(lambda x, z: x.tanh(), lambda x, z: np.tanh(x),
                        lambda g, y, x, z: g * (1 - y * y)),
    "sigmoid": Operation(lambda x, z: x.sigmoid(), lambda x, z: _logistic(x),
                        lambda g, y, x, z: g * (y * (1 - y))),
    "relu":   Operation(lambda x, z: x.relu(), lambda x, z: np.maximum(x, 0.0),
                        lambda g, y, x, z: g * (x > 0)),
    "leaky_relu": Operation(lambda x, z: x.leaky_relu(), lambda x, z: np.where(x > 0, 1.0, 0.01) * x,
                        lambda g, y, x, z: g * np.where(x > 0, 1.0, 0.01)),
    "softplus": Operation(lambda x, z: x.softplus(),
                        lambda x, z: np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))),
                        lambda g, y, x, z: g * _logistic(x)),
    "gelu":   Operation(lambda x, z: x.gelu(), lambda x, z: x * _below(x),
                        lambda g, y, x, z: g * (_below(x) + x * _density(x))),
}
# fmt: on


class Applied(Column):
    """The results of an operation: on one column, on one and numbers, or on two.

    The key of a result is that of its first operand. Cells hold the number, or the key of the second
    operand, or anything.
    """

    def __init__(self, name: str, left: Column, right: Column | None = None, numbers: bool = False) -> None:
        level, depth = left.level, left.depth
        if right is not None:
            level, depth = max(level, right.level), max(depth, right.depth)
        super().__init__(level + 1, depth + 1, left.origin)
        self.name = name if right is None else None
        self.operation_name = name
        self.operation = OPERATIONS[name]
        self.left = left
        self.right = right
        self.sparse = left.sparse
        self.cells = Sparse() if left.sparse else [None] * ROOM
        self.numbers = numbers  # whether cells hold numbers

    def another(self, new: Mapping[Column, Column]) -> Column:
        left, right = new[self.left], None if self.right is None else new[self.right]
        made = Applied(self.operation_name, left, right, self.numbers)
        left.lead(self.name or (self.operation_name, id(right)), made)
        return made

    def operands(self) -> Sequence[Column]:
        return (self.left,) if self.right is None else (self.left, self.right)

    parents = operands

    def work(self) -> tuple[Array, Array]:
        left, right = self.left, self.right
        keys, at, z = self._whole() or self._some()
        self.at = at
        self.x = x = left.values if at is None else left.values[at]
        self.at_right: Array | None = None
        if right is not None:
            self.at_right = at = right.locate(z)
            z = right.values if at is None else right.values[at]
        self.z = z
        self.y = y = self.operation.forward(x, z)
        if self.operation.wrong is not None and not math.isfinite(y.dot(y)):  # it may have gone wrong
            self._retry(np.flatnonzero(self.operation.wrong(y, x, z)).tolist())
        if left.failed:
            self._fail(left, self.at)
        if right is not None and right.failed:
            self._fail(right, self.at_right)
        return keys, y

    def _whole(self) -> tuple[Array, Array | None, Any] | None:
        """What `_some` says, if there is a cell for each result of the first operand."""
        keys, cells = self.left.keys, self.cells
        if self.left.start != 0 or cells.__class__ is not list:
            return None
        payloads = cells if len(cells) == keys.size else cells[: keys.size]
        if len(payloads) < keys.size or None in payloads:
            return None
        return keys, None, self._second(payloads)

    def _some(self) -> tuple[Array, Array | None, Any]:
        """Keys, the places of these in the first operand's column, and what stands in the cells."""
        if self.cells.__class__ is list:
            there = [key for key, payload in enumerate(self.cells) if payload is not None]
            keys, payloads = np.array(there, np.int64), [self.cells[key] for key in there]
        else:
            keys, payloads = self.snapshot()
        return keys, self.left.locate(keys), self._second(payloads)

    def _second(self, payloads: list[Any]) -> Any:
        """The second operands: keys, numbers, or the one number that they all are; None without any."""
        first = payloads[0]
        if not self.numbers and self.right is None and payloads.count(0) == len(payloads):
            return None
        if self.numbers and first and payloads.count(first) == len(payloads):  # 0.0 and -0.0 are not the same
            return first
        return np.fromiter(payloads, np.int64 if self.right is not None else np.float64, len(payloads))

    def _fail(self, column: Column, at: Array | None) -> None:
        """Let results fail whose operands have."""
        places = range(len(self.y)) if at is None else at.tolist()
        bad = {i: column.failed[j] for i, j in enumerate(places) if j in column.failed}
        self.failed = {**self.failed, **bad}

    def _retry(self, places: list[int]) -> None:
        """Do by the plain operation what NumPy may have answered without an error."""
        for i in places:
            x, z = Value(float(self.x[i])), self.z if self.z.__class__ is not np.ndarray else float(self.z[i])
            again = usually(self.operation.plain, x, z)
            try:
                self.y[i] = again()
            except (ArithmeticError, ValueError):
                self.y[i] = math.nan
                self.failed = {**self.failed, i: again}

    def sources(self) -> tuple[Sequence[Junction], Iterable[Value]]:
        some = self.reached()
        self.left.reach_many(self.at, some)
        if self.right is not None:
            self.right.reach_many(self.at_right, some)
        return self.parents(), ()

    def share(self) -> Iterable[tuple[Value, float]]:
        some, g = self.reached(), self.arrived()
        y, x, z = self.y, self.x, self.z
        if some is not None:
            g, y, x, z = g[some], y[some], x[some], z[some] if z.__class__ is np.ndarray else z
        self.left.receive_many(self.at, some, self.operation.left(g, y, x, z))
        if self.right is not None:
            assert self.operation.right is not None
            self.right.receive_many(self.at_right, some, self.operation.right(g, y, x, z))
        return ()


def usually(plain: Callable[..., Any], x: Value, z: float | None) -> Callable[[], float]:
    """The plain operation, to be done again each time its error is wanted."""
    return lambda: float(plain(x, z))


class Term(NamedTuple):
    """Part of what `Sums` add: results of one column.

    Attributes:
        source: which column, among ``parents()`` of the sums.
        at: the places of the results there; None if these are all.
        sums: the sums that they go into; None if these are all.
        chains: the chains that begin with them, whose first sums these are; None if they are added later.
    """

    source: int
    at: Array | None
    sums: Array | None
    chains: Array | None


def same(keys: Array, others: Array) -> bool:
    """Whether these are the same keys."""
    return keys is others or np.array_equal(keys, others)


class Layout(NamedTuple):
    """Which chains there are in `Sums`, and what they add. It serves again where nothing of that changes.

    Attributes:
        cells: what it was found in: keys, what stands there, ``starts`` and ``odd`` as they were then.
        sources: the keys of the columns that are added.
        keys, there: of the sums; and what stands in their cells.
        heads: by chain, the place of its first sum.
        groups: which sums, how many a chain, and which chains, for each length that there is.
        terms: all that is added and comes from columns.
        begun, added: what chains start with, and what each sum adds: numbers, and room for the terms.
    """

    cells: tuple[list[int], list[Any], Mapping[int, Any], Mapping[int, Any]]
    sources: Sequence[Array]
    keys: Array
    there: Array
    heads: Array
    groups: list[tuple[Any, int, Array]]
    terms: list[Term]
    begun: Array
    added: Array

    def of(self, sources: Sequence[Array]) -> bool:
        """Whether these are the keys of the columns that are added."""
        return len(sources) == len(self.sources) and all(map(same, sources, self.sources))


class Sums(Column):
    """Chains of ``+``: the keys of a chain follow each other, and its numbers are added in order.

    A cell holds what its step adds: the key of a result of ``home``. What is something else stands in
    ``odd``: which one of ``others`` and the key there, or None and a number. What a chain starts with is
    one of these too, in ``starts``, by the chain's number.
    """

    home: Column
    sparse = True
    layout: Any = None  # the `Layout` of the last time

    def __init__(self, home: Column) -> None:
        super().__init__(home.level + 1, home.depth + 1, home.origin)
        self.cells = Sparse()
        self.home = home
        self.numbers = itertools.count()
        self.starts: dict[int, tuple[int | None, Any]] = {}
        self.odd: dict[int, tuple[int | None, Any]] = {}
        self.others: dict[Column, int] = {}

    def another(self, new: Mapping[Column, Column]) -> Column:
        home = new[self.home]
        made = Sums(home)
        made.layout = self.layout
        made.numbers = self.numbers  # of chains, which are to be others than those there are
        home.lead("sum", made)
        return made

    def reopen(self, room: int) -> None:
        super().reopen(room)
        self.starts, self.odd, self.others = {}, {}, {}

    def term(self, column: Column | None, x: Any) -> tuple[int | None, Any]:
        """A result of another column, or a number, as it stands in ``starts`` and ``odd``.

        Ask before you look whether a cell is empty, since another thread may go on during a call.
        """
        if column is None:
            return None, x
        i = self.others.get(column)
        if i is None:
            with LOCK:
                i = self.others.setdefault(column, len(self.others))
        return i, x

    def chain(self, start: tuple[int | None, Any], payload: int) -> int:
        """Start a chain; the key of its first sum."""
        number = next(self.numbers)
        self.starts[number] = start
        key = (number << SHIFT) + 1
        self.cells[key] = payload
        return key

    def operands(self) -> Sequence[Column]:
        return (self.home,)

    def parents(self) -> Sequence[Column]:
        return [self.home, *self.others]

    def work(self) -> tuple[Array, Array]:
        cells = list(self.cells), list(self.cells.values()), self.starts, self.odd
        parents = self.parents()
        settle(*parents)  # another thread may have come with one
        sources = [column.keys for column in parents]
        if self.layout is None or cells != self.layout.cells or not self.layout.of(sources):
            self.layout = self._lay_out(cells, parents)
        layout: Layout = self.layout
        added, begun = layout.added, layout.begun
        for source, at, sums, chains in layout.terms:
            column = parents[source]
            x = column.values if at is None else column.values[at]
            if chains is not None:
                begun[chains] = x
            elif sums is None:
                added = x
            else:
                added[sums] = x
        # Chains of the same length are added up together
        values = np.empty(added.size)
        for rows, length, which in layout.groups:
            lines = np.empty((which.size, length + 1))
            lines[:, 0] = begun[which]
            lines[:, 1:] = added[rows].reshape(-1, length)
            values[rows] = np.add.accumulate(lines, axis=1)[:, 1:].reshape(values[rows].shape)
        self._fail(layout, parents)
        return layout.keys, values

    def _lay_out(self, cells: Any, parents: Sequence[Column]) -> Layout:
        """Find out which chains there are, and what they add."""
        keys, payloads = in_order(cells[0], cells[1])
        n = len(keys)
        there = np.fromiter(payloads, np.int64, n)
        numbers = keys >> SHIFT
        heads = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1]]))
        lengths = np.diff(heads, append=n)
        groups: list[tuple[Any, int, Array]] = []
        for length in np.unique(lengths).tolist():
            which = np.flatnonzero(lengths == length)
            rows: Any = slice(None) if len(which) * length == n else heads[which, None] + np.arange(length)
            groups.append((rows, length, which))
        begun, added = np.zeros(len(heads)), np.zeros(n)
        terms: list[Term] = []
        starts = [self.starts[number] for number in numbers[heads].tolist()]
        for i, x, own in by_source(starts):
            if i is None:
                begun[own] = x
            else:
                terms.append(Term(i + 1, parents[i + 1].locate(x), heads[own], own))
        place = {key: i for i, key in enumerate(keys.tolist())}
        odd = {key: item for key, item in list(self.odd.items()) if key in place}  # a thread may be late
        sums = np.array([place[key] for key in odd], np.int64)
        for i, x, own in by_source(list(odd.values())):
            if i is None:
                added[sums[own]] = x
            else:
                terms.append(Term(i + 1, parents[i + 1].locate(x), sums[own], None))
        usual = np.ones(n, bool)
        usual[sums] = False
        if usual.all():
            terms.insert(0, Term(0, self.home.locate(there), None, None))
        elif usual.any():
            terms.insert(0, Term(0, self.home.locate(there[usual]), np.flatnonzero(usual), None))
        sources = [column.keys for column in parents]
        cells = cells[0], cells[1], dict(self.starts), dict(self.odd)
        return Layout(cells, sources, keys, there, heads, groups, terms, begun, added)

    def _fail(self, layout: Layout, parents: Sequence[Column]) -> None:
        """Let every sum fail that has a failed term."""
        n = layout.keys.size
        bad = {}
        for source, at, sums, _ in layout.terms:
            column = parents[source]
            if column.failed:
                mine = range(n) if sums is None else sums.tolist()
                there = range(len(column.keys)) if at is None else at.tolist()
                bad.update(
                    {i: column.failed[j] for i, j in zip(mine, there, strict=True) if j in column.failed}
                )
        failed = {}
        for rows, length, _ in layout.groups if bad else ():
            for chain in np.arange(n)[rows].reshape(-1, length).tolist():
                cause = None
                for i in chain:
                    cause = cause or bad.get(i)
                    if cause:
                        failed[i] = cause
        self.failed = failed

    def _back(self, x: Array, accumulate: Callable[..., Any]) -> Array:
        """Accumulate along each chain, from its end."""
        groups = self.layout.groups
        if len(groups) == 1 and groups[0][1] == len(x):
            sums: Array = accumulate(x[::-1])[::-1]
            return sums
        out = np.empty_like(x)
        for rows, length, _ in groups:
            lines = x[rows].reshape(-1, length)
            total = accumulate(lines[:, ::-1], axis=1)[:, ::-1]
            out[rows] = total.reshape(-1) if isinstance(rows, slice) else total
        return out

    def sources(self) -> tuple[Sequence[Junction], Iterable[Value]]:
        some = None  # the sums that were reached, or a later one of their chain; None if all
        if self.hit is not True and not (self.layout.groups[0][1] == len(self.hit) and self.hit[-1]):
            some = self._back(self.hit, np.logical_or.accumulate)
            some = None if some.all() else some
        self.some = some
        parents, sources = self.parents(), []
        for source, at, sums, _ in self.layout.terms:
            mine = some if sums is None or some is None else some[sums]
            if mine is None or mine.any():
                parents[source].reach_many(at, mine)
                sources.append(parents[source])
        return sources, ()

    def share(self) -> Iterable[tuple[Value, float]]:
        g = self._back(self.arrived(), np.add.accumulate)
        self.g = g  # what arrived at a sum later in the chain has come through this one
        some, parents = self.some, self.parents()
        for source, at, sums, _ in self.layout.terms:
            mine = some if sums is None or some is None else some[sums]
            if mine is None or mine.any():
                part = g if sums is None else g[sums]
                parents[source].receive_many(at, mine, part if mine is None else part[mine])
        return ()

    def finish(self, done: bool) -> None:
        if done and self._led is None:
            self.hit = True if self.some is None else self.some
        super().finish(done)


def by_source(
    items: Sequence[tuple[int | None, Any]],
) -> Iterable[tuple[int | None, Array, Array]]:
    """Terms of `Sums` by the column that they come from: its number, keys or numbers, and which these are."""
    found: dict[int | None, tuple[list[Any], list[int]]] = {}
    for k, (i, x) in enumerate(items):
        its, own = found.setdefault(i, ([], []))
        its.append(x)
        own.append(k)
    return [(i, np.array(its), np.array(own)) for i, (its, own) in found.items()]


class Pins(Column):
    """Values that are no part of a column, as operands of some that are: with their numbers then."""

    def __init__(self) -> None:
        super().__init__(0, 0)
        self.count = itertools.count()

    def pin(self, value: Value) -> int:
        """The key of ``value``."""
        key = next(self.count)
        self.cells[key] = value, value._data
        return key

    def parents(self) -> Sequence[Column]:
        return ()

    def work(self) -> tuple[Array, Array]:
        keys, payloads = self.snapshot()
        self.pinned = [v for v, _ in payloads]
        return keys, np.fromiter((x for _, x in payloads), np.float64, len(keys))

    def sources(self) -> tuple[Sequence[Junction], Iterable[Value]]:
        some = self.reached()
        self.walked = range(len(self.pinned)) if some is None else np.flatnonzero(some).tolist()
        return (), [self.pinned[i] for i in self.walked]

    def share(self) -> Iterable[tuple[Value, float]]:
        g = self.arrived().tolist()
        return [(self.pinned[i], g[i]) for i in self.walked]
