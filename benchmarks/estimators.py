"""NetClassifier and NetRegressor against scikit-learn's MLPClassifier and MLPRegressor.

$ python benchmarks/estimators.py

Both get the same parameters, the same splits of the data and the same ten seeds, and take turns in one
process. Scores are those of rows that were held out. The results are written into ESTIMATORS.md beside
this file.
"""

import argparse
import platform
import statistics
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn
from compare import machine
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    make_classification,
    make_regression,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from autograd.sklearn import NetClassifier, NetRegressor

HERE = Path(__file__).parent


def synthetic_classes():
    return make_classification(20_000, 20, n_informative=10, n_classes=4, class_sep=0.8, random_state=0)


def synthetic_numbers():
    X, y = make_regression(20_000, 20, n_informative=10, noise=10.0, random_state=0)
    return X, np.sin(y / y.std()) + 0.1 * y / y.std()


PROBLEMS = {
    "digits, 1797 rows of 64": (load_digits, True),
    "breast cancer, 569 rows of 30": (load_breast_cancer, True),
    "diabetes, 442 rows of 10": (load_diabetes, False),
    "synthetic, 20,000 rows of 20, 4 classes": (synthetic_classes, True),
    "synthetic, 20,000 rows of 20, a number": (synthetic_numbers, False),
}


def data(load, classes, seed):
    """Rows to learn and rows held out, scaled."""
    X, y = load() if load.__module__ == __name__ else load(return_X_y=True)
    if not classes:
        y = (y - y.mean()) / y.std()
    rows, others, labels, truth = train_test_split(
        X, y, test_size=0.25, random_state=seed, stratify=y if classes else None
    )
    scaler = StandardScaler().fit(rows)
    return scaler.transform(rows), scaler.transform(others), labels, truth


def measured(load, classes, seeds):
    """Scores and seconds to fit, of scikit-learn's estimator and of ours."""
    kinds = (MLPClassifier, NetClassifier) if classes else (MLPRegressor, NetRegressor)
    scores, seconds, epochs = ([], []), ([], []), ([], [])
    for seed in range(seeds):
        rows, others, labels, truth = data(load, classes, seed)
        for k in (0, 1) if seed % 2 else (1, 0):
            model = kinds[k](random_state=seed)
            start = time.perf_counter()
            model.fit(rows, labels)
            seconds[k].append(time.perf_counter() - start)
            scores[k].append(model.score(others, truth))
            epochs[k].append(model.n_iter_)
    return scores, seconds, epochs


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10)
    seeds = parser.parse_args().seeds
    warnings.simplefilter("ignore", ConvergenceWarning)
    lines = [
        "# The estimators against scikit-learn's",
        "",
        f"Made by `python benchmarks/estimators.py`, {seeds} seeds: mean and standard deviation of the score",
        "on rows held out (accuracy, R²), and medians of the time to fit; all parameters are the defaults.",
        f"{machine()}; Python {platform.python_version()}, NumPy {np.__version__}, "
        f"scikit-learn {sklearn.__version__}.",
        "",
        "| data | score here | scikit-learn's | epochs, here and there | of scikit-learn's time |",
        "|---|---|---|---|---|",
    ]
    for name, (load, classes) in PROBLEMS.items():
        scores, seconds, epochs = measured(load, classes, seeds)
        theirs, ours = (f"{np.mean(s):.4f} ± {np.std(s):.4f}" for s in scores)
        turns = " and ".join(f"{statistics.median(e):.0f}" for e in reversed(epochs))
        part = statistics.median(seconds[1]) / statistics.median(seconds[0])
        lines.append(f"| {name} | {ours} | {theirs} | {turns} | {part:.2f} |")
        print(lines[-1], flush=True)
        assert abs(np.mean(scores[1]) - np.mean(scores[0])) < max(map(np.std, scores)), name
    (HERE / "ESTIMATORS.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
