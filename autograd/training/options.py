"""The options of `fit`, checked and converted: loss, optimiser, random generator, numbers, callbacks."""

import math
import random
from typing import Any

import numpy as np

from autograd.engine import as_number
from autograd.errors import OptionError
from autograd.optim import OPTIMIZERS, Optimizer, optimizer_name
from autograd.support import by_name

__all__ = ["callbacks_of", "finite_positive", "generator_of", "optimizer_for"]


def optimizer_for(optimizer: Any, lr: Any, module: Any, call: str, clip: float | None = None) -> Optimizer:
    """A new optimiser for the module, by name, or ``optimizer`` itself if it was made for the module.

    ``call`` is the call that errors name, such as "fit()". OptionError if the optimiser takes no ``clip``.
    """
    opt = _made(optimizer, lr, module, call)
    if opt.takes_closure and clip is not None:
        raise OptionError(
            f"{optimizer_name(type(opt))} takes no clip: its line search needs the gradient as it is"
        )
    return opt


def _made(optimizer: Any, lr: Any, module: Any, call: str) -> Optimizer:
    if isinstance(optimizer, Optimizer):
        if optimizer.target is not module:
            raise OptionError(f"{call} got an optimizer that was made for other parameters than this net's")
        if lr is not None:
            raise OptionError(f"{call} got both lr and an optimizer, which has an lr of its own")
        return optimizer
    kind: Any = by_name("optimizer", optimizer, OPTIMIZERS)
    if getattr(kind, "takes_closure", False) and lr is not None:
        raise OptionError(f"{optimizer_name(kind)} finds the length of its steps itself and takes no lr")
    opt: Optimizer = (
        kind(module) if lr is None else kind(module, lr=lr if callable(lr) else as_number(lr, "lr"))
    )
    return opt


def finite_positive(x: Any, name: str, low: float | None = None) -> float:
    """``x`` as a float; OptionError, with ``name``, unless it is finite, and above 0 or equal to ``low``."""
    y = as_number(x, name)
    if not (y > 0 or y == low) or y == math.inf:
        raise OptionError(f"{name} must be {'above 0' if low is None else '0 or more'} and finite, got {x!r}")
    return y


def callbacks_of(callbacks: Any) -> list[Any]:
    """The callbacks as a list; a single function becomes a list of one."""
    listed = [callbacks] if callable(callbacks) else callbacks
    if not isinstance(listed, list | tuple) or not all(map(callable, listed)):
        raise OptionError(f"fit() wants functions as callbacks, got {callbacks!r}")
    return list(listed)


def generator_of(seed: int | None) -> Any:
    """A NumPy random generator with this seed; for None, Python's ``random`` draws the seed."""
    try:
        return np.random.default_rng(random.getrandbits(64) if seed is None else seed)
    except (TypeError, ValueError):
        raise OptionError(f"seed must be a whole number of 0 or more, got {seed!r}") from None
