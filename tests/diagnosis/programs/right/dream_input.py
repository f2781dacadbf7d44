"""Ascent on the input of a fixed function until it answers most; a sum rises, which is what is wanted."""
import math
from autograd.engine import Value

x, y = Value(-0.8), Value(0.9)
for k in range(40):
    height = (-(x - 0.3) ** 2 - 0.5 * (y + 0.2) ** 2).exp() + 0.1 * (x * 3).sin()
    x.zero_grad()
    y.zero_grad()
    height.backward()
    x.data += 0.3 * x.grad
    y.data += 0.3 * y.grad
print(height.data, x.data, y.data)
