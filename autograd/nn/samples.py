"""Samples through a module: numbers or Values in, Values out.

A sample joins the open `Batch` of its module, and its outputs are Values that wait. When a number is
needed the batch goes through the module as one, and so do the gradients on the way back, those of
several batches together. Samples whose inputs wait themselves form batches of their own, by level.
"""

import itertools
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd.engine import graph, node, operations
from autograd.engine.graph import Junction, Level
from autograd.engine.node import Node
from autograd.engine.stats import TALLY
from autograd.engine.storage import total
from autograd.engine.value import Value, number
from autograd.errors import GradientError, NotANumberError, ShapeError
from autograd.nn.parameters import Matrix
from autograd.nn.rowwise import Rowwise, zeros
from autograd.tensor.core import Tensor, array_of
from autograd.tensor.program.program import Program, record_apart
from autograd.tensor.reals import KINDS, WAYS_OUT
from autograd.tensor.recording import apart, entered, recording, unusual
from autograd.tensor.tape import Array, Leaf, check_unchanged, consumers, pull
from autograd.tensor.trace import check
from autograd.text import count

__all__ = ["Batch", "Samples", "Stage", "TakesSamples", "is_batch"]

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
        self.door = samples
        self.level: Level | None = level
        self.thread = threading.get_ident()
        self.entries: list[Any] = []  # of each sample its numbers, the inputs that are Values, the outputs
        self.span = 2 + self.wide  # how many entries that are
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
            self.entries.extend((sample, inputs, v))
            return None if self.closed else v
        out = [self.output() for _ in range(self.wide)]
        self.entries.extend([sample, inputs, *out])
        return None if self.closed else out

    def full(self) -> bool:
        """Whether as many samples wait as may."""
        return len(self.entries) >= self.door.room * self.span

    def run(self) -> None:
        if self.done:
            return
        self.closed = True
        door = self.door
        if door.open is self:
            door.open = None
        entries = self.entries[:]
        rows, inputs, failures = rows_of(entries, self.span)
        version = door.version()
        taped = leaf = outputs = X = None
        few: Any = door.few
        small = few is not None and few.takes(len(rows))
        if small:
            trace = numbers = few.forward(rows)
            first, stride = few.output(0), few.stride
        else:
            forward = self.kin.forward if usual() else partial(apart, self.kin.forward)
            X, taped, leaf, outputs = forward(rows, bool(inputs))
            numbers = readable(outputs)
            first, stride = 0, self.wide
        if self.done:  # in between, by a signal handler or another thread
            return
        self.n, self.rows, self.inputs, self.version = len(rows), rows if small else X, inputs, version
        self.outputs, self.taped, self.leaf = outputs, taped, leaf
        self.small = small
        if small:
            self.trace = trace
        TALLY.batch(self.n)
        self.publish(entries, numbers, first, stride)
        for i, failure in failures.items():
            for v in entries[i * self.span + 2 : (i + 1) * self.span]:
                set_failure(v, failure)
        self.finish()
        observer = graph.observer()
        if observer is not None:
            observer.ran(self, [entries[i + 2 : i + self.span] for i in range(0, len(entries), self.span)])

    def drop(self) -> None:
        n = len(self.entries)
        if not held(self.entries, self.span):
            self.closed = True  # what comes from here on is refused by `add`
            if len(self.entries) > n:  # some came meanwhile, as in a signal handler
                self.run()
                return
            if self.door.open is self:
                self.door.open = None
            self.finish()

    def finish(self) -> None:
        """Let go of what was needed until the outputs were there."""
        self.done = True
        self.entries = []
        self.level = None

    def publish(self, entries: list[Any], numbers: Any, first: int, stride: int) -> None:
        """Give the outputs their numbers, of which those of a sample come ``stride`` after the last one's."""
        k = 0
        i = 2
        while i < len(entries):
            for j in range(self.wide):
                set_output(entries[i + j], k, numbers[first + j])
                k += 1
            i += self.span
            first += stride

    def check(self) -> Sequence[Array]:
        door = self.door
        if self.taped is not None:
            check_unchanged(consumers(self.taped))
        elif self.version != door.version():
            raise GradientError(
                f"backward() through a call of a {self.kin.name} needs its parameters as they were then, but "
                "one has been changed since; call backward() before changing parameters, or compute again"
            )
        return door.vectors

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

    def part(self) -> tuple[Array, Array, Array | None]:
        """Samples and gradients of the rows that a walk has reached, and which those are; None if all."""
        G = np.asarray(self.slopes).reshape(self.n, self.wide)
        some = self.some()
        return (self.rows, G, None) if some is None else (self.rows[some], G[some], some)

    def pairs(self, slopes: Array, some: Array | None) -> list[tuple[Node, float]]:
        """The Values among the inputs of rows that a walk has reached, with their gradients.

        Args:
            slopes: for the inputs of those rows.
            some: which those are; None if all.
        """
        found: list[Any] = []
        if self.inputs:
            if some is not None:
                reached, slopes = slopes, np.zeros((self.n, slopes.shape[1]))
                slopes[some] = reached
            rows = slopes.tolist()
            for i, given in self.inputs.items():
                if self.reached[i]:
                    row = rows[i]
                    for j, v in given:
                        found.append((v, row[j]))
        return found

    def pass_rows_back(self) -> list[tuple[Node, float]]:
        """The same for a few samples, after adding to the gradients of parameters."""
        few: Any = self.door.few
        scratch = few.scratch()
        found: list[Any] = []
        for i in range(self.n):
            if self.reached[i]:
                place = few.backward(self.trace, i, self.gradients, scratch)
                if self.inputs:
                    for j, v in self.inputs.get(i, ()):
                        found.append((v, scratch[place + j]))
        return found


def set_output(v: Node, place: int, x: float) -> None:
    """Give an output its number."""
    v._index = place
    v._number = x
    v._source = None


def set_failure(v: Node, failure: Any) -> None:
    """Have an output fail."""
    v._source = failure


def readable(numbers: Array) -> Any:
    """An array as what gives numbers one by one."""
    flat = np.ascontiguousarray(numbers, np.float64).reshape(-1)
    return flat if node.COMPILED else flat.tolist()


def rows_of(entries: list[Any], span: int) -> tuple[list[Any], dict[int, Any], dict[int, Any]]:
    """The numbers of samples; by row, those inputs that are Values, which have theirs now; and failures."""
    rows: list[Any] = []
    inputs: dict[int, Any] = {}
    failures: dict[int, Any] = {}
    for i in range(0, len(entries), span):
        row, given = entries[i], entries[i + 1]
        if given is not None:
            n = len(rows)
            inputs[n] = given
            filled = list(row)
            for j, v in given:
                try:
                    filled[j] = graph.done(v)
                except (ArithmeticError, ValueError) as error:
                    failures[n] = graph.Failure(error)
            row = tuple(filled)
        rows.append(row)
    return rows, inputs, failures


def held(entries: list[Any], span: int) -> bool:
    """Whether anybody else has one of the outputs."""
    kept = False
    for i in range(len(entries)):
        kept = kept or (i % span > 1 and graph.references(entries, i) > graph.ALONE)
    return kept


def is_there(v: Node) -> bool:
    """Whether a node has its number itself."""
    return v._source is None


class Door:
    """Where samples come in that depend on nothing that waits.

    Args:
        stages: the layers that the samples go through.
        waits: whether the result is the same for a sample whatever others there are, and each time.

    Attributes:
        n_in, n_out: how many numbers a sample has, and how many results.
        few: what a few samples go through, if they may.
        versions: how often the parameters were changed, by layer.
        vectors: the gradients of the parameters.
        room: how many may wait in a batch.
        open: the batch that they join.
    """

    def __init__(self, stages: Sequence[Stage], waits: bool) -> None:
        first, last = stages[0], stages[-1]
        self.n_in: int = first.matrix.tensor.shape[1] - 1
        self.n_out: int = len(range(*last.rows.indices(last.matrix.tensor.shape[0])))
        self.waits = waits
        self.few = rowwise_of(stages) if waits else None
        self.versions = [stage.matrix.version for stage in stages]
        self.vectors: Sequence[Array] = first.matrix.vectors
        self.room = max(1, min(ROWS, NUMBERS // self.n_in))
        self.open: Batch | None = None

    def version(self) -> int:
        """How often the parameters were changed."""
        return total(self.versions)

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
            if batch is None or batch.closed or batch.thread != threading.get_ident():
                self.open = batch = self.begin(graph.lowest())
            elif batch.full():
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
    for i, row in enumerate(rows):
        for j, x in enumerate(row):
            table[i, j] = x


class Samples(Door):
    """What takes the samples of one module, and knows how to compute with many.

    Args:
        name: what errors call the module.
        through: from (n_in, rows) to (n_out, rows).
        stages, waits: see `Door`.
        windows: its parameters, as Values.
    """

    def __init__(
        self,
        name: str,
        through: Callable[[Tensor], Tensor],
        stages: Sequence[Stage],
        waits: bool,
        windows: Callable[[], list[Any]],
    ) -> None:
        Door.__init__(self, stages, waits)
        self.name = name
        self.through = through
        self.stages = stages
        self.dtype = stages[0].matrix.tensor.dtype
        self.windows = windows
        self.programs: OrderedDict[tuple[int, bool], Staged] = OrderedDict()  # by rows, and whether asked
        self.uses: OrderedDict[tuple[int, bool], int] = OrderedDict()  # of those that have none

    # Recording

    def wait(self, sample: Any, inputs: Any, level: Level | None) -> Any:
        """Let a sample join the open batch; its outputs."""
        if level is None:
            return self.join(sample, inputs)
        batch: Batch | None = level.batches.get(self)
        if batch is not None and batch.full():
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
            if x.dtype.kind in KINDS and len(x) == self.n_in and self.waits and not unusual():
                return self.wait(tuple(x.tolist()), None, None)
            items = list(x) if x.dtype.kind in WAYS_OUT else x.tolist()  # which makes numbers of dates
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

    def forward(self, rows: list[Any], asks: bool) -> tuple[Array, Any, Leaf | None, Array]:
        """Samples as an array X, and their outputs, (rows, n_out); if taped, node and X's leaf between."""
        with np.errstate(all="ignore"):
            X = self.table(rows)
            if not self.waits:
                leaf = Leaf(X.shape[1:], self.dtype) if asks else None
                y = self.through(Tensor._of(X[0], leaf))
                return X, y._node, leaf, y.data
            staged = self.take_program(len(X), asks)
            if staged is None:
                return X, None, None, self.through(Tensor._of(X.T, None)).T.data
            Y = staged.forward(X)
            self.give_program(len(X), asks, staged)
            return X, None, None, Y

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
        pairs: list[tuple[Node, float]] = []
        many = []
        for batch in batches:
            if batch.small:
                pairs += batch.pass_rows_back()
            else:
                many.append(batch)
        if many:
            pairs += self._pass_back(many) if usual() else apart(self._pass_back, many)
        return pairs

    def _pass_back(self, batches: list[Batch]) -> list[tuple[Node, float]]:
        pairs: list[tuple[Node, float]] = []
        with np.errstate(all="ignore"):
            if not self.waits:
                for batch in batches:
                    pairs += self._untaped(batch)
            else:
                for some in self._full(batches):
                    pairs += self._together(some)
        return pairs

    def _full(self, batches: list[Batch]) -> list[list[Batch]]:
        """The batches in groups that are no larger than a batch may be, since caches are not either."""
        groups: list[list[Batch]] = [[]]
        rows = 0
        for batch in batches:
            rows += batch.n
            if groups[-1] and rows > self.room:
                groups.append([])
                rows = batch.n
            groups[-1].append(batch)
        return groups

    def _together(self, batches: list[Batch]) -> list[tuple[Node, float]]:
        """Pass the gradients of several batches on in one go."""
        asks = False
        parts = []
        for batch in batches:
            asks = asks or bool(batch.inputs)
            parts.append(batch.part())
        X, G, _ = parts[0]
        if len(parts) > 1:
            X, G = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        staged = self.take_program(len(X), asks)
        if staged is not None:
            slopes = staged.backward(X, G)
            self.give_program(len(X), asks, staged)
        else:
            leaf = Leaf(X.T.shape, self.dtype) if asks else None
            y = self.through(Tensor._of(X.T, leaf))
            y.backward(G.T.astype(self.dtype, copy=False))
            slopes = leaf.grad.T if leaf is not None and leaf.grad is not None else None
        pairs: list[tuple[Node, float]] = []
        if slopes is not None:
            start = 0
            for batch, (rows, _, some) in zip(batches, parts, strict=True):
                stop = start + len(rows)
                pairs += batch.pairs(slopes[start:stop], some)
                start = stop
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
        return batch.pairs(np.zeros_like(batch.rows) if slopes is None else slopes[None], None)


class TakesSamples:
    """What takes samples when it is called."""

    _samples: Samples

    def __call__(self, x: Any) -> Any:
        """The outputs for one sample, as Values, or for many, as a Tensor.

        Args:
            x: one sample, which is a list, tuple or one-dimensional array of numbers and Values; or
                many in rows, a nested list, two-dimensional array or Tensor of numbers.

        Returns:
            For one sample a list of Values, or the Value itself if there is one output; for many a
            Tensor of shape (rows, outputs).

        Raises:
            ShapeError: samples of another length than this module has inputs, or of several.
            NotANumberError: text, None or the like in a sample; Values in many samples at once.

        >>> from autograd.nn import Layer
        >>> layer = Layer(2, 1, "linear", init=lambda n_out, n_in: [[3.0, 4.0]])
        >>> layer([1, 10])
        Value(43.0, grad=0.0)
        >>> layer([[1, 10], [0, 1]])
        Tensor([[43.],
                [ 4.]], requires_grad=True)
        """
        samples = self._samples
        if samples is not None and samples.waits and not entered:
            out = samples.enter(x)
            if out is not None:
                return out
        return self._outputs(x)

    def _outputs(self, x: Any) -> Any:
        """The same for samples of any kind."""
        raise NotImplementedError


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
