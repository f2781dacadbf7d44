"""Learn the sine on [0, 5), a sample at a time: the loop of the original library."""

import math
import random

from autograd.nn import Net

random.seed(1)
X = [[i / 10] for i in range(50)]
y = [math.sin(x[0]) for x in X]
net = Net(1, [20, 20, 1], activation="tanh", output_activation="linear")

for epoch in range(201):
    loss = 0
    for x, yi in zip(X, y, strict=True):
        loss += (net(x) - yi) ** 2
    net.zero_grad()
    loss.backward()
    net.step(0.0002)
    if epoch % 40 == 0:
        print(f"epoch {epoch:3}  mean squared error {loss.data / len(X):.4f}")
