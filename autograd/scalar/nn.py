"""Neurons, layers and nets made of scalar Values, to be read after ``engine.py``.

>>> import random
>>> random.seed(1)
>>> net = Net(2, [3, 1], activation="tanh")
>>> loss = (net([0.5, -1.0]) - 1) ** 2
>>> net.zero_grad()
>>> loss.backward()
>>> net.step(0.1)
>>> (net([0.5, -1.0]) - 1) ** 2 < loss
True
"""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from autograd.scalar.engine import Value

__all__ = ["ACTIVATIONS", "INITS", "MLP", "Layer", "Module", "Net", "Neuron"]

Activation = str | Callable[[Value], Value]

ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "sigmoid": Value.sigmoid,
    "tanh": Value.tanh,
    "relu": Value.relu,
    "leaky_relu": Value.leaky_relu,
    "softplus": Value.softplus,
    "gelu": Value.gelu,
    "linear": lambda x: x,
}

# Initial weights are uniform between -limit and limit. Each function returns this limit
INITS: dict[str, Callable[[int, int], float]] = {
    "uniform": lambda n_out, n_in: 1.0,
    "xavier": lambda n_out, n_in: math.sqrt(6 / (n_in + n_out)),  # Glorot & Bengio 2010, eq. 16
    "he": lambda n_out, n_in: math.sqrt(6 / n_in),  # He et al. 2015, eq. 10, as a uniform distribution
}


def by_name(kind: str, name: Any, known: dict[str, Any]) -> Any:
    """Return ``known[name]``, or ``name`` itself if it is a function; errors call it a ``kind``."""
    if callable(name):
        return name
    if name not in known:
        raise ValueError(f"unknown {kind} {name!r}: the known ones are {', '.join(known)}")
    return known[name]


def size(n: Any, what: str) -> int:
    """Return ``n`` if it is a whole number of 1 or more; ``what`` is its name in errors."""
    if isinstance(n, bool) or not hasattr(n, "__index__") or n < 1:
        raise ValueError(f"{what} must be a whole number of 1 or more, got {n!r}")
    return int(n)


def weights(n_out: int, n_in: int, init: Any) -> list[list[float]]:
    """Return initial weights: a row of n_in for each of n_out neurons, drawn from ``random`` row by row."""
    init = by_name("init", init, INITS)
    limit = init(n_out, n_in)
    if isinstance(limit, float):
        return [[limit * random.uniform(-1, 1) for _ in range(n_in)] for _ in range(n_out)]
    return [[float(w) for w in row] for row in limit]


class Module:
    """The base class of all that has parameters.

    Your own modules override `params` (or `parameters`, as in micrograd).

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.height = Value(2), Value(1)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.height
    ...     def params(self):
    ...         return [self.slope, self.height]
    >>> line = Line()
    >>> (line(3) ** 2).backward()
    >>> line.step(0.01)
    >>> line.params()
    [Value(1.58, grad=42.0), Value(0.86, grad=14.0)]
    >>> line.zero_grad()
    >>> line.parameters(), line.nparams()
    ([Value(1.58, grad=0.0), Value(0.86, grad=0.0)], 2)
    """

    def params(self) -> list[Value]:
        """The parameters, always in the same order."""
        return self.parameters() if type(self).parameters is not Module.parameters else []

    def parameters(self) -> list[Value]:
        """The same as `params`, under micrograd's name."""
        return self.params()

    def nparams(self) -> int:
        """The number of parameters."""
        return len(self.params())

    def zero_grad(self) -> None:
        """Set every gradient to 0."""
        for p in self.params():
            p.grad = 0.0

    def step(self, lr: float) -> None:
        """Subtract from every parameter ``lr`` times its gradient; ``lr`` is the learning rate."""
        for p in self.params():
            p.data -= lr * p.grad


class Neuron(Module):
    """activation(b + w · x), with N weights drawn by ``init`` and a bias of 0.

    Args:
        N: the number of inputs.
        activation: a name from `ACTIVATIONS`, or a function from Value to Value.
        init: a name from `INITS`, or a function from (n_out, n_in) to rows of weights.

    Attributes:
        w: the list of weights.
        b: the bias.

    Raises:
        ValueError: N is not a whole number of 1 or more, a name is unknown, or a sample is not of length N.

    >>> n = Neuron(2, "linear", init=lambda n_out, n_in: [[3.0, 4.0]])
    >>> n([1, 10]), n.params()
    (Value(43.0, grad=0.0), [Value(3.0, grad=0.0), Value(4.0, grad=0.0), Value(0.0, grad=0.0)])
    """

    def __init__(self, N: int, activation: Activation = "sigmoid", *, init: Any = "uniform") -> None:
        self.N = size(N, "N")
        self.activation = by_name("activation", activation, ACTIVATIONS)
        self.w = [Value(w) for w in weights(1, self.N, init)[0]]
        self.b = Value(0)

    def __call__(self, x: Sequence[Any]) -> Value:
        """Return the output for one sample of N numbers or Values."""
        if len(x) != self.N:
            raise ValueError(f"Neuron({self.N}) wants {self.N} inputs, got {len(x)}")
        signal = self.b + sum(w * xi for w, xi in zip(self.w, x, strict=True))
        return self.activation(signal)  # type: ignore[no-any-return]

    def params(self) -> list[Value]:
        return [*self.w, self.b]

    def __repr__(self) -> str:
        return f"Neuron({self.N})"


class Layer(Module):
    """N_out neurons side by side, each with the same N_in inputs.

    Args:
        N_in: the number of inputs.
        N_out: the number of neurons, which is the number of outputs.
        activation: as for `Neuron`.
        init: as for `Neuron`.

    Attributes:
        neurons: the list of neurons.

    Raises:
        ValueError: as for `Neuron`.

    >>> layer = Layer(3, 10)
    >>> layer, len(layer.params()), len(layer([1, 2, 3]))
    (Layer(N_in=3, N_out=10), 40, 10)
    """

    def __init__(
        self, N_in: int, N_out: int, activation: Activation = "sigmoid", *, init: Any = "uniform"
    ) -> None:
        self.N_in, self.N_out = size(N_in, "N_in"), size(N_out, "N_out")
        rows = iter(weights(self.N_out, self.N_in, init))
        self.neurons = [
            Neuron(self.N_in, activation, init=lambda *_: [next(rows)]) for _ in range(self.N_out)
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        """Return the outputs for one sample: a list of Values, or the Value itself if there is only one."""
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def params(self) -> list[Value]:
        return [p for neuron in self.neurons for p in neuron.params()]

    def __repr__(self) -> str:
        return f"Layer(N_in={self.N_in}, N_out={self.N_out})"


class Net(Module):
    """Layers one after the other: N_in inputs, and a layer of each size in N_outs.

    Args:
        N_in: the number of inputs.
        N_outs: the size of each layer; the last one is the number of outputs.
        activation: the activation of every layer, as for `Neuron`.
        output_activation: the activation of the last layer, if it differs.
        init: the initialisation of every layer, as for `Neuron`.

    Attributes:
        layers: the list of layers.

    Raises:
        ValueError: as for `Neuron`, or N_outs is empty.

    >>> net = Net(3, [4, 2])
    >>> net, len(net.params()), len(net([1, 2, 3]))
    (Net([3, 4, 2]): ['Layer(N_in=3, N_out=4)', 'Layer(N_in=4, N_out=2)']], 26, 2)
    """

    def __init__(
        self,
        N_in: int,
        N_outs: Sequence[int],
        activation: Activation = "sigmoid",
        output_activation: Activation | None = None,
        *,
        init: Any = "uniform",
    ) -> None:
        if not N_outs:
            raise ValueError("Net() wants at least one layer size in N_outs, got none")
        self.N = [size(N_in, "N_in"), *(size(n, "each of N_outs") for n in N_outs)]
        last = activation if output_activation is None else output_activation
        activations = [activation] * (len(N_outs) - 1) + [last]
        self.layers = [
            Layer(n_in, n_out, a, init=init)
            for n_in, n_out, a in zip(self.N, self.N[1:], activations, strict=False)
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        """Return the outputs for one sample: a list of Values, or the Value itself if there is only one."""
        for layer in self.layers:
            x = layer([x] if isinstance(x, Value) else x)
        return x

    def params(self) -> list[Value]:
        return [p for layer in self.layers for p in layer.params()]

    def __repr__(self) -> str:
        return f"Net({self.N}): {[str(layer) for layer in self.layers]}]"


class MLP(Net):
    """micrograd's net: a `Net` whose last layer is linear and whose other layers are ReLU.

    Args:
        nin: as N_in of `Net`.
        nouts: as N_outs of `Net`.
        init: as init of `Net`.

    >>> MLP(2, [16, 16, 1]).nparams()
    337
    """

    def __init__(self, nin: int, nouts: Sequence[int], *, init: Any = "uniform") -> None:
        super().__init__(nin, nouts, "relu", "linear", init=init)
