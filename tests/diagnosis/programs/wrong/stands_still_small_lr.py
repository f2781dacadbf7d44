"""A learning rate of a millionth."""

import math
import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
Y = [math.sin(x[0]) for x in X]
net = Net(1, [8, 1], "tanh", "linear")

for epoch in range(40):
    loss = sum((net(x) - 3 * y) ** 2 for x, y in zip(X, Y)) / 20
    net.zero_grad()
    loss.backward()  # wrong: stands_still
    net.step(1e-6)
