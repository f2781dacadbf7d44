"""math.exp in place of v.exp(): the decay keeps its gradient only through its height."""

import math

from autograd import Value

rate, height = Value(0.3), Value(1.0)
points = [(0.0, 2.0), (1.0, 1.2), (2.0, 0.8), (3.0, 0.5)]
for epoch in range(20):
    loss = Value(0.0)
    for t, y in points:
        decay = math.exp(-rate * t)  # wrong: number_taken
        loss = loss + (height * decay - y) ** 2
    rate.grad = height.grad = 0.0
    loss.backward()
    rate.data -= 0.05 * rate.grad
    height.data -= 0.05 * height.grad
    rate.data *= 0.999
