"""Demos: programs as a user would write them, each of which can make a film or a picture.

`minimize` moves two scalars. `tiny`, `sine` and `moons` go through their samples one by one, as the original
library does, and `digits` uses `fit`.
"""

import csv
import gzip
import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from autograd import plot
from autograd.engine import Value
from autograd.nn import MLP, Net
from autograd.pictures import animation
from autograd.tensor import Array

__all__ = ["DEMOS", "PICTURES", "digits", "minimize", "moons", "read_digits", "sine", "tiny"]

DESCENT = 20_000  # steps of `minimize`
HELD_OUT = 360  # images of `digits` that are not trained on


@contextmanager
def filmed(path: Any, make: Callable[[], animation.Film]) -> Iterator[Callable[..., Any]]:
    """A context that gives a function to call for each frame; it does nothing if ``path`` is None."""
    if path is None:
        yield lambda *what: None
    else:
        with make() as film:
            yield film if isinstance(film, animation.TrainingFilm) else film.add


def minimize(path: Any = None, *, seed: int = 0) -> dict[str, float]:
    """Minimise relu((x - y)³ + e^y) + y by gradient descent on two scalars: the original's demo.

    Args:
        path: the file for the film; None makes no film.
        seed: not used, since nothing is random here.

    Returns:
        ``steps``, the number of values that f took, and the last ``x``, ``y`` and ``f``.

    >>> round(minimize()["f"], 2)
    -9.76
    """
    x, y = Value(7), Value(3)
    way: list[tuple[float, float, float]] = []

    def draw(left: Any, right: Any, i: int) -> None:
        show_descent(left, right, way[: i + 1], len(way))

    with filmed(path, lambda: animation.Film(path, draw, panels=2)) as add_frame:
        for i in range(DESCENT + 1):
            f = (x - y) ** 3 + y.exp()
            f = f.relu() + y
            way.append((x.data, y.data, f.data))
            if i % (i // 25 + 1) == 0 or i == DESCENT:  # more frames at first, where steps are long
                add_frame(i)

            x.zero_grad()
            y.zero_grad()
            f.backward()

            x.data -= 0.001 * x.grad
            y.data -= 0.001 * y.grad
    return {"steps": len(way), **dict(zip(("x", "y", "f"), way[-1], strict=True))}


def show_descent(left: Any, right: Any, way: list[tuple[float, float, float]], steps: int) -> None:
    """Draw the path of (x, y) over the contours of f on the left, and f at each step on the right."""
    xs, ys, fs = zip(*way, strict=True)
    x, y = np.meshgrid(np.linspace(-11, 9, 120), np.linspace(-11, 5, 120))
    heights = np.maximum((x - y) ** 3 + np.exp(y), 0) + y
    left.contourf(x, y, heights, [-12, -8, -4, 0, 4, 16, 64, 256, 1024, 8192], cmap="cividis", norm="symlog")
    left.plot(xs, ys, color="white", linewidth=1.5)
    left.plot(xs[-1], ys[-1], "o", color=plot.COLOURS[1], markeredgecolor="white", markersize=9)
    left.set(xlabel="x", ylabel="y", title=f"x = {xs[-1]:.2f}, y = {ys[-1]:.2f} (dark: f is low)")
    right.plot(fs, color=plot.COLOURS[0])
    right.plot(len(fs) - 1, fs[-1], "o", color=plot.COLOURS[1], markersize=9)
    right.set(xlim=(-0.03 * steps, 1.03 * steps), ylim=(-15, 95), xlabel="step", ylabel="f")
    right.set_title(f"step {len(fs) - 1:,}: f = {fs[-1]:.2f}")
    right.grid(alpha=0.3)


def tiny(path: Any = None, *, seed: int = 0) -> dict[str, float]:
    """Train a net 3-10-1 on four samples: micrograd's first training.

    Args:
        path: the file for the film; None makes no film.
        seed: the seed of the initial weights.

    Returns:
        ``epochs``, and the ``loss`` of the last one, a sum of squared errors.

    >>> tiny()["loss"] < 0.01
    True
    """
    X = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    y = [1.0, -1.0, -1.0, 1.0]
    random.seed(seed)
    net = Net(3, [10, 1], activation="tanh", output_activation="linear")
    epochs = 100
    losses: list[float] = []

    def draw(left: Any, right: Any, epoch: int, outputs: list[float]) -> None:
        show_outputs(left, right, y, outputs, losses[: epoch + 1], epochs)

    with filmed(path, lambda: animation.Film(path, draw, panels=2)) as add_frame:
        for epoch in range(epochs):
            outputs = [net(x) for x in X]
            loss = sum((out - yi) ** 2 for out, yi in zip(outputs, y, strict=True))
            losses.append(loss.data)
            add_frame(epoch, [out.data for out in outputs])

            net.zero_grad()
            loss.backward()
            for p in net.params():
                p.data -= 0.01 * p.grad
    return {"epochs": epochs, "loss": losses[-1]}


def show_outputs(
    left: Any, right: Any, y: list[float], outputs: list[float], losses: list[float], epochs: int
) -> None:
    """Draw the outputs beside their targets on the left, and the loss of each epoch so far on the right."""
    left.axhline(0, color="0.8", linewidth=1)
    left.plot(y, "s", color="0.4", markersize=15, fillstyle="none", label="wanted")
    left.plot(outputs, "o", color=plot.COLOURS[1], markersize=8, label="output")
    left.set(xlim=(-0.5, len(y) - 0.5), ylim=(-3, 3), xlabel="sample", ylabel="output of the net")
    left.set_xticks(range(len(y)))
    left.set_title(f"epoch {len(losses)}")
    left.legend(loc="upper right", ncols=2)
    right.plot(range(1, len(losses) + 1), losses, color=plot.COLOURS[0])
    right.set(xlim=(0, epochs), ylim=(1e-9, 100), yscale="log", xlabel="epoch", ylabel="sum of squares")
    right.set_title(f"loss {losses[-1]:.2g}")
    right.grid(alpha=0.3)


def sine(path: Any = None, *, seed: int = 0) -> dict[str, float]:
    """Train a net 1-20-20-1 on the sine over [0, 5), one sample at a time: the original's demo.

    Args:
        path: the file for the film; None makes no film.
        seed: the seed of the initial weights.

    Returns:
        ``epochs``, and the ``loss`` of the last one, a mean of squared errors.

    >>> sine()["loss"] < 0.01
    True
    """
    X = [[i / 10] for i in range(50)]
    y = [math.sin(x[0]) for x in X]
    random.seed(seed)
    net = Net(1, [20, 20, 1], activation="tanh", output_activation="linear")
    epochs = 1000

    with filmed(path, lambda: animation.curve(net, X, y, path)) as add_frame:
        for _ in range(epochs):
            loss: Any = 0
            for x, yi in zip(X, y, strict=True):
                loss += (net(x) - yi) ** 2
            loss /= len(X)
            net.zero_grad()
            loss.backward()
            net.step(0.05)
            add_frame(loss)
    return {"epochs": epochs, "loss": float(loss)}


def half_circles(n: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """``n`` noisy points on two half circles that reach into each other, and their labels, 1 and -1."""
    angle = rng.uniform(0, math.pi, n)
    upper = np.arange(n) < n // 2
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    return np.column_stack([x, y]) + rng.normal(0, noise, (n, 2)), np.where(upper, 1, -1)


def moons(path: Any = None, *, seed: int = 0) -> dict[str, float]:
    """Train a net 2-16-16-1 to separate two half moons, by hinge loss and L2 penalty: micrograd's demo.

    Args:
        path: the file for the film; None makes no film.
        seed: the seed of the points and of the initial weights.

    Returns:
        ``epochs``, the ``loss`` of the last one, and the ``accuracy`` after it: the fraction of the points
        that are classified correctly.

    >>> moons()["accuracy"]
    1.0
    """
    X, y = half_circles(100, 0.1, np.random.default_rng(seed))
    random.seed(seed)
    net = MLP(2, [16, 16, 1])
    epochs = 100

    with filmed(path, lambda: animation.decision(net, X, y, path)) as add_frame:
        for epoch in range(epochs):
            scores = [net(x) for x in X]
            losses = [(1 - yi * score).relu() for yi, score in zip(y.tolist(), scores, strict=True)]
            loss = sum(losses) / len(losses) + 1e-4 * sum(p * p for p in net.params())
            net.zero_grad()
            loss.backward()
            net.step(1 - 0.9 * epoch / epochs)
            add_frame(loss)
    right = (net.predict(X)[:, 0] > 0) == (y > 0)
    return {"epochs": epochs, "loss": float(loss), "accuracy": float(right.mean())}


def digits(path: Any = None, *, seed: int = 0) -> dict[str, float]:
    """Train a net 64-64-10 with `fit` to read digits, and test it on digits that it has not seen.

    The data, ``examples/digits.csv.gz``, come with the package. They are the test set of Alpaydin and
    Kaynak's Optical Recognition of Handwritten Digits (UCI Machine Learning Repository, 1998,
    doi 10.24432/C50P49, CC BY 4.0).

    Args:
        path: the file for the picture; None makes no picture.
        seed: the seed of the initial weights and of the choice of the digits held out.

    Returns:
        ``epochs``, the ``loss`` of the last one, and the ``accuracy`` after it: the fraction of the digits
        held out that are read correctly.

    Raises:
        UnknownNameError: the path ends in none of .png, .svg, .pdf and .jpg.

    >>> digits()["accuracy"] > 0.95
    True
    """
    if path is not None:
        figure, _ = plot.figure(0, (10.4, 4.8), path)
    table = read_digits()
    rng = np.random.default_rng(seed)
    rng.shuffle(table)
    X, labels = table[:, :-1] / 16, table[:, -1].astype(int)
    test, train = slice(HELD_OUT), slice(HELD_OUT, None)
    random.seed(seed)
    net = Net(64, [64, 10], activation="relu", output_activation="linear", init="he")
    epochs = 30
    history = net.fit(
        X[train], labels[train], loss="cross_entropy", lr=0.003, epochs=epochs, seed=seed, progress=False
    )
    answers = net.predict(X[test]).argmax(axis=1)
    if path is not None:
        left, right = figure.subfigures(1, 2)
        names = [str(digit) for digit in range(10)]
        plot.show_confusion(left.subplots(), labels[test], answers, names, f"{HELD_OUT} digits held out")
        show_mistakes(right, X[test], labels[test], answers)
        plot.save(figure, path)
    accuracy = float((answers == labels[test]).mean())
    return {"epochs": epochs, "loss": history.loss[-1], "accuracy": accuracy}


def read_digits() -> Array:
    """An array with a row for each image: 64 pixels from 0 to 16, then the digit.

    >>> read_digits().shape
    (1797, 65)
    """
    file = Path(__file__).with_name("digits.csv.gz")  # where an installed package has it
    if not file.exists():
        file = Path(__file__).parents[2] / "examples" / file.name  # where the source tree has it
    with gzip.open(file, "rt") as lines:
        return np.array(list(csv.reader(lines))[1:], dtype=float)


def show_mistakes(figure: Any, X: Array, truth: Array, answers: Array) -> None:
    """Draw the images that were read wrongly, the first 12 at most."""
    wrong = np.flatnonzero(answers != truth)
    rows = min(3, len(wrong) // 4 + 1)
    figure.suptitle(
        f"{len(wrong)} of {len(truth)} read wrongly" + (", the first 12" if len(wrong) > 12 else "")
    )
    for axes, i in zip(figure.subplots(rows, 4).flat, [*wrong[:12], *[None] * 12], strict=False):
        axes.axis("off")
        if i is not None:
            axes.imshow(X[i].reshape(8, 8), cmap="gray_r")
            axes.set_title(f"a {truth[i]}, read as {answers[i]}", fontsize=9)


DEMOS: dict[str, Callable[..., dict[str, float]]] = {
    "minimize": minimize,
    "tiny": tiny,
    "sine": sine,
    "moons": moons,
    "digits": digits,
}
PICTURES = {  # default files: a picture or a film
    "minimize": "minimize.gif",
    "tiny": "tiny.gif",
    "sine": "sine.gif",
    "moons": "moons.gif",
    "digits": "digits.png",
}
