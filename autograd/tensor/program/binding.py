"""Binding: from the calls of a trace to calls on preallocated memory.

- Calls whose result is not needed are dropped.
- Views are made here, once, and cost nothing in a replay.
- A result reuses the memory of an operand that is not read again, or else of another array that is not
  read again. The most recently used memory comes first, since it is still in the processor's cache.
- Parts of a joined array, such as activations above a row of ones, are written directly into the
  joined array. Gradients of parameters are written directly into the parameters' gradient arrays.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd.errors import ShapeError
from autograd.tensor.rows.shaping import ones_below
from autograd.tensor.tape import Array
from autograd.tensor.trace import METHODS, Call, Kernel, Traced, mapped

__all__ = ["Binder", "BoundCall", "is_reduction", "needed"]

ALIGNED = 64  # bytes: a cache line


class BoundCall:
    """A function with its final arguments: one call of a replay."""

    __slots__ = ("args", "function", "kwargs")

    def __init__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs

    def as_function(self) -> Callable[[], Any]:
        """The call as a function without arguments."""
        return partial(self.function, *self.args, **self.kwargs)


# Memory -----------------------------------------------------------------------------------------


class Pool:
    """Memory for intermediate arrays, reused when an array is no longer needed."""

    def __init__(self) -> None:
        self.nbytes = 0
        self._free: list[Array] = []  # the most recently returned chunk is last
        self._chunks: dict[int, Array] = {}  # chunks in use, by address

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
        """Return the memory of an array from `array`, for later arrays to use."""
        self._free.append(self._chunks.pop(array.ctypes.data))

    def kept(self, like: Array) -> Array:
        """An array like ``like`` that is never given back."""
        return laid_out(self._new(max(like.nbytes, 1)), like)

    def _new(self, size: int) -> Array:
        self.nbytes += size
        unaligned = np.empty(size + ALIGNED, np.uint8)
        start = -unaligned.ctypes.data % ALIGNED
        return unaligned[start : start + size]


def laid_out(chunk: Array, like: Array) -> Array:
    """An array at the start of ``chunk`` with the shape, dtype and order of ``like``."""
    model = np.empty_like(like, subok=False)
    return np.ndarray(model.shape, model.dtype, chunk.data, strides=model.strides)


# From a trace to bound calls --------------------------------------------------------------------------


def needed(calls: Sequence[Call], wanted: Sequence[Any]) -> list[Call]:
    """All checks and the calls that compute the arrays ``wanted``.

    The checks, with the calls that they depend on, come first, so that a failing check leaves everything
    unchanged.
    """
    first = leading(calls, [call for call in calls if call.out is None], [])
    return first + [call for call in leading(calls, first, wanted) if call not in first]


def leading(calls: Sequence[Call], roots: Sequence[Call], wanted: Sequence[Any]) -> list[Call]:
    """The calls ``roots``, the calls that compute ``wanted``, and all that these depend on, in order."""
    needed_ids = {id(x) for x in wanted}
    chosen = set(roots)
    kept = []
    for call in reversed(calls):
        if call in chosen or id(call.out) in needed_ids:
            kept.append(call)
            needed_ids.update(id(x) for x in call.operands())
    return kept[::-1]


def joined(call: Call) -> list[tuple[Any, Any]]:
    """For a call that joins arrays, pairs of an index into the result and the part there; else no pairs."""
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
    """Call a function that takes no ``out``, and copy its result into ``out``."""
    result = function(*args, **kwargs)
    if np.shape(result) != out.shape:
        raise ShapeError(
            f"with these numbers {getattr(function, '__name__', function)}() gives shape {np.shape(result)}, "
            f"where it gave {out.shape} when it was recorded; a Program cannot follow that"
        )
    out[...] = result


def operands_of(ufunc: np.ufunc, args: Sequence[Any]) -> list[Any]:
    """The operands of a ufunc, with each number as a 0-d array of the dtype that NumPy would convert it to.

    This saves NumPy the conversion at each call.
    """
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
    """Whether a call of ``np.where`` has three arguments, of which the first is a boolean array."""
    return len(call.args) == 3 and getattr(call.args[0], "dtype", None) == np.bool


def is_transpose(a: Array, b: Array) -> bool:
    """Whether ``a`` is a view of ``b`` with its axes in reverse order."""
    same = a.ctypes.data == b.ctypes.data and a.dtype == b.dtype
    return same and a.shape == b.shape[::-1] and a.strides == b.strides[::-1]


def elementwise(function: Any) -> bool:
    return isinstance(function, np.ufunc) and function.signature is None


def is_reduction(function: Any) -> bool:
    """Whether ``function`` is the ``reduce`` method of a ufunc."""
    return getattr(function, "__name__", "") == "reduce" and isinstance(function.__self__, np.ufunc)


class Binder:
    """Assigns memory to every array of a trace, and turns its calls into bound calls.

    Args:
        calls: the calls that `needed` chose.
        inputs: the inputs of the recorded function.
        outputs: its results.
        targets: pairs of memory outside the recording and the traced array to be written there.
    """

    def __init__(
        self, calls: Sequence[Call], inputs: Sequence[Traced], outputs: Sequence[Any], targets: Sequence[Any]
    ) -> None:
        self.calls = calls
        self.inputs = set(inputs)
        self.pool = Pool()
        self.home: dict[Traced, Array] = {}
        self.bound_calls: list[BoundCall] = []
        self.lines: list[tuple[Call, list[BoundCall]]] = []  # calls with their bound calls, for the listing
        self.readers: dict[Traced, list[int]] = {}  # by array, the calls that read it
        self.last: dict[Traced, int] = {}  # by owner of memory, the last call that reads that memory
        for i, call in enumerate(calls):
            for x in call.operands():
                self.readers.setdefault(x, []).append(i)
                self.last[x.owner] = i
        for x in (*outputs, *(x for _, x in targets)):
            if isinstance(x, Traced):
                self.last[x.owner] = len(calls)
        self.maker = {call.out: i for i, call in enumerate(calls) if call.out is not None}
        self.places = self._places()  # by part of a joined array, its place there
        self.reserved: dict[Traced, Array] = {}  # by result, the memory of a target it is written to directly
        late = [(memory, x) for memory, x in targets if not self._reserve(memory, x)]
        for x in inputs:
            if x not in self.home:
                self.home[x] = self._placed(x) if x in self.places else self.pool.kept(x.value)
        self.pooled: set[Traced] = set()  # arrays whose memory goes back to the pool after the last use
        for i, call in enumerate(calls):
            self._bind(i, call)
        # Memory outside the recording that is an output, or the source of a late copy, is saved before the
        # first call, since a call may overwrite it
        for x in {id(x): x for x in (*outputs, *(x for _, x in late))}.values():
            if isinstance(x, Traced) and x.live:
                saved = self.pool.kept(x.value)
                self.bound_calls.insert(0, BoundCall(np.copyto, saved, self._home(x)))
                self.home[x] = saved
        for memory, x in late:
            self.bound_calls.append(BoundCall(np.copyto, memory, self._bound(x)))

    # Where each array is written

    def _places(self) -> dict[Traced, tuple[Call, Any, bool]]:
        """The parts of joined arrays, each with the joining call, its index there, and whether transposed."""
        places: dict[Traced, tuple[Call, Any, bool]] = {}
        for call in self.calls:
            for where, x in joined(call):
                if not isinstance(x, Traced) or x.live or x.owner in places:
                    continue
                assert call.out is not None
                if x.owner in self.inputs:
                    # An input that no other call reads may have any strides. Here the input itself or its
                    # transpose is joined
                    movable = self.readers[x] == [self.maker[call.out]] and len(self.readers[x.owner]) == 1
                    movable = movable and call.out.value.dtype == x.value.dtype
                    if movable and (x is x.owner or is_transpose(x.value, x.owner.value)):
                        places[x.owner] = call, where, x is not x.owner
                elif x.owner is x and like(call.out.value[where], x.value):
                    places[x] = call, where, False
        return places

    def _placed(self, x: Traced) -> Array:
        """The memory of an array that is part of a joined array: a view of the latter's memory."""
        call, where, transposed = self.places[x]
        part: Array = self._joined(call)[where]
        return part.T if transposed else part

    def _joined(self, call: Call) -> Array:
        """The memory of the result of a joining call, with its constant parts filled in."""
        out = call.out
        assert out is not None
        if out not in self.home:
            self.home[out] = self.pool.kept(out.value)
            for where, x in joined(call):
                if not isinstance(x, Traced):
                    self.home[out][where] = x
        return self.home[out]

    def _reserve(self, memory: Array, x: Any) -> bool:
        """Reserve memory outside the recording for ``x``, if ``x`` can be computed directly into it.

        It cannot if a call that runs from then on reads that memory.

        Returns:
            Whether the memory was reserved.
        """
        if not isinstance(x, Traced) or x not in self.maker or x.owner is not x:
            return False
        start = self.maker[x]
        if x in self.places or x in self.reserved or joined(self.calls[start]):
            return False
        if not like(x.value, memory):
            return False
        for i, call in enumerate(self.calls[start:], start):
            for y in call.operands():
                in_place = i == start and y.value is memory and elementwise(call.function)
                if y.live and np.may_share_memory(y.value, memory) and not in_place:
                    return False
        self.reserved[x] = memory
        return True

    # Calls

    def _bound(self, x: Any) -> Any:
        """``x`` with each traced array in it replaced by its memory."""
        return mapped(lambda y: self._home(y) if isinstance(y, Traced) else y, x)

    def _home(self, x: Traced) -> Array:
        return self.home.get(x, x.value)  # an array outside the recording stays where it is

    def _bind(self, i: int, call: Call) -> None:
        out = call.out
        args, kwargs = self._bound(call.args), self._bound(call.kwargs)
        bound: list[BoundCall] = []
        if out is None:
            bound = [BoundCall(call.function, *args)]
        elif out.owner is not out:
            self.home[out] = call.function(*args, **kwargs)
            assert np.may_share_memory(self.home[out], self._home(out.owner))
        elif parts := joined(call):
            whole = self._joined(call)
            for where, x in parts:
                if isinstance(x, Traced) and not is_same(self._home(x), whole[where]):
                    bound.append(BoundCall(np.copyto, whole[where], self._home(x)))
        else:
            self.home[out] = self._memory(i, call)
            bound = list(self._bound_calls(call, args, kwargs, self.home[out]))
        self.bound_calls += bound
        self.lines.append((call, bound))
        for x in dict.fromkeys(y.owner for y in call.operands()):
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
            if isinstance(x, Traced) and x.owner in self.pooled and self.last[x.owner] == i:
                same_start = self.home[x].ctypes.data == self.home[x.owner].ctypes.data
                if same_start and self.home[x].flags.writeable and like(x.value, out.value):
                    self.pooled.remove(x.owner)
                    return self.home[x]
        return self.pool.array(out.value)

    def _replaceable(self, call: Call) -> Sequence[Any]:
        """The operands that the call may overwrite with its result."""
        if elementwise(call.function):
            return call.args  # type: ignore[no-any-return]
        if call.function is np.where and is_choice(call):
            owners = [a.owner if isinstance(a, Traced) else a for a in call.args]
            return call.args[2:] if len({id(a) for a in owners}) == 3 else ()
        return ()

    def _bound_calls(self, call: Call, args: Any, kwargs: dict[str, Any], out: Array) -> Iterator[BoundCall]:
        function = call.function
        if function in (np.maximum, np.minimum):  # these two do not take ``out`` by position
            yield BoundCall(function, *operands_of(function, args), **kwargs, out=out)
        elif isinstance(function, np.ufunc):  # ``out`` by position takes a third less time than by name
            yield BoundCall(function, *operands_of(function, args), out, **kwargs)
        elif is_reduction(function) and kwargs.keys() > {"axis", "dtype", "keepdims"}:  # initial or where
            yield BoundCall(function, *args, **kwargs, out=out)
        elif is_reduction(function):
            yield BoundCall(function, args[0], kwargs["axis"], kwargs["dtype"], out, kwargs["keepdims"])
        elif function == np.add.accumulate:
            yield BoundCall(function, args[0], kwargs["axis"], kwargs["dtype"], out)
        elif function is METHODS["take"]:  # NumPy buffers ``out`` unless it clips the indices
            yield BoundCall(function, *args, **kwargs, out=out)
        elif function in (np.dot, METHODS["dot"]) and out.flags.c_contiguous:
            yield BoundCall(np.dot, *args, out)
        elif isinstance(function, Kernel):
            yield from self._kernel(function, out, args, kwargs)
        elif function is np.where and is_choice(call):
            if args[2] is not out:
                yield BoundCall(np.copyto, out, args[2])
            yield BoundCall(np.copyto, out, args[1], where=args[0])
        elif function is METHODS["astype"]:
            yield BoundCall(np.copyto, out, args[0], casting="unsafe")
        else:
            yield BoundCall(call_and_copy, out, function, args, kwargs)

    def _kernel(self, kernel: Kernel, out: Array, args: Any, kwargs: Any) -> Iterator[BoundCall]:
        if kernel.calls is None:
            yield BoundCall(kernel.fill, out, *args, **kwargs)
            return
        scratch: list[Array] = []

        def new(shape: Any, dtype: Any) -> Array:
            scratch.append(self.pool.array(np.empty(shape, dtype)))
            return scratch[-1]

        for function, *arguments in kernel.calls(new, out, *args, **kwargs):
            yield BoundCall(function, *arguments)
        for array in scratch:
            self.pool.give_back(array)
