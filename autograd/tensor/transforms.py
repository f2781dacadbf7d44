"""Gradients as results, of any order: no ``grad`` is touched."""

from collections.abc import Callable, Sequence
from typing import Any

from autograd.errors import GradientError
from autograd.tensor.core import Tensor
from autograd.tensor.tape import backpropagate, bare

__all__ = ["gradients"]


def gradients(
    output: Tensor, inputs: Sequence[Tensor], gradient: Any = None, *, create_graph: bool = False
) -> list[Tensor]:
    """The gradients of ``output`` with respect to each of ``inputs``; no ``grad`` is touched.

    Args:
        output: a Tensor that depends on the inputs.
        inputs: leaves, or results of operations on the way.
        gradient: what arrives at ``output``; 1 if that holds a single number.
        create_graph: record the walk too, so that the answers can be differentiated again.

    Raises:
        GradientError: as for `Tensor.backward`, or ``output`` does not depend on an input.

    >>> x = Tensor([2.0], requires_grad=True)
    >>> (first,) = gradients(x**3, [x], create_graph=True)
    >>> (second,) = gradients(first, [x])
    >>> first.item(), second.item()  # 3x² and 6x
    (12.0, 12.0)
    """
    lift: Callable[..., Any] = Tensor._of if create_graph else bare
    seed = output._seed(gradient)
    nodes = [x._node for x in inputs]
    found = backpropagate(
        output._root(), Tensor._of(seed, None) if create_graph else seed, [n for n in nodes if n], lift
    )
    answers = []
    for i, node in enumerate(nodes):
        if node is None or node not in found:
            raise GradientError(f"gradients(): the output does not depend on inputs[{i}]")
        g = found[node]
        answers.append(g if isinstance(g, Tensor) else Tensor._of(g, None))
    return answers
