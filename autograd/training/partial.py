"""The state of `partial_fit`: training on data that come in portions."""

import math
from typing import Any

import numpy as np

from autograd.errors import OptionError, TrainingError
from autograd.optim import optimizer_name
from autograd.training.checkpoint import Snapshot
from autograd.training.data import prepared
from autograd.training.objective import BatchLoss, Objective, Trainable, advice, largest_gradient
from autograd.training.options import finite_positive, loss_for, optimizer_for

__all__ = ["PartialFit"]


class PartialFit:
    """Training on data that come in portions, with an optimiser that is kept from batch to batch.

    Args:
        module: the module that is trained.
        loss, optimizer, lr, alpha: as for `fit`.
    """

    def __init__(self, module: Trainable, loss: Any, optimizer: Any, lr: Any, alpha: float) -> None:
        self.module = module
        self.loss = loss_for(module, loss)
        self.opt = optimizer_for(optimizer, lr, module)
        if self.opt.takes_closure:
            raise OptionError(f"{optimizer_name(type(self.opt))} wants the whole data at once: use fit()")
        self.batch_loss = BatchLoss(Objective(module, self.loss, finite_positive(alpha, "alpha", 0.0)))

    def step(self, X: Any, y: Any, sample_weight: Any, class_weight: Any) -> float:
        """Make one update with all rows as one batch, and return their mean loss before it."""
        data = prepared(self.module, X, y, self.loss, sample_weight, class_weight).balanced()
        before = Snapshot.of(self.module, self.opt)
        try:
            with np.errstate(all="ignore"):
                value = self.batch_loss.loss_and_gradient(data, len(data))(np.arange(len(data)))
                if math.isfinite(value):
                    self.opt.step()
        except BaseException:
            before.restore(self.module, self.opt)
            raise
        if not (math.isfinite(value) and np.isfinite(self.module.values).all()):
            gradient = largest_gradient(self.module.grads)
            before.restore(self.module, self.opt)
            what = (
                f"the loss became {value}" if not math.isfinite(value) else "a weight became infinite or nan"
            )
            raise TrainingError(
                f"partial_fit(): {what}, where {gradient}; {advice(self.batch_loss.objective.alpha)}"
            )
        if (observe := getattr(self.opt.lr, "observe", None)) is not None:
            observe(value)
        return value
