"""The registry of named activations. One entry holds everything about one activation."""

import math
from collections.abc import Callable

from autograd.tensor import Tensor

__all__ = ["ACTIVATIONS", "Activation"]


class Activation:
    """An activation function, which is called like the function that it wraps.

    Args:
        name: the activation's name in options, files and plots.
        function: from a Tensor to a Tensor, element by element.
        operation: the name of the operation in `autograd.engine.operations` that computes the same for one
            number. It is used for samples that go through a net one by one. None if there is no such
            operation.
        bounds: the least and the greatest possible result.
        kink: where the slope jumps, if it does.
        glorot: the numerator of the limit sqrt(glorot / (n_in + n_out)) of uniform weights that keeps the
            variance of gradients (Glorot & Bengio 2010), from which scikit-learn's estimators draw.

    To use an activation of your own by its name, add it to `ACTIVATIONS`:

    >>> from autograd.nn import Net
    >>> ACTIVATIONS["squares"] = Activation("squares", lambda x: x * x, bounds=(0, math.inf))
    >>> net = Net(1, [1], "squares", init=lambda n_out, n_in: [[3.0]])
    >>> net([2.0]), net.activations
    (Value(36.0, grad=0.0), ['squares'])
    >>> del ACTIVATIONS["squares"]
    """

    def __init__(
        self,
        name: str,
        function: Callable[[Tensor], Tensor],
        operation: str | None = None,
        bounds: tuple[float, float] = (-math.inf, math.inf),
        kink: float | None = None,
        glorot: float = 6.0,
    ) -> None:
        self.name = name
        self.function = function
        self.operation = operation
        self.bounds = bounds
        self.kink = kink
        self.glorot = glorot

    def __repr__(self) -> str:
        return f"<activation {self.name}>"

    def __call__(self, x: Tensor) -> Tensor:
        return self.function(x)


ACTIVATIONS: dict[str, Activation] = {
    row.name: row
    for row in (
        Activation("sigmoid", Tensor.sigmoid, "sigmoid", (0.0, 1.0), glorot=2.0),
        Activation("tanh", Tensor.tanh, "tanh", (-1.0, 1.0)),
        Activation("relu", Tensor.relu, "relu", (0.0, math.inf), kink=0.0),
        Activation("leaky_relu", Tensor.leaky_relu, "leaky_relu", kink=0.0),
        Activation("softplus", Tensor.softplus, "softplus", (0.0, math.inf)),
        Activation("gelu", Tensor.gelu, "gelu", (-0.17, math.inf)),  # its minimum is -0.16997
        Activation("linear", Tensor.__pos__, "pos"),
    )
}
"""The activations by name, as functions of a Tensor."""
