import numpy as np
from autograd import Tensor
rng = np.random.default_rng(2)
X = np.c_[np.ones(50), rng.uniform(-1, 1, 50)]
y = 2 + 3 * X[:, 1] + rng.normal(0, 0.3, 50)
w = Tensor(np.zeros(2), requires_grad=True)
for epoch in range(200):
    lr = 0.5 / (1 + 0.05 * epoch)
    e = X @ w - y
    loss = (e * e).mean()
    w.zero_grad()
    loss.backward()
    w.data -= lr * w.grad
print(w.data, loss.item())        # it has converged: noise of 0.09 is left
