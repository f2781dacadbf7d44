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
STILL = 0.01  # relative change between these quarters that counts as none
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
        self.latest, self.norm, self.sources = gradient, norm, sources

    def move(self, sources: Any) -> None:
        """Note how far the parameters moved, if this gradient pointed against the one before; else None."""
        numbers = None if sources is None else np.concatenate([source.numbers() for source in sources])
        if numbers is not None and self.numbers is not None and numbers.shape == self.numbers.shape:
            self.gains.append(self.norm * float(np.linalg.norm(numbers - self.numbers)))
        self.numbers = numbers

    def verdict(self) -> tuple[str, str] | None:
        """The mistake that the losses show and what was seen, or None."""
        losses = np.array(self.losses)
        if len(losses) < 4 or not self.n or not np.isfinite(losses).all():
            return None
        quarter = len(losses) // 4
        first, late = float(losses[:quarter].mean()), float(losses[-quarter:].mean())
        average = float(np.linalg.norm(self.total)) / self.n
        size = max(float(np.linalg.norm(np.concatenate([source.numbers() for source in self.sources]))), 1.0)
        scale = size / (float(np.abs(losses).mean()) or 1.0)
        went = f"The loss went from {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses)} {self.unit}"
        limit = GREW if len(losses) >= FEWEST else EXPLODED
        against = sum(cosine < OPPOSITE for cosine in self.cosines)
        if first > 0 and late > limit * first and losses[-1] > limit * losses[0]:
            return "diverges", f"{went}; the gradient's norm was {self.norm:.3g} in the end."
        if (
            against >= LATEST - 1
            and late > STALLED * losses[-2 * quarter : -quarter].mean()
            and self.swings(losses[-1])
        ):
            text = f"{went}, and of the latest {LATEST} gradients {against} pointed against the one before."
            return "oscillates", text
        if len(losses) >= FEWEST and self.stood_still(losses, first, late) and average * scale > STEEP:
            return "stands_still", f"{went}; the gradient's norm was {average:.3g} on average."
        return None

    def swings(self, loss: float) -> bool:
        """Whether the latest moves were long enough to matter for the loss."""
        return len(self.gains) > LATEST // 2 and float(np.median(self.gains)) > SWING * abs(loss)

    def stood_still(self, losses: Any, first: float, late: float) -> bool:
        """Whether losses hardly differ from the first to the last quarter, nor in between."""
        return abs(late - first) < STILL * abs(first) and float(np.ptp(losses)) < 2 * STILL * abs(first)
