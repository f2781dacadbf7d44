"""`Program`, a recorded function, and `Programs`, which keeps one for each signature of the arguments."""

import inspect
import math
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.errors import RecordingError, RecordingWarning, ShapeError, UnsupportedError
from autograd.support import WATCHERS, whole
from autograd.tensor.core import Tensor, array_of, tensor_of
from autograd.tensor.modes import ModeContext, in_new_thread, no_grad
from autograd.tensor.program.binding import Binder, needed
from autograd.tensor.program.listing import listing, signature, signature_text
from autograd.tensor.real_numbers import DIFFERENTIABLE, NUMBERS
from autograd.tensor.tape import Array, Leaf
from autograd.tensor.trace import Trace, Traced, mapped, owned

__all__ = ["Program", "Programs", "record"]

SEEN = 64  # number of signatures whose calls are counted


class Program:
    """A recorded function: it repeats the recorded NumPy calls on other numbers, faster than the function.

    Call it as you would call the function, with arrays of the shapes and dtypes that it was recorded
    with. It returns new arrays where the function returns Tensors. ``print(program)`` lists its
    calls. One thread uses it at a time; other threads wait.

    Attributes:
        inputs: the arrays that it reads; at first they hold the examples. To save copying the
            arguments, write into these arrays and call the Program without arguments.
        outputs: the results of the last run, in memory that the next run overwrites.
        calls: its NumPy calls, each bound to its arguments.
        nbytes: the memory that it holds besides parameters and constants, in bytes.

    Raises:
        ShapeError: it was called with other shapes or dtypes, or another number of arrays.
        RecordingError: the ``data`` or ``grad`` of a parameter is not the array that it was during
            the recording; or, with ``check=True``, the function now gives another result.

    >>> program = record(lambda x: x * x, [1.0, 2.0])
    >>> program([3.0, 4.0]).tolist()
    [9.0, 16.0]
    >>> program.inputs[0][:] = 5, 6
    >>> program.run()
    >>> program.outputs.tolist(), program
    ([25.0, 36.0], <Program of <lambda>: 1 calls>)
    """

    def __init__(self, name: str, trace: Trace, names: Sequence[str], inputs: Sequence[Traced], result: Any):
        self.name = name
        outputs: list[Any] = []
        mapped(outputs.append, result)
        outside = {leaf: trace.memory(leaf) for leaf in trace.gradients if leaf in trace.leaves}
        targets = [(memory, trace.gradients[leaf]) for leaf, memory in outside.items()]
        targets = [(memory, 0.0 if g is None else g) for memory, g in targets]
        calls = needed(trace.calls, [*outputs, *(g for _, g in targets)])
        binder = Binder(calls, inputs, outputs, targets)
        self.inputs = tuple(binder.home[x] for x in inputs)
        for own, x in zip(self.inputs, inputs, strict=True):
            np.copyto(own, x.value)
        self.outputs = binder._bound(result)
        self.calls = tuple(call.as_function() for call in binder.bound_calls)
        self.nbytes = binder.pool.nbytes
        self._leaves = list(outside.items())
        for leaf, memory in self._leaves:
            leaf.grad = memory
        self._tensors = trace.tensors
        self._check: Callable[..., Any] | None = None
        self._lock = threading.RLock()
        self._busy = False
        self._text = listing(name, names, inputs, binder, outputs)

    def run(self) -> None:
        """Compute ``outputs`` and the gradients of parameters from ``inputs``.

        A call of the Program does the same, but also copies arguments and results and checks them. Use
        `run` in loops in which a microsecond counts. It checks nothing, and NumPy's floating-point
        warnings are not silenced.
        """
        for call in self.calls:
            call()

    def __call__(self, *arrays: Any) -> Any:
        with self._lock, np.errstate(all="ignore"):
            if self._busy:
                raise RecordingError(
                    f"the Program of {self.name} was called while it was at work, as by the function itself "
                    "or by a signal handler, and its memory is in use; call it afterwards"
                )
            try:
                self._busy = True
                result = self._run_on(arrays)
            finally:
                self._busy = False
        if self._leaves:
            for watcher in WATCHERS:
                watcher.on_replay([leaf for leaf, _ in self._leaves])
        return result

    def _run_on(self, arrays: Sequence[Any]) -> Any:
        """The result of a call with ``arrays``, while this thread holds the lock."""
        if arrays:
            self._take(arrays)
        for tensor, array in self._tensors:
            alive = tensor()
            if alive is not None and alive._array is not array:
                raise self._replaced("data", array)
        for leaf, array in self._leaves:
            if leaf.grad is not array:
                raise self._replaced("grad", array)
        if self._check is not None:
            return self._checked(self._check)
        self.run()
        return mapped(lambda x: x.copy()[()] if isinstance(x, np.ndarray) else x, self.outputs)

    def _take(self, arrays: Sequence[Any]) -> None:
        given = []
        for i, x in enumerate(arrays):
            if isinstance(x, Tensor) and x.requires_grad:
                raise RecordingError(
                    f"{self.name} was given a Tensor that wants a gradient, which a Program does not pass "
                    "on: compute it within the recorded function, by gradients(), or give x.data"
                )
            array = np.asarray(x.data if isinstance(x, Tensor) else x)
            if not isinstance(x, Tensor | np.ndarray) and i < len(self.inputs):  # x has no dtype of its own
                dtype = self.inputs[i].dtype
                array = array.astype(dtype) if np.can_cast(array.dtype, dtype, "same_kind") else array
            given.append(array)
        wanted, got = signature(self.inputs), signature(given)
        if wanted != got:
            raise ShapeError(
                f"the Program of {self.name} was recorded for {signature_text(wanted)}, and got "
                f"{signature_text(got)}; record it again for these, or keep Programs(function), which "
                "records for each shape that comes"
            )
        others = [(own, x) for own, x in zip(self.inputs, given, strict=True) if x is not own]
        if len(others) > 1:  # an argument may share memory with the input of another one
            others = [(own, x.copy() if self._holds(x) else x) for own, x in others]
        for own, x in others:
            np.copyto(own, x)

    def _holds(self, x: Array) -> bool:
        return any(np.may_share_memory(x, own) for own in self.inputs)

    def _replaced(self, what: str, array: Array) -> RecordingError:
        return RecordingError(
            f"{self.name} was recorded with a Tensor of shape {array.shape} whose {what} has been replaced "
            f"by another array since; change it in place, t.{what}[...] = new, or record again"
        )

    def _checked(self, function: Callable[..., Any]) -> Any:
        """Run, then call the function itself, starting from the same gradients, and compare the two."""
        before = [array.copy() for _, array in self._leaves]
        inputs = [x.copy() for x in self.inputs]
        self.run()
        answer = mapped(lambda x: x.copy()[()] if isinstance(x, np.ndarray) else x, self.outputs)
        after = [array.copy() for _, array in self._leaves]
        for (_, array), g in zip(self._leaves, before, strict=True):
            array[...] = g
        try:
            again = mapped(plain, function(inputs))
            gradients = [np.array(0.0 if leaf.grad is None else leaf.grad) for leaf, _ in self._leaves]
        finally:
            for (leaf, array), g in zip(self._leaves, after, strict=True):
                leaf.grad = array
                array[...] = g
        pairs: list[tuple[str, Any, Any]] = [("result", answer, again)]
        pairs += [("gradient", g, h) for g, h in zip(after, gradients, strict=True)]
        for what, mine, its in pairs:
            if not agree(mine, its):
                raise RecordingError(
                    f"the Program of {self.name} gives another {what} than the function itself does now: "
                    f"{mine} where the function gives {its}. A replay repeats the calls that were recorded: "
                    "it takes the branches that were taken then, and sees no change of Python variables"
                )
        return answer

    def __len__(self) -> int:
        return len(self.calls)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<Program of {self.name}: {len(self.calls)} calls>"


def plain(x: Any) -> Any:
    """The array or number of a Tensor; anything else unchanged."""
    return x.data[()] if isinstance(x, Tensor) else x


def agree(mine: Any, its: Any) -> bool:
    """Whether two results are equal up to rounding errors."""
    mine_flat: list[Any] = []
    its_flat: list[Any] = []
    mapped(mine_flat.append, mine)
    mapped(its_flat.append, its)
    if len(mine_flat) != len(its_flat):
        return False
    for a, b in zip(mine_flat, its_flat, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        if a.dtype.kind not in NUMBERS or b.dtype.kind not in NUMBERS:
            if a.tolist() != b.tolist():
                return False
            continue
        tol = 1e-4 if a.dtype in (np.float32, np.complex64) else 1e-9
        scale = np.abs(b[np.isfinite(b)]).max(initial=0.0) if b.dtype.kind in DIFFERENTIABLE else 0.0
        if a.shape != b.shape or not np.allclose(a, b, rtol=tol, atol=tol * float(scale), equal_nan=True):
            return False
    return True


def record(function: Callable[..., Any], *examples: Any, check: bool = False) -> Program:
    """Run ``function`` on ``examples``, and make a `Program` of the NumPy calls that it makes.

    The function gets a Tensor for each example. It returns a Tensor, or several in lists, tuples or
    dicts. It may call nets, losses, `gradients`, ``loss.backward()`` and ``net.zero_grad()``: the
    Program then writes gradients where the function would. Each replay reads the current numbers of
    the nets' parameters and of other Tensors with ``requires_grad``. Everything else that the function
    takes from outside becomes a constant. The function cannot change parameters: call ``opt.step()``
    after the Program.

    Only NumPy calls are recorded, not the Python code around them: a replay takes the branches that
    the function took during the recording.

    >>> def root(x):
    ...     return np.sqrt(x) if x.sum() > 0 else x
    >>> program = record(root, [4.0], check=True)
    >>> program([9.0]).tolist()
    [3.0]
    >>> program([-9.0])  # the square root once more, and not what root would give
    Traceback (most recent call last):
    autograd.errors.RecordingError: the Program of root gives another result than the function itself ...

    Args:
        function: a function of Tensors.
        examples: arrays, or what NumPy converts to arrays, of the shapes and dtypes of later calls.
            Their numbers matter only where the function reads them.
        check: whether each call of the Program calls the function too, and compares the results.

    Raises:
        UnsupportedError: the function does something that cannot be recorded, such as changing an
            array in place, or converting an array that differs between calls to a plain NumPy array.
        RecordingError: the function changed parameters. Their old numbers have been put back.

    Warns:
        RecordingWarning: the function read numbers, by ``if t > 0`` or ``t.item()``, and a replay
            does not read them again. With ``check=True`` each call finds out whether that matters,
            and there is no warning.

    >>> def distance(x, y):
    ...     return np.sqrt(((x - y) ** 2).sum())
    >>> program = record(distance, np.zeros(2), np.zeros(2))
    >>> program([3.0, 0.0], [0.0, 4.0]).item()
    5.0
    >>> print(program)
    Program of distance: 4 calls, 160 bytes
    reads x float64 (2,), y float64 (2,)
       1  t1 = subtract(x, y)  (2,)
       2  t2 = square(t1)      (2,)
       3  t3 = add.reduce(t2)  ()
       4  t4 = sqrt(t3)        ()
    gives t4
    """
    return recorded(function, examples, check, Trace())


def record_in_new_thread(function: Callable[..., Any], *examples: Any) -> Program:
    """`record` a function of the library that changes no parameter, in a thread of its own.

    If another thread changes parameters meanwhile, its changes stay: they are not undone as in `record`.
    """
    program: Program = in_new_thread(recorded, function, examples, False, Trace(guards=False))
    return program


def recorded(function: Callable[..., Any], examples: Sequence[Any], check: bool, trace: Trace) -> Program:
    """The Program of a function, as `record` describes it, made with ``trace``."""
    name = getattr(function, "__name__", type(function).__name__)
    inputs, tensors = [], []
    for x in examples:
        array = np.array(x.data if isinstance(x, Tensor) else x, order="C")
        if array.dtype.kind not in NUMBERS:
            raise UnsupportedError(f"record() wants examples of numbers, got {x!r}")
        leaf = Leaf(array.shape, array.dtype) if isinstance(x, Tensor) and x.requires_grad else None
        inputs.append(Traced(trace, array))
        tensors.append(tensor_of(inputs[-1], leaf))  # type: ignore[arg-type]
    try:
        result, changed = traced(function, trace, tensors)
        if changed:
            raise RecordingError(
                f"{name}() changes parameters, which a Program does not; they are as before. Leave the "
                "change to an optimiser's step() after the Program"
            )
        if trace.number_reads and not check:
            reads = ", ".join(dict.fromkeys(trace.number_reads))
            warnings.warn(
                f"{name}() read numbers while it was recorded ({reads}); a replay does not read them again, "
                "and takes the same branches whatever they are. record(..., check=True) raises an error "
                "where that gives another result",
                RecordingWarning,
                stacklevel=3,
            )
        program = Program(name, trace, parameter_names(function, len(inputs)), inputs, result)
    finally:
        trace.forget()
    if check:
        leaves = [t.requires_grad for t in tensors]
        program._check = lambda arrays: function(*map(Tensor, arrays, leaves))
    return program


def traced(function: Callable[..., Any], trace: Trace, tensors: Sequence[Tensor]) -> tuple[Any, bool]:
    """The result of the function, with traced arrays for Tensors, and whether it changed parameters."""
    try:
        with ModeContext("trace", trace):
            result = function(*tensors)
            result = owned(mapped(lambda x: array_of(x) if isinstance(x, Tensor) else x, result))
    finally:
        changed = trace.restore()
    return result, changed


class Programs:
    """A function with a `Program` for each signature that it is called with.

    Args:
        function: as for `record`.
        limit: the greatest number of Programs that are kept, 1 or more; the least recently used one is
            dropped first.
        most_bytes: the greatest memory of the Programs that are kept besides the latest one.
        after: how many calls with a signature go to the function itself, without gradients, before a
            Program is recorded for that signature.

    >>> double = Programs(lambda x: 2 * x)
    >>> double([1.0]).tolist(), double([[1.0], [2.0]]).tolist()
    ([2.0], [[2.0], [4.0]])
    >>> double.at([3.0]), len(double), double.nbytes > 0
    (<Program of <lambda>: 1 calls>, 2, True)
    """

    def __init__(
        self, function: Callable[..., Any], limit: int = 8, after: int = 0, most_bytes: float = math.inf
    ) -> None:
        self.function = function
        self.most_bytes = most_bytes
        self.limit = whole(limit, "limit")
        self.after = after
        self._programs: OrderedDict[Any, Program] = OrderedDict()
        self._calls: OrderedDict[Any, int] = OrderedDict()  # by signature, until it has a Program

    def at(self, *arrays: Any) -> Program:
        """The Program for arrays of these shapes and dtypes, recorded if there is none."""
        key = signature([np.asarray(x) for x in arrays])
        program = self._programs.pop(key, None)
        if program is None:
            with np.errstate(all="ignore"):
                program = record(self.function, *arrays)
        self._programs[key] = program
        while len(self) > self.limit or (len(self) > 1 and self.nbytes > self.most_bytes):
            self._programs.popitem(last=False)
        return program

    def __call__(self, *arrays: Any) -> Any:
        arrays = tuple(np.asarray(x) for x in arrays)
        if self.after and not self._known(signature(arrays)):
            with no_grad(), np.errstate(all="ignore"):
                return mapped(plain, self.function(*(tensor_of(x) for x in arrays)))
        return self.at(*arrays)(*arrays)

    def _known(self, key: Any) -> bool:
        """Whether the signature has a Program, or has now come often enough to get one."""
        if key in self._programs:
            return True
        self._calls[key] = calls = self._calls.pop(key, 0) + 1
        if len(self._calls) > SEEN:
            self._calls.popitem(last=False)
        return calls > self.after

    def __len__(self) -> int:
        return len(self._programs)

    @property
    def nbytes(self) -> int:
        """The memory of all Programs together."""
        return sum(program.nbytes for program in self._programs.values())


def parameter_names(function: Callable[..., Any], n: int) -> list[str]:
    """The names of the function's ``n`` parameters; x0, x1, ... if it does not have ``n`` of them."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    return names if len(names) == n else [f"x{i}" for i in range(n)]
