"""Early stopping: ending the training of an estimator once it no longer improves."""

from typing import Any

import numpy as np

from autograd.errors import TrainingError
from autograd.tensor import Array
from autograd.training import History

__all__ = ["EarlyStopping"]


class EarlyStopping:
    """A callback that ends the training after too many epochs without an improvement by ``tol``.

    It compares the score on the held-out rows, or the loss of the training if ``held_out`` is None.
    """

    def __init__(self, estimator: Any, held_out: Any) -> None:
        self.estimator = estimator
        self.held_out = held_out
        self.ended = False
        self._best = -np.inf
        self._since = 0
        self._weights: Array | None = None
        estimator.best_loss_ = estimator.best_validation_score_ = estimator.validation_scores_ = None
        if held_out is not None:
            estimator.validation_scores_ = []

    def __call__(self, history: History) -> bool:
        estimator = self.estimator
        score = -estimator._scale * (history.loss[-1] + history.penalty[-1])
        if self.held_out is not None:
            try:
                score = estimator._score(*self.held_out)
            except ValueError:
                if np.isfinite(estimator.net_.predict(self.held_out[0])).all():
                    raise
                raise TrainingError(
                    f"the outputs for the rows held out became infinite or nan in epoch {len(history.loss)}; "
                    "a smaller learning_rate_init, or X scaled to about -1 to 1, may help"
                ) from None
            estimator.validation_scores_.append(score)
        self._since = self._since + 1 if score < self._best + estimator.tol else 0
        if score > self._best:
            self._best = score
            if self.held_out is not None:
                self._weights = estimator.net_.values.copy()
        self.ended = self._since > estimator.n_iter_no_change
        return self.ended

    def finish(self) -> None:
        """Set the best loss or score of the estimator, and restore the weights with the best score."""
        estimator = self.estimator
        if self.held_out is None:
            estimator.best_loss_ = -self._best
            return
        estimator.best_validation_score_ = self._best
        if self._weights is not None:
            values = estimator.net_.values
            values[:] = self._weights
            estimator.net_.mark_changed()
