"""A product that passes the largest float, among outputs that wait."""

import math
import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
Y = [math.sin(x[0]) for x in X]
net = Net(1, [8, 1], "tanh", "linear")

for epoch in range(3):
    loss = 0
    for x, y in zip(X, Y):
        out = net(x)
        huge = (1e200 * out) * (1e200 * out)  # wrong: not_finite
        loss = loss + (out - y) ** 2 + 1e-300 * huge
    net.zero_grad()
    loss.backward()
