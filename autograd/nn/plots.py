"""Plots of a net: its predictions over a plane or a line, its confusion matrix and its weights."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import plot
from autograd.engine.numbers import as_number
from autograd.errors import DataError, ShapeError
from autograd.tensor import Array
from autograd.text import count
from autograd.training import finite_numbers, rows_of

__all__ = ["Classes", "confusion_plot", "decision_plot", "rows_to_show", "show_decision", "weights"]


class Classes:
    """The classes of a net: their names, the labels of rows, and how outputs are read as classes.

    With one output, a row is of the second class if its output is above the threshold. By default that is
    the middle of the output's bounds, and 0 without bounds, which suits labels -1 and 1, and logits. With
    several outputs, a row is of the class whose output is largest.

    Args:
        net: the net.
        y: the labels of the rows. For one output: -1 and 1, or 0 and 1. For several outputs: whole numbers
            from 0, or rows of one number per class, the largest at the class.
        names: the names of the classes, in order.
        threshold: the threshold, or None for the default.
        call: the call that error messages name.

    Raises:
        DataError: y has other labels.
        ShapeError: the number of ``names`` is not that of the classes.
    """

    def __init__(
        self, net: Any, y: Array, names: Sequence[str] | None, threshold: float | None, call: str
    ) -> None:
        self.single = net.n_out == 1
        self.count = 2 if self.single else net.n_out
        low, high = net.bounds
        self.bounds = (low, high) if math.isfinite(low) and math.isfinite(high) else None
        default = 0.0 if self.bounds is None else (low + high) / 2
        self.threshold = default if threshold is None else as_number(threshold, f"threshold in {call}")
        valid = list(range(self.count))
        if y.ndim == 2 and y.shape[1] == net.n_out > 1:
            self.labels = y.argmax(axis=1)
        else:
            y = y.ravel()
            if self.single and (y == -1).any():
                valid = [-1, 1]
            unknown = y[~np.isin(y, valid)]
            if unknown.size:
                wanted = (
                    "labels -1 and 1, or 0 and 1," if self.single else f"labels from 0 to {net.n_out - 1}"
                )
                raise DataError(
                    f"{call} wants {wanted} for a net of {count(net.n_out, 'output')}, got {unknown[0]}"
                )
            self.labels = np.searchsorted(valid, y)
        if names is not None and len(names) != self.count:
            raise ShapeError(f"{call} wants names for {self.count} classes, got {len(names)}")
        self.names = [str(name) for name in (valid if names is None else names)]

    def margins(self, outputs: Array) -> Array:
        """How far each class leads the best of the others: from -1 to 1 at the default threshold."""
        if self.single:
            lead = outputs[:, 0] - self.threshold
            lead = np.stack([-lead, lead], axis=1)
        else:
            best = np.partition(outputs, -2, axis=1)[:, -2:]
            lead = outputs - np.where(outputs == best[:, 1:], best[:, :1], best[:, 1:])
        if self.bounds is None:
            return np.tanh(lead / 2)  # for two logits this is the difference of their probabilities
        low, high = self.bounds
        margins: Array = lead / (high - low if not self.single else (high - low) / 2)
        return margins

    def of(self, outputs: Array) -> Array:
        """The class of each row of outputs, as an index into the names."""
        best: Array = self.margins(outputs).argmax(axis=1)
        return best


def rows_to_show(net: Any, X: Any, y: Any, call: str) -> tuple[Array, Array]:
    """X as an array of rows, and y as an array with an entry for each row.

    Raises:
        DataError: X or y is not all finite numbers, or there are no rows.
        ShapeError: X or y does not fit the net, or they do not fit each other.
    """
    rows, targets = rows_of(X, net.n_in, net.dtype, call), finite_numbers(y, "y", call)
    if not len(rows):
        raise DataError(f"{call} wants at least one row, got none")
    if (
        targets.ndim == 0
        or len(targets) != len(rows)
        or targets.size not in (len(rows), len(rows) * net.n_out)
    ):
        raise ShapeError(
            f"{call} wants y of shape ({len(rows)},) or ({len(rows)}, {net.n_out}), got {targets.shape}"
        )
    return rows, targets


def show_decision(
    net: Any,
    X: Any,
    y: Any,
    names: Sequence[str] | None,
    threshold: float | None,
    call: str,
    grid: int = 200,
) -> Callable[[Any, Callable[[Array], Array]], None]:
    """A function ``show(axes, predict)`` that draws the classes of a net of two inputs, or the curves of one.

    ``predict`` maps inputs (n, n_in) to outputs; each frame of a film has its own. ``grid`` is the number of
    points in each direction of the plane.
    """
    rows, targets = rows_to_show(net, X, y, call)
    if net.n_in == 1:
        if targets.size != len(rows) * net.n_out:
            raise ShapeError(f"{call} wants y of shape ({len(rows)}, {net.n_out}), got {targets.shape}")
        columns = targets.reshape(len(rows), net.n_out)
        return lambda axes, predict: plot.show_curve(axes, predict, rows[:, 0], columns)
    if net.n_in != 2:
        raise ShapeError(f"{call} wants a net of 1 or 2 inputs, which fit into a picture, got {net.n_in}")
    classes = Classes(net, targets, names, threshold, call)

    def show(axes: Any, predict: Callable[[Array], Array]) -> None:
        plot.show_regions(
            axes, lambda at: classes.margins(predict(at)), rows, classes.labels, classes.names, grid
        )

    return show


def saved(picture: Any, path: Any) -> Any:
    """Save the plot if there is a path, and return it."""
    if path is not None:
        plot.save(picture, path)
    return picture


def decision_plot(
    net: Any, X: Any, y: Any, classes: Sequence[str] | None, threshold: float | None, path: Any
) -> Any:
    """See `autograd.nn.Net.plot_decision`."""
    show = show_decision(net, X, y, classes, threshold, "plot_decision()")
    picture, (axes,) = plot.figure(1, (6.0, 4.4), path)
    show(axes, net.predict)
    return saved(picture, path)


def confusion_plot(
    net: Any, X: Any, y: Any, classes: Sequence[str] | None, threshold: float | None, path: Any
) -> Any:
    """See `autograd.nn.Net.plot_confusion`."""
    rows, targets = rows_to_show(net, X, y, "plot_confusion()")
    reader = Classes(net, targets, classes, threshold, "plot_confusion()")
    side = max(4.8, 2.4 + 0.42 * reader.count)
    size = (8.6, 6.4) if reader.count > plot.MANY_CLASSES else (side, side)
    picture, (axes,) = plot.figure(1, size, path)
    predicted = reader.of(net.predict(rows))
    accuracy = (predicted == reader.labels).mean()
    title = f"{accuracy:.1%} of {len(rows):,} rows right"
    plot.show_confusion(axes, reader.labels, predicted, reader.names, title)
    return saved(picture, path)


def is_shape(shape: Any, size: int) -> bool:
    """Whether ``shape`` is a pair (rows, columns) whose product is ``size``."""
    try:
        rows, columns = map(operator.index, shape)
    except (TypeError, ValueError):
        return False
    return rows > 0 and rows * columns == size


def weights(net: Any, shape: tuple[int, int] | None, path: Any) -> Any:
    """See `autograd.nn.Net.plot_weights`."""
    if shape is not None and not is_shape(shape, net.n_in):
        raise ShapeError(f"plot_weights() wants a shape (rows, columns) of {net.n_in} inputs, got {shape!r}")
    picture, panels = plot.figure(len(net.layers), path=path)
    for k, (axes, layer) in enumerate(zip(panels, net.layers, strict=True)):
        weight = layer.weight
        limit = float(np.abs(weight).max()) or 1.0
        if k == 0 and shape is not None:
            plot.show_images(axes, weight.reshape(-1, *shape), limit)
        else:
            plot.show_weights(axes, weight, limit)
        axes.set_title(f"layers[{k}].weight, {layer.n_in}-{layer.n_out}")
    return saved(picture, path)
