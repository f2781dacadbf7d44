"""Deep embedded clustering's sharpened targets are numbers made of the current soft assignments."""
import numpy as np
from autograd import Tensor
from autograd.optim import Adam

rng = np.random.default_rng(33)
X = np.r_[rng.normal([1, 1], 0.5, (40, 2)), rng.normal([-1, -0.6], 0.5, (40, 2))]
W = Tensor(np.eye(2) + 0.1 * rng.normal(size=(2, 2)), requires_grad=True)
C = Tensor(np.array([[0.3, 0.1], [-0.3, 0.0]]), requires_grad=True)
opt = Adam([W, C], lr=0.02)
log = []
for it in range(80):
    z = X @ W
    q = 1 / (1 + ((z[:, None, :] - C[None]) ** 2).sum(axis=2))
    q = q / q.sum(axis=1, keepdims=True)
    if it % 10 == 0:
        n = q.numpy() ** 2 / q.numpy().sum(axis=0)
        P = n / n.sum(axis=1, keepdims=True)
    loss = (P * (np.log(P) - np.log(q))).sum(axis=1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    log.append(loss.item())
print(log[0], log[9], log[-1])
