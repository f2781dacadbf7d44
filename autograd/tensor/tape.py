"""The tape: what was computed, from what, in which order; and the walk back through it.

A `TapeNode` is one recorded call, a `Leaf` an array that gradients are wanted for. Nodes point to their
parents only and never to the Tensor that stands for them, so a graph has no cycles and goes away
with its last handle. No primitive is known here by name.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from autograd.errors import GradientError

Array: TypeAlias = npt.NDArray[Any]


class Rule(Protocol):
    """What the walk asks of a primitive: its name, and one formula for each argument."""

    name: str
    slopes: Sequence[Callable[..., Any] | None]  # None where the slope is zero by decision


class Leaf:
    """An array whose gradient is wanted. ``grad`` collects it; ``_version`` counts its changes."""

    __slots__ = ("_version", "dtype", "grad", "shape")

    parents: "Sequence[TapeNode | Leaf | None]" = ()
    used: Sequence[tuple[Any, int]] = ()

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], grad: Array | None = None):
        self.shape = shape
        self.dtype = dtype
        self.grad = grad
        self._version = 0

    def set_grad(self, g: Array | None) -> None:
        """Have another gradient, or none."""
        self.grad = g

    def accumulate(self, g: Array) -> None:
        """Add ``g`` to ``grad``, in place from the second time on."""
        if self.grad is None:
            self.grad = np.array(g)
        else:
            self.grad += g


class TapeNode:
    """One recorded call: the primitive, its arguments as they were, and where they came from."""

    __slots__ = ("_version", "args", "dtype", "kwargs", "out", "parents", "rule", "shape", "used")

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
        self.used = used  # what can be changed in place, each with its version at the time
        self._version = 0


def bare(data: Array, node: TapeNode | Leaf | None) -> Any:
    """The plain `lift`: formulas are fed arrays, and what they do is not recorded."""
    return data


def unbroadcast(g: Any, parent: TapeNode | Leaf) -> Any:
    """``g`` in the shape and dtype of ``parent``: summed over the axes broadcasting had stretched."""
    if g.shape != parent.shape:
        extra = g.ndim - len(parent.shape)
        stretched = [i for i, n in enumerate(parent.shape, extra) if n == 1 and g.shape[i] != 1]
        g = g.sum(axis=(*range(extra), *stretched), keepdims=True).reshape(parent.shape)
    return g if g.dtype == parent.dtype else g.astype(parent.dtype)


def consumers(root: TapeNode | Leaf) -> dict[TapeNode | Leaf, int]:
    """All that ``root`` was made of, itself first, with how many there use each."""
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


def check_unchanged(nodes: Iterable[TapeNode | Leaf]) -> None:
    """GradientError if a result was changed after one of the ``nodes`` computed it, or what it used was."""
    for node in nodes:
        if isinstance(node, TapeNode) and node._version:
            raise GradientError(
                f"backward() through {node.rule.name}() needs its result, of shape {node.shape}, as it was "
                "then, but it has been changed since, without a gradient; write y = y * 2, not y.data *= 2"
            )
        for thing, version in node.used:
            if thing._version != version:
                assert isinstance(node, TapeNode)
                raise GradientError(
                    f"backward() through {node.rule.name}() needs an array of shape {thing.shape} as it "
                    "was then, but it has been changed since; call backward() before changing "
                    "parameters, or compute again"
                )


def backpropagate(
    root: TapeNode | Leaf,
    gradient: Any,
    wanted: Iterable[TapeNode | Leaf] | None = None,
    lift: Callable[[Array, TapeNode | Leaf | None], Any] = bare,
) -> dict[TapeNode | Leaf, Any]:
    """Walk back from ``root`` and return the gradient of what was ``wanted``.

    A node passes its gradient on once it has heard from all its consumers, so each is visited
    once, without recursion, in an order that depends on the graph alone.

    Args:
        root: where ``gradient``, of its shape and dtype, arrives.
        wanted: the nodes and leaves to report; by default all leaves. Those not reached are absent.
        lift: makes what formulas are fed out of an array and its node. With `bare` that is the
            array; with Tensors the walk is itself recorded and can be differentiated again.

    Raises:
        GradientError: an array on the way was changed after it had been used.
    """
    awaited = consumers(root)
    check_unchanged(awaited)
    keep = {node for node in awaited if isinstance(node, Leaf)} if wanted is None else set(wanted)
    gradients = {root: gradient}
    owned: set[TapeNode | Leaf] = set()  # whose gradient is a sum made here, and can be added to in place
    ready = [root]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for node in ready:
            if isinstance(node, Leaf):
                continue
            g = gradients[node] if node in keep else gradients.pop(node)
            slopes, fed, out, kwargs = node.rule.slopes, node.args, node.out, node.kwargs
            if lift is not bare:
                fed = [lift(a, p) if p else a for a, p in zip(fed, node.parents, strict=True)]
                out = lift(out, node)
            for i, parent in enumerate(node.parents):
                if parent is None:
                    continue
                formula = slopes[i]
                if formula is None:
                    arriving = lift(np.zeros(parent.shape, parent.dtype), None)
                else:
                    arriving = formula(g, out, *fed, **kwargs)
                    if arriving.shape != parent.shape or arriving.dtype is not parent.dtype:
                        arriving = unbroadcast(arriving, parent)
                if parent not in gradients:
                    gradients[parent] = arriving
                elif parent in owned and arriving.__class__ is np.ndarray:
                    gradients[parent] += arriving
                else:
                    gradients[parent] = gradients[parent] + arriving
                    if gradients[parent].__class__ is np.ndarray:
                        owned.add(parent)
                awaited[parent] -= 1
                if awaited[parent] == 0:
                    ready.append(parent)
    return {node: gradients[node] for node in keep if node in gradients}
