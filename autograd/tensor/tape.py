"""The tape: the graph of recorded calls, and the backward pass through it.

A `TapeNode` is one recorded call, a `Leaf` an array whose gradient is wanted. A node refers to its
parents only, never to the Tensor that owns it. So a graph has no cycles, and is freed with the last
Tensor that refers to it. This module knows no primitive by name.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from autograd.errors import GradientError

Array: TypeAlias = npt.NDArray[Any]


class Rule(Protocol):
    """What the backward pass needs of a primitive: its name, and one formula for each argument."""

    name: str
    slopes: Sequence[Callable[..., Any] | None]  # None where the slope is defined to be zero
    backward_only: bool  # whether forward mode is to be avoided where reverse mode will do
    elementwise: bool  # whether each number of the result depends on one number of each argument
    chooses: bool  # whether numbers of the arguments can be left out of the result

    def push(self, i: int, v: Any, out: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """The tangent of the result if argument ``i`` has the tangent ``v``; None for a slope of zero."""


class Leaf:
    """An array whose gradient is wanted and accumulates in ``grad``; ``_version`` counts changes in place."""

    __slots__ = ("_version", "dtype", "grad", "shape")

    parents: "Sequence[TapeNode | Leaf | None]" = ()
    used: Sequence[tuple[Any, int]] = ()

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], grad: Array | None = None):
        self.shape = shape
        self.dtype = dtype
        self.grad = grad
        self._version = 0

    def set_grad(self, g: Array | None) -> None:
        """Replace the gradient by ``g``, or remove it if that is None."""
        self.grad = g

    def accumulate(self, g: Array) -> None:
        """Add ``g`` to ``grad``, in place if there is a gradient already."""
        if self.grad is None:
            self.grad = np.array(g)
        else:
            self.grad += g


class TapeNode:
    """One recorded call: the primitive, its arguments at the time, and the nodes that they came from."""

    __slots__ = (
        "__weakref__", "_version", "args", "dtype", "kwargs", "out", "parents", "rule", "shape", "used"
    )  # fmt: skip

    def __init__(
        self,
        rule: Rule,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        parents: Sequence["TapeNode | Leaf | None"],
        used: list[tuple[Any, int]],
        out: Array,
    ):
        self.rule = rule
        self.args = args
        self.kwargs = kwargs
        self.parents = parents  # one for each argument, None for constants
        self.out = out
        self.shape = out.shape
        self.dtype = out.dtype
        self.used = used  # Tensors and nodes that can change in place, with versions
        self._version = 0


def bare(data: Array, node: TapeNode | Leaf | None) -> Any:
    """Return the array: the ``lift`` of a backward pass that is not recorded itself."""
    return data


def unbroadcast(g: Any, parent: TapeNode | Leaf) -> Any:
    """Return ``g`` in the shape and dtype of ``parent``, summed over the axes that broadcasting stretched.

    Of a complex ``g`` a real parent gets the real part.
    """
    if g.shape != parent.shape:
        extra = g.ndim - len(parent.shape)
        stretched = [i for i, n in enumerate(parent.shape, extra) if n == 1 and g.shape[i] != 1]
        g = g.sum(axis=(*range(extra), *stretched), keepdims=True).reshape(parent.shape)
    if g.dtype == parent.dtype:
        return g
    if g.dtype.kind == "c" and parent.dtype.kind != "c":
        g = np.real(g)
    return g.astype(parent.dtype)


def without_what_is_left_out(term: Any, g: Any) -> Any:
    """``term``, a gradient that came from ``g`` number by number, with 0 where it is nan and ``g`` is 0.

    A number that a later call left out has the gradient 0, though the slope there may be infinite or nan.
    """
    unknown = np.isnan(term)
    if isinstance(unknown, np.ndarray | np.generic) and not unknown.any():
        return term
    return np.where(unknown & (g == 0), 0, term)


def use_counts(root: TapeNode | Leaf) -> dict[TapeNode | Leaf, int]:
    """Return all nodes that ``root`` depends on, ``root`` first, each with its number of uses among them."""
    counts: dict[TapeNode | Leaf, int] = {root: 0}
    for node in (reached := [root]):
        for parent in node.parents:
            if parent is None:
                continue
            if parent in counts:
                counts[parent] += 1
            else:
                counts[parent] = 1
                reached.append(parent)
    return counts


def ordered(root: TapeNode | Leaf) -> list[TapeNode | Leaf]:
    """Return all nodes that ``root`` depends on, each after all nodes that depend on it.

    It needs no recursion, and the order depends on the graph alone.
    """
    remaining = use_counts(root)
    order = [root]
    for node in order:
        for parent in node.parents:
            if parent is not None:
                remaining[parent] -= 1
                if remaining[parent] == 0:
                    order.append(parent)
    return order


def recorded_calls(root: TapeNode | Leaf, name: str) -> list[TapeNode]:
    """Return the calls of a primitive that ``root`` depends on, each after those it needs."""
    return [v for v in reversed(ordered(root)) if isinstance(v, TapeNode) and v.rule.name == name]


def together(nodes: Sequence[TapeNode | Leaf]) -> TapeNode:
    """Return a node from which all ``nodes`` are reached; its gradient is a list of theirs."""
    return TapeNode(TOGETHER, (None,) * len(nodes), {}, nodes, [], np.empty(0))


class Together:
    """The rule of a node that `together` makes, which is no call."""

    name = "together"
    backward_only = elementwise = chooses = False

    class Slopes:
        """For each argument, the function that returns its gradient."""

        def __getitem__(self, i: int) -> Callable[..., Any]:
            return lambda g, *_: g[i]

    slopes: Any = Slopes()

    def push(self, *_: Any) -> None:
        return None


TOGETHER = Together()


def check_unchanged(nodes: Iterable[TapeNode | Leaf]) -> None:
    """Raise a GradientError if the result or an operand of one of the ``nodes`` has been changed since."""
    for node in nodes:
        if isinstance(node, TapeNode) and node._version:
            raise GradientError(
                f"backward() through {node.rule.name}() needs its result, of shape {node.shape}, as it was "
                "then, but it has been changed since, without a gradient; write y = y * 2, not y.data *= 2"
            )
        for operand, version in node.used:
            if operand._version != version:
                assert isinstance(node, TapeNode)
                raise GradientError(
                    f"backward() through {node.rule.name}() needs an array of shape {operand.shape} as it "
                    "was then, but it has been changed since; call backward() before changing "
                    "parameters, or compute again"
                )


def push_forward(
    root: TapeNode | Leaf,
    tangents: dict[TapeNode | Leaf, Any],
    lift: Callable[[Array, TapeNode | Leaf | None], Any] = bare,
) -> None:
    """Add to ``tangents``, those of some nodes, those of all nodes that depend on them and lead to ``root``.

    ``lift`` and errors are those of `backpropagate`.
    """
    order = ordered(root)
    check_unchanged(order)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for node in reversed(order):
            if isinstance(node, Leaf) or node in tangents:
                continue
            moved = [(i, tangents[p]) for i, p in enumerate(node.parents) if p in tangents]
            if not moved:
                continue
            args, out = node.args, node.out
            if lift is not bare:
                args = [lift(a, p) if p else a for a, p in zip(args, node.parents, strict=True)]
                out = lift(out, node)
            terms = [node.rule.push(i, v, out, args, node.kwargs) for i, v in moved]
            terms = [term for term in terms if term is not None]
            if terms:
                total = sum(terms[1:], terms[0])
                if total.shape != node.shape:
                    total = np.broadcast_to(total, node.shape)
                tangents[node] = total if total.dtype == node.dtype else total.astype(node.dtype)


def backpropagate(
    root: TapeNode | Leaf,
    gradient: Any,
    wanted: Iterable[TapeNode | Leaf] | None = None,
    lift: Callable[[Array, TapeNode | Leaf | None], Any] = bare,
) -> dict[TapeNode | Leaf, Any]:
    """Run the backward pass from ``root`` and return the gradients of the ``wanted`` nodes.

    A node passes its gradient on once it has the gradients of all its consumers. So each node is visited
    once; one that leads to no wanted node is not visited.

    Args:
        root: the node at which the backward pass starts.
        gradient: the gradient of ``root``, in its shape and dtype.
        wanted: the nodes and leaves whose gradients are returned; by default all leaves. Those that the
            backward pass does not reach are absent.
        lift: makes an argument of the formulas from an array and its node. `bare` returns the array.
            If ``lift`` returns Tensors, the backward pass is recorded and can be differentiated again.

    Raises:
        GradientError: an array of the graph was changed after it had been used.
    """
    order = ordered(root)
    keep: dict[TapeNode | Leaf, None]  # a set would have an order of its own
    if wanted is None:
        keep = {node: None for node in order if isinstance(node, Leaf)}
    else:
        keep = dict.fromkeys(wanted)
        useful: set[TapeNode | Leaf | None] = set()
        for node in reversed(order):
            if node in keep or not useful.isdisjoint(node.parents):
                useful.add(node)
        order = [node for node in order if node in useful]
    check_unchanged(order)
    gradients = {root: gradient}
    partly: set[TapeNode | Leaf | None] = set()  # nodes of which later calls may have left numbers out
    sums: set[TapeNode | Leaf] = set()  # nodes whose gradient is a new array, which can be added to in place
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for node in order:
            if isinstance(node, Leaf):
                continue
            g = gradients[node] if node in keep else gradients.pop(node)
            rule = node.rule
            slopes, args, out, kwargs = rule.slopes, node.args, node.out, node.kwargs
            if lift is not bare:
                args = [lift(a, p) if p else a for a, p in zip(args, node.parents, strict=True)]
                out = lift(out, node)
            if rule.chooses or node in partly:
                partly.update(node.parents)
            for i, parent in enumerate(node.parents):
                if parent is None or (wanted is not None and parent not in useful):
                    continue
                formula = slopes[i]
                if formula is None:
                    term = lift(np.zeros(parent.shape, parent.dtype), None)
                else:
                    term = formula(g, out, *args, **kwargs)
                    if rule.elementwise and node in partly:
                        term = without_what_is_left_out(term, g)
                    if term.shape != parent.shape or term.dtype is not parent.dtype:
                        term = unbroadcast(term, parent)
                if parent not in gradients:
                    gradients[parent] = term
                elif parent in sums and term.__class__ is np.ndarray:
                    gradients[parent] += term
                else:
                    gradients[parent] = gradients[parent] + term
                    if gradients[parent].__class__ is np.ndarray:
                        sums.add(parent)
    return {node: gradients[node] for node in keep if node in gradients}
