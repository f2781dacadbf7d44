"""Areas in square metres, as they are, in a loop over samples."""

import random

from autograd import Net

random.seed(1)
areas = [random.uniform(20, 200) for _ in range(30)]
rents = [0.3 + 0.009 * a for a in areas]
net = Net(1, [4, 1], "leaky_relu", "linear")
for epoch in range(20):
    loss = sum((net([a]) - r) ** 2 for a, r in zip(areas, rents)) / 30  # wrong: unscaled_inputs
    net.zero_grad()
    loss.backward()
    net.step(1e-6)
