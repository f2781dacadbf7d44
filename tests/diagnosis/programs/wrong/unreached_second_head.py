"""Two heads, of which the loss forgets one."""

import random

import numpy as np

from autograd import Layer, losses
from autograd.nn import Module
from autograd.optim import Adam


class TwoHeads(Module):
    def __init__(self):
        self.trunk = Layer(2, 8, "tanh")
        self.heads = [Layer(8, 1, "linear"), Layer(8, 1, "linear")]

    def __call__(self, X):
        h = self.trunk(X)
        return self.heads[0](h), self.heads[1](h)

    def params(self):
        return self.trunk.params() + self.heads[0].params() + self.heads[1].params()


random.seed(1)
rng = np.random.default_rng(1)
X = rng.normal(size=(40, 2))
model = TwoHeads()
optimizer = Adam(model, lr=0.01)
for epoch in range(20):
    first, second = model(X)
    loss = losses.mse(first, X[:, :1] * X[:, 1:])
    optimizer.zero_grad()
    loss.backward()  # wrong: unreached
    optimizer.step()
