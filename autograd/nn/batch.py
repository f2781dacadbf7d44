"""Batches: samples of one module that go through it together, once a number is needed."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd.engine import node, operations, pending
from autograd.engine.node import Node
from autograd.engine.pending import Junction, Level
from autograd.engine.stats import STATS
from autograd.engine.storage import total
from autograd.engine.value import Value
from autograd.errors import GradientError
from autograd.nn.activations import Activation
from autograd.nn.parameters import LayerParameters
from autograd.nn.rowwise import Rowwise, zeros
from autograd.tensor.core import Tensor
from autograd.tensor.recording import apart, recording
from autograd.tensor.tape import Array, Leaf, check_unchanged, consumers

__all__ = ["Batch", "SampleQueue", "Stage"]

MOST_ROWS = 2048  # that wait at most in one batch
MOST_NUMBERS = 1 << 20  # that wait at most in the samples of a batch


class Stage(NamedTuple):
    """One layer on the way through a module: its matrix, those of its rows that count, the activation."""

    matrix: LayerParameters
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

    def __init__(self, samples: "SampleQueue", level: Level) -> None:
        Junction.__init__(self, samples, samples.n_out)
        self.queue = samples
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
        return len(self.entries) >= self.queue.room * self.span

    def run(self) -> None:
        if self.done:
            return
        self.closed = True
        queue = self.queue
        if queue.open is self:
            queue.open = None
        entries = self.entries[:]
        rows, inputs, failures = split_entries(entries, self.span)
        version = queue.version()
        taped = leaf = outputs = X = None
        few: Any = queue.few
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
        STATS.batch(self.n)
        self.publish(entries, numbers, first, stride)
        for i, failure in failures.items():
            for v in entries[i * self.span + 2 : (i + 1) * self.span]:
                set_failure(v, failure)
        self.finish()
        observer = pending.observer()
        if observer is not None:
            observer.ran(self, [entries[i + 2 : i + self.span] for i in range(0, len(entries), self.span)])

    def drop(self) -> None:
        n = len(self.entries)
        if not held(self.entries, self.span):
            self.closed = True  # what comes from here on is refused by `add`
            if len(self.entries) > n:  # some came meanwhile, as in a signal handler
                self.run()
                return
            if self.queue.open is self:
                self.queue.open = None
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
        queue = self.queue
        if self.taped is not None:
            check_unchanged(consumers(self.taped))
        elif self.version != queue.version():
            raise GradientError(
                f"backward() through a call of a {self.kin.name} needs its parameters as they were then, but "
                "one has been changed since; call backward() before changing parameters, or compute again"
            )
        return queue.vectors

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
        views: list[Any] = self.kin.views()
        return [v for _, v in given] + views

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
        few: Any = self.queue.few
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


def split_entries(entries: list[Any], span: int) -> tuple[list[Any], dict[int, Any], dict[int, Any]]:
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
                    filled[j] = pending.done(v)
                except (ArithmeticError, ValueError) as error:
                    failures[n] = pending.Failure(error)
            row = tuple(filled)
        rows.append(row)
    return rows, inputs, failures


def held(entries: list[Any], span: int) -> bool:
    """Whether anybody else has one of the outputs."""
    kept = False
    for i in range(len(entries)):
        kept = kept or (i % span > 1 and pending.references(entries, i) > pending.ALONE)
    return kept


def is_there(v: Node) -> bool:
    """Whether a node has its number itself."""
    return v._source is None


class SampleQueue:
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
        self.room = max(1, min(MOST_ROWS, MOST_NUMBERS // self.n_in))
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
                self.open = batch = self.begin(pending.lowest())
            elif batch.full():
                pending.settle(batch.level, (), False)
                continue
            out = batch.add(sample, inputs)
            if out is not None:
                if pending.observer() is not None:
                    self.tell(out)
                return out

    def begin(self, level: Level) -> Batch:
        """The open batch of a level."""
        raise NotImplementedError

    def tell(self, out: Any) -> None:
        """Tell an observer of outputs that wait."""
        raise NotImplementedError


def rowwise_of(stages: Sequence[Stage]) -> Rowwise | None:
    """A module of float64 as one through which samples can go one by one, if all its activations can."""
    layers = []
    for matrix, rows, function in stages:
        if not isinstance(function, Activation) or function.operation is None:
            return None
        n_out, columns = matrix.tensor.shape
        start, stop, _ = rows.indices(n_out)
        layers.append((matrix, start * columns, columns - 1, stop - start, function.operation))
    return Rowwise(layers) if stages[0].matrix.tensor.dtype == np.float64 else None


def fill(table: Any, rows: list[Any]) -> None:
    """Write rows into a table."""
    for i, row in enumerate(rows):
        for j, x in enumerate(row):
            table[i, j] = x
