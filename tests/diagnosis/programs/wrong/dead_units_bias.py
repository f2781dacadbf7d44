"""Biases of -50 kill all relus, in a loop over samples."""

import math
import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
Y = [math.sin(x[0]) for x in X]
net = Net(1, [8, 1], "relu", "linear")

for neuron in net.layers[0].neurons:
    neuron.b = -50.0
for epoch in range(20):
    loss = sum((net(x) - y) ** 2 for x, y in zip(X, Y)) / 20  # wrong: dead_units
    net.zero_grad()
    loss.backward()
    net.step(0.01)
