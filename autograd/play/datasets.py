"""Points in the plane that belong to two classes: four shapes, and tables of one's own."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd.errors import DataError
from autograd.tables import Table, read_table
from autograd.tensor import Array
from autograd.text import count, listed, quoted

__all__ = ["DATASETS", "Points", "circle", "moons", "read_points", "spiral", "xor"]

ROWS = 300  # points of each shape
MOST_ROWS = 1000  # of a table
FEWEST_ROWS = 8  # of a table: two of them are held out
HELD_OUT = 4  # every so manieth row is held out


@dataclass(frozen=True)
class Points:
    """Points of two classes, in a random order.

    Attributes:
        X: (rows, 2) features, scaled so that a net can learn from them.
        labels: (rows,) the class of each point, 0 or 1.
        features: the names of the two features.
        classes: the names of the two classes.
        mean: (2,) what was subtracted from each feature of a table.
        spread: (2,) what it was then divided by: ``X * spread + mean`` is what the table has.

    >>> points = circle(seed=1)
    >>> points.features, points.classes, points.labels.mean()
    (('x1', 'x2'), ('outside', 'inside'), np.float64(0.5))
    """

    X: Array
    labels: Array
    features: tuple[str, str] = ("x1", "x2")
    classes: tuple[str, str] = ("0", "1")
    mean: tuple[float, float] = (0.0, 0.0)
    spread: tuple[float, float] = (1.0, 1.0)

    def split(self) -> tuple["Points", "Points"]:
        """The points to learn from, three quarters, and those that are held out.

        >>> train, held_out = xor(seed=0).split()
        >>> len(train.labels), len(held_out.labels)
        (225, 75)
        """
        held_out = np.arange(len(self.X)) % HELD_OUT == 0
        return self._where(~held_out), self._where(held_out)

    def targets(self, least: int) -> Array:
        """The classes as a loss wants them, (rows, 1): ``least``, which is 0 or -1, and 1.

        >>> sorted(set(xor(seed=0).targets(-1).ravel().tolist()))
        [-1.0, 1.0]
        """
        return np.where(self.labels == 1, 1.0, float(least))[:, np.newaxis]

    def _where(self, rows: Array) -> "Points":
        return replace(self, X=self.X[rows], labels=self.labels[rows])


# Shapes -------------------------------------------------------------------------------------------


def shuffled(X: Array, labels: Array, rng: np.random.Generator, **names: Any) -> Points:
    """The points in a random order."""
    order = rng.permutation(len(X))
    return Points(X[order], labels[order], **names)


def circle(seed: int = 0) -> Points:
    """300 points, half of them in a disc and half in a ring around it.

    >>> inside = circle(seed=0)
    >>> radius = np.hypot(*inside.X.T)
    >>> bool(radius[inside.labels == 1].max() < radius[inside.labels == 0].min())
    True
    """
    rng = np.random.default_rng(seed)
    inside = np.arange(ROWS) % 2
    radius = np.where(inside, rng.uniform(0, 0.5, ROWS), rng.uniform(0.7, 1, ROWS))
    angle = rng.uniform(0, 2 * math.pi, ROWS)
    X = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
    return shuffled(X, inside, rng, classes=("outside", "inside"))


def xor(seed: int = 0) -> Points:
    """300 points in a square, whose class says whether the signs of the two features are equal.

    >>> points = xor(seed=0)
    >>> bool(((points.X.prod(axis=1) > 0) == points.labels).all())
    True
    """
    rng = np.random.default_rng(seed)
    X = rng.uniform(0.05, 1, (ROWS, 2)) * rng.choice([-1, 1], (ROWS, 2))
    return shuffled(X, (X.prod(axis=1) > 0).astype(int), rng, classes=("signs differ", "signs equal"))


def moons(seed: int = 0) -> Points:
    """300 points on two half circles that reach into each other, with noise, as in micrograd's demo.

    >>> moons(seed=0).X.shape
    (300, 2)
    """
    rng = np.random.default_rng(seed)
    upper = np.arange(ROWS) % 2
    angle, sign = rng.uniform(0, math.pi, ROWS), 2 * upper - 1
    X = np.column_stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25]) * sign[:, np.newaxis]
    X += rng.normal(0, 0.1, (ROWS, 2))
    return shuffled(X, upper, rng, classes=("lower", "upper"))


def spiral(seed: int = 0) -> Points:
    """300 points on two arms of a spiral, each of which turns around the middle one and a half times.

    >>> spiral(seed=0).X.shape
    (300, 2)
    """
    rng = np.random.default_rng(seed)
    arm = np.arange(ROWS) % 2
    way = np.sqrt(rng.uniform(0.01, 1, ROWS))  # the root, so that points lie equally dense along an arm
    angle = 3 * math.pi * way + math.pi * arm
    X = np.column_stack([way * np.sin(angle), way * np.cos(angle)]) + rng.normal(0, 0.03, (ROWS, 2))
    return shuffled(X, arm, rng, classes=("first arm", "second arm"))


DATASETS: dict[str, Callable[[int], Points]] = {
    "circle": circle,
    "xor": xor,
    "moons": moons,
    "spiral": spiral,
}
"""The shapes by name, as functions of a seed."""


# Tables -------------------------------------------------------------------------------------------


def read_points(path: Any, seed: int = 0) -> Points:
    """The points of a table of three columns: two features, which are numbers, and then the class.

    Each feature is scaled to mean 0 and standard deviation 1.

    Args:
        path: the file, of a kind that `autograd.tables.read_table` reads, with at most 1,000 rows.
        seed: the seed of the order of the rows.

    Raises:
        DataError: the table cannot be read, has other columns, too few or too many rows, a feature that is
            no finite number or the same in all rows, or other than two classes.

    >>> import tempfile
    >>> lines = ["size,rest,kind", *(f"{n},{n % 3},{'big' if n > 5 else 'small'}" for n in range(12))]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(f"{folder}/points.csv", "w") as file:
    ...         print(*lines, sep=chr(10), file=file)
    ...     points = read_points(f"{folder}/points.csv")
    >>> points.features, points.classes, points.mean
    (('size', 'rest'), ('small', 'big'), (5.5, 1.0))
    """
    table = read_table(path, progress=False)
    if len(table.names) != 3:
        raise DataError(
            f"{path}: the playground wants three columns, two features and then the class, got "
            f"{count(len(table.names), 'column')}: {listed(table.names, 5)}"
        )
    if not FEWEST_ROWS <= table.rows <= MOST_ROWS:
        raise DataError(
            f"{path}: the playground wants {FEWEST_ROWS} to {MOST_ROWS:,} rows, got {table.rows:,}"
        )
    *features, target = table.names
    scaled = [scaled_column(table, name) for name in features]
    names, labels = classes_of(table, target)
    columns, mean, spread = zip(*scaled, strict=True)
    first, second = features
    return shuffled(
        np.column_stack(columns),
        labels,
        np.random.default_rng(seed),
        features=(first, second),
        classes=names,
        mean=mean,
        spread=spread,
    )


def scaled_column(table: Table, name: str) -> tuple[Array, float, float]:
    """A feature, scaled, and the mean and the spread that it had."""
    column = table.column(name)
    column.check("correct it, or leave the row out", complete=True)
    x = column.numbers()
    if x.min() == x.max():
        raise DataError(f"{table.path}: column {quoted(name)} is {x[0]:g} in all rows, so nothing is learned")
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = float(x.mean()), float(x.std())
    if not 0 < spread < math.inf:
        raise DataError(f"{table.path}: column {quoted(name)} is too large or too narrow to be scaled")
    return (x - mean) / spread, mean, spread


def classes_of(table: Table, name: str) -> tuple[tuple[str, str], Array]:
    """The names of the two classes of a column, and the class of each row, 0 or 1."""
    levels = table.column(name).levels or []
    if len(levels) != 2:
        raise DataError(
            f"{table.path}: the last column, {quoted(name)}, must have the class, one of two, and has "
            f"{count(len(levels), 'different cell')}: {listed(levels, 5)}"
        )
    if "" in levels:
        raise DataError(f"{table.path}: a cell of the last column, the class {quoted(name)}, is empty")
    first, second = levels
    return (first, second), table.column(name).codes.astype(int)
