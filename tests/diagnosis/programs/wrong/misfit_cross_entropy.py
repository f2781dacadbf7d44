"""cross_entropy takes logits, and is given probabilities."""

import random

import numpy as np

from autograd import Net, losses
from autograd.optim import Adam

random.seed(1)
X = np.random.default_rng(0).normal(size=(64, 2))
labels = (X[:, 0] > X[:, 1]).astype(int)
net = Net(2, [8, 2], "tanh", "sigmoid")
optimizer = Adam(net, lr=0.01)
for epoch in range(20):
    loss = losses.cross_entropy(net(X), labels)  # wrong: misfit
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
