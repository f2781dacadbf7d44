"""Samples through a module: numbers or Values in, Values out.

A sample joins the open `Batch` of its module, and its outputs are Values that wait. When a number is
needed the batch goes through the module as one, and so do the gradients on the way back, those of
several batches together. Samples whose inputs wait themselves form batches of their own, by level.
"""

import itertools
import sys
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from autograd.columns import LOCK, NOTHING, ROOM, Column, indices, settle
from autograd.engine import Value, number
from autograd.errors import GradientError, NotANumberError, ShapeError
from autograd.graph import Junction, Port
from autograd.parameters import Matrix, Users
from autograd.passes import Passes, turn
from autograd.patterns import Patterns
from autograd.replay import Root
from autograd.tally import TALLY, count
from autograd.tensor.core import Tensor, array_of, as_usual, entered, no_grad, recording, unusual
from autograd.tensor.tape import Array, Leaf, Node, check_unchanged, consumers, pull
from autograd.waiting import Waiting, member, publish

__all__ = ["Batch", "Samples", "Stage", "is_batch"]

ROWS = 2048  # that wait at most in one batch
NUMBERS = 1 << 20  # that wait at most in the samples of a batch
LEVELS = 4096  # of batches that wait for each other
KEPT = 8  # Programs, for as many sizes of batch
SEEN = 64  # sizes whose uses are counted
USUAL = nullcontext()


class Batch(Root):
    """Samples of one module at one level. A result is known by its sample's number and its place there.

    Cells hold the samples, by number; ``inputs``, by number too, those places in one where Values stand.
    """

    def __init__(self, samples: "Samples", level: int) -> None:
        super().__init__(level, 0)
        self.kin = samples
        self._start(min(ROOM, samples.room))

    def _start(self, room: int) -> None:
        self.cells: list[Any] = [None] * room
        self.rows = 0  # if it is at a level
        self.inputs: dict[int, list[tuple[int, Any]]] = {}
        self.above: dict[Column, None] = {}  # those that inputs wait for
        self.taped: Node | Leaf | None = None  # its outputs, if it was
        self.leaf: Leaf | None = None

    def another(self, new: Mapping[Column, Column]) -> Column:
        return Batch(self.kin, self.level)

    def used(self) -> int:
        # Not 0 while all cells are empty: a thread may have a place, and not have filled it yet
        return self.keys.size if self.closed else sys.maxsize

    def reopen(self, room: int) -> None:
        self._start(max(1, room // self.kin.n_out))
        super().reopen(len(self.cells))

    def parents(self) -> Sequence[Column]:
        return list(self.above)

    def close(self) -> None:
        super().close()
        TALLY.batch(len(self.X))

    def read(self) -> Array:
        samples = self.kin
        rows = self.cells[:]
        while rows[-1] is None:
            rows.pop()
        n = len(rows)
        try:
            if rows[0].__class__ is tuple:
                flat = itertools.chain.from_iterable(rows)
                X = np.fromiter(flat, samples.dtype, n * samples.n_in).reshape(n, samples.n_in)
            else:
                X = np.array(rows, samples.dtype)
        except (TypeError, ValueError):  # a thread took a number and came too late, which left None
            rows = [(0.0,) * samples.n_in if row is None else row for row in rows]
            X = np.array(rows, samples.dtype)
        self.values_at: list[tuple[int, Any]] = []  # inputs that are Values, and where
        self.columns_at: list[tuple[Column, Array | None, Array]] = []  # results of columns: which, and where
        if self.inputs:
            self._place(X.reshape(-1), n)
        self.versions = samples.versions()
        return X

    def through(self, X: Tensor) -> Tensor:
        out: Tensor = self.kin.through(X.T).T
        return out

    def work(self) -> tuple[Array, Array]:
        self.X = self.read()
        out = self.kin.forward(self)
        values = out.reshape(-1)
        keys = self.keys if self.keys.size == values.size else indices(values.size)
        return keys, values if values.dtype == np.float64 else values.astype(np.float64)

    def _place(self, line: Array, n: int) -> None:
        """Find out where inputs are Values, and put in what they are."""
        n_in = self.kin.n_in
        places: dict[Column, tuple[list[int], list[int]]] = {}
        for i, given in list(self.inputs.items()):  # another thread may be adding one
            if i < n:
                for j, v in given:
                    if v.__class__ is tuple:
                        keys, to = places.setdefault(v[0], ([], []))
                        keys.append(v[1])
                        to.append(i * n_in + j)
                    else:
                        self.values_at.append((i * n_in + j, v))
        for column, (keys, to) in places.items():
            at, own = column.locate(np.array(keys)), np.array(to)
            line[own] = column.values if at is None else column.values[at]
            self.columns_at.append((column, at, own))
            places_there = range(len(own)) if at is None else at.tolist()
            for place, i in zip(places_there, to, strict=True) if column.failed else ():
                if place in column.failed:  # and with it all that the sample leads to
                    first = i // n_in * self.kin.n_out
                    outputs = range(first, first + self.kin.n_out)
                    self.failed = {**self.failed, **dict.fromkeys(outputs, column.failed[place])}

    @property
    def asks(self) -> bool:
        """Whether gradients of the inputs are wanted."""
        return bool(self.inputs)

    def sources(self) -> tuple[Sequence[Junction], Iterable[Value]]:
        if self.taped is not None:
            check_unchanged(consumers(self.taped))
        elif self.versions != self.kin.versions():
            raise GradientError(
                f"backward() through a call of a {self.kin.name} needs its parameters as they were then, but "
                "one has been changed since; call backward() before changing parameters, or compute again"
            )
        some = self.reached()
        self.some = None  # the samples that were reached, None if all were
        if some is not None:
            rows = some.reshape(len(self.X), -1).any(axis=1)
            self.some = None if rows.all() else rows
        cells = None if self.some is None else np.repeat(self.some, self.X.shape[1])
        sources = []
        self.marks: list[Array | None] = []
        for column, at, own in self.columns_at:
            mark = None if cells is None else cells[own]
            self.marks.append(mark)
            if mark is None or mark.any():
                column.reach_many(at, mark)
                sources.append(column)
        asked = [(i, v) for i, v in self.values_at if cells is None or cells[i]]
        self.leaves = [(i, v) for i, v in asked if v._da is None]
        self.asked = [(i, v) for i, v in asked if v._da is not None]
        return sources, [v for _, v in self.asked]

    def may_skip(self, some: Array) -> bool:
        return bool(some.reshape(-1, self.kin.n_out).any(axis=1).all())  # samples have to be reached

    def give(self, slopes: Array) -> Iterable[tuple[Value, float]]:
        """Pass the gradients of X on."""
        line = slopes.reshape(-1).astype(np.float64, copy=False)
        for (column, at, own), mark in zip(self.columns_at, self.marks, strict=True):
            if mark is None:
                column.receive_many(at, None, line[own])
            elif mark.any():
                column.receive_many(at, mark, line[own[mark]])
        g = line.tolist() if self.values_at else ()
        for i, v in self.leaves:
            v._grad += g[i]
        return [(v, g[i]) for i, v in self.asked]


class Stage(NamedTuple):
    """One layer on the way through a module: its matrix, those of its rows that count, the activation."""

    matrix: Matrix
    rows: slice
    function: Callable[[Tensor], Tensor]


class Samples:
    """What takes the samples of one module, and knows how to compute with many.

    Args:
        name: what errors call the module.
        n_in, n_out: of the module.
        through: from (n_in, rows) to (n_out, rows).
        stages: the layers that it consists of.
        waits: whether it computes the same for a sample whatever others there are, and each time.
        patterns: what its batches led to; the module keeps them.
    """

    def __init__(
        self,
        name: str,
        n_in: int,
        n_out: int,
        through: Callable[[Tensor], Tensor],
        stages: Sequence[Stage],
        waits: bool,
        patterns: Patterns,
    ) -> None:
        self.name = name
        self.n_in, self.n_out = n_in, n_out
        self.through = through
        self.stages = stages
        self.leaves = [stage.matrix.leaf for stage in stages]
        self.users: Users = stages[0].matrix.users
        self.dtype = stages[0].matrix.tensor.dtype
        self.waits = waits
        self.room = max(1, min(ROWS, NUMBERS // n_in))
        self.patterns: Any = weakref.ref(patterns)  # of the samples that wait for nothing
        self.higher: dict[int, Any] = {}  # by level, the open batch of samples that do
        self.programs: OrderedDict[tuple[int, bool], Staged] = OrderedDict()  # by rows, and whether asked
        self.uses: OrderedDict[tuple[int, bool], int] = OrderedDict()  # of those that have none

    def versions(self) -> list[int]:
        """Of the parameters: how often each matrix was changed."""
        return [leaf._version for leaf in self.leaves]

    # Recording

    def wait(
        self,
        sample: Any,
        inputs: list[tuple[int, Any]] | None = None,
        above: dict[Column, None] | None = None,
        level: int = 0,
    ) -> Any:
        """Let a sample join the open batch; its outputs."""
        pattern = self.patterns().current if level == 0 else None
        if pattern is not None and not pattern.root.closed:
            try:
                i, out = pattern.slots.pop()
                batch = pattern.root
                cells = batch.cells
                if cells[i] is None:
                    if inputs is not None:
                        batch.inputs[i] = inputs
                        batch.above.update(above or ())
                    cells[i] = sample
                    if not batch.closed:
                        return out if self.n_out == 1 else out[:]
            except IndexError:
                pass
            batch = out = None  # a pattern is used again only if nobody holds any of it
        with LOCK:
            batch, i, out = self._first() if level == 0 else self._higher(level)
            cells = batch.cells
            while i >= len(cells):
                cells.extend([None] * len(cells))
            if inputs is not None:
                batch.inputs[i] = inputs
                batch.above.update(above or ())
            cells[i] = sample
            return out

    def _batch(self) -> Batch:
        return Batch(self, 0)

    def _first(self) -> tuple[Batch, int, Any]:
        """The open batch of samples that wait for nothing, a place in it, and the outputs there."""
        patterns = self.patterns()
        pattern = patterns.current
        if pattern is None or pattern.root.closed:
            pattern = patterns.begin(self._batch)
        try:
            i, out = pattern.slots.pop() if pattern.slots else (len(pattern.heads), None)
        except IndexError:  # another thread has taken the last one
            return self._first()
        if out is None:
            if i >= self.room:
                if pattern.free() and not pattern.shared:
                    pattern.reopen(self.users)
                else:
                    settle(pattern.root, *pattern.root.following())
                return self._first()
            out = self.outputs(pattern.root, i)
            pattern.add(i, out)
        return pattern.root, i, out if self.n_out == 1 else out[:]

    def _higher(self, level: int) -> tuple[Batch, int, Any]:
        """The same for samples of a level."""
        batch = self.higher.get(level, NOTHING)()
        if batch is not None and batch.rows >= self.room:
            settle(batch, *batch.following())
        if batch is None or batch.closed:
            batch = Batch(self, level)
            self.higher[level] = weakref.ref(batch)
            self.users.add(batch)
        batch.rows += 1
        return batch, batch.rows - 1, self.outputs(batch, batch.rows - 1)

    def outputs(self, batch: Batch, i: int) -> Any:
        """The Values that are a sample's outputs: a list, or the Value if it is one."""
        if self.n_out == 1:
            return member(batch, i)
        return [member(batch, key) for key in range(i * self.n_out, (i + 1) * self.n_out)]

    def _call(self) -> str:
        return f"{self.name} of {count(self.n_in, 'input')}"

    def take(self, x: Any) -> Any:
        """The outputs for a sample of any kind.

        Raises:
            ShapeError: not ``n_in`` of them.
            NotANumberError: one that is neither a number nor a Value.
        """
        kind = x.__class__
        if kind is list or kind is tuple:
            items = x
        elif kind is np.ndarray and x.ndim == 1:
            if x.dtype.kind in "fiub" and len(x) == self.n_in and self.waits and not unusual():
                return self.wait(x.copy())
            items = x.tolist()
        elif isinstance(x, Value) or number(x) is not None:
            items = [x]
        elif not isinstance(x, Iterable) or isinstance(x, set | frozenset | dict | str | bytes):
            raise NotANumberError(f"{self._call()} wants a list of {self.n_in} numbers or Values, got {x!r}")
        else:
            items = list(x)
        if len(items) != self.n_in:
            got = len(items) if isinstance(x, Iterable) else f"the number {x!r}"
            raise ShapeError(f"{self._call()} wants a sample of {self.n_in} numbers or Values, got {got}")
        row = []
        inputs: list[tuple[int, Any]] = []
        above: dict[Column, None] = {}  # the columns that inputs are results of
        level = 0
        for j, item in enumerate(items):
            kind = item.__class__
            if kind is float:
                row.append(item)
            elif kind is Value:
                inputs.append((j, item))
                row.append(item._data)
            elif isinstance(item, Waiting) and item._a.__class__ is not Port:
                column = item._a
                if not column.closed and column.level >= level:
                    level = column.level + 1
                inputs.append((j, (column, item._b)))
                above[column] = None
                row.append(0.0)
            elif isinstance(item, Value):
                inputs.append((j, item))
                row.append(item._data)
            else:
                y = number(item)
                if y is None:
                    got = f"{item!r} ({type(item).__name__}) at place {j}"
                    raise NotANumberError(f"{self._call()} wants numbers or Values, got {got}")
                row.append(y)
        if self.waits and not unusual():
            if level > LEVELS:
                settle(*above)
                level = 0
            return self.wait(tuple(row), inputs or None, above, level)
        return self.at_once(tuple(row), inputs, above)

    def at_once(
        self, row: tuple[float, ...], inputs: list[tuple[int, Any]], above: dict[Column, None]
    ) -> Any:
        """The outputs of a sample, computed now."""
        if recording.trace is not None:
            recording.trace.look(f"a {self.name} of one sample")
        settle(*above)
        if not recording.on:
            numbers = [v[0].number(v[0].place(v[1])) if v.__class__ is tuple else None for _, v in inputs]
            line = np.array(row)
            for (j, _), y in zip(inputs, numbers, strict=True):
                line[j] = line[j] if y is None else y
            out = self.through(Tensor._of(line.astype(self.dtype), None)).data
            values = [Value(y) for y in out.tolist()]
            return values[0] if self.n_out == 1 else values
        batch = Batch(self, 0)
        batch.cells[0] = row
        if inputs:
            batch.inputs[0] = inputs
        settle(batch)
        made = self.outputs(batch, 0)
        return publish(made) if self.n_out == 1 else [publish(v) for v in made]

    # Computing

    def forward(self, batch: Batch) -> Array:
        """The outputs of a batch, (rows, n_out)."""
        with as_usual() if entered else USUAL:
            if not self.waits:
                batch.leaf = Leaf(batch.X.shape[1:], self.dtype) if batch.asks else None
                y = self.through(Tensor._of(batch.X[0], batch.leaf))
                batch.taped = y._node
                return y.data
            staged = self.staged(len(batch.X), batch.asks)
            if staged is None:
                with no_grad():
                    return self.through(Tensor._of(batch.X.T, None)).T.data
            return staged.forward(batch.X)

    def staged(self, n: int, asks: bool) -> "Staged | None":
        """The Program for a number of rows; None if they have not come before."""
        key = n, asks
        staged = self.programs.pop(key, None)
        if staged is None:
            uses = self.uses[key] = self.uses.pop(key, 0) + 1
            if len(self.uses) > SEEN:
                self.uses.popitem(last=False)
            if uses <= 2:  # once forward and once back is too little to be worth a recording
                return None
            staged = Staged(self.through, n, self.n_in, self.n_out, self.dtype, asks)
        self.programs[key] = staged
        if len(self.programs) > KEPT:
            self.programs.popitem(last=False)
        return staged

    def pass_on(self, batches: Sequence[Batch]) -> Iterable[tuple[Value, float]]:
        """Pass the gradients of several batches on, which do not depend on each other."""
        with as_usual() if entered else USUAL:
            if not self.waits:
                return [pair for batch in batches for pair in self._untaped(batch)]
            return [pair for some in self._full(batches) for pair in self._together(some)]

    def _full(self, batches: Sequence[Batch]) -> Iterable[list[Batch]]:
        """The batches in groups that are no larger than a batch may be, since caches are not either."""
        some: list[Batch] = []
        rows = 0
        for batch in batches:
            rows += len(batch.X)
            if some and rows > self.room:
                yield some
                some, rows = [], len(batch.X)
            some.append(batch)
        yield some

    def _together(self, batches: list[Batch]) -> Iterable[tuple[Value, float]]:
        """Pass the gradients of several batches on in one go."""
        asks = any(batch.asks for batch in batches)
        if len(batches) == 1 and batches[0].some is None:
            (batch,) = batches
            X, G = batch.X, batch.arrived().reshape(-1, self.n_out)
        else:
            parts = [b.X if b.some is None else b.X[b.some] for b in batches]
            gradients = [b.arrived().reshape(-1, self.n_out) for b in batches]
            X = np.concatenate(parts)
            G = np.concatenate(
                [g if b.some is None else g[b.some] for b, g in zip(batches, gradients, strict=True)]
            )
        staged = self.staged(len(X), asks)
        if staged is not None:
            slopes = staged.backward(X, G)
        else:
            leaf = Leaf(X.T.shape, self.dtype) if asks else None
            y = self.through(Tensor._of(X.T, leaf))
            y.backward(G.T.astype(self.dtype, copy=False))
            slopes = leaf.grad.T if leaf is not None and leaf.grad is not None else None
        if slopes is None:
            return ()
        pairs: list[tuple[Value, float]] = []
        start = 0
        for batch in batches:
            if batch.some is None:
                part = slopes[start : start + len(batch.X)]
            else:
                part = np.zeros_like(batch.X)
                part[batch.some] = slopes[start : start + int(batch.some.sum())]
            start += len(batch.X) if batch.some is None else int(batch.some.sum())
            pairs += batch.give(part)
        return pairs

    def _untaped(self, batch: Batch) -> Iterable[tuple[Value, float]]:
        """The same for one whose computing was taped."""
        if batch.taped is None:
            return ()
        found: dict[Any, Any] = pull(batch.taped, batch.arrived().astype(self.dtype, copy=False))
        slopes = found.pop(batch.leaf, None)
        for leaf, g in found.items():
            leaf.accumulate(g)
        return () if slopes is None else batch.give(slopes[None])


class Staged:
    """A module's way forward and back for a number of samples, recorded."""

    def __init__(
        self, through: Callable[[Tensor], Tensor], n: int, n_in: int, n_out: int, dtype: Any, asks: bool
    ) -> None:
        def both(X: Tensor, G: Tensor) -> Any:
            y = through(X.T).T
            turn(array_of(y))
            y.backward(G)
            return y, X.grad if asks else None

        X: Any = np.zeros((n, n_in), dtype)
        with np.errstate(all="ignore"):
            self.passes = Passes(both, Tensor(X, True) if asks else X, np.zeros((n, n_out), dtype))
        self.X, self.G = self.passes.inputs
        self.y, self.slopes = self.passes.outputs
        self.ran: Any = NOTHING  # the samples that went forward last, weakly, until they went back

    def forward(self, X: Array) -> Array:
        """The outputs of samples."""
        self.ran = NOTHING
        np.copyto(self.X, X)
        self.passes.forward()
        self.ran = weakref.ref(X)
        return self.y.copy()  # type: ignore[no-any-return]  # an output of any kind

    def backward(self, X: Array, G: Array) -> Array | None:
        """Add to the gradients of parameters; those of the inputs, if they are wanted."""
        if self.ran() is not X:
            self.ran = NOTHING
            np.copyto(self.X, X)
            self.passes.forward()
        self.ran = NOTHING
        np.copyto(self.G, G)
        self.passes.backward()
        return self.slopes  # type: ignore[no-any-return]  # the same


def is_batch(x: Any) -> bool:
    """Whether ``x`` is many samples: an array of two dimensions, or a list of lists."""
    if isinstance(x, list | tuple) and x:
        x = x[0]
        return isinstance(x, list | tuple) or (isinstance(x, np.ndarray) and x.ndim > 0)
    return isinstance(x, np.ndarray) and x.ndim > 1
