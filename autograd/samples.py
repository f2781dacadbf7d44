"""Samples through a module: numbers or Values in, Values out.

A sample joins the open `Batch` of its module, and its outputs are Values that wait. When a number is
needed the batch goes through the module as one, and so do the gradients on the way back, those of
several batches together. Samples whose inputs wait themselves form batches of their own, by level.
"""

import itertools
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from sys import getrefcount
from threading import get_ident
from typing import Any, NamedTuple

import numpy as np

from autograd import graph, node, operations
from autograd.engine import Value, number
from autograd.errors import GradientError, NotANumberError, ShapeError
from autograd.graph import Junction, Level
from autograd.node import Node
from autograd.parameters import Matrix
from autograd.rowwise import Rowwise, zeros
from autograd.storage import total
from autograd.tally import TALLY, count
from autograd.tensor.core import Tensor, apart, array_of, recording, unusual
from autograd.tensor.program import Program, record_apart
from autograd.tensor.tape import Array, Leaf, check_unchanged, consumers, pull
from autograd.tensor.trace import check

__all__ = ["Batch", "Samples", "Stage", "is_batch"]

ROWS = 2048  # that wait at most in one batch
NUMBERS = 1 << 20  # that wait at most in the samples of a batch
LEVELS = 4096  # of batches that wait for each other
KEPT = 8  # Programs, for as many sizes of batch
SEEN = 64  # sizes whose uses are counted


class Stage(NamedTuple):
    """One layer on the way through a module: its matrix, those of its rows that count, the activation."""

    matrix: Matrix
    rows: slice
    function: Callable[[Tensor], Tensor]


def usual() -> bool:
    """Whether this thread records the tape, and no trace."""
    return recording.on and recording.trace is None


class Batch(Junction):
    """Samples of one module at one level, and once they have been through it, what came out.

    Attributes:
        n: how many samples went through.
        version: how often the module's parameters had been changed then.
        small: whether they were few and went through as scalars, row by row.
        trace: what `Rowwise` noted of them then.
        grads: the gradients of the outputs, by place, that the last walks brought.
    """

    def __init__(self, samples: "Samples", level: Level) -> None:
        Junction.__init__(self, samples, samples.n_out)
        self.level: Level | None = level
        self.thread = get_ident()
        self.entries: list[Any] = []  # a sample, its outputs and those of its inputs that are Values
        self.closed = False  # to further samples
        self.done = False
        self.n = 0
        self.rows: Any = None
        self.outputs: Any = None
        self.version = 0
        self.small = False
        self.trace: Any = None
        self.slopes: Any = None  # within a walk: the array of gradients
        self.taped: Any = None  # its outputs, if it was
        self.leaf: Leaf | None = None
        self.grads: Array | None = None

    @property
    def X(self) -> Array:
        """The samples, (n, inputs)."""
        return np.asarray(self.rows, self.kin.dtype)

    @property
    def Y(self) -> Array:
        """Their outputs, (n, outputs)."""
        if not self.small:
            return self.outputs  # type: ignore[no-any-return]  # an array
        of_each = np.asarray(self.trace).reshape(self.n, -1)
        return of_each[:, -2 * self.wide : -self.wide]

    def output(self) -> Value:
        """One of the outputs of a sample, which waits."""
        v = Value.__new__(Value)
        v._code = operations.OUTPUT
        v._a = v._b = None
        v._grad = 0.0
        v._n = 0
        v._home = self
        v._source = self.level
        return v

    def add(self, sample: Any, inputs: Any) -> Any:
        """Let a sample wait; its outputs, or None if it came too late."""
        if self.wide == 1:
            v = self.output()
            self.entries.append((sample, v, inputs))
            return None if self.closed else v
        out = [self.output() for _ in range(self.wide)]
        self.entries.append((sample, out, inputs))
        return None if self.closed else out[:]

    def run(self) -> None:
        if self.done:
            return
        self.closed = True
        samples = self.kin
        if samples.open is self:
            samples.open = None
        entries = self.entries[:]
        rows = [entry[0] for entry in entries]
        inputs, failures = put_in(entries, rows)
        version = samples.version()
        taped = leaf = outputs = None
        few = samples.few
        small = few is not None and few.takes(len(rows))
        if small:
            trace = numbers = few.forward(rows)
            first, stride = few.output(0), few.stride
        else:
            with np.errstate(all="ignore"):
                rows = samples.table(rows)
            forward = samples.forward if usual() else partial(apart, samples.forward)
            taped, leaf, outputs = forward(rows, bool(inputs))
            numbers = readable(outputs)
            first, stride = 0, self.wide
        if self.done:  # in between, by a signal handler or another thread
            return
        self.n, self.rows, self.inputs, self.version = len(rows), rows, inputs, version
        self.outputs, self.taped, self.leaf = outputs, taped, leaf
        self.small = small
        if small:
            self.trace = trace
        TALLY.batch(self.n)
        self.publish(entries, numbers, first, stride)
        for i, failure in failures.items():
            self.fail(entries[i], failure)
        self.finish()
        observer = graph.observer()
        if observer is not None:
            observer.ran(self, [out if isinstance(out, list) else [out] for _, out, _ in entries])

    def drop(self) -> None:
        if not any(map(held, self.entries)):
            if self.kin.open is self:
                self.kin.open = None
            self.closed = True
            self.finish()

    def finish(self) -> None:
        """Let go of what was needed until the outputs were there."""
        self.done = True
        self.entries = []
        self.level = None

    def publish(self, entries: list[Any], numbers: Any, first: int, stride: int) -> None:
        """Give the outputs their numbers, of which those of a sample come ``stride`` after the last one's."""
        k = 0
        for entry in entries:
            if self.wide == 1:
                set_output(entry[1], k, numbers[first])
                k += 1
            else:
                outs: list[Any] = entry[1]
                for j in range(self.wide):
                    set_output(outs[j], k, numbers[first + j])
                    k += 1
            first += stride

    def fail(self, entry: Any, failure: Any) -> None:
        """Have the outputs of a sample fail."""
        for v in entry[1] if self.wide > 1 else [entry[1]]:
            set_failure(v, failure)

    def check(self) -> Sequence[Array]:
        samples = self.kin
        if self.taped is not None:
            check_unchanged(consumers(self.taped))
        elif self.version != samples.version():
            raise GradientError(
                f"backward() through a call of a {samples.name} needs its parameters as they were then, but "
                "one has been changed since; call backward() before changing parameters, or compute again"
            )
        return samples.vectors  # type: ignore[no-any-return]  # of Samples

    def start(self) -> None:
        self.slopes = zeros(self.n * self.wide)
        self.gradients = self.slopes
        self.reached = bytearray(self.n)

    def keep(self) -> None:
        some, before = self.some(), self.grads
        self.grads = np.asarray(self.slopes)
        if some is not None and before is not None:
            self.grads = np.where(some.repeat(self.wide), self.grads, before)
        self.slopes = None

    def operands(self, place: int) -> list[Any]:
        """What the output at a place was made from: Values among the inputs, and parameters."""
        given = self.inputs.get(place // self.wide, ())
        windows: list[Any] = self.kin.windows()
        return [v for _, v in given] + windows

    def some(self) -> Array | None:
        """Which rows a walk has reached; None if all."""
        if self.n_reached == self.n:
            return None
        return np.frombuffer(self.reached, np.bool_)

    def pairs(self, slopes: Array) -> list[tuple[Node, float]]:
        """The Values among the inputs of rows that a walk has reached, with their gradients."""
        found = []
        rows = slopes.tolist()
        for i, given in self.inputs.items():
            if self.reached[i]:
                found += [(v, rows[i][j]) for j, v in given]
        return found

    def pass_rows_back(self) -> list[tuple[Node, float]]:
        """The same for a few samples, after adding to the gradients of parameters."""
        few = self.kin.few
        scratch = few.scratch()
        found: list[Any] = []
        for i in range(self.n):
            if self.reached[i]:
                place = few.backward(self.trace, i, self.gradients, scratch)
                if self.inputs:
                    for j, v in self.inputs.get(i, ()):
                        found.append((v, scratch[place + int(j)]))
        return found


def set_output(v: Node, place: int, x: float) -> None:
    """Give an output its number."""
    v._index = place
    v._data = x
    v._source = None


def set_failure(v: Node, failure: Any) -> None:
    """Have an output fail."""
    v._source = failure


def readable(numbers: Array) -> Any:
    """An array as what gives numbers one by one."""
    flat = np.ascontiguousarray(numbers, np.float64).reshape(-1)
    return flat if node.COMPILED else flat.tolist()


def put_in(entries: list[Any], rows: list[Any]) -> tuple[dict[int, Any], dict[int, Any]]:
    """Put the numbers of inputs that are Values into the rows; those inputs by row, and those that fail."""
    inputs, failures = {}, {}
    for i, (_, _, given) in enumerate(entries):
        if given is not None:
            inputs[i] = given
            row = list(rows[i])
            for j, v in given:
                try:
                    row[j] = graph.done(v)
                except (ArithmeticError, ValueError) as error:
                    failures[i] = graph.Failure(error)
            rows[i] = row
    return inputs, failures


def held(entry: Any) -> bool:
    """Whether anybody else has one of the outputs."""
    out = entry[1]
    if out.__class__ is list:
        return any(getrefcount(v) > OURS[1] for v in out)
    return getrefcount(out) > OURS[0]


OURS = [0, 0]  # references to an output, and to one of several, that nobody else has


def calibrate() -> None:
    """Find out how many references there are where nobody else holds any."""
    for k, entry in enumerate([(None, Value(0), None), (None, [Value(0)], None)]):
        while held(entry):
            OURS[k] += 1


calibrate()


def is_there(v: Node) -> bool:
    """Whether a node has its number itself."""
    return v._source is None


class Door:
    """Where samples come in that depend on nothing that waits.

    Args:
        n_in: how many numbers each has.

    Attributes:
        room: how many may wait in a batch.
        open: the batch that they join.
    """

    def __init__(self, n_in: int) -> None:
        self.n_in = n_in
        self.room = max(1, min(ROWS, NUMBERS // n_in))
        self.open: Batch | None = None

    def enter(self, x: Any) -> Any:
        """The outputs of a list or tuple of floats and Values that are there; None for anything else."""
        if (type(x) is not list and type(x) is not tuple) or len(x) != self.n_in:
            return None
        inputs = None
        for j, item in enumerate(x):
            if type(item) is not float:
                if type(item) is not Value or not is_there(item):
                    return None
                if inputs is None:
                    inputs = []
                inputs.append((j, item))
        return self.join(tuple(x), inputs)

    def join(self, sample: Any, inputs: Any) -> Any:
        """Let a sample join the open batch; its outputs."""
        while True:
            batch = self.open
            if batch is None or batch.closed or batch.thread != get_ident():
                self.open = batch = self.begin(graph.lowest())
            elif len(batch.entries) >= self.room:
                graph.settle(batch.level, (), False)
                continue
            out = batch.add(sample, inputs)
            if out is not None:
                if graph.observer() is not None:
                    self.tell(out)
                return out

    def begin(self, level: Level) -> Batch:
        """The open batch of a level."""
        raise NotImplementedError

    def tell(self, out: Any) -> None:
        """Tell an observer of outputs that wait."""
        raise NotImplementedError


def rowwise_of(stages: Sequence[Stage]) -> Rowwise | None:
    """A module of float64 as one through which samples can go one by one."""
    layers = []
    for matrix, rows, function in stages:
        n_out, columns = matrix.tensor.shape
        start, stop, _ = rows.indices(n_out)
        layers.append((matrix, start * columns, columns - 1, stop - start, function.__name__.strip("_")))
    return Rowwise(layers) if stages[0].matrix.tensor.dtype == np.float64 else None


def fill(table: Any, rows: list[Any]) -> None:
    """Write rows into a table."""
    for i in range(len(rows)):
        row: Any = rows[i]
        for j in range(len(row)):
            table[i, j] = row[j]


class Samples(Door):
    """What takes the samples of one module, and knows how to compute with many.

    Args:
        name: what errors call the module.
        n_in, n_out: of the module.
        through: from (n_in, rows) to (n_out, rows).
        stages: the layers that it consists of.
        waits: whether it computes the same for a sample whatever others there are, and each time.
        windows: its parameters, as Values.
    """

    def __init__(
        self,
        name: str,
        n_in: int,
        n_out: int,
        through: Callable[[Tensor], Tensor],
        stages: Sequence[Stage],
        waits: bool,
        windows: Callable[[], list[Any]],
    ) -> None:
        Door.__init__(self, n_in)
        self.name = name
        self.n_out = n_out
        self.through = through
        self.stages = stages
        self.versions = [stage.matrix.version for stage in stages]
        self.vectors: Sequence[Array] = stages[0].matrix.vectors
        self.dtype = stages[0].matrix.tensor.dtype
        self.waits = waits
        self.windows = windows
        self.few = rowwise_of(stages) if waits else None
        self.programs: OrderedDict[tuple[int, bool], Staged] = OrderedDict()  # by rows, and whether asked
        self.uses: OrderedDict[tuple[int, bool], int] = OrderedDict()  # of those that have none

    def version(self) -> int:
        """How often the parameters were changed."""
        return total(self.versions)

    # Recording

    def wait(self, sample: Any, inputs: Any, level: Level | None) -> Any:
        """Let a sample join the open batch; its outputs."""
        if level is None:
            return self.join(sample, inputs)
        batch: Batch | None = level.batches.get(self)
        if batch is not None and len(batch.entries) >= self.room:
            graph.settle(level, (), False)
        while level.nodes is not None:
            out = self.begin(level).add(sample, inputs)
            if out is not None:
                self.tell(out)
                return out
        return self.join(sample, inputs)  # the level has been worked out meanwhile

    def tell(self, out: Any) -> None:
        """Tell an observer of outputs that wait."""
        observer = graph.observer()
        if observer is not None:
            outs = out if isinstance(out, list) else [out]
            for i, v in enumerate(outs):
                observer.waits(v, f"{self.name}()", "{}" if self.n_out == 1 else f"{{}}[{i}]")

    def begin(self, level: Level) -> Batch:
        """The open batch of a level."""
        batch: Batch | None = level.batches.get(self)
        if batch is None or batch.closed:
            level.batches[self] = batch = Batch(self, level)
        return batch

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
                return self.wait(tuple(x.tolist()), None, None)
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
        level: Level | None = None  # the highest one that an input waits in
        for j, item in enumerate(items):
            if item.__class__ is float:
                row.append(item)
            elif isinstance(item, Value):
                inputs.append((j, item))
                row.append(0.0)
                source = item._source
                if isinstance(source, Level) and (level is None or source.rank > level.rank):
                    level = source
            else:
                y = number(item)
                if y is None:
                    got = f"{item!r} ({type(item).__name__}) at place {j}"
                    raise NotANumberError(f"{self._call()} wants numbers or Values, got {got}")
                row.append(y)
        if not self.waits or unusual():
            return self.at_once(row, inputs)
        if level is not None:
            if level.rank % graph.ROUND >= LEVELS:
                graph.settle(level)
                level = None
            else:
                level = level.next()
        return self.wait(tuple(row), inputs or None, level)

    def at_once(self, row: list[float], inputs: list[tuple[int, Any]]) -> Any:
        """The outputs of a sample, computed now."""
        if recording.trace is not None:
            recording.trace.look(f"a {self.name} of one sample")
        if not recording.on:
            for j, v in inputs:
                row[j] = graph.number_of(v)
            out = self.through(Tensor._of(np.array(row, self.dtype), None)).data
            values = [Value(y) for y in out.tolist()]
            return values[0] if self.n_out == 1 else values
        for _, v in inputs:
            graph.number_of(v)
        batch = Batch(self, Level(0))
        out = batch.add(tuple(row), inputs or None)
        self.tell(out)
        batch.run()
        if graph.observer() is not None:
            graph.observer().settled()
        return out

    # Computing

    def table(self, rows: list[Any]) -> Array:
        """Samples as an array."""
        if node.COMPILED and self.dtype == np.float64:
            table = np.empty((len(rows), self.n_in))
            fill(table, rows)
            return table
        flat = itertools.chain.from_iterable(rows)
        return np.fromiter(flat, self.dtype, len(rows) * self.n_in).reshape(len(rows), self.n_in)

    def forward(self, X: Array, asks: bool) -> tuple[Any, Leaf | None, Array]:
        """The outputs for samples, (rows, n_out); before them, if they were taped, the node and X's leaf."""
        with np.errstate(all="ignore"):
            if not self.waits:
                leaf = Leaf(X.shape[1:], self.dtype) if asks else None
                y = self.through(Tensor._of(X[0], leaf))
                return y._node, leaf, y.data
            staged = self.take_program(len(X), asks)
            if staged is None:
                return None, None, self.through(Tensor._of(X.T, None)).T.data
            Y = staged.forward(X)
            self.give_program(len(X), asks, staged)
            return None, None, Y

    def take_program(self, n: int, asks: bool) -> "Staged | None":
        """The Program for a number of rows; None if they have not come before.

        Nobody else has it until it is given back. If it never is, because of an error or an interrupt,
        another one will be made.
        """
        key = n, asks
        staged = self.programs.pop(key, None)
        if staged is None:
            uses = self.uses[key] = self.uses.pop(key, 0) + 1
            if len(self.uses) > SEEN:
                self.uses.popitem(last=False)
            if uses <= 2:  # once forward and once back is too little to be worth a recording
                return None
            try:
                staged = Staged(self.through, n, self.n_in, self.n_out, self.dtype, asks)
            except GradientError:  # another thread has changed parameters meanwhile
                return None
        return staged

    def give_program(self, n: int, asks: bool, staged: "Staged") -> None:
        """Give a Program back."""
        self.programs[n, asks] = staged
        if len(self.programs) > KEPT:
            self.programs.popitem(last=False)

    def pass_back(self, batches: Sequence[Batch]) -> list[tuple[Node, float]]:
        """Pass the gradients of several batches on, which do not depend on each other."""
        pairs = [pair for batch in batches if batch.small for pair in batch.pass_rows_back()]
        if not all(batch.small for batch in batches):
            pairs += self._pass_back(batches) if usual() else apart(self._pass_back, batches)
        return pairs

    def _pass_back(self, batches: Sequence[Batch]) -> list[tuple[Node, float]]:
        with np.errstate(all="ignore"):
            if not self.waits:
                return [pair for batch in batches for pair in self._untaped(batch)]
            many = [batch for batch in batches if not batch.small]
            return [pair for some in self._full(many) for pair in self._together(some)]

    def _full(self, batches: Sequence[Batch]) -> Iterable[list[Batch]]:
        """The batches in groups that are no larger than a batch may be, since caches are not either."""
        some: list[Batch] = []
        rows = 0
        for batch in batches:
            rows += batch.n
            if some and rows > self.room:
                yield some
                some, rows = [], batch.n
            some.append(batch)
        if some:
            yield some

    def _together(self, batches: list[Batch]) -> list[tuple[Node, float]]:
        """Pass the gradients of several batches on in one go."""
        asks = any(batch.inputs for batch in batches)
        G = [np.asarray(batch.slopes).reshape(-1, self.n_out) for batch in batches]
        masks = [batch.some() for batch in batches]
        first = batches[0]
        if len(batches) == 1 and masks[0] is None:
            X, g = first.rows, G[0]
        else:
            parts = [b.rows if some is None else b.rows[some] for b, some in zip(batches, masks, strict=True)]
            X = np.concatenate(parts)
            g = np.concatenate(
                [part if some is None else part[some] for part, some in zip(G, masks, strict=True)]
            )
        staged = self.take_program(len(X), asks)
        if staged is not None:
            slopes = staged.backward(X, g)
            self.give_program(len(X), asks, staged)
        else:
            leaf = Leaf(X.T.shape, self.dtype) if asks else None
            y = self.through(Tensor._of(X.T, leaf))
            y.backward(g.T.astype(self.dtype, copy=False))
            slopes = leaf.grad.T if leaf is not None and leaf.grad is not None else None
        pairs: list[tuple[Node, float]] = []
        start = 0
        for batch, some in zip(batches, masks, strict=True):
            n = batch.n if some is None else int(some.sum())
            if batch.inputs and slopes is not None:
                part = slopes[start : start + n]
                if some is not None:
                    part = np.zeros_like(batch.rows)
                    part[some] = slopes[start : start + n]
                pairs += batch.pairs(part)
            start += n
        return pairs

    def _untaped(self, batch: Batch) -> list[tuple[Node, float]]:
        """The same for one whose computing was taped."""
        slopes = None
        if batch.taped is not None:
            found: dict[Any, Any] = pull(batch.taped, np.asarray(batch.slopes, self.dtype))
            slopes = found.pop(batch.leaf, None)
            for leaf, g in found.items():
                leaf.accumulate(g)
        if not batch.inputs:
            return []
        return batch.pairs(np.zeros_like(batch.rows) if slopes is None else slopes[None])


# Programs that go forward, and back once the gradients are there -----------------------------------


def _turn(*values: Any) -> None:
    """The first call of the way back; it does nothing."""


def nothing() -> None:
    """No samples."""


class Staged:
    """A module's way forward and back for a number of samples, recorded."""

    def __init__(
        self, through: Callable[[Tensor], Tensor], n: int, n_in: int, n_out: int, dtype: Any, asks: bool
    ) -> None:
        def both(X: Tensor, G: Tensor) -> Any:
            with np.errstate(all="ignore"):
                y = through(X.T).T
            check(_turn, array_of(y))
            with np.errstate(all="ignore"):
                y.backward(G)
            return y, X.grad if asks else None

        X: Any = np.zeros((n, n_in), dtype)
        G = np.zeros((n, n_out), dtype)
        self.program: Program = record_apart(both, Tensor(X, True) if asks else X, G)
        self.X, self.G = self.program.inputs
        self.y, self.slopes = self.program.outputs
        calls = self.program.calls
        # A Program promises no more than callables; these are partials
        (at,) = (i for i, call in enumerate(calls) if call.func is _turn)  # type: ignore[attr-defined]
        self.forth, self.back = calls[:at], calls[at + 1 :]
        self.ran: Any = nothing  # weakly, the samples that went forward last, until they went back

    def forward(self, X: Array) -> Array:
        """The outputs of samples."""
        self.ran = nothing
        np.copyto(self.X, X)
        for call in self.forth:
            call()
        self.ran = weakref.ref(X)
        return self.y.astype(np.float64)  # type: ignore[no-any-return]  # an output of any kind

    def backward(self, X: Array, G: Array) -> Array | None:
        """Add to the gradients of parameters; those of the inputs, if they are wanted."""
        if self.ran() is not X:
            np.copyto(self.X, X)
            for call in self.forth:
                call()
        self.ran = nothing  # the way back may use the memory of the way forward
        np.copyto(self.G, G)
        for call in self.back:
            call()
        return self.slopes  # type: ignore[no-any-return]  # the same


def is_batch(x: Any) -> bool:
    """Whether ``x`` is many samples: an array of two dimensions, or a list of lists."""
    if isinstance(x, list | tuple) and x:
        x = x[0]
        return isinstance(x, list | tuple) or (isinstance(x, np.ndarray) and x.ndim > 0)
    return isinstance(x, np.ndarray) and x.ndim > 1
