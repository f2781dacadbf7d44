"""L-BFGS, by SciPy."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.errors import OptionError
from autograd.optim.optimizer import Optimizer
from autograd.support import run_to_end, whole
from autograd.tensor import Array

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """Limited-memory BFGS, by ``scipy.optimize.minimize``, on all the data at once.

    A step needs the loss at several points, so ``step`` takes a closure. A line search finds the
    length of each move, so there is no learning rate.

    Args:
        target: a module, or a list of Values and Tensors.
        max_iter: the greatest number of iterations in one ``step``, 1 or more.
        history: the number of past gradients from which the next direction is computed, 1 or more.

    Attributes:
        iterations: the number of iterations of the last ``step``.

    Raises:
        OptionError: an option is below 1.

    >>> from autograd.engine import Value
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

    takes_closure = True

    def __init__(self, target: Any, max_iter: int = 20, history: int = 10) -> None:
        super().__init__(target, 1.0)
        self.iterations = 0
        self.max_iter, self.history = whole(max_iter, "max_iter"), whole(history, "history")

    def step(self, closure: Callable[[], Any] | None = None) -> float:  # type: ignore[override]  # it needs more
        """Minimise further, and return the loss reached.

        Args:
            closure: a function that sets the gradients to 0, computes the loss, calls the loss's
                ``backward`` and returns the loss.

        Raises:
            OptionError: no closure was given. Errors of the closure are passed on, with the parameters and
                gradients as they were before the step.
        """
        from scipy.optimize import minimize

        if closure is None:
            raise OptionError("LBFGS.step() wants a closure that computes the loss and its gradients")
        vector = self._vector

        def evaluate(x: Array) -> tuple[float, Array]:
            move(x)
            loss = float(closure())
            vector.sync()
            return loss, np.asarray(vector.grads, np.float64)

        vector.sync()
        before, gradient = vector.values.astype(np.float64), vector.grads.copy()
        options = {"maxiter": self.max_iter, "maxcor": self.history}

        def move(x: Array) -> None:
            vector.values[:] = x
            vector.mark_changed()

        def go_back(x: Array, g: Array) -> None:
            move(x)
            vector.grads[:] = g
            vector.mark_gradient_changed()

        try:
            found = minimize(evaluate, before, jac=True, method="L-BFGS-B", options=options)
            move(found.x)
        except BaseException:
            run_to_end(lambda: go_back(before, gradient))
            raise
        self.iterations = int(found.nit)
        return float(found.fun)
