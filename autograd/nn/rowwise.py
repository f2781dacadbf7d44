"""A few samples through a small net, one by one, as scalars: NumPy calls would cost more than the arithmetic.

Activations are operations of `autograd.engine.operations`, and terms of a sum are added in the oracle's
order. The forward pass saves what the backward pass needs. The saved numbers of a sample are its inputs, and
then for each layer first the outputs and then the slopes of the activation.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.engine import node, operations
from autograd.engine.node import Node
from autograd.engine.operations import CODES
from autograd.engine.storage import Storage

__all__ = ["Rowwise", "zeros"]

# The largest number of samples times parameters for which this is faster than NumPy
MOST_PRODUCTS = 4096 if node.COMPILED else 50


def zeros(n: int) -> Any:
    """``n`` zeros, in the type into which single numbers are written fastest."""
    return np.zeros(n) if node.COMPILED else [0.0] * n


class Dense:
    """One layer: activation(b + w x) for each of its rows [w | b].

    Args:
        storage: the parameters, among them the layer's rows.
        first: the index in ``storage`` at which the first row begins.
        n_in, n_out: the number of inputs, and of rows.
        code: the code of the activation in `operations.CODES`.
    """

    def __init__(self, storage: Storage, first: int, n_in: int, n_out: int, code: int) -> None:
        self.storage = storage
        self.first = first
        self.n_in = n_in
        self.n_out = n_out
        self.code = code


class Rowwise:
    """The layers of a float64 module, for samples that pass through them one by one.

    Args:
        layers: for each layer the arguments of `Dense`, but with the activation's name for its code.

    Attributes:
        n_in, n_out: the number of inputs and outputs.
        size: the number of parameters.
        stride: the number of saved numbers of one sample.
        widest: the largest number of inputs or outputs of a layer.
    """

    def __init__(self, layers: Sequence[tuple[Storage, int, int, int, str]]) -> None:
        self.layers = [Dense(*layer[:4], CODES[layer[4]]) for layer in layers]
        self.n_in: int = layers[0][2]
        self.n_out: int = layers[-1][3]
        self.size = sum((layer.n_in + 1) * layer.n_out for layer in self.layers)
        self.stride = self.n_in + 2 * sum(layer.n_out for layer in self.layers)
        self.widest = max(self.n_in, *(layer.n_out for layer in self.layers))

    def forward(self, rows: list[Any]) -> Any:
        """Pass samples through the layers; returns their saved numbers, sample after sample, in one array."""
        saved = zeros(len(rows) * self.stride)
        start = 0
        for row in rows:
            for x in row:
                saved[start] = x
                start += 1
            at = start - self.n_in
            for layer in self.layers:
                layer_forward(layer, saved, at, start)
                at = start
                start += 2 * layer.n_out
        return saved

    def takes(self, n: int) -> bool:
        """Whether ``n`` samples are few enough for this to be faster than NumPy."""
        return n * self.size <= MOST_PRODUCTS

    def output(self, row: int) -> int:
        """The index in the saved numbers of the first output of a sample."""
        return (row + 1) * self.stride - 2 * self.n_out

    def scratch(self) -> Any:
        """A buffer for `backward`."""
        return zeros(2 * self.widest)

    def backward(self, saved: Any, row: int, gradients: Any, scratch: Any) -> int:
        """Pass the gradients of a sample's outputs back, and add to the gradients of the parameters.

        Args:
            saved: the saved numbers of all samples.
            row: the index of the sample.
            gradients: the gradients of the outputs of all samples.
            scratch: a buffer for the gradients between layers.

        Returns:
            The index in ``scratch`` at which the gradients of the sample's inputs begin.
        """
        g, below = 0, self.widest
        for j in range(self.n_out):
            scratch[j] = gradients[row * self.n_out + j]
        start = self.output(row)
        for k in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[k]
            at = start - (layer.n_in if k == 0 else 2 * layer.n_in)
            layer_backward(layer, saved, at, start, scratch, g, below)
            g, below = below, g
            start = at
        return g


def layer_forward(layer: Dense, saved: Any, at: int, to: int) -> None:
    """Pass inputs from index ``at`` of ``saved`` through one layer; outputs and slopes go to index ``to``."""
    weights = layer.storage.values
    out = Node.__new__(Node)
    k = layer.first
    for j in range(layer.n_out):
        z = 0.0
        for i in range(layer.n_in):
            z += weights[k] * saved[at + i]
            k += 1
        z = weights[k] + z
        k += 1
        operations.PLAIN_FORMULAS[layer.code](out, z, 0.0)
        saved[to + j] = out._number
        saved[to + layer.n_out + j] = out._da


def layer_backward(layer: Dense, saved: Any, at: int, to: int, scratch: Any, g: int, below: int) -> None:
    """Pass gradients back through one layer, and add to the gradients of its parameters.

    In ``scratch`` the gradients of the outputs are read from index ``g`` on, and those of the inputs are
    written from index ``below`` on. ``at`` and ``to`` are as for `layer_forward`.
    """
    weights = layer.storage.values
    grads = layer.storage.grads
    k = layer.first
    for i in range(layer.n_in):
        scratch[below + i] = 0.0
    for j in range(layer.n_out):
        d = scratch[g + j] * saved[to + layer.n_out + j]
        for i in range(layer.n_in):
            grads[k] += d * saved[at + i]
            scratch[below + i] += d * weights[k]
            k += 1
        grads[k] += d
        k += 1
