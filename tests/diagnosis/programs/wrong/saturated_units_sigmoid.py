"""Weights so large that every sigmoid is at an end."""

import random

import numpy as np

from autograd import Net, losses

random.seed(1)
X = np.random.default_rng(0).uniform(0.5, 1.5, (64, 2))
net = Net(2, [8, 1], "sigmoid", "linear", init=lambda n_out, n_in: np.full((n_out, n_in), 30.0))
for epoch in range(30):
    loss = losses.mse(net(X), X[:, :1])  # wrong: saturated_units
    net.zero_grad()
    loss.backward()
    net.step(0.001)
