"""Neurons and layers. A layer is one matrix [W | b]: a row for each neuron, the bias in the last column."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy.typing as npt

from autograd.errors import ShapeError
from autograd.nn.activations import ACTIVATIONS
from autograd.nn.initializers import Init, init_weights
from autograd.nn.module import ArrayModule
from autograd.nn.parameters import Parameter, ParameterList, ParameterVector, write_parameters
from autograd.support import by_name, float_type, whole
from autograd.tensor import Array, Tensor

__all__ = ["ActivationOption", "Layer", "Neuron"]

ActivationOption = str | Callable[[Tensor], Tensor]


class Neuron(ArrayModule):
    """activation(b + w · x), with N weights drawn by ``init`` and a bias of 0.

    Args:
        N: the number of inputs.
        activation: a name in `ACTIVATIONS`, such as tanh or relu, or a function of a Tensor.
        dtype: "float64" or "float32".
        init: a name in `INITS`, such as uniform (from -1 to 1) or he, for weights that are drawn with
            Python's ``random``; or a function from (n_out, n_in) to an array of weights of that shape.

    Attributes:
        w: the list of weights, each a Value; ``neuron.w[i] = 0.5`` writes one.
        b: the bias, a Value; ``neuron.b = 0.5`` writes it.

    Raises:
        ShapeError: N is no whole number of 1 or more.
        UnknownNameError: there is no activation or init of that name.

    >>> n = Neuron(2, "linear", init=lambda n_out, n_in: [[3.0, 4.0]])
    >>> n([1, 10]), n.nparams()
    (Value(43.0, grad=0.0), 3)
    >>> n.w[1], n.b = 5.0, 1.0
    >>> n([1, 10]), n.w
    (Value(54.0, grad=0.0), [Value(3.0, grad=0.0), Value(5.0, grad=0.0)])
    """

    n_out = 1

    def __init__(
        self,
        N: int,
        activation: ActivationOption = "sigmoid",
        *,
        dtype: npt.DTypeLike = "float64",
        init: Init = "uniform",
    ) -> None:
        n_in = whole(N, "N", ShapeError)
        function = by_name("activation", activation, ACTIVATIONS)
        values = init_weights(1, n_in, init, float_type(dtype)).reshape(-1)
        self._initialize(ParameterVector(values, [(1, n_in + 1)]), 0, 0, function)

    def _initialize(
        self, vector: ParameterVector, k: int, row: int, function: Callable[[Tensor], Tensor]
    ) -> None:
        """Initialise the neuron as a view of one row of the k-th matrix."""
        self._parameters, self._k, self._row, self._function = vector, k, row, function
        self._set_views()

    def _set_views(self) -> None:
        self.matrices = (self._parameters.matrices[self._k],)
        n = self.matrices[0].tensor.shape[1]
        start = self._parameters.parts[self._k].start + self._row * n
        self._values, self._grads = (
            self._parameters.values[start : start + n],
            self._parameters.grads[start : start + n],
        )
        self.N = self.n_in = n - 1
        self.dtype = self._values.dtype
        self._set_up_samples(self._function, rows=slice(self._row, self._row + 1))

    def _views(self) -> list[Parameter]:
        n = self.n_in + 1
        return self._parameters.views(self._k)[self._row * n : (self._row + 1) * n]

    @property
    def w(self) -> ParameterList:
        return ParameterList(self._views()[:-1])

    @w.setter
    def w(self, weights: Sequence[Any]) -> None:
        write_parameters(self._views()[:-1], weights, "w")

    @property
    def b(self) -> Parameter:
        return self._views()[-1]

    @b.setter
    def b(self, bias: Any) -> None:
        write_parameters(self._views()[-1:], [bias], "b")

    def __repr__(self) -> str:
        return f"Neuron({self.N})"


class Layer(ArrayModule):
    """N_out neurons side by side, each with the same N_in inputs.

    Args:
        N_in: the number of inputs.
        N_out: the number of neurons, which is the number of outputs.
        activation: as for `Neuron`.
        dtype: as for `Neuron`.
        init: as for `Neuron`.

    Attributes:
        neurons: a tuple of the neurons, as views of the rows of the layer's matrix.
        weight: the weights, a read-only array of shape (N_out, N_in).
        bias: the biases, a read-only array of shape (N_out,).

    Raises:
        ShapeError: N_in or N_out is no whole number of 1 or more.
        UnknownNameError: there is no activation or init of that name.

    >>> layer = Layer(3, 10)
    >>> layer, layer.nparams(), layer.weight.shape, layer.bias.shape
    (Layer(N_in=3, N_out=10), 40, (10, 3), (10,))
    >>> len(layer.neurons), layer.neurons[0]
    (10, Neuron(3))
    """

    def __init__(
        self,
        N_in: int,
        N_out: int,
        activation: ActivationOption = "sigmoid",
        *,
        dtype: npt.DTypeLike = "float64",
        init: Init = "uniform",
    ) -> None:
        n_in, n_out = whole(N_in, "N_in", ShapeError), whole(N_out, "N_out", ShapeError)
        function = by_name("activation", activation, ACTIVATIONS)
        values = init_weights(n_out, n_in, init, float_type(dtype)).reshape(-1)
        self._initialize(ParameterVector(values, [(n_out, n_in + 1)]), 0, function)

    def _initialize(self, vector: ParameterVector, k: int, function: Callable[[Tensor], Tensor]) -> None:
        """Initialise the layer as a view of the k-th matrix."""
        self._parameters, self._k, self._function = vector, k, function
        self._set_views()

    def _set_views(self) -> None:
        part = self._parameters.parts[self._k]
        self._values, self._grads = self._parameters.values[part], self._parameters.grads[part]
        self.matrices = (self._parameters.matrices[self._k],)
        n_out, columns = self.matrices[0].tensor.shape
        self.N_in, self.N_out = self.n_in, self.n_out = columns - 1, n_out
        self.dtype = self._values.dtype
        self._set_up_samples(self._function)

    @cached_property
    def neurons(self) -> tuple[Neuron, ...]:
        neurons = tuple(Neuron.__new__(Neuron) for _ in range(self.n_out))
        for row, neuron in enumerate(neurons):
            neuron._initialize(self._parameters, self._k, row, self._function)
        return neurons

    def _views(self) -> list[Parameter]:
        return self._parameters.views(self._k)

    @property
    def weight(self) -> Array:
        return self._read_only()[:, :-1]

    @property
    def bias(self) -> Array:
        return self._read_only()[:, -1]

    def _read_only(self) -> Array:
        view = self._values.reshape(self.n_out, -1).view()
        view.flags.writeable = False
        return view

    def __repr__(self) -> str:
        return f"Layer(N_in={self.N_in}, N_out={self.N_out})"
