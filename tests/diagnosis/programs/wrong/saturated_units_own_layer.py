"""A tanh layer of Tensors whose weights were drawn 200 times too wide."""
import numpy as np
from autograd import Tensor, losses
from autograd.optim import SGD
rng = np.random.default_rng(33)
X = rng.normal(size=(50, 10))
y = (X[:, :1] > 0).astype(float)
W = Tensor(rng.normal(0, 200, (10, 15)), requires_grad=True)
V = Tensor(rng.normal(0, 0.2, (15, 1)), requires_grad=True)
opt = SGD([W, V], lr=0.1)
for k in range(100):
    h = np.tanh(X @ W)  # wrong: saturated_units
    loss = losses.mse(h @ V, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
