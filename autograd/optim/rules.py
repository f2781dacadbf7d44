"""Optimisers whose step is a formula of the gradient: SGD, Adam, AdamW and RMSprop.

A step is one call of a loop of `updates` where that is compiled, and a few calls of NumPy elsewhere; the
numbers are the same, to the bit.
"""

import math
from functools import partial
from typing import Any

import numpy as np

from autograd.engine import COMPILED
from autograd.errors import OptionError
from autograd.optim import updates
from autograd.optim.optimizer import Optimizer, UpdateCall, between
from autograd.schedules import Schedule
from autograd.tensor import Array

__all__ = ["SGD", "Adam", "AdamW", "RMSprop"]


def scaled_step(
    x: Array, direction: Array, g: Array, s: Array, square: Array, kept: float, eps: float, rate: float
) -> list[UpdateCall]:
    """The NumPy calls of a step along ``direction``, divided by the root of ``square``, the mean of g²."""
    return [
        partial(np.square, g, s),
        partial(np.multiply, square, kept, square),
        partial(np.add, square, s, square),
        partial(np.sqrt, square, s),
        partial(np.add, s, eps, s),
        partial(np.divide, direction, s, s),
        partial(np.multiply, s, rate, s),
        partial(np.subtract, x, s, x),
    ]


class SGD(Optimizer):
    """Stochastic gradient descent: x -= lr · g, optionally with momentum.

    Args:
        target: a module, or a list of Values and Tensors.
        lr: learning rate, 0 or more; or a function of the number of previous steps, as in `schedules`.
        momentum: the fraction of the last step's direction that is kept, in [0, 1).
        nesterov: whether to look ahead along the direction (Sutskever et al. 2013).
        weight_decay: ``weight_decay`` times the parameters is added to the gradient; 0 or more.

    Raises:
        OptionError: an option is out of its range, or ``nesterov`` is given without ``momentum``.

    >>> from autograd.engine import Value
    >>> x = Value(4.0)
    >>> opt = SGD([x], lr=0.25)
    >>> (x * x).backward()
    >>> opt.step()
    >>> x.data  # 4 - 0.25 · 8
    2.0
    """

    def __init__(
        self,
        target: Any,
        lr: float | Schedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.momentum = between(momentum, 0, 1, "momentum")
        self.nesterov = nesterov
        self.weight_decay = between(weight_decay, 0, math.inf, "weight_decay")
        if nesterov and not momentum:
            raise OptionError("nesterov=True wants a momentum above 0")
        self.memories = 1 if momentum else 0
        super().__init__(target, lr)

    def _calls(self, lr: float, x: Array, g: Array, s: Array, step: int, *memory: Array) -> list[UpdateCall]:
        if COMPILED and self.momentum:
            ahead = lr * self.momentum if self.nesterov else 0.0
            return [partial(updates.momentum, x, g, memory[0], lr, self.momentum, ahead, self.weight_decay)]
        if COMPILED:
            return [partial(updates.descent, x, g, lr, self.weight_decay)]
        calls: list[UpdateCall] = []
        if self.weight_decay:
            calls += partial(np.multiply, x, self.weight_decay, s), partial(np.add, s, g, s)
            g = s
        if self.momentum:
            (v,) = memory
            calls += partial(np.multiply, v, self.momentum, v), partial(np.add, v, g, v)
            if self.nesterov:
                calls += partial(np.multiply, g, lr, s), partial(np.subtract, x, s, x)
                lr *= self.momentum
            g = v
        calls += partial(np.multiply, g, lr, s), partial(np.subtract, x, s, x)
        return calls


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square (Kingma & Ba 2015).

    Args:
        target: a module, or a list of Values and Tensors.
        lr: learning rate, 0 or more, about the length of a step in each parameter; or a function of the
            number of previous steps, as in `schedules`.
        betas: the fractions of the running means of the gradient and of its square that each step keeps,
            in [0, 1).
        eps: is added to the divisor, so that the quotient stays finite; 0 or more.
        weight_decay: ``weight_decay`` times the parameters is added to the gradient; 0 or more.

    Raises:
        OptionError: an option is out of its range.

    >>> from autograd.engine import Value
    >>> x = Value(4.0)
    >>> opt = Adam([x], lr=0.5)
    >>> (x * x).backward()
    >>> opt.step()
    >>> round(x.data, 6)  # the first step has length lr
    3.5
    """

    memories = 2
    shrinks = False  # whether the weight decay shrinks the parameters directly, as in AdamW

    def __init__(
        self,
        target: Any,
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(target, lr)
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise OptionError(f"betas must be two numbers in [0, 1), got {betas!r}")
        self.betas = (between(betas[0], 0, 1, "betas[0]"), between(betas[1], 0, 1, "betas[1]"))
        self.eps = between(eps, 0, math.inf, "eps")
        self.weight_decay = between(weight_decay, 0, math.inf, "weight_decay")

    def _calls(self, lr: float, x: Array, g: Array, s: Array, step: int, *memory: Array) -> list[UpdateCall]:
        (mean, square), (beta1, beta2) = memory, self.betas
        # The running means are stored divided by (1 - beta1) and (1 - beta2), which saves two passes over the
        # arrays. With the means themselves, and with constant factors combined below, the step is
        # x -= lr · mean / (1 - beta1^t) / (root(square / (1 - beta2^t)) + eps)
        root = math.sqrt((1 - beta2**step) / (1 - beta2))
        eps, rate = max(self.eps * root, self._floor), lr * root * (1 - beta1) / (1 - beta1**step)
        keep = 1 - lr * self.weight_decay if self.shrinks else 1.0
        decay = 0.0 if self.shrinks else self.weight_decay
        if COMPILED:
            return [partial(updates.adam, x, g, mean, square, beta1, beta2, eps, rate, keep, decay)]
        calls: list[UpdateCall] = []
        if keep != 1:
            calls += [partial(np.multiply, x, keep, x)]
        if decay:
            calls += partial(np.multiply, x, decay, s), partial(np.add, s, g, s)
            g = s
        calls += (
            partial(np.multiply, mean, beta1, mean),
            partial(np.add, mean, g, mean),
            *scaled_step(x, mean, g, s, square, beta2, eps, rate),
        )
        return calls


class AdamW(Adam):
    """Adam with a weight decay that shrinks the parameters directly (Loshchilov & Hutter 2019).

    Arguments and errors are those of `Adam`.

    >>> from autograd.engine import Value
    >>> x = Value(4.0)
    >>> opt = AdamW([x], lr=0.5, weight_decay=0.1)
    >>> (x * x).backward()
    >>> opt.step()
    >>> round(x.data, 6)  # 4 · (1 - 0.5 · 0.1) - 0.5
    3.3
    """

    shrinks = True

    def __init__(
        self,
        target: Any,
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(target, lr, betas, eps, weight_decay)


class RMSprop(Optimizer):
    """Steps scaled by a running mean of the squared gradient (Tieleman & Hinton 2012).

    Args:
        target: a module, or a list of Values and Tensors.
        lr: learning rate, 0 or more; or a function of the number of previous steps, as in `schedules`.
        alpha: the fraction of the running mean that each step keeps, in [0, 1).
        eps: is added to the divisor, so that the quotient stays finite; 0 or more.

    Raises:
        OptionError: an option is out of its range.

    >>> from autograd.engine import Value
    >>> x = Value(4.0)
    >>> opt = RMSprop([x], lr=0.1)
    >>> (x * x).backward()
    >>> opt.step()
    >>> round(x.data, 6)  # 4 - 0.1 / sqrt(1 - 0.99)
    3.0
    """

    memories = 1

    def __init__(
        self, target: Any, lr: float | Schedule = 0.01, alpha: float = 0.99, eps: float = 1e-8
    ) -> None:
        super().__init__(target, lr)
        self.alpha = between(alpha, 0, 1, "alpha")
        self.eps = between(eps, 0, math.inf, "eps")

    def _calls(self, lr: float, x: Array, g: Array, s: Array, step: int, *memory: Array) -> list[UpdateCall]:
        (square,) = memory
        root = 1 / math.sqrt(1 - self.alpha)
        # The running mean is stored divided by (1 - alpha), which saves a pass over the array
        eps, rate = max(self.eps * root, self._floor), lr * root
        if COMPILED:
            return [partial(updates.rmsprop, x, g, square, self.alpha, eps, rate)]
        return scaled_step(x, g, g, s, square, self.alpha, eps, rate)
