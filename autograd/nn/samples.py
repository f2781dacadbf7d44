"""Samples through a module: numbers or Values in, Values out.

A sample joins the open `Batch` of its module, and its outputs are pending Values. When a number is needed,
the whole batch goes through the module in one forward pass. A backward pass takes the gradients of several
batches together. Samples with pending inputs form batches of their own, one for each level.
"""

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd.engine import node, pending
from autograd.engine.node import Node
from autograd.engine.numbers import number
from autograd.engine.pending import Level
from autograd.engine.value import Value
from autograd.errors import GradientError, NotANumberError, ShapeError
from autograd.nn.batch import Batch, LayerSpec, SampleQueue, default_mode, fill
from autograd.nn.sample_program import SampleProgram
from autograd.tensor import (
    CONVERSIONS,
    KINDS,
    Array,
    Leaf,
    Tensor,
    active_contexts,
    backpropagate,
    evaluates_at_once,
    in_new_thread,
    mode,
    tensor_of,
)
from autograd.text import count
from autograd.training import in_dtype

__all__ = ["Samples", "TakesSamples", "is_batch"]

MOST_LEVELS = 4096  # levels of pending batches, of which each depends on the one before
PROGRAMS_KEPT = 8  # Programs in the cache of a module
SIZES_SEEN = 64  # batch sizes whose uses are counted


class Samples(SampleQueue):
    """Collects the samples of one module, and evaluates batches of them.

    Args:
        name: the name of the module in error messages.
        through: the module's function, from (n_in, rows) to (n_out, rows).
        specs, deferrable: see `SampleQueue`.
        views: returns the module's parameters, as Values.
    """

    def __init__(
        self,
        name: str,
        through: Callable[[Tensor], Tensor],
        specs: Sequence[LayerSpec],
        deferrable: bool,
        views: Callable[[], list[Any]],
    ) -> None:
        SampleQueue.__init__(self, specs, deferrable)
        self.name = name
        self.through = through
        self.specs = specs
        self.dtype = specs[0].matrix.tensor.dtype
        self.views = views
        # The keys are the number of rows, and whether the gradients of inputs are wanted
        self.programs: OrderedDict[tuple[int, bool], SampleProgram] = OrderedDict()
        self.uses: OrderedDict[tuple[int, bool], int] = OrderedDict()  # counted until there is a Program

    # Collecting samples

    def join_at(self, sample: Any, inputs: Any, level: Level | None) -> Any:
        """Add a sample to the open batch; returns its outputs.

        Args:
            sample: as for `Batch.add`.
            inputs: as for `Batch.add`.
            level: the level of the batch; None for the lowest one, if no input is pending.
        """
        if level is None:
            return self.join(sample, inputs)
        batch: Batch | None = level.batches.get(self)
        if batch is not None and batch.full():
            pending.settle(level, (), False)
        while level.nodes is not None:
            out = self.begin(level).add(sample, inputs)
            if out is not None:
                self.tell(out)
                return out
        return self.join(sample, inputs)  # the level has been evaluated in the meantime

    def tell(self, out: Any) -> None:
        """Tell the observer of pending outputs, if it is told of every operation."""
        if pending.observes_all():
            observer = pending.observer()
            outs = out if isinstance(out, list) else [out]
            for i, v in enumerate(outs):
                observer.on_pending(v, f"{self.name}()", "{}" if self.n_out == 1 else f"{{}}[{i}]")

    def begin(self, level: Level) -> Batch:
        """The open batch of this module at a level, made if there is none."""
        batch: Batch | None = level.batches.get(self)
        if batch is None or batch.closed:
            level.batches[self] = batch = Batch(self, level)
        return batch

    def _call(self) -> str:
        return f"{self.name} of {count(self.n_in, 'input')}"

    def take(self, x: Any) -> Any:
        """The outputs for a sample of any kind.

        Raises:
            ShapeError: the sample does not have ``n_in`` entries.
            NotANumberError: an entry is neither a number nor a Value.
        """
        kind = x.__class__
        if kind is list or kind is tuple:
            items = x
        elif kind is np.ndarray and x.ndim == 1:
            if x.dtype.kind in KINDS and len(x) == self.n_in and self.deferrable and not evaluates_at_once():
                if self.single:
                    in_dtype(x, self.dtype, "a sample", self._call())
                return self.join_at(tuple(x.tolist()), None, None)
            # tolist() turns some dates into ints
            items = list(x) if x.dtype.kind in CONVERSIONS else x.tolist()
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
        level: Level | None = None  # the highest level of a pending input
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
        if self.single:
            in_dtype(np.array(row), self.dtype, "a sample", self._call())
        if not self.deferrable or evaluates_at_once():
            return self.evaluate_at_once(row, inputs)
        if level is not None:
            if level.rank % pending.ROUND >= MOST_LEVELS:
                pending.settle(level)
                level = None
            else:
                level = level.next()
        return self.join_at(tuple(row), inputs or None, level)

    def evaluate_at_once(self, row: list[float], inputs: list[tuple[int, Any]]) -> Any:
        """The outputs of a sample, evaluated at once."""
        if mode.trace is not None:
            mode.trace.note_read(f"a call of {self.name} on one sample")
        if not mode.taping:
            for j, v in inputs:
                row[j] = pending.number_of(v)
            out = self.through(tensor_of(np.array(row, self.dtype))).data
            values = [Value(y) for y in out.tolist()]
            return values[0] if self.n_out == 1 else values
        for _, v in inputs:
            pending.number_of(v)
        batch = Batch(self, Level(0))
        out = batch.add(tuple(row), inputs or None)
        self.tell(out)
        batch.run()
        if pending.observer() is not None:
            pending.observer().on_settled()
        return out

    # Evaluating batches

    def table(self, rows: list[Any]) -> Array:
        """The samples as an array, (rows, n_in)."""
        if node.COMPILED and self.dtype == np.float64:
            table = np.empty((len(rows), self.n_in))
            fill(table, rows)
            return table
        flat = itertools.chain.from_iterable(rows)
        return np.fromiter(flat, self.dtype, len(rows) * self.n_in).reshape(len(rows), self.n_in)

    def forward(self, rows: list[Any], wants_input_gradients: bool) -> tuple[Array, Any, Leaf | None, Array]:
        """Evaluate samples.

        Args:
            rows: the samples.
            wants_input_gradients: whether the gradients of the inputs are wanted.

        Returns:
            The samples as an array X; the tape node of the outputs, and the leaf of X, if the forward pass
            is taped, else None; and the outputs, (rows, n_out).
        """
        with np.errstate(all="ignore"):
            X = self.table(rows)
            if not self.deferrable:
                leaf = Leaf(X.shape[1:], self.dtype) if wants_input_gradients else None
                y = self.through(tensor_of(X[0], leaf))
                return X, y._node, leaf, y.data
            program = self.take_program(len(X), wants_input_gradients)
            if program is None:
                return X, None, None, self.through(tensor_of(X.T)).T.data
            Y = program.forward(X)
            self.give_program(len(X), wants_input_gradients, program)
            return X, None, None, Y

    def take_program(self, n: int, wants_input_gradients: bool) -> "SampleProgram | None":
        """The Program for a number of rows, or None if that number has not come often enough.

        The Program leaves the cache until `give_program` puts it back. If an error or an interrupt prevents
        that, another Program is recorded the next time.

        Args:
            n: the number of rows.
            wants_input_gradients: whether the gradients of the inputs are wanted.
        """
        key = n, wants_input_gradients
        program = self.programs.pop(key, None)
        if program is None:
            uses = self.uses[key] = self.uses.pop(key, 0) + 1
            if len(self.uses) > SIZES_SEEN:
                self.uses.popitem(last=False)
            if uses <= 2:  # a recording does not pay off for one forward and one backward pass
                return None
            try:
                program = SampleProgram(
                    self.through, n, self.n_in, self.n_out, self.dtype, wants_input_gradients
                )
            except GradientError:  # another thread has changed parameters during the recording
                return None
        return program

    def give_program(self, n: int, wants_input_gradients: bool, program: "SampleProgram") -> None:
        """Put a Program back into the cache."""
        self.programs[n, wants_input_gradients] = program
        if len(self.programs) > PROGRAMS_KEPT:
            self.programs.popitem(last=False)

    def pass_back(self, batches: Sequence[Batch]) -> list[tuple[Node, float]]:
        """Pass the gradients of several batches back, none of which depends on another.

        This adds to the gradients of the parameters, and returns the Values among the inputs, each with the
        gradient to be added to its own.
        """
        pairs: list[tuple[Node, float]] = []
        large = []
        for batch in batches:
            if batch.by_rows:
                pairs += batch.pass_rows_back()
            else:
                large.append(batch)
        if large:
            pairs += self._pass_back(large) if default_mode() else in_new_thread(self._pass_back, large)
        return pairs

    def _pass_back(self, batches: list[Batch]) -> list[tuple[Node, float]]:
        pairs: list[tuple[Node, float]] = []
        with np.errstate(all="ignore"):
            if not self.deferrable:
                for batch in batches:
                    pairs += self._pass_back_taped(batch)
            else:
                for group in self._groups(batches):
                    pairs += self._pass_back_group(group)
        return pairs

    def _groups(self, batches: list[Batch]) -> list[list[Batch]]:
        """The batches in groups of at most `capacity` rows, which fit into the processor's caches."""
        groups: list[list[Batch]] = [[]]
        rows = 0
        for batch in batches:
            rows += batch.n
            if groups[-1] and rows > self.capacity:
                groups.append([])
                rows = batch.n
            groups[-1].append(batch)
        return groups

    def _pass_back_group(self, batches: list[Batch]) -> list[tuple[Node, float]]:
        """Pass the gradients of a group of batches back in one backward pass."""
        wants_input_gradients = False
        parts = []
        for batch in batches:
            wants_input_gradients = wants_input_gradients or bool(batch.inputs)
            parts.append(batch.part())
        X, G, _ = parts[0]
        if len(parts) > 1:
            X, G = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        program = self.take_program(len(X), wants_input_gradients)
        if program is not None:
            input_gradients = program.backward(X, G)
            self.give_program(len(X), wants_input_gradients, program)
        else:
            leaf = Leaf(X.T.shape, self.dtype) if wants_input_gradients else None
            y = self.through(tensor_of(X.T, leaf))
            y.backward(G.T.astype(self.dtype, copy=False))
            input_gradients = leaf.grad.T if leaf is not None and leaf.grad is not None else None
        pairs: list[tuple[Node, float]] = []
        if input_gradients is not None:
            start = 0
            for batch, (rows, _, reached) in zip(batches, parts, strict=True):
                stop = start + len(rows)
                pairs += batch.pairs(input_gradients[start:stop], reached)
                start = stop
        return pairs

    def _pass_back_taped(self, batch: Batch) -> list[tuple[Node, float]]:
        """Pass the gradients of a batch back whose forward pass was taped."""
        input_gradients = None
        if batch.taped is not None:
            found: dict[Any, Any] = backpropagate(batch.taped, np.asarray(batch.output_gradients, self.dtype))
            input_gradients = found.pop(batch.leaf, None)
            for leaf, g in found.items():
                leaf.accumulate(g)
        if not batch.inputs:
            return []
        return batch.pairs(
            np.zeros_like(batch.rows) if input_gradients is None else input_gradients[None], None
        )


class TakesSamples:
    """Base class of modules that are called with samples."""

    _samples: Samples

    def __call__(self, x: Any) -> Any:
        """The outputs for one sample, as Values, or for many, as a Tensor.

        Args:
            x: one sample: a list, tuple or one-dimensional array of numbers and Values. Or many samples,
                one in each row: a nested list, two-dimensional array or Tensor of numbers.

        Returns:
            For one sample a list of Values, or a single Value if the module has one output. For many
            samples a Tensor of shape (rows, outputs).

        Raises:
            ShapeError: the length of a sample is not the number of inputs, or the lengths differ.
            NotANumberError: a sample holds text, None or the like; or many samples at once hold Values.

        >>> from autograd.nn import Layer
        >>> layer = Layer(2, 1, "linear", init=lambda n_out, n_in: [[3.0, 4.0]])
        >>> layer([1, 10])
        Value(43.0, grad=0.0)
        >>> layer([[1, 10], [0, 1]])
        Tensor([[43.],
                [ 4.]], requires_grad=True)
        """
        samples = self._samples
        if samples is not None and samples.deferrable and not active_contexts:
            out = samples.try_join(x)
            if out is not None:
                return out
        return self._outputs(x)

    def _outputs(self, x: Any) -> Any:
        """The result of `__call__`, for samples of any kind."""
        raise NotImplementedError


def is_batch(x: Any) -> bool:
    """Whether ``x`` is many samples: an array of two dimensions, or a list of lists."""
    if isinstance(x, list | tuple) and x:
        x = x[0]
        return isinstance(x, list | tuple) or (isinstance(x, np.ndarray) and x.ndim > 0)
    return isinstance(x, np.ndarray) and x.ndim > 1
