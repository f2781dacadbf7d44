"""Training: data, steps, the loop over epochs, checkpoints.

This package knows a module, such as a net, only by the protocol `autograd.training.objective.Trainable`.
"""

from typing import TYPE_CHECKING, Any

from autograd.training.fit import FitMixin, PartialFitMixin
from autograd.training.history import History
from autograd.training.inputs import BlockedInputs, LazyInputs, finite_numbers, in_blocks, in_dtype, rows_of
from autograd.training.objective import CHUNK_ROWS, BatchLosses

if TYPE_CHECKING:
    from autograd.training.checkpoint import Snapshot

__all__ = [
    "CHUNK_ROWS",
    "BlockedInputs",
    "FitMixin",
    "History",
    "LazyInputs",
    "PartialFitMixin",
    "Snapshot",
    "finite_numbers",
    "in_blocks",
    "in_dtype",
    "rows_of",
]


def __getattr__(name: str) -> Any:  # import this only when it is first used
    if name == "Snapshot":
        from autograd.training.checkpoint import Snapshot

        return Snapshot
    raise AttributeError(f"module 'autograd.training' has no attribute {name!r}")
