import numpy as np
from autograd import Tensor, losses
rng = np.random.default_rng(3)
X = rng.normal(size=(60, 2)) @ rng.normal(size=(2, 5))
W = Tensor(rng.normal(size=(2, 5)) * 0.2, requires_grad=True)
for i in range(150):
    loss = losses.mse(X @ W.T @ W, X)
    W.grad = None
    loss.backward()
    W.data = W.data - 0.03 * W.grad
print(loss.item())
