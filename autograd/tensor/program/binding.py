"""From a trace to calls: every array gets its memory, once and for all.

- Calls that nobody needs the result of are dropped.
- Views are made here, and cost nothing later.
- A result takes over the memory of an operand that has served its purpose, or of another array that
  has, the one used last first, since that is still in the cache.
- Parts that will be joined, such as activations and the row of ones below them, are written where
  they will stand, and gradients of parameters into the parameters' own.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd.errors import ShapeError
from autograd.tensor.rows.shaping import ones_below
from autograd.tensor.tape import Array
from autograd.tensor.trace import METHODS, Call, Kernel, Traced, mapped

__all__ = ["Binder", "Step", "is_reduction", "needed"]

ALIGNED = 64  # bytes: a cache line


class Step:
    """A call, all of whose arguments are there."""

    __slots__ = ("args", "function", "kwargs")

    def __init__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs

    def bound(self) -> Callable[[], Any]:
        """The call."""
        return partial(self.function, *self.args, **self.kwargs)


# Memory -----------------------------------------------------------------------------------------


class Pool:
    """Memory for arrays that come and go."""

    def __init__(self) -> None:
        self.nbytes = 0
        self._free: list[Array] = []  # the one given back last stands last
        self._chunks: dict[int, Array] = {}  # by address, those in use

    def array(self, like: Array) -> Array:
        """An array of the shape, dtype and order of ``like``."""
        size = -(-max(like.nbytes, 1) // ALIGNED) * ALIGNED
        for i in reversed(range(len(self._free))):
            if size <= self._free[i].nbytes <= 2 * size:
                chunk = self._free.pop(i)
                break
        else:
            chunk = self._new(size)
        out = laid_out(chunk, like)
        self._chunks[out.ctypes.data] = chunk
        return out

    def give_back(self, array: Array) -> None:
        """Let others have the memory of an array that came from here."""
        self._free.append(self._chunks.pop(array.ctypes.data))

    def kept(self, like: Array) -> Array:
        """An array that is never given back."""
        return laid_out(self._new(max(like.nbytes, 1)), like)

    def _new(self, size: int) -> Array:
        self.nbytes += size
        raw = np.empty(size + ALIGNED, np.uint8)
        start = -raw.ctypes.data % ALIGNED
        return raw[start : start + size]


def laid_out(chunk: Array, like: Array) -> Array:
    """An array at the start of ``chunk`` with the shape, dtype and order of ``like``."""
    model = np.empty_like(like, subok=False)
    return np.ndarray(model.shape, model.dtype, chunk.data, strides=model.strides)


# From a trace to steps --------------------------------------------------------------------------


def needed(calls: Sequence[Call], wanted: Sequence[Any]) -> list[Call]:
    """The checks and what leads to them, so that nothing is changed if one fails; then the rest."""
    first = leading(calls, [call for call in calls if call.out is None], [])
    return first + [call for call in leading(calls, first, wanted) if call not in first]


def leading(calls: Sequence[Call], some: Sequence[Call], wanted: Sequence[Any]) -> list[Call]:
    """The calls that lead to what is wanted and to some of them, in their order."""
    useful = {id(x) for x in wanted}
    chosen = set(some)
    kept = []
    for call in reversed(calls):
        if call in chosen or id(call.out) in useful:
            kept.append(call)
            useful.update(id(x) for x in call.operands())
    return kept[::-1]


def joined(call: Call) -> list[tuple[Any, Any]]:
    """If a call joins arrays, where in the result each of them stands."""
    if call.function is ones_below:
        return [(slice(None, -1), call.args[0]), (slice(-1, None), 1.0)]
    if call.function is not np.concatenate:
        return []
    parts, axis = call.args[0], call.args[1] if len(call.args) > 1 else call.kwargs.get("axis", 0)
    places = []
    start = 0
    for x in parts:
        n = np.shape(x)[axis]
        places.append(((slice(None),) * (axis % np.ndim(x)) + (slice(start, start + n),), x))
        start += n
    return places


def call_and_copy(out: Array, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> None:
    """Put into ``out`` what a function gives that cannot be told where to put it."""
    result = function(*args, **kwargs)
    if np.shape(result) != out.shape:
        raise ShapeError(
            f"with these numbers {getattr(function, '__name__', function)}() gives shape {np.shape(result)}, "
            f"where it gave {out.shape} when it was recorded; a Program cannot follow that"
        )
    out[...] = result


def operands_of(ufunc: np.ufunc, args: Sequence[Any]) -> list[Any]:
    """Arrays of no dimension for numbers, which spares NumPy their conversion at each call."""
    kinds = [a.dtype if isinstance(a, np.ndarray | np.generic) else type(a) for a in args]
    kinds = [np.dtype(bool) if kind is bool else kind for kind in kinds]
    wanted: Any = ufunc.resolve_dtypes((*kinds, *(None,) * ufunc.nout))
    return [
        np.asarray(a) if isinstance(a, np.ndarray | np.generic) else np.asarray(a, kind)
        for a, kind in zip(args, wanted, strict=False)
    ]


def like(a: Array, b: Array) -> bool:
    """Whether two arrays have the same shape, dtype and order in memory."""
    return a.shape == b.shape and a.dtype == b.dtype and a.strides == b.strides


def is_same(a: Array, b: Array) -> bool:
    """Whether two arrays are the same view of the same memory."""
    return a.ctypes.data == b.ctypes.data and like(a, b)


def is_choice(call: Call) -> bool:
    """Whether a call of ``np.where`` is one by a condition that is an array of booleans."""
    return len(call.args) == 3 and getattr(call.args[0], "dtype", None) == np.bool


def is_transpose(a: Array, b: Array) -> bool:
    """Whether ``a`` is a view of ``b`` with its axes in reverse order."""
    same = a.ctypes.data == b.ctypes.data and a.dtype == b.dtype
    return same and a.shape == b.shape[::-1] and a.strides == b.strides[::-1]


def elementwise(function: Any) -> bool:
    return isinstance(function, np.ufunc) and function.signature is None


def is_reduction(function: Any) -> bool:
    """Whether it is the ``reduce`` of a ufunc."""
    return getattr(function, "__name__", "") == "reduce" and isinstance(function.__self__, np.ufunc)


class Binder:
    """Gives every array of a trace its memory, and makes steps of its calls."""

    def __init__(
        self, calls: Sequence[Call], inputs: Sequence[Traced], outputs: Sequence[Any], targets: Sequence[Any]
    ) -> None:
        self.calls = calls
        self.inputs = set(inputs)
        self.pool = Pool()
        self.home: dict[Traced, Array] = {}
        self.steps: list[Step] = []
        self.lines: list[tuple[Call, list[Step]]] = []  # for the listing
        self.readers: dict[Traced, list[int]] = {}  # by array, which calls read it
        self.last: dict[Traced, int] = {}  # by owner of memory, the last call that reads it
        for i, call in enumerate(calls):
            for x in call.operands():
                self.readers.setdefault(x, []).append(i)
                self.last[x.of] = i
        for x in (*outputs, *(x for _, x in targets)):
            if isinstance(x, Traced):
                self.last[x.of] = len(calls)
        self.maker = {call.out: i for i, call in enumerate(calls) if call.out is not None}
        self.places = self._places()  # by array, where in a joined one it stands
        self.reserved: dict[Traced, Array] = {}  # by array, the memory outside that it is to be written to
        late = [(memory, x) for memory, x in targets if not self._reserve(memory, x)]
        for x in inputs:
            if x not in self.home:
                self.home[x] = self._placed(x) if x in self.places else self.pool.kept(x.value)
        self.pooled: set[Traced] = set()  # whose memory is given back after use
        for i, call in enumerate(calls):
            self._bind(i, call)
        # What is outside is read before any of it may be overwritten
        for x in {id(x): x for x in (*outputs, *(x for _, x in late))}.values():
            if isinstance(x, Traced) and x.live:
                early = self.pool.kept(x.value)
                self.steps.insert(0, Step(np.copyto, early, self._home(x)))
                self.home[x] = early
        for memory, x in late:
            self.steps.append(Step(np.copyto, memory, self._bound(x)))

    # Who is written where

    def _places(self) -> dict[Traced, tuple[Call, Any, bool]]:
        """Which arrays will be parts of a joined one: with its call, where, and whether transposed."""
        places: dict[Traced, tuple[Call, Any, bool]] = {}
        for call in self.calls:
            for where, x in joined(call):
                if not isinstance(x, Traced) or x.live or x.of in places:
                    continue
                assert call.out is not None
                if x.of in self.inputs:
                    # It may take any strides if nobody else reads it; here as it is, or transposed
                    alone = self.readers[x] == [self.maker[call.out]] and len(self.readers[x.of]) == 1
                    alone = alone and call.out.value.dtype == x.value.dtype
                    if alone and (x is x.of or is_transpose(x.value, x.of.value)):
                        places[x.of] = call, where, x is not x.of
                elif x.of is x and like(call.out.value[where], x.value):
                    places[x] = call, where, False
        return places

    def _placed(self, x: Traced) -> Array:
        """The memory of an array that will be part of another one."""
        call, where, turned = self.places[x]
        stretch: Array = self._joined(call)[where]
        return stretch.T if turned else stretch

    def _joined(self, call: Call) -> Array:
        """The memory of a joined array, its constant parts filled in."""
        out = call.out
        assert out is not None
        if out not in self.home:
            self.home[out] = self.pool.kept(out.value)
            for where, x in joined(call):
                if not isinstance(x, Traced):
                    self.home[out][where] = x
        return self.home[out]

    def _reserve(self, memory: Array, x: Any) -> bool:
        """Whether ``x`` can be computed right into memory outside."""
        if not isinstance(x, Traced) or x not in self.maker or x.of is not x:
            return False
        made = self.maker[x]
        if x in self.places or x in self.reserved or joined(self.calls[made]):
            return False
        if not like(x.value, memory):
            return False
        for i, call in enumerate(self.calls[made:], made):
            for y in call.operands():
                overwritten = i == made and y.value is memory and elementwise(call.function)
                if y.live and np.may_share_memory(y.value, memory) and not overwritten:
                    return False
        self.reserved[x] = memory
        return True

    # Calls

    def _bound(self, x: Any) -> Any:
        """Arguments with the memory of traced arrays in place of them."""
        return mapped(lambda y: self._home(y) if isinstance(y, Traced) else y, x)

    def _home(self, x: Traced) -> Array:
        return self.home.get(x, x.value)  # the latter if that is outside

    def _bind(self, i: int, call: Call) -> None:
        out = call.out
        args, kwargs = self._bound(call.args), self._bound(call.kwargs)
        steps: list[Step] = []
        if out is None:
            steps = [Step(call.function, *args)]
        elif out.of is not out:
            self.home[out] = call.function(*args, **kwargs)
            assert np.may_share_memory(self.home[out], self._home(out.of))
        elif parts := joined(call):
            together = self._joined(call)
            for where, x in parts:
                if isinstance(x, Traced) and not is_same(self._home(x), together[where]):
                    steps.append(Step(np.copyto, together[where], self._home(x)))
        else:
            self.home[out] = self._memory(i, call)
            steps = list(self._steps(call, args, kwargs, self.home[out]))
        self.steps += steps
        self.lines.append((call, steps))
        for x in dict.fromkeys(y.of for y in call.operands()):
            if self.last[x] == i and x in self.pooled:
                self.pooled.remove(x)
                self.pool.give_back(self.home[x])

    def _memory(self, i: int, call: Call) -> Array:
        out = call.out
        assert out is not None
        if out in self.reserved:
            return self.reserved[out]
        if out in self.places:
            return self._placed(out)
        self.pooled.add(out)
        for x in self._replaceable(call):
            if isinstance(x, Traced) and x.of in self.pooled and self.last[x.of] == i:
                start = self.home[x].ctypes.data == self.home[x.of].ctypes.data
                if start and self.home[x].flags.writeable and like(x.value, out.value):
                    self.pooled.remove(x.of)
                    return self.home[x]
        return self.pool.array(out.value)

    def _replaceable(self, call: Call) -> Sequence[Any]:
        """The operands that may be overwritten while the call computes."""
        if elementwise(call.function):
            return call.args  # type: ignore[no-any-return]
        if call.function is np.where and is_choice(call):
            owners = [a.of if isinstance(a, Traced) else a for a in call.args]
            return call.args[2:] if len({id(a) for a in owners}) == 3 else ()
        return ()

    def _steps(self, call: Call, args: Any, kwargs: dict[str, Any], out: Array) -> Iterator[Step]:
        function = call.function
        if function in (np.maximum, np.minimum):  # these two take no out by position
            yield Step(function, *operands_of(function, args), **kwargs, out=out)
        elif isinstance(function, np.ufunc):  # which by position take it in a third less time
            yield Step(function, *operands_of(function, args), out, **kwargs)
        elif is_reduction(function):
            yield Step(function, args[0], kwargs["axis"], kwargs["dtype"], out, kwargs["keepdims"])
        elif function == np.add.accumulate:
            yield Step(function, args[0], kwargs["axis"], kwargs["dtype"], out)
        elif function is METHODS["take"]:  # buffered, unless indices are clipped
            yield Step(function, *args, **kwargs, out=out)
        elif function in (np.dot, METHODS["dot"]) and out.flags.c_contiguous:
            yield Step(np.dot, *args, out)
        elif isinstance(function, Kernel):
            yield from self._kernel(function, out, args, kwargs)
        elif function is np.where and is_choice(call):
            if args[2] is not out:
                yield Step(np.copyto, out, args[2])
            yield Step(np.copyto, out, args[1], where=args[0])
        elif function is METHODS["astype"]:
            yield Step(np.copyto, out, args[0], casting="unsafe")
        else:
            yield Step(call_and_copy, out, function, args, kwargs)

    def _kernel(self, kernel: Kernel, out: Array, args: Any, kwargs: Any) -> Iterator[Step]:
        if kernel.calls is None:
            yield Step(kernel.fill, out, *args, **kwargs)
            return
        room: list[Array] = []

        def new(shape: Any, dtype: Any) -> Array:
            room.append(self.pool.array(np.empty(shape, dtype)))
            return room[-1]

        for function, *given in kernel.calls(new, out, *args, **kwargs):
            yield Step(function, *given)
        for array in room:
            self.pool.give_back(array)
