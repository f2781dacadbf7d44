"""Learning rates that change: functions of how many steps an optimiser has made.

They are given in place of a number, ``Adam(net, lr=cosine(0.01, steps=1000))`` or
``net.fit(X, y, lr=cosine(0.01, steps=1000))``. A step is an update of the parameters, of which an
epoch has as many as batches. Any function of a whole number will do.

>>> halving = lambda step: 0.1 / 2 ** (step // 100)
>>> halving(0), halving(250)
(0.1, 0.025)
"""

import math
from collections.abc import Callable
from typing import Any

from autograd.engine.numbers import as_number
from autograd.errors import OptionError
from autograd.support.options import whole

__all__ = ["Plateau", "Schedule", "cosine", "one_cycle", "step_decay", "warm_up"]

Schedule = Callable[[int], float]


def above(x: Any, low: float, name: str) -> float:
    """``x`` as a float, if it is a number of ``low`` or more."""
    y = as_number(x, name)
    if not low <= y < math.inf:
        raise OptionError(f"{name} must be at least {low:g} and finite, got {x!r}")
    return y


def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """``lr``, times ``factor`` after each ``every`` steps.

    Args:
        lr: what it starts with, 0 or more.
        every: so many steps it stays the same.
        factor: 0 or more.

    Raises:
        OptionError: an option is out of its range.

    >>> schedule = step_decay(1.0, every=10)
    >>> schedule(9), schedule(10)
    (1.0, 0.1)
    """
    lr, every, factor = above(lr, 0, "lr"), whole(every, "every"), above(factor, 0, "factor")
    return lambda step: lr * factor ** (step // every)


def cosine(lr: float, steps: int, end: float = 0.0) -> Schedule:
    """Half a wave of the cosine from ``lr`` down to ``end`` in so many steps (Loshchilov & Hutter 2017).

    Args:
        lr: what it starts with, 0 or more.
        steps: how many steps it takes; from then on it is ``end``.
        end: what it comes down to, 0 or more.

    Raises:
        OptionError: an option is out of its range.

    >>> schedule = cosine(1.0, steps=100)
    >>> schedule(0), round(schedule(50), 9), schedule(100), schedule(1000)
    (1.0, 0.5, 0.0, 0.0)
    """
    lr, steps, end = above(lr, 0, "lr"), whole(steps, "steps"), above(end, 0, "end")
    return lambda step: end + (lr - end) * (1 + math.cos(math.pi * min(step / steps, 1))) / 2


def warm_up(lr: float | Schedule, steps: int) -> Schedule:
    """In equal steps up to ``lr``, which is reached at step ``steps``; then on with it.

    Args:
        lr: what to arrive at, a number or a schedule that starts then.
        steps: how many steps it takes.

    Raises:
        OptionError: an option is out of its range.

    >>> schedule = warm_up(cosine(1.0, steps=100), steps=4)
    >>> [schedule(i) for i in range(5)], round(schedule(54), 9)
    ([0.2, 0.4, 0.6, 0.8, 1.0], 0.5)
    """
    steps = whole(steps, "steps")
    number = 0.0 if callable(lr) else above(lr, 0, "lr")
    then: Schedule = lr if callable(lr) else lambda step: number

    def schedule(step: int) -> float:
        return then(step - steps) if step >= steps else then(0) * (step + 1) / (steps + 1)

    observe = getattr(lr, "observe", None)
    if observe is not None:
        schedule.observe = observe  # type: ignore[attr-defined]  # fit tells it the losses
    return schedule


def one_cycle(peak: float, steps: int, rise: float = 0.3, start: float = 25.0, end: float = 1e4) -> Schedule:
    """Up to ``peak`` and down again in half waves of the cosine (Smith & Topin 2018).

    Args:
        peak: the highest learning rate.
        steps: how many steps the whole takes.
        rise: the part of them that goes up, in (0, 1).
        start: the first learning rate is ``peak / start``.
        end: the last one is the first over ``end``.

    Raises:
        OptionError: an option is out of its range.

    >>> schedule = one_cycle(1.0, steps=101, rise=0.3)
    >>> [round(schedule(step), 6) for step in (0, 30, 100)]
    [0.04, 0.999758, 4e-06]
    """
    peak, steps = above(peak, 0, "peak"), whole(steps, "steps")
    start, end = above(start, 1, "start"), above(end, 1, "end")
    if not 0 < as_number(rise, "rise") < 1:
        raise OptionError(f"rise must lie between 0 and 1, got {rise!r}")
    low, last = peak / start, peak / start / end
    top = rise * steps - 1  # where the peak is, as in PyTorch

    def schedule(step: int) -> float:
        if step < top:
            a, b, part = low, peak, step / top
        else:
            a, b, part = peak, last, min((step - top) / (steps - 1 - top), 1.0)
        return b + (a - b) * (1 + math.cos(math.pi * part)) / 2

    return schedule


class Plateau:
    """A learning rate that is reduced when the loss no longer falls.

    `fit` tells it the loss of each epoch, the one over the validation rows if there are any. By hand,
    call `observe`.

    Args:
        lr: what it starts with.
        factor: what it is multiplied by, in (0, 1).
        patience: so many epochs without progress are let pass.
        threshold: progress is a loss below ``(1 - threshold)`` times the best one.
        lowest: it is never reduced below that.

    Attributes:
        lr: the learning rate now.

    Raises:
        OptionError: an option is out of its range.

    >>> lr = Plateau(0.1, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     lr.observe(loss)
    >>> round(lr(0), 9)
    0.01
    >>> again = Plateau(0.1, patience=1)
    >>> again.load_state(lr.state())  # as fit does with a checkpoint
    >>> again(0) == lr(0)
    True
    """

    def __init__(
        self, lr: float, factor: float = 0.1, patience: int = 10, threshold: float = 1e-4, lowest: float = 0.0
    ) -> None:
        self.start = self.lr = above(lr, 0, "lr")
        self.factor = as_number(factor, "factor")
        if not 0 < self.factor < 1:
            raise OptionError(f"factor must lie between 0 and 1, got {factor!r}")
        self.patience = int(above(patience, 0, "patience"))
        if self.patience != patience:
            raise OptionError(f"patience must be a whole number of 0 or more, got {patience!r}")
        self.threshold = above(threshold, 0, "threshold")
        self.lowest = above(lowest, 0, "lowest")
        self.best = math.inf
        self.waited = 0

    def observe(self, loss: float) -> None:
        """Take note of the loss of one more epoch."""
        if loss < self.best - self.threshold * abs(self.best) or self.best == math.inf:
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited > self.patience:
            self.lr, self.waited = min(self.lr, max(self.lr * self.factor, self.lowest)), 0

    def state(self) -> dict[str, float]:
        """What it has made of the losses so far."""
        return {"lr": self.lr, "best": self.best, "waited": self.waited}

    def load_state(self, state: dict[str, float]) -> None:
        """Go on from what `state` told.

        Raises:
            OptionError, NotANumberError: it is something else; nothing is changed.
        """
        if not isinstance(state, dict) or state.keys() != self.state().keys():
            raise OptionError(f"load_state() of a Plateau wants lr, best and waited, got {state!r}")
        lr, best, waited = above(state["lr"], 0, "lr"), as_number(state["best"], "best"), state["waited"]
        self.lr, self.best, self.waited = lr, best, int(above(waited, 0, "waited"))

    def __call__(self, step: int) -> float:
        return self.lr
