import numpy as np
from autograd import Tensor
from autograd.optim import Adam
rng = np.random.default_rng(1)
X = rng.normal(size=(60, 3)); y = np.tanh(X @ np.array([1.0, -1.0, 0.3]))
W = Tensor(rng.normal(size=(3, 6)) * 0.5, requires_grad=True); v = Tensor(rng.normal(size=6) * 0.3, requires_grad=True)
opt = Adam([W, v], lr=0.02)
for i in range(60):
    h = np.tanh((X @ W).data)  # wrong: number_taken
    loss = ((h @ v - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()  # wrong: unreached
    opt.step()
print(loss.item())
