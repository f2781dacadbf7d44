import numpy as np
from autograd import Tensor
rng = np.random.default_rng(0)
X = rng.normal(size=(100, 3))
y = X @ np.array([1.0, -2.0, 0.5]) + 0.3
W = Tensor(np.zeros(3), requires_grad=True)
b = Tensor(0.0, requires_grad=True)
params = [W, b]
m = [np.zeros_like(p.data) for p in params]
v = [np.zeros_like(p.data) for p in params]
for t in range(1, 301):
    loss = ((X @ W + b - y) ** 2).mean()
    for p in params:
        p.grad = None
    loss.backward()
    for i, p in enumerate(params):
        m[i] = 0.9 * m[i] + 0.1 * p.grad
        v[i] = 0.999 * v[i] + 0.001 * p.grad ** 2
        mh, vh = m[i] / (1 - 0.9 ** t), v[i] / (1 - 0.999 ** t)
        p.data = p.data - 0.05 * mh / (np.sqrt(vh) + 1e-8)
print(W.data, b.data, loss.item())
