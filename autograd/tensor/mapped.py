"""`Mapped`: a Tensor that stands for one sample, while the numbers of all samples lie in one array.

In a function that `vmap` maps, an argument looks like one sample. Its first axis, along which the samples
lie, is hidden; there is one hidden axis for each `vmap` around, which is a `Level`, the innermost first. A
call of a row is a call of the same row with all samples at once, by the rule of
`autograd.tensor.mapping_rules`. Where there is no rule, the row is called for one sample after the other.
"""

import math
from collections.abc import Callable, Sequence
from itertools import count
from numbers import Number
from typing import Any

import numpy as np

from autograd.errors import ShapeError, UnsupportedError
from autograd.tensor.containers import leaves_of
from autograd.tensor.core import ROWS, Tensor, plain, tensor_of
from autograd.tensor.dispatch import IMPLEMENTED, WITHOUT_SLOPE, dispatch, known
from autograd.tensor.real_numbers import DIFFERENTIABLE
from autograd.tensor.trace import mapped, rank

__all__ = [
    "FUNCTION_RULES",
    "LATER",
    "RULES",
    "Level",
    "Mapped",
    "NotMappableError",
    "Rule",
    "applied",
    "broadcast",
    "closed",
    "is_of_mapping",
    "joined",
    "levels_of",
    "opened",
    "padded",
    "reshaped",
    "revealed",
]

Rule = Callable[..., Tensor]

RULES: dict[str, Rule] = {}  # by the name of a row
FUNCTION_RULES: dict[Any, Callable[..., Any]] = {}  # by a function of NumPy that is no row
LATER: list[Callable[[], None]] = []  # functions that add to these, called before they are needed

_level_numbers = count(1)


class NotMappableError(UnsupportedError):
    """Something was asked of one sample that all samples together cannot answer, such as a number."""

    def __init__(self, what: str) -> None:
        super().__init__(f"vmap() cannot give {what} of a sample, as it maps all samples at once")


def is_of_mapping(error: BaseException | None) -> bool:
    """Whether an error comes from a sample that was asked for what all samples together do not have.

    The errors of ``np.zeros(x)`` and ``array[0] = x`` show the sample, or come from a `NotMappableError`.
    """
    while error is not None:
        if isinstance(error, NotMappableError) or "<one of " in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


class Level:
    """One `vmap` while it runs.

    Attributes:
        size: the number of samples.
        ended: whether it has returned.
        looped: the names of rows and functions that were called for one sample after the other.
    """

    def __init__(self, size: int) -> None:
        for add_rules in LATER:
            add_rules()
        self.number = next(_level_numbers)
        self.size = size
        self.ended = False
        self.looped: dict[str, None] = {}


Levels = tuple[Level, ...]  # the innermost, which is the newest, first


class Mapped(Tensor):
    """One sample of many.

    Attributes:
        whole: the Tensor of all samples. It has an axis for each of the levels first, of length 1 if the
            samples of that level are all the same.
        levels: these levels.
    """

    __slots__ = ("levels", "whole")

    whole: Tensor
    levels: Levels

    def __init__(self, whole: Tensor, levels: Levels) -> None:
        self.whole, self.levels = whole, levels

    def check(self) -> None:
        """UnsupportedError if `vmap` has returned."""
        if any(level.ended for level in self.levels):
            raise UnsupportedError(
                "a sample of vmap() is used after vmap() has returned; return from the mapped function what "
                "is wanted of it"
            )

    @property
    def _array(self) -> Any:  # type: ignore[override]  # a slot of Tensor, and here derived, as the next two
        self.check()
        raise NotMappableError("the array")

    @property
    def _node(self) -> Any:  # type: ignore[override]
        return self.whole._node

    @property
    def _version(self) -> int:  # type: ignore[override]
        return self.whole._version

    @property
    def shape(self) -> tuple[int, ...]:
        return self.whole.shape[len(self.levels) :]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.whole.dtype

    @property
    def ndim(self) -> int:
        return self.whole.ndim - len(self.levels)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a sample without axes")
        return self.shape[0]

    def _seed(self, gradient: Any) -> Any:
        raise NotMappableError("backward() or gradients()")

    def __index__(self) -> int:
        raise NotMappableError("the number")

    def detach(self) -> Tensor:
        return Mapped(self.whole.detach(), self.levels)

    def __and__(self, other: Any) -> Any:
        return np.bitwise_and(self, other)

    def __or__(self, other: Any) -> Any:
        return np.bitwise_or(self, other)

    def __xor__(self, other: Any) -> Any:
        return np.bitwise_xor(self, other)

    def __invert__(self) -> Any:
        return np.invert(self)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __repr__(self) -> str:
        return (
            f"<one of {' x '.join(str(level.size) for level in self.levels)} samples of shape {self.shape}>"
        )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        known(ufunc)
        by_number = method == "__call__" and not kwargs and ufunc.signature is None and ufunc.nout == 1
        whole_numbers = by_number and all(np.result_type(blank(a)).kind in "biu" for a in args)
        if by_number and (ufunc in WITHOUT_SLOPE or whole_numbers):
            levels = levels_of(args)
            out = ufunc(*map(plain, aligned(args, levels)))
            return Mapped(tensor_of(np.asarray(out) if isinstance(out, np.generic) else out), levels)
        return super().__array_ufunc__(ufunc, method, *args, **kwargs)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Any:
        known(function)
        if function in OF_SHAPE:
            return function(*mapped(blank, args), **mapped(blank, kwargs))
        if function in FUNCTION_RULES and (found := FUNCTION_RULES[function](*args, **kwargs)) is not None:
            return found
        if function in WITHOUT_SLOPE:
            return looped(function, function.__name__, args, kwargs)
        try:
            return dispatch(function, args, kwargs, plain)
        except TypeError:  # such as a NotMappableError, or one from NumPy, which wants a number
            if function not in IMPLEMENTED:
                raise
            return looped(function, function.__name__, args, kwargs)


ARRAYS = (Tensor, np.ndarray, np.generic)
# Functions that look at the shape and the dtype of an array alone
OF_SHAPE = {np.shape, np.ndim, np.size, np.result_type, np.zeros_like, np.ones_like, np.empty_like}
OF_SHAPE |= {np.iscomplexobj, np.isrealobj}


def blank(x: Any) -> Any:
    """An array of the shape and dtype of a sample; anything else as it is."""
    return np.broadcast_to(np.zeros((), x.dtype), x.shape) if isinstance(x, Mapped) else x


# Hidden axes ---------------------------------------------------------------------------------------


def levels_of(structure: Any, others: Levels = ()) -> Levels:
    """The levels of all `Mapped` in nested lists, tuples and dicts, and ``others``."""
    found: set[Level] = set(others)
    for x in leaves_of(structure):
        if isinstance(x, Mapped):
            found.update(x.levels)
            x.check()
    return tuple(sorted(found, key=lambda level: -level.number))


def reshaped(t: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A Tensor in another shape; a constant without a copy."""
    if t.shape == shape:
        return t
    if t._node is None and isinstance(t._array, np.ndarray):
        return tensor_of(t._array.reshape(shape))
    return ROWS["reshape"](t, shape=shape)


def with_axes(x: Any, levels: Levels) -> Any:
    """The Tensor of all samples with one axis for each of ``levels``; what is not `Mapped` as it is."""
    if not isinstance(x, Mapped):
        return x
    if x.levels == levels:
        return x.whole
    sizes = dict(zip(x.levels, x.whole.shape, strict=False))
    return reshaped(x.whole, (*(sizes.get(level, 1) for level in levels), *x.shape))


def broadcast(t: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A Tensor in a larger shape, without a copy of a constant."""
    if t.shape == shape:
        return t
    if t._node is None and isinstance(t._array, np.ndarray):
        return tensor_of(np.broadcast_to(t._array, shape))
    return ROWS["broadcast_to"](t, shape=shape)


def opened(x: Any, levels: Levels) -> Any:
    """A sample with the axes of these levels, which are its oldest ones, in sight, each in full length.

    Args:
        x: a `Mapped`, another Tensor, or an array.
        levels: the levels. It may have newer ones too; then the result is `Mapped`.
    """
    if not levels:
        return x
    newer = tuple(level for level in levels_of([x]) if level not in levels)
    t = x if isinstance(x, Tensor) else tensor_of(np.asarray(x))
    shape = np.shape(t)
    t = with_axes(t, newer + levels) if isinstance(t, Mapped) else reshaped(t, (1,) * len(levels) + shape)
    t = broadcast(t, (*t.shape[: len(newer)], *(level.size for level in levels), *shape))
    return Mapped(t, newer) if newer else t


def closed(x: Any, levels: Levels) -> Any:
    """The inverse of `opened`: the first axes in sight are hidden, as those of these older levels."""
    if not levels:
        return x
    if isinstance(x, Mapped):
        return Mapped(x.whole, x.levels + levels)
    return Mapped(x if isinstance(x, Tensor) else tensor_of(np.asarray(x)), levels)


def revealed(x: Any, level: Level) -> Any:
    """A Tensor of all samples of a level, which is the newest one, along its first axis."""
    t = x if isinstance(x, Tensor) else tensor_of(np.asarray(x))
    if not isinstance(t, Mapped) or level not in t.levels:
        return np.broadcast_to(t, (level.size, *t.shape))
    whole: Any = broadcast(t.whole, (level.size, *t.whole.shape[1:]))
    older = t.levels[1:]
    return Mapped(np.moveaxis(whole, 0, len(older)), older) if older else whole


def padded(x: Any, k: int, rank: int) -> Any:
    """All samples with axes of length 1 after the ``k`` hidden ones, so that ``rank`` others follow these."""
    return reshaped(x, x.shape[:k] + (1,) * (rank + k - x.ndim) + x.shape[k:])


def aligned(args: Sequence[Any], levels: Levels) -> list[Any]:
    """All samples of each argument, so that they broadcast: with as many axes after the hidden ones."""
    k, most = len(levels), max(map(rank, args))
    found = []
    for x in args:
        whole = with_axes(x, levels)
        found.append(padded(whole, k, most) if isinstance(x, Mapped) else whole)
    return found


# Calls ---------------------------------------------------------------------------------------------


def applied(row: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The call of a row with samples among its arguments."""
    levels = levels_of(args)
    out = None
    known_row: Any = ROWS.get(row.name)
    if known_row is row and not levels_of(kwargs):  # and no function of the user's own
        if row.elementwise:
            out = row(*aligned(args, levels), **kwargs)
        elif row.name in RULES:
            wholes = [with_axes(a, levels) for a in args]
            out = RULES[row.name](row, len(levels), wholes, [isinstance(a, Mapped) for a in args], **kwargs)
    if out is None:
        return looped(row, row.name, args, kwargs)
    return closed(out, levels)


def looped(function: Callable[..., Any], name: str, args: Any, kwargs: Any) -> Any:
    """The call of a function for one sample after the other."""
    levels = levels_of([args, kwargs])
    levels[0].looped[name] = None
    sizes = [level.size for level in levels]
    found = []
    for place in np.ndindex(*sizes):
        where = dict(zip(levels, place, strict=True))

        def sample(x: Any, where: dict[Level, int] = where) -> Any:
            if not isinstance(x, Mapped):
                return x
            lengths = zip(x.levels, x.whole.shape, strict=False)
            index = tuple(where[level] if n > 1 else 0 for level, n in lengths)
            # whole numbers and truth values are arrays, as functions without a derivative return them
            return (x.whole if x.dtype.kind in DIFFERENTIABLE else plain(x.whole))[index]

        found.append(function(*mapped(sample, args), **mapped(sample, kwargs)))
    return joined(found, levels, name)


def joined(found: Sequence[Any], levels: Levels, name: str) -> Any:
    """One result for the results for all samples."""
    if not found:
        raise ShapeError(f"vmap() of {name}() wants one sample or more, got none")
    first = found[0]
    if isinstance(first, tuple | list):
        parts = [joined(part, levels, name) for part in zip(*found, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if isinstance(first, dict) and all(isinstance(x, dict) and x.keys() == first.keys() for x in found):
        return {key: joined([x[key] for x in found], levels, name) for key in first}
    if any(isinstance(x, ARRAYS) for x in found) and all(isinstance(x, (*ARRAYS, Number)) for x in found):
        found = [x if isinstance(x, ARRAYS) else np.asarray(x) for x in found]
        shapes = {np.shape(x) for x in found}
        if len(shapes) > 1:
            raise ShapeError(
                f"vmap() wants the same shape for all samples, and {name}() gives "
                f"{' and '.join(map(str, sorted(shapes)))}"
            )
        stack: Any = np.stack(found)
        whole = stack if isinstance(stack, Tensor) else tensor_of(stack)
        return Mapped(reshaped(whole, (*(level.size for level in levels), *np.shape(found[0]))), levels)
    if all(x == first for x in found[1:]):
        return first
    if isinstance(first, Number):
        return joined([np.asarray(x) for x in found], levels, name)
    raise NotMappableError(f"the {type(first).__name__} that {name}() returns")
