"""Whole arrays and an optimiser, without zero_grad()."""

import random

import numpy as np

from autograd import Net, losses
from autograd.optim import Adam

random.seed(1)
X = np.linspace(-1, 1, 32)[:, None]
net = Net(1, [8, 1], "tanh", "linear")
optimizer = Adam(net, lr=0.01)
for epoch in range(30):
    loss = losses.mse(net(X), X**2)
    loss.backward()  # wrong: not_zeroed
    optimizer.step()
