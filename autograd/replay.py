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
from collections.abc import Iterable, Sequence
from typing import Any

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
AWAITED = operator.attrgetter("awaited")


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


class Applying:
    """What an `Applied` column does each time: its operation on the same operands, with other numbers."""

    ends = ALL  # if these of its results are reached, so are all

    def __init__(self, column: Applied, part: slice | None) -> None:
        self.keys, self.start, self.at, self.part = column.keys, column.start, column.at, part
        self.listed = column.keys.tolist() if column.sparse else None
        self.n = column.keys.size
        self.operation = column.operation
        z = column.z
        self.constant: Any = 0 if z is None else z
        self.number: Any = None  # where numbers are copied to, if they may be others each time
        if z is not None and (z.__class__ is not float or column.name not in ("power", "rpower")):
            self.number = np.broadcast_to(z, self.n)
        self.write = struct.Struct(f"{self.n}d").pack_into

    def fill(self, column: Any) -> bool:
        """Take over the numbers that stand in the cells; whether all else is as it was."""
        cells = column.cells
        if self.listed is not None:
            if list(cells) != self.listed:
                return False
            cells = list(cells.values())
        elif len(cells) != self.n:
            cells = cells[: self.n]  # there was room for more; a key that is missing shows as None
        if self.number is None:
            same: int = cells.count(self.constant)
            return same == self.n
        self.write(self.number, 0, *cells)  # struct.error if there is None
        return True

    def forward(self, x: Any, z: Any) -> Any:
        y = self.operation.forward(x, z)
        if self.operation.wrong is not None:
            check(refuse_wrong, y)
        return y

    def backward(self, g: Any, y: Any, x: Any, z: Any) -> tuple[Any, Any]:
        """The gradients of the results, and those of the operands."""
        return g, self.operation.left(g, y, x, z)

    def restore(self, column: Any, x: Array, y: Array) -> None:
        """Leave the column as if it had done the work itself."""
        column.keys, column.start, column.at = self.keys, self.start, self.at
        column.x = x if self.part is None else x[self.part]
        column.y, column.z = y, self.constant if self.number is None else self.number


class Summing:
    """What `Sums` do each time: they add up the same results."""

    constant = number = None

    def __init__(self, column: Sums, part: slice | None) -> None:
        self.keys, self.start, self.layout, self.part = column.keys, column.start, column.layout, part
        (_, length, _) = self.layout.groups[0]
        self.ends = slice(length - 1, None, length)  # of the chains
        self.length = length
        self.begun = self.layout.begun[:, None]

    def fill(self, column: Any) -> bool:
        cells = list(column.cells), list(column.cells.values()), column.starts, column.odd
        return bool(cells == self.layout.cells)

    def forward(self, x: Any, z: None) -> Any:
        lines = np.concatenate([self.begun, x.reshape(-1, self.length)], axis=1)
        return np.add.accumulate(lines, axis=1)[:, 1:].reshape(-1)

    def backward(self, g: Any, y: Any, x: Any, z: None) -> tuple[Any, Any]:
        lines = g.reshape(-1, self.length)[:, ::-1]
        own = np.add.accumulate(lines, axis=1)[:, ::-1].reshape(-1)
        return own, own

    def restore(self, column: Any, x: Array, y: Array) -> None:
        column.keys, column.start, column.layout = self.keys, self.start, self.layout


def step_of(column: Column, before: Column, ends: slice) -> Applying | Summing | None:
    """What a column did last to the results of the one before, if it can be recorded.

    The walk back has to come by all results of that one: it does if it comes by its ``ends``.
    """
    if list(column.parents()) != [before]:
        return None
    if isinstance(column, Applied):
        at = column.at
    elif isinstance(column, Sums) and len(column.layout.groups) == 1 and column.layout.terms[0].sums is None:
        at = column.layout.terms[0].at
    else:
        return None
    part = None
    if at is not None:
        step = int(at[1] - at[0]) if at.size > 1 else 1
        part = slice(int(at[0]), int(at[-1]) + 1, step)
        places = np.arange(before.keys.size)
        if step < 1 or not np.array_equal(places[part], at) or not np.isin(places[ends], at).all():
            return None
    return Applying(column, part) if isinstance(column, Applied) else Summing(column, part)


class Replay:
    """The work of a pattern's columns, recorded.

    It belongs to the `Pattern`. Two columns know it, weakly: the first one, which asks it to go
    `forward`, and the last one that it records, which on the way back stands for all.
    """

    ran = False  # whether it did the work since the pattern was opened, and has not gone back yet

    def __init__(self, columns: list[Any]) -> None:
        self.columns = columns  # the very list of the pattern, which counts references
        self.worked: list[bool] = []  # which columns were worked out the last time
        self.repeats = 0  # how often in a row it was the same ones
        self.steps: list[Any] | None = None  # of the columns from the second one on, once recorded
        self.misses = 0  # how often in a row something was not as it was recorded
        self.patience = 8  # with these; then it is recorded anew
        columns[0].replay = weakref.ref(self)

    def reopen(self) -> None:
        """Make it ready for another time; the columns are opened after that."""
        worked = list(map(CLOSED, self.columns))
        self.repeats = self.repeats + 1 if worked[0] and worked == self.worked else 0
        self.worked = worked
        self.ran = False

    def forward(self, root: Root) -> bool:
        """Work the columns out; False if they have to do it themselves."""
        if root is not self.columns[0] or self.repeats < REPEATS:
            return False
        if self.steps is None:
            with as_usual():
                self._record(root)
        if not self.steps:
            return False
        columns = self.columns[: len(self.steps) + 1]
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
        for step, column in zip(self.steps, columns[1:], strict=True):
            if not step.fill(column):
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
        for step, column, x, y in zip(self.steps, columns[1:], self.values, self.values[1:], strict=False):
            step.restore(column, x, y)
        for column, y in zip(columns, self.values, strict=True):
            column.order = next(ORDERS)
            column.values = y
            column.cells = type(column.cells)()

    def leads(self, column: Column) -> bool:
        """Whether the way back from ``column`` is the recorded one: through all, and from nowhere else."""
        if not self.ran or column is not self.columns[len(self.values) - 1]:
            return False
        if any(map(AWAITED, self.columns[: len(self.values) - 1])):
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
        for column, g in zip(self.columns, self.grads, strict=False) if done else ():
            column.keep(g, True)

    def _record(self, root: Root) -> None:
        """Record what the columns did last time, as far as it can be."""
        steps: list[Any] = []
        before: Column = root
        for column, worked in zip(self.columns[1:], self.worked[1:], strict=True):
            if not worked or not column.used():  # it may come later, after a look at numbers
                break
            step = step_of(column, before, steps[-1].ends if steps else ALL)
            if step is None:
                break
            steps.append(step)
            before = column
        if not steps:
            return
        self.steps = []
        asks = root.asks

        def both(X: Tensor, seed: Tensor, *numbers: Tensor) -> Any:
            given = iter(numbers)
            fed = [step.constant if step.number is None else array_of(next(given)) for step in steps]
            result = root.through(X)
            values = [in_dtype(array_of(result).reshape(-1), np.float64)]
            for step, z in zip(steps, fed, strict=True):
                x = values[-1]
                values.append(step.forward(x if step.part is None else x[step.part], z))
            turn(*values)
            grads = [array_of(seed)]
            for step, z, x, y in zip(steps[::-1], fed[::-1], values[-2::-1], values[:0:-1], strict=True):
                grads[-1], g = step.backward(grads[-1], y, x if step.part is None else x[step.part], z)
                grads.append(g if step.part is None else scatter(g, index=step.part, shape=x.shape))
            g = in_dtype(grads[-1].reshape(result.shape), result.dtype)
            result.backward(Tensor._of(g, None))
            return values, grads[::-1], X.grad if asks else None

        X = Tensor(root.X, True) if asks else root.X
        numbers = [step.number for step in steps if step.number is not None]
        try:
            self.passes = Passes(both, X, np.zeros(before.keys.size), *numbers)
        except (UnsupportedError, FloatingPointError):
            return
        self.X, self.seed, *buffers = self.passes.inputs
        for step in steps:
            step.number = None if step.number is None else buffers.pop(0)
        self.values, self.grads, self.slopes = self.passes.outputs
        self.asks = asks
        self.ends = steps[-1].ends
        self.keys = root.keys, root.start
        self.steps = steps
        before.replay = weakref.ref(self)
