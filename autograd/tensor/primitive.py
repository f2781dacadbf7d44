"""The rows of the table, each a function of arrays and the formulas of its gradient; `apply` computes one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd.errors import ShapeError
from autograd.tensor.core import IMPLEMENTED, ROWS, Tensor, array_of, not_numbers
from autograd.tensor.reals import KINDS, is_masked
from autograd.tensor.recording import recording
from autograd.tensor.tape import Leaf, TapeNode
from autograd.tensor.trace import Traced

__all__ = ["ZERO_SLOPE", "Primitive", "apply", "implements", "primitive"]

Formula = Callable[..., Any]
COPIED = (np.ndarray, list, tuple)
UNMASKED = {int, float, bool, np.ndarray, Traced}  # the usual operands, none of which has masked cells


class ZeroSlope:
    """Declares an argument whose slope is zero by decision, as that of ``sign`` is."""


ZERO_SLOPE = ZeroSlope()


class VariadicFormula:
    """One formula for any number of arguments, as if it were a list of them."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula

    def __getitem__(self, index: int) -> Formula:
        return partial(self.formula, index)


class Primitive:
    """One row: a forward, and for each argument the formula of its gradient."""

    parameters: frozenset[str] = frozenset()  # that it takes by name from NumPy's callers

    def __init__(
        self,
        forward: Callable[..., Any],
        formulas: Sequence[Formula | ZeroSlope],
        variadic: Formula | None,
        name: str,
    ):
        self.forward = forward
        self.name = name
        self.slopes: Any = [None if isinstance(formula, ZeroSlope) else formula for formula in formulas]
        if variadic is not None:
            self.slopes = VariadicFormula(variadic)

    def __call__(self, *args: Any, **kwargs: Any) -> "Tensor":
        """A Tensor of Tensors; of arrays and numbers alone an array, which formulas rely on."""
        for a in args:
            if isinstance(a, Tensor):
                return apply(self, args, kwargs)
        return self.forward(*args, **kwargs)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def primitive(
    forward: Callable[..., Any],
    *formulas: Formula | ZeroSlope,
    variadic: Formula | None = None,
    name: str = "",
) -> Primitive:
    """Add a row to the table.

    Args:
        forward: a function of arrays. If it is a NumPy ufunc, Tensors answer to it by this row.
        formulas: for each array argument, ``formula(g, out, *args, **kwargs)``: the gradient of the
            argument, given the gradient ``g`` of the result ``out``. Written in NumPy's terms, it is
            fed arrays or Tensors, and need not undo broadcasting. `ZERO_SLOPE` says that it is zero.
        each: one formula for any number of arguments, with the argument's index before ``g``.
        name: what errors call it; the forward's own name if not given.
    """
    row = Primitive(forward, formulas, variadic, name or forward.__name__)
    ROWS[row.name] = row
    if isinstance(forward, np.ufunc):
        IMPLEMENTED[forward] = row
    return row


def implements(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a function of Tensors stand for NumPy ``functions`` of the same signature."""

    def register(own: Callable[..., Any]) -> Callable[..., Any]:
        IMPLEMENTED.update(dict.fromkeys(functions, own))
        return own

    return register


def apply(row: Primitive, args: Sequence[Any], kwargs: dict[str, Any]) -> "Tensor":
    """Compute a row on Tensors, arrays and numbers, and record it if a gradient is wanted."""
    raw: list[Any] = []
    parents: list[TapeNode | Leaf | None] = []
    used: list[tuple[Any, int]] = []  # what can be changed in place, with its version
    trace = recording.trace
    wanted = False
    for a in args:
        if isinstance(a, Tensor):
            node = a._node
            raw.append(a._array if trace is None else array_of(a))
            parents.append(node)
            if node is None:
                used.append((a, a._version))
            else:
                used.append((node, node._version))
                wanted = True
        else:
            if a.__class__ not in UNMASKED and is_masked(a):
                raise not_numbers(row.name, ["masked cells"])
            raw.append(a)
            parents.append(None)
    try:
        out = row.forward(*raw, **kwargs)
    except ValueError as error:
        if isinstance(row.forward, np.ufunc) and row.forward.signature is None and _broadcast(raw):
            raise  # it is not about shapes
        shapes = " and ".join(str(a.shape) if isinstance(a, np.ndarray) else repr(a) for a in raw)
        of = "shape" if len(raw) == 1 else "shapes"
        raise ShapeError(f"{row.name}() of {of} {shapes}: {error}") from None
    except (AttributeError, TypeError, SystemError):  # the last as NumPy has it for a product of objects
        if not (strangers := _strangers(raw)):
            raise
        raise not_numbers(row.name, strangers) from None
    if out.__class__ is not np.ndarray and not isinstance(out, Traced):
        out = np.asarray(out)  # NumPy gives scalars for arrays of no dimension
    kind = out.dtype.kind
    if kind not in KINDS:
        raise not_numbers(row.name, _strangers(raw))
    if kind != "f" or not wanted or not recording.on:
        # A constant has memory of its own, so that a change of its source is no change of it
        return Tensor._of(out if out.base is None else out.copy("K"), None)
    if len(used) < len(args):  # what is no Tensor is not watched for changes, so it is copied
        raw = [np.array(a) if isinstance(a, COPIED) else r for a, r in zip(args, raw, strict=True)]
    return Tensor._of(out, TapeNode(row, raw, kwargs, parents, used, out))


def _broadcast(raw: Sequence[Any]) -> bool:
    try:
        np.broadcast_shapes(*map(np.shape, raw))
    except ValueError:
        return False
    return True


def _strangers(raw: Sequence[Any]) -> list[str]:
    return sorted({type(a).__name__ for a in raw if np.asarray(a).dtype.kind not in KINDS})
