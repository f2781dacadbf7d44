"""A linear machine with hinge losses by hand, all of which are 0 in the end."""
import numpy as np

from autograd import Tensor
from autograd.optim import SGD

rng = np.random.default_rng(3)
y = np.where(rng.random((40, 1)) < 0.5, -1.0, 1.0)
X = rng.normal(size=(40, 2)) * 0.3 + y * 2
w = Tensor(np.array([[0.1], [-0.1]]), requires_grad=True)
optimizer = SGD([w], lr=0.2)
for step in range(60):
    loss = np.maximum(1 - y * (X @ w), 0).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
