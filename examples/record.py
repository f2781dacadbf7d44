"""Record a training step once, and replay its NumPy calls."""

import random

import numpy as np

from autograd import losses, record
from autograd.nn import Net
from autograd.optim import Adam

random.seed(1)
rng = np.random.default_rng(1)
X = rng.uniform(-1, 1, (50, 2))
net = Net(2, [16, 1], activation="tanh", output_activation="linear")
optimizer = Adam(net, lr=0.02)


def step(X, y):
    loss = losses.mse(net(X), y)
    net.zero_grad()
    loss.backward()
    return loss


program = record(step, X, X[:, 0])
print(program)
for _ in range(500):
    loss = program(X, X[:, 0] * X[:, 1])
    optimizer.step()
print(f"mean squared error {loss:.5f}")
