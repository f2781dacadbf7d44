"""The registry of named activations. One entry holds everything about one activation."""

import math
from collections.abc import Callable
from typing import Any

from autograd.engine.numbers import as_number, number
from autograd.errors import OptionError
from autograd.tensor import Tensor

__all__ = ["ACTIVATIONS", "Activation", "register_activation"]


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

    `register_activation` makes one of your own.

    >>> ACTIVATIONS["relu"], ACTIVATIONS["relu"](Tensor([-1.0, 2.0])).tolist()
    (<activation relu>, [0.0, 2.0])
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

    def __reduce__(self) -> Any:
        if ACTIVATIONS.get(self.name) is self:  # copied and pickled by its name
            return registered, (self.name,)
        return super().__reduce__()

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

BUILT_IN = frozenset(ACTIVATIONS)


def registered(name: str) -> Activation:
    """The registered activation of that name, as a pickle refers to it."""
    return ACTIVATIONS[name]


def register_activation(
    name: str,
    function: Callable[[Tensor], Tensor],
    *,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    kink: float | None = None,
) -> Activation:
    """Give an activation of your own a name, by which nets, files, estimators and plots know it.

    Args:
        name: its name. One that is registered already gets the new function, if it was not built in; nets
            that were made before keep the old one.
        function: from a Tensor to a Tensor of the same shape, element by element.
        bounds: the least and the greatest possible result.
        kink: where the slope jumps, if it does.

    Returns:
        The entry in `ACTIVATIONS`.

    Raises:
        OptionError: ``name`` is no text or the name of a built-in activation, ``function`` is none, or
            ``bounds`` are not a lower and a higher number.

    >>> from autograd.nn import Net
    >>> swish = register_activation("swish", lambda x: x * x.sigmoid(), bounds=(-0.279, math.inf))
    >>> Net(1, [4, 1], "swish", "linear").activations
    ['swish', 'linear']
    >>> del ACTIVATIONS["swish"]
    """
    if not isinstance(name, str) or not name or name in BUILT_IN:
        raise OptionError(f"register_activation() wants a name that is not built in, got {name!r}")
    if not callable(function):
        raise OptionError(f"register_activation() wants a function of a Tensor, got {function!r}")
    limits = [number(x) for x in bounds] if isinstance(bounds, tuple | list) else []
    if len(limits) != 2 or limits[0] is None or limits[1] is None or not limits[0] < limits[1]:
        raise OptionError(f"register_activation() wants bounds (low, high), got {bounds!r}")
    if kink is not None:
        kink = as_number(kink, "kink")
    row = ACTIVATIONS[name] = Activation(name, function, bounds=(limits[0], limits[1]), kink=kink)
    return row
