"""The same in fit: most relus of a layer are dead from the start."""

import random

import numpy as np

from autograd import Net

random.seed(1)
X = np.linspace(-1, 1, 64)[:, None]
net = Net(1, [8, 1], "relu", "linear")
for neuron in net.layers[0].neurons[:6]:
    neuron.b = -20.0
net.fit(X, X**2, epochs=20, seed=1, doctor=True)  # wrong: dead_units
