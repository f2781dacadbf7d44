import numpy as np
from autograd import Tensor, losses
from autograd.optim import Adam
rng = np.random.default_rng(0)
X = rng.normal(size=(80, 3)); y = X @ np.array([1.0, 2.0, -1.0])
w = Tensor(np.zeros(3), requires_grad=True)
opt = Adam([w], lr=0.05)
opt.zero_grad()
for epoch in range(100):
    loss = losses.mse(X @ w, y)
    loss.backward()  # wrong: not_zeroed
    opt.step()
print(w.data, loss.item())
