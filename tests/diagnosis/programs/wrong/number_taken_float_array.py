"""Outputs written into an array of floats, to average them with NumPy."""

import math
import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
Y = [math.sin(x[0]) for x in X]
net = Net(1, [8, 1], "tanh", "linear")

import numpy as np

params = net.params()
for epoch in range(10):
    outs = np.zeros(len(X))
    for i, x in enumerate(X):
        outs[i] = net(x)  # wrong: number_taken
    error = ((outs - np.array(Y)) ** 2).mean()
    loss = error + 0.001 * sum(p * p for p in params)
    net.zero_grad()
    loss.backward()
    net.step(0.01)
