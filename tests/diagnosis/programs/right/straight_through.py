"""A binary code with the straight-through trick: the rounding is a number added on purpose, the gradient goes past it."""
import numpy as np
from autograd import Tensor, losses
from autograd.optim import Adam

rng = np.random.default_rng(101)
X = np.eye(6)
E = Tensor(rng.normal(0, 1, (6, 4)), requires_grad=True)
Dm = Tensor(rng.normal(0, 0.5, (4, 6)), requires_grad=True)
c = Tensor(np.zeros(6), requires_grad=True)
opt = Adam([E, Dm, c], lr=0.05)
for k in range(150):
    soft = (X @ E).sigmoid()
    hard = (soft.data > 0.5).astype(float)
    code = soft + (hard - soft.detach())
    loss = losses.cross_entropy((2 * code - 1) @ Dm * 2 + c, np.arange(6))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if k % 50 == 0:
        print(k, loss.item())
print(loss.item(), hard.astype(int).tolist())
