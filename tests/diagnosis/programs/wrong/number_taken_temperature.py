"""A temperature that is to be learned, by its number."""

import numpy as np

from autograd import Tensor, losses
from autograd.optim import SGD

rng = np.random.default_rng(1)
X = rng.normal(size=(60, 4))
labels = (X @ rng.normal(size=(4, 3)) + rng.gumbel(size=(60, 3))).argmax(axis=1)
W = Tensor(0.1 * rng.normal(size=(4, 3)), requires_grad=True)
log_temperature = Tensor(0.5, requires_grad=True)
optimizer = SGD([W, log_temperature], lr=0.1)
for epoch in range(20):
    temperature = np.exp(log_temperature.item())  # wrong: number_taken
    loss = losses.cross_entropy(X @ W / temperature, labels)
    optimizer.zero_grad()
    loss.backward()  # wrong: unreached
    optimizer.step()
