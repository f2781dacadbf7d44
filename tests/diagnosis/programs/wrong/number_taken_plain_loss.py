"""The loss itself has become a float, which has no backward()."""

import math
import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
Y = [math.sin(x[0]) for x in X]
net = Net(1, [8, 1], "tanh", "linear")

for epoch in range(10):
    outs = [net(x).data for x in X]  # wrong: number_taken
    loss = sum((out - y) ** 2 for out, y in zip(outs, Y)) / 20
    net.zero_grad()
    loss.backward()
    net.step(0.01)
