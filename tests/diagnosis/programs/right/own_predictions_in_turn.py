"""A net that goes on from its own predictions, or from the series, as a coin says."""

import math
import random

from autograd import Net

random.seed(1)
series = [math.cos(0.5 * i) for i in range(20)]
net = Net(2, [8, 1], "tanh", "linear", init="xavier")
for epoch in range(40):
    a, b, loss = series[0], series[1], 0.0
    for t in range(2, 20):
        out = net([a, b])
        loss = loss + (out - series[t]) ** 2 / 18
        a, b = b, out.data if random.random() < 0.7 else series[t]
    net.zero_grad()
    loss.backward()
    net.step(0.05)
print(loss.data)
