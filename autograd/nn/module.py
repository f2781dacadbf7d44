"""Base classes: `Module` has parameters, and `ArrayModule` is also called on one sample or on many.

In a forward pass each column is a sample, with a 1 below it, so that a layer is one matrix product.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, reduce
from typing import Any

import numpy as np

from autograd.engine import pending
from autograd.engine.numbers import as_number
from autograd.engine.value import Value
from autograd.engine.vector import Vector
from autograd.errors import NotANumberError, ShapeError, UnsupportedError
from autograd.nn.activations import Activation
from autograd.nn.batch import LayerSpec
from autograd.nn.parameters import LayerParameters, Parameter
from autograd.nn.samples import Samples, TakesSamples, is_batch
from autograd.nn.state import WithState, size_of
from autograd.support import WATCHERS, run_to_end
from autograd.tensor import Array, Tensor, affine, array_of, mode, reals, refuse_in_recording, tensor_of
from autograd.text import count
from autograd.training import FitMixin, in_dtype

__all__ = ["ArrayModule", "Module", "activated", "through"]

ALL = slice(None)


def activated(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """``function(x)``, checked to be a Tensor of the shape of ``x``."""
    try:
        out = function(x)
    except (AttributeError, TypeError, ValueError) as error:
        raise UnsupportedError(
            f"an activation is given a Tensor, here of shape {x.shape}, not one Value at a time, and "
            f"yours cannot take it: {error}"
        ) from error
    if not isinstance(out, Tensor) or out.shape != x.shape:
        got = f"shape {out.shape}" if isinstance(out, Tensor) else f"{type(out).__name__}"
        raise ShapeError(f"an activation must give a Tensor of its argument's shape {x.shape}, got {got}")
    return out


def through(specs: Iterable[LayerSpec], x: Tensor) -> Tensor:
    """Apply layers to ``x`` one after the other; one with the matrix [w | b] computes function(w x + b)."""
    for matrix, rows, function in specs:
        m = matrix.tensor
        x = activated(function, affine(m if rows == ALL else m[rows], x))
    return x


def views_of(matrices: Sequence[LayerParameters], rows: slice) -> list[Parameter]:
    """The parameters that stand in the given rows of each matrix."""
    found = []
    for m in matrices:
        vector, k = m.owner[0](), m.owner[1]
        if vector is not None:
            start, stop, _ = rows.indices(m.tensor.shape[0])
            n = m.tensor.shape[1]
            found += vector.views(k)[start * n : stop * n]
    return found


class Module(WithState, FitMixin):
    """Base class of everything with parameters. A subclass overrides `params` (or micrograd's `parameters`).

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

    def params(self) -> list[Any]:
        """The parameters, Values and Tensors, always in the same order."""
        return self.parameters() if type(self).parameters is not Module.parameters else []

    def parameters(self) -> list[Any]:
        """The same as `params`, under micrograd's name."""
        return self.params()

    def nparams(self) -> int:
        """The number of parameters."""
        return sum(map(size_of, self.params()))

    def zero_grad(self) -> None:
        """Set every gradient to 0."""
        for p in self.params():
            p.zero_grad()

    def step(self, lr: float) -> None:
        """Subtract ``lr`` times the gradient from every parameter. An error leaves all of them unchanged."""
        refuse_in_recording("step()")
        for watcher in WATCHERS:
            watcher.on_step(self)
        vector = Vector(self.params())
        vector.sync()
        vector.values -= as_number(lr, "step()") * vector.grads
        try:
            vector.mark_changed()
        except BaseException:
            run_to_end(vector.go_back)
            raise


class ArrayModule(Module, TakesSamples):
    """Base class of `Neuron`, `Layer` and `Net`, whose parameters are a contiguous part of one flat vector.

    Attributes:
        n_in: the number of inputs.
        n_out: the number of outputs.
        dtype: the dtype of parameters and gradients, float64 or float32.
        values: the parameters, as a vector.
        grads: the gradients of the parameters, as a vector.

    >>> from autograd.nn import Layer
    >>> layer = Layer(2, 1, "linear", init=lambda n_out, n_in: [[3.0, 4.0]])
    >>> layer.values
    array([3., 4., 0.])
    >>> layer([[1.0, 1.0], [1.0, 10.0]]).sum().backward()
    >>> layer.grads
    array([ 2., 11.,  2.])
    >>> layer.sync()
    >>> layer.values[-1] = 0.5
    >>> layer.mark_changed()
    >>> layer.params()[-1].data, layer([1, 1])
    (0.5, Value(7.5, grad=0.0))
    >>> layer.forward(Tensor([[1.0], [1.0]])).tolist()
    [[7.5]]
    """

    n_in: int
    n_out: int
    dtype: np.dtype[Any]
    matrices: Sequence[LayerParameters]  # the layers that the parameters belong to
    _values: Array
    _grads: Array

    @property
    def values(self) -> Array:
        """The parameters, as a vector; one number assigned to it is the value of each.

        Call `mark_changed` after writing into the vector, and read this property anew before each write:
        reading it computes the pending operations that depend on the parameters.
        """
        self.sync()
        return self._values

    @values.setter
    def values(self, values: Any) -> None:
        refuse_in_recording("values = ...")
        numbers = self._vector_of(values, "values")
        self.sync()
        self.mark_changed()  # first: an interrupt must not leave older graphs with the new numbers
        self._values[...] = numbers

    @property
    def grads(self) -> Array:
        """The gradients of the parameters, as a vector."""
        return self._grads

    @grads.setter
    def grads(self, grads: Any) -> None:
        refuse_in_recording("grads = ...")
        self._grads[...] = self._vector_of(grads, "grads")

    def _vector_of(self, x: Any, name: str) -> Array:
        """``x``, a number for each parameter or one for all of them, in the dtype of the module."""
        call = f"{self._called()}, {name} = ...,"
        array = in_dtype(reals(x, f"{call} wants numbers"), self.dtype, name, call)
        if array.shape not in (self._values.shape, ()):
            raise ShapeError(f"{call} wants shape {self._values.shape} or one number, got {array.shape}")
        return array

    def forward(self, x: Tensor) -> Tensor:
        """The outputs, (n_out, rows) or (n_out,), of samples in columns, (n_in, rows), or of one, (n_in,)."""
        return self.through(x)

    def through(self, x: Tensor) -> Tensor:
        """The same as `forward`, by the layers alone, whatever a subclass overrides."""
        return self._samples.through(x)

    @property
    def all_in_vector(self) -> bool:
        """Whether `values` holds all parameters: a subclass that overrides `params` may have more."""
        return type(self).params is ArrayModule.params and type(self).parameters is Module.parameters

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest possible output."""
        last: Any = self._samples.specs[-1].function
        return getattr(last, "bounds", (-math.inf, math.inf))

    def infer_shapes(self, X: Array) -> None:
        """Do nothing: the numbers of inputs and outputs are known."""

    def penalty(self, alpha: float) -> Tensor:
        """``alpha / 2`` times the sum of the squares of all weights; biases do not count."""
        terms = []
        for matrix, rows, _ in self._samples.specs:
            m = matrix.tensor if rows == ALL else matrix.tensor[rows]
            terms.append((m**2).reshape(-1) @ (alpha / 2 * matrix.weight_mask[rows]).reshape(-1))
        return reduce(operator.add, terms)

    @property
    def runs_layers(self) -> bool:
        """Whether a call runs the layers alone: a subclass may override `__call__` or `forward`."""
        kind: Any = type(self)
        return kind.__call__ is TakesSamples.__call__ and kind.forward is ArrayModule.forward

    def _views(self) -> list[Parameter]:
        """The parameters, the same objects at every call."""
        raise NotImplementedError

    def _outputs(self, x: Any) -> Any:
        """The result of `__call__`, for samples of any kind."""
        if getattr(self, "_samples", None) is None:
            name = type(self).__name__
            raise UnsupportedError(
                f"this {name} has no layers yet; its __init__ has to call super().__init__()"
            )
        if x.__class__ is np.ndarray and x.ndim == 1:
            return self._samples.take(x)
        if isinstance(x, Tensor):
            return self._of_tensor(x)
        if is_batch(x):
            return self._of_tensor(self._table(x))
        return self._samples.take(x)

    def _called(self) -> str:
        return f"{type(self).__name__} of {count(self.n_in, 'input')}"

    def _of_tensor(self, x: Tensor) -> Tensor:
        if not 1 <= x.ndim <= 2 or x.shape[-1] != self.n_in:
            raise ShapeError(f"{self._called()} wants shape (rows, {self.n_in}), got {x.shape}")
        if x.dtype != self.dtype:
            if isinstance(x._array, np.ndarray):
                in_dtype(x._array, self.dtype, "the rows", self._called())
            x = x.astype(self.dtype)
        # `affine` copies its input, so a constant is passed as a view, without a copy or a tape node
        columns = x.T if x.requires_grad else tensor_of(array_of(x).T)
        return self.forward(columns).T

    def _table(self, x: Any) -> Tensor:
        try:
            table = reals(x, f"{self._called()} wants numbers")
        except NotANumberError:
            self._refuse_rows(x)
            raise
        return tensor_of(in_dtype(table, self.dtype, "the rows", self._called()))

    def _refuse_rows(self, x: Any) -> None:
        """Raise a more precise error if the rows of ``x`` differ in length, or hold Values or lists."""
        lengths = sorted({len(row) if hasattr(row, "__len__") else 1 for row in x})
        if len(lengths) > 1:
            several = f"rows of {lengths[0]} and of {lengths[-1]} numbers"
            raise ShapeError(f"{self._called()} got {several}") from None
        cells = [cell for row in x if hasattr(row, "__iter__") for cell in row]
        if any(isinstance(cell, Value) for cell in cells):
            raise NotANumberError(
                f"{self._called()} takes Values one sample at a time, [net(x) for x in X]; many at "
                "once would lose their gradients"
            ) from None
        if any(isinstance(cell, list | tuple) for cell in cells):
            raise ShapeError(f"{self._called()} got samples with lists inside") from None

    def __getstate__(self) -> dict[str, Any]:
        rebuilt = ("_values", "_grads", "matrices", "_samples", "_programs", "_partial_fit", "_batch_losses")
        return {name: value for name, value in self.__dict__.items() if name not in rebuilt}

    def __reduce_ex__(self, protocol: Any) -> Any:
        # Protocols 0 and 1 of pickle cannot handle a compiled base class
        return super().__reduce_ex__(max(protocol, 2))

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._set_views()

    def _set_views(self) -> None:
        """Set the attributes that are views of the flat vector or are derived from it."""
        raise NotImplementedError

    def _set_up_samples(self, *functions: Callable[[Tensor], Tensor], rows: slice = ALL) -> None:
        """Set up the evaluation of samples.

        Samples may be pending only if every activation is an `Activation`. Any other function might mix the
        samples of a batch.
        """
        deferrable = all(isinstance(function, Activation) for function in functions)
        specs = [LayerSpec(m, rows, function) for m, function in zip(self.matrices, functions, strict=True)]
        # Outputs keep this function alive; it holds no reference to the module, which may be freed earlier
        forward = partial(through, specs)
        views = partial(views_of, self.matrices, specs[0].rows)
        self._samples = Samples(type(self).__name__, forward, specs, deferrable, views)

    def _description(self) -> dict[str, Any]:
        names = [getattr(spec.function, "name", None) for spec in self._samples.specs]
        return {"activations": names, "dtype": self.dtype.name}

    def _arrays(self) -> dict[str, Array]:
        table = self.values.reshape(self.n_out, self.n_in + 1)
        return {"weight": table[:, :-1].copy(), "bias": table[:, -1].copy()}

    def _write_arrays(self, arrays: Mapping[str, Array]) -> None:
        self.values = np.column_stack((arrays["weight"], arrays["bias"])).reshape(-1)

    def params(self) -> list[Value]:
        """The parameters, neuron by neuron, the weights before the bias: the same objects at every call."""
        return list(self._views())

    def nparams(self) -> int:
        """The number of parameters."""
        return self._values.size if self.all_in_vector else super().nparams()

    def zero_grad(self) -> None:
        """Set every gradient to 0."""
        if not self.all_in_vector:
            super().zero_grad()
        elif mode.trace is None:
            self.grads.fill(0)
        elif self.grads.size < sum(m.tensor.size for m in self.matrices):
            raise UnsupportedError("zero_grad() of a Neuron cannot be recorded; call it on the layer or net")
        else:
            for m in self.matrices:
                m.tensor.grad = None

    def step(self, lr: float) -> None:
        """Subtract ``lr`` times the gradient from every parameter."""
        if not self.all_in_vector:
            return super().step(lr)
        refuse_in_recording("step()")
        for watcher in WATCHERS:
            watcher.on_step(self)
        move = as_number(lr, "step()") * self.grads
        values = self.values
        self.mark_changed()  # before as well: after an interrupt no older graph may use the new numbers
        values -= move
        self.mark_changed()

    def sync(self) -> None:
        """Compute the pending operations that depend on the parameters, so that these may be changed."""
        if pending.any_pending():
            pending.settle(None, self.matrices[0].vectors, False)

    def mark_gradient_changed(self) -> None:
        """Do nothing: ``grads`` holds the gradients themselves. Optimisers call this after changing them."""

    def mark_changed(self) -> None:
        """Note that `values` was written to: backward() through an older graph is an error from now on."""
        for m in self.matrices:
            m.changed()
