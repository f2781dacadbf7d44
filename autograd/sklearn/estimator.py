"""What the two estimators have in common."""

import functools
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

from autograd.engine.numbers import as_number
from autograd.errors import OptionError
from autograd.nn import ACTIVATIONS, Net
from autograd.optim import OPTIMIZERS, Optimizer
from autograd.sklearn.early_stopping import EarlyStopping
from autograd.sklearn.inputs import dense, refuse_what_is_no_number, weighed
from autograd.support.interrupts import finished
from autograd.support.options import named, whole
from autograd.tensor.tape import Array
from autograd.training.checkpoint import Snapshot

__all__ = ["NetEstimator", "Scoring", "all_or_nothing"]

BATCH = 200  # rows, if ``batch_size`` is "auto"
SOLVER_OPTIONS = {"sgd": {"momentum": 0.9, "nesterov": True}}  # as scikit-learn has them
ACTIVATION_NAMES = {"identity": "linear", "logistic": "sigmoid"}  # scikit-learn's, and ours


def all_or_nothing(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, after whose errors the estimator is as it was before, with its net and its generators."""

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **options: Any) -> Any:
        before = self.__dict__.copy()
        net, optimizer = before.get("net_"), before.get("_partial_optimizer")
        learned = (
            None if net is None else Snapshot.of(net, Optimizer(net, 0.0) if optimizer is None else optimizer)
        )
        generators = [
            (generator, generator.get_state())
            for generator in (self.random_state, before.get("_rng"))
            if isinstance(generator, np.random.RandomState)
        ]

        def go_back() -> None:
            self.__dict__.clear()
            self.__dict__.update(before)
            if learned is not None and net.values.flags.writeable:
                learned.restore(net, Optimizer(net, 0.0) if optimizer is None else optimizer)
            for generator, state in generators:
                generator.set_state(state)

        try:
            return method(self, *args, **options)
        except BaseException:
            finished(go_back)
            raise

    return guarded


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

    @all_or_nothing
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
        self._train(X, y, weight, held_out, rng)
        return self

    def _train(self, X: Array, y: Any, weight: Array | None, held_out: Any, rng: Any) -> None:
        at_once = OPTIMIZERS[self.solver].takes_closure
        size = len(X) if at_once else min(self._batch(), len(X))
        stopping = EarlyStopping(self, held_out)
        optimizer = self._optimizer()
        history = self.net_.fit(
            X,
            self._targets(y),
            loss=self._loss,
            optimizer=optimizer,
            epochs=1 if at_once else self.max_iter,
            batch_size=size,
            sample_weight=weight,
            alpha=self._alpha(size if weight is None else size * float(weight.mean())),
            seed=int(rng.randint(2**31)),
            progress=bool(self.verbose),
            callbacks=[stopping],
        )
        stopping.finish()
        self.loss_curve_ = [self._scale * loss for loss in history.loss]
        self.n_iter_ = getattr(optimizer, "iterations", 0) if at_once else len(history.loss)
        self.loss_ = self.loss_curve_[-1] if history.loss else np.nan
        if history.interrupted:
            warnings.warn("the training was interrupted", stacklevel=3)
        elif self.n_iter_ >= self.max_iter and not stopping.ended:
            warnings.warn(
                f"max_iter={self.max_iter} is reached and the loss still falls; more iterations may help",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _step(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Go once through the rows of a portion of the data."""
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
            loss = self.net_.partial_fit(
                X[rows],
                targets[rows],
                loss=self._loss,
                optimizer=self._partial_optimizer,
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
            ACTIVATION_NAMES.get(name, name) if isinstance(name, str) else name,
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
        kind: Any = OPTIMIZERS[self.solver]
        length = {"max_iter": self.max_iter} if kind.takes_closure else {"lr": self.learning_rate_init}
        optimizer: Optimizer = kind(self.net_, **length, **SOLVER_OPTIONS.get(self.solver, {}))
        return optimizer

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
            named("activation", self.activation, {**ACTIVATIONS, **ACTIVATION_NAMES})
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
    """A ``score`` that takes as weights what ``fit`` takes."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """How good the predictions for X are: the accuracy of classes, the R² of numbers.

        Args:
            X, y, sample_weight: as for ``fit``.

        Raises:
            NotANumberError: a weight is no number. Other errors are scikit-learn's.
        """
        refuse_what_is_no_number(sample_weight, "sample_weight")
        return float(super().score(X, y, sample_weight))  # type: ignore[misc]  # of scikit-learn's mixin
