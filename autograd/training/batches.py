"""The batches of an epoch: of rows in a random order, or of an iterable of the user's."""

import numbers
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeAlias

from autograd.errors import DataError, NotANumberError, OptionError, ShapeError
from autograd.optim import Optimizer, optimizer_name
from autograd.training.data import Rows, other_rows, prepared
from autograd.training.objective import BatchLoss, BatchResult, Trainable
from autograd.training.reach import check_targets

__all__ = ["Batches", "ShuffledBatches", "StreamedBatches", "refuse_with_batches", "streamed"]

# For each batch a function that leaves its gradient in the module
Batches: TypeAlias = Iterable[Callable[[], BatchResult]]


class ShuffledBatches:
    """Batches of rows, drawn without repetition in each epoch. A single batch has the rows as they are.

    Args:
        data: the rows.
        size: the number of rows in each batch but the last one.
        rng: NumPy's generator.
        batch_loss: the loss of a batch.
    """

    def __init__(self, data: Rows, size: int, rng: Any, batch_loss: BatchLoss) -> None:
        self.loss_and_gradient = batch_loss.of_batches(data)
        self.rows, self.size, self.rng = len(data), size, rng

    def __iter__(self) -> Iterator[Callable[[], BatchResult]]:
        order = self.rng.permutation(self.rows) if self.size < self.rows else None
        for first in range(0, self.rows, self.size):
            n = min(self.size, self.rows - first)
            batch = None if order is None else order[first : first + n]
            yield partial(self.loss_and_gradient, n, batch)


def batch_source(batches: Any, epochs: int) -> Callable[[], Iterable[Any]]:
    """A function that gives the batches of an epoch, from what `fit` got instead of X and y.

    Raises:
        OptionError: ``batches`` gives its items only once, and there are several epochs; or gives none.
    """
    if callable(batches):
        return batches  # type: ignore[no-any-return]  # of any type
    if not hasattr(batches, "__iter__"):
        if hasattr(batches, "__len__") and hasattr(batches, "__getitem__"):
            return lambda: (batches[i] for i in range(len(batches)))
        raise OptionError(
            "fit() without y wants an iterable of batches (X, y), or a function that makes one, got "
            f"{type(batches).__name__}"
        )
    if iter(batches) is batches and epochs > 1:
        raise OptionError(
            f"fit() got a {type(batches).__name__}, which gives its batches only once, and epochs={epochs}; "
            "give the function that makes it, or call partial_fit() for each batch"
        )
    return lambda: batches


def refuse_with_batches(
    opt: Optimizer, sample_weight: Any, class_weight: Any, validation: Any, checkpoint: Any
) -> None:
    """OptionError for an option of `fit` that needs all rows at once."""
    pair = isinstance(validation, tuple | list) and len(validation) in (2, 3)
    reasons = {
        f"optimizer={optimizer_name(type(opt))!r}, which needs all rows at once": opt.takes_closure,
        f"class_weight={class_weight!r}, which needs all classes at once": isinstance(class_weight, str),
        "sample_weight, which is a third part of each batch": sample_weight is not None,
        "validation, unless it is (X, y) or (X, y, sample_weight)": validation is not None and not pair,
        "checkpoint, which compares the rows with those of the former training": checkpoint is not None,
    }
    for what, given in reasons.items():
        if given:
            raise OptionError(f"fit() of batches, without y, takes no {what}")


class StreamedBatches:
    """Batches that an iterable gives anew for each epoch, each checked as it comes.

    Args:
        source: a function without arguments that returns the batches of an epoch, each (X, y) or (X, y,
            sample_weight).
        module: the module that is trained.
        loss: its loss.
        class_weight: the weight of each class, as for `fit`.
        batch_loss: the loss of a batch.
    """

    def __init__(
        self,
        source: Callable[[], Iterable[Any]],
        module: Trainable,
        loss: Any,
        class_weight: Any,
        batch_loss: BatchLoss,
    ) -> None:
        self.source, self.module, self.loss = source, module, loss
        self.class_weight, self.batch_loss = class_weight, batch_loss
        self.checked = False  # whether the outputs can reach the targets

    def __iter__(self) -> Iterator[Callable[[], BatchResult]]:
        empty = True
        for k, batch in enumerate(self.source()):
            empty = False
            if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
                raise DataError(
                    "fit() without y wants batches (X, y) or (X, y, sample_weight), got "
                    f"{type(batch).__name__} as batch {k + 1}"
                )
            X, y, *weights = batch
            if isinstance(X, numbers.Real):
                raise DataError("fit() without y wants batches (X, y), got rows of numbers; give y too")
            weight = weights[0] if weights else None
            try:
                rows = prepared(self.module, X, y, self.loss, weight, self.class_weight, "fit()")
                if not self.checked:
                    check_targets(self.module, self.loss, rows, "fit()", stacklevel=6)
                    self.checked = True
                rows = rows.with_mean_weight_1()
            except (DataError, NotANumberError, OptionError, ShapeError) as error:
                raise type(error)(f"{error} (batch {k + 1})") from None
            yield partial(self.batch_loss.of_batches(rows), len(rows), None)
        if empty:
            raise DataError("fit() wants at least one batch in each epoch, got none")


def streamed(
    module: Trainable, batches: Any, loss: Any, class_weight: Any, validation: Any, epochs: int
) -> tuple[Callable[[BatchLoss], Batches], Rows | None]:
    """What makes `StreamedBatches` for the loss of a batch, and the validation rows, if there are any."""
    source = batch_source(batches, epochs)
    held_out = None if validation is None else other_rows(module, validation, loss, class_weight)
    return partial(StreamedBatches, source, module, loss, class_weight), held_out
