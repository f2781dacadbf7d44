"""The loss is that of one net, and the step that of another."""

import math
import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
Y = [math.sin(x[0]) for x in X]
net = Net(1, [8, 1], "tanh", "linear")

teacher = Net(1, [4, 1], "tanh", "linear")
for epoch in range(5):
    loss = sum((teacher(x) - y) ** 2 for x, y in zip(X, Y)) / 20
    net.zero_grad()
    loss.backward()  # wrong: unreached
    net.step(0.01)
