"""All weights begin at 0, in fit."""

import random

import numpy as np

from autograd import Net

random.seed(1)
X = np.linspace(-1, 1, 64)[:, None]
net = Net(1, [8, 1], "tanh", "linear", init=lambda n_out, n_in: np.zeros((n_out, n_in)))
net.fit(X, X**2, epochs=20, seed=1, doctor=True)  # wrong: never_changes
