"""Years as they are: each tanh is at an end for all rows."""

import random

import numpy as np

from autograd import Net

random.seed(1)
X = np.random.default_rng(0).uniform(1900, 2020, (64, 1))
net = Net(1, [8, 1], "tanh", "linear")
net.fit(X, (X - 1960) / 60, epochs=20, seed=1, doctor=True)  # wrong: saturated_units unscaled_inputs
