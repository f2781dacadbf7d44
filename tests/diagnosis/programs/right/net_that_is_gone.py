"""A factor that comes from a net which is forgotten in each step."""

import random

from autograd import Net, Value

random.seed(1)


def noise():
    """A number from a net of two layers with random weights."""
    return Net(1, [4, 1], "tanh")([0.5]).data


w = Value(0.5)
for step in range(30):
    loss = ((1.0 + 0.1 * noise()) * w - 1.0) ** 2
    w.zero_grad()
    loss.backward()
    w.data -= 0.05 * w.grad
print(w.data)
