"""Gradient descent on a parabola, with steps that throw it out."""

from autograd import Value

x = Value(1.0)
for step in range(12):
    y = 3 * x * x
    x.zero_grad()
    y.backward()  # wrong: diverges
    x.data -= 0.6 * x.grad
