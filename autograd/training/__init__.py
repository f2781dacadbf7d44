"""Training: data, steps, the loop over epochs, checkpoints. A module is known here by a protocol only."""

from autograd.training.history import History

__all__ = ["History"]
