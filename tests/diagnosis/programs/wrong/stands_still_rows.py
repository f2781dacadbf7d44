"""Whole arrays, Adam, and a learning rate that is forgotten at 1e-7."""

import random

import numpy as np

from autograd import Net, losses
from autograd.optim import Adam

random.seed(1)
X = np.linspace(-1, 1, 32)[:, None]
net = Net(1, [8, 1], "tanh", "linear")
optimizer = Adam(net, lr=1e-7)
for epoch in range(40):
    loss = losses.mse(net(X), np.sin(4 * X))
    optimizer.zero_grad()
    loss.backward()  # wrong: stands_still
    optimizer.step()
