"""One input in square metres among others of about 1."""

import random

import numpy as np

from autograd import Net

random.seed(1)
rng = np.random.default_rng(0)
X = np.column_stack([rng.normal(size=64), rng.uniform(20, 200, 64)])
y = X[:, 0] + X[:, 1] / 100
Net(2, [8, 1], "leaky_relu", "linear").fit(X, y, epochs=20, seed=1, doctor=True)  # wrong: unscaled_inputs
