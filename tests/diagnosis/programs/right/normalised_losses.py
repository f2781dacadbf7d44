"""Each task's loss is divided by its own number, so both weigh the same: a constant 2, and gradients that are not."""
import random
from autograd.engine import Value

random.seed(9)
xs = [random.uniform(-1, 1) for _ in range(20)]
a, b, shared = Value(0.1), Value(0.2), Value(0.5)
track = []
for k in range(250):
    small = sum((shared * a * x - 0.01 * x) ** 2 for x in xs) / 20 + 1e-4
    large = sum((shared * b * x - 1.5 * x) ** 2 for x in xs) / 20 + 1e-2
    loss = small / small.data + large / large.data
    for p in (a, b, shared):
        p.zero_grad()
    loss.backward()
    for p in (a, b, shared):
        p.data -= 0.002 * p.grad
    track.append(small.data + large.data)
print(track[0], track[-1])
