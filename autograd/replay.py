"""Replays: a pattern that comes again and again runs as one `Program`.

Worked out one by one, each column looks again at what its cells hold and which results they belong
to, and each junction on the way back at where its gradients go. In a loop that does the same each
time all that is known. So a `Replay` records the forward and the backward of a module's columns, from
the samples to the loss, once; and after that only copies in the new numbers and makes the calls.

It takes no chances: where anything is not as it was recorded, in the cells or on the way back, it
steps aside, and the columns do the work themselves.
"""

import math
import operator
import struct
import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.columns import ORDERS, Applied, Column, Sums
from autograd.engine import Value
from autograd.errors import UnsupportedError
from autograd.graph import Junction
from autograd.passes import Passes, turn
from autograd.tensor.core import Tensor, array_of, as_usual
from autograd.tensor.shaping import scatter
from autograd.tensor.tape import Array
from autograd.tensor.trace import check

__all__ = ["Replay", "Root"]

REPEATS = 2  # of the same work, before it is worth a recording
ALL = slice(None)
CLOSED = operator.attrgetter("closed")


class Root(Column):
    """A column that others are made from: what a `Replay` asks of it."""

    X: Array  # what it was worked out from last

    def read(self) -> Array:
        """What it is to be worked out from; it is closed."""
        raise NotImplementedError

    def through(self, X: Tensor) -> Tensor:
        """Its results, in the order of their keys."""
        raise NotImplementedError

    @property
    def asks(self) -> bool:
        """Whether the gradient of ``X`` is wanted."""
        raise NotImplementedError

    def may_skip(self, some: Array) -> bool:
        """Whether a gradient of 0 is as good as none for all results but ``some``."""
        return True

    def give(self, slopes: Array) -> Iterable[tuple[Value, float]]:
        """Pass the gradient of ``X`` on."""
        raise NotImplementedError


def refuse_wrong(y: Array) -> None:
    """FloatingPointError if an operation may have gone wrong."""
    if not math.isfinite(y.dot(y)):
        raise FloatingPointError


def in_dtype(x: Any, dtype: Any) -> Any:
    """``x`` with numbers of a dtype; itself, if it has that."""
    return x if x.dtype == dtype else x.astype(dtype)


Values = Mapping[int, Any]  # by number of the column, the numbers of its results
Slopes = tuple[Any, Sequence[Any]]  # the gradients of results, and those of each operand


class Operand(NamedTuple):
    """Results that a step works on: of which column, and which places there."""

    column: int
    at: Any

    def of(self, values: Values) -> Any:
        """Their numbers."""
        x = values[self.column]
        if self.at is ALL:
            return x
        return x[self.at] if isinstance(self.at, slice) else x.take(self.at, mode="clip")


class Step:
    """What a column does each time, to the same results of columns that are known by their numbers.

    Attributes:
        operands: those results.
        number: where numbers from the cells are copied to, if they may be others each time.
        ends: if the walk back comes by these of its own results, it does by all.
    """

    operands: Sequence[Operand]
    number: Any = None
    ends: Any = ALL

    def __init__(self, own: int, column: Column) -> None:
        self.own = own  # which column it is
        self.keys, self.start = column.keys, column.start

    def fill(self, column: Any, columns: Sequence[Column]) -> bool:
        """Take over the numbers that stand in the cells; whether all else is as it was."""
        raise NotImplementedError

    def forward(self, values: Values, number: Any) -> Any:
        """Its results, from those of the columns before it."""
        raise NotImplementedError

    def backward(self, g: Any, some: Array, values: Values, number: Any) -> Slopes:
        """The gradients of its results, those that arrived being ``g``, and those of the operands.

        The walk comes by ``some`` of the results.
        """
        raise NotImplementedError

    def reached(self, some: Array) -> Sequence[Array]:
        """Which of its operands the walk comes by. It comes by ``some`` of its results, and is to add others
        that it comes by then.
        """
        raise NotImplementedError

    def restore(self, column: Any, values: Values) -> None:
        """Leave the column as if it had done the work itself."""
        raise NotImplementedError


class Applying(Step):
    """What an `Applied` column does."""

    def __init__(self, own: int, column: Applied, operands: Sequence[Operand]) -> None:
        super().__init__(own, column)
        self.operands = operands
        self.places = column.at, column.at_right
        self.n, last = column.keys.size, column.keys.item(-1)
        self.listed = column.keys.tolist() if column.sparse else None
        self.whole = last == self.n - 1  # or keys are missing between
        if self.listed is None:
            slots = index(column.keys)
            self.pick = operator.itemgetter(*([slots] if isinstance(slots, slice) else slots.tolist()))
        self.operation = column.operation
        z = column.z
        self.constant = 0 if z is None else z
        self.right = None if column.right is None else column.right.keys[operands[1].at].tolist()
        if column.numbers and (z.__class__ is not float or column.name not in ("power", "rpower")):
            self.number = np.array(np.broadcast_to(z, self.n))
        self.write = struct.Struct(f"{self.n}d").pack_into

    def fill(self, column: Any, columns: Sequence[Column]) -> bool:
        cells = column.cells
        if self.listed is not None:
            if list(cells) != self.listed:
                return False
            cells = list(cells.values())
        elif len(cells) != self.n:
            if not self.whole and (len(cells) <= self.keys[-1] or cells.count(None) != len(cells) - self.n):
                return False
            cells = self.pick(cells)  # there was room for more; a key that is missing shows as None
        if self.right is not None:
            same: bool = list(cells) == self.right
            return same
        if self.number is None:
            return bool(cells.count(self.constant) == self.n)
        self.write(self.number, 0, *cells)  # struct.error if there is None
        return True

    def _operands(self, values: Values, number: Any) -> tuple[Any, Any]:
        x = self.operands[0].of(values)
        if len(self.operands) == 2:
            return x, self.operands[1].of(values)
        return x, self.constant if number is None else number

    def forward(self, values: Values, number: Any) -> Any:
        y = self.operation.forward(*self._operands(values, number))
        if self.operation.wrong is not None:
            check(refuse_wrong, y)
        return y

    def backward(self, g: Any, some: Array, values: Values, number: Any) -> Slopes:
        x, z = self._operands(values, number)
        y = values[self.own]
        slopes = (self.operation.left, self.operation.right)[: len(self.operands)]
        gradients = [slope(g, y, x, z) for slope in slopes if slope is not None]
        # Where there is none, a slope that is no number is not to make one of it
        return g, gradients if some.all() else [np.where(some, gx, 0.0) for gx in gradients]

    def reached(self, some: Array) -> Sequence[Array]:
        return [some] * len(self.operands)

    def restore(self, column: Any, values: Values) -> None:
        column.keys, column.start = self.keys, self.start
        column.at, column.at_right = self.places
        column.x, column.z = self._operands(values, self.number)
        column.y = column.values


class Summing(Step):
    """What `Sums` do: they add up the same results, and the same numbers."""

    def __init__(self, own: int, column: Sums, sources: Sequence[int]) -> None:
        super().__init__(own, column)
        layout = self.layout = column.layout
        self.others = list(sources[1:])
        self.operands = [Operand(sources[t.source], index(t.at)) for t in layout.terms]
        self.sums = [t.sums for t in layout.terms]
        # Where in the row of all that is added, the numbers and then one operand after the other, stands what
        # each sum adds, and what each chain starts with
        n, chains = layout.keys.size, layout.heads.size
        added, begun = np.full(n, -1), np.full(chains, -1)
        place = n + chains - sum(n if t.sums is None else t.sums.size for t in layout.terms)
        for term in layout.terms:
            to, which = (added, term.sums) if term.chains is None else (begun, term.chains)
            size = n if which is None else which.size
            to[ALL if which is None else which] = np.arange(place, place + size)
            place += size
        rest = begun < 0, added < 0
        self.numbers = np.concatenate([layout.begun[rest[0]], layout.added[rest[1]]])
        begun[rest[0]] = np.arange(rest[0].sum())
        added[rest[1]] = np.arange(rest[0].sum(), self.numbers.size)
        self.lines, self.rows = [], []
        for rows, size, which in layout.groups:
            self.lines.append(np.column_stack([begun[which], added[rows].reshape(-1, size)]))
            self.rows.append(rows if isinstance(rows, slice) else rows.reshape(-1))
        places = np.concatenate([np.arange(n)[rows] for rows in self.rows])
        self.back = None if len(self.rows) == 1 else np.argsort(places)
        self.ends = np.append(layout.heads[1:], n) - 1

    def fill(self, column: Any, columns: Sequence[Column]) -> bool:
        if [columns[i] for i in self.others] != list(column.others):
            return False
        cells = list(column.cells), list(column.cells.values()), column.starts, column.odd
        return bool(cells == self.layout.cells)

    def _in_order(self, parts: Sequence[Any]) -> Any:
        """By sum, what was found for each length of chains."""
        flat = [part.reshape(-1) for part in parts]
        return flat[0] if self.back is None else taken(np.concatenate(flat), self.back)

    def forward(self, values: Values, number: Any) -> Any:
        row = np.concatenate([self.numbers, *(operand.of(values) for operand in self.operands)])
        return self._in_order([np.add.accumulate(taken(row, at), axis=1)[:, 1:] for at in self.lines])

    def _along(self, x: Any, accumulate: Any) -> Any:
        """Accumulate along each chain, from its end."""
        lines = [x[rows].reshape(len(own), -1) for rows, own in zip(self.rows, self.lines, strict=True)]
        return self._in_order([accumulate(line[:, ::-1], axis=1)[:, ::-1] for line in lines])

    def backward(self, g: Any, some: Array, values: Values, number: Any) -> Slopes:
        g = self._along(g, np.add.accumulate)
        return g, [g if sums is None else taken(g, sums) for sums in self.sums]

    def reached(self, some: Array) -> Sequence[Array]:
        some[...] = self._along(some, np.logical_or.accumulate)
        return [some if sums is None else some[sums] for sums in self.sums]

    def restore(self, column: Any, values: Values) -> None:
        column.keys, column.start, column.layout = self.keys, self.start, self.layout


def taken(row: Any, at: Array) -> Any:
    """``row[at]``; a view if that is all, in order."""
    if np.array_equal(at.reshape(-1), np.arange(row.size)):
        return row.reshape(at.shape)
    return row.take(at, mode="clip")


def index(at: Array | None) -> Any:
    """Places as an index: a slice, if they are regular."""
    if at is None:
        return ALL
    step = int(at[1] - at[0]) if at.size > 1 else 1
    first, end = int(at[0]), int(at[-1]) + 1
    regular = step > 0 and first + step * (at.size - 1) == end - 1 and (np.diff(at) == step).all()
    return slice(first, end, step) if regular else at


def step_of(own: int, column: Column, numbers: Mapping[int, int]) -> Step | None:
    """What a column did last, if it can be recorded; ``numbers`` are those of the ones before, by id."""
    sources = [numbers.get(id(parent), -1) for parent in column.parents()]
    if min(sources) < 0:
        return None
    if isinstance(column, Applied):
        places = [column.at, column.at_right][: len(sources)]
        return Applying(own, column, [Operand(i, index(at)) for i, at in zip(sources, places, strict=True)])
    if isinstance(column, Sums) and column.layout.of([parent.keys for parent in column.parents()]):
        return Summing(own, column, sources)
    return None


class Replay:
    """The work of a pattern's columns, recorded.

    It belongs to the `Pattern`. Two columns know it, weakly: the first one, which asks it to go
    `forward`, and the one that the walk back came from, which stands for all that it was made from.
    """

    ran = False  # whether it did the work since the pattern was opened, and has not gone back yet

    def __init__(self, columns: list[Any]) -> None:
        self.columns = columns  # the very list of the pattern, which counts references
        self.worked: list[bool] = []  # which columns were worked out the last time
        self.walked = [False] * len(columns)  # and which the last way back came by
        self.repeats = 0  # how often in a row it was the same ones
        self.steps: dict[int, Step] | None = None  # by number of the column, once recorded
        self.misses = 0  # how often in a row something was not as it was recorded
        self.patience = 4  # with these; then it is recorded anew
        columns[0].replay = weakref.ref(self)

    def reopen(self) -> None:
        """Make it ready for another time; the columns are opened after that."""
        worked = list(map(CLOSED, self.columns))
        self.repeats = self.repeats + 1 if worked[0] and worked == self.worked else 0
        self.worked = worked
        if not self.steps and any(walked := [column.grads is not None for column in self.columns]):
            self.walked = walked
        self.ran = False

    def forward(self, root: Root) -> bool:
        """Work the columns out; False if they have to do it themselves."""
        if root is not self.columns[0] or self.repeats < REPEATS:
            return False
        if self.steps is None:
            with as_usual():
                self._record(root)
        if not self.steps:
            self._miss()
            return False
        columns = [root, *(self.columns[i] for i in self.steps)]
        for column in columns:
            column.closed = True
        try:
            self.ran = self._run(root, columns)
        except (struct.error, FloatingPointError):  # there is no cell, or no number
            pass
        finally:
            if not self.ran:
                for column in columns:
                    column.closed = False
        if self.ran:
            self.misses = 0
            self._publish(root, columns)
        else:
            self._miss()
        return self.ran

    def _miss(self) -> None:
        self.misses += 1
        if self.misses == self.patience:
            self.steps = None
            self.misses = 0
            self.patience *= 2

    def _run(self, root: Root, columns: Sequence[Any]) -> bool:
        """Copy in what is new, and make the calls; False if something is not as it was recorded."""
        assert self.steps is not None
        for step, column in zip(self.steps.values(), columns[1:], strict=True):
            if not step.fill(column, self.columns):
                return False
        X = root.read()
        if X.shape != self.X.shape or root.failed or root.asks > self.asks:
            return False
        np.copyto(self.X, X)
        self.passes.forward()
        return True

    def _publish(self, root: Root, columns: Sequence[Any]) -> None:
        """Leave the columns as if each had done the work itself."""
        assert self.steps is not None
        root.X = self.X
        root.keys, root.start = self.keys
        for column, y in zip(columns, self.values.values(), strict=True):
            column.values = y
        for step, column in zip(self.steps.values(), columns[1:], strict=True):
            step.restore(column, self.values)
        for column in columns:
            column.order = next(ORDERS)
            column.cells = type(column.cells)()

    def leads(self, column: Column) -> bool:
        """Whether the way back from ``column`` is the recorded one, and nothing else leads there."""
        if not self.ran or column is not self.columns[self.last]:
            return False
        if any(self.columns[i].awaited for i in self.rest):
            return False
        hit = column.hit
        return hit is True or bool(hit.item(-1) and hit[self.ends].all())

    def sources(self) -> tuple[Sequence[Junction], Iterable[Value]]:
        """What the first column was made from."""
        root: Root = self.columns[0]
        root.hit = True
        return root.sources()

    def share(self, g: Array) -> Iterable[tuple[Value, float]]:
        """Go back from the gradients ``g`` of the last column."""
        self.ran = False  # the way back may use the memory of the way forward: another walk is the columns'
        np.copyto(self.seed, g)
        self.passes.backward()
        return () if self.slopes is None else self.columns[0].give(self.slopes)

    def finish(self, done: bool) -> None:
        """Keep the gradients of the walk if it is ``done``, and forget the rest."""
        self.columns[0].hit = None
        for i, g in self.grads.items() if done else ():
            self.columns[i].keep(g, self.some[i])

    def _record(self, root: Root) -> None:
        """Record what the columns did last time, as far as it can be."""
        numbers = {id(root): 0}
        steps: dict[int, Step] = {}
        for i, (column, worked) in enumerate(zip(self.columns, self.worked, strict=True)):
            if worked and i > 0 and column.used():  # or it may come later, after a look at numbers
                step = step_of(i, column, numbers)
                if step is not None:
                    numbers[id(column)] = i
                    steps[i] = step
        if not steps:
            return
        self.steps = {}
        last = max((i for i in steps if self.walked[i]), default=max(steps))
        some = self._reached(last, steps)
        while not root.may_skip(some[0]):  # then the columns go back themselves, at least until there
            last = max((i for i in steps if i < last), default=0)
            if last == 0:
                return
            some = self._reached(last, steps)
        asks = root.asks

        def both(X: Tensor, seed: Tensor, *given: Tensor) -> Any:
            fed = dict(zip((i for i, step in steps.items() if step.number is not None), given, strict=True))
            fed = {i: array_of(x) for i, x in fed.items()}
            result = root.through(X)
            values = {0: in_dtype(array_of(result).reshape(-1), np.float64)}
            for i, step in steps.items():
                values[i] = step.forward(values, fed.get(i))
            turn(*values.values())
            grads = {last: array_of(seed)}
            for i in reversed(steps):
                if i not in some:
                    continue
                grads[i], parts = steps[i].backward(grads[i], some[i], values, fed.get(i))
                for (j, at), g in zip(steps[i].operands, parts, strict=True):
                    if j in some:
                        g = g if at is ALL else scatter(g, index=at, shape=values[j].shape)
                        grads[j] = grads[j] + g if j in grads else g
            g = in_dtype(grads[0].reshape(result.shape), result.dtype)
            result.backward(Tensor._of(g, None))
            return values, grads, X.grad if asks else None

        X = Tensor(root.X, True) if asks else root.X
        buffers = [step.number for step in steps.values() if step.number is not None]
        try:
            self.passes = Passes(both, X, np.zeros(self.columns[last].keys.size), *buffers)
        except (UnsupportedError, FloatingPointError):
            return
        self.X, self.seed, *buffers = self.passes.inputs
        for step in steps.values():
            step.number = None if step.number is None else buffers.pop(0)
        self.values, self.grads, self.slopes = self.passes.outputs
        self.some = {i: True if mask.all() else mask for i, mask in some.items()}
        self.asks = asks
        self.last, self.ends = last, steps[last].ends
        self.rest = [i for i in (0, *steps) if i != last]
        self.keys = root.keys, root.start
        self.steps = steps
        self.columns[last].replay = weakref.ref(self)

    def _reached(self, last: int, steps: Mapping[int, Step]) -> dict[int, Array]:
        """Which results the way back comes by, by column, if it comes by the ``ends`` of the ``last`` one."""
        some = {last: np.ones(self.columns[last].keys.size, bool)}
        for i in reversed(list(steps)):
            if i in some:
                for (j, at), part in zip(steps[i].operands, steps[i].reached(some[i]), strict=True):
                    n = self.columns[j].keys.size
                    some.setdefault(j, np.zeros(n, bool))[np.arange(n)[at][part]] = True
        return some
