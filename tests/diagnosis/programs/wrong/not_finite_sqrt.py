"""The root of a distance that is 0 has an infinite slope."""

from autograd import Value

a, b = Value(1.0), Value(2.0)
for step in range(3):
    distance = ((a - 1.0) ** 2).sqrt()  # wrong: not_finite
    loss = distance + (b - 1.0) ** 2
    a.grad = b.grad = 0.0
    loss.backward()
    a.data -= 0.1 * a.grad
    b.data -= 0.1 * b.grad
