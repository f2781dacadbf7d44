"""The estimators: scikit-learn's own checks, and the tools they are made for."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from autograd.errors import AutogradError, DataError, OptionError, TrainingError, UnknownNameError
from autograd.optim import SGD
from autograd.sklearn import NetClassifier, NetRegressor

quiet = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


CHECKS = """
import sys, warnings
from sklearn.utils.estimator_checks import check_estimator
from autograd import sklearn

warnings.simplefilter("ignore")
results = check_estimator(getattr(sklearn, sys.argv[1])(), on_skip=None, on_fail=None)
bad = [(r["check_name"], r["status"], r["exception"]) for r in results if r["status"] != "passed"]
print(len(results), bad)
"""


@pytest.mark.parametrize("name", ["NetClassifier", "NetRegressor"])
def test_the_estimators_pass_all_checks_of_scikit_learn(name):
    """In a separate process, since SCIPY_ARRAY_API has to be set before SciPy is imported."""
    done = subprocess.run(
        [sys.executable, "-c", CHECKS, name],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
    )
    count, others = done.stdout.split(maxsplit=1)
    assert others == "[]\n"
    assert int(count) > 50


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), (y - y.mean()) / y.std()


@quiet
def test_the_estimators_work_in_pipelines_searches_and_cross_validation(cancer):
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), NetClassifier((16,), max_iter=30, random_state=0))
    search = GridSearchCV(model, {"netclassifier__alpha": [1e-4, 1.0]}, cv=3, scoring="roc_auc").fit(X, y)
    assert search.best_score_ > 0.98
    assert cross_val_score(model, X, y, cv=3).min() > 0.9
    copied = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(copied.predict_proba(X), search.best_estimator_.predict_proba(X))
    assert clone(copied).get_params()["netclassifier__max_iter"] == 30


@quiet
@pytest.mark.parametrize("solver", ["adam", "adamw", "rmsprop", "sgd", "lbfgs"])
def test_the_estimators_learn_with_every_solver(solver, cancer, diabetes):
    rate = 0.1 if solver == "sgd" else 0.01
    options = {"solver": solver, "learning_rate_init": rate, "max_iter": 40, "random_state": 0}
    X, y = cancer
    assert NetClassifier((16,), **options).fit(X, y).score(X, y) > 0.97
    X, y = diabetes
    options["learning_rate_init"] = min(rate, 0.01)
    assert NetRegressor((16,), **options).fit(X, y).score(X, y) > 0.5


@quiet
@pytest.mark.parametrize("model", [NetClassifier, NetRegressor])
def test_random_state_gives_the_same_weights_and_leaves_the_global_generator_unchanged(model, cancer):
    X, y = cancer
    np.random.seed(1)
    before = np.random.get_state()[1].tolist()
    a, b = (model((8,), max_iter=5, random_state=3).fit(X, y) for _ in range(2))
    for w, v in zip(a.coefs_, b.coefs_, strict=True):
        np.testing.assert_array_equal(w, v)
    assert np.random.get_state()[1].tolist() == before


@quiet
def test_loss_and_penalty_of_the_estimators_are_those_of_scikit_learn(cancer, diabetes):
    """With lbfgs both reach the minimum of the same function from any initial weights."""
    options = {"activation": "identity", "solver": "lbfgs", "alpha": 50.0, "max_iter": 2000}
    X, y = cancer
    labels = np.digitize(X[:, 0], [-0.5, 0.5])
    for targets in (y, labels, np.stack([y, labels > 1], axis=1)):
        ours = NetClassifier((), **options, random_state=0).fit(X, targets)
        theirs = MLPClassifier((), **options, random_state=0).fit(X, targets)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=5e-3)
        assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-3)
    X, y = diabetes
    ours = NetRegressor((), **options, random_state=0).fit(X, y)
    theirs = MLPRegressor(hidden_layer_sizes=(), **options, random_state=0).fit(X, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=5e-3)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-3)


@quiet
def test_the_estimators_learn_several_labels_and_several_targets_at_once(diabetes):
    X, y = make_multilabel_classification(200, n_classes=4, random_state=0)
    model = NetClassifier((32,), learning_rate_init=0.01, random_state=0).fit(X, y)
    proba = model.predict_proba(X)
    assert proba.shape == (200, 4)
    np.testing.assert_array_equal(model.predict(X), (proba > 0.5).astype(int))
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(proba), atol=1e-9)
    assert (model.predict(X) == y).mean() > 0.9
    X, y = diabetes
    both = np.stack([y, 2 * y + 1], axis=1)
    model = NetRegressor((32,), learning_rate_init=0.01, max_iter=100, random_state=0).fit(X, both)
    assert model.predict(X).shape == both.shape
    assert model.score(X, both) > 0.5


@quiet
def test_predict_proba_sums_to_1_and_agrees_with_predict(cancer):
    X, y = cancer
    model = NetClassifier((8,), max_iter=20, random_state=0).fit(X, np.array(["bad", "good"])[y])
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.classes_[proba.argmax(axis=1)])
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(proba), rtol=1e-6)
    far = model.predict_log_proba(1e6 * X[:5])
    assert np.isfinite(far).all()


@quiet
def test_sample_weights_of_the_estimators_count_as_repeated_and_missing_rows(diabetes):
    X, y = diabetes[0][:120], diabetes[1][:120]
    weight = np.arange(120) % 3
    options = {"hidden_layer_sizes": (8,), "max_iter": 50, "random_state": 0, "alpha": 0.1}
    for model, targets in (
        (NetRegressor, y),
        (NetClassifier, (y > 0).astype(int)),
        (NetClassifier, np.digitize(y, [0, 1])),
    ):
        a = model(**options).fit(X, targets, sample_weight=weight)
        b = model(**options).fit(X.repeat(weight, axis=0), targets.repeat(weight))
        for v, w in zip(a.coefs_, b.coefs_, strict=True):
            np.testing.assert_allclose(v, w, rtol=1e-6, atol=1e-8)


@quiet
def test_the_estimators_leave_rows_of_weight_0_out_of_all_batches(diabetes):
    X, y = diabetes
    weight = np.ones(len(y))
    weight[::3] = 0
    counts = weight > 0
    options = {"hidden_layer_sizes": (8,), "max_iter": 5, "batch_size": 32, "random_state": 0}
    a = NetRegressor(**options).fit(X, y, sample_weight=weight)
    b = NetRegressor(**options).fit(X[counts], y[counts], sample_weight=weight[counts])
    np.testing.assert_array_equal(a.coefs_[0], b.coefs_[0])


def test_early_stopping_keeps_the_weights_of_the_best_epoch(cancer):
    X, y = cancer
    model = NetClassifier(
        (16,), learning_rate_init=0.05, early_stopping=True, random_state=0, n_iter_no_change=5
    )
    model.fit(X, y)
    assert model.n_iter_ == len(model.validation_scores_) < 200
    assert model.best_validation_score_ == max(model.validation_scores_)
    best = int(np.argmax(model.validation_scores_))
    assert len(model.validation_scores_) - 1 - best > 5
    shorter = clone(model).set_params(max_iter=best + 1)
    with pytest.warns(ConvergenceWarning):
        shorter.fit(X, y)
    np.testing.assert_array_equal(model.coefs_[0], shorter.coefs_[0])


@quiet
def test_early_stopping_holds_out_rows_of_every_class(cancer):
    X = cancer[0][:200]
    y = np.repeat([0, 1], [190, 10])
    seen = []

    class Watched(NetClassifier):
        def _score(self, X, y, sample_weight):
            seen.append(np.bincount(y).tolist())
            return super()._score(X, y, sample_weight)

    for seed in range(5):
        Watched(early_stopping=True, max_iter=1, random_state=seed).fit(X, y)
    assert seen == [[19, 1]] * 5


@quiet
@pytest.mark.parametrize(("activation", "reach"), [("logistic", 2), ("relu", 6), ("tanh", 6)])
def test_initial_weights_of_the_estimators_are_distributed_as_in_scikit_learn(activation, reach, cancer):
    """Uniform up to Glorot's bound: a learning rate of nearly 0 keeps the initial weights."""
    X, y = cancer
    for model in (NetClassifier, MLPClassifier):
        options = {"activation": activation, "learning_rate_init": 1e-12, "max_iter": 1, "random_state": 0}
        weights = model((50,), **options).fit(X, y).coefs_[0]
        assert np.abs(weights).max() == pytest.approx(np.sqrt(reach / (30 + 50)), rel=0.01)


def test_a_training_of_an_estimator_ends_when_the_loss_stops_falling_and_warns_at_max_iter(cancer):
    X, y = cancer
    model = NetClassifier((8,), tol=0.01, n_iter_no_change=3, learning_rate_init=0.01, random_state=0).fit(
        X, y
    )
    assert model.n_iter_ < 200
    assert model.best_loss_ == min(model.loss_curve_)
    best, since = np.inf, 0
    for epoch, loss in enumerate(model.loss_curve_, start=1):
        since = since + 1 if loss > best - 0.01 else 0
        best = min(best, loss)
        assert (since > 3) == (epoch == model.n_iter_)
    with pytest.warns(ConvergenceWarning, match="max_iter=3 is reached"):
        NetClassifier((8,), max_iter=3, random_state=0).fit(X, y)


@quiet
def test_warm_start_continues_from_the_fitted_weights_and_refuses_other_classes(cancer):
    X, y = cancer
    model = NetClassifier((8,), max_iter=10, warm_start=True, random_state=0).fit(X, y)
    first = model.loss_
    net = model.net_
    assert model.fit(X, y).loss_ < first
    assert model.net_ is net
    with pytest.raises(DataError, match="warm_start goes on with the classes"):
        model.fit(X, y + 1)
    assert model.set_params(warm_start=False).fit(X, y + 1).net_ is not net


@quiet
@pytest.mark.parametrize("early_stopping", [False, True])
def test_counts_and_loss_curve_are_those_of_scikit_learn_under_warm_start_too(cancer, early_stopping):
    X, y = cancer
    options = {"max_iter": 4, "random_state": 0, "early_stopping": early_stopping}
    ours, theirs = NetClassifier((8,), **options), MLPClassifier((8,), **options)
    for warm, calls in ((False, 2), (True, 3)):
        for _ in range(calls):
            for model in (ours, theirs):
                model.set_params(warm_start=warm).fit(X, y)
            assert (ours.n_iter_, ours.t_) == (theirs.n_iter_, theirs.t_)
            assert len(ours.loss_curve_) == len(theirs.loss_curve_)
    ours.set_params(early_stopping=False).partial_fit(X[:50], y[:50])
    assert ours.t_ == theirs.t_ + 50


def test_partial_fit_of_the_estimators_learns_from_portions(cancer):
    X, y = cancer
    model = NetClassifier((16,), learning_rate_init=0.01, random_state=0)
    with pytest.raises(DataError, match="wants classes"):
        model.partial_fit(X[:50], y[:50])
    for _ in range(10):
        for part in np.array_split(np.arange(len(X)), 4):
            model.partial_fit(X[part], y[part], classes=[0, 1])
    assert model.score(X, y) > 0.97
    assert model.n_iter_ == 40
    tame = NetClassifier((16,), learning_rate_init=0.01, random_state=0, alpha=1000.0)
    for _ in range(40):
        tame.partial_fit(X, y, classes=[0, 1])
    assert np.abs(tame.coefs_[0]).max() < 0.1 < np.abs(model.coefs_[0]).max()
    with pytest.raises(DataError, match="none of the classes"):
        model.partial_fit(X[:3], [0, 1, 2])
    with pytest.raises(OptionError, match="early_stopping"):
        model.set_params(early_stopping=True).partial_fit(X, y)


def test_partial_fit_of_the_estimators_shuffles_the_rows():
    """Otherwise a net that sees all rows of one class last predicts that class."""
    X, y = np.ones((400, 1)), np.repeat([0, 1], 200)
    model = NetClassifier((), solver="sgd", learning_rate_init=0.05, batch_size=10, random_state=0)
    assert model.partial_fit(X, y, classes=[0, 1]).predict_proba([[1.0]]).max() < 0.8


@quiet
def test_fit_and_partial_fit_of_an_estimator_may_alternate_with_changed_parameters(cancer):
    X, y = cancer
    model = NetClassifier((8,), max_iter=3, random_state=0).partial_fit(X, y, classes=[0, 1])
    model.fit(X, y).partial_fit(X, y)
    before = model.coefs_[0].copy()
    model.set_params(learning_rate_init=1e-9).partial_fit(X, y)
    np.testing.assert_allclose(model.coefs_[0], before, atol=1e-7)
    model.set_params(learning_rate_init=0.5, solver="sgd").partial_fit(X, y)
    assert np.abs(model.coefs_[0] - before).max() > 0.1
    assert isinstance(model._partial_optimizer, SGD)


@quiet
def test_the_penalty_of_small_batches_is_that_of_scikit_learn(diabetes):
    X, y = diabetes[0][:10, :3], diabetes[1][:10]
    options = {"alpha": 20.0, "learning_rate_init": 0.01, "activation": "identity", "random_state": 0}
    ours, theirs = NetRegressor((), **options), MLPRegressor(hidden_layer_sizes=(), **options)
    for _ in range(800):
        ours.partial_fit(X, y)
        theirs.partial_fit(X, y)
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], atol=5e-3)


@quiet
def test_an_error_in_fit_leaves_the_estimator_unchanged(diabetes):
    X, y = diabetes
    model = NetRegressor((5,), max_iter=5, random_state=0).fit(X, y)
    before = pickle.dumps(model.__dict__)
    with pytest.raises(TrainingError):
        model.fit(X, np.full(len(y), 1e200))
    assert pickle.dumps(model.__dict__) == before
    model.set_params(warm_start=True)
    with pytest.raises(ValueError, match="10 features"):
        model.fit(X[:, :2], y)
    assert model.predict(X).shape == y.shape
    with pytest.raises(OptionError, match=r"warm_start goes on with hidden_layer_sizes=\(5,\)"):
        model.set_params(hidden_layer_sizes=(9,)).fit(X, y)


@pytest.mark.parametrize("solver", ["sgd", "adam", "rmsprop"])
def test_a_pickled_estimator_continues_partial_fit_as_the_original_does(solver, cancer):
    X, y = cancer
    model = NetClassifier((8,), solver=solver, random_state=0).partial_fit(X, y, classes=[0, 1])
    copied = pickle.loads(pickle.dumps(model))
    for estimator in (model, copied):
        estimator.partial_fit(X, y)
    np.testing.assert_array_equal(copied.predict_proba(X), model.predict_proba(X))


@quiet
@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"activation": "rely"}, UnknownNameError, "did you mean 'relu'"),
        ({"solver": "adm"}, UnknownNameError, "did you mean 'adam"),
        ({"hidden_layer_sizes": (8, 0)}, OptionError, "hidden_layer_sizes"),
        ({"alpha": -1.0}, OptionError, "alpha must be 0 or more"),
        ({"batch_size": 0}, OptionError, "batch_size"),
        (
            {"batch_size": "all"},
            OptionError,
            "^batch_size, if it is not \"auto\", must be a whole number of 1 or more, got 'all'$",
        ),
        ({"max_iter": 0}, OptionError, "max_iter"),
        ({"validation_fraction": 1.0}, OptionError, "between 0 and 1"),
        ({"learning_rate_init": -1}, OptionError, "learning_rate_init must be 0 or more"),
    ],
)
def test_an_estimator_names_a_parameter_out_of_its_range_and_changes_nothing(options, error, words, cancer):
    X, y = cancer
    model = NetClassifier(max_iter=2).fit(X, y)
    before = model.predict_proba(X)
    with pytest.raises(error, match=words):
        model.set_params(**options).fit(X, y)
    assert issubclass(error, ValueError | AutogradError)
    np.testing.assert_array_equal(model.predict_proba(X), before)


def test_an_estimator_refuses_to_predict_before_it_is_fitted():
    with pytest.raises(NotFittedError):
        NetClassifier().predict([[0.0]])


@quiet
def test_netclassifier_reads_digits_as_well_as_the_mlp_of_scikit_learn(request):
    X, y = load_digits(return_X_y=True)
    rows, others, labels, truth = train_test_split(X / 16, y, random_state=0)
    ours, theirs = (
        model((50,), max_iter=30, learning_rate_init=0.01, random_state=0)
        .fit(rows, labels)
        .score(others, truth)
        for model in (NetClassifier, MLPClassifier)
    )
    assert ours > theirs - 0.02


def test_importing_the_estimators_without_scikit_learn_is_an_error_that_says_what_to_install():
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "try: import autograd.sklearn\nexcept ImportError as error: print(type(error).__name__, error)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "MissingExtraError" in out
    assert "pip install '.[sklearn]'" in out


def test_early_stopping_passes_on_the_error_of_a_training_that_diverges():
    X = np.repeat(np.linspace(-1, 1, 12), 5)[:, None]
    model = NetRegressor(learning_rate_init=1e200, early_stopping=True, solver="sgd", random_state=0)
    with pytest.raises(
        TrainingError, match=r"became infinite or nan in epoch 1; a smaller learning_rate_init"
    ):
        model.fit(X, np.sin(3 * X[:, 0]))
    assert not hasattr(model, "net_")
