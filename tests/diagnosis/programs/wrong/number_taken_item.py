import numpy as np
from autograd import Tensor
rng = np.random.default_rng(0)
X = rng.normal(size=(50, 3)); y = X @ np.array([2.0, 0.0, 0.0]) + 0.1 * rng.normal(size=50)
w = Tensor(rng.normal(size=3) * 0.1, requires_grad=True)
scale = Tensor(1.0, requires_grad=True)
for i in range(80):
    factor = np.tanh(scale).item()  # wrong: number_taken
    loss = ((X @ w * factor - y) ** 2).mean()
    w.grad = None; scale.grad = None
    loss.backward()
    for p in (w, scale):
        if p.grad is not None:
            p.data = p.data - 0.1 * p.grad
print(w.data, scale.data, loss.item())
