"""Modules: what has parameters, and what takes samples besides, one at a time or many at once.

Samples stand in columns on their way through, with a row of ones below them: a layer is one product.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd.engine import pending
from autograd.engine.numbers import as_number
from autograd.engine.value import Value
from autograd.errors import NotANumberError, ShapeError, UnsupportedError
from autograd.nn.activations import Activation
from autograd.nn.batch import Stage
from autograd.nn.parameters import LayerParameters, Parameter
from autograd.nn.samples import Samples, TakesSamples, is_batch
from autograd.support.interrupts import finished
from autograd.tensor.core import Tensor, array_of
from autograd.tensor.reals import reals
from autograd.tensor.recording import recording, refuse_in_recording
from autograd.tensor.rows.products import affine
from autograd.tensor.tape import Array
from autograd.text import count

__all__ = ["ArrayModule", "Module", "activated", "through"]

ALL = slice(None)


def activated(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """``function(x)``, which has to be a Tensor of the same shape."""
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


def through(stages: Iterable[Stage], x: Tensor) -> Tensor:
    """function(w x + b) with [w | b] for each stage, one after the other."""
    for matrix, rows, function in stages:
        m = matrix.tensor
        x = activated(function, affine(m if rows == ALL else m[rows], x))
    return x


def give_numbers(params: Sequence[Value], numbers: Sequence[float]) -> None:
    """Give parameters their numbers."""
    for p, x in zip(params, numbers, strict=True):
        p.data = x


def views_of(matrices: Sequence[LayerParameters], rows: slice) -> list[Parameter]:
    """The parameters in some rows of matrices, or in all."""
    found = []
    for m in matrices:
        vector, k = m.owner[0](), m.owner[1]
        if vector is not None:
            start, stop, _ = rows.indices(m.tensor.shape[0])
            n = m.tensor.shape[1]
            found += vector.views(k)[start * n : stop * n]
    return found


class Module:
    """What has parameters. Your own modules override `params` (or micrograd's `parameters`).

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
        """How many parameters there are."""
        return len(self.params())

    def zero_grad(self) -> None:
        """Set every gradient to 0."""
        for p in self.params():
            p.grad = 0.0

    def step(self, lr: float) -> None:
        """Move every parameter against its gradient, ``lr`` times its length; after an error, none."""
        params = self.params()
        before = [p.data for p in params]
        try:
            for p in params:
                p.data -= lr * p.grad
        except BaseException:
            finished(lambda: give_numbers(params, before))
            raise


class ArrayModule(Module, TakesSamples):
    """What `Neuron`, `Layer` and `Net` share: parameters that are a stretch of one flat vector.

    Attributes:
        n_in: how many inputs.
        n_out: how many outputs.
        dtype: of parameters and gradients, float64 or float32.
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
        """The parameters, as a vector. Call `mark_changed` after writing into it.

        Ask for it anew each time: what waits and depends on the parameters is worked out when you do.
        """
        self.sync()
        return self._values

    @values.setter
    def values(self, values: Any) -> None:
        refuse_in_recording("values = ...")
        self.sync()
        self._values[...] = reals(values, "values have to be numbers")
        self.mark_changed()

    @property
    def grads(self) -> Array:
        """The gradients of the parameters, as a vector."""
        return self._grads

    @grads.setter
    def grads(self, grads: Any) -> None:
        refuse_in_recording("grads = ...")
        self._grads[...] = reals(grads, "grads have to be numbers")

    def forward(self, x: Tensor) -> Tensor:
        """Samples in columns, (n_in, rows) or one (n_in,), to outputs, (n_out, rows) or (n_out,)."""
        return self._samples.through(x)

    def _views(self) -> list[Parameter]:
        """The parameters, the same objects at every call."""
        raise NotImplementedError

    def _outputs(self, x: Any) -> Any:
        """What `__call__` says, for samples of any kind."""
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
            x = x.astype(self.dtype)
        # `affine` copies what it is given, so that a constant needs no record and no copy before
        columns = x.T if x.requires_grad else Tensor._of(array_of(x).T, None)
        return self.forward(columns).T

    def _table(self, x: Any) -> Tensor:
        try:
            table = reals(x, f"{self._called()} wants numbers")
        except NotANumberError:
            self._refuse_rows(x)
            raise
        return Tensor._of(table.astype(self.dtype), None)

    def _refuse_rows(self, x: Any) -> None:
        """Raise the error for rows of several lengths, or of Values, if ``x`` is that."""
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
        views = ("_values", "_grads", "matrices", "_samples", "_programs", "_partial_fit")
        return {name: value for name, value in self.__dict__.items() if name not in views}

    def __reduce_ex__(self, protocol: Any) -> Any:
        # The two oldest protocols of pickle know no base that is compiled
        return super().__reduce_ex__(max(protocol, 2))

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._place()

    def _place(self) -> None:
        """Take the views of the flat vector that are this module's."""
        raise NotImplementedError

    def _take(self, *functions: Callable[[Tensor], Tensor], rows: slice = ALL) -> None:
        """Take samples, which wait if all activations are known: one of yours might mix them up."""
        waits = all(isinstance(function, Activation) for function in functions)
        stages = [Stage(m, rows, function) for m, function in zip(self.matrices, functions, strict=True)]
        way = partial(through, stages)  # it knows no module, which would live as long as what comes out
        views = partial(views_of, self.matrices, stages[0].rows)
        self._samples = Samples(type(self).__name__, way, stages, waits, views)

    def params(self) -> list[Value]:
        """The parameters, neuron by neuron, weights and then bias: the same objects at every call."""
        return list(self._views())

    def nparams(self) -> int:
        """How many parameters there are."""
        return self._values.size

    def zero_grad(self) -> None:
        """Set every gradient to 0."""
        if recording.trace is None:
            self.grads.fill(0)
        elif self.grads.size < sum(m.tensor.size for m in self.matrices):
            raise UnsupportedError("zero_grad() of a Neuron cannot be recorded; call it on the layer or net")
        else:
            for m in self.matrices:
                m.tensor.grad = None

    def step(self, lr: float) -> None:
        """Move every parameter against its gradient, ``lr`` times its length."""
        refuse_in_recording("step()")
        move = as_number(lr, "step()") * self.grads
        values = self.values
        self.mark_changed()  # before too, lest an interrupt leave older graphs with the new numbers
        values -= move
        self.mark_changed()

    def sync(self) -> None:
        """Have everything worked out that waits and depends on the parameters, which may change now."""
        if pending.waiting():
            pending.settle(None, self.matrices[0].vectors, False)

    def mark_gradient_changed(self) -> None:
        """Nothing: ``grads`` are the gradients. An optimiser calls it after changing them."""

    def mark_changed(self) -> None:
        """Note that `values` were written into, so that no old graph is used with the new ones."""
        for m in self.matrices:
            m.changed()
