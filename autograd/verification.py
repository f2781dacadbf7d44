"""A program's own graph, checked against the oracle: the parity test for everybody's programs.

While `verify` is active, a `Session` is told of each operation that is done, each batch of samples that has
been through a net, and each walk back. It does the same with the oracle's formulas, nets and walk. Nothing
is read earlier than the program reads it, so that what is verified is what the program does without.
"""

import itertools
import linecache
import math
import operator
import os
import sys
import textwrap
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.engine import operations, pending
from autograd.engine.value import operands
from autograd.errors import ParityError, UnsupportedError
from autograd.nn.activations import Activation
from autograd.nn.parameters import name_of

if TYPE_CHECKING:  # and in `Session`, since who does not verify does not need it
    from autograd.scalar.engine import Value as Twin
    from autograd.scalar.nn import Neuron

__all__ = ["verify"]

LIBRARIES = tuple(os.path.join(path, "") for path in (os.path.dirname(__file__), *np.__path__))
CANNOT = "verify() gives an activation one Value of the oracle at a time"
ERRORS = (ArithmeticError, ValueError)  # what an operation may come to in either engine


# What counts as the same number ----------------------------------------------------------------


class Precision(NamedTuple):
    """How far two engines may be apart.

    Attributes:
        tolerance: of the number itself, or of the largest of the gradients.
        unit: of all that was added up to it on the way, for what cancels out; above any rounding.
        floor: where relative errors end, since numbers of this size and below have fewer digits.
    """

    tolerance: float
    unit: float
    floor: float


DOUBLE = Precision(1e-9, 1e-11, 1e-299)
SINGLE = Precision(1e-4, 1e-6, 1e-34)


def close(x: float, y: float, limit: float) -> bool:
    """Whether two numbers differ by no more than ``limit``; nan is nan, and inf is inf."""
    if math.isfinite(x) and math.isfinite(y):
        return abs(x - y) <= limit
    return x == y or (x != x and y != y)


def uncertainty(root: "Twin", unit: float) -> "dict[Twin, float]":
    """How far rounding may have moved ``root`` and all it was made from, about."""
    found: dict[Twin, float] = {}
    open_ = [root]
    while open_:
        v = open_[-1]
        missing = [p for p in v.parents if p not in found]
        open_ += missing
        if not missing:
            open_.pop()
            pairs = [(abs(d), found[p]) for d, p in zip(v.slopes, v.parents, strict=True)]
            # e * e, since a slope may be 0 at this point alone, as that of a square is; nan is that of an
            # exponent whose base is below 0
            found[v] = unit * abs(v.data) + sum(d * e + e * e for d, e in pairs if d >= 0 and e)
    return found


def same(x: float, twin: "Twin", precision: Precision) -> bool:
    """Whether ``x`` is the number of the oracle's ``twin``, but for rounding."""
    y = twin.data
    if close(x, y, max(precision.tolerance * max(abs(x), abs(y)), precision.floor)):
        return True
    return math.isfinite(x) and close(x, y, uncertainty(twin, precision.unit)[twin])


def torn(root: "Twin", unit: float) -> bool:
    """Whether rounding may have put a Value on the other side of a kink, and so changed a slope."""
    moved = uncertainty(root, unit)
    # relu, leaky_relu and abs are known by their slopes
    kinks = (v.parents[0] for v in moved if len(v.parents) == 1 and v.slopes[0] in (0.0, 0.01, 1.0, -1.0))
    return any(abs(x.data) < moved[x] for x in kinks)


# The oracle beside ------------------------------------------------------------------------------


class Place:
    """Where a program called for a Value. It is looked up in the source when it is to be told."""

    __slots__ = ("code", "instruction", "line", "name")

    def __init__(self, name: str) -> None:
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename.startswith(LIBRARIES):
            frame = frame.f_back
        self.code, self.instruction, self.line = frame.f_code, frame.f_lasti, frame.f_lineno
        self.name = name

    def expression(self) -> str:
        """The source of the call; its name if there is none."""
        positions = itertools.islice(self.code.co_positions(), self.instruction // 2, None)
        first, last, start, stop = next(positions, (None, None, None, None))
        if first is None or last is None or start is None or stop is None:
            return self.name
        file = self.code.co_filename
        lines = [linecache.getline(file, n).encode() for n in range(first, last + 1)]
        lines[-1] = lines[-1][:stop]  # counted in bytes
        lines[0] = lines[0][start:]
        text = b"".join(lines).decode(errors="replace")
        return textwrap.shorten(text, 80, placeholder=" ...") or self.name

    def __str__(self) -> str:
        file = self.code.co_filename
        source = linecache.getline(file, self.line).strip()
        return f"{os.path.basename(file)}:{self.line}" + (source and f": {source}")


def told_of(error: BaseException) -> str:
    """An error as a message has it in the place of a number."""
    return f"an error ({type(error).__name__}: {error})"


def operation_of(v: Any) -> str:
    """What a Value came from."""
    return operations.NAMES[v._code]


def precision_of(samples: Any) -> Precision:
    """How exactly numbers of a net have to agree."""
    return DOUBLE if samples.dtype == np.float64 else SINGLE


class Check:
    """The oracle's twin of a graph, made before a walk back, to be walked after it.

    Attributes:
        twins: of the nodes, by node; those that were made from nothing first.
        parameters: the twins of parameters, each with its matrix and its place there.
        precision: how exactly gradients have to agree.
        root: the twin of where the walk begins; None if there is something in the graph that has no twin.
    """

    def __init__(self) -> None:
        self.twins: dict[Any, Twin] = {}
        self.parameters: dict[tuple[Any, int], Twin] = {}
        self.precision = DOUBLE
        self.root: Twin | None = None


class Session:
    """What checks the graph of one thread, from the beginning of `verify` to its end."""

    def __init__(self) -> None:
        from autograd.scalar import engine, nn

        self.oracle, self.oracle_nn = engine, nn
        self.places: weakref.WeakKeyDictionary[Any, tuple[Place, str]] = weakref.WeakKeyDictionary()
        self.found: ParityError | UnsupportedError | None = None  # the first difference in what waited

    # What it is told of

    def waits(self, v: Any, name: str, label: str = "{}") -> None:
        """A Value that was made, and whose number may not be there yet."""
        self.places[v] = Place(name), label

    def worked(self, v: Any, x: float, y: float, error: Exception | None) -> None:
        """An operation that was done on these numbers, or has raised an error."""
        if v not in self.places:
            self.waits(v, f"{operation_of(v)}()")
        difference = self.compared(v, x, y, error)
        if difference is not None and v._source is None:
            raise difference from error
        self.found = self.found or difference

    def compared(self, v: Any, x: float, y: float, error: Exception | None) -> ParityError | None:
        """What is to be said of an operation and the oracle's on the same numbers."""
        try:
            twin = self.operated(operation_of(v), x, y)
        except ERRORS as theirs:
            return None if error is not None else self.difference("data", v, v._number, told_of(theirs))
        if error is not None:
            return self.difference("data", v, told_of(error), twin.data)
        if not close(v._number, twin.data, DOUBLE.unit * abs(twin.data)):
            return self.difference("data", v, v._number, twin.data)
        for name, i, operand in (("_da", 0, v._a), ("_db", -1, v._b)):
            if operand is not None:
                ours, wanted = getattr(v, name), twin.slopes[i]
                if not close(ours, wanted, DOUBLE.unit * abs(wanted)):
                    return self.difference("slope", v, ours, wanted)
        return None

    def operated(self, name: str, x: float, y: float) -> "Twin":
        """The oracle's result of an operation."""
        first, second = self.oracle.Value(x), self.oracle.Value(y)
        if name in ("add", "sub", "mul", "truediv", "pow"):
            return getattr(operator, name)(first, second)  # type: ignore[no-any-return]
        if name in ("neg", "pos", "abs"):
            return getattr(operator, name)(first)  # type: ignore[no-any-return]
        return getattr(first, name)()  # type: ignore[no-any-return]

    def ran(self, batch: Any, outputs: list[Any]) -> None:
        """Samples that have been through a net, layer or neuron: of each the Values that came out."""
        try:
            self.found = self.found or self.of_batch(batch, outputs)
        except UnsupportedError as error:
            self.found = self.found or error

    def of_batch(self, batch: Any, outputs: list[Any]) -> ParityError | None:
        """What is to be said of samples that have been through a net."""
        neurons = self.neurons(batch.kin, {})
        precision = precision_of(batch.kin)
        for row, line, outs in zip(batch.X.tolist(), batch.Y.reshape(len(batch.X), -1), outputs, strict=True):
            for v, ours, twin in zip(outs, line.tolist(), self.through(neurons, row), strict=True):
                if isinstance(v._source, pending.Failure):
                    break
                if not same(ours, twin, precision):
                    return self.difference("data", v, ours, twin.data)
        return None

    def settled(self) -> None:
        """All that waited has been worked out."""
        found, self.found = self.found, None
        if found is not None:
            raise found

    def before(self, root: Any) -> Check:
        """A walk back that is about to begin."""
        check = Check()
        outputs: dict[tuple[Any, int], list[Twin]] = {}
        neurons: dict[Any, Any] = {}
        open_ = [root]
        while open_:
            v = open_[-1]
            missing = [p for p in below(v) if p not in check.twins]
            open_ += missing
            if missing:
                continue
            open_.pop()
            if v in check.twins:
                continue
            kind = operation_of(v)
            if kind == "own" and v._home.closure is not None:
                return Check()
            if kind == "output":
                batch, samples = v._home, v._home.kin
                if batch.version != samples.version():
                    return Check()
                row, i = divmod(v._index, batch.wide)
                if samples not in neurons:
                    neurons[samples] = self.neurons(samples, check.parameters)
                    check.precision = max(check.precision, precision_of(samples))
                if (batch, row) not in outputs:
                    x = batch.X[row].tolist()
                    for j, p in batch.inputs.get(row, ()):  # with its number then
                        x[j] = self.oracle.Value(x[j], (check.twins[p],), (1.0,))
                    outputs[batch, row] = self.through(neurons[samples], x)
                twin = outputs[batch, row][i]
            elif kind == "parameter":
                twin = self.parameter(v._home, v._index, check.parameters)
            else:
                slopes = tuple(v._home.slopes) if kind == "own" else slopes_of(v)
                parents = tuple(check.twins[p] for p in operands(v)) if slopes else ()
                twin = self.oracle.Value(v._number, parents, slopes)
                twin.grad = v.grad if kind == "leaf" else 0.0
            check.twins[v] = twin
        check.root = check.twins[root]
        return check

    def after(self, check: Check) -> None:
        """A walk back that has ended."""
        if check.root is None:
            return
        check.root.backward()
        pairs: list[tuple[Any, float, float]] = []
        for v, twin in reversed(check.twins.items()):
            if operation_of(v) != "parameter":
                pairs.append((v, v.grad, twin.grad))
        for (matrix, i), twin in check.parameters.items():
            pairs.append(((matrix, i), matrix.at(i)[1], twin.grad))
        precision = check.precision
        sizes = (abs(g) for _, *both in pairs for g in both if math.isfinite(g))
        limit = max(precision.tolerance * max(sizes, default=0.0), precision.floor)
        off = [pair for pair in pairs if not close(*pair[1:], limit)]
        if off and not torn(check.root, precision.unit):
            v, ours, theirs = off[0]
            message = str(self.difference("gradient", v, ours, theirs))
            uses = [w for w in check.twins if v in below(w)]
            if len(uses) == 1 and uses[0] in self.places:
                place, label = self.places[uses[0]]
                message += f"; it comes from {label.format(place.expression())}, at {place}"
            raise ParityError(message)

    # The oracle's nets

    def parameter(self, matrix: Any, i: int, known: "dict[tuple[Any, int], Twin]") -> "Twin":
        """The twin of a parameter."""
        if (matrix, i) not in known:
            x, g = matrix.at(i)
            twin = known[matrix, i] = self.oracle.Value(x)
            twin.grad = g
        return known[matrix, i]

    def neurons(self, samples: Any, known: "dict[tuple[Any, int], Twin]") -> "list[list[Neuron]]":
        """The oracle's neurons of a net, layer or neuron, layer by layer."""
        layers = []
        for matrix, rows, function in samples.stages:
            n = matrix.tensor.shape[1]
            activation: Any = partial(scalar, function, self.oracle.Value)
            if isinstance(function, Activation) and function.operation is not None:
                activation = function.name
            layer = []
            for k in range(matrix.tensor.shape[0])[rows]:
                neuron = self.oracle_nn.Neuron(n - 1, activation, init=lambda *_: [[]])
                *neuron.w, neuron.b = (self.parameter(matrix, k * n + j, known) for j in range(n))
                layer.append(neuron)
            layers.append(layer)
        return layers

    def through(self, layers: "Iterable[list[Neuron]]", x: Any) -> "list[Twin]":
        """One sample through the oracle's neurons, layer by layer."""
        for neurons in layers:
            x = [neuron(x) for neuron in neurons]
        return x  # type: ignore[no-any-return]  # of the last layer

    # Messages

    def called(self, v: Any) -> tuple[str, str]:
        """What a message calls a Value, or the place of a parameter; and where that was made."""
        if isinstance(v, tuple):
            return f"parameter {name_of(*v)}", ""
        if v in self.places:
            place, label = self.places[v]
            return label.format(place.expression()), f", at {place}"
        return f"Value({v.data})", ""

    def difference(self, what: str, v: Any, ours: Any, theirs: Any) -> ParityError:
        """The error that two engines differ."""
        name, where = self.called(v)
        return ParityError(
            f"verify(): the {what} of {name} is {ours} in the array engine and {theirs} in the oracle{where}"
        )


def slopes_of(v: Any) -> tuple[float, ...]:
    """The slopes of an operation, for those operands that are Values."""
    first = () if v._a is None else (v._da,)
    return first if v._b is None else (*first, v._db)


def below(v: Any) -> list[Any]:
    """The Values that a Value was made from, without the parameters of a net."""
    if operation_of(v) == "output":
        return [p for _, p in v._home.inputs.get(v._index // v._home.wide, ())]
    return list(operands(v))


def scalar(activation: Callable[..., Any], kind: type["Twin"], x: "Twin") -> "Twin":
    """A function as an activation, of one of the oracle's Values, which are of this ``kind``."""
    try:
        y = activation(x)
    except (AttributeError, TypeError) as error:
        raise UnsupportedError(f"{CANNOT}, and yours cannot take it: {error}") from error
    if not isinstance(y, kind):
        raise UnsupportedError(f"{CANNOT}, and yours answers with {y!r} ({type(y).__name__})")
    return y


# Who is told --------------------------------------------------------------------------------------


class Current(threading.local):
    """Of this thread: what verifies it."""

    session: Session | None = None


CURRENT = Current()


class Observer:
    """What the graph tells of what it does, as long as any thread verifies: each its own `Session`."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0

    def waits(self, *args: Any) -> None:
        if CURRENT.session is not None:
            CURRENT.session.waits(*args)

    def worked(self, *args: Any) -> None:
        if CURRENT.session is not None:
            CURRENT.session.worked(*args)

    def ran(self, *args: Any) -> None:
        if CURRENT.session is not None:
            CURRENT.session.ran(*args)

    def settled(self) -> None:
        if CURRENT.session is not None:
            CURRENT.session.settled()

    def before(self, root: Any) -> Check | None:
        return None if CURRENT.session is None else CURRENT.session.before(root)

    def after(self, check: Check | None) -> None:
        if CURRENT.session is not None and check is not None:
            CURRENT.session.after(check)

    def enter(self) -> None:
        with self.lock:
            self.users += 1
            pending.observe(self)

    def leave(self) -> None:
        with self.lock:
            self.users -= 1
            if not self.users:
                pending.observe(None)


OBSERVER = Observer()


@contextmanager
def verify() -> Iterator[None]:
    """Within it the oracle checks the graph that a program makes, and the first difference ends the program.

    It is the parity test for programs of your own: run a few epochs of one in it. The program computes
    what it would without, and waits as it would; it takes the time and memory of the oracle on top. It
    holds for the thread that enters it, and one within another is the same one.

    Compared are operations of Values, each with the oracle's on the same numbers, result and slopes; calls
    of nets, layers and neurons on one sample, each with the oracle's net; and after each `backward` all
    gradients, with those of the oracle's walk over the same graph. What waits is compared when it is worked
    out, at the end of the block at the latest. Calls on many samples, `fit` and Tensors are not.

    Rounding is no difference. What comes out of a net may be off by 1e-9 of its size, or by 1e-11 of what
    cancelled out in it; gradients by 1e-9 of the largest; where float32 is involved it is 1e-4 and 1e-6.
    Where rounding may have moved a number over the kink of a relu or abs, other gradients are let pass. Nor
    is it a difference if both engines raise an error. Gradients that an operation of your own passes on by a
    function, `v._backward`, are not compared.

    Raises:
        ParityError: a Value has other data or another gradient than the oracle's. The message says
            which, with the expression and the source line that made it, or the parameter's name. It is an
            AssertionError.
        UnsupportedError: an activation that is a function of yours, which is called on the oracle's Values
            too, cannot take one.

    >>> from autograd.nn import Neuron
    >>> neuron = Neuron(1, "tanh", init=lambda n_out, n_in: [[0.5]])
    >>> with verify():
    ...     for epoch in range(10):
    ...         loss = sum((neuron([x]) - y) ** 2 for x, y in [(-1, 0.5), (0, -0.2), (1, -0.7)])
    ...         neuron.zero_grad()
    ...         loss.backward()
    ...         neuron.step(0.1)
    """
    if CURRENT.session is not None:
        yield
        return
    OBSERVER.enter()
    try:
        CURRENT.session = Session()
        yield
        pending.settle(needed=False)
    finally:
        CURRENT.session = None
        OBSERVER.leave()
