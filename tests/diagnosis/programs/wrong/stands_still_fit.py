"""A learning rate of a millionth, in fit."""

import random

import numpy as np

from autograd import Net

random.seed(1)
X = np.linspace(-1, 1, 64)[:, None]
net = Net(1, [8, 1], "tanh", "linear")
net.fit(X, np.sin(3 * X), optimizer="sgd", lr=1e-6, epochs=30, seed=1, doctor=True)  # wrong: stands_still
