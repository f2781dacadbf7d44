"""Steps that throw the output of a line up and down."""

import math
import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
Y = [math.sin(x[0]) for x in X]
net = Net(1, [1], "linear")

for epoch in range(40):
    loss = sum((net(x) - y) ** 2 for x, y in zip(X, Y)) / 20
    net.zero_grad()
    loss.backward()  # wrong: oscillates
    net.step(0.4825)
