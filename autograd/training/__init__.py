"""Training: data, steps, the loop over epochs, checkpoints.

This package knows a module, such as a net, only by the protocol `autograd.training.objective.Trainable`.
"""

from autograd.training.checkpoint import Snapshot
from autograd.training.data import LazyInputs, finite_numbers, in_dtype, rows_of
from autograd.training.fit import FitMixin
from autograd.training.history import History
from autograd.training.objective import CHUNK_ROWS, BatchLosses

__all__ = [
    "CHUNK_ROWS",
    "FitMixin",
    "History",
    "LazyInputs",
    "Snapshot",
    "finite_numbers",
    "in_dtype",
    "rows_of",
]
