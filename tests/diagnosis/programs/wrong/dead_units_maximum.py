"""Whole-array relus by np.maximum, biases of -5 for most of the units."""
import numpy as np
from autograd import Tensor, losses
from autograd.optim import SGD
rng = np.random.default_rng(33)
X = rng.normal(size=(50, 10))
y = (X[:, :1] > 0).astype(float)
W = Tensor(rng.normal(0, .1, (10, 15)), requires_grad=True)
b = Tensor(np.full(15, -5.0), requires_grad=True)
b.data[:3] = 0
V = Tensor(rng.normal(0, 0.2, (15, 1)), requires_grad=True)
opt = SGD([W, b, V], lr=0.1)
for k in range(100):
    h = np.maximum(X @ W + b, 0)  # wrong: dead_units
    loss = losses.mse(h @ V, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
