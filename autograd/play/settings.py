"""What one chooses in the playground, checked."""

import math
from dataclasses import dataclass
from typing import Any

from autograd import losses
from autograd.errors import OptionError
from autograd.optim import OPTIMIZERS
from autograd.play.datasets import DATASETS
from autograd.support import by_name, whole

__all__ = ["CHOICES", "MOST_LAYERS", "MOST_NEURONS", "OWN_DATA", "Settings"]

MOST_LAYERS = 6  # hidden ones
MOST_NEURONS = 16  # in each
OWN_DATA = "csv"  # what the data are called if they are a table
LARGEST_SEED = 2**31

CHOICES: dict[str, list[str]] = {
    "data": [*DATASETS, OWN_DATA],
    "activation": ["tanh", "sigmoid", "relu", "leaky_relu", "softplus", "gelu", "linear"],
    "loss": ["binary_cross_entropy", "hinge", "mse", "mae", "huber"],  # those of one output for two classes
    "optimizer": ["adam", "adamw", "rmsprop", "sgd"],  # L-BFGS has no step that a picture could show
}
"""The names among which one chooses."""


@dataclass(frozen=True)
class Settings:
    """The settings of a training. What they are at first learns each of the shapes.

    Attributes:
        data: the name of a shape, or "csv" for a table.
        hidden: the sizes of the hidden layers: at most 6 of 1 to 16 neurons.
        activation: the activation of the hidden layers, by name; the output is linear.
        loss: the loss, by name.
        optimizer: the optimiser, by name.
        lr: its learning rate, above 0.
        penalty: ``penalty / 2`` times the sum of squared weights is added to the loss; 0 or more.
        seed: the seed of the data and of the initial weights.

    Raises:
        UnknownNameError: there is no choice of that name.
        OptionError: a number is out of its range, or no number.

    >>> Settings(data="moons", hidden=(4,)).init
    'xavier'
    >>> Settings(data="moon")
    Traceback (most recent call last):
    autograd.errors.UnknownNameError: unknown data 'moon': the known ones are circle, xor, ...
    """

    data: str = "spiral"
    hidden: tuple[int, ...] = (8, 8)
    activation: str = "tanh"
    loss: str = "binary_cross_entropy"
    optimizer: str = "adam"
    lr: float = 0.03
    penalty: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                by_name(name, getattr(self, name), dict.fromkeys(known))
        if len(self.hidden) > MOST_LAYERS:
            raise OptionError(f"hidden must list at most {MOST_LAYERS} layers, got {len(self.hidden)}")
        for n in self.hidden:
            if whole(n, "each of hidden") > MOST_NEURONS:
                raise OptionError(f"a hidden layer must have at most {MOST_NEURONS} neurons, got {n}")
        if not 0 < as_float(self.lr) < math.inf:
            raise OptionError(f"lr must be above 0 and below inf, got {self.lr!r}")
        if not 0 <= as_float(self.penalty) < math.inf:
            raise OptionError(f"penalty must be at least 0 and below inf, got {self.penalty!r}")
        if type(self.seed) is not int or not 0 <= self.seed < LARGEST_SEED:
            raise OptionError(f"seed must be a whole number from 0 to {LARGEST_SEED - 1}, got {self.seed!r}")

    @classmethod
    def of(cls, chosen: Any) -> "Settings":
        """The settings of a dict of JSON types; those that it leaves out are what they are at first.

        Raises:
            UnknownNameError, OptionError: as for the class, or there is no setting of that name.

        >>> Settings.of({"hidden": [3, 3], "lr": 0.1}).hidden
        (3, 3)
        """
        if not isinstance(chosen, dict):
            raise OptionError(f"the settings must be a JSON object, got {type(chosen).__name__}")
        for name in chosen:
            by_name("setting", name, cls.__dataclass_fields__)
        hidden = chosen.get("hidden", ())
        if not isinstance(hidden, list | tuple):
            raise OptionError(f"hidden must be a list of sizes, got {hidden!r}")
        return cls(**{**chosen, **({"hidden": tuple(hidden)} if "hidden" in chosen else {})})

    @property
    def init(self) -> str:
        """The initial weights that suit the activation, by the name that `Net` takes."""
        return "xavier" if self.activation in ("tanh", "sigmoid", "linear") else "he"

    @property
    def least(self) -> int:
        """The target of the first of the two classes; that of the second is 1."""
        labels = losses.LOSSES[self.loss].labels
        return labels[0] if labels else -1

    @property
    def optimizer_class(self) -> str:
        """The name of the optimiser's class in `autograd.optim`."""
        return OPTIMIZERS[self.optimizer].__name__


def as_float(x: Any) -> float:
    """``x`` as a float; nan if it is no number of JSON, inf if it is a whole number too large for a float."""
    if isinstance(x, bool) or not isinstance(x, int | float):
        return math.nan
    try:
        return float(x)
    except OverflowError:
        return math.inf
