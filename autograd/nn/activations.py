"""The activations that have a name: all that is known of one stands in its row."""

import math
from collections.abc import Callable

from autograd.tensor.core import Tensor

__all__ = ["ACTIVATIONS", "Activation"]


class Activation:
    """An activation, which is called as the function that it is.

    Args:
        name: what it is called in options, files and pictures.
        function: of a Tensor, element by element.
        operation: the row of `autograd.engine.operations` that does the same to a number, for samples that go
            through a net one by one; None if there is none.
        bounds: the least and the greatest that comes out.

    A row in `ACTIVATIONS` is all that an activation of your own needs to be known by its name:

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
    ) -> None:
        self.name = name
        self.function = function
        self.operation = operation
        self.bounds = bounds

    def __repr__(self) -> str:
        return f"<activation {self.name}>"

    def __call__(self, x: Tensor) -> Tensor:
        return self.function(x)


ACTIVATIONS: dict[str, Activation] = {
    row.name: row
    for row in (
        Activation("sigmoid", Tensor.sigmoid, "sigmoid", (0.0, 1.0)),
        Activation("tanh", Tensor.tanh, "tanh", (-1.0, 1.0)),
        Activation("relu", Tensor.relu, "relu", (0.0, math.inf)),
        Activation("leaky_relu", Tensor.leaky_relu, "leaky_relu"),
        Activation("softplus", Tensor.softplus, "softplus", (0.0, math.inf)),
        Activation("gelu", Tensor.gelu, "gelu", (-0.17, math.inf)),  # the least is -0.16997
        Activation("linear", Tensor.__pos__, "pos"),
    )
}
"""The activations by name, as functions of a Tensor."""
