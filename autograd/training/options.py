"""What the options of `fit` come to: a loss, an optimiser, a generator, and numbers in their ranges."""

import math
import random
from typing import Any

import numpy as np

from autograd.engine.numbers import as_number
from autograd.errors import OptionError
from autograd.losses import Loss, loss_of
from autograd.optim import OPTIMIZERS, Optimizer
from autograd.support.options import named
from autograd.training.steps import Trainable

__all__ = ["callbacks_of", "finite_positive", "generator_of", "loss_for", "optimizer_for"]


def loss_for(module: Trainable, loss: Any) -> Any:
    """The row of a loss, by its name or its function; a function of the user's as it is.

    Raises:
        UnknownNameError: there is no loss of that name.
        OptionError: it wants logits, and what the module gives has bounds.
    """
    loss = loss_of(loss)
    if isinstance(loss, Loss) and loss.logits and all(map(math.isfinite, module.bounds)):
        raise OptionError(
            f"{loss.name} takes logits, which have no bounds, and the outputs of this net are those of a "
            f'{module.activations[-1]}; make it with output_activation="linear"'
        )
    return loss


def optimizer_for(optimizer: Any, lr: Any, module: Trainable) -> Optimizer:
    """An optimiser by its name, made for the module, or the one that was made for it."""
    if isinstance(optimizer, Optimizer):
        if optimizer.target is not module:
            raise OptionError("fit() got an optimizer that was made for other parameters than this net's")
        if lr is not None:
            raise OptionError("fit() got both lr and an optimizer, which has an lr of its own")
        return optimizer
    kind: Any = named("optimizer", optimizer, OPTIMIZERS)
    if getattr(kind, "takes_closure", False) and lr is not None:
        raise OptionError(f"{kind.__name__.lower()} finds the length of its steps itself and takes no lr")
    opt: Optimizer = (
        kind(module) if lr is None else kind(module, lr=lr if callable(lr) else as_number(lr, "lr"))
    )
    return opt


def finite_positive(x: Any, name: str, low: float | None = None) -> float:
    """A finite number above 0, or equal to ``low``; OptionError, which has the name, if it is none."""
    y = as_number(x, name)
    if not (y > 0 or y == low) or y == math.inf:
        raise OptionError(f"{name} must be {'above 0' if low is None else '0 or more'} and finite, got {x!r}")
    return y


def callbacks_of(callbacks: Any) -> list[Any]:
    """A list of functions; of one function, that."""
    listed = [callbacks] if callable(callbacks) else callbacks
    if not isinstance(listed, list | tuple) or not all(map(callable, listed)):
        raise OptionError(f"fit() wants functions as callbacks, got {callbacks!r}")
    return list(listed)


def generator_of(seed: int | None) -> Any:
    """NumPy's generator for a seed, which Python's ``random`` draws if there is none."""
    try:
        return np.random.default_rng(random.getrandbits(64) if seed is None else seed)
    except (TypeError, ValueError):
        raise OptionError(f"seed must be a whole number of 0 or more, got {seed!r}") from None
