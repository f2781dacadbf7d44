"""Targets up to 4, and a net that ends in a sigmoid."""

import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
net = Net(1, [8, 1])
for epoch in range(20):
    loss = 0
    for x in X:
        loss += (net(x) - x[0] ** 2) ** 2  # wrong: out_of_reach
    net.zero_grad()
    loss.backward()
    net.step(0.01)
