"""What each input contributes to one output of a net for one sample."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import plot
from autograd.errors import DataError, OptionError, ShapeError
from autograd.tensor import Array, Leaf, backpropagate, on_the_tape, reals, tensor_of
from autograd.text import count
from autograd.training import rows_of

__all__ = ["Attribution", "attribution"]

POINTS = 8  # of the Gauss-Legendre rule on each piece of the way
HALVINGS = {"float64": 40, "float32": 12}  # of a piece, by dtype: at a kink the slope jumps
GAPS = {"float64": 1e-9, "float32": 1e-5}  # by which the parts of a piece may miss the change of the output
MOST_PIECES = 2048  # that are halved; a function with more jumps keeps a gap
LEAST = 1e-2  # length of a piece, of the whole way, below which that is allowed as for this length
DIGITS = 4  # significant digits of numbers in texts
SHOWN_GAP = 1e-3  # of the largest part, from which on texts tell of it
SHOWN = 20  # inputs that texts and plots show at most


@dataclass(frozen=True)
class Attribution:
    """What each input contributes to one output; ``print`` shows it, and `plot` draws it.

    Attributes:
        names: the name of each input.
        sample, baseline: (n_in,) the inputs, and those that they are compared with.
        index: the index of the output.
        output, baseline_output: the output for each of both.
        slopes: (n_in,) the slope of the output for each input, at the sample.
        gradient_times_input: (n_in,) slope times the difference to the baseline: the change of the output, if
            the net were linear.
        integrated: (n_in,) the integrated gradients: the same, with the mean slope on the straight way from
            the baseline to the sample (Sundararajan, Taly & Yan 2017, *Axiomatic attribution for deep
            networks*). They add up to the change of the output.
        gap: how far they miss it, since the integral is computed numerically.

    >>> from autograd.nn import Net
    >>> net = Net(2, [1], "linear", init=lambda n_out, n_in: [[3.0, -4.0]])
    >>> print(net.explain([2.0, 1.0], names=["area", "age"]))
    output 2, and 0 for the baseline, all inputs 0
    input  value  slope  slope × change  integrated
    area       2      3               6           6
    age        1     -4              -4          -4
    sum                               2           2
    >>> told = net.explain([2.0, 1.0])
    >>> told.gradient_times_input.tolist(), told.gap, told.order().tolist()
    ([6.0, -4.0], 0.0, [0, 1])
    """

    names: tuple[str, ...]
    sample: Array
    baseline: Array
    index: int
    output: float
    baseline_output: float
    slopes: Array
    integrated: Array

    @property
    def gradient_times_input(self) -> Array:
        """(n_in,) slope times the difference to the baseline."""
        parts: Array = self.slopes * (self.sample - self.baseline)
        return parts

    @property
    def gap(self) -> float:
        """How far the integrated gradients miss the change of the output."""
        return float(self.integrated.sum()) - (self.output - self.baseline_output)

    def order(self) -> Array:
        """The indices of the inputs, those with the largest parts first."""
        return np.argsort(-np.abs(self.integrated), kind="stable")

    def __str__(self) -> str:
        zeros = "all inputs 0" if not self.baseline.any() else "which was given"
        head = f"output {number(self.output)}, and {number(self.baseline_output)} for the baseline, {zeros}"
        if self.index:
            head = f"output[{self.index}] is {head.removeprefix('output ')}"
        rows: list[tuple[str, ...]] = [("input", "value", "slope", "slope × change", "integrated")]
        columns = self.sample, self.slopes, self.gradient_times_input, self.integrated
        order = self.order()
        rows += [(self.names[i], *(number(column[i]) for column in columns)) for i in order[:SHOWN]]
        if len(order) > SHOWN:
            rest = (number(column[order[SHOWN:]].sum()) for column in columns[2:])
            rows.append((count(len(order) - SHOWN, "other"), "", "", *rest))
        rows.append(("sum", "", "", *(number(column.sum()) for column in columns[2:])))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
            )
            for row in rows
        ]
        scale = max(float(np.abs(self.integrated).max()), abs(self.output), abs(self.baseline_output))
        if abs(self.gap) > SHOWN_GAP * scale:
            lines.append(f"the integrated gradients miss the change of the output by {number(self.gap)}")
        return "\n".join([head, *lines])

    __repr__ = __str__

    def plot(self, path: Any = None) -> Any:
        """Draw both parts of each input as bars, those of the largest inputs at most.

        Args:
            path: the file to save the plot to; without a path the plot is only returned.

        Returns:
            The matplotlib figure.

        Raises:
            MissingExtraError: matplotlib is not installed.
            UnknownNameError: the path ends in none of .png, .svg, .pdf and .jpg.
            OSError: the file cannot be written.

        >>> from autograd.nn import Net
        >>> picture = Net(3, [1], "linear").explain([1.0, 2.0, 3.0]).plot()
        >>> [text.get_text() for text in picture.axes[0].get_legend().get_texts()]
        ['integrated gradients', 'slope × change']
        """
        order = self.order()[:SHOWN][::-1]
        picture, (axes,) = plot.figure(1, (6.4, 1.4 + 0.3 * len(order)), path)
        places = np.arange(len(order))
        axes.barh(
            places + 0.2, self.integrated[order], 0.4, color=plot.COLOURS[0], label="integrated gradients"
        )
        axes.barh(
            places - 0.2,
            self.gradient_times_input[order],
            0.4,
            color=plot.COLOURS[1],
            label="slope × change",
            hatch="//",
            edgecolor="white",
        )
        axes.set_yticks(places, [f"{self.names[i]} = {number(self.sample[i])}" for i in order])
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_xlabel(f"part of the change of the output, {number(self.output - self.baseline_output)}")
        axes.legend(loc="best")
        if path is not None:
            plot.save(picture, os.fspath(path))
        return picture


def attribution(
    net: Any, x: Any, output: int | None, baseline: Any, names: Sequence[str] | None
) -> Attribution:
    """See `autograd.nn.Net.explain`."""
    call = "explain()"
    sample = one_row(net, x, call)
    start = np.zeros_like(sample) if baseline is None else one_row(net, baseline, call)
    if names is not None and len(names) != net.n_in:
        raise ShapeError(f"{call} wants names for {count(net.n_in, 'input')}, got {len(names)}")
    with np.errstate(all="ignore"):
        numbers, _ = outputs_and_slopes(net, np.stack([sample, start]), 0)
    if not np.isfinite(numbers).all():
        raise DataError(f"{call} wants finite outputs, and this net's are not for the sample or the baseline")
    if output is None:
        output = int(numbers[0].argmax())
    wrong = isinstance(output, bool) or not isinstance(output, int | np.integer)
    if wrong or not 0 <= output < numbers.shape[1]:
        raise OptionError(f"{call} wants an output from 0 to {numbers.shape[1] - 1}, got {output!r}")
    _, slopes = outputs_and_slopes(net, sample[None], output)
    integrated = integral(net, start, sample, output)
    return Attribution(
        tuple(map(str, names)) if names is not None else tuple(f"x[{i}]" for i in range(net.n_in)),
        sample.astype(float),
        start.astype(float),
        int(output),
        float(numbers[0, output]),
        float(numbers[1, output]),
        slopes[0],
        integrated,
    )


def integral(net: Any, start: Array, sample: Array, output: int) -> Array:
    """The integrated gradients, (n_in,).

    On each piece of the way the sum of the parts has to be the change of the output, which is known. Where it
    is not, as at the kink of a relu, the piece is halved.
    """
    at, weights = np.polynomial.legendre.leggauss(POINTS)
    at, weights = 0.5 * (at + 1), 0.5 * weights
    way = (sample - start).astype(float)
    total = np.zeros(net.n_in)
    pieces = np.array([[0.0, 1.0]])
    scale = 0.0
    for left in reversed(range(HALVINGS[net.dtype.name] + 1)):
        lengths = pieces[:, 1] - pieces[:, 0]
        points = np.concatenate([pieces[:, :1] + lengths[:, None] * at, pieces], axis=1)
        X = (start + points.reshape(-1, 1) * way).astype(net.dtype)
        outputs, slopes = outputs_and_slopes(net, X, output)
        ends = outputs[:, output].reshape(points.shape)[:, -2:]
        mean = np.einsum("p,kpi->ki", weights, slopes.reshape(*points.shape, -1)[:, :POINTS])
        parts = mean * way * lengths[:, None]
        scale = scale or max(float(np.abs(parts).max()), float(np.abs(ends).max()))
        gaps = np.abs(parts.sum(axis=1) - (ends[:, 1] - ends[:, 0]))
        done = (gaps <= GAPS[net.dtype.name] * scale * np.maximum(lengths, LEAST)) | (left == 0)
        total += parts[done].sum(axis=0)
        if done.all():
            break
        if np.count_nonzero(~done) > MOST_PIECES:
            total += parts[~done].sum(axis=0)
            break
        halves = pieces[~done]
        middle = halves.mean(axis=1)
        pieces = np.concatenate([np.stack([halves[:, 0], middle], 1), np.stack([middle, halves[:, 1]], 1)])
    return total


def one_row(net: Any, x: Any, call: str) -> Array:
    """One sample as an array (n_in,)."""
    given = reals(x, f"{call} wants numbers")
    rows: Array = rows_of(np.atleast_2d(given), net.n_in, net.dtype, call)
    if len(rows) != 1:
        raise ShapeError(f"{call} wants one sample of {count(net.n_in, 'number')}, got shape {np.shape(x)}")
    row: Array = rows[0]
    return row


def outputs_and_slopes(net: Any, X: Array, output: int) -> tuple[Array, Array]:
    """The outputs for each row, and the slopes of one output with respect to the inputs, both in float64."""
    leaf = Leaf(X.shape, X.dtype)
    with on_the_tape():
        outputs = net(tensor_of(X, leaf)).reshape(len(X), -1)
    seed = np.zeros(outputs.shape, outputs.dtype)
    seed[:, output] = 1
    found = backpropagate(outputs._node, seed, [leaf])
    slopes = np.asarray(found.get(leaf, np.zeros(X.shape)), np.float64)
    return np.asarray(outputs.data, np.float64), slopes


def number(x: Any) -> str:
    """A number as text."""
    return f"{float(x):.{DIGITS}g}"
