"""The state of `partial_fit`: training on data that come in portions."""

import math
from typing import Any

import numpy as np

from autograd.errors import OptionError, TrainingError
from autograd.optim import optimizer_name
from autograd.training.checkpoint import Snapshot
from autograd.training.data import prepared
from autograd.training.objective import BatchLosses, Trainable, advice, largest_gradient
from autograd.training.options import finite_positive, optimizer_for
from autograd.training.reach import check_outputs, check_targets

__all__ = ["PartialFit"]

CALL = "partial_fit()"  # as errors name it


class PartialFit:
    """Training on data that come in portions, with an optimiser that is kept from batch to batch.

    Args:
        module: the module that is trained.
        loss: a `Loss`, or a function of predictions and targets.
        optimizer, lr, alpha: as for `fit`.
    """

    def __init__(self, module: Trainable, loss: Any, optimizer: Any, lr: Any, alpha: float) -> None:
        self.module = module
        self.loss = loss
        check_outputs(module, loss, CALL, stacklevel=3)
        self.opt = optimizer_for(optimizer, lr, module, CALL)
        if self.opt.takes_closure:
            raise OptionError(f"{optimizer_name(type(self.opt))} wants the whole data at once: use fit()")
        self.checked = False  # whether the outputs can reach the targets
        self.alpha = finite_positive(alpha, "alpha", 0.0)

    def step(self, losses: BatchLosses, X: Any, y: Any, sample_weight: Any, class_weight: Any) -> float:
        """Make one update with all rows as one batch, and return their mean loss before it.

        ``losses`` are those of the module.
        """
        data = prepared(self.module, X, y, self.loss, sample_weight, class_weight, CALL)
        if not self.checked:
            check_targets(self.module, self.loss, data, CALL, stacklevel=3)
            self.checked = True
        data = data.with_mean_weight_1()
        before = Snapshot.of(self.module, self.opt)
        try:
            with losses.lent(self.module, self.loss, self.alpha) as batch_loss, np.errstate(all="ignore"):
                _, _, value, penalty = batch_loss.of_batches(data)(len(data), None)
                finite = math.isfinite(value + penalty)
                if finite:
                    self.opt.step()
        except BaseException:
            before.restore(self.module, self.opt)
            raise
        if not (finite and np.isfinite(self.module.values).all()):
            gradient = largest_gradient(self.module.grads)
            before.restore(self.module, self.opt)
            what = "a weight became infinite or nan" if finite else f"the loss became {value + penalty}"
            raise TrainingError(f"{CALL}: {what}, where {gradient}; {advice(self.alpha)}")
        if (observe := getattr(self.opt.lr, "observe", None)) is not None:
            observe(value + penalty)
        return value
