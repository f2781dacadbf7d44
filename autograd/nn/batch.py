"""Batches: pending samples of one module, which go through it together when a number is needed."""

import math
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd.engine import node, operations, pending
from autograd.engine.batch_stats import STATS
from autograd.engine.node import Node
from autograd.engine.pending import Junction, Level
from autograd.engine.storage import TOO_LARGE, total
from autograd.engine.value import Value
from autograd.errors import GradientError
from autograd.nn.activations import Activation
from autograd.nn.parameters import LayerParameters
from autograd.nn.rowwise import Rowwise, zeros
from autograd.support import here
from autograd.tensor import Array, Leaf, Tensor, check_unchanged, in_new_thread, mode, use_counts

__all__ = ["Batch", "LayerSpec", "SampleQueue"]

MOST_ROWS = 2048  # pending samples in one batch
MOST_NUMBERS = 1 << 20  # inputs of all pending samples in one batch


class LayerSpec(NamedTuple):
    """One layer of a module's forward pass: its matrix, the rows of the matrix in use, the activation."""

    matrix: LayerParameters
    rows: slice
    function: Callable[[Tensor], Tensor]


def default_mode() -> bool:
    """Whether this thread is in its normal mode: it records the tape, and is not recording a Program."""
    return bool(mode.taping) and mode.trace is None


class Batch(Junction):
    """Pending samples of one module at one level and, after the batch was evaluated, their outputs.

    The place of an output is its index among the outputs of all samples, row after row.

    Attributes:
        n: the number of samples that were evaluated.
        version: how often the module's parameters had been changed by then.
        by_rows: whether the samples were few and were evaluated by `Rowwise`.
        saved: if so, what `Rowwise.forward` has saved.
        grads: the gradients of the outputs, by place, from the latest backward pass that reached each row.
        place: where the program called the module with the first sample, if there is an observer.
    """

    def __init__(self, samples: "SampleQueue", level: Level) -> None:
        Junction.__init__(self, samples, samples.n_out)
        self.queue = samples
        self.level: Level | None = level
        self.thread = threading.get_ident()
        self.entries: list[Any] = []  # for each sample: its numbers, the inputs that are Values, its outputs
        self.span = 2 + self.width  # entries per sample
        self.closed = False  # to further samples
        self.done = False
        self.n = 0
        self.rows: Any = None
        self.outputs: Any = None
        self.version = 0
        self.by_rows = False
        self.saved: Any = None
        self.output_gradients: Any = None  # during a backward pass
        self.taped: Any = None  # the tape node of the outputs, if the forward pass was taped
        self.leaf: Leaf | None = None
        self.grads: Array | None = None
        self.place = here() if pending.observer() is not None else None

    @property
    def X(self) -> Array:
        """The samples, (n, inputs)."""
        return np.asarray(self.rows, self.evaluator.dtype)

    @property
    def Y(self) -> Array:
        """The outputs of the samples, (n, outputs)."""
        if not self.by_rows:
            return self.outputs  # type: ignore[no-any-return]  # typed as Any
        saved = np.asarray(self.saved).reshape(self.n, -1)
        return saved[:, -2 * self.width : -self.width]

    def output(self) -> Value:
        """A new pending output of this batch."""
        v = Value.__new__(Value)
        v._code = operations.OUTPUT
        v._a = v._b = None
        v._grad = 0.0
        v._n = 0
        v._home = self
        v._source = self.level
        return v

    def add(self, sample: Any, inputs: Any) -> Any:
        """Add a pending sample; returns its outputs, or None if the batch is closed.

        Args:
            sample: the numbers of the sample, with any number in place of a Value.
            inputs: the inputs that are Values, each with its index in the sample; None if there are none.
        """
        if self.width == 1:
            v = self.output()
            self.entries.extend((sample, inputs, v))
            return None if self.closed else v
        out = [self.output() for _ in range(self.width)]
        self.entries.extend([sample, inputs, *out])
        return None if self.closed else out

    def full(self) -> bool:
        """Whether the batch has as many pending samples as it may have."""
        return len(self.entries) >= self.queue.capacity * self.span

    def run(self) -> None:
        """Compute the results, if they are pending."""
        if self.done:
            return
        observer = pending.observer()
        if observer is None:
            self.evaluate(None)
            return
        try:
            self.evaluate(observer)
        except BaseException:
            observer.on_failure()
            raise

    def evaluate(self, observer: Any) -> None:
        """Compute the results, and tell an observer of it, or None."""
        self.closed = True
        queue = self.queue
        if queue.open is self:
            queue.open = None
        if observer is not None:
            observer.before_batch(self)
        entries = self.entries[:]
        rows, inputs, failures = split_entries(entries, self.span)
        version = queue.version()
        taped = leaf = outputs = X = None
        rowwise: Any = queue.rowwise
        by_rows = rowwise is not None and rowwise.takes(len(rows))
        if by_rows:
            saved = numbers = rowwise.forward(rows)
            first, stride = rowwise.output(0), rowwise.stride
        else:
            forward = (
                self.evaluator.forward if default_mode() else partial(in_new_thread, self.evaluator.forward)
            )
            X, taped, leaf, outputs = forward(rows, bool(inputs))
            numbers = readable(outputs)
            first, stride = 0, self.width
        if self.done:  # a signal handler or another thread has evaluated the batch in the meantime
            return
        self.n, self.rows, self.inputs, self.version = len(rows), rows if by_rows else X, inputs, version
        self.outputs, self.taped, self.leaf = outputs, taped, leaf
        self.by_rows = by_rows
        if by_rows:
            self.saved = saved
        STATS.batch(self.n)
        self.publish(entries, numbers, first, stride)
        for i, failure in failures.items():
            for v in entries[i * self.span + 2 : (i + 1) * self.span]:
                set_failure(v, failure)
        self.finish()
        if observer is not None:
            observer.on_batch(
                self, [entries[i + 2 : i + self.span] for i in range(0, len(entries), self.span)]
            )

    def drop(self) -> None:
        n = len(self.entries)
        if not held(self.entries, self.span):
            self.closed = True  # from here on `add` returns None
            if len(self.entries) > n:  # a sample was added in the meantime, as by a signal handler
                self.run()
                return
            if self.queue.open is self:
                self.queue.open = None
            self.finish()

    def finish(self) -> None:
        """Release what is needed only while the batch is pending."""
        self.done = True
        self.entries = []
        self.level = None

    def publish(self, entries: list[Any], numbers: Any, first: int, stride: int) -> None:
        """Write the results into the output Values.

        Args:
            entries: as for the batch.
            numbers: an array that holds the results.
            first: the index in ``numbers`` of the first result of the first sample.
            stride: the distance in ``numbers`` from the results of one sample to those of the next.
        """
        k = 0
        i = 2
        while i < len(entries):
            for j in range(self.width):
                set_output(entries[i + j], k, numbers[first + j])
                k += 1
            i += self.span
            first += stride

    def check(self) -> Sequence[Array]:
        queue = self.queue
        if queue is None:  # so says the collector, in code that it calls while it clears a cycle
            raise GradientError("backward() through a call of a net wants that net, which is being deleted")
        if self.taped is not None:
            check_unchanged(use_counts(self.taped))
        elif self.version != queue.version():
            raise GradientError(
                f"backward() through a call of a {self.evaluator.name} needs its parameters as they were "
                "then, but one has been changed since; call backward() before changing parameters, or "
                "compute again"
            )
        return queue.vectors

    def start(self) -> None:
        self.output_gradients = zeros(self.n * self.width)
        self.gradients = self.output_gradients
        self.reached = bytearray(self.n)

    def keep(self) -> None:
        reached_rows, before = self.reached_rows(), self.grads
        self.grads = np.asarray(self.output_gradients)
        if reached_rows is not None and before is not None:
            self.grads = np.where(reached_rows.repeat(self.width), self.grads, before)
        self.output_gradients = None

    def operands(self, place: int) -> list[Any]:
        """The operands of the output at a place: the Values among its sample's inputs, and the parameters."""
        inputs = self.inputs.get(place // self.width, ())
        views: list[Any] = self.evaluator.views()
        return [v for _, v in inputs] + views

    def input_slopes(self) -> Array:
        """The slopes of the outputs with respect to the inputs of each sample, (n, outputs, inputs)."""
        from autograd.nn import slopes  # here, since only `explain` needs it

        return slopes.input_slopes(self.evaluator.through, self.X, self.queue.deferrable)

    def parameter_slopes(self, matrix: LayerParameters, i: int) -> tuple[Array, Array] | None:
        """The factors of the slopes with respect to a parameter; see `slopes.parameter_slopes`."""
        from autograd.nn import slopes  # here, since only `explain` needs it

        evaluator = self.evaluator
        return slopes.parameter_slopes(
            evaluator.through, self.X, self.queue.deferrable, evaluator.specs, matrix, i
        )

    def reached_rows(self) -> Array | None:
        """A mask of the rows that the backward pass has reached; None if it has reached all."""
        if self.n_reached == self.n:
            return None
        return np.frombuffer(self.reached, np.bool_)

    def part(self) -> tuple[Array, Array, Array | None]:
        """The samples and output gradients of the rows in `reached_rows`, and that mask."""
        G = np.asarray(self.output_gradients).reshape(self.n, self.width)
        reached_rows = self.reached_rows()
        return (
            (self.rows, G, None)
            if reached_rows is None
            else (self.rows[reached_rows], G[reached_rows], reached_rows)
        )

    def pairs(self, input_gradients: Array, reached_rows: Array | None) -> list[tuple[Node, float]]:
        """The Values among the inputs of the rows that the backward pass has reached, with their gradients.

        Args:
            input_gradients: the gradients of all inputs of these rows.
            reached_rows: as from `reached_rows`.
        """
        found: list[Any] = []
        if self.inputs:
            if reached_rows is not None:
                reached, input_gradients = input_gradients, np.zeros((self.n, input_gradients.shape[1]))
                input_gradients[reached_rows] = reached
            rows = input_gradients.tolist()
            for i, given in self.inputs.items():
                if self.reached[i]:
                    row = rows[i]
                    for j, v in given:
                        found.append((v, row[j]))
        return found

    def pass_rows_back(self) -> list[tuple[Node, float]]:
        """Pass the gradients of a small batch back.

        This adds to the gradients of the parameters, and returns the Values among the inputs with their
        gradients.
        """
        rowwise: Any = self.queue.rowwise
        scratch = rowwise.scratch()
        found: list[Any] = []
        for i in range(self.n):
            if self.reached[i]:
                place = rowwise.backward(self.saved, i, self.gradients, scratch)
                if self.inputs:
                    for j, v in self.inputs.get(i, ()):
                        found.append((v, scratch[place + j]))
        return found


def set_output(v: Node, place: int, x: float) -> None:
    """Give an output its place and its number; it is no longer pending."""
    v._index = place
    v._number = x
    v._source = None


def set_failure(v: Node, failure: Any) -> None:
    """Give an output the `pending.Failure` that is raised instead of reading its number."""
    v._source = failure


def readable(numbers: Array) -> Any:
    """The numbers, flat, in the type from which single numbers are read fastest."""
    flat = np.ascontiguousarray(numbers, np.float64).reshape(-1)
    return flat if node.COMPILED else flat.tolist()


def split_entries(entries: list[Any], span: int) -> tuple[list[Any], dict[int, Any], dict[int, Any]]:
    """Split the entries of a batch, and fill in the numbers of inputs that are Values.

    Args:
        entries: as for the batch.
        span: entries per sample.

    Returns:
        The numbers of each sample; by row, the inputs that are Values, each with its index in the sample;
        and by row, the failure of a row with an input that could not be computed.
    """
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
                    filled[j] = pending.settled_number(v)
                except (ArithmeticError, ValueError) as error:
                    failures[n] = pending.Failure(error)
            row = tuple(filled)
        rows.append(row)
    return rows, inputs, failures


def held(entries: list[Any], span: int) -> bool:
    """Whether one of the outputs is referenced from outside of ``entries``."""
    kept = False
    for i in range(len(entries)):
        kept = kept or (i % span > 1 and pending.references(entries, i) > pending.ALONE)
    return kept


def stores_number(v: Node) -> bool:
    """Whether a node is computed and, unlike a parameter, stores its number itself."""
    return v._source is None


class SampleQueue:
    """Collects samples of one module until they are evaluated. Their inputs must not be pending themselves.

    Args:
        specs: the layers of the module.
        deferrable: whether samples may be pending: a sample's outputs must not depend on the other samples of
            its batch, and must be the same at every call.

    Attributes:
        n_in, n_out: the number of inputs and outputs of a sample.
        rowwise: the `Rowwise` for batches of a few samples, or None if the module has none.
        versions: for each layer the `Version` that counts changes of its parameters.
        vectors: the gradients of the parameters.
        capacity: the largest number of pending samples in a batch.
        open: the batch that the next sample joins, or None.
    """

    def __init__(self, specs: Sequence[LayerSpec], deferrable: bool) -> None:
        first, last = specs[0], specs[-1]
        self.n_in: int = first.matrix.tensor.shape[1] - 1
        self.n_out: int = len(range(*last.rows.indices(last.matrix.tensor.shape[0])))
        self.deferrable = deferrable
        self.rowwise = rowwise_of(specs) if deferrable else None
        self.versions = [spec.matrix.version for spec in specs]
        self.vectors: Sequence[Array] = first.matrix.vectors
        self.single: bool = first.matrix.tensor.dtype == np.float32
        self.capacity = max(1, min(MOST_ROWS, MOST_NUMBERS // self.n_in))
        self.open: Batch | None = None

    def version(self) -> int:
        """How often the parameters have been changed."""
        return total(self.versions)

    def try_join(self, x: Any) -> Any:
        """The outputs for a list or tuple of floats and evaluated Values; None for any other ``x``."""
        if (type(x) is not list and type(x) is not tuple) or len(x) != self.n_in:
            return None
        inputs = None
        for j, item in enumerate(x):
            if type(item) is not float:
                if type(item) is not Value or not stores_number(item):
                    return None
                if inputs is None:
                    inputs = []
                inputs.append((j, item))
        if self.single and not all(map(fits_float32, x)):
            return None
        return self.join(tuple(x), inputs)

    def join(self, sample: Any, inputs: Any) -> Any:
        """Add a sample to the open batch; returns its outputs. Arguments are those of `Batch.add`."""
        while True:
            batch = self.open
            if batch is None or batch.closed or batch.thread != threading.get_ident():
                self.open = batch = self.begin(pending.lowest())
            elif batch.full():
                pending.settle(batch.level, (), False)
                continue
            out = batch.add(sample, inputs)
            if out is not None:
                if pending.observes_all():
                    self.tell(out)
                return out

    def begin(self, level: Level) -> Batch:
        """The open batch of this module at a level, made if there is none."""
        raise NotImplementedError

    def tell(self, out: Any) -> None:
        """Tell the observer of pending outputs."""
        raise NotImplementedError


def fits_float32(item: Any) -> bool:
    """Whether float32 has room for an input of a sample, if it is a number."""
    return type(item) is not float or not math.isfinite(item) or -TOO_LARGE < item < TOO_LARGE


def rowwise_of(specs: Sequence[LayerSpec]) -> Rowwise | None:
    """The `Rowwise` of a module; None if it is not of float64 or an activation has no scalar operation."""
    layers = []
    for matrix, rows, function in specs:
        if not isinstance(function, Activation) or function.operation is None:
            return None
        n_out, columns = matrix.tensor.shape
        start, stop, _ = rows.indices(n_out)
        layers.append((matrix, start * columns, columns - 1, stop - start, function.operation))
    return Rowwise(layers) if specs[0].matrix.tensor.dtype == np.float64 else None


def fill(table: Any, rows: list[Any]) -> None:
    """Write rows into a table."""
    for i, row in enumerate(rows):
        for j, x in enumerate(row):
            table[i, j] = x
