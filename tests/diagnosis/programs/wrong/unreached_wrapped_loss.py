"""The loss is put into a Value of its own, without the graph that it came from."""

import math
import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
Y = [math.sin(x[0]) for x in X]
net = Net(1, [8, 1], "tanh", "linear")

from autograd import Value

for epoch in range(5):
    error = sum((net(x) - y) ** 2 for x, y in zip(X, Y)) / 20
    loss = Value(error.data)
    net.zero_grad()
    loss.backward()  # wrong: unreached
    for p in net.params():
        p.data -= 0.01 * p.grad
