"""The rows for training and validation: checked, in the dtype of the net, and with their weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from autograd.engine import number
from autograd.errors import DataError, OptionError, ShapeError
from autograd.losses import Loss
from autograd.tensor import Array, tensor_of
from autograd.training.inputs import (
    BlockedInputs,
    LazyInputs,
    SelectedRows,
    finite_numbers,
    in_blocks,
    in_dtype,
    rows_of,
)

__all__ = ["Rows", "other_rows", "prepared", "split"]


class Shaped(Protocol):
    """What the checks of data need of a module."""

    n_out: int
    dtype: np.dtype[Any]

    @property
    def n_in(self) -> int | None:
        """The number of inputs; None for as many as X has."""

    def infer_shapes(self, X: Array) -> None:
        """Note the numbers of inputs and outputs, if the inputs X of some rows are what tells them."""


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
    if in_blocks(X):
        X = BlockedInputs(X, module.n_in, module.dtype, call, f"{of}X")
        X.check()
    elif not isinstance(X, LazyInputs):
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
    if isinstance(data.X, BlockedInputs):
        raise OptionError(
            f"validation={validation!r} would read single rows of X, which is read in blocks; give rows as "
            "validation=(X, y), such as the last ones, or np.asarray(X) if the memory has room for it"
        )
    count = max(1, round(share * len(data)))
    if count >= len(data):
        raise OptionError(f"validation={validation!r} leaves none of the {len(data)} rows to learn from")
    held_out, kept = np.split(rng.permutation(len(data)), [count])
    return data.select(kept), data.select(held_out)
