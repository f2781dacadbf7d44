import numpy as np
from autograd import Tensor
rng = np.random.default_rng(5)
X = rng.normal(size=(60, 2)); y = X @ np.array([1.5, -0.5]) + 1.0
W = Tensor(np.zeros(2), requires_grad=True)
b = Tensor(0.0, requires_grad=True)
for i in range(60):
    loss = ((X @ W + b - y) ** 2).mean()
    W.grad = None; b.grad = None
    loss.backward()
    W.data -= 0.1 * W.grad  # wrong: never_changes
print(W.data, b.data, loss.item())
