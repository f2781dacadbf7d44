"""What the losses of a training, and the gradients with them, say about the length of its steps."""

import math
from collections import deque
from typing import Any

import numpy as np

from autograd.tensor import Array

__all__ = ["Curve"]

FEWEST = 20  # losses that tell a trend; fewer only tell of one that explodes
LATEST = 10  # steps over which a swing is looked for
OPPOSITE = -0.5  # cosine of the angle between two gradients that point against each other
GREW = 3.0  # factor between the first and the last quarter of the losses that counts as growth
EXPLODED = 10.0  # the same for a few losses
STALLED = 0.7  # share of the losses of the third quarter above which those of the last show no progress
LEFT = 0.1  # share of the loss at the start below which a training has succeeded
FELL = 0.9  # share of the losses of the first quarter below which those of the last have fallen
MOVED = 2e-3  # relative change of the parameters below which they count as unmoved
ENDS = 0.1  # share of the mean gradient below which the latest one is that of an end
RISES = 0.8  # share of the passes in which the loss rises that counts as growth too
SWING = 0.3  # what a move takes from the loss, by its gradient, relative to the loss
STEEP = 0.1  # norm of a gradient, times that of the parameters, relative to the loss, that is not small


class Curve:
    """The losses of one training, which may be the backward passes of one line, and its gradients.

    Attributes:
        losses: the losses, of passes or of epochs.
        unit: what the losses are of, "passes" or "epochs".
        cosines: for the latest gradients the cosine of the angle to the one before.
        total, n: the sum of all gradients, and their number.
        latest, norm: the latest gradient and its norm.
        sources: what has the parameters.
        numbers: the parameters at the latest gradient, if it may be part of a swing.
        start: the parameters at the first gradient.
        gains: for each of the latest moves against a gradient, about what it took from the loss.
    """

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.losses: list[float] = []
        self.cosines: deque[float] = deque(maxlen=LATEST)
        self.total = self.latest = np.zeros(0)
        self.n = 0
        self.norm = 0.0
        self.sources: Any = ()
        self.numbers: Array | None = None
        self.gains: deque[float] = deque(maxlen=LATEST)
        self.start: Array | None = None

    def add(self, gradient: Array, sources: Any) -> None:
        """Note a gradient, a vector that does not change afterwards, and the accounts of the parameters."""
        norm = math.sqrt(np.dot(gradient, gradient))
        if self.latest.shape == gradient.shape:
            product = norm * self.norm
            cosine = float(np.dot(gradient, self.latest)) / product if product else 0.0
            self.cosines.append(cosine)
            self.move(sources if cosine < OPPOSITE else None)
            self.total += gradient
            self.n += 1
        else:
            self.total, self.n = gradient.astype(np.float64), 1
            self.cosines.clear()
            self.start = joined(sources).copy()
        self.latest, self.norm, self.sources = gradient, norm, sources

    def move(self, sources: Any) -> None:
        """Note how far the parameters moved, if this gradient pointed against the one before; else None."""
        numbers = None if sources is None else joined(sources)
        if numbers is not None and self.numbers is not None and numbers.shape == self.numbers.shape:
            self.gains.append(self.norm * float(np.linalg.norm(numbers - self.numbers)))
        self.numbers = numbers

    def verdict(self) -> tuple[str, str] | None:
        """The mistake that the losses show and what was seen, or None."""
        losses = np.array(self.losses)
        if not np.isfinite(losses).all():
            return self.not_finite(losses)
        if len(losses) < 4 or not self.n:
            return None
        quarter = len(losses) // 4
        first, late = float(losses[:quarter].mean()), float(losses[-quarter:].mean())
        average = float(np.linalg.norm(self.total)) / self.n
        numbers = joined(self.sources)
        size = max(float(np.linalg.norm(numbers)), 1.0)
        scale = size / (float(np.abs(losses).mean()) or 1.0)
        went = f"The loss went from {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses)} {self.unit}"
        limit = GREW if len(losses) >= FEWEST else EXPLODED
        against = sum(cosine < OPPOSITE for cosine in self.cosines)
        rises = len(losses) >= FEWEST and float((np.diff(losses) > 0).mean()) > RISES
        grows = late > limit * first and losses[-1] > limit * losses[0]
        ends = self.norm < ENDS * average  # as an ascent does at its top
        if first > 0 and not ends and (grows or (rises and losses[-1] > 2 * losses[0])):
            return "diverges", f"{went}; the gradient's norm was {self.norm:.3g} in the end."
        if (
            against >= LATEST - 1
            and late > LEFT * max(first, losses[0])
            and late > STALLED * losses[-2 * quarter : -quarter].mean()
            and self.swings(losses[-1])
        ):
            text = f"{went}, and of the latest {LATEST} gradients {against} pointed against the one before."
            return "oscillates", text
        fell = late < FELL * first
        if len(losses) >= FEWEST and not fell and self.unmoved(numbers, size) and average * scale > STEEP:
            return "stands_still", f"{went}; the gradient's norm was {average:.3g} on average."
        return None

    def gives_way_to(self, other: "Curve") -> bool:
        """Whether this loss grows, and another one of the same parameters falls by more than that."""
        shared = {id(source) for source in self.sources} & {id(source) for source in other.sources}
        return bool(shared) and 0 < self.losses[-1] - self.losses[0] < other.losses[0] - other.losses[-1]

    def swings(self, loss: float) -> bool:
        """Whether the latest moves were long enough to matter for the loss."""
        return len(self.gains) > LATEST // 2 and float(np.median(self.gains)) > SWING * abs(loss)

    def not_finite(self, losses: Any) -> tuple[str, str]:
        """The same for losses that are not all finite."""
        k = int(np.isfinite(losses).argmin())
        if k == 0:
            return "not_finite", "The loss was infinite or nan at the first pass, by what is in no graph."
        return "diverges", f"The loss went from {losses[0]:.4g} to {losses[k]:.4g} in {k + 1} {self.unit}."

    def unmoved(self, numbers: Array, size: float) -> bool:
        """Whether the parameters are nearly where they began."""
        same_shape = self.start is not None and self.start.shape == numbers.shape
        return same_shape and float(np.linalg.norm(numbers - self.start)) < MOVED * size


def joined(sources: Any) -> Array:
    """The parameters of accounts, or of whatever has ``numbers()``, as one vector."""
    return np.concatenate([source.numbers() for source in sources])
