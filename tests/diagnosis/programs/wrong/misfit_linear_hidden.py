"""Hidden layers that are linear: the net is no more than one line."""

import random

from autograd import Net

random.seed(1)
X = [[i / 10 - 1] for i in range(20)]
net = Net(1, [8, 1], "linear")
for epoch in range(20):
    loss = sum((net(x) - x[0] ** 2) ** 2 for x in X) / 20  # wrong: misfit
    net.zero_grad()
    loss.backward()
    net.step(0.01)
