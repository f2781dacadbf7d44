"""float() around the output of a net, and a penalty that keeps the graph alive."""

import math
import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
Y = [math.sin(x[0]) for x in X]
net = Net(1, [8, 1], "tanh", "linear")

params = net.params()
for epoch in range(10):
    penalty = sum(p * p for p in params) * 1e-3
    loss = penalty
    for x, y in zip(X, Y):
        guess = float(net(x))  # wrong: number_taken
        loss = loss + (guess - y) ** 2
    net.zero_grad()
    loss.backward()
    net.step(0.01)
