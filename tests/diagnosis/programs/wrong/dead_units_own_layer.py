"""Biases of -3 'so that it starts sparse': most relus of the first layer never open."""
import random
import numpy as np
from autograd import Tensor, losses
from autograd.optim import SGD

rng = np.random.default_rng(30)
X = rng.uniform(-1, 1, (60, 3))
y = (X[:, :1] ** 2)


class Net:
    def __init__(self):
        self.W1 = Tensor(rng.normal(0, 0.5, (3, 20)), requires_grad=True)
        self.b1 = Tensor(np.full(20, -3.0), requires_grad=True)
        self.W2 = Tensor(rng.normal(0, 0.2, (20, 1)), requires_grad=True)
        self.b2 = Tensor(np.zeros(1), requires_grad=True)

    def __call__(self, x):
        return (x @ self.W1 + self.b1).relu() @ self.W2 + self.b2  # wrong: dead_units

    def params(self):
        return [self.W1, self.b1, self.W2, self.b2]


net = Net()
opt = SGD(net.params(), lr=0.1)
for epoch in range(60):
    loss = losses.mse(net(X), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
