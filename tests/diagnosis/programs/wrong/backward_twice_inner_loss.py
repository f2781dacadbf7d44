import numpy as np
from autograd import Tensor
rng = np.random.default_rng(1)
X = rng.normal(size=(40, 2)); y = X @ np.array([1.0, -1.0])
w = Tensor(np.zeros(2), requires_grad=True)
for i in range(30):
    data_loss = ((X @ w - y) ** 2).mean()
    w.zero_grad()
    data_loss.backward()
    total = data_loss + 0.01 * (w ** 2).sum()
    total.backward()  # wrong: backward_twice
    w.data = w.data - 0.05 * w.grad
print(w.data)
