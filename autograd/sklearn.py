"""Nets as scikit-learn's estimators: in pipelines, grid searches and cross-validation.

The constructors are those of scikit-learn's ``MLPClassifier`` and ``MLPRegressor`` as far as these have
the parameter, and what is learned has their names too, so that one can stand in the place of the other.
scikit-learn comes with the extra ``sklearn``.

>>> from sklearn.datasets import load_iris
>>> X, y = load_iris(return_X_y=True)
>>> model = NetClassifier((16,), solver="lbfgs", random_state=0).fit(X, y)
>>> bool(model.score(X, y) > 0.95)
True
"""

import functools
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, Self

import numpy as np

from autograd.engine.numbers import as_number
from autograd.errors import DataError, MissingExtraError, OptionError, TrainingError
from autograd.nn import Net
from autograd.nn.module import ACTIVATIONS
from autograd.optim import LBFGS, OPTIMIZERS, SGD, Optimizer
from autograd.support.interrupts import finished
from autograd.support.options import named, whole
from autograd.tensor.reals import is_masked, reals
from autograd.tensor.tape import Array
from autograd.training import History
from autograd.training.checkpoint import Snapshot

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import accuracy_score, r2_score
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_array, check_random_state
    from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
    from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data
except ImportError:
    raise MissingExtraError.of("autograd.sklearn", "sklearn") from None

__all__ = ["NetClassifier", "NetRegressor"]

BATCH = 200  # rows, if ``batch_size`` is "auto"
NAMES = {"identity": "linear", "logistic": "sigmoid"}  # scikit-learn's, and ours


def whole_or_not(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, after whose errors the estimator is as it was before, with its net and its generators."""

    @functools.wraps(method)
    def careful(self: Any, *args: Any, **options: Any) -> Any:
        before = self.__dict__.copy()
        net, online = before.get("net_"), before.get("_online")
        learned = None if net is None else Snapshot.of(net, Optimizer(net, 0.0) if online is None else online)
        generators = [
            (generator, generator.get_state())
            for generator in (self.random_state, before.get("_rng"))
            if isinstance(generator, np.random.RandomState)
        ]

        def go_back() -> None:
            self.__dict__.clear()
            self.__dict__.update(before)
            if learned is not None and net.values.flags.writeable:
                learned.restore(net, Optimizer(net, 0.0) if online is None else online)
            for generator, state in generators:
                generator.set_state(state)

        try:
            return method(self, *args, **options)
        except BaseException:
            finished(go_back)
            raise

    return careful


class NetEstimator(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """What the two estimators have in common."""

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate_init: float = 0.001,
        max_iter: int = 200,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change

    # What the estimators differ in

    @abstractmethod
    def _learn_targets(self, y: Any, again: bool) -> None:
        """Find out what there is to be predicted; ``again`` if a net is there already."""

    @abstractmethod
    def _targets(self, y: Any) -> Array:
        """``y`` as the net is to learn it."""

    @abstractmethod
    def _score(self, X: Array, y: Any, sample_weight: Array | None) -> float:
        """How good the predictions are, the greater the better."""

    # Learning

    @whole_or_not
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows of data.

        Args:
            X: (rows, features) finite numbers; an array, a data frame, or a sparse matrix, which is
                made dense.
            y: (rows,) or (rows, outputs) what is to be learned.
            sample_weight: (rows,) how much each row counts, 0 or more. A row of weight 2 counts as one
                that is there twice, and one of weight 0 as none.

        Returns:
            The estimator.

        Raises:
            ValueError: X, y and sample_weight do not fit each other, or a parameter is out of its range.
            TrainingError: the loss is no longer finite.
        """
        self._check_options()
        again = self.warm_start and hasattr(self, "net_")
        X, y = self._validated(X, y, reset=not again)
        X, y, weight = _weighed(X, y, sample_weight)
        self._learn_targets(y, again)
        rng = check_random_state(self.random_state)
        hidden, activation = self._architecture()
        if not again:
            self._make_net(X, rng)
        elif (self.net_.N[1:-1], self.net_.activations[:-1]) != (hidden, [activation] * len(hidden)):
            raise OptionError(
                f"warm_start goes on with hidden_layer_sizes={tuple(self.net_.N[1:-1])} and the same "
                "activation; for others set warm_start=False"
            )
        held_out = None
        if self.early_stopping:
            X, y, weight, *held_out = self._split(X, y, weight, rng)
        self._train(X, y, weight, held_out, rng)
        return self

    def _train(self, X: Array, y: Any, weight: Array | None, held_out: Any, rng: Any) -> None:
        size = len(X) if self.solver == "lbfgs" else min(self._batch(), len(X))
        watch = Watch(self, held_out)
        optimizer = self._optimizer()
        history = self.net_.fit(
            X,
            self._targets(y),
            loss=self._loss,
            optimizer=optimizer,
            epochs=1 if self.solver == "lbfgs" else self.max_iter,
            batch_size=size,
            sample_weight=weight,
            alpha=self._alpha(size if weight is None else size * float(weight.mean())),
            seed=int(rng.randint(2**31)),
            progress=bool(self.verbose),
            callbacks=[watch],
        )
        watch.finish()
        self.loss_curve_ = [self._scale * loss for loss in history.loss]
        self.n_iter_ = optimizer.iterations if isinstance(optimizer, LBFGS) else len(history.loss)
        self.loss_ = self.loss_curve_[-1] if history.loss else np.nan
        if history.interrupted:
            warnings.warn("the training was interrupted", stacklevel=3)
        elif self.n_iter_ >= self.max_iter and not watch.ended:
            warnings.warn(
                f"max_iter={self.max_iter} is reached and the loss still falls; more iterations may help",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _step(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Go once through the rows of a portion of the data."""
        if self.early_stopping:
            raise OptionError("partial_fit() knows no early_stopping")
        if self.solver == "lbfgs":
            raise OptionError("partial_fit() wants another solver than lbfgs, which needs all data at once")
        X, y, weight = _weighed(X, y, sample_weight)
        if not hasattr(self, "_rng"):
            self._rng = check_random_state(self.random_state)
        if not hasattr(self, "net_"):
            self._make_net(X, self._rng)
        targets, size, total = self._targets(y), min(self._batch(), len(X)), 0.0
        alpha = self._alpha(size if weight is None else size * float(weight.mean()))
        order = self._rng.permutation(len(X))
        online = getattr(self, "_online", None)
        if online is None or online.target is not self.net_ or type(online) is not OPTIMIZERS[self.solver]:
            self._online = self._optimizer()
        self._online.lr = self.learning_rate_init
        for start in range(0, len(X), size):
            rows = order[start : start + size]
            loss = self.net_.partial_fit(
                X[rows],
                targets[rows],
                loss=self._loss,
                optimizer=self._online,
                sample_weight=None if weight is None else weight[rows],
                alpha=alpha,
            )
            total += loss * len(rows)
        self.loss_ = self._scale * total / len(X)
        self.loss_curve_ = [*getattr(self, "loss_curve_", []), self.loss_]
        self.n_iter_ = len(self.loss_curve_)
        return self

    def _architecture(self) -> tuple[list[int], Any]:
        """The sizes of the hidden layers, and their activation by our names."""
        sizes = self.hidden_layer_sizes
        sizes = list(sizes) if isinstance(sizes, list | tuple | np.ndarray) else [sizes]
        name = self.activation
        return (
            [whole(size, "each of hidden_layer_sizes") for size in sizes],
            NAMES.get(name, name) if isinstance(name, str) else name,
        )

    def _make_net(self, X: Array, rng: Any) -> None:
        hidden, activation = self._architecture()
        reach = 2.0 if activation == "sigmoid" else 6.0  # Glorot & Bengio 2010, and as scikit-learn has it

        def init(n_out: int, n_in: int) -> Array:
            bound = np.sqrt(reach / (n_in + n_out))
            weights: Array = rng.uniform(-bound, bound, (n_out, n_in))
            return weights

        self.net_ = Net(
            X.shape[1], [*hidden, self.n_outputs_], activation, "linear", dtype=X.dtype, init=init
        )
        self.n_layers_ = len(hidden) + 2

    def _optimizer(self) -> Optimizer:
        if self.solver == "lbfgs":
            return LBFGS(self.net_, max_iter=self.max_iter)
        if self.solver == "sgd":  # with momentum, as scikit-learn has it
            return SGD(self.net_, lr=self.learning_rate_init, momentum=0.9, nesterov=True)
        return OPTIMIZERS[self.solver](self.net_, lr=self.learning_rate_init)

    def _batch(self) -> int:
        if self.batch_size == "auto":
            return BATCH
        return whole(self.batch_size, 'batch_size, if it is not "auto",')

    def _alpha(self, rows: float) -> float:
        """The penalty that scikit-learn's alpha is, for our losses: it divides it by the rows of a batch."""
        return float(self._penalty * self.alpha / rows)

    def _split(self, X: Array, y: Any, weight: Array | None, rng: Any) -> list[Any]:
        """Rows to learn, targets and weights; and the same that are held out."""
        apart = train_test_split(
            X,
            y,
            np.ones(len(X)) if weight is None else weight,
            test_size=self.validation_fraction,
            random_state=rng,
            stratify=self._strata(y),
        )
        if len(apart[1]) < 2:
            raise OptionError(
                f"early_stopping holds {len(apart[1])} of {len(X)} rows out; it wants 2 or more, so raise "
                "validation_fraction or give more rows"
            )
        return [apart[0], apart[2], None if weight is None else apart[4], apart[1], apart[3], apart[5]]

    def _strata(self, y: Any) -> Any:
        return None

    def _check_options(self) -> None:
        """Refuse a parameter outside its range, before anything is changed."""
        named("solver", self.solver, OPTIMIZERS)
        if isinstance(self.activation, str):
            named("activation", self.activation, {**ACTIVATIONS, **NAMES})
        self._batch()
        whole(self.max_iter, "max_iter")
        whole(self.n_iter_no_change, "n_iter_no_change")
        for name in ("alpha", "tol", "learning_rate_init"):
            if not 0 <= as_number(getattr(self, name), name) < np.inf:
                raise OptionError(f"{name} must be 0 or more, got {getattr(self, name)!r}")
        if not 0 < as_number(self.validation_fraction, "validation_fraction") < 1:
            raise OptionError(
                f"validation_fraction must lie between 0 and 1, got {self.validation_fraction!r}"
            )

    # Using

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self, "net_")
        _refuse_what_is_no_number(X, "X")
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False)
        return self.net_.predict(_dense(X))

    @property
    def coefs_(self) -> list[Array]:
        """The weights of each layer, as arrays of shape (inputs, outputs)."""
        check_is_fitted(self, "net_")
        return [layer.weight.T for layer in self.net_.layers]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each layer, as arrays of shape (outputs,)."""
        check_is_fitted(self, "net_")
        return [layer.bias for layer in self.net_.layers]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class Watch:
    """Looks after each epoch whether it is better by ``tol``, and ends a training that is not."""

    def __init__(self, estimator: NetEstimator, held_out: Any) -> None:
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
        score = -estimator._scale * history.loss[-1]
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
        """Leave what was best with the estimator."""
        estimator = self.estimator
        if self.held_out is None:
            estimator.best_loss_ = -self._best
            return
        estimator.best_validation_score_ = self._best
        if self._weights is not None:
            values = estimator.net_.values
            values[:] = self._weights
            estimator.net_.push()


def _refuse_what_is_no_number(x: Any, name: str) -> None:
    """NotANumberError for what scikit-learn would make numbers of: dates, masked cells, structured ones."""
    if x is None or hasattr(x, "toarray"):
        return
    with suppress(ValueError):  # lists of several lengths, which scikit-learn tells
        array = np.asarray(x)
        known = np.datetime64 | np.timedelta64 | date | timedelta | np.ma.core.MaskedConstant
        cells = array.flat if array.dtype == object else ()
        if is_masked(x) or array.dtype.kind in "mMV" or any(isinstance(cell, known) for cell in cells):
            reals(x, f"{name} must hold numbers")


class _Scoring:
    """A ``score`` that takes as weights what ``fit`` takes."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """How good the predictions for X are: the accuracy of classes, the R² of numbers.

        Args:
            X, y, sample_weight: as for ``fit``.

        Raises:
            NotANumberError: a weight is no number. Other errors are scikit-learn's.
        """
        _refuse_what_is_no_number(sample_weight, "sample_weight")
        return float(super().score(X, y, sample_weight))  # type: ignore[misc]  # of scikit-learn's mixin


def _dense(X: Any) -> Array:
    array: Array = X.toarray() if hasattr(X, "toarray") else X
    return array


def _weighed(X: Array, y: Array, sample_weight: Any) -> tuple[Array, Array, Array | None]:
    """The rows that count at all, and how much."""
    if sample_weight is None:
        return X, y, None
    _refuse_what_is_no_number(sample_weight, "sample_weight")
    weight: Array = check_array(
        np.full(len(X), sample_weight) if isinstance(sample_weight, int | float) else sample_weight,
        ensure_2d=False,
        dtype=np.float64,
        input_name="sample_weight",
    )
    if weight.shape != (len(X),):
        raise DataError(f"sample_weight must have shape ({len(X)},), one for each row, got {weight.shape}")
    if (weight < 0).any():
        raise DataError("sample_weight must not be negative")
    if not weight.any():
        raise DataError("every sample_weight is zero")
    counts = weight > 0
    return X[counts], y[counts], weight[counts]


class NetClassifier(_Scoring, ClassifierMixin, NetEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A net that tells classes apart, or says which of several labels apply.

    Args:
        hidden_layer_sizes: the sizes of the layers between inputs and outputs.
        activation: of these layers: ``relu tanh logistic identity``, as scikit-learn calls them, or any
            of `autograd.nn`'s.
        solver: ``adam adamw rmsprop sgd lbfgs``; sgd has a Nesterov momentum of 0.9.
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
        _refuse_what_is_no_number(X, "X")
        _refuse_what_is_no_number(y, "y")
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
        y = _dense(y)
        if y.ndim == 2 and not type_of_target(y, input_name="y").startswith("multilabel"):
            y = column_or_1d(y, warn=True)
        return _dense(X), y

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

    @whole_or_not
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


class NetRegressor(_Scoring, RegressorMixin, MultiOutputMixin, NetEstimator):  # type: ignore[misc]  # as above
    """A net that predicts numbers, by the squared error.

    Args and attributes are those of `NetClassifier`, without what concerns classes; with
    early_stopping the scores are R².

    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> model = NetRegressor((16,), activation="tanh", solver="lbfgs", random_state=0).fit(X, X[:, 0] ** 2)
    >>> bool(model.score(X, X[:, 0] ** 2) > 0.99)
    True
    """

    _loss = "mse"
    _scale = 0.5  # scikit-learn's loss is half the mean of the squares
    _flat: bool
    n_outputs_: int
    out_activation_ = "identity"

    def _validated(self, X: Any, y: Any, reset: bool) -> tuple[Array, Any]:
        _refuse_what_is_no_number(X, "X")
        _refuse_what_is_no_number(y, "y")
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            y_numeric=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return _dense(X), y

    def _learn_targets(self, y: Any, again: bool) -> None:
        n, flat = 1 if y.ndim == 1 else y.shape[1], y.ndim == 1
        if again:
            if (n, flat) != (self.n_outputs_, self._flat):
                raise DataError(
                    f"warm_start goes on with {self.n_outputs_} outputs, got y of shape {y.shape}"
                )
            return
        self.n_outputs_, self._flat = n, flat
        self._penalty = 2.0 / n  # our loss is a mean over outputs, and without a factor of 1/2

    def _targets(self, y: Any) -> Array:
        array: Array = np.asarray(y).reshape(len(y), self.n_outputs_)
        return array

    def _score(self, X: Array, y: Any, sample_weight: Array | None) -> float:
        return float(r2_score(y, self._numbers(self.net_.predict(X)), sample_weight=sample_weight))

    def _numbers(self, outputs: Array) -> Array:
        return outputs[:, 0] if self._flat else outputs

    @whole_or_not
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Go once through rows of data, as a portion of all. Arguments and errors are those of `fit`.

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
        """The numbers for each row: (rows,), or (rows, outputs) if y was that."""
        return self._numbers(self._outputs(X))
