"""Gradient descent with too large a learning rate, in fit."""

import random

import numpy as np

from autograd import Net

random.seed(1)
X = np.linspace(-1, 1, 64)[:, None]
net = Net(1, [8, 1], "tanh", "linear")
net.fit(X, X**2, optimizer="sgd", lr=0.8, epochs=8, seed=1, doctor=True)  # wrong: diverges
