"""All weights begin at 0: the hidden layer's gradient is 0 in every pass."""

import numpy as np

from autograd import Net, losses
from autograd.optim import Adam

X = np.linspace(-1, 1, 32)[:, None]
net = Net(1, [8, 1], "tanh", "linear", init=lambda n_out, n_in: np.zeros((n_out, n_in)))
optimizer = Adam(net, lr=0.01)
for epoch in range(30):
    loss = losses.mse(net(X), X**2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()  # wrong: never_changes
