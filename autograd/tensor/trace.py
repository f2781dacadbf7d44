"""Traces: the NumPy calls that a function makes, recorded while it runs.

A `Traced` array stands for a NumPy array. NumPy's functions and the operators and methods of arrays
accept it: each call adds a `Call` to the `Trace` and returns a new `Traced` array. So code that uses
NumPy, primitives and their formulas included, needs no change to be traced.
"""

import numbers
import operator
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from autograd.errors import UnsupportedError
from autograd.support import user_frame
from autograd.tensor.tape import Array, Leaf

Function = Callable[..., Any]

# Array methods that return an array or a number and change nothing in place
METHODS: dict[str, Function] = {
    name: getattr(np.ndarray, name)
    for name in (
        *("all", "any", "argmax", "argmin", "argsort", "astype", "clip", "cumsum", "diagonal", "dot"),
        *("flatten", "max", "mean", "min", "prod", "ravel", "repeat", "reshape", "round", "squeeze"),
        *("std", "sum", "swapaxes", "take", "transpose", "var"),
    )
}
# By function or method: the ufunc whose ``reduce`` is recorded instead. That takes ``out``, so a Program can
# have the result written into memory of its own
REDUCTIONS: dict[Any, np.ufunc] = {}
REDUCE = ("x", "axis", "dtype", "out", "keepdims", "initial", "where")  # arguments of ``reduce``
for _ufunc, _names in {
    np.add: ("sum",),
    np.multiply: ("prod",),
    np.maximum: ("max", "amax"),
    np.minimum: ("min", "amin"),
    np.logical_and: ("all",),
    np.logical_or: ("any",),
}.items():
    for _name in _names:
        REDUCTIONS[getattr(np, _name)] = _ufunc
        if _name in METHODS:
            REDUCTIONS[METHODS[_name]] = _ufunc
# By exponent: the ufunc that NumPy's own arrays call for ``x**exponent``
POWERS: dict[float, np.ufunc] = {
    1: np.positive,
    2: np.square,
    -1: np.reciprocal,
    0.5: np.sqrt,
}
# Functions that are called, but not recorded: what they return, such as a shape or a text to print, does not
# depend on the numbers, or is only shown. So a call of them does not count as reading numbers either
NOT_RECORDED: set[Any] = {np.shape, np.ndim, np.size, np.result_type, np.may_share_memory, np.shares_memory}
NOT_RECORDED |= {np.array2string, np.array_repr, np.array_str}
ORDINARY = (np.ndarray, np.generic, numbers.Number, list, tuple, type(None))


def calling_line() -> str:
    """Return file and line of the innermost call from outside this package."""
    frame = user_frame()
    return "?" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def outside() -> int:
    """The ``stacklevel`` of the innermost call from outside this package, for the caller of this function."""
    level: int = 1
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("autograd."):
        frame, level = frame.f_back, level + 1
    return level


class Call:
    """One call of a trace: a function, its arguments, and the array that it returned."""

    __slots__ = ("args", "function", "kwargs", "out")

    def __init__(self, function: Function, args: Any, kwargs: dict[str, Any], out: "Traced | None"):
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.out = out  # None for a check, which returns nothing

    def operands(self) -> Iterator["Traced"]:
        """Yield the traced arrays among the arguments."""
        yield from traced_in(self.args)
        yield from traced_in(self.kwargs.values())


class Traced(NDArrayOperatorsMixin):
    """An array in a recording.

    Attributes:
        trace: the trace that records calls with this array.
        value: the NumPy array that it stands for in the recording run.
        owner: the traced array that owns the memory: this one, or the one that this is a view of.
        live: whether the memory lies outside the recording, so that each replay reads it anew.
    """

    __slots__ = ("_owner", "live", "trace", "value")

    live: bool
    base = None
    __hash__ = object.__hash__

    def __init__(self, trace: "Trace", value: Array, owner: "Traced | None" = None, live: bool = False):
        self.trace = trace
        self.value = value
        self._owner = owner  # None instead of itself, which would be a reference cycle
        self.live = live if owner is None else owner.live

    @property
    def owner(self) -> "Traced":
        return self if self._owner is None else self._owner.owner

    shape = property(operator.attrgetter("value.shape"))
    dtype = property(operator.attrgetter("value.dtype"))
    ndim = property(operator.attrgetter("value.ndim"))
    size = property(operator.attrgetter("value.size"))

    @property
    def T(self) -> Any:
        return self.trace.call(np.transpose, (self,), {})

    def copy(self) -> "Traced":
        """Return this array itself, since traced arrays never change."""
        return self

    def __getattr__(self, name: str) -> Function:
        if name.startswith("__"):
            raise AttributeError(name)  # NumPy asks for optional protocols
        if name not in METHODS:
            raise UnsupportedError(f"an array's {name!r} cannot be used in a recorded function")
        return lambda *args, **kwargs: self.trace.call(METHODS[name], (self, *args), kwargs)

    def __getitem__(self, index: Any) -> Any:
        return self.trace.call(operator.getitem, (self, index), {})

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator["Traced"]:
        return (self[i] for i in range(len(self)))

    def __pow__(self, exponent: Any) -> Any:
        if exponent.__class__ in (int, float) and exponent in POWERS:
            return self.trace.call(POWERS[exponent], (self,), {})
        return super().__pow__(exponent)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        if not all(isinstance(a, (Traced, *ORDINARY)) for a in args):
            return NotImplemented
        args = tuple(np.asarray(a) if isinstance(a, list | tuple) else a for a in args)
        if method == "reduce":
            return self.trace.call(*reduction(ufunc, args, {"axis": 0, **kwargs}, REDUCE))
        if method == "accumulate":
            return self.trace.call(*accumulation(ufunc, *args, **kwargs))
        if method == "at":
            raise UnsupportedError(
                f"numpy.{ufunc.__name__}.at() cannot change an array in a recorded function; make a new one"
            )
        return self.trace.call(ufunc if method == "__call__" else getattr(ufunc, method), args, kwargs)

    def __array_function__(self, function: Function, types: Iterable[type], args: Any, kwargs: Any) -> Any:
        if not all(issubclass(t, (Traced, np.ndarray)) for t in types):
            return NotImplemented
        return self.trace.call(function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        raise UnsupportedError(
            "a recorded function cannot turn an array that depends on its inputs into a plain one; "
            "keep to the functions of Tensors and of NumPy"
        )

    def _read(self, how: str) -> Array:
        self.trace.note_read(how)
        return self.value

    def __bool__(self) -> bool:
        return bool(self._read("bool()"))

    def __float__(self) -> float:
        return float(self._read("float()"))

    def __int__(self) -> int:
        return int(self._read("int()"))

    def __index__(self) -> int:
        return operator.index(self._read("an index"))

    def item(self) -> Any:
        return self._read("item()").item()

    def tolist(self) -> Any:
        return self._read("tolist()").tolist()

    def __repr__(self) -> str:
        return repr(self.value)


class ChangeableError(Exception):
    """An argument can change between calls, so a call with it has no cache key."""


class Trace:
    """The record of what a function did.

    In this class "outside" means made before the recording, not by the recorded function.

    Attributes:
        calls: the NumPy calls, in order.
        gradients: by leaf, the gradient at this point of the function, or None where it was cleared.
        number_reads: places where Python read numbers, as in ``if t > 0``; a replay does not read them again.
        guards: whether `restore` looks for parameters that the function changed.
        leaves: by leaf outside, its array, its version, and a copy of the array to restore.
        tensors: the Tensors of these leaves, as weak references, each with its array.
    """

    def __init__(self, guards: bool = True) -> None:
        self.guards = guards
        self.calls: list[Call] = []
        self.gradients: dict[Leaf, Any] = {}
        self.number_reads: list[str] = []
        self.leaves: dict[Leaf, tuple[Array, int, Array]] = {}
        self.tensors: list[tuple[Any, Array]] = []
        self._memory: dict[Leaf, Array] = {}
        self._live: dict[int, Traced] = {}
        self._seen: dict[Any, Traced] = {}

    def live(self, array: Array) -> Traced:
        """Return the traced array of memory that each replay reads anew."""
        if id(array) not in self._live:
            self._live[id(array)] = Traced(self, array, live=True)
        return self._live[id(array)]

    def leaf(self, tensor: Any, leaf: Leaf, array: Array) -> Traced:
        """Return the traced array of a leaf outside; each replay reads its memory anew."""
        if leaf not in self.leaves:
            self.leaves[leaf] = array, leaf._version, array.copy()
            self.tensors.append((weakref.ref(tensor), array))
        return self.live(array)

    def gradient(self, leaf: Leaf) -> Any:
        """Return the gradient of a leaf at this point of the recorded function, or None."""
        if leaf in self.gradients:
            return self.gradients[leaf]
        return self.live(self.memory(leaf)) if leaf in self.leaves else None

    def memory(self, leaf: Leaf) -> Array:
        """Return the array for the gradient of a leaf outside; the `Program` makes it the leaf's ``grad``."""
        if leaf not in self._memory:
            self._memory[leaf] = np.zeros(leaf.shape, leaf.dtype) if leaf.grad is None else leaf.grad
        return self._memory[leaf]

    def accumulate(self, leaf: Leaf, g: Any) -> None:
        """Add ``g`` to the gradient of a leaf."""
        before = self.gradient(leaf)
        self.gradients[leaf] = g if before is None else before + g

    def forget(self) -> None:
        """Drop the traced arrays, which refer back to this trace and so form reference cycles."""
        for known in (self.calls, self.gradients, self._live, self._seen):
            known.clear()

    def restore(self) -> bool:
        """Restore parameters that the recorded function changed; return whether there were any."""
        found = False
        for leaf, (array, version, copy) in self.leaves.items() if self.guards else ():
            if leaf._version != version or not np.array_equal(array, copy, equal_nan=True):
                array[...] = copy
                leaf._version += 1
                found = True
        return found

    def note_read(self, how: str) -> None:
        """Record that Python read a number, and the line outside this package that caused it."""
        self.number_reads.append(f"{how} at {calling_line()}")

    def call(self, function: Function, args: Any, kwargs: dict[str, Any]) -> Any:
        """Call a function of traced arrays, record the call and return the traced result."""
        ufunc = REDUCTIONS.get(function)
        if ufunc is not None:
            names = REDUCE if ufunc in (np.add, np.multiply) else (*REDUCE[:2], *REDUCE[3:])  # of max, all
            function, args, kwargs = reduction(ufunc, args, kwargs, names)
        called = getattr(function, "__name__", str(function))
        if kwargs.get("out") is not None:
            raise UnsupportedError(
                f"numpy.{called}(out=...) and operators such as += cannot change an array in a recorded "
                "function; write a = a + b"
            )
        try:
            key = function, key_of(args), tuple((name, key_of(x)) for name, x in sorted(kwargs.items()))
            if key in self._seen:
                return self._seen[key]  # the same result again, since traced arrays never change
        except ChangeableError:
            key = None
        result = function(*values(args), **values(kwargs))
        if function in NOT_RECORDED:
            return result
        if isinstance(result, np.generic):
            result = np.asarray(result)
        if not isinstance(result, np.ndarray):
            if isinstance(result, tuple | list):
                raise UnsupportedError(f"{called}() gives several arrays and cannot be recorded")
            self.note_read(f"{called}()")
            return result
        args, kwargs = owned(args), owned(kwargs)
        operands = list(traced_in((*args, *kwargs.values())))
        for a in operands:
            if result is a.value:
                return a
        source = next((a for a in operands if np.may_share_memory(result, a.value)), None)
        out = Traced(self, result, source)
        self.calls.append(Call(function, args, kwargs, out))
        if key is not None:
            self._seen[key] = out
        return out

    def check(self, function: Function, args: Any) -> None:
        """Call and record a function that raises an error for bad numbers and returns nothing."""
        function(*values(args))
        self.calls.append(Call(function, owned(args), {}, None))


def key_of(x: Any) -> Any:
    """Return what identifies an argument in the cache key of its call; ChangeableError if nothing does."""
    if isinstance(x, tuple | list):
        return type(x), tuple(map(key_of, x))
    if isinstance(x, slice):
        return slice, x.start, x.stop, x.step
    if isinstance(x, Traced):
        return id(x)
    if isinstance(x, np.ndarray | dict | set):
        raise ChangeableError
    return type(x), x, str(x)  # str() tells -0.0 from 0.0, which are equal


def reduction(
    ufunc: np.ufunc, args: Sequence[Any], kwargs: dict[str, Any], names: Sequence[str]
) -> tuple[Function, Any, dict[str, Any]]:
    """Return a reduction as a call of ``ufunc.reduce``: function, arguments and keyword arguments.

    ``names`` are those of ``args``, in NumPy's order of arguments.
    """
    given = {"axis": None, "dtype": None, **dict(zip(names, args, strict=False)), **kwargs}
    x = given.pop("x") if "x" in given else given.pop("a")
    if given.pop("out", None) is not None:
        raise UnsupportedError(f"numpy.{ufunc.__name__}.reduce(out=...) cannot change a recorded array")
    given["keepdims"] = bool(given.get("keepdims", False))
    return ufunc.reduce, (x,), given


def accumulation(
    ufunc: np.ufunc, x: Any, axis: Any = 0, dtype: Any = None, out: None = None
) -> tuple[Function, Any, dict[str, Any]]:
    """Return a call of ``ufunc.accumulate`` as function, arguments and keyword arguments."""
    if out is not None:
        raise UnsupportedError(f"numpy.{ufunc.__name__}.accumulate(out=...) cannot change a recorded array")
    return ufunc.accumulate, (x,), {"axis": axis, "dtype": dtype}


def mapped(function: Callable[[Any], Any], x: Any) -> Any:
    """Return ``x`` with ``function`` applied to each item of its nested lists, tuples and dicts."""
    if isinstance(x, tuple | list):
        items = [mapped(function, y) for y in x]
        return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)
    if isinstance(x, dict):
        return {name: mapped(function, y) for name, y in x.items()}
    return function(x)


def values(x: Any) -> Any:
    """Return ``x`` with each traced array replaced by its array of the recording run."""
    return mapped(lambda y: y.value if isinstance(y, Traced) else y, x)


def owned(x: Any) -> Any:
    """Return ``x`` with copies of its plain arrays, which other code might change."""
    return mapped(lambda y: y.copy(order="K") if isinstance(y, np.ndarray) else y, x)


def traced_in(x: Any) -> Iterator[Traced]:
    """Yield the traced arrays in ``x``, nested lists and tuples included."""
    for y in x:
        if isinstance(y, Traced):
            yield y
        elif isinstance(y, tuple | list):
            yield from traced_in(y)


class Kernel:
    """A function of arrays that writes its result into a given array; NumPy has no single call for it.

    Args:
        name: its name in listings and errors.
        empty: ``empty(*args, **kwargs)`` returns an uninitialised array for the result.
        fill: ``fill(out, *args, **kwargs)`` writes the result into ``out``.
        calls: in place of ``fill``. ``calls(new, out, *args, **kwargs)`` yields each NumPy call that
            computes the result, as a function and its arguments. A Program binds these calls one by one.
            ``new(shape, dtype)`` returns an array for an intermediate result.
    """

    def __init__(
        self, name: str, empty: Function, fill: Function | None = None, calls: Function | None = None
    ) -> None:
        self.empty = empty
        self.fill = fill or self._made
        self.calls = calls
        self.__name__ = name

    def _made(self, out: Array, *args: Any, **kwargs: Any) -> None:
        assert self.calls is not None
        for function, *given in self.calls(np.empty, out, *args, **kwargs):
            function(*given)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for a in args:
            if isinstance(a, Traced):
                return a.trace.call(self, args, kwargs)
        if kwargs:
            for traced in traced_in(kwargs.values()):
                return traced.trace.call(self, args, kwargs)
        out = self.empty(*args, **kwargs)
        self.fill(out, *args, **kwargs)
        return out


def rank(x: Any) -> int:
    """The number of axes of an array, a Tensor or a number, found quicker than by ``np.ndim``."""
    return x.ndim if hasattr(x, "ndim") else np.ndim(x)


def run_check(function: Function, *args: Any) -> None:
    """Call a function that raises an error for bad numbers; in a recording, replays call it too."""
    for a in args:
        if isinstance(a, Traced):
            return a.trace.check(function, args)
    return function(*args)  # type: ignore[no-any-return]


def certain(condition: Any) -> bool:
    """Whether ``condition`` holds now and in every replay; False if it depends on a traced array."""
    return not isinstance(condition, Traced) and bool(condition)


def indexed(x: Any, index: Any) -> Any:
    """Return ``x[index]``, where parts of the index may be traced."""
    for part in traced_in(index if isinstance(index, tuple) else (index,)):
        return part.trace.call(operator.getitem, (x, index), {})
    return x[index]
