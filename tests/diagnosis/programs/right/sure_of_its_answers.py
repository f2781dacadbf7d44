"""Logistic regression on classes that lie apart: the outputs end near 0 and 1, as they should."""
import random

from autograd import Net

random.seed(1)
data = [([random.gauss(3 * y - 3 * (1 - y), 0.5)], float(y)) for y in (0, 1) for _ in range(20)]
net = Net(1, [1], "sigmoid")
for epoch in range(300):
    loss = sum((net(x) - y) ** 2 for x, y in data) / 40
    net.zero_grad()
    loss.backward()
    net.step(20.0)
print(loss.data)
