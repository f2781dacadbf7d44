"""A net as a scikit-learn classifier."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import column_or_1d

from autograd.errors import DataError
from autograd.sklearn.estimator import NetEstimator, Scoring, all_or_nothing
from autograd.sklearn.inputs import dense
from autograd.tensor import Array

__all__ = ["NetClassifier"]


class NetClassifier(Scoring, ClassifierMixin, NetEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A net that predicts the class of each row, or which of several labels apply to it.

    Args:
        hidden_layer_sizes: sizes of the hidden layers.
        activation: activation of the hidden layers: ``relu``, ``tanh``, ``logistic`` or ``identity``, as in
            scikit-learn, or any activation of `autograd.nn`.
        solver: a name in `autograd.optim.OPTIMIZERS`; sgd has a Nesterov momentum of 0.9.
        alpha: strength of the L2 penalty on weights.
        batch_size: rows of a batch; "auto" for 200, or all rows if there are fewer.
        learning_rate_init: learning rate; lbfgs ignores it.
        max_iter: the greatest number of epochs, or of iterations of lbfgs.
        random_state: a seed, a ``numpy.random.RandomState``, or None.
        tol: the least improvement, of the loss or of the score on held-out rows, that counts as one; not
            for lbfgs, which ends by itself.
        n_iter_no_change: epochs in a row without such an improvement that are allowed; one more ends the
            training.
        verbose: whether to show the progress.
        warm_start: continue the training of the net of the last ``fit`` instead of making a new net.
        early_stopping: hold out ``validation_fraction`` of the rows, and keep the weights with the best
            score on them.
        validation_fraction: share of the rows that early_stopping holds out, between 0 and 1.

    Attributes:
        classes_: the labels.
        net_: the `autograd.nn.Net`; its outputs are logits.
        n_iter_: number of epochs, or of iterations of lbfgs, in the last ``fit``.
        t_: number of rows that the solver has seen, each as often as it has; with warm_start, in all calls of
            ``fit``.
        loss_: the loss of the last epoch.
        loss_curve_: the loss of each epoch, with the penalty; with warm_start, of all calls of ``fit``.
        best_loss_: the least loss of an epoch; None with early_stopping.
        validation_scores_: with early_stopping, the accuracy on the held-out rows after each epoch.
        best_validation_score_: the best of these scores.
        n_outputs_: number of outputs of the net; one for two classes.
        n_features_in_: number of columns of X.

    >>> import numpy as np
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> model = NetClassifier((8,), solver="lbfgs", random_state=1).fit(X, ["no", "yes", "yes", "no"])
    >>> model.predict(X).tolist()
    ['no', 'yes', 'yes', 'no']
    >>> model.predict_proba(X).shape, model.predict_log_proba(X).shape, model.decision_function(X).shape
    ((4, 2), (4, 2), (4,))
    >>> len(model.coefs_), len(model.intercepts_)
    (2, 2)
    """

    def _validated(self, X: Any, y: Any, reset: bool) -> tuple[Array, Any]:
        X, y = self._checked(X, y, reset)
        check_classification_targets(y)
        y = dense(y)
        if y.ndim == 2 and not type_of_target(y, input_name="y").startswith("multilabel"):
            y = column_or_1d(y, warn=True)
        return dense(X), y

    def _same_kind(self, y: Array) -> None:
        """Raise DataError if the shape of y is not the one for which the net was made."""
        if (y.ndim == 2) != self._many_labels or (y.ndim == 2 and y.shape[1] != self.n_outputs_):
            wanted = f"(rows, {self.n_outputs_})" if self._many_labels else "(rows,)"
            raise DataError(f"the net was made for y of shape {wanted}, got {y.shape}")

    def _learn_targets(self, y: Any, again: bool) -> None:
        classes = np.arange(y.shape[1]) if y.ndim == 2 else np.unique(y)
        if again:
            self._same_kind(y)
            if not np.array_equal(classes, self.classes_):
                raise DataError(
                    f"warm_start goes on with the classes {self.classes_.tolist()}, got {classes.tolist()}"
                )
            return
        self._set_classes(classes, y.ndim == 2)

    def _set_classes(self, classes: Array, many_labels: bool) -> None:
        """Set the classes, and with them the outputs and the loss of the net."""
        if len(classes) < 2 and not many_labels:
            raise DataError(f"a classifier wants two classes or more, got one class: {classes.tolist()}")
        self.classes_, self._many_labels = classes, many_labels
        self.n_outputs_ = 1 if len(classes) == 2 and not many_labels else len(classes)
        several = self.n_outputs_ > 1 and not many_labels
        self.out_activation_ = "softmax" if several else "logistic"
        self._loss = "cross_entropy" if several else "binary_cross_entropy"
        # scikit-learn's loss is a sum over the outputs, ours is a mean
        self._scale = 1.0 if several else float(self.n_outputs_)
        self._penalty = 1.0 / self._scale

    def _targets(self, y: Any) -> Array:
        if self._many_labels:
            return np.asarray(y, np.float64)
        indices: Array = np.searchsorted(self.classes_, y)
        return indices if self.n_outputs_ > 1 else indices[:, None].astype(np.float64)

    def _strata(self, y: Any) -> Any:
        return None if self._many_labels else y

    def _score(self, X: Array, y: Any, sample_weight: Array | None) -> float:
        return float(accuracy_score(y, self._labels(self.net_.predict(X)), sample_weight=sample_weight))

    def _labels(self, outputs: Array) -> Array:
        if self._many_labels:
            return (outputs > 0).astype(np.int64)
        indices = outputs.argmax(axis=1) if self.n_outputs_ > 1 else (outputs[:, 0] > 0).astype(np.intp)
        labels: Array = self.classes_[indices]
        return labels

    @all_or_nothing
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch on these rows, which may be a part of the data.

        Args:
            X: as for `fit`.
            y: as for `fit`.
            sample_weight: as for `fit`.
            classes: all classes, including those that only later calls will have; needed in the first call.

        Returns:
            The estimator.

        Raises:
            ValueError: as for `fit`; ``classes`` is missing in the first call, or differs from the classes
                of the first call; y has a label that is none of the classes; early_stopping is set; the
                solver is lbfgs.

        >>> model = NetClassifier((), random_state=0)
        >>> for _ in range(20):
        ...     model = model.partial_fit([[0.0], [1.0]], [0, 1], classes=[0, 1])
        >>> model.n_iter_
        20
        """
        self._check_options()
        first = not hasattr(self, "net_")
        X, y = self._validated(X, y, reset=first)
        if first:
            if classes is None and y.ndim == 1:
                raise DataError("the first partial_fit() wants classes, all that there will be")
            self._set_classes(np.arange(y.shape[1]) if y.ndim == 2 else unique_labels(classes), y.ndim == 2)
        else:
            self._same_kind(y)
            if classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
                raise DataError(
                    f"partial_fit() got classes={classes!r}, and at its first call {self.classes_.tolist()}"
                )
        unknown = np.setdiff1d(y, self.classes_) if not self._many_labels else np.array([])
        if unknown.size:
            raise DataError(f"y has labels that are none of the classes: {unknown.tolist()}")
        return self._step(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """The label of each row, (rows,); with several labels, (rows, labels) of 0 and 1."""
        return self._labels(self._outputs(X))

    def decision_function(self, X: Any) -> Array:
        """The outputs of the net, logits: (rows,) for two classes, else (rows, classes)."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self.n_outputs_ == 1 and not self._many_labels else outputs

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, (rows, classes), in the order of ``classes_``."""
        from scipy.special import expit, softmax

        outputs = self._outputs(X)
        if self.n_outputs_ > 1 and not self._many_labels:
            proba: Array = softmax(outputs, axis=1)
            return proba
        ones: Array = expit(outputs)
        return ones if self._many_labels else np.hstack([1 - ones, ones])

    def predict_log_proba(self, X: Any) -> Array:
        """The natural logarithm of `predict_proba`, also accurate for very small probabilities."""
        from scipy.special import log_expit, log_softmax

        outputs = self._outputs(X)
        if self.n_outputs_ > 1 and not self._many_labels:
            log: Array = log_softmax(outputs, axis=1)
            return log
        ones: Array = log_expit(outputs)
        return ones if self._many_labels else np.hstack([log_expit(-outputs), ones])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
