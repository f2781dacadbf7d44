"""A training that goes on, with a small rate, where it has nothing left to gain."""
import random

import numpy as np

from autograd import Net, losses
from autograd.optim import LBFGS, SGD

random.seed(1)
X = np.linspace(-1, 1, 30)[:, None]
y = 2 * X + 0.3 * np.sin(40 * X)
net = Net(1, [1], "linear")
optimizer = LBFGS(net)


def closure():
    net.zero_grad()
    loss = losses.mse(net(X), y)
    loss.backward()
    return loss.item()


optimizer.step(closure)
careful = SGD(net, lr=1e-4)
for step in range(30):
    loss = losses.mse(net(X), y)
    careful.zero_grad()
    loss.backward()
    careful.step()
print(loss.item())
