"""Metrics of predictions."""

import numpy as np
import pytest
import sklearn.metrics

from autograd import metrics
from autograd.errors import AutogradError, DataError, NotANumberError, ShapeError


@pytest.mark.parametrize("number", [0.1, 0.3, 1.1, 3.3, -7.7, 1e300])
@pytest.mark.parametrize("rows", [1, 3, 10, 1001])
def test_r2_is_none_if_all_true_numbers_are_equal(number, rows):
    assert metrics.of_numbers(np.full(rows, number), np.full(rows, 1.1))["r2"] is None


@pytest.mark.parametrize("kinds", [[0, 1], [3, -1, 7], ["cat", "dog", "owl"]], ids=str)
@pytest.mark.parametrize("rows", [1, 2, 50])
def test_accuracy_and_confusion_matrix_are_those_of_scikit_learn(kinds, rows):
    draw = np.random.default_rng(rows)
    truth, predictions = draw.choice(kinds, rows), draw.choice(kinds, rows)
    assert metrics.accuracy(truth, predictions.tolist()) == sklearn.metrics.accuracy_score(truth, predictions)
    if len(np.unique([truth, predictions])) > 1:
        expected = sklearn.metrics.confusion_matrix(truth, predictions)
        np.testing.assert_array_equal(metrics.confusion_matrix(truth.tolist(), predictions), expected)
    order = kinds[::-1]
    expected = sklearn.metrics.confusion_matrix(truth, predictions, labels=order)
    np.testing.assert_array_equal(metrics.confusion_matrix(truth, predictions, order), expected)


def test_r2_is_that_of_scikit_learn_and_nan_if_all_true_numbers_are_equal():
    draw = np.random.default_rng(1)
    truth, predictions = draw.normal(size=30), draw.normal(size=30)
    expected = sklearn.metrics.r2_score(truth, predictions)
    assert metrics.r2(truth, predictions) == pytest.approx(expected, rel=1e-12)
    assert metrics.r2(truth[:, None], predictions) == pytest.approx(expected, rel=1e-12)
    assert np.isnan(metrics.r2([2.0, 2.0], [1.0, 2.0]))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: metrics.accuracy([1, 2], [1]), ShapeError, r"^accuracy\(\) wants .* \(2,\) and \(1,\)$"),
        (
            lambda: metrics.accuracy([[1]], [[1]]),
            ShapeError,
            r"^accuracy\(\) wants .* \(1, 1\) and \(1, 1\)$",
        ),
        (lambda: metrics.accuracy([], []), DataError, r"^accuracy\(\) wants at least one row, got none$"),
        (
            lambda: metrics.confusion_matrix([0], [2], [0, 1]),
            DataError,
            r"a row of class .*2.* not in classes",
        ),
        (lambda: metrics.r2([1, 2], [1]), ShapeError, r"^r2\(\) wants a prediction for each row"),
        (lambda: metrics.r2(["a"], ["a"]), NotANumberError, r"^r2\(\) wants numbers, got 'a'"),
    ],
)
def test_bad_input_of_metrics_is_an_error_that_names_the_call(call, error, message):
    assert issubclass(error, AutogradError)
    with pytest.raises(error, match=message):
        call()
