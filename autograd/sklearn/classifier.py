"""A net that tells classes apart."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import column_or_1d, validate_data

from autograd.errors import DataError
from autograd.sklearn.estimator import NetEstimator, Scoring, all_or_nothing
from autograd.sklearn.inputs import dense, refuse_what_is_no_number
from autograd.tensor.tape import Array

__all__ = ["NetClassifier"]


class NetClassifier(Scoring, ClassifierMixin, NetEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A net that tells classes apart, or says which of several labels apply.

    Args:
        hidden_layer_sizes: the sizes of the layers between inputs and outputs.
        activation: of these layers: ``relu tanh logistic identity``, as scikit-learn calls them, or any
            of `autograd.nn`'s.
        solver: a name in `autograd.optim.OPTIMIZERS`; sgd has a Nesterov momentum of 0.9.
        alpha: strength of the L2 penalty on weights.
        batch_size: rows for each update; "auto" for 200, or all rows if there are fewer.
        learning_rate_init: learning rate; lbfgs needs none.
        max_iter: the most epochs, or iterations of lbfgs.
        random_state: a seed, a generator of NumPy's legacy kind, or None.
        tol: the least gain, in the loss or in the score of what is held out, that counts as one.
        n_iter_no_change: epochs without such a gain after which the training ends.
        verbose: whether to show the progress.
        warm_start: go on with the net of the last ``fit`` instead of a new one.
        early_stopping: hold ``validation_fraction`` of the rows out and keep the weights that do best there.
        validation_fraction: between 0 and 1.

    Attributes:
        classes_: the labels.
        net_: the `autograd.nn.Net`; its outputs are logits.
        n_iter_: epochs that the last ``fit`` took.
        loss_: the loss at the end.
        loss_curve_: the loss after each epoch.
        best_loss_: the least loss; None with early_stopping.
        validation_scores_: with early_stopping, the accuracy on what is held out after each epoch.
        best_validation_score_: the best of these.
        n_outputs_: outputs of the net; one for two classes.
        n_features_in_: columns of X.

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
        refuse_what_is_no_number(X, "X")
        refuse_what_is_no_number(y, "y")
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        check_classification_targets(y)
        y = dense(y)
        if y.ndim == 2 and not type_of_target(y, input_name="y").startswith("multilabel"):
            y = column_or_1d(y, warn=True)
        return dense(X), y

    def _same_kind(self, y: Array) -> None:
        """DataError if there is another number of labels in y than the net was made for."""
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
        self._be_for(classes, y.ndim == 2)

    def _be_for(self, classes: Array, many_labels: bool) -> None:
        if len(classes) < 2 and not many_labels:
            raise DataError(f"a classifier wants two classes or more, got one class: {classes.tolist()}")
        self.classes_, self._many_labels = classes, many_labels
        self.n_outputs_ = 1 if len(classes) == 2 and not many_labels else len(classes)
        several = self.n_outputs_ > 1 and not many_labels
        self.out_activation_ = "softmax" if several else "logistic"
        self._loss = "cross_entropy" if several else "binary_cross_entropy"
        # scikit-learn has the sum over outputs where our loss has their mean
        self._scale = 1.0 if several else float(self.n_outputs_)
        self._penalty = 1.0 / self._scale

    def _targets(self, y: Any) -> Array:
        if self._many_labels:
            return np.asarray(y, np.float64)
        places: Array = np.searchsorted(self.classes_, y)
        return places if self.n_outputs_ > 1 else places[:, None].astype(np.float64)

    def _strata(self, y: Any) -> Any:
        return None if self._many_labels else y

    def _score(self, X: Array, y: Any, sample_weight: Array | None) -> float:
        return float(accuracy_score(y, self._labels(self.net_.predict(X)), sample_weight=sample_weight))

    def _labels(self, outputs: Array) -> Array:
        if self._many_labels:
            return (outputs > 0).astype(np.int64)
        places = outputs.argmax(axis=1) if self.n_outputs_ > 1 else (outputs[:, 0] > 0).astype(np.intp)
        labels: Array = self.classes_[places]
        return labels

    @all_or_nothing
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Go once through rows of data, as a portion of all.

        Args:
            X: as for `fit`.
            y: as for `fit`.
            sample_weight: as for `fit`.
            classes: all classes that there will ever be; wanted at the first call.

        Returns:
            The estimator.

        Raises:
            ValueError: as for `fit`; ``classes`` is missing at the first call, or another one than then.

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
            self._be_for(np.arange(y.shape[1]) if y.ndim == 2 else unique_labels(classes), y.ndim == 2)
        else:
            self._same_kind(y)
            if classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
                raise DataError(
                    f"partial_fit() got classes={classes!r}, and at its first call {self.classes_.tolist()}"
                )
        strange = np.setdiff1d(y, self.classes_) if not self._many_labels else np.array([])
        if strange.size:
            raise DataError(f"y has labels that are none of the classes: {strange.tolist()}")
        return self._step(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """The label of each row; with several labels, (rows, labels) of 0 and 1."""
        return self._labels(self._outputs(X))

    def decision_function(self, X: Any) -> Array:
        """The outputs of the net, logits: (rows,) for two classes, else (rows, classes)."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self.n_outputs_ == 1 and not self._many_labels else outputs

    def predict_proba(self, X: Any) -> Array:
        """How likely each class is, (rows, classes), in the order of ``classes_``."""
        from scipy.special import expit, softmax

        outputs = self._outputs(X)
        if self.n_outputs_ > 1 and not self._many_labels:
            proba: Array = softmax(outputs, axis=1)
            return proba
        ones: Array = expit(outputs)
        return ones if self._many_labels else np.hstack([1 - ones, ones])

    def predict_log_proba(self, X: Any) -> Array:
        """The natural logarithm of `predict_proba`, without loss for what is unlikely."""
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
