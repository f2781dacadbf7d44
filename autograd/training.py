"""`fit`: the training loop, over batches of rows.

It knows a module only as something with a flat vector of parameters that takes a Tensor of columns,
one for each row of data, and so stands below the modules that call it.
"""

import functools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from autograd.engine import as_number, number
from autograd.errors import DataError, OptionError, ShapeError, TrainingError
from autograd.losses import LOSSES
from autograd.optim import LBFGS, OPTIMIZERS, Optimizer
from autograd.options import named, whole
from autograd.progress import track
from autograd.tensor import Tensor
from autograd.tensor.tape import Array

__all__ = ["History", "fit", "rows_of"]

TROUBLE = (
    "{what} in epoch {epoch}; the net has its last good weights again. A smaller lr, or X scaled to "
    "about -1 to 1, may help"
)


class Trainable(Protocol):
    """What `fit` asks of a module."""

    n_in: int
    n_out: int
    dtype: np.dtype[Any]
    values: Array
    grads: Array

    def forward(self, x: Tensor) -> Tensor:
        """From (n_in, rows) to (n_out, rows)."""

    def push(self) -> None:
        """Note that ``values`` were written into."""


@dataclass
class History:
    """What happened in a training: ``loss`` has the mean loss over the rows for each epoch."""

    loss: list[float] = field(default_factory=list)

    def plot(self, path: Any = None) -> Any:
        """Draw the loss over the epochs with matplotlib, which the extra ``plot`` brings.

        Args:
            path: where to save the picture; without one it is only returned.

        Returns:
            The matplotlib figure.

        Raises:
            MissingExtraError: matplotlib is not installed; the message says what to type.
        """
        from autograd.plot import figure, save, show_loss

        picture, (axes,) = figure(1)
        show_loss(axes, self.loss)
        if path is not None:
            save(picture, path)
        return picture


def numbers_of(x: Any, name: str, call: str) -> Array:
    """``x`` as an array of finite real numbers.

    Raises:
        DataError: something in it is no number, or not finite; the message has row and column.
    """
    try:
        array = np.asarray(x.data if isinstance(x, Tensor) else x)
    except (TypeError, ValueError):
        raise DataError(f"{call} wants {name} to be a table of numbers with rows of one length") from None
    if array.dtype.kind not in "fiub":
        cell = next((c for c in np.asarray(x, dtype=object).flat if number(c) is None), x)
        raise DataError(f"{call} wants {name} to be numbers, got {cell!r} ({type(cell).__name__})")
    good = np.isfinite(array)
    if not good.all():
        place = np.argwhere(~good)[0]
        where = ", ".join(f"{axis} {i}" for axis, i in zip(("row", "column"), place, strict=False))
        raise DataError(f"{call} wants finite numbers, got {array[tuple(place)]} in {name} at {where}")
    return array


def rows_of(X: Any, n_in: int, dtype: Any, call: str) -> Array:
    """``X`` as an array of shape (rows, n_in); a flat one is a column if n_in is 1.

    Raises:
        DataError: it is no table of finite numbers; the message has row and column.
        ShapeError: it has another number of columns.
    """
    array = numbers_of(X, "X", call)
    if array.ndim == 1 and n_in == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] != n_in:
        raise ShapeError(f"{call} wants X of shape (rows, {n_in}), got {array.shape}")
    return in_dtype(array, dtype, "X", call)


def in_dtype(array: Array, dtype: Any, name: str, call: str) -> Array:
    """``array`` in the dtype of a net; DataError if a number does not fit into float32."""
    with np.errstate(over="ignore"):
        out = array.astype(dtype, copy=False)
    if (np.isinf(out) & np.isfinite(array)).any():
        raise DataError(f"{call} got a number in {name} that is too large for {np.dtype(dtype).name}")
    return out


def _targets(y: Any, rows: int, module: Trainable, loss: Any) -> Array:
    array = numbers_of(y, "y", "fit()")
    if len(array.shape) == 0 or len(array) != rows:
        raise ShapeError(f"fit() wants a target for each of {rows} rows of X, got shape {array.shape}")
    if array.dtype.kind == "f" or (loss != "cross_entropy" and not callable(loss)):
        array = in_dtype(array, module.dtype, "y", "fit()")  # whole numbers may be labels, to a callable
    if not callable(loss):  # a loss checks its targets, so ask it about some predictions
        LOSSES[loss](Tensor._of(np.zeros((rows, module.n_out), module.dtype), None), array)
    return array


def _optimizer(optimizer: Any, lr: float | None, module: Trainable) -> Optimizer:
    if isinstance(optimizer, Optimizer):
        if optimizer.target is not module:
            raise OptionError("fit() got an optimizer that was made for other parameters than this net's")
        if lr is not None:
            raise OptionError("fit() got both lr and an optimizer, which has an lr of its own")
        return optimizer
    kind: Any = named("optimizer", optimizer, OPTIMIZERS)
    if kind is LBFGS and lr is not None:
        raise OptionError("lbfgs finds the length of its steps itself and takes no lr")
    opt: Optimizer = kind(module) if lr is None else kind(module, lr=as_number(lr, "lr"))
    return opt


class _Snapshot:
    """Weights, gradients and the optimiser's memory, to go back to."""

    def __init__(self, module: Trainable, opt: Optimizer) -> None:
        self.values, self.grads, self.state = module.values.copy(), module.grads.copy(), opt.state()

    def restore(self, module: Trainable, opt: Optimizer) -> None:
        module.values[...] = self.values
        module.grads[...] = self.grads
        module.push()
        opt.load_state(self.state)


def fit(
    module: Trainable,
    X: Any,
    y: Any,
    *,
    loss: str | Callable[[Tensor, Any], Tensor] = "mse",
    optimizer: str | Optimizer = "adam",
    lr: float | None = None,
    epochs: int = 100,
    batch_size: int = 32,
    seed: int | None = None,
    progress: bool | None = None,
) -> History:
    """Train ``module``; `autograd.nn.Net.fit` has the full description."""
    epochs, batch_size = whole(epochs, "epochs"), whole(batch_size, "batch_size")
    measure = named("loss", loss, LOSSES)
    opt = _optimizer(optimizer, lr, module)
    X = rows_of(X, module.n_in, module.dtype, "fit()")
    if not len(X):
        raise DataError("fit() wants at least one row, got none")
    y = _targets(y, len(X), module, loss)
    if isinstance(opt, LBFGS):
        batch_size = len(X)
    rng = np.random.default_rng(random.getrandbits(64) if seed is None else seed)

    history = History()
    good = start = _Snapshot(module, opt)  # good: the newest start of an epoch with a finite loss

    def evaluate(rows: Array) -> float:
        """The loss on these rows, with its gradient left in the flat vector."""
        nonlocal good
        value = measure(module.forward(Tensor._of(X[rows].T, None)).T, y[rows])
        if not isinstance(value, Tensor) or value.size != 1:
            got = f"shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
            raise ShapeError(f"a loss must give a Tensor that holds one number, got {got}")
        number = value.item()
        if not np.isfinite(number):
            raise TrainingError(TROUBLE.format(what=f"the loss became {number}", epoch=len(history.loss) + 1))
        good = start
        module.grads.fill(0)
        value.backward()
        return number

    with np.errstate(over="ignore", invalid="ignore"):  # what overflows becomes an error below
        for report in track(epochs, "epoch", progress):
            start = _Snapshot(module, opt)
            order = rng.permutation(len(X))
            total = 0.0
            try:
                for first in range(0, len(X), batch_size):
                    rows = order[first : first + batch_size]
                    if isinstance(opt, LBFGS):
                        value = opt.step(functools.partial(evaluate, rows))
                    else:
                        value = evaluate(rows)
                        opt.step()
                    total += value * len(rows)
                if not np.isfinite(module.values).all():
                    what = "a weight became infinite or nan"
                    raise TrainingError(TROUBLE.format(what=what, epoch=len(history.loss) + 1))
            except BaseException as error:
                (good if isinstance(error, TrainingError) else start).restore(module, opt)
                raise
            history.loss.append(total / len(X))
            report.text = f"loss {history.loss[-1]:.4g}"
    return history
