"""Two outputs share a trunk; each has its own backward, and the sum of gradients is what is stepped with."""
import random
import numpy as np
from autograd import Tensor

rng = np.random.default_rng(53)
X = rng.normal(size=(40, 3))
a_t, b_t = X[:, 0] * 0.5, X[:, 1] - X[:, 2]
W = Tensor(rng.normal(0, 0.5, (3, 6)), requires_grad=True)
a, b = Tensor(rng.normal(0, 0.4, 6), requires_grad=True), Tensor(rng.normal(0, 0.4, 6), requires_grad=True)
log = []
for k in range(80):
    la = ((np.tanh(X @ W) @ a - a_t) ** 2).mean()
    lb = ((np.tanh(X @ W) @ b - b_t) ** 2).mean()
    for p in (W, a, b):
        p.zero_grad()
    la.backward()
    lb.backward()
    for p in (W, a, b):
        p.data -= 0.1 * p.grad
    log.append(la.item() + lb.item())
print(log[0], log[-1])
