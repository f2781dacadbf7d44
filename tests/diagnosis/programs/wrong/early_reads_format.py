"""A text is made of each output."""

import math
import random

from autograd import Net

random.seed(1)
X = [[i / 10] for i in range(20)]
Y = [math.sin(x[0]) for x in X]
net = Net(1, [8, 1], "tanh", "linear")

for epoch in range(5):
    loss, lines = 0, []
    for x, y in zip(X, Y):
        out = net(x)
        lines.append(f"{x[0]:.1f} {out:.3f}")  # wrong: early_reads
        loss += (out - y) ** 2
    net.zero_grad()
    loss.backward()
    net.step(0.001)
