"""Primitives: functions of arrays with formulas of their gradients, the rows of the table `ROWS`."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd.errors import ShapeError
from autograd.support import WATCHERS
from autograd.tensor.core import ROWS, Tensor, array_of, tensor_of
from autograd.tensor.dispatch import IMPLEMENTED
from autograd.tensor.mapped import applied, closed, levels_of
from autograd.tensor.modes import mode, on_the_tape
from autograd.tensor.real_numbers import DIFFERENTIABLE, NUMBERS, is_masked, not_numbers
from autograd.tensor.tape import Leaf, TapeNode, backpropagate, bare
from autograd.tensor.trace import Traced

__all__ = ["ZERO_SLOPE", "Primitive", "apply", "implements", "primitive"]

Formula = Callable[..., Any]
COPIED = (np.ndarray, list, tuple)
UNMASKED = {int, float, bool, np.ndarray, Traced}  # types of the usual operands, which have no masked cells


class ZeroSlope:
    """Marks an argument whose slope is defined to be zero, as that of ``sign`` is."""


ZERO_SLOPE = ZeroSlope()


class VariadicFormula:
    """One formula for any number of arguments, as a sequence with a formula for each argument."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula

    def __getitem__(self, index: int) -> Formula:
        return partial(self.formula, index)


class Primitive:
    """One row of the table: a forward function, and for each argument the formula of its gradient.

    Attributes:
        elementwise: whether each number of the result depends on one number of each argument.
        backward_only: whether forward mode is to be avoided where reverse mode will do.
        linear: whether the result is linear in each argument that has a slope, while the others are fixed.
        chooses: whether numbers of the arguments can be left out of the result.
        only_numbers: whether all arguments have to be numbers or arrays of them.
    """

    parameters: frozenset[str] = frozenset()  # accepted as keywords in a call through NumPy: none
    elementwise = False
    linear = False
    chooses = False
    only_numbers = True
    backward_only = False

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
        """Return a Tensor if an argument is one, otherwise an array. Formulas rely on both."""
        for a in args:
            if isinstance(a, Tensor):
                return apply(self, args, kwargs)
        return self.forward(*args, **kwargs)  # type: ignore[no-any-return]

    def push(self, i: int, v: Any, out: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """The tangent of ``out`` if argument ``i`` has the tangent ``v``; None for a slope of 0."""
        formula = self.slopes[i]
        if formula is None:
            return None
        if self.linear:
            return self(*args[:i], v, *args[i + 1 :], **kwargs)
        if self.elementwise and (out.dtype.kind == "c" or v.dtype.kind != "c"):
            return formula(v, out, *args, **kwargs)
        return transposed(formula, v, out, args, kwargs, self.chooses)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def transposed(
    formula: Formula, v: Any, out: Any, args: Sequence[Any], kwargs: dict[str, Any], chooses: bool = False
) -> Any:
    """The tangent of ``out``, by the transpose of the linear map from g that ``formula`` is."""
    levels = levels_of([v, out, args])
    leaf = Leaf((*(level.size for level in levels), *out.shape), out.dtype)
    g = closed(tensor_of(np.ones(leaf.shape, out.dtype), leaf), levels)
    lift = tensor_of if any(isinstance(a, Tensor) for a in (v, out, *args)) else bare
    with on_the_tape():
        shares = formula(g, out, *args, **kwargs)
        terms = shares * v
        if chooses:  # what is left out may have an infinite tangent, or nan
            terms = np.where(shares == 0, 0, terms)
        product = np.real(np.sum(terms))
    found: dict[Any, Any] = {}
    if isinstance(product, Tensor) and product._node is not None:
        seed = np.ones(product._node.shape, product.dtype)
        found = backpropagate(product._node, lift(seed, None), [leaf], lift)
    return closed(found[leaf], levels) if leaf in found else None


def primitive(
    forward: Callable[..., Any],
    *formulas: Formula | ZeroSlope,
    variadic: Formula | None = None,
    name: str = "",
    elementwise: bool = False,
    linear: bool = False,
) -> Primitive:
    """Add a primitive to the table and return it.

    Args:
        forward: a function of arrays. If it is a NumPy ufunc, the ufunc on Tensors calls this primitive.
        formulas: for each array argument, ``formula(g, out, *args, **kwargs)``, which returns the gradient
            of the argument, given the gradient ``g`` of the result ``out``. It uses NumPy's functions and
            operators, is called with arrays or Tensors, and need not undo broadcasting. `ZERO_SLOPE`
            stands for a gradient of zero.
        variadic: in place of ``formulas``, the one formula for any number of arguments:
            ``variadic(i, g, out, *args, **kwargs)`` returns the gradient of argument ``i``.
        name: its name in the table and in errors; by default the name of ``forward``.
        elementwise, linear: as for `Primitive`; a ufunc of numbers is elementwise. Forward mode is quicker
            for such rows. For others it transposes the formula.
    """
    row = Primitive(forward, formulas, variadic, name or forward.__name__)
    row.elementwise, row.linear = elementwise, linear
    ROWS[row.name] = row
    if isinstance(forward, np.ufunc):
        IMPLEMENTED[forward] = row
        row.elementwise = forward.signature is None
    return row


def implements(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as the implementation of NumPy ``functions`` for Tensors."""

    def register(own: Callable[..., Any]) -> Callable[..., Any]:
        IMPLEMENTED.update(dict.fromkeys(functions, own))
        return own

    return register


def apply(row: Primitive, args: Sequence[Any], kwargs: dict[str, Any]) -> "Tensor":
    """Compute a primitive on Tensors, arrays and numbers, and record it if a gradient is wanted."""
    operands: list[Any] = []
    parents: list[TapeNode | Leaf | None] = []
    used: list[tuple[Any, int]] = []  # Tensors and nodes that can change in place, with their versions
    trace = mode.trace
    wanted = False
    for a in args:
        if isinstance(a, Tensor):
            if a.__class__ is not Tensor:
                return applied(row, args, kwargs)  # type: ignore[no-any-return]  # a Mapped
            node = a._node
            operands.append(a._array if trace is None else array_of(a))
            parents.append(node)
            if node is None:
                used.append((a, a._version))
            else:
                used.append((node, node._version))
                wanted = True
        else:
            if a.__class__ not in UNMASKED and is_masked(a):
                raise not_numbers(row.name, ["masked cells"])
            operands.append(a)
            parents.append(None)
    try:
        out = row.forward(*operands, **kwargs)
    except np.linalg.LinAlgError:
        raise
    except ValueError as error:
        if isinstance(row.forward, np.ufunc) and row.forward.signature is None and _can_broadcast(operands):
            raise  # the shapes are not the cause
        raise ShapeError(f"{row.name}() of {_shapes_of(operands)}: {error}") from None
    except (AttributeError, TypeError, SystemError):  # SystemError: NumPy on products of objects
        if not row.only_numbers or not (type_names := _types_of_non_numbers(operands)):
            raise
        raise not_numbers(row.name, type_names) from None
    if out.__class__ is not np.ndarray and not isinstance(out, Traced):
        out = np.asarray(out)  # NumPy returns scalars in place of arrays without axes
    kind = out.dtype.kind
    if kind not in NUMBERS:
        raise not_numbers(row.name, _types_of_non_numbers(operands))
    if not wanted or kind not in DIFFERENTIABLE or not mode.taping:
        # A constant must not change with another array, so a view or an operand is copied
        return tensor_of(out.copy("K") if _shares(out, operands) else out)
    if len(used) < len(args):  # changes of plain arrays are not detected, so the tape has copies
        operands = [np.array(a) if isinstance(a, COPIED) else r for a, r in zip(args, operands, strict=True)]
    tape_node = TapeNode(row, operands, kwargs, parents, used, out)
    if WATCHERS and trace is None:
        for watcher in WATCHERS:
            watcher.on_call(tape_node)
    return tensor_of(out, tape_node)


def _shares(out: Any, operands: Sequence[Any]) -> bool:
    if out.base is not None:
        return True
    return out.__class__ is np.ndarray and any(out is a for a in operands)


def _shapes_of(operands: Sequence[Any]) -> str:
    shapes = " and ".join(str(a.shape) if isinstance(a, np.ndarray) else repr(a) for a in operands)
    return f"shape {shapes}" if len(operands) == 1 else f"shapes {shapes}"


def _can_broadcast(operands: Sequence[Any]) -> bool:
    try:
        np.broadcast_shapes(*map(np.shape, operands))
    except ValueError:
        return False
    return True


def _types_of_non_numbers(operands: Sequence[Any]) -> list[str]:
    return sorted({type(a).__name__ for a in operands if np.asarray(a).dtype.kind not in NUMBERS})
