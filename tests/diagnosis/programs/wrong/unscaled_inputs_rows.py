"""The same with whole arrays."""

import random

import numpy as np

from autograd import Net, losses
from autograd.optim import Adam

random.seed(1)
X = np.random.default_rng(0).uniform(1900, 2020, (64, 1))
y = (X - 1960) / 60
net = Net(1, [8, 1], "leaky_relu", "linear")
optimizer = Adam(net, lr=0.001)
for epoch in range(30):
    loss = losses.mse(net(X), y)  # wrong: unscaled_inputs
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
