"""Traces: which NumPy calls a function makes, noted while it makes them.

A `Traced` array stands for a NumPy array. NumPy's functions, and the methods and operators that
arrays have, work on it, give the next `Traced` array and add a line to its `Trace`. So whatever is
written in NumPy's terms, rows and their formulas included, is traced without knowing of it.
"""

import numbers
import operator
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from autograd.errors import UnsupportedError
from autograd.tensor.tape import Array, Leaf

Function = Callable[..., Any]

# Methods of arrays that give an array or a number, and change nothing
METHODS: dict[str, Function] = {
    name: getattr(np.ndarray, name)
    for name in (
        *("all", "any", "argmax", "argmin", "argsort", "astype", "clip", "cumsum", "diagonal", "dot"),
        *("flatten", "max", "mean", "min", "prod", "ravel", "repeat", "reshape", "round", "squeeze"),
        *("std", "sum", "swapaxes", "take", "transpose", "var"),
    )
}
# The reductions of ufuncs, which can be told where to put their result, under all their names
REDUCTIONS: dict[Any, np.ufunc] = {}
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
POWERS: dict[float, np.ufunc] = {
    1: np.positive,
    2: np.square,
    -1: np.reciprocal,
    0.5: np.sqrt,
}  # as arrays do
# What is asked of an array without looking at its numbers
SHAPELY: set[Any] = {np.shape, np.ndim, np.size, np.result_type, np.may_share_memory, np.shares_memory}
SHAPELY |= {np.array2string, np.array_repr, np.array_str}
ORDINARY = (np.ndarray, np.generic, numbers.Number, list, tuple, type(None))


def caller() -> str:
    """File and line of the call that came from outside of this package."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("autograd."):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "?"


class Call:
    """One line of a trace: a function, what it was given, and the array it gave."""

    __slots__ = ("args", "function", "kwargs", "out")

    def __init__(self, function: Function, args: Any, kwargs: dict[str, Any], out: "Traced | None"):
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.out = out  # None for a check, which gives nothing

    def operands(self) -> Iterator["Traced"]:
        """The traced arrays among its arguments."""
        yield from traced_in(self.args)
        yield from traced_in(self.kwargs.values())


class Traced(NDArrayOperatorsMixin):
    """An array in a recording.

    ``value`` is what it is in the recording run. ``of`` is the traced array whose memory it looks
    at, itself if it has its own. ``live`` marks memory that lies outside the recording.
    """

    __slots__ = ("_of", "live", "trace", "value")

    live: bool
    base = None
    __hash__ = object.__hash__

    def __init__(self, trace: "Trace", value: Array, of: "Traced | None" = None, live: bool = False):
        self.trace = trace
        self.value = value
        self._of = of  # not itself, which would be a cycle
        self.live = live if of is None else of.live

    @property
    def of(self) -> "Traced":
        return self if self._of is None else self._of.of

    shape = property(operator.attrgetter("value.shape"))
    dtype = property(operator.attrgetter("value.dtype"))
    ndim = property(operator.attrgetter("value.ndim"))
    size = property(operator.attrgetter("value.size"))

    @property
    def T(self) -> Any:
        return self.trace.call(np.transpose, (self,), {})

    def copy(self) -> "Traced":
        """Itself, since nothing that is traced changes."""
        return self

    def __getattr__(self, name: str) -> Function:
        if name.startswith("__"):
            raise AttributeError(name)  # one of the protocols that NumPy asks for
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
            return self.trace.call(*reduction(ufunc, *args, **{"axis": 0, **kwargs}))
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
            "an array that changes from call to call was to be made a plain one in a recorded function; "
            "keep to the functions of Tensors and of NumPy"
        )

    def _look(self, how: str) -> Array:
        self.trace.look(how)
        return self.value

    def __bool__(self) -> bool:
        return bool(self._look("bool()"))

    def __float__(self) -> float:
        return float(self._look("float()"))

    def __int__(self) -> int:
        return int(self._look("int()"))

    def __index__(self) -> int:
        return operator.index(self._look("an index"))

    def item(self) -> Any:
        return self._look("item()").item()

    def tolist(self) -> Any:
        return self._look("tolist()").tolist()

    def __repr__(self) -> str:
        return repr(self.value)


class ChangeableError(Exception):
    """An argument that may hold something else when it comes again."""


class Trace:
    """What a recorded function did.

    Attributes:
        calls: its NumPy calls, in order.
        gradients: what `Tensor.backward` found for leaves outside, and None where they were set to 0.
        looks: where numbers were looked at, which a replay cannot follow.
        guards: whether to look out for parameters that the function changes.
    """

    def __init__(self, guards: bool = True) -> None:
        self.guards = guards
        self.calls: list[Call] = []
        self.gradients: dict[Leaf, Any] = {}
        self.looks: list[str] = []
        self.leaves: dict[Leaf, tuple[Array, int, Array]] = {}  # with version, and a copy to go back to
        self.tensors: list[tuple[Any, Array]] = []  # those outside, weakly, with their numbers
        self._memory: dict[Leaf, Array] = {}
        self._live: dict[int, Traced] = {}
        self._seen: dict[Any, Traced] = {}

    def live(self, array: Array) -> Traced:
        """``array`` as memory that is read anew at each replay."""
        if id(array) not in self._live:
            self._live[id(array)] = Traced(self, array, live=True)
        return self._live[id(array)]

    def leaf(self, tensor: Any, leaf: Leaf, array: Array) -> Traced:
        """The numbers of a Tensor outside with a gradient, read anew at each replay."""
        if leaf not in self.leaves:
            self.leaves[leaf] = array, leaf._version, array.copy()
            self.tensors.append((weakref.ref(tensor), array))
        return self.live(array)

    def gradient(self, leaf: Leaf) -> Any:
        """The gradient that a leaf has at this point of the recorded function."""
        if leaf in self.gradients:
            return self.gradients[leaf]
        return self.live(self.memory(leaf)) if leaf in self.leaves else None

    def memory(self, leaf: Leaf) -> Array:
        """Where the gradient of a leaf outside stands; the `Program` makes it known to the leaf."""
        if leaf not in self._memory:
            self._memory[leaf] = np.zeros(leaf.shape, leaf.dtype) if leaf.grad is None else leaf.grad
        return self._memory[leaf]

    def accumulate(self, leaf: Leaf, g: Any) -> None:
        """Add ``g`` to the gradient of a leaf."""
        before = self.gradient(leaf)
        self.gradients[leaf] = g if before is None else before + g

    def forget(self) -> None:
        """Let go of what was traced, which knows its trace."""
        for known in (self.calls, self.gradients, self._live, self._seen):
            known.clear()

    def restore(self) -> bool:
        """Put parameters back that were changed while they were traced; whether there were any."""
        found = False
        for leaf, (array, version, copy) in self.leaves.items() if self.guards else ():
            if leaf._version != version or not np.array_equal(array, copy, equal_nan=True):
                array[...] = copy
                leaf._version += 1
                found = True
        return found

    def look(self, how: str) -> None:
        """Note that a number was looked at, and from which line outside of this package."""
        self.looks.append(f"{how} at {caller()}")

    def call(self, function: Function, args: Any, kwargs: dict[str, Any]) -> Any:
        """Call a function of traced arrays, and note the call."""
        ufunc = REDUCTIONS.get(function)
        if ufunc is not None:
            function, args, kwargs = reduction(ufunc, *args, **kwargs)
        said = getattr(function, "__name__", str(function))
        if kwargs.get("out") is not None:
            raise UnsupportedError(
                f"numpy.{said}(out=...) and operators such as += cannot change an array in a recorded "
                "function; write a = a + b"
            )
        try:
            key = function, key_of(args), tuple((name, key_of(x)) for name, x in sorted(kwargs.items()))
            if key in self._seen:
                return self._seen[key]  # the same as before, since nothing traced changes
        except ChangeableError:
            key = None
        result = function(*values(args), **values(kwargs))
        if function in SHAPELY:
            return result
        if isinstance(result, np.generic):
            result = np.asarray(result)
        if not isinstance(result, np.ndarray):
            if isinstance(result, tuple | list):
                raise UnsupportedError(f"{said}() gives several arrays and cannot be recorded")
            self.look(f"{said}()")
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
        """Note a function that raises an error for bad numbers and gives nothing."""
        function(*values(args))
        self.calls.append(Call(function, owned(args), {}, None))


def key_of(x: Any) -> Any:
    """What stands for an argument in the key of its call."""
    if isinstance(x, tuple | list):
        return type(x), tuple(map(key_of, x))
    if isinstance(x, slice):
        return slice, x.start, x.stop, x.step
    if isinstance(x, Traced):
        return id(x)
    if isinstance(x, np.ndarray | dict | set):
        raise ChangeableError
    return type(x), x, str(x)  # 0.0 and -0.0 are equal


def reduction(
    ufunc: np.ufunc, x: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False
) -> tuple[Function, Any, dict[str, Any]]:
    """A reduction's arguments as those of ``ufunc.reduce``."""
    if out is not None:
        raise UnsupportedError(f"numpy.{ufunc.__name__}.reduce(out=...) cannot change a recorded array")
    return ufunc.reduce, (x,), {"axis": axis, "dtype": dtype, "keepdims": bool(keepdims)}


def accumulation(
    ufunc: np.ufunc, x: Any, axis: Any = 0, dtype: Any = None, out: None = None
) -> tuple[Function, Any, dict[str, Any]]:
    """The arguments of ``ufunc.accumulate``, by name."""
    if out is not None:
        raise UnsupportedError(f"numpy.{ufunc.__name__}.accumulate(out=...) cannot change a recorded array")
    return ufunc.accumulate, (x,), {"axis": axis, "dtype": dtype}


def mapped(function: Callable[[Any], Any], x: Any) -> Any:
    """``x`` with ``function`` applied to whatever stands in its lists, tuples and dicts."""
    if isinstance(x, tuple | list):
        items = [mapped(function, y) for y in x]
        return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)
    if isinstance(x, dict):
        return {name: mapped(function, y) for name, y in x.items()}
    return function(x)


def values(x: Any) -> Any:
    """``x`` with the arrays of the recording run in place of traced ones."""
    return mapped(lambda y: y.value if isinstance(y, Traced) else y, x)


def owned(x: Any) -> Any:
    """``x`` with copies of its plain arrays, which somebody else might change."""
    return mapped(lambda y: y.copy(order="K") if isinstance(y, np.ndarray) else y, x)


def traced_in(x: Any) -> Iterator[Traced]:
    """The traced arrays in lists and tuples."""
    for y in x:
        if isinstance(y, Traced):
            yield y
        elif isinstance(y, tuple | list):
            yield from traced_in(y)


class Kernel:
    """A function of arrays for which NumPy has no single call, as one that fills its result.

    Args:
        name: what listings and errors call it.
        empty: ``empty(*args, **kwargs)`` gives an array for the result.
        fill: ``fill(out, *args, **kwargs)`` writes the result into it.
        calls: in place of ``fill``, ``calls(new, out, *args, **kwargs)`` gives a function and its
            arguments for each NumPy call that it takes, which a Program binds one by one; what lies in
            between has memory from ``new(shape, dtype)``.
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


def check(function: Function, *args: Any) -> None:
    """Call a function that raises an error for bad numbers; a replay will call it too."""
    for a in args:
        if isinstance(a, Traced):
            return a.trace.check(function, args)
    return function(*args)  # type: ignore[no-any-return]


def certain(condition: Any) -> bool:
    """Whether ``condition`` holds, at every replay too: not so if it depends on what is traced."""
    return not isinstance(condition, Traced) and bool(condition)


def at(x: Any, index: Any) -> Any:
    """``x[index]``, where parts of the index may be traced."""
    for part in traced_in(index if isinstance(index, tuple) else (index,)):
        return part.trace.call(operator.getitem, (x, index), {})
    return x[index]
