"""Whether the outputs of a module can be what a loss asks of them."""

import math
import warnings
from typing import Any

from autograd.errors import OptionError, TrainingWarning
from autograd.losses import Loss
from autograd.training.data import Rows
from autograd.training.objective import Trainable

__all__ = ["check_outputs", "check_targets"]

ROUNDING = 1e-6  # how far beyond a bound a target may lie, as scaled numbers do
LINEAR = 'make the net with output_activation="linear"'


def check_outputs(module: Trainable, loss: Any, call: str, stacklevel: int) -> None:
    """Check that the outputs can be logits, or tell two labels by their sign, if the loss asks for that.

    A `TrainingWarning` tells of outputs that hardly can.

    Args:
        module: the module, whose last activation bounds its outputs.
        loss: a `Loss`; nothing is known of a function of the user's.
        call: the call that messages begin with.
        stacklevel: as for ``warnings.warn``, counted from the caller of this function.

    Raises:
        OptionError: the loss takes logits and the outputs are bounded on both sides; or its labels lie on
            both sides of 0 and the outputs on one.
    """
    low, high = module.bounds
    if not isinstance(loss, Loss) or (low == -math.inf and high == math.inf):
        return
    if loss.logits and low > -math.inf and high < math.inf:
        raise OptionError(f"{call}: {loss.name} takes logits, which have no bounds, and {_range(module)}")
    if loss.labels is not None and not low < 0 < high:
        raise OptionError(f"{call}: {loss.name} tells labels by the sign of the output, and {_range(module)}")
    if loss.logits:
        text = (
            f"{call}: {loss.name} takes logits, which have no bounds, and may learn badly: {_range(module)}"
        )
        warnings.warn(text, TrainingWarning, stacklevel + 1)


def check_targets(module: Trainable, loss: Any, data: Rows, call: str, stacklevel: int) -> None:
    """Check that the outputs can reach the targets of rows whose weight is not 0.

    The other arguments are those of `check_outputs`.

    A `TrainingWarning` tells of a few that are out of reach.

    Raises:
        OptionError: more than half of the targets of an output are out of its reach.
    """
    low, high = module.bounds
    if not isinstance(loss, Loss) or not loss.distance or (low == -math.inf and high == math.inf):
        return
    y = data.y
    beyond = (y < low - ROUNDING) | (y > high + ROUNDING)
    if data.weight is not None:
        beyond &= data.weight > 0
    if beyond.any():
        text = (
            f"{call}: {beyond.sum()} of {y.size} targets are out of reach, since targets go from "
            f"{y.min():g} to {y.max():g} and {_range(module)}, or scale the targets"
        )
        if beyond.reshape(len(y), -1).mean(axis=0).max() > 0.5:
            raise OptionError(text)
        warnings.warn(text, TrainingWarning, stacklevel + 1)


def _range(module: Trainable) -> str:
    """The part of a message that tells the bounds of the outputs, and what to do."""
    low, high = module.bounds
    last = getattr(module.activations[-1], "__name__", module.activations[-1])
    span = f"between {low:g} and {high:g}" if high < math.inf else f"at least {low:g}"
    if low == -math.inf:
        span = f"at most {high:g}"
    return f"the outputs of this net, which ends in {last}, are {span}; {LINEAR}"
