"""Optimisers: how gradients change parameters.

Each works on the flat vector of a module, ``SGD(net, lr=0.1)``, or on a list of Values, and is used
by hand, ``loss.backward(); opt.step()``, or by ``net.fit(optimizer=opt)``. The formulas and the
defaults are PyTorch's, so trajectories agree.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.engine import Value, as_number
from autograd.errors import NotANumberError, OptionError
from autograd.options import whole
from autograd.parameters import Vector
from autograd.tensor.tape import Array

__all__ = ["LBFGS", "OPTIMIZERS", "SGD", "Adam", "AdamW", "Optimizer", "RMSprop"]


def vector_of(target: Any) -> Any:
    """The arrays behind ``target``: those of a module, or made from a list of Values."""
    if hasattr(target, "grads") and hasattr(target, "push"):
        return target
    if hasattr(target, "params"):
        return Vector(target.params())
    if isinstance(target, Sequence) and target and all(isinstance(v, Value) for v in target):
        return Vector(target)
    got = type(target).__name__
    if isinstance(target, Sequence) and not isinstance(target, str):
        got += f" of {', '.join(sorted({type(v).__name__ for v in target})) or 'nothing'}"
    raise NotANumberError(f"an optimiser wants a module or a list of Values, got {got}")


def between(x: Any, low: float, high: float, name: str) -> float:
    """``x`` as a float, if it lies in [low, high)."""
    y = as_number(x, name)
    if not low <= y < high:
        raise OptionError(f"{name} must be at least {low} and below {high}, got {x!r}")
    return y


class Optimizer:
    """What all optimisers have: a target, a learning rate, ``step`` and ``zero_grad``."""

    def __init__(self, target: Any, lr: float) -> None:
        self.target = target
        self.lr = between(lr, 0, math.inf, "lr")
        self._vector = vector_of(target)
        self._steps = 0

    def step(self) -> None:
        """Change the parameters once, by their gradients as they are."""
        vector = self._vector
        vector.pull()
        self._steps += 1
        self._update(vector.values, vector.grads)
        vector.push()

    def zero_grad(self) -> None:
        """Set all gradients to 0."""
        self._vector.zero_grad()

    def state(self) -> dict[str, Any]:
        """What it remembers of the steps so far, as a copy."""
        mine = {k: v for k, v in self.__dict__.items() if k not in ("target", "_vector")}
        return {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in mine.items()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Remember what `state` told, and nothing since."""
        self.__dict__.update({k: v.copy() if isinstance(v, np.ndarray) else v for k, v in state.items()})

    def _update(self, x: Array, g: Array) -> None:
        """Change ``x`` in place by the gradient ``g``."""
        raise NotImplementedError

    def _zeros(self) -> Array:
        return np.zeros_like(self._vector.values)


class SGD(Optimizer):
    """Stochastic gradient descent: x -= lr · g, with momentum if wanted.

    Args:
        target: a module or a list of Values.
        lr: learning rate, 0 or more.
        momentum: in [0, 1): how much of the last step's direction is kept.
        nesterov: look ahead along the direction (Sutskever et al. 2013).
        weight_decay: added to the gradient, times the parameters.

    Raises:
        OptionError: an option is out of its range, or ``nesterov`` without ``momentum``.

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
        lr: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(target, lr)
        self.momentum = between(momentum, 0, 1, "momentum")
        self.nesterov = nesterov
        self.weight_decay = between(weight_decay, 0, math.inf, "weight_decay")
        if nesterov and not momentum:
            raise OptionError("nesterov=True wants a momentum above 0")
        self._velocity = self._zeros() if momentum else None

    def _update(self, x: Array, g: Array) -> None:
        if self.weight_decay:
            g = g + self.weight_decay * x
        if self._velocity is not None:
            self._velocity *= self.momentum
            self._velocity += g
            g = g + self.momentum * self._velocity if self.nesterov else self._velocity
        x -= self.lr * g


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square (Kingma & Ba 2015).

    Args:
        target: a module or a list of Values.
        lr: learning rate, about the length of a step in each parameter.
        betas: how much of the running mean of the gradient, and of its square, is kept; in [0, 1).
        eps: keeps the division from blowing up.
        weight_decay: added to the gradient, times the parameters.

    Raises:
        OptionError: an option is out of its range.

    >>> x = Value(4.0)
    >>> opt = Adam([x], lr=0.5)
    >>> (x * x).backward()
    >>> opt.step()
    >>> round(x.data, 6)  # the first step has length lr
    3.5
    """

    def __init__(
        self,
        target: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(target, lr)
        self.betas = (between(betas[0], 0, 1, "betas[0]"), between(betas[1], 0, 1, "betas[1]"))
        self.eps = between(eps, 0, math.inf, "eps")
        self.weight_decay = between(weight_decay, 0, math.inf, "weight_decay")
        self._mean = self._zeros()
        self._square = self._zeros()

    def _decayed(self, x: Array, g: Array) -> Array:
        return g + self.weight_decay * x if self.weight_decay else g

    def _update(self, x: Array, g: Array) -> None:
        g = self._decayed(x, g)
        beta1, beta2 = self.betas
        self._mean += (1 - beta1) * (g - self._mean)
        self._square *= beta2
        self._square += (1 - beta2) * g * g
        root = np.sqrt(self._square) / math.sqrt(1 - beta2**self._steps) + self.eps
        x -= self.lr / (1 - beta1**self._steps) * self._mean / root


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters directly (Loshchilov & Hutter 2019).

    Arguments and errors are those of `Adam`.

    >>> x = Value(4.0)
    >>> opt = AdamW([x], lr=0.5, weight_decay=0.1)
    >>> (x * x).backward()
    >>> opt.step()
    >>> round(x.data, 6)  # 4 · (1 - 0.5 · 0.1) - 0.5
    3.3
    """

    def __init__(
        self,
        target: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(target, lr, betas, eps, weight_decay)

    def _decayed(self, x: Array, g: Array) -> Array:
        x *= 1 - self.lr * self.weight_decay
        return g


class RMSprop(Optimizer):
    """Steps scaled by a running mean of the squared gradient (Tieleman & Hinton 2012).

    Args:
        target: a module or a list of Values.
        lr: learning rate.
        alpha: how much of the running mean is kept; in [0, 1).
        eps: keeps the division from blowing up.

    Raises:
        OptionError: an option is out of its range.

    >>> x = Value(4.0)
    >>> opt = RMSprop([x], lr=0.1)
    >>> (x * x).backward()
    >>> opt.step()
    >>> round(x.data, 6)  # 4 - 0.1 / sqrt(1 - 0.99)
    3.0
    """

    def __init__(self, target: Any, lr: float = 0.01, alpha: float = 0.99, eps: float = 1e-8) -> None:
        super().__init__(target, lr)
        self.alpha = between(alpha, 0, 1, "alpha")
        self.eps = between(eps, 0, math.inf, "eps")
        self._square = self._zeros()

    def _update(self, x: Array, g: Array) -> None:
        self._square *= self.alpha
        self._square += (1 - self.alpha) * g * g
        x -= self.lr * g / (np.sqrt(self._square) + self.eps)


class LBFGS(Optimizer):
    """Limited-memory BFGS, by ``scipy.optimize.minimize``, on the whole data at once.

    A step needs the loss at several points, so ``step`` takes a closure. The line search finds the
    length of each move, so there is no learning rate.

    Args:
        target: a module or a list of Values.
        max_iter: iterations in one ``step``.
        history: how many past gradients shape the next direction.

    Raises:
        OptionError: an option is below 1.

    >>> x, y = Value(0.0), Value(0.0)
    >>> opt = LBFGS([x, y])
    >>> def closure():
    ...     loss = (x - 3) ** 2 + (y + 1) ** 2
    ...     opt.zero_grad()
    ...     loss.backward()
    ...     return loss
    >>> loss = opt.step(closure)
    >>> round(x.data, 6), round(y.data, 6)
    (3.0, -1.0)
    """

    def __init__(self, target: Any, max_iter: int = 20, history: int = 10) -> None:
        super().__init__(target, 0.0)
        self.max_iter, self.history = whole(max_iter, "max_iter"), whole(history, "history")

    def step(self, closure: Callable[[], Any] | None = None) -> float:  # type: ignore[override]  # it needs more
        """Minimise further, and return the loss reached.

        Args:
            closure: sets the gradients to 0, computes the loss, calls its ``backward`` and returns it.

        Raises:
            OptionError: no closure was given. What the closure raises passes, with the parameters as
                they were before.
        """
        from scipy.optimize import minimize

        if closure is None:
            raise OptionError("LBFGS.step() wants a closure that computes the loss and its gradients")
        vector = self._vector

        def evaluate(x: Array) -> tuple[float, Array]:
            vector.values[:] = x
            vector.push()
            loss = float(closure())
            vector.pull()
            return loss, vector.grads.astype(np.float64)

        vector.pull()
        before = vector.values.astype(np.float64)
        options = {"maxiter": self.max_iter, "maxcor": self.history}
        try:
            found = minimize(evaluate, before, jac=True, method="L-BFGS-B", options=options)
        except BaseException:
            vector.values[:] = before
            vector.push()
            raise
        vector.values[:] = found.x
        vector.push()
        return float(found.fun)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
    "lbfgs": LBFGS,
}
