"""np.array of Values with dtype float for a quick mean and spread in the loss."""
import random
import numpy as np
from autograd.nn import Net

random.seed(82)
rows = [[random.uniform(-1, 1)] for _ in range(20)]
net = Net(1, [6, 1], "tanh", "linear")
for k in range(20):
    outs = [net(x) for x in rows]
    fit = sum((o - x[0] ** 2) ** 2 for o, x in zip(outs, rows)) / 20
    spread = np.array(outs, dtype=float).var()  # wrong: number_taken
    loss = fit + 0.5 * (spread - 0.1) ** 2
    net.zero_grad()
    loss.backward()
    net.step(0.1)
print(loss.data)
