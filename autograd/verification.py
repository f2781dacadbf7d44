"""A program's own calls, done a second time by the oracle: the parity test for everybody's programs.

While `verify` is active, the methods that make Values are replaced, on the classes, by ones that do the
same and then have the oracle do it too, on shadows: an oracle's Value for each Value. Nothing is read
earlier than the program reads it, so that what is verified is what the program does without.
"""

import itertools
import linecache
import math
import os
import sys
import textwrap
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.engine import Value, number
from autograd.errors import ParityError, UnsupportedError
from autograd.module import ACTIVATIONS, ArrayModule
from autograd.nn import Net
from autograd.parameters import Parameter
from autograd.samples import is_batch
from autograd.tensor.core import Tensor
from autograd.waiting import Waiting

if TYPE_CHECKING:  # and in `Session`, since who does not verify does not need it
    from autograd.scalar.engine import Value as Twin
    from autograd.scalar.nn import Neuron

__all__ = ["verify"]

OPERATORS = "add radd sub rsub mul rmul truediv rtruediv pow rpow neg pos abs"
FUNCTIONS = "exp log sqrt sin cos tanh sigmoid relu leaky_relu softplus gelu"
OPERATIONS = [*(f"__{name}__" for name in OPERATORS.split()), *FUNCTIONS.split()]
NAMES = {function: name for name, function in ACTIVATIONS.items()}
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


# Shadows ---------------------------------------------------------------------------------------


class Place:
    """Where a program called an operation. It is looked up in the source when it is to be told."""

    __slots__ = ("code", "instruction", "line", "name")

    def __init__(self, name: str) -> None:
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename.startswith(LIBRARIES):
            frame = frame.f_back
        self.code, self.instruction, self.line = frame.f_code, frame.f_lasti, frame.f_lineno
        self.name = name

    def expression(self) -> str:
        """The source of the operation; its name if there is none."""
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


@dataclass(eq=False, slots=True)
class Shadow:
    """What the oracle makes of one Value.

    Attributes:
        twin: the oracle's Value, or the error that it comes to, as text.
        operands: the Values it was made from, kept so that they are compared as long as this one can be.
        place, label: where it was made, and what it is called there, around the expression.
        order: later than that of its operands.
        due: whether the data is still to be compared.
        outside: whether it was made outside of `verify`, so that its gradient cannot be known.
    """

    twin: "Twin | str"
    operands: tuple[Value, ...]
    place: Place
    label: str
    order: int
    precision: Precision
    due: bool = True
    outside: bool = False

    def __str__(self) -> str:
        return self.label.format(self.place.expression())


def is_leaf(v: Value) -> bool:
    """Whether ``v`` was made from nothing. One that waits never was, and is not to be asked."""
    return not isinstance(v, Waiting) and v._da is None


def attempt(function: Callable[..., Any], *args: Any) -> Any:
    """What the oracle answers: the result, or the error as text."""
    for x in args:
        if isinstance(x, str):
            return x
    try:
        return function(*args)
    except ERRORS as error:
        return told(error)


def told(error: BaseException) -> str:
    """An error as a message has it in the place of a number."""
    return f"an error ({type(error).__name__}: {error})"


def difference(what: str, shadow: Shadow, ours: Any, theirs: Any) -> str:
    """The message that two engines differ."""
    return (
        f"verify(): the {what} of {shadow} is {ours} in the array engine and {theirs} in the oracle, "
        f"at {shadow.place}"
    )


class Session:
    """The shadows of one thread, from the beginning of `verify` to its end."""

    def __init__(self) -> None:
        from autograd.scalar import engine, nn

        self.oracle, self.oracle_nn = engine, nn
        self.busy = False  # within an operation, what it is made of has no shadows
        self.shadows: weakref.WeakKeyDictionary[Value, Shadow] = weakref.WeakKeyDictionary()
        self.orders = itertools.count()

    # What stands in the place of the methods; each is given the method

    def operate(self, name: str, method: Callable[..., Any], v: Value, *others: Any) -> Any:
        """An operation on a Value and perhaps something else."""
        if not all(isinstance(x, Value) or number(x) is not None for x in others):
            self.busy = False  # an array, say, whose elements come here one by one
            return method(v, *others)
        place = Place(name.strip("_") + "()")
        operands = tuple(x for x in (v, *others) if isinstance(x, Value))
        twins = [self.shadow(x, place).twin if isinstance(x, Value) else x for x in (v, *others)]
        twin = attempt(lambda x, *rest: getattr(x, name)(*rest), *twins)
        try:
            out = method(v, *others)
        except ERRORS as error:
            if not isinstance(twin, str):
                raise ParityError(
                    difference("data", self.result(twin, operands, place), told(error), twin.data)
                ) from error
            raise
        for x in operands:
            if isinstance(x, Waiting):
                x._next = None  # what the program drops is to be gone
            elif isinstance(x, Parameter):
                x._forget()
        if isinstance(out, Value):
            self.add(out, self.result(twin, operands, place))
        return out

    def call(self, method: Callable[..., Any], module: ArrayModule, x: Any) -> Any:
        """A call of a module. On many samples it makes Tensors, which have no shadows."""
        if isinstance(x, Tensor) or is_batch(x):
            return method(module, x)
        x, sample = itertools.tee(x) if isinstance(x, Iterator) else (x, x)
        out = method(module, x)
        module._patterns.forget()
        place = Place(f"{type(module).__name__}()")
        single = isinstance(sample, Value) or number(sample) is not None
        items = [sample] if single else sample.tolist() if isinstance(sample, np.ndarray) else list(sample)
        values = [v for v in items if isinstance(v, Value)]
        operands = (*values, *module.params())
        layers = module.layers if isinstance(module, Net) else [module]
        neurons = [self.neurons(layer, place) for layer in layers]
        twins = [self.shadow(v, place).twin if isinstance(v, Value) else v for v in items]
        twin = attempt(lambda *line: through(neurons, line), *twins)
        if isinstance(out, Value):
            self.add(out, self.result(twin if isinstance(twin, str) else twin[0], operands, place))
        else:
            for i, v in enumerate(out):
                part = twin if isinstance(twin, str) else twin[i]
                self.add(v, self.result(part, operands, place, f"{{}}[{i}]"))
        return out

    def backward(self, method: Callable[..., Any], v: Value) -> None:
        """A walk back, and the oracle's from the shadow."""
        root = self.shadow(v, Place("backward()"))
        reached = self.made_from(v, lambda shadow: True)
        for w, shadow in reached:
            if is_leaf(w):
                shadow.twin.grad = w.grad  # type: ignore[union-attr]  # a leaf is no error
        try:
            method(v)
        except ERRORS:
            self.compare(v)
            raise
        self.compare(v)
        assert not isinstance(root.twin, str)
        root.twin.backward()
        self.compare_gradients(root.twin, reached)

    def read(self, method: Callable[..., Any], v: Value) -> Any:
        """A look at the data."""
        try:
            x = method(v)
        except ERRORS:
            self.compare(v)
            raise
        self.compare(v)
        return x

    def write(self, method: Callable[..., Any], v: Value, data: Any) -> None:
        """An assignment to the data, before which they have to be compared."""
        self.compare(v)
        method(v, data)

    # Shadows

    def shadow(self, v: Value, place: Place) -> Shadow:
        """The shadow of an operand, with the data that this has now, so that rounding does not add up."""
        shadow = self.shadows.get(v)
        if shadow is None:
            label, precision = f"Value({v.data}) in {{}}", DOUBLE
            if isinstance(v, Parameter):
                label = f"parameter {v._b} in {{}}"
                precision = DOUBLE if v._matrix.tensor.dtype == np.float64 else SINGLE
            twin = self.oracle.Value(v.data)
            shadow = Shadow(twin, (), place, label, next(self.orders), precision, due=False)
            shadow.outside = not is_leaf(v)
            self.shadows[v] = shadow
        elif not shadow.due:
            shadow.twin.data = v.data  # type: ignore[union-attr]  # compared: no error
        return shadow

    def neurons(self, layer: Any, place: Place) -> list["Neuron"]:
        """The oracle's neurons of a layer, or the one of a neuron, over the shadows of its parameters."""
        params = layer.params()
        activation = NAMES.get(layer._function) or partial(scalar, layer._function, self.oracle.Value)
        neurons = []
        for start in range(0, len(params), layer.n_in + 1):
            neuron = self.oracle_nn.Neuron(layer.n_in, activation, init=lambda *_: [[]])
            row: Any = [self.shadow(p, place).twin for p in params[start : start + layer.n_in + 1]]
            *neuron.w, neuron.b = row
            neurons.append(neuron)
        return neurons

    def result(
        self, twin: "Twin | str", operands: tuple[Value, ...], place: Place, label: str = "{}"
    ) -> Shadow:
        """The shadow of the result of an operation."""
        precision = max(self.shadows[v].precision for v in operands)
        return Shadow(twin, operands, place, label, next(self.orders), precision)

    def add(self, v: Value, shadow: Shadow) -> None:
        """Give ``v`` a shadow, and compare the data if they are there."""
        self.shadows[v] = shadow
        if not isinstance(v, Waiting):
            self.compare(v)
            if is_leaf(v):  # it is one within no_grad()
                shadow.operands = ()
                shadow.twin = self.oracle.Value(v.data)

    def made_from(self, v: Value, which: Callable[[Shadow], bool]) -> list[tuple[Value, Shadow]]:
        """``v`` and all that it was made from and that have shadows, the first ones first."""
        found: dict[Value, Shadow] = {}
        open_ = [v]
        while open_:
            w = open_.pop()
            shadow = None if w in found else self.shadows.get(w)
            if shadow is not None and which(shadow):
                found[w] = shadow
                open_.extend(shadow.operands)
        return sorted(found.items(), key=lambda pair: pair[1].order)

    # Comparing

    def compare(self, v: Value) -> None:
        """Compare the data of ``v``, and before of all it was made from."""
        for w, shadow in self.made_from(v, lambda shadow: shadow.due):
            twin = shadow.twin
            ours = attempt(lambda w=w: w.data)
            if isinstance(ours, str) and isinstance(twin, str):
                continue
            if isinstance(ours, str) or isinstance(twin, str) or not same(ours, twin, shadow.precision):
                theirs = twin if isinstance(twin, str) else twin.data
                raise ParityError(difference("data", shadow, ours, theirs))
            shadow.due = False

    def compare_gradients(self, root: "Twin", reached: list[tuple[Value, Shadow]]) -> None:
        """Compare what a walk back left, in the order of the walk."""
        outside = any(shadow.outside for _, shadow in reached)
        pairs = []
        for v, shadow in reversed(reached):
            if not shadow.outside and not (outside and is_leaf(v)):
                assert not isinstance(shadow.twin, str)
                pairs.append((v, shadow, v.grad, shadow.twin.grad))
        precision = max((shadow.precision for _, shadow in reached), default=DOUBLE)
        sizes = (abs(g) for _, _, *both in pairs for g in both if math.isfinite(g))
        limit = max(precision.tolerance * max(sizes, default=0.0), precision.floor)
        off = [pair for pair in pairs if not close(*pair[2:], limit)]
        if off and not torn(root, precision.unit):
            v, shadow, ours, theirs = off[0]
            message = difference("gradient", shadow, ours, theirs)
            uses = [s for _, s in reached if any(v is w for w in s.operands)]
            if len(uses) == 1 and uses[0].place is not shadow.place:
                message += f"; it comes from {uses[0]}, at {uses[0].place}"
            raise ParityError(message)

    def finish(self) -> None:
        """Compare what is still to be compared."""
        for v, _ in sorted(self.shadows.items(), key=lambda pair: pair[1].order):
            self.compare(v)


def scalar(activation: Callable[..., Any], kind: type["Twin"], x: "Twin") -> "Twin":
    """A function as an activation, of one of the oracle's Values, which are of this ``kind``."""
    try:
        y = activation(x)
    except (AttributeError, TypeError) as error:
        raise UnsupportedError(f"{CANNOT}, and yours cannot take it: {error}") from error
    if not isinstance(y, kind):
        raise UnsupportedError(f"{CANNOT}, and yours answers with {y!r} ({type(y).__name__})")
    return y


def through(layers: Iterable[list["Neuron"]], x: Any) -> Any:
    """One sample through the oracle's neurons, layer by layer."""
    for neurons in layers:
        x = [neuron(x) for neuron in neurons]
    return x


# In the place of the methods ---------------------------------------------------------------------


class Current(threading.local):
    """Of this thread: what verifies it."""

    session: Session | None = None


CURRENT = Current()


def beside(method: Callable[..., Any], session_method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that does as ``session_method`` says where a Session is active, and else as before."""

    @wraps(method)
    def replacement(self: Any, *args: Any, **kwargs: Any) -> Any:
        session = CURRENT.session
        if session is None or session.busy:
            return method(self, *args, **kwargs)
        session.busy = True
        try:
            return session_method(session, method, self, *args, **kwargs)
        finally:
            session.busy = False

    return replacement


def replacements() -> Iterator[tuple[type, str, Any]]:
    """What to set on which class, under which name."""
    for kind in (Value, Waiting, Parameter):
        for name in OPERATIONS:
            if name in vars(kind):
                yield kind, name, beside(vars(kind)[name], partial(operate, name))
        if "backward" in vars(kind):
            yield kind, "backward", beside(vars(kind)["backward"], Session.backward)
    for kind in (Value, Waiting):
        data = vars(kind)["data"]
        read, write = beside(data.fget, Session.read), beside(data.fset, Session.write)
        yield kind, "data", property(read, write, doc=data.__doc__)
    yield ArrayModule, "__call__", beside(vars(ArrayModule)["__call__"], Session.call)


def operate(name: str, session: Session, *args: Any) -> Any:
    return session.operate(name, *args)


class Replaced:
    """The methods of the classes, while others stand in their places: as long as any thread verifies."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.own: list[tuple[type, str, Any]] = []

    def enter(self) -> None:
        with self.lock:
            self.users += 1
            if self.users == 1:
                new = list(replacements())
                self.own = [(kind, name, vars(kind)[name]) for kind, name, _ in new]
                for change in new:
                    setattr(*change)

    def leave(self) -> None:
        with self.lock:
            self.users -= 1
            if not self.users:
                for change in self.own:
                    setattr(*change)


REPLACED = Replaced()


@contextmanager
def verify() -> Iterator[None]:
    """Within it the oracle does the same as the array engine, and the first difference ends the program.

    It is the parity test for programs of your own: run a few epochs of one in it. The program computes
    what it would without, and waits as it would; it takes the time and memory of the oracle on top. It
    holds for the thread that enters it, and one within another is the same one.

    Compared are calls of nets, layers and neurons on one sample, and operations of Values: the data as
    soon as they are there (of what waits, when it is read, at `backward`, and at the end), the gradients
    after each `backward`. Calls on many samples, `fit` and Tensors are not.

    Rounding is no difference. Data may be off by 1e-9 of their size, or by 1e-11 of what cancelled out in
    them; gradients by 1e-9 of the largest; where float32 is involved it is 1e-4 and 1e-6. Where rounding
    may have moved a number over the kink of a relu or abs, other gradients are let pass. Nor is it a
    difference if both engines raise an error.

    A result made before counts as a constant. If a `backward` comes by one, the gradients of leaves are
    not compared, since they may have got more by way of that.

    Raises:
        ParityError: a Value has other data or another gradient than the oracle's. The message says
            which, with the expression and the source line that made it. It is an AssertionError.
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
    REPLACED.enter()
    try:
        session = CURRENT.session = Session()
        yield
        session.busy = True
        session.finish()
    finally:
        CURRENT.session = None
        REPLACED.leave()
