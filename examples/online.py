"""Learn from data that come in portions, an update for each."""

import random

import numpy as np

from autograd.nn import Net

random.seed(1)
rng = np.random.default_rng(1)
net = Net(1, [16, 1], activation="tanh", output_activation="linear")
for portion in range(1, 1001):
    x = rng.uniform(-3, 3, 20)
    loss = net.partial_fit(x, np.sin(x), lr=0.01)  # of these rows, before the update
    if portion in (1, 10, 100, 1000):
        print(f"portion {portion:4}  mean squared error {loss:.4f}")
