"""A net that ends in a sigmoid, and one more sigmoid on top."""

import random

from autograd import Net

random.seed(1)
data = [([x / 4, y / 4], float(x > y)) for x in range(-3, 4) for y in range(-3, 4)]
net = Net(2, [4, 1], "tanh", "sigmoid")
for epoch in range(10):
    loss = 0
    for x, label in data:
        p = net(x).sigmoid()  # wrong: misfit
        loss -= label * p.log() + (1 - label) * (1 - p).log()
    net.zero_grad()
    loss.backward()
    net.step(0.01)
