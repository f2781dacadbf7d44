"""Whole arrays and SGD, with too large a learning rate."""

import random

import numpy as np

from autograd import Net, losses
from autograd.optim import SGD

random.seed(1)
X = np.linspace(-1, 1, 32)[:, None]
net = Net(1, [8, 1], "leaky_relu", "linear")
optimizer = SGD(net, lr=2.0)
for epoch in range(8):
    loss = losses.mse(net(X), X**2)
    optimizer.zero_grad()
    loss.backward()  # wrong: diverges
    optimizer.step()
