"""`verify`: compares a program of scalars with the oracle, ``autograd.scalar``, while the program runs.

While `verify` is active, a `Session` is told of each operation that is computed, each batch of samples that
has been through a net, and each backward pass. It repeats them with the oracle. The oracle's Value that
stands for a Value of the program is called its twin. No number is computed before the program itself needs
it, so that what is verified is what the program does without `verify`.
"""

import math
import operator
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.engine import (
    BINARY,
    UNARY,
    Failure,
    Observer,
    observe,
    operands,
    operation_of,
    settle,
    unobserve,
)
from autograd.errors import ParityError, UnsupportedError
from autograd.nn import Activation
from autograd.support import Place, here

if TYPE_CHECKING:  # otherwise imported by `Session`: only programs that verify need the oracle
    from autograd.scalar.engine import Value as Twin
    from autograd.scalar.nn import Neuron

    Neurons = tuple[list[Neuron], float | None]  # of a layer, with the kink of its activation, if it has one

__all__ = ["verify"]

CANNOT = "verify() gives an activation one Value of the oracle at a time"
ERRORS = (ArithmeticError, ValueError)  # what an operation may raise in either engine


# What counts as the same number ----------------------------------------------------------------


class Precision(NamedTuple):
    """How far the numbers of the two engines may differ.

    Attributes:
        tolerance: the difference allowed relative to the number; for gradients, relative to the largest one.
        unit: the rounding error of one operation, relative to its result, from which `uncertainty` computes
            how far a number may be off. It is larger than any real rounding error.
        floor: the absolute difference that is always allowed, since numbers of about this size and below are
            stored with fewer digits.
    """

    tolerance: float
    unit: float
    floor: float


DOUBLE = Precision(1e-9, 1e-11, 1e-299)
SINGLE = Precision(1e-4, 1e-6, 1e-34)


def close(x: float, y: float, limit: float) -> bool:
    """Whether two numbers differ by no more than ``limit``; nan equals nan, and inf equals inf."""
    if math.isfinite(x) and math.isfinite(y):
        return abs(x - y) <= limit
    return x == y or (x != x and y != y)


def uncertainty(root: "Twin", unit: float) -> "dict[Twin, float]":
    """About how far rounding may have moved ``root`` and each Value from which it was computed.

    Args:
        root: a Value of the oracle.
        unit: the relative rounding error of one operation.
    """
    errors: dict[Twin, float] = {}
    stack = [root]
    while stack:
        v = stack[-1]
        missing = [p for p in v.parents if p not in errors]
        stack += missing
        if not missing:
            stack.pop()
            pairs = [(abs(d), errors[p]) for d, p in zip(v.slopes, v.parents, strict=True)]
            # e * e counts where a slope d is 0 at just this point, as that of x ** 2 is at 0. A slope of nan,
            # that of an exponent whose base is below 0, is left out.
            errors[v] = unit * abs(v.data) + sum(d * e + e * e for d, e in pairs if d >= 0 and e)
    return errors


def same(x: float, twin: "Twin", precision: Precision) -> bool:
    """Whether ``x`` differs from the number of ``twin`` by rounding only."""
    y = twin.data
    if close(x, y, max(precision.tolerance * max(abs(x), abs(y)), precision.floor)):
        return True
    return math.isfinite(x) and close(x, y, uncertainty(twin, precision.unit)[twin])


def may_cross_kink(check: "Check") -> bool:
    """Whether rounding may have moved a number in a net to the other side of a kink, and so changed a slope.

    Slopes outside of nets are the same in both graphs.
    """
    assert check.root is not None
    errors = uncertainty(check.root, check.precision.unit)
    kinks = [(z, kink) for z, kink in check.kinks if z in errors]
    if check.unknown:  # a user's activation may have kinks we do not know: only its slopes tell
        alone = (v for v in errors if len(v.parents) == 1 and v.slopes[0] in (0.0, 0.01, 1.0, -1.0))
        kinks += [(v.parents[0], 0.0) for v in alone]
    return any(abs(z.data - kink) < errors[z] for z, kink in kinks)


# Running the oracle -----------------------------------------------------------------------------


def error_text(error: BaseException) -> str:
    """An error as text, for a message that would otherwise show a number."""
    return f"an error ({type(error).__name__}: {error})"


def precision_of(samples: Any) -> Precision:
    """The precision for the numbers of a net, by its dtype."""
    return DOUBLE if samples.dtype == np.float64 else SINGLE


class Check:
    """The oracle's copy of a graph, built before a backward pass; the oracle's own pass comes afterwards.

    Attributes:
        twins: the twin of each node, in topological order, leaves first.
        parameters: the twin of each parameter, by its matrix and its index there.
        kinks: the twins of numbers in nets that an activation with a kink was computed from, with the kink.
        unknown: whether there are activations of the user's own, whose kinks are not known.
        precision: how far gradients may differ.
        root: the twin of the node on which backward() was called; None if a node of the graph has no twin,
            so that nothing can be compared.
    """

    def __init__(self) -> None:
        self.twins: dict[Any, Twin] = {}
        self.parameters: dict[tuple[Any, int], Twin] = {}
        self.kinks: list[tuple[Twin, float]] = []
        self.unknown = False
        self.precision = DOUBLE
        self.root: Twin | None = None


class Session:
    """The comparison of one thread's graph with the oracle, from the beginning of `verify` to its end."""

    def __init__(self) -> None:
        from autograd.scalar import engine, nn

        self.oracle, self.oracle_nn = engine, nn
        self.places: weakref.WeakKeyDictionary[Any, tuple[Place, str, str]] = weakref.WeakKeyDictionary()
        # The first difference in pending operations, which `on_settled` raises
        self.first_difference: ParityError | UnsupportedError | None = None

    # Events

    def on_pending(self, v: Any, name: str, label: str = "{}") -> None:
        """Called when a Value is made whose number may still be pending.

        Args:
            v: the Value.
            name: what messages call it if there is no source.
            label: the format of its name in messages, such as "{}[1]"; the braces stand for the source.
        """
        self.places[v] = here(), name, label

    def on_operation(self, v: Any, x: float, y: float, error: Exception | None) -> None:
        """Called after an operation on the numbers ``x`` and ``y``, with the error that it raised, if any."""
        if v not in self.places:
            self.on_pending(v, f"{operation_of(v)}()")
        difference = self.compared(v, x, y, error)
        if difference is not None and v._source is None:  # the operation was computed at once
            raise difference from error
        self.first_difference = self.first_difference or difference

    def compared(self, v: Any, x: float, y: float, error: Exception | None) -> ParityError | None:
        """The difference between an operation and the oracle's on the same numbers, or None."""
        try:
            twin = self.operated(operation_of(v), x, y)
        except ERRORS as theirs:
            return None if error is not None else self.difference("data", v, v._number, error_text(theirs))
        if error is not None:
            return self.difference("data", v, error_text(error), twin.data)
        if not close(v._number, twin.data, DOUBLE.unit * abs(twin.data)):
            return self.difference("data", v, v._number, twin.data)
        for name, i, operand in (("_da", 0, v._a), ("_db", -1, v._b)):
            if operand is not None:
                ours, wanted = getattr(v, name), twin.slopes[i]
                if not close(ours, wanted, DOUBLE.unit * abs(wanted)):
                    return self.difference("slope", v, ours, wanted)
        return None

    def operated(self, name: str, x: float, y: float) -> "Twin":
        """The oracle's result of the operation ``name``."""
        first, second = self.oracle.Value(x), self.oracle.Value(y)
        if name in BINARY:
            return getattr(operator, name)(first, second)  # type: ignore[no-any-return]
        return applied(name, first)

    def on_batch(self, batch: Any, outputs: list[Any]) -> None:
        """Called after a batch went through a net, layer or neuron, with the output Values of each sample."""
        try:
            self.first_difference = self.first_difference or self.of_batch(batch, outputs)
        except UnsupportedError as error:
            self.first_difference = self.first_difference or error

    def of_batch(self, batch: Any, outputs: list[Any]) -> ParityError | None:
        """The first difference between the outputs of a batch and the oracle's, or None."""
        neurons = self.neurons(batch.evaluator, {})
        precision = precision_of(batch.evaluator)
        for row, numbers, values in zip(
            batch.X.tolist(), batch.Y.reshape(len(batch.X), -1), outputs, strict=True
        ):
            for v, ours, twin in zip(values, numbers.tolist(), self.through(neurons, row, []), strict=True):
                if isinstance(v._source, Failure):
                    break
                if not same(ours, twin, precision):
                    return self.difference("data", v, ours, twin.data)
        return None

    def on_settled(self) -> None:
        """Called when all pending operations of the thread have been computed; raises what was found."""
        difference, self.first_difference = self.first_difference, None
        if difference is not None:
            raise difference

    def before_backward(self, root: Any) -> Check:
        """Called before a backward pass from ``root``; builds the oracle's copy of the graph."""
        check = Check()
        outputs: dict[tuple[Any, int], list[Twin]] = {}
        neurons: dict[Any, Any] = {}
        stack = [root]
        while stack:
            v = stack[-1]
            missing = [p for p in value_operands(v) if p not in check.twins]
            stack += missing
            if missing:
                continue
            stack.pop()
            if v in check.twins:
                continue
            kind = operation_of(v)
            if kind == "user_operation" and v._home.closure is not None:
                return Check()
            if kind == "output":
                batch, samples = v._home, v._home.evaluator
                if batch.version != samples.version():
                    return Check()
                row, i = divmod(v._index, batch.width)
                if samples not in neurons:
                    neurons[samples] = self.neurons(samples, check.parameters)
                    check.precision = max(check.precision, precision_of(samples))
                    functions = [spec.function for spec in samples.specs]
                    check.unknown = check.unknown or not all(map(is_known, functions))
                if (batch, row) not in outputs:
                    x = batch.X[row].tolist()
                    for j, p in batch.inputs.get(row, ()):  # with the number that p had at the call
                        x[j] = self.oracle.Value(x[j], (check.twins[p],), (1.0,))
                    outputs[batch, row] = self.through(neurons[samples], x, check.kinks)
                twin = outputs[batch, row][i]
            elif kind == "parameter":
                twin = self.parameter(v._home, v._index, check.parameters)
            else:
                slopes = tuple(v._home.slopes) if kind == "user_operation" else slopes_of(v)
                parents = tuple(check.twins[p] for p in operands(v)) if slopes else ()
                twin = self.oracle.Value(v._number, parents, slopes)
                twin.grad = v.grad if kind == "leaf" else 0.0
            check.twins[v] = twin
        check.root = check.twins[root]
        return check

    def after_backward(self, check: Check) -> None:
        """Called after a backward pass; runs the oracle's backward pass and compares all gradients."""
        if check.root is None:
            return
        check.root.backward()
        gradients: list[tuple[Any, float, float]] = []
        for v, twin in reversed(check.twins.items()):
            if operation_of(v) != "parameter":
                gradients.append((v, v.grad, twin.grad))
        for (matrix, i), twin in check.parameters.items():
            gradients.append(((matrix, i), matrix.at(i)[1], twin.grad))
        precision = check.precision
        sizes = (abs(g) for _, *both in gradients for g in both if math.isfinite(g))
        limit = max(precision.tolerance * max(sizes, default=0.0), precision.floor)
        wrong = [(v, ours, theirs) for v, ours, theirs in gradients if not close(ours, theirs, limit)]
        if wrong and not may_cross_kink(check):
            v, ours, theirs = wrong[0]
            message = str(self.difference("gradient", v, ours, theirs))
            consumers = [w for w in check.twins if v in value_operands(w)]
            if len(consumers) == 1 and consumers[0] in self.places:
                place, name, label = self.places[consumers[0]]
                message += f"; it comes from {label.format(place.expression(name))}, at {place}"
            raise ParityError(message)

    # The oracle's nets

    def parameter(self, matrix: Any, i: int, known: "dict[tuple[Any, int], Twin]") -> "Twin":
        """The twin of a parameter, from ``known``, or a new one that is added there."""
        if (matrix, i) not in known:
            x, g = matrix.at(i)
            twin = known[matrix, i] = self.oracle.Value(x)
            twin.grad = g
        return known[matrix, i]

    def neurons(self, samples: Any, known: "dict[tuple[Any, int], Twin]") -> "list[Neurons]":
        """The oracle's neurons for a net, layer or neuron, as a list for each layer, with its kink."""
        layers = []
        for matrix, rows, function in samples.specs:
            n = matrix.tensor.shape[1]
            activation = partial(scalar, function, self.oracle.Value)
            if is_known(function):
                activation = partial(applied, function.operation)
            layer = []
            for k in range(matrix.tensor.shape[0])[rows]:
                neuron = self.oracle_nn.Neuron(n - 1, activation, init=lambda *_: [[]])
                *neuron.w, neuron.b = (self.parameter(matrix, k * n + j, known) for j in range(n))
                layer.append(neuron)
            layers.append((layer, getattr(function, "kink", None)))
        return layers

    def through(self, layers: "Iterable[Neurons]", x: Any, kinks: "list[tuple[Twin, float]]") -> "list[Twin]":
        """The outputs of the oracle's neurons for one sample; what meets a kink is added to ``kinks``."""
        for neurons, kink in layers:
            x = [neuron(x) for neuron in neurons]
            if kink is not None:
                kinks += [(out.parents[0], kink) for out in x if out.parents]
        return x  # type: ignore[no-any-return]  # the outputs of the last layer

    # Messages

    def called(self, v: Any) -> tuple[str, str]:
        """The name in messages of a Value, or of a parameter (matrix, index), and where it was made."""
        if isinstance(v, tuple):
            matrix, i = v
            return f"parameter {matrix.name_of(i)}", ""
        if v in self.places:
            place, name, label = self.places[v]
            return label.format(place.expression(name)), f", at {place}"
        return f"Value({v.data})", ""

    def difference(self, what: str, v: Any, ours: Any, theirs: Any) -> ParityError:
        """A ParityError: ``what`` of ``v`` is ``ours`` in the array engine and ``theirs`` in the oracle."""
        name, where = self.called(v)
        return ParityError(
            f"verify(): the {what} of {name} is {ours} in the array engine and {theirs} in the oracle{where}"
        )


def slopes_of(v: Any) -> tuple[float, ...]:
    """The slopes of an operation for those of its operands that are Values."""
    first = () if v._a is None else (v._da,)
    return first if v._b is None else (*first, v._db)


def value_operands(v: Any) -> list[Any]:
    """The operands of a Value; for an output of a net the inputs that are Values, without the parameters."""
    if operation_of(v) == "output":
        return [p for _, p in v._home.inputs.get(v._index // v._home.width, ())]
    return list(operands(v))


def is_known(function: Any) -> bool:
    """Whether an activation has a scalar operation, which the oracle has too."""
    return isinstance(function, Activation) and function.operation is not None


def applied(operation: str, x: "Twin") -> "Twin":
    """The result of an operation, given by its name in the engine, on one Value of the oracle."""
    return getattr(operator, operation)(x) if operation in UNARY else getattr(x, operation)()  # type: ignore[no-any-return]


def scalar(activation: Callable[..., Any], kind: type["Twin"], x: "Twin") -> "Twin":
    """The result of an activation for one Value of the oracle.

    Args:
        activation: a function of the user's own, or an `Activation` without a scalar operation.
        kind: the oracle's class of Values.
        x: the Value.

    Raises:
        UnsupportedError: the function cannot take such a Value, or returns something else.
    """
    try:
        y = activation(x)
    except (AttributeError, TypeError) as error:
        raise UnsupportedError(f"{CANNOT}, and yours cannot take it: {error}") from error
    if not isinstance(y, kind):
        raise UnsupportedError(f"{CANNOT}, and yours answers with {y!r} ({type(y).__name__})")
    return y


# The observer -------------------------------------------------------------------------------------


class Current(threading.local):
    """Thread-local: the session of this thread, or None outside of `verify`."""

    session: Session | None = None


CURRENT = Current()


class Verifier(Observer):
    """The engine's observer while any thread verifies; it passes each event to the session of its thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0

    def on_pending(self, *args: Any) -> None:
        if CURRENT.session is not None:
            CURRENT.session.on_pending(*args)

    def on_operation(self, *args: Any) -> None:
        if CURRENT.session is not None:
            CURRENT.session.on_operation(*args)

    def on_batch(self, *args: Any) -> None:
        if CURRENT.session is not None:
            CURRENT.session.on_batch(*args)

    def on_settled(self) -> None:
        if CURRENT.session is not None:
            CURRENT.session.on_settled()

    def before_backward(self, root: Any) -> Check | None:
        return None if CURRENT.session is None else CURRENT.session.before_backward(root)

    def after_backward(self, check: Check | None) -> None:
        if CURRENT.session is not None and check is not None:
            CURRENT.session.after_backward(check)

    def enter(self) -> None:
        with self.lock:
            self.users += 1
            observe(self)

    def leave(self) -> None:
        with self.lock:
            self.users -= 1
            if not self.users:
                unobserve(self)


VERIFIER = Verifier()


@contextmanager
def verify() -> Iterator[None]:
    """Within this block the oracle checks what a program computes; the first difference is a ParityError.

    It is the parity test for programs of your own: run a few epochs of one in it. The program computes the
    same numbers as without it, and pending operations stay pending until they are needed. The oracle's time
    and memory come on top. The block applies to the thread that enters it; a block within another one
    changes nothing.

    Three things are compared with the oracle: the result and the slopes of each operation of Values, for the
    same operands; the outputs of each call of a net, layer or neuron on one sample; and after each `backward`
    all gradients, with those of the oracle's backward pass over the same graph. Pending operations are
    compared when they are computed, at the end of the block at the latest. Calls on many samples, `fit` and
    Tensors are not compared.

    Rounding is no difference. An output of a net may be off by 1e-9 of its size, or by 1e-11 of larger
    numbers that cancelled out in it, and a gradient by 1e-9 of the largest gradient. With float32 these
    limits are 1e-4 and 1e-6. If rounding may have moved a number across the kink of a relu or abs,
    differences of gradients are accepted. If both engines raise an error, that is no difference either.
    A backward pass through an operation of your own that passes gradients on by a function, `v._backward`, is
    not compared.

    Raises:
        ParityError: the data or the gradient of a Value differ from the oracle's. The message says which
            Value, by the expression and the source line that made it or by the parameter's name. It is an
            AssertionError.
        UnsupportedError: an activation of your own, a function that is called on the oracle's Values too,
            cannot take one.

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
    VERIFIER.enter()
    try:
        CURRENT.session = Session()
        yield
        settle(needed=False)
    finally:
        CURRENT.session = None
        VERIFIER.leave()
