"""The rows for training and validation: checked, in the dtype of the net, and with their weights."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from autograd.engine import number
from autograd.errors import DataError, NotANumberError, OptionError, ShapeError
from autograd.losses import Loss
from autograd.tensor import Array, Tensor, reals, tensor_of

__all__ = [
    "LazyInputs",
    "Rows",
    "finite_numbers",
    "in_dtype",
    "other_rows",
    "prepared",
    "rows_of",
    "split",
    "take_of",
]


CHECKED = 1 << 16  # numbers that are checked at a time, which bounds the memory


class Shaped(Protocol):
    """What the checks of data need of a module."""

    n_out: int
    dtype: np.dtype[Any]

    @property
    def n_in(self) -> int | None:
        """The number of inputs; None for as many as X has."""

    def infer_shapes(self, X: Array) -> None:
        """Note the numbers of inputs and outputs, if the inputs X of some rows are what tells them."""


def finite_numbers(x: Any, name: str, call: str, first: int = 0) -> Array:
    """``x`` as an array of finite real numbers.

    Args:
        x: an array, a Tensor, or nested lists of numbers.
        name: what messages call ``x``.
        call: the call that messages begin with, such as "fit()".
        first: the number of the first row, for messages, if ``x`` is a part of a longer table.

    Raises:
        DataError: something in ``x`` is no number, or not finite; the message names row and column.
    """
    try:
        array = reals(x.data if isinstance(x, Tensor) else x, f"{call} wants {name} to be numbers")
    except NotANumberError as error:
        classes = name.endswith("y") and str(error).endswith("(str)")
        hint = "; number classes by np.unique(y, return_inverse=True)[1]" if classes else ""
        raise DataError(f"{error}{hint}") from None
    rows = array.reshape(len(array), math.prod(array.shape[1:])) if array.ndim else array.reshape(1, 1)
    step = max(1, CHECKED // max(1, rows.shape[1]))
    for start in range(0, len(rows), step):
        good = np.isfinite(rows[start : start + step])
        if not good.all():
            row = start + int(np.argmin(good.all(axis=1)))
            place = np.argwhere(~np.isfinite(array[row] if array.ndim else array))[0]
            value = (array[row] if array.ndim else array)[tuple(place)]
            axes = zip(("row", "column"), (*([row + first] if array.ndim else []), *place), strict=False)
            where = ", ".join(f"{axis} {i}" for axis, i in axes)
            raise DataError(f"{call} wants finite numbers, got {value} in {name} at {where}")
    return array


def rows_of(X: Any, n_in: int | None, dtype: Any, call: str, first: int = 0, name: str = "X") -> Array:
    """``X`` as an array of shape (rows, n_in); shape (rows,) becomes a column if n_in is 1.

    If n_in is None, ``X`` may have any number of columns.

    ``call``, ``first`` and ``name`` are as in `finite_numbers`.

    Raises:
        DataError: ``X`` is no table of finite numbers; the message names row and column.
        ShapeError: ``X`` has another number of columns.
    """
    array = finite_numbers(X, name, call, first)
    if array.ndim == 1 and n_in in (1, None):
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] != (array.shape[1] if n_in is None else n_in):
        columns = "inputs" if n_in is None else n_in
        hint = "; for one row, [x]" if array.shape == (n_in,) else ""
        raise ShapeError(f"{call} wants {name} of shape (rows, {columns}), got {array.shape}{hint}")
    return in_dtype(array, dtype, name, call)


def in_dtype(array: Array, dtype: Any, name: str, call: str) -> Array:
    """``array`` in the dtype of a net; DataError if a number is too large for it."""
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        out = array.astype(dtype, copy=False)
    if (np.isinf(out) & np.isfinite(array)).any():
        raise DataError(f"{call} got a number in {name} that is too large for {np.dtype(dtype).name}")
    return out


class LazyInputs:
    """Inputs that are computed for each batch, where all rows at once would take too much memory.

    They can be the X of `fit`, for a net in float64 and without a checkpoint.

    Attributes:
        shape: (rows, inputs).
    """

    shape: tuple[int, int]
    dtype = np.dtype("float64")

    def make(self, rows: Array | slice) -> Array:
        """The inputs of some rows: finite float64 numbers, in a new array."""
        raise NotImplementedError

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Array | slice) -> Array:
        return self.make(rows)

    def take(self, rows: Array, axis: int, out: Array, mode: str) -> None:
        """Write rows into ``out``, with the signature of ``numpy.ndarray.take``."""
        out[...] = self.make(rows)


def take_of(array: Any) -> Callable[[Array, int, Array, str], Any]:
    """The ``take`` of an array, which would copy an array that is not contiguous as a whole each time."""
    if isinstance(array, np.ndarray) and not array.flags.c_contiguous:
        return lambda rows, axis, out, mode: np.copyto(out, array[rows])
    return array.take  # type: ignore[no-any-return]  # of an array or LazyInputs


class SelectedRows(LazyInputs):
    """Some rows of inputs, which are not copied."""

    def __init__(self, X: Array | LazyInputs, rows: Array) -> None:
        self.X, self.rows, self._take = X, rows, take_of(X)
        self.shape, self.dtype = (len(rows), X.shape[1]), X.dtype

    def make(self, rows: Array | slice) -> Array:
        return self.X[self.rows[rows]]

    def take(self, rows: Array, axis: int, out: Array, mode: str) -> None:
        self._take(self.rows[rows], axis, out, mode)


def _targets(y: Any, rows: int, module: Shaped, loss: Any, name: str, call: str) -> Array:
    array = finite_numbers(y, name, call)
    if len(array.shape) == 0 or len(array) != rows:
        raise ShapeError(f"{call} wants a target in {name} for each of {rows} rows, got shape {array.shape}")
    own_loss = not isinstance(loss, Loss)
    if array.dtype.kind == "f" or not (own_loss or loss.takes_classes):
        array = in_dtype(array, module.dtype, name, call)
    if not own_loss:
        try:
            array = loss.targets((rows, module.n_out), array, module.dtype).data
        except ShapeError as error:
            hint = ""
            if array.ndim == 1 < module.n_out:
                hint = f"; {name} has one number for each row, and the net {module.n_out} outputs"
                if not (array % 1).any():
                    hint += ': for classes give loss="cross_entropy"'
            raise ShapeError(f"{error}{hint}") from None
    elif module.n_out == 1 and array.ndim == 1:  # else prediction - target has shape (rows, rows)
        raise ShapeError(
            f"{call} with a loss of your own wants {name} in the shape of the predictions, {(rows, 1)}, got "
            f"{array.shape}: give np.reshape(y, (-1, 1))"
        )
    return array


def _weights(
    loss: Any, y: Array, module: Shaped, sample_weight: Any, class_weight: Any, call: str
) -> tuple[Array | None, float]:
    """The weight of each target, at most 1, or None if none were given; and what they were divided by."""
    if sample_weight is None and class_weight is None:
        return None, 1.0
    if not isinstance(loss, Loss):
        raise OptionError(f"{call} with a loss of your own takes no sample_weight or class_weight")
    if sample_weight is not None:
        sample_weight = finite_numbers(sample_weight, "sample_weight", call)
    total = loss.weights(tensor_of(y), module.n_out, sample_weight, class_weight)
    assert total is not None
    largest = float(total.data.max())
    return np.broadcast_to(total.data / largest, y.shape), largest


@dataclass
class Rows:
    """Rows for training or validation.

    Attributes:
        X: inputs.
        y: targets.
        weight: the weight of each target, or None if all count the same.
        scale: what the weights that the user gave were divided by.
    """

    X: Array | LazyInputs
    y: Array
    weight: Array | None
    scale: float = 1.0

    def __len__(self) -> int:
        return len(self.X)

    def arrays(self) -> list[Any]:
        """``X``, ``y`` and, if there are weights, ``weight``."""
        return [self.X, self.y] if self.weight is None else [self.X, self.y, self.weight]

    def select(self, rows: Array) -> "Rows":
        """The rows with these numbers; their inputs are not copied."""
        X = SelectedRows(self.X, rows)
        return Rows(X, self.y[rows], None if self.weight is None else self.weight[rows], self.scale)

    def with_mean_weight_1(self, mean_of: Callable[[float, float, int], float] | None = None) -> "Rows":
        """The same rows, with weights scaled to a mean of 1; DataError if all weights are 0.

        Args:
            mean_of: if these are a part of all rows, a function that gives the mean weight of all, from the
                mean, the scale and the number of these.
        """
        if self.weight is None:
            return self
        mean = float(self.weight.mean())
        if mean_of is not None:
            mean = mean_of(mean, self.scale, self.weight.size)
        if not mean:
            raise DataError("the weights of all the rows to learn from, or to validate with, are 0")
        weight = np.ascontiguousarray(self.weight / mean, self.X.dtype)
        return Rows(self.X, self.y, weight, self.scale * mean)


def prepared(
    module: Shaped,
    X: Any,
    y: Any,
    loss: Any,
    sample_weight: Any,
    class_weight: Any,
    call: str,
    of: str = "",
) -> Rows:
    """The rows that ``module`` is trained on, from arguments of `autograd.nn.Net.fit`.

    Errors name ``call``, such as "fit()", and what the rows are part ``of``, such as "validation ".

    Raises:
        DataError, ShapeError, OptionError: the arguments are not as `autograd.nn.Net.fit` wants them.
    """
    if not isinstance(X, LazyInputs):
        X = rows_of(X, module.n_in, module.dtype, call, name=f"{of}X")
    elif X.shape[1] != module.n_in:
        raise ShapeError(f"{call} wants {of}X of shape (rows, {module.n_in}), got {X.shape}")
    if not len(X):
        raise DataError(f"{call} wants at least one row of {of}X, got none")
    module.infer_shapes(X)
    y = _targets(y, len(X), module, loss, f"{of}y", call)
    return Rows(X, y, *_weights(loss, y, module, sample_weight, class_weight, call))


def other_rows(module: Shaped, validation: Any, loss: Any, class_weight: Any) -> Rows:
    """The validation rows of (X, y) or (X, y, sample_weight)."""
    X, y, *weights = validation
    weight = weights[0] if weights else None
    return prepared(module, X, y, loss, weight, class_weight, "fit()", "validation ")


def split(
    module: Shaped, data: Rows, validation: Any, loss: Any, class_weight: Any, rng: Any
) -> tuple[Rows, Rows | None]:
    """The training rows, and the validation rows: a share that ``rng`` draws, other rows, or None."""
    if validation is None:
        return data, None
    if isinstance(validation, tuple | list) and len(validation) in (2, 3):
        if class_weight is not None:  # the balance of the training rows serves both
            class_weight = loss.class_table(class_weight, tensor_of(data.y), module.n_out)
        return data, other_rows(module, validation, loss, class_weight)
    share = number(validation)
    if share is None or not 0 < share < 1:
        raise OptionError(
            "validation must be a share of the rows between 0 and 1, (X, y) or (X, y, sample_weight), got "
            + (f"{len(validation)} parts" if isinstance(validation, tuple | list) else repr(validation))
        )
    count = max(1, round(share * len(data)))
    if count >= len(data):
        raise OptionError(f"validation={validation!r} leaves none of the {len(data)} rows to learn from")
    held_out, kept = np.split(rng.permutation(len(data)), [count])
    return data.select(kept), data.select(held_out)
