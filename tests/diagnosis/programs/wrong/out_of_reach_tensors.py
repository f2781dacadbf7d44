"""Labels of -1 and 1, and relu outputs."""

import random

import numpy as np

from autograd import Net, losses
from autograd.optim import Adam

random.seed(1)
X = np.random.default_rng(0).normal(size=(64, 2))
y = np.sign(X[:, :1])
net = Net(2, [16, 1], "tanh", "relu")
optimizer = Adam(net, lr=0.01)
for epoch in range(20):
    loss = losses.mae(net(X), y)  # wrong: out_of_reach
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
