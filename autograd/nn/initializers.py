"""The initial weights of a layer."""

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.errors import DataError, ShapeError
from autograd.support import by_name
from autograd.tensor import Array, reals
from autograd.training import in_dtype

__all__ = ["INITS", "Init", "init_weights"]

Init = str | Callable[[int, int], Any]

INITS: dict[str, Callable[[int, int], float]] = {
    "uniform": lambda n_out, n_in: 1.0,
    "xavier": lambda n_out, n_in: math.sqrt(6 / (n_in + n_out)),  # Glorot & Bengio 2010, eq. 16
    "he": lambda n_out, n_in: math.sqrt(6 / n_in),  # He et al. 2015, eq. 10, as a uniform distribution
}
"""The named initialisations. Each gives the limit a of uniform weights from -a to a, from (n_out, n_in)."""


def uniform(n: int) -> Array:
    """The next ``n`` numbers that ``random.uniform(-1, 1)`` would return, without a Python loop.

    Python and NumPy's legacy generator use the same Mersenne Twister and turn its state into the same
    doubles. So NumPy draws from a copy of Python's state, and the state afterwards is written back.
    """
    version, (*keys, position), gauss = random.getstate()
    twister = np.random.RandomState()
    twister.set_state(("MT19937", np.array(keys, np.uint32), position, 0, 0.0))
    draws = twister.random_sample(n)
    after: Any = twister.get_state(legacy=True)
    random.setstate((version, (*after[1].tolist(), after[2]), gauss))
    return -1 + 2 * draws  # as random.uniform computes it


def init_weights(n_out: int, n_in: int, init: Init, dtype: Any) -> Array:
    """An initial matrix [W | b] of a dtype: weights from ``init``, biases 0."""
    weights = by_name("init", init, INITS)(n_out, n_in)
    if not callable(init):
        weights = weights * uniform(n_out * n_in).reshape(n_out, n_in)
    weights = reals(weights, f"init({n_out}, {n_in}) must give numbers").astype(float)
    if weights.shape != (n_out, n_in):
        raise ShapeError(f"init({n_out}, {n_in}) must give weights of that shape, got {weights.shape}")
    if not np.isfinite(weights).all():
        raise DataError(f"init({n_out}, {n_in}) must give finite weights")
    weights = in_dtype(weights, dtype, "weights", f"init({n_out}, {n_in})")
    return np.concatenate([weights, np.zeros((n_out, 1), dtype)], axis=1)
