"""What the file of a model says of the table it was trained on: columns, their scaling, the answers."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np

__all__ = ["MISSING", "TableDescription"]

MISSING = ("", "?", "-", "na", "n/a", "nan", "null", "none")  # cells that mean a missing number


@dataclass
class TableDescription:
    """The columns of a table as inputs of a net, and what its outputs stand for.

    Numbers are scaled to (number - mean) / spread after the median has replaced missing ones, and come first
    among the inputs. Each text feature follows with an input for each of its levels, of which one is 1.

    Attributes:
        features: names of the columns from which the inputs are made.
        mean, spread, median: mean, standard deviation and median of each numeric feature, in the order of
            ``features``. Models saved by early versions have no medians, and refuse missing numbers.
        target: name of the column that is predicted.
        classes: labels of the target, in the order of the net's outputs; empty for regression.
        target_mean, target_spread: mean and standard deviation of the target, for regression.
        levels: for each text feature, the texts that training knew.
        headed: whether the training file had column names; None in models saved by early versions.
    """

    features: list[str]
    mean: list[float]
    spread: list[float]
    target: str
    classes: list[str]
    target_mean: float = 0.0
    target_spread: float = 1.0
    median: list[float] = field(default_factory=list)
    levels: dict[str, list[str]] = field(default_factory=dict)
    headed: bool | None = None

    @classmethod
    def of_header(cls, header: Any, n_in: int, n_out: int) -> Self:
        """The description that `as_header` wrote, for a net of ``n_in`` inputs and ``n_out`` outputs.

        Raises:
            ValueError: the header does not have the form of `as_header`, or does not fit the net.
        """
        try:
            self = cls(**header)
            numbers = [self.target_mean, self.target_spread, *self.mean, *self.spread, *self.median]
            levels = [text for known in self.levels.values() for text in known]
            good = (
                len(self.mean) == len(self.spread) == len(self.numbers)
                and len(self.median) in (0, len(self.mean))
                and self.levels.keys() <= set(self.features)
                and self.width == n_in
                and (len(self.classes) or 1) == n_out
                and all(isinstance(t, str) for t in [self.target, *self.features, *self.classes, *levels])
                and all(isinstance(x, int | float) and np.isfinite(float(x)) for x in numbers)
                and all(x > 0 for x in [self.target_spread, *self.spread])
                and self.headed in (None, True, False)
            )
        except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
            raise ValueError(f"its table is not described as train does: {error}") from None
        if not good:
            raise ValueError("its table and its net do not belong together")
        return self

    @staticmethod
    def is_in(header: Any) -> bool:
        """Whether a net's preprocessing is meant to be of this form, and is not a user's own."""
        needed = {"features", "mean", "spread", "target", "classes"}
        return isinstance(header, dict) and needed <= header.keys()

    def as_header(self) -> dict[str, Any]:
        """The fields as a dict that can be written as JSON."""
        return asdict(self)

    @property
    def numbers(self) -> list[str]:
        """The names of the numeric features."""
        return [name for name in self.features if name not in self.levels]

    @property
    def width(self) -> int:
        """The number of inputs: one for each numeric feature, and one for each level of a text feature."""
        return len(self.numbers) + sum(map(len, self.levels.values()))
