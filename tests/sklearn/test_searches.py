"""Searches and ensembles of the estimators on engines of joblib: the same results, cores not fought over."""

import os
import subprocess
import sys
import threading

import cloudpickle
import joblib
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info

from autograd.sklearn import NetClassifier, NetRegressor

X, LABELS = load_iris(return_X_y=True)
order = np.random.default_rng(0).permutation(150)
X, LABELS = ((X - X.mean(axis=0)) / X.std(axis=0))[order], LABELS[order]
CORES = joblib.cpu_count()


def blas_threads():
    return max(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")


class Probe(NetClassifier):
    """A classifier that notes where it was trained, and with how many threads of BLAS."""

    def _train(self, *args):
        super()._train(*args)
        self.seen_ = os.getpid(), threading.get_ident(), blas_threads()


cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not find the folder of the tests


@pytest.fixture(scope="module")
def cluster():
    """A Dask cluster of two workers, each a process."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as own,
        Client(own) as client,
    ):
        client.run(lambda: None)
        yield client


@pytest.fixture(params=["loky", "threading", "dask"])
def engine(request):
    """The name of one of joblib's engines."""
    if request.param == "dask":
        request.getfixturevalue("cluster")
    return request.param


def searched(jobs):
    net = NetClassifier((8,), max_iter=60, random_state=0, learning_rate_init=0.05, tol=0.0)
    search = GridSearchCV(net, {"alpha": [1e-4, 1.0], "hidden_layer_sizes": [(4,), (8,)]}, cv=3, n_jobs=jobs)
    return search.fit(X, LABELS)


def bagged(jobs, kind=NetClassifier):
    net = kind((8,), max_iter=20, random_state=0, learning_rate_init=0.02, tol=0.0)
    return BaggingClassifier(net, n_estimators=6, n_jobs=jobs, random_state=0).fit(X, LABELS)


pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # Dask: data in the graph; joblib: cores unknown
]


def test_a_search_gives_the_same_scores_on_every_engine(engine):
    alone = searched(1)
    with joblib.parallel_config(backend=engine):
        spread = searched(2)
    np.testing.assert_array_equal(spread.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(spread.best_estimator_.net_.values, alone.best_estimator_.net_.values)
    assert spread.best_score_ > 0.9


def test_an_ensemble_has_the_same_members_on_every_engine(engine):
    alone = bagged(1)
    with joblib.parallel_config(backend=engine):
        spread = bagged(2)
    for one, other in zip(spread.estimators_, alone.estimators_, strict=True):
        np.testing.assert_array_equal(one.net_.values, other.net_.values)
    np.testing.assert_array_equal(spread.predict(X), alone.predict(X))


def test_an_engine_uses_two_workers_with_no_more_threads_of_blas_than_cores(engine):
    with joblib.parallel_config(backend=engine):
        members = [net.seen_ for net in bagged(2, Probe).estimators_]
    processes, threads, most = map(set, zip(*members, strict=True))
    assert len(threads if engine == "threading" else processes) == 2
    assert (os.getpid() in processes) == (engine == "threading")
    told = os.environ.get("OPENBLAS_NUM_THREADS")  # which engines leave as it is
    share = max(1, CORES // 2)
    assert max(most) <= (1 if engine == "threading" else int(told) if told else share)


def test_regressors_too_are_searched_in_processes():
    net = NetRegressor((8,), solver="lbfgs", max_iter=50, random_state=0)
    search = GridSearchCV(net, {"alpha": [1e-4, 1e-2]}, cv=3, n_jobs=2).fit(X[:, :3], X[:, 3])
    assert search.best_score_ > 0.8


MEETING = """
import threading, warnings
import joblib, numpy as np
from threadpoolctl import threadpool_info
from autograd.sklearn import NetClassifier

warnings.simplefilter("ignore")
both = threading.Barrier(2)


def blas_threads():
    return max(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")


class Meeting(NetClassifier):
    def _train(self, *args):
        both.wait(10)
        super()._train(*args)
        self.seen_ = blas_threads()
        both.wait(10)


X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
nets = [Meeting((4,), max_iter=3, random_state=0) for _ in range(2)]
before = blas_threads()
nets = joblib.Parallel(2, "threading")(joblib.delayed(net.fit)(X, y) for net in nets)
found = [net.seen_ for net in nets]
threads = [threading.Thread(target=net.fit, args=(X, y)) for net in nets]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(before, found, blas_threads(), [net.seen_ for net in nets])
"""


def test_trainings_at_the_same_time_in_threads_of_joblib_take_one_thread_of_blas_each():
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", MEETING], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "2 [1, 1] 2 [2, 2]\n"
