"""A few samples through a small net, one by one, as scalars: for these a NumPy call costs more than it does.

The activations are lines of the table of operations, and sums are added up as the oracle does it. What a
sample's way back needs is noted in a trace: its numbers, then for each layer the outputs and, at the same
places further on, the slopes of the activation.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.engine import node, operations
from autograd.engine.node import Node
from autograd.engine.operations import CODES
from autograd.engine.storage import Storage

__all__ = ["Rowwise", "zeros"]

MOST_PRODUCTS = (
    4096 if node.COMPILED else 50
)  # products of a sample and a parameter, up to which that is quicker


def zeros(n: int) -> Any:
    """So many zeros, to be written one by one."""
    return np.zeros(n) if node.COMPILED else [0.0] * n


class Dense:
    """One layer: activation(b + w x) for each of its rows [w | b].

    Args:
        storage: where its rows are.
        first: the place of the first one.
        n_in, n_out: how many inputs, and rows.
        code: of the activation.
    """

    def __init__(self, storage: Storage, first: int, n_in: int, n_out: int, code: int) -> None:
        self.storage = storage
        self.first = first
        self.n_in = n_in
        self.n_out = n_out
        self.code = code


class Rowwise:
    """The layers of a module, of float64.

    Attributes:
        size: how many parameters there are.
        stride: how many numbers a sample's trace has.
    """

    def __init__(self, layers: Sequence[tuple[Storage, int, int, int, str]]) -> None:
        self.layers = [Dense(*layer[:4], CODES[layer[4]]) for layer in layers]
        self.n_in: int = layers[0][2]
        self.n_out: int = layers[-1][3]
        self.size = sum((layer.n_in + 1) * layer.n_out for layer in self.layers)
        self.stride = self.n_in + 2 * sum(layer.n_out for layer in self.layers)
        self.widest = max(self.n_in, *(layer.n_out for layer in self.layers))

    def forward(self, rows: list[Any]) -> Any:
        """The trace of samples."""
        trace = zeros(len(rows) * self.stride)
        start = 0
        for row in rows:
            for x in row:
                trace[start] = x
                start += 1
            at = start - self.n_in
            for layer in self.layers:
                layer_forward(layer, trace, at, start)
                at = start
                start += 2 * layer.n_out
        return trace

    def takes(self, n: int) -> bool:
        """Whether so many samples are few."""
        return n * self.size <= MOST_PRODUCTS

    def output(self, row: int) -> int:
        """The place in the trace of the first output of a sample."""
        return (row + 1) * self.stride - 2 * self.n_out

    def scratch(self) -> Any:
        """Room for `backward`."""
        return zeros(2 * self.widest)

    def backward(self, trace: Any, row: int, gradients: Any, scratch: Any) -> int:
        """Add to the gradients of parameters what comes from the outputs of a sample.

        Args:
            trace: of the samples.
            row: which of them.
            gradients: of the outputs of all.
            scratch: room for the gradients in between.

        Returns:
            Where in ``scratch`` the gradients of the sample's numbers begin.
        """
        g, below = 0, self.widest
        for j in range(self.n_out):
            scratch[j] = gradients[row * self.n_out + j]
        start = self.output(row)
        for k in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[k]
            at = start - (layer.n_in if k == 0 else 2 * layer.n_in)
            layer_backward(layer, trace, at, start, scratch, g, below)
            g, below = below, g
            start = at
        return g


def layer_forward(layer: Dense, trace: Any, at: int, to: int) -> None:
    """One layer, from the numbers at one place in a trace to another."""
    weights = layer.storage.values
    out = Node.__new__(Node)
    k = layer.first
    for j in range(layer.n_out):
        z = 0.0
        for i in range(layer.n_in):
            z += weights[k] * trace[at + i]
            k += 1
        z = weights[k] + z
        k += 1
        operations.PLAIN_FORMULAS[layer.code](out, z, 0.0)
        trace[to + j] = out._number
        trace[to + layer.n_out + j] = out._da


def layer_backward(layer: Dense, trace: Any, at: int, to: int, scratch: Any, g: int, below: int) -> None:
    """The way back: at ``g`` are the gradients of the outputs, and at ``below`` come those of the inputs."""
    weights = layer.storage.values
    grads = layer.storage.grads
    k = layer.first
    for i in range(layer.n_in):
        scratch[below + i] = 0.0
    for j in range(layer.n_out):
        d = scratch[g + j] * trace[to + layer.n_out + j]
        for i in range(layer.n_in):
            grads[k] += d * trace[at + i]
            scratch[below + i] += d * weights[k]
            k += 1
        grads[k] += d
        k += 1
