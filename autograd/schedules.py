"""Learning-rate schedules: functions from the number of steps that an optimiser has made to a learning rate.

A schedule stands in place of a number: ``Adam(net, lr=cosine(0.01, steps=1000))`` or
``net.fit(X, y, lr=cosine(0.01, steps=1000))``. A step is one update of the parameters; an epoch has one
step for each batch. Any function from a whole number to a number is a schedule.

>>> halving = lambda step: 0.1 / 2 ** (step // 100)
>>> halving(0), halving(250)
(0.1, 0.025)
"""

import math
from collections.abc import Callable
from typing import Any

from autograd.engine import as_number
from autograd.errors import OptionError
from autograd.support import whole

__all__ = ["Plateau", "Schedule", "cosine", "one_cycle", "step_decay", "warm_up"]

Schedule = Callable[[int], float]


class Formula:
    """A schedule of this module. Two of them are equal if they were made by the same call."""

    name: str

    def __init__(self, *options: Any) -> None:
        self.options = options

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and (self.name, self.options) == (other.name, other.options)

    def __hash__(self) -> int:
        return hash((self.name, self.options))

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.options))})"

    def __call__(self, step: int) -> float:
        raise NotImplementedError


class StepDecay(Formula):
    """The result of `step_decay`."""

    name = "step_decay"

    def __call__(self, step: int) -> float:
        lr, every, factor = self.options
        rate: float = lr * factor ** (step // every)
        return rate


class Cosine(Formula):
    """The result of `cosine`."""

    name = "cosine"

    def __call__(self, step: int) -> float:
        lr, steps, end = self.options
        rate: float = end + (lr - end) * (1 + math.cos(math.pi * min(step / steps, 1))) / 2
        return rate


class WarmUp(Formula):
    """The result of `warm_up`."""

    name = "warm_up"

    def __call__(self, step: int) -> float:
        lr, steps = self.options
        if step >= steps:
            rate: float = lr(step - steps) if callable(lr) else lr
            return rate
        rate = (lr(0) if callable(lr) else lr) * (step + 1) / (steps + 1)
        return rate

    @property
    def observe(self) -> Callable[[float], None]:
        """The method by which `fit` tells the schedule of each epoch's loss, if it has one."""
        observe: Callable[[float], None] = self.options[0].observe
        return observe


class OneCycle(Formula):
    """The result of `one_cycle`."""

    name = "one_cycle"

    def __call__(self, step: int) -> float:
        peak, steps, rise, low, last = self.options
        top = rise * steps - 1  # the step of the peak, as in PyTorch
        if step < top:
            a, b, progress = low, peak, step / top
        else:
            a, b, progress = peak, last, min((step - top) / (steps - 1 - top), 1.0)
        rate: float = b + (a - b) * (1 + math.cos(math.pi * progress)) / 2
        return rate


def above(x: Any, low: float, name: str) -> float:
    """``x`` as a float, if it is finite and at least ``low``; else an OptionError that names it ``name``."""
    y = as_number(x, name)
    if not low <= y < math.inf:
        raise OptionError(f"{name} must be at least {low:g} and finite, got {x!r}")
    return y


def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """``lr``, multiplied by ``factor`` after every ``every`` steps.

    Args:
        lr: the initial learning rate, 0 or more.
        every: the number of steps from one change to the next, 1 or more.
        factor: the factor of each change, 0 or more.

    Raises:
        OptionError: an option is out of its range.

    >>> schedule = step_decay(1.0, every=10)
    >>> schedule(9), schedule(10)
    (1.0, 0.1)
    """
    lr, every, factor = above(lr, 0, "lr"), whole(every, "every"), above(factor, 0, "factor")
    return StepDecay(lr, every, factor)


def cosine(lr: float, steps: int, end: float = 0.0) -> Schedule:
    """Half a cosine wave from ``lr`` to ``end`` in ``steps`` steps (Loshchilov & Hutter 2017).

    Args:
        lr: the initial learning rate, 0 or more.
        steps: the number of steps until ``end`` is reached, 1 or more; from then on the rate is ``end``.
        end: the final learning rate, 0 or more.

    Raises:
        OptionError: an option is out of its range.

    >>> schedule = cosine(1.0, steps=100)
    >>> schedule(0), round(schedule(50), 9), schedule(100), schedule(1000)
    (1.0, 0.5, 0.0, 0.0)
    """
    lr, steps, end = above(lr, 0, "lr"), whole(steps, "steps"), above(end, 0, "end")
    return Cosine(lr, steps, end)


def warm_up(lr: float | Schedule, steps: int) -> Schedule:
    """A linear increase that reaches ``lr`` at step ``steps``; from then on ``lr``.

    Args:
        lr: the learning rate after the increase: a number of 0 or more, or a schedule, whose own steps
            are counted from the end of the increase.
        steps: the number of steps before ``lr`` is reached, 1 or more.

    Raises:
        OptionError: an option is out of its range.

    >>> schedule = warm_up(cosine(1.0, steps=100), steps=4)
    >>> [schedule(i) for i in range(5)], round(schedule(54), 9)
    ([0.2, 0.4, 0.6, 0.8, 1.0], 0.5)
    """
    steps = whole(steps, "steps")
    return WarmUp(lr if callable(lr) else above(lr, 0, "lr"), steps)


def one_cycle(peak: float, steps: int, rise: float = 0.3, start: float = 25.0, end: float = 1e4) -> Schedule:
    """Half a cosine wave up to ``peak``, then half a wave down (Smith & Topin 2018).

    Args:
        peak: the highest learning rate, 0 or more.
        steps: the number of steps of both together, 1 or more.
        rise: the fraction of the steps in which the learning rate rises, in (0, 1).
        start: the first learning rate is ``peak / start``; 1 or more.
        end: the last learning rate is the first one divided by ``end``; 1 or more.

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
    return OneCycle(peak, steps, rise, low, last)


class Plateau:
    """A learning rate that is reduced when the loss no longer falls.

    `fit` calls `observe` with the loss of each epoch: the validation loss if there are validation rows,
    else the training loss. In a training loop of your own, call `observe` yourself.

    Args:
        lr: the initial learning rate, 0 or more.
        factor: each reduction multiplies the learning rate by it, in (0, 1).
        patience: the number of epochs in a row without progress that cause no reduction, 0 or more.
        threshold: progress is a loss below ``(1 - threshold)`` times the best one; 0 or more.
        lowest: the learning rate is never reduced below it, 0 or more.

    Two of them are equal if they have the same options, however far each has come.

    Attributes:
        lr: the current learning rate.

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

    def _options(self) -> tuple[float, ...]:
        return self.start, self.factor, self.patience, self.threshold, self.lowest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plateau) and self._options() == other._options()

    def __hash__(self) -> int:
        return hash(self._options())

    def observe(self, loss: float) -> None:
        """Take the loss of one more epoch into account, and reduce the learning rate if it is due."""
        none = self.best == math.inf or math.isnan(self.best)
        if none or loss < self.best - self.threshold * abs(self.best):
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited > self.patience:
            self.lr, self.waited = min(self.lr, max(self.lr * self.factor, self.lowest)), 0

    def state(self) -> dict[str, float]:
        """The learning rate, the best loss, and the count of epochs without progress, as a dict."""
        return {"lr": self.lr, "best": self.best, "waited": self.waited}

    def load_state(self, state: dict[str, float]) -> None:
        """Continue from a dict that `state` returned.

        Raises:
            OptionError, NotANumberError: ``state`` is not such a dict; nothing is changed.
        """
        if not isinstance(state, dict) or state.keys() != self.state().keys():
            raise OptionError(f"load_state() of a Plateau wants lr, best and waited, got {state!r}")
        lr, best, waited = above(state["lr"], 0, "lr"), as_number(state["best"], "best"), state["waited"]
        self.lr, self.best, self.waited = lr, best, int(above(waited, 0, "waited"))

    def __call__(self, step: int) -> float:
        return self.lr
