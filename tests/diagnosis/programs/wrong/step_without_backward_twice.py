"""Two steps for each backward()."""

import math
import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
Y = [math.sin(x[0]) for x in X]
net = Net(1, [8, 1], "tanh", "linear")

from autograd.optim import Adam

optimizer = Adam(net, lr=0.01)
for epoch in range(10):
    loss = sum((net(x) - y) ** 2 for x, y in zip(X, Y)) / 20
    net.zero_grad()
    loss.backward()
    optimizer.step()
    optimizer.step()  # wrong: step_without_backward
