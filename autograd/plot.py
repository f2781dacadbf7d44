"""Parts of pictures, drawn with matplotlib, which the extra ``plot`` installs and the first use imports.

The colours are those of Okabe and Ito (2008), which colour-blind people can tell apart. Colour is never the
only sign: each class has a marker of its own, and each line a style.
"""

import math
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.errors import MissingExtraError, UnknownNameError
from autograd.files import atomic_write, check_place
from autograd.tensor import Array

__all__ = [
    "COLOURS",
    "MANY_CLASSES",
    "figure",
    "save",
    "show_confusion",
    "show_curve",
    "show_fit",
    "show_images",
    "show_loss",
    "show_regions",
    "show_weights",
]

# Okabe & Ito, "Color Universal Design", 2008, without black
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
MARKERS = "os^DvPX<>*"
LINE_STYLES = ("-", "--", "-.", ":")
DIVERGING = "PuOr"  # orange below 0, purple above; from ColorBrewer, safe for the colour-blind
SHADES = 6  # shades of a region's colour; few, so that regions look calm and files stay small
MANY_CLASSES = 20  # with more classes, a confusion matrix has no room for names and counts
LONGEST_NAME = 24  # characters of a class's name
COLUMN = 16  # entries in a column of a legend
FORMATS = (".png", ".svg", ".pdf", ".jpg")


def figure(panels: int, size: tuple[float, float] = (5.2, 4.4), path: Any = None) -> tuple[Any, list[Any]]:
    """A matplotlib figure, which belongs to no window, and a list of its axes, at most three in a row.

    Args:
        panels: the number of axes.
        size: the width and height of each, in inches.
        path: the file that `save` will write later, or None. Errors that `save` would raise for this name are
            raised here, before the work of drawing.

    Raises:
        MissingExtraError: matplotlib is not installed; the message says how to install it.
        UnknownNameError: the path ends in none of .png, .svg, .pdf and .jpg.
        OSError: no file can be written at that path.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError.of("a picture", "plot") from None
    columns = max(1, min(panels, 3))
    rows = max(1, math.ceil(panels / columns))
    picture = Figure(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
    if path is not None:
        format_of(path)
        check_place(path)
    return picture, [picture.add_subplot(rows, columns, i + 1) for i in range(panels)]


def format_of(path: Any) -> str:
    """The format that the ending of a file name says; UnknownNameError if it is none of `FORMATS`."""
    kind: str = os.path.splitext(os.fspath(path))[1].lower()
    if kind not in FORMATS:
        raise UnknownNameError.among("kind of picture", kind, FORMATS)
    return kind[1:]


def save(picture: Any, path: Any) -> None:
    """Write the figure into a file, in the format that the ending of its name says, such as .png or .svg."""
    with atomic_write(path) as file:
        picture.savefig(file, dpi=150, format=format_of(path))


def shortened(name: str, longest: int = LONGEST_NAME) -> str:
    """A name of at most ``longest`` characters; the middle of a longer name is left out."""
    half = longest // 2
    return name if len(name) <= longest else f"{name[:half].rstrip()} … {name[3 - half :].lstrip()}"


def colour(k: int) -> tuple[float, ...]:
    """The colour of the k-th class or line; after every seven the colours repeat, darker."""
    from matplotlib.colors import to_rgb

    return tuple(part * 0.6 ** (k // len(COLOURS)) for part in to_rgb(COLOURS[k % len(COLOURS)]))


def tints(hue: str) -> Any:
    """A colour map from a pale tint of the colour ``hue`` to ``hue`` itself."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    full = to_rgb(hue)
    return LinearSegmentedColormap.from_list(hue, [tuple(1 - 0.25 * (1 - part) for part in full), full])


def ink_on(colour: Sequence[float]) -> str:
    """Black or white, whichever contrasts more with a background colour: at least 4.5 to 1, by WCAG 2."""
    rgb = np.asarray(colour)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    # At a luminance of sqrt(1.05 * 0.05) - 0.05 black and white have the same contrast
    return "black" if linear @ (0.2126, 0.7152, 0.0722) > 0.179 else "white"


def legend(axes: Any, count: int) -> None:
    """Add a legend for ``count`` entries beside the axes, where it covers nothing."""
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(1.02, 1.0),
        borderaxespad=0,
        handlelength=1.5,
        ncols=math.ceil(count / COLUMN),
    )


def whole_ticks(axis: Any) -> None:
    """Put ticks at whole numbers only, for an axis of counts."""
    axis.get_major_locator().set_params(integer=True, min_n_ticks=1)


def show_loss(
    axes: Any, loss: Sequence[float], val_loss: Sequence[float] = (), best: int | None = None
) -> None:
    """Draw the mean loss of each epoch, on a logarithmic scale if it varies tenfold or more.

    In ``val_loss`` the ``best`` epoch, counted from 0, is marked.
    """
    marker = "o" if len(loss) == 1 else ""  # a line through one point would be invisible
    axes.plot(range(1, len(loss) + 1), loss, color=COLOURS[0], marker=marker, label="training rows")
    axes.set(xlabel="epoch", ylabel="mean loss over the training rows", title="Training")
    if val_loss:
        style = {"color": COLOURS[1], "linestyle": "--", "marker": marker}
        axes.plot(range(1, len(val_loss) + 1), val_loss, **style, label="validation rows")
        axes.set_ylabel("mean loss")
        if best is not None:
            axes.plot(best + 1, val_loss[best], "D", color=COLOURS[1], label=f"the best, of epoch {best + 1}")
        axes.legend()
    whole_ticks(axes.xaxis)
    if 0 < 10 * min([*loss, *val_loss], default=0) <= max([*loss, *val_loss]):
        axes.set_yscale("log")
    axes.grid(alpha=0.3)


def show_confusion(
    axes: Any, truth: Array, predicted: Array, classes: Sequence[str], title: str = "Held-out rows"
) -> None:
    """Draw the confusion matrix: a row for each true class and a column for each predicted class.

    Counts of right predictions are blue, those of wrong ones orange. Cells of zero stay blank.

    Args:
        truth: for each row of data the true class, an index into ``classes``.
        predicted: for each row of data the predicted class, an index into ``classes``.
        classes: the names of the classes.
        title: the title of the axes.
    """
    n = len(classes)
    counts = np.bincount(truth * n + predicted, minlength=n * n).reshape(n, n)
    right = np.eye(n, dtype=bool)
    axes.set(xlabel="predicted", ylabel="true", title=title)
    cell = axes.get_window_extent().height / axes.figure.dpi * 72 / n  # in points, as font sizes are
    size = min(10.0, 1.5 * cell / len(str(counts.max())))  # a digit is about 0.6 font sizes wide
    # Each of the two has its own colour scale: beside hundreds of right rows a wrong one would be invisible
    for cells, what, hue in ((right, "right", COLOURS[0]), (~right, "wrong", COLOURS[1])):
        shown = np.where(cells & (counts > 0), counts, math.nan)
        image = axes.imshow(shown, cmap=tints(hue), vmin=0, vmax=counts[cells].max(initial=1))
        if n > MANY_CLASSES:
            whole_ticks(axes.figure.colorbar(image, ax=axes, label=f"rows that are {what}").ax.yaxis)
            continue
        for i, j in np.argwhere(cells & (counts > 0)):
            ink = ink_on(image.to_rgba(counts[i, j])[:3])
            axes.text(j, i, counts[i, j], ha="center", va="center", color=ink, fontsize=size)
    if n <= MANY_CLASSES:
        names = list(map(shortened, classes))
        long = max(map(len, names)) > 3
        axes.set_xticks(range(n), names, rotation=45 if long else 0, ha="right" if long else "center")
        axes.set_yticks(range(n), names)


def show_fit(axes: Any, truth: Array, predicted: Array, name: str, title: str = "Held-out rows") -> None:
    """Draw predicted against true numbers, with the line on which both are equal.

    Numbers beyond 1e100, or all below 1e-100, which matplotlib may fail to draw, are drawn in a larger unit.
    """
    finite = np.isfinite(predicted)
    truth, predicted = truth[finite], predicted[finite]
    if not len(truth):
        return
    peak = max(np.abs(truth).max(), np.abs(predicted).max())
    if not 1e-100 < peak < 1e100 and peak:
        unit = float(f"1e{math.floor(math.log10(peak))}")
        truth, predicted, name = truth / unit, predicted / unit, f"{name}, in {unit:g}"
    ends = [min(truth.min(), predicted.min()), max(truth.max(), predicted.max())]
    axes.plot(ends, ends, color="0.6", linewidth=1, label="exact")
    axes.plot(truth, predicted, "o", color=COLOURS[0], markersize=4, alpha=0.6, label="rows")
    axes.set(xlabel=f"true {name}", ylabel=f"predicted {name}", title=title)
    axes.legend()
    axes.grid(alpha=0.3)


def span(x: Array, margin: float = 0.1) -> tuple[float, float]:
    """The limits of an axis that shows all of ``x``: its range, wider by ``margin`` of it on both sides."""
    low, high = float(x.min()), float(x.max())
    room = margin * (high - low) or max(1.0, 0.1 * abs(high))  # the latter if all numbers are equal
    return low - room, high + room


def show_curve(axes: Any, predict: Callable[[Array], Array], x: Array, y: Array) -> None:
    """Draw the outputs of a net of one input as curves, and the rows of data (x, y) as points."""
    line = np.linspace(*span(x, 0.05), 400)
    curves = predict(line[:, None])
    for k in range(y.shape[1]):
        name = f" {k}" if y.shape[1] > 1 else ""
        axes.plot(
            x,
            y[:, k],
            MARKERS[k % len(MARKERS)],
            color=colour(k),
            markersize=4,
            alpha=0.45,
            label=f"data{name}",
        )
        style = LINE_STYLES[k % len(LINE_STYLES)]
        axes.plot(line, curves[:, k], style, color=colour(k), linewidth=2.5, label=f"net{name}")
    axes.set(xlim=(line[0], line[-1]), ylim=span(y, 0.25), xlabel="x", ylabel="y")
    axes.grid(alpha=0.3)
    legend(axes, 2 * y.shape[1])


def show_regions(
    axes: Any,
    margins: Callable[[Array], Array],
    X: Array,
    labels: Array,
    classes: Sequence[str],
    grid: int = 200,
) -> None:
    """Draw the regions where a net of two inputs predicts each class, and the rows with their true classes.

    Args:
        axes: where to draw.
        margins: a function from points (n, 2) to an array (n, classes). It says by how much each class is
            ahead of the best other class at each point, from -1 to 1. Where the margin is smaller, the
            colour of a region is paler.
        X: the rows of data, (n, 2).
        labels: for each row of X its true class, an index into ``classes``.
        classes: the names of the classes.
        grid: the number of points along each axis at which ``margins`` is computed.
    """
    x, y = np.linspace(*span(X[:, 0]), grid), np.linspace(*span(X[:, 1]), grid)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    ahead = margins(points).reshape(grid, grid, len(classes))
    colours = np.array([colour(k) for k in range(len(classes))])
    certainty = np.ceil(ahead.max(axis=-1).clip(0, 1) * SHADES) / SHADES
    strength = (0.1 + 0.5 * certainty)[..., None]
    image = 1 - strength * (1 - colours[ahead.argmax(axis=-1)])
    axes.imshow(
        image, origin="lower", extent=(x[0], x[-1], y[0], y[-1]), aspect="auto", interpolation="nearest"
    )
    longest = LONGEST_NAME if len(classes) <= COLUMN else LONGEST_NAME // 3
    for k in range(len(classes)):
        margin = ahead[..., k]
        # The border of the last class consists of borders of the others
        if margin.min() < 0 < margin.max() and k + 1 < len(classes):
            axes.contour(x, y, margin, levels=[0.0], colors="0.25", linewidths=1)
        rows = X[labels == k]
        style = {"color": colours[k], "edgecolors": "0.15", "linewidths": 0.6, "s": 30}
        axes.scatter(
            *rows.T, marker=MARKERS[k % len(MARKERS)], label=shortened(classes[k], longest), zorder=3, **style
        )
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), xlabel="x[0]", ylabel="x[1]")
    legend(axes, len(classes))


def show_weights(axes: Any, weight: Array, limit: float) -> None:
    """Draw a matrix of weights, a row for each neuron: -limit is orange, 0 is white, limit is purple."""
    image = axes.imshow(
        weight, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest"
    )
    whole_ticks(axes.xaxis)
    whole_ticks(axes.yaxis)
    axes.set(xlabel="input", ylabel="neuron")
    axes.figure.colorbar(image, ax=axes)


def show_images(axes: Any, images: Array, limit: float) -> None:
    """Draw images (n, rows, columns) of numbers from -limit to limit in one mosaic that is nearly square."""
    n, rows, columns = images.shape
    across = math.ceil(math.sqrt(n * rows / columns))  # images side by side
    mosaic = np.full((math.ceil(n / across) * (rows + 1) - 1, across * (columns + 1) - 1), math.nan)
    for k, image in enumerate(images):
        i, j = divmod(k, across)
        mosaic[i * (rows + 1) :, j * (columns + 1) :][:rows, :columns] = image
    image = axes.imshow(mosaic, cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest")
    axes.set_facecolor("0.8")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("one image for each neuron")
    axes.figure.colorbar(image, ax=axes)
