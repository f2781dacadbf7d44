"""A Gaussian that is fitted to samples of its own, whose weights count as they are."""

import numpy as np

from autograd import Tensor
from autograd.optim import Adam

rng = np.random.default_rng(1)
mean, log_scale = Tensor(0.0, requires_grad=True), Tensor(0.5, requires_grad=True)
optimizer = Adam([mean, log_scale], lr=0.05)


def log_density(x):
    """The logarithm of the density of the Gaussian, up to a constant."""
    return -log_scale - 0.5 * ((x - mean) / np.exp(log_scale)) ** 2


for step in range(60):
    x = mean.item() + np.exp(log_scale.item()) * rng.normal(size=100)
    log_weights = -0.5 * (x - 2.0) ** 2 - log_density(x).numpy()
    weights = np.exp(log_weights - log_weights.max())
    loss = -(weights / weights.sum() * log_density(x)).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(mean.item())
