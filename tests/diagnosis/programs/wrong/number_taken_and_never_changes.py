"""The number of one Value is taken, and another one is left out of the updates."""

import math

from autograd import Value

a, b, c = Value(0.3), Value(0.5), Value(0.1)
for step in range(20):
    scale = math.exp(a)  # wrong: number_taken
    loss = (b * scale + c - 2.0) ** 2
    loss.backward()
    gradients = [v.grad for v in (a, b, c)]
    a.grad = b.grad = c.grad = 0.0
    a.data -= 0.05 * gradients[0]  # wrong: never_changes
    b.data -= 0.05 * gradients[1]
