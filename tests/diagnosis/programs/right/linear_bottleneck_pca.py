"""A linear autoencoder, which is PCA: linear hidden layers are the point of it."""
import random
import numpy as np
from autograd import Tensor, losses
from autograd.optim import Adam

rng = np.random.default_rng(14)
X = rng.normal(size=(80, 2)) @ rng.normal(size=(2, 6)) + 0.05 * rng.normal(size=(80, 6))
X -= X.mean(axis=0)
A = Tensor(rng.normal(0, 0.3, (6, 2)), requires_grad=True)
B = Tensor(rng.normal(0, 0.3, (2, 6)), requires_grad=True)
opt = Adam([A, B], lr=0.03)
for k in range(200):
    loss = losses.mse(X @ A @ B, X)
    opt.zero_grad()
    loss.backward()
    opt.step()
s = np.linalg.svd(X, compute_uv=False)
print(loss.item(), (s[2:] ** 2).sum() / X.size)
