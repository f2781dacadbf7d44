# cython: wraparound=False
"""Steps of optimisers as loops over all parameters, for where they are compiled.

Each changes the parameters ``x`` by their gradient ``g``, and the state vectors of the optimiser. Operations
and their order are those of the NumPy calls in `rules`, so the results have the same bits. Numbers are of the
dtype of the arrays.
"""

import math

from autograd.tensor import Array

__all__ = ["adam", "descent", "momentum", "rmsprop"]


def descent(x: Array, g: Array, rate: float, decay: float) -> None:
    """Gradient descent, with ``decay`` times the parameters added to the gradient."""
    for i in range(x.shape[0]):
        slope = g[i] if decay == 0 else x[i] * decay + g[i]
        x[i] = x[i] - slope * rate


def momentum(
    x: Array, g: Array, velocity: Array, rate: float, kept: float, ahead: float, decay: float
) -> None:
    """Gradient descent with momentum. ``kept`` is the kept fraction of ``velocity``.

    With an ``ahead`` that is not 0 it looks ahead, after Nesterov: the step is ``rate`` times the gradient
    and ``ahead`` times the velocity.
    """
    for i in range(x.shape[0]):
        slope = g[i] if decay == 0 else x[i] * decay + g[i]
        v = velocity[i] * kept + slope
        velocity[i] = v
        if ahead == 0:
            x[i] = x[i] - v * rate
        else:
            x[i] = (x[i] - slope * rate) - v * ahead


def adam(
    x: Array,
    g: Array,
    mean: Array,
    square: Array,
    beta1: float,
    beta2: float,
    eps: float,
    rate: float,
    keep: float,
    decay: float,
) -> None:
    """Adam, with x multiplied by ``keep`` first, and ``decay`` times x added to the gradient."""
    for i in range(x.shape[0]):
        value = x[i] if keep == 1 else x[i] * keep
        slope = g[i] if decay == 0 else value * decay + g[i]
        m = mean[i] * beta1 + slope
        s = square[i] * beta2 + slope * slope
        mean[i] = m
        square[i] = s
        root = math.sqrt(s)
        x[i] = value - m / (root + eps) * rate


def rmsprop(x: Array, g: Array, square: Array, alpha: float, eps: float, rate: float) -> None:
    """RMSprop."""
    for i in range(x.shape[0]):
        slope = g[i]
        s = square[i] * alpha + slope * slope
        square[i] = s
        root = math.sqrt(s)
        x[i] = x[i] - slope / (root + eps) * rate
