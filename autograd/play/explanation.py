"""Where the gradient of a weight comes from: a part for each row, which is a product of two factors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.errors import OptionError
from autograd.nn import ACTIVATIONS, Net
from autograd.tensor import Array, Tensor, no_grad

__all__ = ["Contributions", "contributions", "forward"]


@dataclass(frozen=True)
class Contributions:
    """The parts that rows contribute to the gradient of one weight.

    Attributes:
        errors: (rows,) the error signal of each row: the derivative of the loss with respect to the sum that
            the neuron takes the activation of.
        inputs: (rows,) what came in on the connection; 1 for a bias.

    >>> found = Contributions(np.array([0.5, -1.0]), np.array([2.0, 3.0]))
    >>> found.parts.tolist(), found.total
    ([1.0, -3.0], -2.0)
    """

    errors: Array
    inputs: Array

    @property
    def parts(self) -> Array:
        """(rows,) the products of the two factors, which add up to the gradient."""
        return self.errors * self.inputs

    @property
    def total(self) -> float:
        """The gradient."""
        return float(self.parts.sum())


def forward(net: Net, X: Array) -> list[tuple[Array, Array]]:
    """For each layer, what comes in, (rows, n_in), and the sums before the activation, (rows, n_out).

    >>> net = Net(2, [3, 1])
    >>> [(inputs.shape, sums.shape) for inputs, sums in forward(net, np.zeros((5, 2)))]
    [((5, 2), (5, 3)), ((5, 3), (5, 1))]
    """
    found, inputs = [], X
    with no_grad(), np.errstate(all="ignore"):
        for layer, name in zip(net.layers, net.activations, strict=True):
            sums = inputs @ layer.weight.T + layer.bias
            found.append((inputs, sums))
            inputs = ACTIVATIONS[str(name)](Tensor(sums)).data
    return found


def contributions(
    net: Net, X: Array, y: Any, loss: Callable[[Tensor, Any], Tensor], layer: int, neuron: int, input: int
) -> Contributions:
    """What each row of X contributes to the derivative of the loss with respect to a weight.

    By the chain rule that derivative is a sum over the rows: what the weight multiplies, times the derivative
    with respect to the sum that the product goes into (Rumelhart, Hinton & Williams 1986).

    Args:
        net: a net whose activations are given by name.
        X: (rows, N_in) inputs.
        y: the targets, as the loss takes them.
        loss: one of `autograd.losses`, which gives a mean over the rows.
        layer: the index of the weight's layer.
        neuron: the index of the weight's neuron in the layer.
        input: the index of the connection, or the number of them for the bias.

    Raises:
        OptionError: there is no such weight.

    >>> from autograd import losses
    >>> net = Net(1, [1], "linear", init=lambda n_out, n_in: [[2.0]])
    >>> found = contributions(net, np.array([[1.0], [3.0]]), [[0.0], [0.0]], losses.mse, 0, 0, 0)
    >>> found.errors.tolist(), found.inputs.tolist()  # (2x)² / 2 for each row has the slope 2x
    ([2.0, 6.0], [1.0, 3.0])
    >>> found.total
    20.0
    """
    check_index("layer", layer, len(net.layers))
    n_out, n_in = net.layers[layer].weight.shape
    check_index("neuron", neuron, n_out)
    check_index("input", input, n_in + 1)
    inputs, sums = forward(net, X)[layer]
    leaf = Tensor(sums, requires_grad=True)
    out = ACTIVATIONS[str(net.activations[layer])](leaf)
    for above, name in zip(net.layers[layer + 1 :], net.activations[layer + 1 :], strict=True):
        out = ACTIVATIONS[str(name)](out @ above.weight.T + above.bias)
    loss(out, y).backward()
    assert leaf.grad is not None
    came_in = np.ones(len(X)) if input == inputs.shape[1] else inputs[:, input]
    return Contributions(np.array(leaf.grad[:, neuron]), came_in.copy())


def check_index(name: str, index: Any, size: int) -> None:
    """OptionError unless ``index`` is a whole number from 0 to ``size`` - 1."""
    if type(index) is not int or not 0 <= index < size:
        raise OptionError(f"contributions() wants {name} from 0 to {size - 1}, got {index!r}")
