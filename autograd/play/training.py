"""A training that goes on an update at a time, and what there is to see of it."""

import base64
import math
import random
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import losses, optim
from autograd.errors import OptionError, TrainingError
from autograd.nn import Net
from autograd.play.datasets import DATASETS, Points
from autograd.play.explanation import Contributions, contributions, forward
from autograd.play.settings import OWN_DATA, Settings
from autograd.tensor import Array, no_grad

__all__ = ["Training"]

FINE, COARSE = 48, 24  # cells along each side of the picture of the output, and of those of hidden neurons
MARGIN = 0.12  # of the picture around the points, as a part of their extent
DRAWS = threading.Lock()  # the initial weights come from Python's generator, which all threads share


@dataclass(frozen=True)
class Field:
    """The part of the plane that pictures show: the square cells' centres, row by row from the top."""

    low: tuple[float, float]
    high: tuple[float, float]
    cells: Array

    @classmethod
    def around(cls, X: Array) -> "Field":
        """The field around points, (rows, 2)."""
        low, high = X.min(axis=0), X.max(axis=0)
        low, high = low - MARGIN * (high - low), high + MARGIN * (high - low)
        at = (np.arange(FINE) + 0.5) / FINE
        x, y = np.meshgrid(low[0] + at * (high[0] - low[0]), high[1] - at * (high[1] - low[1]))
        return cls(
            (float(low[0]), float(low[1])),
            (float(high[0]), float(high[1])),
            np.column_stack([x.ravel(), y.ravel()]),
        )


class Training:
    """A net of two inputs and one output that learns to tell two classes of points apart.

    Each update takes all the training rows. Settings and data give the same numbers each time, and so does
    the program that `program` writes.

    Args:
        settings: what was chosen.
        table: the points of a table, for ``Settings(data="csv")``.

    Attributes:
        settings: as given.
        net: the net.
        train, held_out: the `Points` that it learns from, and the others.
        updates: how many updates were made.

    Raises:
        OptionError: the data are to come from a table, and there is none.

    >>> training = Training(Settings(data="circle", hidden=(4,)))
    >>> before = training.scores()["train"]["loss"]
    >>> for _ in range(100):
    ...     training.update()
    >>> training.updates, training.scores()["train"]["loss"] < before / 2
    (100, True)
    """

    def __init__(self, settings: Settings, table: Points | None = None) -> None:
        self.settings = settings
        if settings.data == OWN_DATA and table is None:
            raise OptionError('data="csv" wants a table of points; choose a file first')
        points = DATASETS[settings.data](settings.seed) if settings.data != OWN_DATA else table
        assert points is not None
        self.points = points
        self.train, self.held_out = points.split()
        self.field = Field.around(points.X)
        with DRAWS:
            state = random.getstate()
            random.seed(settings.seed)
            self.net = Net(
                2,
                [*settings.hidden, 1],
                settings.activation,
                "linear",
                init=settings.init,
            )
            random.setstate(state)
        self.optimizer = optim.OPTIMIZERS[settings.optimizer](self.net, settings.lr)
        self.loss = losses.LOSSES[settings.loss]
        self.updates = 0

    # Learning

    def update(self) -> None:
        """Take one step of the optimiser, by the gradient of all training rows.

        Raises:
            TrainingError: the loss, or a weight after the step, is not finite. The weights are then those
                before the step.
        """
        before = self.net.values.copy()
        with np.errstate(all="ignore"):
            self.net.zero_grad()
            loss = self.loss(self.net(self.train.X), self.targets(self.train))
            if self.settings.penalty:
                loss = loss + self.net.penalty(self.settings.penalty)
            if math.isfinite(loss.item()):
                loss.backward()
                self.optimizer.step()
        if not (math.isfinite(loss.item()) and np.isfinite(self.net.values).all()):
            self.net.values = before
            raise TrainingError(
                f"the loss is no longer finite after {self.updates} updates: {self.settings.optimizer} with "
                f"the learning rate {self.settings.lr:g} went too far; choose a smaller one"
            )
        self.updates += 1

    def targets(self, points: Points) -> Array:
        """The classes of points as the loss wants them, (rows, 1)."""
        return points.targets(self.settings.least)

    # Looking

    def scores(self) -> dict[str, dict[str, float]]:
        """The loss, without the penalty, and the accuracy of the training rows and of those held out.

        >>> sorted(Training(Settings()).scores()["held_out"])
        ['accuracy', 'loss']
        """
        found = {}
        for name, points in (("train", self.train), ("held_out", self.held_out)):
            with no_grad(), np.errstate(all="ignore"):
                outputs = self.net(points.X)
                loss = self.loss(outputs, self.targets(points)).item()
            right = (outputs.data[:, 0] > 0) == (points.labels == 1)
            found[name] = {"loss": loss, "accuracy": float(right.mean())}
        return found

    def frame(self) -> dict[str, Any]:
        """What changes with each update, as JSON types.

        Returns:
            ``updates`` and ``scores``; ``weights``, for each layer a row for each neuron with the bias last;
            ``output`` and ``neurons``, pictures as bytes in base 64, row by row from the top. In them 128
            is a neuron's own boundary: where its sum before the activation is 0. Below are negative sums, or
            the first class; above are positive ones, or the second.

        >>> frame = Training(Settings(hidden=(3,))).frame()
        >>> frame["updates"], [len(layer) for layer in frame["weights"]], len(frame["neurons"][0])
        (0, [3, 1], 3)
        """
        layers = [sums for _, sums in forward(self.net, self.field.cells)]
        coarse = slice(FINE // COARSE // 2, None, FINE // COARSE)
        small = [sums.reshape(FINE, FINE, -1)[coarse, coarse] for sums in layers[:-1]]
        return {
            "updates": self.updates,
            "scores": {name: {key: finite(x) for key, x in of.items()} for name, of in self.scores().items()},
            "weights": [
                [[finite(w) for w in row] for row in np.column_stack([layer.weight, layer.bias]).tolist()]
                for layer in self.net.layers
            ],
            "output": picture(layers[-1]),
            "neurons": [[picture(sums[:, :, k]) for k in range(sums.shape[2])] for sums in small],
        }

    def scene(self) -> dict[str, Any]:
        """What stays the same during a training, as JSON types: the points, what they are, and the field."""
        return {
            "points": [
                {"x": x, "y": y, "label": int(label), "held_out": held_out}
                for points, held_out in ((self.train, False), (self.held_out, True))
                for (x, y), label in zip(points.X.round(6).tolist(), points.labels, strict=True)
            ],
            "features": self.points.features,
            "classes": self.points.classes,
            "mean": self.points.mean,
            "spread": self.points.spread,
            "low": self.field.low,
            "high": self.field.high,
            "sides": [FINE, COARSE],
            "layers": self.net.N,
            "penalty": self.settings.penalty,
        }

    def explain(self, layer: int, neuron: int, input: int) -> dict[str, Any]:
        """Where the gradient of a weight comes from, as JSON types.

        Args:
            layer: the index of the weight's layer, from 0.
            neuron: the index of its neuron, from 0.
            input: the index of the connection, or the number of inputs for the bias.

        Returns:
            ``weight`` and its ``gradient``, that of the loss without the penalty; what the ``penalty``
            adds; ``rows``, how many there are; ``largest``, those with the largest parts, each with its index
            ``row``, the ``error`` signal, the ``input`` and their product ``part``; ``others``, the sum of
            the other parts.

        Raises:
            OptionError: there is no such weight.
            TrainingError: its gradient is not finite.

        >>> told = Training(Settings()).explain(0, 0, 1)
        >>> parts = sum(row["part"] for row in told["largest"]) + told["others"]
        >>> abs(parts - told["gradient"]) < 1e-12
        True
        """
        found = self.contributions(layer, neuron, input)
        parts = found.parts
        if not all(np.isfinite(a).all() for a in (found.errors, found.inputs, parts)):
            raise TrainingError(
                "the gradient of this weight is no longer finite; begin again with smaller steps"
            )
        order = np.argsort(-abs(parts), kind="stable")
        matrix = self.net.layers[layer]
        bias = input == matrix.weight.shape[1]
        weight = float(matrix.bias[neuron] if bias else matrix.weight[neuron, input])
        return {
            "weight": weight,
            "gradient": found.total,
            "penalty": 0.0 if bias else self.settings.penalty * weight,
            "rows": len(parts),
            "largest": [
                {
                    "row": i,
                    "error": float(found.errors[i]),
                    "input": float(found.inputs[i]),
                    "part": float(parts[i]),
                }
                for i in order[:LARGEST].tolist()
            ],
            "others": float(parts[order[LARGEST:]].sum()),
        }

    def contributions(self, layer: int, neuron: int, input: int) -> Contributions:
        """The parts of the gradient of a weight, one for each training row; as `explain`."""
        X, y = self.train.X, self.targets(self.train)
        with np.errstate(all="ignore"):
            return contributions(self.net, X, y, self.loss, layer, neuron, input)


LARGEST = 5  # rows that `Training.explain` lists


def picture(sums: Array) -> str:
    """Numbers as bytes in base 64: 128 for 0, 1 and 255 for large ones on either side."""
    shades = 128 + 127 * np.tanh(np.nan_to_num(sums))
    return base64.b64encode(shades.round().astype(np.uint8).tobytes()).decode()


def finite(x: float) -> float | None:
    """``x`` rounded to 6 significant digits; None, which JSON has, if it is not finite."""
    return float(f"{x:.6g}") if math.isfinite(x) else None
