"""Pictures, with matplotlib, which the extra ``plot`` brings. It is imported when first needed."""

import os
from collections.abc import Sequence
from typing import Any

from autograd import io
from autograd.errors import MissingExtraError
from autograd.tensor.tape import Array

__all__ = ["figure", "save", "show_confusion", "show_fit", "show_loss"]


def figure(panels: int) -> tuple[Any, list[Any]]:
    """A figure with so many panels side by side, and their axes; it is tied to no window.

    Raises:
        MissingExtraError: matplotlib is not installed; the message says what to type.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError.of("a picture", "plot") from None
    picture = Figure(figsize=(5.2 * panels, 4.4), layout="constrained")
    return picture, list(picture.subplots(1, panels, squeeze=False)[0])


def save(picture: Any, path: Any) -> None:
    """Write the figure into a file of the kind that its name says, such as .png or .svg."""
    with io.atomic(path) as file:
        picture.savefig(file, dpi=150, format=os.path.splitext(path)[1][1:] or "png")


def show_loss(axes: Any, loss: Sequence[float], val_loss: Sequence[float] = ()) -> None:
    """The mean loss of each epoch, on a logarithmic scale if it is positive."""
    axes.plot(range(1, len(loss) + 1), loss, color="#0072B2", label="training rows")
    axes.set(xlabel="epoch", ylabel="mean loss over the training rows", title="Training")
    if val_loss:
        axes.plot(range(1, len(val_loss) + 1), val_loss, color="#D55E00", label="validation rows")
        axes.set_ylabel("mean loss")
        axes.legend()
    if min([*loss, *val_loss], default=0) > 0:
        axes.set_yscale("log")
    axes.grid(alpha=0.3)


def show_confusion(axes: Any, truth: Array, predicted: Array, classes: Sequence[str]) -> None:
    """How many rows of each true class were taken for which class; both are indices into ``classes``."""
    n = len(classes)
    counts = [[int(((truth == i) & (predicted == j)).sum()) for j in range(n)] for i in range(n)]
    # cividis reads the same with and without colour blindness; zeros stay blank
    shown = [[c if c else float("nan") for c in row] for row in counts]
    axes.imshow(shown, cmap="cividis_r", vmin=0)
    top = max(map(max, counts))
    if n <= 20:
        for i, row in enumerate(counts):
            for j, c in enumerate(row):
                if c:
                    dark = c > 0.5 * top
                    axes.text(j, i, c, ha="center", va="center", color="white" if dark else "black")
        long = max(map(len, classes)) > 3
        axes.set_xticks(range(n), classes, rotation=45 if long else 0, ha="right" if long else "center")
        axes.set_yticks(range(n), classes)
    axes.set(xlabel="predicted", ylabel="true", title="Held-out rows")


def show_fit(axes: Any, truth: Array, predicted: Array, name: str) -> None:
    """Predicted against true numbers, with the line on which they agree."""
    ends = [min(truth.min(), predicted.min()), max(truth.max(), predicted.max())]
    axes.plot(ends, ends, color="0.6", linewidth=1, label="exact")
    axes.plot(truth, predicted, "o", color="#0072B2", markersize=4, alpha=0.6, label="held-out rows")
    axes.set(xlabel=f"true {name}", ylabel=f"predicted {name}", title="Held-out rows")
    axes.legend()
    axes.grid(alpha=0.3)
