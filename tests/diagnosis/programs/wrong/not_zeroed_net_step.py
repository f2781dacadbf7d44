"""No zero_grad() in a loop over samples with net.step."""

import math
import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
Y = [math.sin(x[0]) for x in X]
net = Net(1, [8, 1], "tanh", "linear")

for epoch in range(30):
    loss = sum((net(x) - y) ** 2 for x, y in zip(X, Y)) / 20
    loss.backward()  # wrong: not_zeroed
    net.step(0.001)
