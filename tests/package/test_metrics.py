"""Metrics of predictions."""

import numpy as np
import pytest

from autograd import metrics


@pytest.mark.parametrize("number", [0.1, 0.3, 1.1, 3.3, -7.7, 1e300])
@pytest.mark.parametrize("rows", [1, 3, 10, 1001])
def test_r2_is_none_if_all_true_numbers_are_equal(number, rows):
    assert metrics.of_numbers(np.full(rows, number), np.full(rows, 1.1))["r2"] is None
