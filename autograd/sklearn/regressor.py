"""A net as a scikit-learn regressor."""

from typing import Any, Self

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import column_or_1d

from autograd.errors import DataError
from autograd.sklearn.estimator import NetEstimator, Scoring, all_or_nothing
from autograd.sklearn.inputs import dense
from autograd.tensor import Array

__all__ = ["NetRegressor"]


class NetRegressor(Scoring, RegressorMixin, MultiOutputMixin, NetEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A net that predicts one or more numbers for each row, trained by the squared error.

    Its parameters are those of `NetClassifier`. So are its attributes, without ``classes_``. The scores of
    early_stopping are R².

    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> model = NetRegressor((16,), activation="tanh", solver="lbfgs", random_state=0).fit(X, X[:, 0] ** 2)
    >>> bool(model.score(X, X[:, 0] ** 2) > 0.99)
    True
    """

    _loss = "mse"
    _scale = 0.5  # scikit-learn's loss is half the mean squared error
    _flat: bool
    n_outputs_: int
    out_activation_ = "identity"

    def _validated(self, X: Any, y: Any, reset: bool) -> tuple[Array, Any]:
        X, y = self._checked(X, y, reset, y_numeric=True)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return dense(X), y

    def _learn_targets(self, y: Any, again: bool) -> None:
        n, flat = 1 if y.ndim == 1 else y.shape[1], y.ndim == 1
        if again:
            if (n, flat) != (self.n_outputs_, self._flat):
                raise DataError(
                    f"warm_start goes on with {self.n_outputs_} outputs, got y of shape {y.shape}"
                )
            return
        self.n_outputs_, self._flat = n, flat
        self._penalty = 2.0 / n  # our loss is a mean over the outputs, and has no factor of 1/2

    def _targets(self, y: Any) -> Array:
        array: Array = np.asarray(y).reshape(len(y), self.n_outputs_)
        return array

    def _score(self, X: Array, y: Any, sample_weight: Array | None) -> float:
        return float(r2_score(y, self._numbers(self.net_.predict(X)), sample_weight=sample_weight))

    def _numbers(self, outputs: Array) -> Array:
        return outputs[:, 0] if self._flat else outputs

    @all_or_nothing
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on these rows, which may be a part of the data.

        Arguments and errors are those of `fit`; early_stopping and the solver lbfgs are refused too.

        >>> model = NetRegressor((), random_state=0).partial_fit([[0.0], [1.0]], [0.0, 1.0])
        >>> model.partial_fit([[2.0]], [2.0]).n_iter_
        2
        """
        self._check_options()
        first = not hasattr(self, "net_")
        X, y = self._validated(X, y, reset=first)
        self._learn_targets(y, again=not first)
        return self._step(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """The predictions: (rows,), or (rows, outputs) if y had several columns."""
        return self._numbers(self._outputs(X))
