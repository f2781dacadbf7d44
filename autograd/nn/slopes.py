"""The slopes of a batch's outputs, by forward mode over the tape of its forward pass."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.tensor import Array, Leaf, Tensor, on_the_tape, push_forward, recorded_calls, tensor_of

__all__ = ["input_slopes", "parameter_slopes"]


class TapedPass:
    """A forward pass of samples, with its tape.

    Args:
        through: from a Tensor of samples in columns, or of one, to one of outputs.
        X: the samples, (rows, inputs).
        together: whether the samples go through as one Tensor; otherwise there is one sample alone.
    """

    def __init__(self, through: Callable[[Tensor], Tensor], X: Array, together: bool) -> None:
        self.columns = np.ascontiguousarray(X.T) if together else X[0]
        self.leaf = Leaf(self.columns.shape, self.columns.dtype)
        with np.errstate(all="ignore"), on_the_tape():
            self.outputs = through(tensor_of(self.columns, self.leaf))
        self.node: Any = self.outputs._node

    def pushed(self, leaf: Any, tangent: Array) -> Array:
        """The slopes of the outputs, (rows, outputs), along a tangent of a leaf."""
        tangents = {leaf: tangent.astype(leaf.dtype)}
        with np.errstate(all="ignore"):
            push_forward(self.node, tangents)
        moved = tangents.get(self.node)
        if moved is None:
            moved = np.zeros(self.outputs.shape)
        return np.asarray(moved, np.float64).reshape(self.outputs.shape[0], -1).T


def input_slopes(through: Callable[[Tensor], Tensor], X: Array, together: bool) -> Array:
    """The slopes of outputs with respect to inputs, (rows, outputs, inputs); arguments as for `TapedPass`."""
    taped = TapedPass(through, X, together)
    slopes = []
    for m in range(X.shape[1]):
        tangent = np.zeros(taped.columns.shape)
        tangent[m] = 1
        slopes.append(taped.pushed(taped.leaf, tangent))
    return np.stack(slopes, axis=-1)


def parameter_slopes(
    through: Callable[[Tensor], Tensor], X: Array, together: bool, specs: Sequence[Any], matrix: Any, i: int
) -> tuple[Array, Array] | None:
    """The two factors of the slopes of outputs with respect to a parameter.

    Args:
        through, X, together: as for `TapedPass`.
        specs: the layers that it goes through.
        matrix, i: the matrix of a layer, and the index of the parameter in it.

    Returns:
        The slopes with respect to the sum that the neuron takes the activation of, (rows, outputs), and what
        the parameter multiplies, (rows,), which is 1 for a bias; None if the layer is none of these.
    """
    neuron, column = divmod(i, matrix.tensor.shape[1])
    place = next(
        (
            k
            for k, spec in enumerate(specs)
            if spec.matrix is matrix and neuron in range(*spec.rows.indices(matrix.tensor.shape[0]))
        ),
        None,
    )
    if place is None:
        return None
    taped = TapedPass(through, X, together)
    tangent = np.zeros(matrix.leaf.shape)
    tangent[neuron, -1] = 1
    signals = taped.pushed(matrix.leaf, tangent)
    if column == matrix.tensor.shape[1] - 1:
        return signals, np.ones(len(X))
    affine = recorded_calls(taped.node, "affine")[place]
    came_in = np.asarray(affine.args[1], np.float64).reshape(matrix.tensor.shape[1] - 1, -1)[column]
    return signals, came_in
