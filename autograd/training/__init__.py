"""Training: data, steps, the loop over epochs, checkpoints.

This package knows a module, such as a net, only by the protocol `autograd.training.steps.Trainable`.
"""

from autograd.training.history import History

__all__ = ["History"]
