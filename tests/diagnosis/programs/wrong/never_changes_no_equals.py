"""The minus without the equals sign: nothing is written anywhere."""
import numpy as np
from autograd import Tensor
rng = np.random.default_rng(23)
X = rng.normal(size=(40, 3))
y = X @ [0.2, 0.5, -0.7]
w = Tensor(rng.normal(size=3), requires_grad=True)
for k in range(20):
    loss = ((X @ w - y) ** 2).mean()
    w.zero_grad()
    loss.backward()
    w.data - 0.1 * w.grad  # wrong: never_changes
