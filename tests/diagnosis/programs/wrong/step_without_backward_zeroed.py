"""The gradients are set to 0 between backward() and the step."""

import random

import numpy as np

from autograd import Net, losses
from autograd.optim import SGD

random.seed(1)
X = np.linspace(-1, 1, 32)[:, None]
net = Net(1, [8, 1], "tanh", "linear")
optimizer = SGD(net, lr=0.05)
for epoch in range(30):
    loss = losses.mse(net(X), X**2)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()  # wrong: step_without_backward
