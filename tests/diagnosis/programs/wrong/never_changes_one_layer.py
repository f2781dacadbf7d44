"""The optimiser is given the last layer only."""

import random

import numpy as np

from autograd import Net, losses
from autograd.optim import SGD

random.seed(1)
X = np.linspace(-1, 1, 32)[:, None]
net = Net(1, [8, 1], "tanh", "linear")
optimizer = SGD(net.layers[1], lr=0.05)
for epoch in range(30):
    loss = losses.mse(net(X), np.sin(3 * X))
    net.zero_grad()
    loss.backward()
    optimizer.step()  # wrong: never_changes
