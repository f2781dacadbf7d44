"""Gradients of any order, returned as Tensors; no ``grad`` is changed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.errors import GradientError
from autograd.tensor.core import Tensor, tensor_of
from autograd.tensor.tape import backpropagate, bare

__all__ = ["gradients"]


def gradients(
    output: Tensor, inputs: Sequence[Tensor], gradient: Any = None, *, create_graph: bool = False
) -> list[Tensor]:
    """Return the gradients of ``output`` with respect to each of ``inputs``; no ``grad`` is changed.

    Args:
        output: a Tensor that depends on the inputs.
        inputs: leaves, or results of operations that ``output`` was computed from.
        gradient: the gradient of the final result with respect to ``output``, in its shape. By default 1,
            which needs an output of a single number.
        create_graph: record the backward pass too, so that the results can be differentiated again.

    Raises:
        GradientError: as for `Tensor.backward`, or ``output`` does not depend on an input.

    >>> x = Tensor([2.0], requires_grad=True)
    >>> (first,) = gradients(x**3, [x], create_graph=True)
    >>> (second,) = gradients(first, [x])
    >>> first.item(), second.item()  # 3x² and 6x
    (12.0, 12.0)
    """
    lift: Callable[..., Any] = tensor_of if create_graph else bare
    seed = output._seed(gradient)
    nodes = [x._node for x in inputs]
    found = backpropagate(
        output._root(), tensor_of(seed) if create_graph else seed, [n for n in nodes if n], lift
    )
    results: list[Tensor] = []
    taken = {memory_of(t._array) for t in (output, *inputs)}
    for i, node in enumerate(nodes):
        if node is None or node not in found:
            raise GradientError(f"gradients(): the output does not depend on inputs[{i}]")
        g = found[node] if create_graph else tensor_of(found[node])
        memory = memory_of(g._array)
        if memory in taken:  # a change of one result must not change another one
            g = tensor_of(g._array.copy(), g._node)
        taken.add(memory)
        results.append(g)
    return results


def memory_of(array: Any) -> int:
    """Return what identifies the memory that an array, or a traced one, lies in."""
    while isinstance(getattr(array, "base", None), np.ndarray):
        array = array.base
    return id(array)
