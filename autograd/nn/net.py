"""Nets: layers one after the other, with all parameters in one flat vector in the order of ``params()``."""

import copy
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from autograd import files
from autograd.errors import FileFormatError, OptionError, ShapeError, UnknownNameError, UnsupportedError
from autograd.nn.activations import ACTIVATIONS, Activation
from autograd.nn.initializers import Init, init_weights
from autograd.nn.layers import ActivationOption, Layer
from autograd.nn.module import ArrayModule
from autograd.nn.parameters import Parameter, ParameterVector
from autograd.nn.plot_mixin import PlotMixin
from autograd.nn.state import made
from autograd.support import by_name, float_type, whole
from autograd.tensor import (
    Array,
    Programs,
    Tensor,
    no_grad,
    sigmoid,
    softmax,
    tensor_of,
)
from autograd.text import quoted
from autograd.training import CHUNK_ROWS, BatchLosses, BlockedInputs, PartialFitMixin, in_blocks, rows_of

__all__ = ["MLP", "Net"]


def named(activation: ActivationOption) -> ActivationOption:
    """The name of a registered activation; anything else as it is."""
    if isinstance(activation, Activation) and ACTIVATIONS.get(activation.name) is activation:
        return activation.name
    return activation


class Summary(str):
    """A text that the prompt of Python shows as it is."""

    __repr__ = str.__str__


class Net(ArrayModule, PartialFitMixin, PlotMixin):
    """Layers one after the other. The first has N_in inputs, and N_outs lists the outputs of each layer.

    Args:
        N_in: the number of inputs.
        N_outs: the size of each layer; the last size is the number of outputs of the net.
        activation: the activation of every layer, as for `Neuron`.
        output_activation: the activation of the last layer, if it differs from the others.
        dtype: as for `Neuron`, for every layer.
        init: as for `Neuron`, for every layer.

    Attributes:
        layers: a tuple of the layers, as views of the net's parameters.
        preprocessing: a dict of JSON types that says how data are prepared for the net. It is saved and
            copied with the net, and is None at first.

    Raises:
        ShapeError: a size is no whole number of 1 or more, or N_outs is empty.
        UnknownNameError: there is no activation or init of that name.

    >>> net = Net(3, [100, 200, 2])
    >>> net.nparams(), len(net([1, 2, 3])), net([[1, 2, 3]] * 5).shape
    (21002, 2, (5, 2))
    """

    preprocessing: dict[str, Any] | None = None

    def __init__(
        self,
        N_in: int,
        N_outs: Sequence[int],
        activation: ActivationOption = "sigmoid",
        output_activation: ActivationOption | None = None,
        *,
        dtype: npt.DTypeLike = "float64",
        init: Init = "uniform",
    ) -> None:
        if not isinstance(N_outs, Sequence | np.ndarray) or isinstance(N_outs, str) or len(N_outs) == 0:
            raise ShapeError(f"Net() wants N_outs to list the size of each layer, got {N_outs!r}")
        sizes = [whole(N_in, "N_in", ShapeError)]
        sizes += [whole(n, "each of N_outs", ShapeError) for n in N_outs]
        last = activation if output_activation is None else output_activation
        activations = [named(a) for a in [activation] * (len(N_outs) - 1) + [last]]
        for name in activations:
            by_name("activation", name, ACTIVATIONS)
        float_dtype = float_type(dtype)
        parts = [init_weights(n, m, init, float_dtype).reshape(-1) for m, n in pairwise(sizes)]
        self._initialize(sizes, activations, np.concatenate(parts))

    def _initialize(self, sizes: list[int], activations: list[ActivationOption], values: Array) -> None:
        """Initialise the net with these sizes and activations and this vector of parameters."""
        self.N, self.activations = sizes, activations
        self._parameters = ParameterVector(values, [(n, m + 1) for m, n in pairwise(sizes)])
        self.layers = tuple(Layer.__new__(Layer) for _ in activations)
        for k, (layer, name) in enumerate(zip(self.layers, activations, strict=True)):
            layer._initialize(self._parameters, k, by_name("activation", name, ACTIVATIONS))
        self._set_views()

    def _set_views(self) -> None:
        self._programs: Programs | None = None
        self._partial_fit = None
        self._batch_losses = BatchLosses()
        self._values, self._grads, self.matrices = (
            self._parameters.values,
            self._parameters.grads,
            self._parameters.matrices,
        )
        self.n_in, self.n_out = self.N[0], self.N[-1]
        self.dtype = self._values.dtype
        self._set_up_samples(*(layer._function for layer in self.layers))

    def _views(self) -> list[Parameter]:
        return [p for k in range(len(self.layers)) for p in self._parameters.views(k)]

    @property
    def functions(self) -> list[Any]:
        """The activation of each layer, as a function of a Tensor."""
        return [getattr(layer._function, "function", layer._function) for layer in self.layers]

    @property
    def named(self) -> bool:
        """Whether all activations are given by name, so that every call computes the same operations."""
        return not any(callable(a) for a in self.activations)

    def predict(self, X: Any) -> Array:
        """The outputs for each row of X, as an array of shape (rows, outputs); nothing is recorded.

        A subclass that overrides `__call__` or `forward` computes them by these.

        Beyond the result, and an array of a list X, memory use does not grow with the number of rows; an X of
        Dask, Zarr or h5py is read in blocks. If the same number of rows comes again, a `Program` is recorded
        and replayed.

        Raises:
            ShapeError: X is not of shape (rows, N_in).
            DataError: X is not a table of finite numbers.

        >>> Net(2, [3]).predict([[0, 1], [2, 3]]).shape
        (2, 3)
        """
        if in_blocks(X):
            X = BlockedInputs(X, self.n_in, self.dtype, "predict()")
        elif not isinstance(X, np.ndarray):
            X = rows_of(X, self.n_in, self.dtype, "predict()")
        rows = X.shape[0] if X.shape else 0
        out: Array | None = None
        forward = self._replayed() if self.named and self.runs_layers else self._forward
        for start in range(0, max(rows, 1), CHUNK_ROWS):
            part = slice(start, start + CHUNK_ROWS)
            chunk = rows_of(X[part] if X.shape else X, self.n_in, self.dtype, "predict()", start)
            outputs = forward(chunk)
            if out is None:
                out = np.empty((rows, *outputs.shape[1:]), self.dtype)
            out[part] = outputs
        assert out is not None
        return out

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class for each row of X, as an array of shape (rows, classes).

        The outputs of a net that ends in linear are logits: several outputs give a softmax, one output gives
        two classes by a sigmoid. Outputs between 0 and 1, as of a sigmoid, are probabilities themselves: one
        output is that of the second of two classes, several are those of labels which do not exclude each
        other.

        Raises:
            OptionError: the outputs are neither logits nor probabilities.
            ShapeError, DataError: as for `predict`.

        >>> net = Net(1, [1], "linear", init=lambda n_out, n_in: [[1.0]])
        >>> net.predict_proba([0.0, 1.0]).round(3).tolist()
        [[0.5, 0.5], [0.269, 0.731]]
        >>> Net(2, [4, 3], "relu", "linear").predict_proba([[1, 2], [3, 4]]).sum(axis=1).round(9).tolist()
        [1.0, 1.0]
        """
        last = self.layers[-1]._function
        logits = isinstance(last, Activation) and last.bounds == (-math.inf, math.inf)
        if not logits and not 0 <= self.bounds[0] < self.bounds[1] <= 1:
            low, high = self.bounds
            if not isinstance(last, Activation):
                raise OptionError(
                    "predict_proba() knows nothing of a function as activation; give it bounds by "
                    "autograd.nn.register_activation(), and the net its name"
                )
            raise OptionError(
                f"predict_proba() wants logits or probabilities, and the outputs of this net lie between "
                f'{low:g} and {high:g}; make it with output_activation="linear" or "sigmoid"'
            )
        outputs = Tensor(self.predict(X))
        if self.n_out > 1:
            return softmax(outputs, axis=1).data if logits else outputs.data
        second = sigmoid(outputs).data if logits else outputs.data
        first = sigmoid(-outputs).data if logits else 1 - second
        return np.concatenate([first, second], axis=1)

    def summary(self) -> "Summary":
        """The layers of the net: their inputs, outputs, activations and numbers of parameters.

        Returns:
            A text, which is also what the prompt of Python shows.

        >>> Net(2, [16, 1], "tanh", "linear").summary()
        layer      inputs  outputs  activation  parameters
        layers[0]       2       16  tanh                48
        layers[1]      16        1  linear              17
        65 parameters, float64
        """
        names = [getattr(a, "__name__", str(a)) for a in self.activations]
        width = max(map(len, ["activation", *names]))
        lines = [f"layer      inputs  outputs  {'activation':{width}}  parameters"]
        for k, (layer, name) in enumerate(zip(self.layers, names, strict=True)):
            label = f"layers[{k}]"
            lines.append(f"{label:9}{layer.n_in:8}{layer.n_out:9}  {name:{width}}{layer.nparams():12}")
        return Summary("\n".join([*lines, f"{self.nparams()} parameters, {self.dtype.name}"]))

    def explain(
        self, x: Any, *, output: int | None = None, baseline: Any = None, names: Sequence[str] | None = None
    ) -> Any:
        """What each input contributes to one output for one sample.

        Args:
            x: one sample.
            output: the index of the output; by default that of the largest.
            baseline: the sample that it is compared with, such as a mean; by default zeros.
            names: the names of the inputs.

        Returns:
            An `Attribution`, which ``print`` shows, and whose ``plot(path)`` draws it.

        Raises:
            ShapeError: x or the baseline is not one sample, or there is not a name for each input.
            OptionError: there is no such output.
            DataError: a number is not finite.

        >>> net = Net(2, [1], "linear", init=lambda n_out, n_in: [[3.0, -4.0]])
        >>> net.explain([2.0, 1.0]).integrated.tolist()
        [6.0, -4.0]
        """
        from autograd.nn import attribution  # here, to keep `import autograd` quick

        return attribution.attribution(self, x, output, baseline, names)

    def _trainable(self) -> Any:
        return self if self.all_in_vector and self.runs_layers else super()._trainable()

    def _twin(self) -> "Net":
        """A net that shares this net's layers, for use by objects that this net keeps.

        With a reference back to this net they would form a cycle with it, which delays its release.
        """
        twin: Net = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__, _partial_fit=None, _batch_losses=None)
        twin._samples = self._samples
        return twin

    def _replayed(self) -> Programs:
        if self._programs is None:
            through = self._samples.through  # a Program with a reference to the net would keep it alive
            self._programs = Programs(lambda X: through(X.T).T, after=1)
        return self._programs

    def _forward(self, X: Array) -> Array:
        with no_grad():
            outputs: Array = self(tensor_of(X)).data
        return outputs.reshape(len(X), -1)

    # For other programs

    def to_onnx(self, path: Any) -> None:
        """Write the net as an ONNX file, which onnxruntime and many other programs run.

        Its input is ``X`` of shape (rows, N_in), its output ``Y`` of shape (rows, N_out), both of the net's
        dtype. A model of ``autograd train`` takes a column of shape (rows, 1) for each feature instead,
        float64 or text, and gives what ``autograd predict`` says. `docs/export.md` has the details.

        Raises:
            OptionError: an activation is a function of yours; ``preprocessing`` is none that a file can hold,
                or has a column without a name; the net is larger than 2 GB.
            UnsupportedError: a subclass computes, or lists its parameters, in a way of its own.
            OSError: the file cannot be written.
            MissingExtraError: onnx is not installed; the message says how to install it.

        >>> import tempfile, onnx
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Net(2, [3, 1], "tanh").to_onnx(f"{folder}/net.onnx")
        ...     [node.op_type for node in onnx.load(f"{folder}/net.onnx").graph.node]
        ['Gemm', 'Tanh', 'Gemm', 'Tanh']
        """
        from autograd import export  # here, to keep `import autograd` quick

        export.to_onnx(self, path)

    def to_source(self) -> str:
        """The text of a Python module that computes what the net does, with the standard library alone.

        Its function ``predict(rows)`` takes lists of N_in numbers and gives lists of N_out. Of a model of
        ``autograd train`` it takes dicts with a cell for each column, and gives numbers or labels, and
        ``predict_proba`` gives probabilities. It computes in float64, whatever the dtype of the net is.

        Raises:
            OptionError, UnsupportedError: as for `to_onnx`.

        >>> net = Net(2, [1], "linear", init=lambda n_out, n_in: [[3.0, 4.0]])
        >>> names = {}
        >>> exec(net.to_source(), names)
        >>> names["predict"]([[1, 10], [0, 1]])
        [[43.0], [4.0]]
        """
        from autograd import export  # here, to keep `import autograd` quick

        return export.to_source(self)

    def to_torch(self) -> Any:
        """A ``torch.nn.Sequential`` with copies of the weights, of the net's dtype.

        A linear layer gives a Linear, any other one a Linear and the module of its activation. Gradients and
        ``preprocessing`` stay behind. `docs/export.md` has an example.

        Raises:
            OptionError: an activation is a function of yours.
            UnsupportedError: a subclass computes, or lists its parameters, in a way of its own.
            MissingExtraError: PyTorch is not installed.
        """
        from autograd import export  # here, to keep `import autograd` quick

        return export.to_torch(self)

    @classmethod
    def from_torch(cls, sequential: Any) -> Self:
        """A net with copies of the weights of a ``torch.nn.Sequential``, of their dtype.

        It may have Linear, Sigmoid, Tanh, ReLU, LeakyReLU(0.01), Softplus, GELU, Identity, and Sequential of
        these. A Linear without bias gets biases of 0. `docs/export.md` has an example.

        Raises:
            UnsupportedError: it is no Sequential, or has another module, or hooks, or shared weights; or the
                class has an ``__init__`` of its own.
            OptionError: a module has other options or dtypes, or an activation has no Linear before it; or
                ``MLP.from_torch`` is called, and these are not an MLP's activations.
            ShapeError: what a Linear gives is not what the next takes.
            MissingExtraError: PyTorch is not installed.
        """
        from autograd import export  # here, to keep `import autograd` quick

        if cls.__init__ not in (Net.__init__, MLP.__init__):
            raise UnsupportedError(
                f"{cls.__name__}.from_torch() cannot call an __init__ of yours; take Net.from_torch(), and "
                "load_state_dict() its state_dict()"
            )
        layers = export.layers_from_torch(sequential)
        arrays = {f"layers.{k}.weight": layer.weight for k, layer in enumerate(layers)}
        arrays |= {f"layers.{k}.bias": layer.bias for k, layer in enumerate(layers)}
        architecture = {
            "sizes": [layers[0].weight.shape[1], *(len(layer.weight) for layer in layers)],
            "activations": [layer.activation for layer in layers],
            "dtype": layers[0].weight.dtype.name,
        }
        net = cls.__new__(cls)
        net._restore(arrays, architecture)
        return net

    # Saving and loading

    def _arrays(self) -> dict[str, Array]:
        state = {}
        for k, layer in enumerate(self.layers):
            state[f"layers.{k}.weight"] = layer.weight.copy()
            state[f"layers.{k}.bias"] = layer.bias.copy()
        return state

    def _write_arrays(self, arrays: Mapping[str, Array]) -> None:
        pairs = [(arrays[f"layers.{k}.weight"], arrays[f"layers.{k}.bias"]) for k in range(len(self.layers))]
        self.values = np.concatenate([np.column_stack(pair).reshape(-1) for pair in pairs])  # all at once

    def save(self, path: Any, preprocessing: dict[str, Any] | None = None) -> None:
        """Write the net to one file, either completely or not at all.

        The file holds the parameters, sizes, activations and dtype, the preprocessing, and the version of
        this library. `docs/files.md` has the details.

        Args:
            path: the file. A name that ends in .safetensors gives a safetensors file, which needs the extra
                ``safetensors``; any other name gives NumPy's npz, without pickle.
            preprocessing: a dict of JSON types that says how data are prepared for this net. A copy of it
                becomes the net's ``preprocessing``. Without it the net's present ``preprocessing`` is
                written.

        Raises:
            OptionError: an activation is a function, which a file cannot hold; use `state_dict`. Or
                ``preprocessing`` is not a dict, or holds something that JSON cannot.
            OSError: the file cannot be written.
            MissingExtraError: safetensors is not installed; the message says how to install it.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     net = Net(2, [3, 1])
        ...     net.save(f"{folder}/net.npz", preprocessing={"divide by": 255})
        ...     again = Net.load(f"{folder}/net.npz")
        >>> again([1, 2]).data == net([1, 2]).data, again.preprocessing
        (True, {'divide by': 255})
        """
        if not isinstance(preprocessing, dict | None):
            raise OptionError(f"save() wants preprocessing to be a dict, got {type(preprocessing).__name__}")
        kept = self.preprocessing if preprocessing is None else preprocessing
        files.write(path, self.state_dict(), {"net": self.architecture(), "preprocessing": kept})
        self.preprocessing = copy.deepcopy(kept)

    def architecture(self) -> dict[str, Any]:
        """Sizes, activations and dtype, as a dict of JSON types."""
        if not self.named:
            raise OptionError(
                "a net with a function of yours as activation cannot be saved; keep its state_dict()"
            )
        return {"sizes": self.N, "activations": list(self.activations), "dtype": self.dtype.name}

    @classmethod
    def load(cls, path: Any, *args: Any, **kwargs: Any) -> Self:
        """The net that `save` wrote, in this version or an earlier one. No code in the file is run.

        Whether the file is npz or safetensors is read from its first bytes, not from its name. The result is
        an instance of the class on which `load` is called: `MLP.load` returns an `MLP`, and refuses a file
        whose net is not an MLP. A class of your own with an ``__init__`` is made with the arguments after the
        path.

        Raises:
            OptionError: the class is your own with an ``__init__``, and that does not take these arguments.
            FileFormatError: the file is of another format, or damaged, or holds another kind of net.
            UnknownNameError: an activation of the net is not registered here.
            FileNotFoundError: there is no such file.
            MissingExtraError: it is a safetensors file, and that package is not installed.
        """
        arrays, header = files.read(path)
        if "net" not in header:
            hint = "; it is a checkpoint, and fit(checkpoint=...) goes on from it" * ("training" in header)
            raise FileFormatError(f"{path}: there is no net in this file{hint}")
        own = cls.__init__ not in (Net.__init__, MLP.__init__)
        if not own and (args or kwargs):
            raise OptionError(f"{cls.__name__}.load() wants the path alone, since the file says the rest")
        net: Self = made(cls, path, args, kwargs) if own else cls.__new__(cls)
        if own:
            if (made_net := net.architecture()) != header["net"]:
                raise OptionError(
                    f"{path}: {cls.__name__}.load() wants {made_net}, the file has {header['net']}"
                )
            net.load_state_dict(arrays)
        try:
            if not own:
                net._restore(arrays, header["net"])
            net.preprocessing = header.get("preprocessing", header.get("table"))  # "table" in format 1
            if not isinstance(net.preprocessing, dict | None):
                raise OptionError("its preprocessing is no dict")
        except UnknownNameError as error:
            raise UnknownNameError(f"{path}: {error}") from None
        except (KeyError, TypeError, ValueError) as error:
            raise FileFormatError(f"{path}: not a net that was saved here: {error}") from None
        return net

    def _restore(self, arrays: Mapping[str, Array], architecture: Any) -> None:
        """Initialise the net from its `architecture` and the arrays of its `state_dict`, with no others."""
        types = {"sizes": list, "activations": list, "dtype": str}
        for name, expected in types.items():
            if not isinstance(architecture, dict) or not isinstance(architecture.get(name), expected):
                raise OptionError(f"its architecture has no {expected.__name__} of {name!r}")
        sizes = [whole(n, "a size") for n in architecture["sizes"]]
        activations = [str(name) for name in architecture["activations"]]
        dtype = float_type(architecture["dtype"])
        for name in activations:
            if name not in ACTIVATIONS:
                raise UnknownNameError(
                    f"the activation {quoted(name)} of this net is not known; before loading, give it to "
                    f"autograd.nn.register_activation({quoted(name)}, function)"
                )
        if not activations or len(activations) != len(sizes) - 1 or len(arrays) != 2 * len(activations):
            raise ShapeError("its numbers of layers, activations and arrays do not agree")
        parts = []
        for k, (m, n) in enumerate(pairwise(sizes)):
            weight, bias = (arrays.get(f"layers.{k}.{part}", np.empty(0)) for part in ("weight", "bias"))
            if (weight.shape, bias.shape, weight.dtype, bias.dtype) != ((n, m), (n,), dtype, dtype):
                raise ShapeError(f"its layer {k} is not {m} inputs and {n} outputs of {dtype.name}")
            parts.append(np.column_stack((weight, bias)).reshape(-1))
        self._initialize(sizes, list(activations), np.concatenate(parts))

    def __repr__(self) -> str:
        return f"Net({self.N}): {[str(layer) for layer in self.layers]}]"


class MLP(Net):
    """micrograd's net: ReLU in the hidden layers, linear outputs. Arguments are those of `Net`.

    >>> MLP(2, [16, 16, 1]).nparams()
    337
    """

    def __init__(
        self, nin: int, nouts: Sequence[int], *, dtype: npt.DTypeLike = "float64", init: Init = "uniform"
    ) -> None:
        super().__init__(nin, nouts, "relu", "linear", dtype=dtype, init=init)

    def _restore(self, arrays: Mapping[str, Array], architecture: Any) -> None:
        super()._restore(arrays, architecture)
        if self.activations != ["relu"] * (len(self.N) - 2) + ["linear"]:
            raise OptionError(
                f"its activations, {', '.join(map(str, self.activations))}, are not an MLP's; use Net"
            )
