"""The base class of the two estimators."""

import functools
import operator
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from autograd.engine import as_number
from autograd.errors import OptionError
from autograd.nn import ACTIVATIONS, Activation, Net
from autograd.optim import OPTIMIZERS, Optimizer
from autograd.sklearn.early_stopping import EarlyStopping
from autograd.sklearn.inputs import dense, refuse_what_is_no_number, weighed
from autograd.sklearn.threads import ONE_EACH
from autograd.support import by_name, run_to_end, whole
from autograd.tensor import Array
from autograd.training import Snapshot

__all__ = ["NetEstimator", "Scoring", "all_or_nothing"]

BATCH = 200  # rows of a batch if ``batch_size`` is "auto", as in scikit-learn
SOLVER_OPTIONS = {"sgd": {"momentum": 0.9, "nesterov": True}}  # scikit-learn's defaults
ACTIVATION_NAMES = {"identity": "linear", "logistic": "sigmoid"}  # from scikit-learn's names to ours


def all_or_nothing(method: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method so that an exception restores the estimator, its net and its random generators."""

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **options: Any) -> Any:
        before = self.__dict__.copy()
        net, optimizer = before.get("net_"), before.get("_partial_optimizer")
        snapshot = (
            None if net is None else Snapshot.of(net, Optimizer(net, 0.0) if optimizer is None else optimizer)
        )
        generators = [
            (generator, generator.get_state())
            for generator in (self.random_state, before.get("_rng"))
            if isinstance(generator, np.random.RandomState)
        ]

        def roll_back() -> None:
            self.__dict__.clear()
            self.__dict__.update(before)
            if snapshot is not None and net.values.flags.writeable:
                snapshot.restore(net, Optimizer(net, 0.0) if optimizer is None else optimizer)
            for generator, state in generators:
                generator.set_state(state)

        try:
            return method(self, *args, **options)
        except BaseException:
            run_to_end(roll_back)
            raise

    return guarded


class NetEstimator(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """The base class of the two estimators."""

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

    # Implemented by the two estimators

    @abstractmethod
    def _learn_targets(self, y: Any, again: bool) -> None:
        """Set the number of outputs from y, or, if ``again``, check that y fits the net of a former fit."""

    @abstractmethod
    def _targets(self, y: Any) -> Array:
        """``y`` as targets of the net."""

    @abstractmethod
    def _score(self, X: Array, y: Any, sample_weight: Array | None) -> float:
        """The score of the predictions for X; greater is better."""

    # Training

    def _checked(self, X: Any, y: Any, reset: bool, **options: bool) -> tuple[Any, Any]:
        """X, which may be sparse, and y, as scikit-learn's checks with these options return them."""
        refuse_what_is_no_number(X, "X")
        refuse_what_is_no_number(y, "y")
        dtypes = np.float64, np.float32
        checked: tuple[Any, Any] = validate_data(
            self, X, y, accept_sparse="csr", multi_output=True, dtype=dtypes, reset=reset, **options
        )
        return checked

    @all_or_nothing
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on rows of data.

        Args:
            X: (rows, features) finite numbers; an array, a data frame, or a sparse matrix, which is
                converted to a dense array.
            y: (rows,) or (rows, outputs) targets.
            sample_weight: (rows,) weight of each row, 0 or more. A row of weight 2 counts like two equal
                rows, and a row of weight 0 like no row.

        Returns:
            The estimator.

        Raises:
            ValueError: X, y and sample_weight do not fit each other, or a parameter is out of its range.
            TrainingError: the loss is no longer finite.
        """
        self._check_options()
        again = self.warm_start and hasattr(self, "net_")
        X, y = self._validated(X, y, reset=not again)
        X, y, weight = weighed(X, y, sample_weight)
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
        if not again:
            self.loss_curve_: list[float] = []
            self.t_ = 0
        with ONE_EACH.limited():
            self._train(X, y, weight, held_out, rng)
        return self

    def _train(self, X: Array, y: Any, weight: Array | None, held_out: Any, rng: Any) -> None:
        full_batch = OPTIMIZERS[self.solver].takes_closure
        size = len(X) if full_batch else min(self._batch(), len(X))
        stopping = EarlyStopping(self, held_out)
        optimizer = self._optimizer()
        history = self.net_.fit(
            X,
            self._targets(y),
            loss=self._loss,
            optimizer=optimizer,
            epochs=1 if full_batch else self.max_iter,
            batch_size=size,
            sample_weight=weight,
            alpha=self._alpha(size if weight is None else size * float(weight.mean())),
            seed=int(rng.randint(2**31)),
            progress=bool(self.verbose),
            callbacks=[stopping],
        )
        stopping.finish()
        losses = map(operator.add, history.loss, history.penalty)
        self.loss_curve_ = [*self.loss_curve_, *(self._scale * loss for loss in losses)]
        self.n_iter_ = getattr(optimizer, "iterations", 0) if full_batch else len(history.loss)
        self.t_ += self.n_iter_ * len(X)
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else np.nan
        if history.interrupted:
            warnings.warn("the training was interrupted", stacklevel=4)
        elif self.n_iter_ >= self.max_iter and not stopping.ended:
            warnings.warn(
                f"max_iter={self.max_iter} is reached and the loss still falls; more iterations may help",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _step(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Train for one epoch on these rows, for ``partial_fit``."""
        if self.early_stopping:
            raise OptionError("partial_fit() knows no early_stopping")
        if OPTIMIZERS[self.solver].takes_closure:
            raise OptionError(
                f"partial_fit() wants another solver than {self.solver}, which needs all data at once"
            )
        X, y, weight = weighed(X, y, sample_weight)
        if not hasattr(self, "_rng"):
            self._rng = check_random_state(self.random_state)
        if not hasattr(self, "net_"):
            self._make_net(X, self._rng)
        targets, size, total = self._targets(y), min(self._batch(), len(X)), 0.0
        alpha = self._alpha(size if weight is None else size * float(weight.mean()))
        order = self._rng.permutation(len(X))
        optimizer = getattr(self, "_partial_optimizer", None)
        if (
            optimizer is None
            or optimizer.target is not self.net_
            or type(optimizer) is not OPTIMIZERS[self.solver]
        ):
            self._partial_optimizer = self._optimizer()
        self._partial_optimizer.lr = self.learning_rate_init
        for start in range(0, len(X), size):
            rows = order[start : start + size]
            penalty = self.net_.penalty(alpha).item()
            loss = self.net_.partial_fit(
                X[rows],
                targets[rows],
                loss=self._loss,
                optimizer=self._partial_optimizer,
                sample_weight=None if weight is None else weight[rows],
                alpha=alpha,
            )
            total += (loss + penalty) * len(rows)
        self.loss_ = self._scale * total / len(X)
        self.loss_curve_ = [*getattr(self, "loss_curve_", []), self.loss_]
        self.n_iter_ = len(self.loss_curve_)
        self.t_ = getattr(self, "t_", 0) + len(X)
        return self

    def _architecture(self) -> tuple[list[int], Any]:
        """The sizes of the hidden layers, and their activation, by our name if it is given as a text."""
        sizes = self.hidden_layer_sizes
        sizes = list(sizes) if isinstance(sizes, list | tuple | np.ndarray) else [sizes]
        name = self.activation
        return (
            [whole(size, "each of hidden_layer_sizes") for size in sizes],
            ACTIVATION_NAMES.get(name, name) if isinstance(name, str) and name not in ACTIVATIONS else name,
        )

    def _make_net(self, X: Array, rng: Any) -> None:
        hidden, activation = self._architecture()
        row = ACTIVATIONS[activation] if isinstance(activation, str) else activation
        glorot = row.glorot if isinstance(row, Activation) else 6.0

        def init(n_out: int, n_in: int) -> Array:
            bound = np.sqrt(glorot / (n_in + n_out))
            weights: Array = rng.uniform(-bound, bound, (n_out, n_in))
            return weights

        self.net_ = Net(
            X.shape[1], [*hidden, self.n_outputs_], activation, "linear", dtype=X.dtype, init=init
        )
        self.n_layers_ = len(hidden) + 2

    def _optimizer(self) -> Optimizer:
        kind: Any = OPTIMIZERS[self.solver]
        options = {"max_iter": self.max_iter} if kind.takes_closure else {"lr": self.learning_rate_init}
        optimizer: Optimizer = kind(self.net_, **options, **SOLVER_OPTIONS.get(self.solver, {}))
        return optimizer

    def _batch(self) -> int:
        if self.batch_size == "auto":
            return BATCH
        return whole(self.batch_size, 'batch_size, if it is not "auto",')

    def _alpha(self, rows: float) -> float:
        """The penalty for our losses that equals scikit-learn's alpha, which is divided by a batch's rows."""
        return float(self._penalty * self.alpha / rows)

    def _split(self, X: Array, y: Any, weight: Array | None, rng: Any) -> list[Any]:
        """Split the rows, for early stopping.

        Returns:
            X, y and weights of the rows to train on, then X, y and weights of the rows to hold out.
        """
        parts = train_test_split(
            X,
            y,
            np.ones(len(X)) if weight is None else weight,
            test_size=self.validation_fraction,
            random_state=rng,
            stratify=self._strata(y),
        )
        if len(parts[1]) < 2:
            raise OptionError(
                f"early_stopping holds {len(parts[1])} of {len(X)} rows out; it wants 2 or more, so raise "
                "validation_fraction or give more rows"
            )
        return [parts[0], parts[2], None if weight is None else parts[4], parts[1], parts[3], parts[5]]

    def _strata(self, y: Any) -> Any:
        """The labels whose shares are to be equal in the training rows and the held-out rows, or None."""
        return None

    def _check_options(self) -> None:
        """Raise an error if a parameter is outside its range."""
        by_name("solver", self.solver, OPTIMIZERS)
        if isinstance(self.activation, str):
            by_name("activation", self.activation, {**ACTIVATIONS, **ACTIVATION_NAMES})
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

    # Using the trained net

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self, "net_")
        refuse_what_is_no_number(X, "X")
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False)
        return self.net_.predict(dense(X))

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


class Scoring:
    """A mixin for ``score``, which checks the sample weights as ``fit`` does."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The score of the predictions for X: the accuracy for classes, R² for numbers.

        Args:
            X, y, sample_weight: as for ``fit``.

        Raises:
            NotANumberError: a weight is no number. Other errors are scikit-learn's.
        """
        refuse_what_is_no_number(sample_weight, "sample_weight")
        return float(super().score(X, y, sample_weight))  # type: ignore[misc]  # from scikit-learn's mixin
