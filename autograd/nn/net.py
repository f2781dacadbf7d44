"""Nets: layers one after the other, over one flat vector in the order of ``params()``."""

import copy
import math
import operator
from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from autograd.errors import FileFormatError, NotANumberError, OptionError, ShapeError
from autograd.files import io
from autograd.nn.activations import ACTIVATIONS
from autograd.nn.initializers import Init, init_weights
from autograd.nn.layers import ActivationOption, Layer
from autograd.nn.module import ArrayModule, through
from autograd.nn.parameters import Parameter, ParameterVector
from autograd.support.options import float_type, named, whole
from autograd.tensor import Programs
from autograd.tensor.core import Tensor
from autograd.tensor.reals import reals
from autograd.tensor.recording import no_grad, refuse_in_recording
from autograd.tensor.tape import Array
from autograd.training.data import in_dtype, rows_of
from autograd.training.fit import FitMixin
from autograd.training.steps import CHUNK

__all__ = ["MLP", "Net"]


class Net(ArrayModule, FitMixin):
    """Layers one after the other: N_in inputs, then as many outputs as each of N_outs says.

    Args:
        N_in: how many inputs.
        N_outs: the size of each layer; the last one is the number of outputs.
        activation: of every layer, as for `Neuron`.
        output_activation: of the last layer, if that is to be another one.
        dtype: as for `Neuron`, of every layer.
        init: as for `Neuron`, of every layer.

    Attributes:
        layers: a tuple of the layers, as views of the net's parameters.
        preprocessing: a dict in JSON's types that goes with the net into files and copies, for what has
            to be done to data before the net sees them; None at first.

    Raises:
        ShapeError: a size is no whole number of 1 or more, or there are none.
        UnknownNameError: no activation or init of that name.

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
        activations = [activation] * (len(N_outs) - 1) + [last]
        for name in activations:
            named("activation", name, ACTIVATIONS)
        kind = float_type(dtype)
        parts = [init_weights(n, m, init).reshape(-1) for m, n in pairwise(sizes)]
        self._be(sizes, activations, np.concatenate(parts).astype(kind))

    def _be(self, sizes: list[int], activations: list[ActivationOption], values: Array) -> None:
        """Be a net of these sizes over this vector of parameters."""
        self.N, self.activations = sizes, activations
        self._parameters = ParameterVector(values, [(n, m + 1) for m, n in pairwise(sizes)])
        self.layers = tuple(Layer.__new__(Layer) for _ in activations)
        for k, (layer, name) in enumerate(zip(self.layers, activations, strict=True)):
            layer._be(self._parameters, k, named("activation", name, ACTIVATIONS))
        self._place()

    def _place(self) -> None:
        self._programs: Programs | None = None
        self._partial_fit = None
        self._values, self._grads, self.matrices = (
            self._parameters.values,
            self._parameters.grads,
            self._parameters.matrices,
        )
        self.n_in, self.n_out = self.N[0], self.N[-1]
        self.dtype = self._values.dtype
        self._take(*(layer._function for layer in self.layers))

    def through(self, h: Tensor) -> Tensor:
        """The same, from samples that have a row of ones below them already."""
        return through(self._samples.stages[1:], self.layers[0].through(h))

    def penalty(self, alpha: float) -> Tensor:
        """``alpha / 2`` times the sum of the squares of all weights; biases do not count."""
        parts = [(m.tensor**2).reshape(-1) @ (alpha / 2 * m.weight_mask).reshape(-1) for m in self.matrices]
        return reduce(operator.add, parts)

    def _views(self) -> list[Parameter]:
        return [p for k in range(len(self.layers)) for p in self._parameters.views(k)]

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest that an output can be."""
        last: Any = self.layers[-1]._function
        return getattr(last, "bounds", (-math.inf, math.inf))

    @property
    def named(self) -> bool:
        """Whether all activations are known by name, so that their calls are always the same."""
        return not any(callable(a) for a in self.activations)

    def predict(self, X: Any) -> Array:
        """The outputs for each row of X, as an array of shape (rows, outputs); nothing is recorded.

        The memory it takes beyond X and the answer does not grow with the rows. A number of rows that
        comes again is done by a `Program`.

        Raises:
            ShapeError: X is not of shape (rows, N_in).
            DataError: X is no table of numbers.

        >>> Net(2, [3]).predict([[0, 1], [2, 3]]).shape
        (2, 3)
        """
        if not isinstance(X, np.ndarray):
            X = rows_of(X, self.n_in, self.dtype, "predict()")
        rows = len(X) if X.ndim else 0
        out = np.empty((rows, self.n_out), self.dtype)
        forward = self._replayed() if self.named else self._forward
        for start in range(0, max(rows, 1), CHUNK):
            part = slice(start, start + CHUNK)
            some = rows_of(X[part] if X.ndim else X, self.n_in, self.dtype, "predict()", start)
            out[part] = forward(some)
        return out

    # Pictures, with matplotlib, which the extra ``plot`` brings; MissingExtraError says so without it

    def plot_decision(
        self,
        X: Any,
        y: Any,
        *,
        classes: Sequence[str] | None = None,
        threshold: float | None = None,
        path: Any = None,
    ) -> Any:
        """Draw what the net says of all there is around the rows of data, and these on top.

        Of a net of two inputs: which class it says where, paler the less sure it is, and the rows with
        markers of their classes. Of a net of one input: the outputs as curves, and the rows as points.

        Args:
            X: (rows, N_in) inputs, as for `fit`.
            y: the classes: -1 and 1 or 0 and 1 for one output; for several whole numbers from 0, or rows
                with the largest number at the class. Of a net of one input the targets, as for `fit`.
            classes: what to call the classes, in order.
            threshold: of one output, where the second class begins; 0.5 if that is a sigmoid, else 0, as
                is right for labels -1 and 1, and logits.
            path: where to save the picture; without one it is only returned.

        Returns:
            The matplotlib figure.

        Raises:
            ShapeError: the net has more than two inputs, or X, y and classes do not fit.
            DataError: other labels, or numbers that are not finite.
            UnknownNameError: the path ends in none of .png, .svg, .pdf and .jpg.
            OSError: nothing can be written there.

        >>> net = Net(2, [4, 1], "tanh")
        >>> picture = net.plot_decision([[0, 1], [1, 0]], [-1, 1], classes=["no", "yes"])
        >>> [text.get_text() for text in picture.axes[0].get_legend().get_texts()]
        ['no', 'yes']
        """
        from autograd.nn import plots

        return plots.decision_plot(self, X, y, classes, threshold, path)

    def plot_confusion(
        self,
        X: Any,
        y: Any,
        *,
        classes: Sequence[str] | None = None,
        threshold: float | None = None,
        path: Any = None,
    ) -> Any:
        """Draw how many rows of each class the net takes for which class: right in blue, wrong in orange.

        Arguments, what comes back and errors are those of `plot_decision`, for any number of inputs.

        >>> net = Net(3, [4, 2], "tanh")
        >>> net.plot_confusion([[0, 1, 2], [2, 1, 0]], [0, 1]).axes[0].get_ylabel()
        'true'
        """
        from autograd.nn import plots

        return plots.confusion_plot(self, X, y, classes, threshold, path)

    def plot_weights(self, *, shape: tuple[int, int] | None = None, path: Any = None) -> Any:
        """Draw the weights, a panel for each layer with a row for each neuron; white is 0.

        Args:
            shape: (rows, columns) of the images that are the inputs, if they are: the weights of the first
                layer are drawn as images too, one for each neuron.
            path: where to save the picture; without one it is only returned.

        Returns:
            The matplotlib figure.

        Raises:
            ShapeError: ``shape`` is not that of N_in numbers.
            UnknownNameError, OSError: as `plot_decision`.

        >>> len(Net(4, [3, 2]).plot_weights(shape=(2, 2)).axes)  # two panels, with a colour bar each
        4
        """
        from autograd.nn import plots

        return plots.weights(self, shape, path)

    def _twin(self) -> "Net":
        """A net of the same layers, for what this net keeps: if that knew itself, it would not go away."""
        twin: Net = Net.__new__(Net)
        twin.__dict__.update(self.__dict__, _partial_fit=None)
        twin._samples = self._samples
        return twin

    def _replayed(self) -> Programs:
        if self._programs is None:
            through = self._samples.through  # a Program that knew the net would keep it alive
            self._programs = Programs(lambda X: through(X.T).T, after=1)
        return self._programs

    def _forward(self, X: Array) -> Array:
        with no_grad():
            return self.forward(Tensor._of(X.T, None)).T.data

    # Keeping

    def state_dict(self) -> dict[str, Array]:
        """The parameters by name, ``layers.0.weight`` and so on, as arrays of their own.

        >>> net = Net(2, [3, 1])
        >>> {name: array.shape for name, array in net.state_dict().items()}
        {'layers.0.weight': (3, 2), 'layers.0.bias': (3,), 'layers.1.weight': (1, 3), 'layers.1.bias': (1,)}
        >>> twin = Net(2, [3, 1])
        >>> twin.load_state_dict(net.state_dict())
        >>> twin([1, 2]).data == net([1, 2]).data
        True
        """
        state = {}
        for k, layer in enumerate(self.layers):
            state[f"layers.{k}.weight"] = layer.weight.copy()
            state[f"layers.{k}.bias"] = layer.bias.copy()
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take parameters as `state_dict` gives them: all of them or, after an error, none.

        Raises:
            ShapeError: names or shapes are not those of this net.
            NotANumberError: it is no dict, or an entry is no array of numbers.
        """
        refuse_in_recording("load_state_dict()")
        own = self.state_dict()
        if not isinstance(state, Mapping):
            raise NotANumberError(f"load_state_dict() wants a dict of arrays, got {type(state).__name__}")
        if state.keys() != own.keys():
            apart = {"missing": own.keys() - state.keys(), "not part of this net": state.keys() - own.keys()}
            said = [f"{what}: {', '.join(sorted(map(str, names)))}" for what, names in apart.items() if names]
            raise ShapeError(f"load_state_dict() wants the names of state_dict(); {'; '.join(said)}")
        arrays = {}
        for name, old in own.items():
            array = reals(state[name], f"load_state_dict() wants {name} to be an array of numbers")
            arrays[name] = in_dtype(array, self.dtype, name, "load_state_dict()")
            if arrays[name].shape != old.shape:
                raise ShapeError(
                    f"load_state_dict(): {name} has shape {arrays[name].shape}, this net {old.shape}"
                )
        for k, layer in enumerate(self.layers):
            both = layer.values.reshape(layer.n_out, -1)
            both[:, :-1] = arrays[f"layers.{k}.weight"]
            both[:, -1] = arrays[f"layers.{k}.bias"]
        self.mark_changed()

    def save(self, path: Any, preprocessing: dict[str, Any] | None = None) -> None:
        """Write the net into one file, whole or not at all.

        In it are the parameters, sizes, activations and dtype, the preprocessing, and the version of
        this library. `docs/files.md` has the details.

        Args:
            path: where to. A name that ends in .safetensors gets a file of that kind, which the extra
                ``safetensors`` brings; any other one NumPy's npz, without pickle.
            preprocessing: what has to be done to data before this net sees them, in JSON's types; it
                becomes the net's ``preprocessing``, as a copy. If not given, what the net has is written.

        Raises:
            OptionError: an activation is a function, which a file cannot hold; use `state_dict`. Or
                ``preprocessing`` is no dict, or holds what JSON does not.
            OSError: no file can be written there.
            MissingExtraError: safetensors is not installed; the message says what to type.

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
        io.write(path, self.state_dict(), {"net": self.architecture(), "preprocessing": kept})
        self.preprocessing = copy.deepcopy(kept)

    def architecture(self) -> dict[str, Any]:
        """Sizes, activations and dtype, as JSON has them."""
        if not self.named:
            raise OptionError(
                "a net with a function of yours as activation cannot be saved; keep its state_dict()"
            )
        return {"sizes": self.N, "activations": list(self.activations), "dtype": self.dtype.name}

    @classmethod
    def load(cls, path: Any) -> Self:
        """The net that `save` wrote, in this version or an earlier one. No code in the file is run.

        What the file begins with tells whether it is npz or safetensors, whatever its name is. The net is one
        of the class that is asked: `MLP.load` gives an `MLP`, if it is one that `MLP` makes.

        Raises:
            OptionError: the class is one of your own whose ``__init__`` a file knows nothing of.
            FileFormatError: the file is not of that kind, or damaged, or of another kind of net.
            FileNotFoundError: there is no such file.
            MissingExtraError: it is a safetensors file, and that package is not installed.
        """
        if cls.__init__ not in (Net.__init__, MLP.__init__):
            raise OptionError(
                f"{cls.__name__}.load() cannot call {cls.__name__}.__init__, of whose arguments a file knows "
                "nothing; make one and load its parameters, net.load_state_dict(Net.load(path).state_dict())"
            )
        arrays, header = io.read(path)
        if "net" not in header:
            hint = "; it is a checkpoint, and fit(checkpoint=...) goes on from it" * ("training" in header)
            raise FileFormatError(f"{path}: there is no net in this file{hint}")
        try:
            net = cls._restored(arrays, header["net"])
            net.preprocessing = header.get("preprocessing", header.get("table"))  # its name in format 1
            if not isinstance(net.preprocessing, dict | None):
                raise OptionError("its preprocessing is no dict")
        except (KeyError, TypeError, ValueError) as error:
            raise FileFormatError(f"{path}: not a net that was saved here: {error}") from None
        return net

    @classmethod
    def _restored(cls, arrays: Mapping[str, Array], architecture: Any) -> Self:
        """A net of that `architecture` with the arrays of a `state_dict`, which have to be just its own."""
        kinds = {"sizes": list, "activations": list, "dtype": str}
        for name, kind in kinds.items():
            if not isinstance(architecture, dict) or not isinstance(architecture.get(name), kind):
                raise OptionError(f"its architecture has no {kind.__name__} of {name!r}")
        sizes = [whole(n, "a size") for n in architecture["sizes"]]
        activations = [str(name) for name in architecture["activations"]]
        dtype = float_type(architecture["dtype"])
        for name in activations:
            named("activation", name, ACTIVATIONS)
        if not activations or len(activations) != len(sizes) - 1 or len(arrays) != 2 * len(activations):
            raise ShapeError("its layers, activations and arrays are not equally many")
        parts = []
        for k, (m, n) in enumerate(pairwise(sizes)):
            weight, bias = (arrays.get(f"layers.{k}.{part}", np.empty(0)) for part in ("weight", "bias"))
            if (weight.shape, bias.shape, weight.dtype, bias.dtype) != ((n, m), (n,), dtype, dtype):
                raise ShapeError(f"its layer {k} is not {m} inputs and {n} outputs of {dtype.name}")
            parts.append(np.column_stack((weight, bias)).reshape(-1))
        net = cls.__new__(cls)
        net._be(sizes, list(activations), np.concatenate(parts))
        return net

    def __repr__(self) -> str:
        return f"Net({self.N}): {[str(layer) for layer in self.layers]}]"


class MLP(Net):
    """micrograd's net: ReLU inside, linear at the end. Arguments are those of `Net`.

    >>> MLP(2, [16, 16, 1]).nparams()
    337
    """

    def __init__(
        self, nin: int, nouts: Sequence[int], *, dtype: npt.DTypeLike = "float64", init: Init = "uniform"
    ) -> None:
        super().__init__(nin, nouts, "relu", "linear", dtype=dtype, init=init)

    @classmethod
    def _restored(cls, arrays: Mapping[str, Array], architecture: Any) -> Self:
        net = super()._restored(arrays, architecture)
        if net.activations != ["relu"] * (len(net.N) - 2) + ["linear"]:
            raise OptionError(
                f"its activations, {', '.join(map(str, net.activations))}, are not an MLP's; use Net.load"
            )
        return net
