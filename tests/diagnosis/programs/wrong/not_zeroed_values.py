"""A line fitted by Values and by hand, whose gradients are never set to 0."""

from autograd import Value

w, b = Value(0.5), Value(0.0)
points = [(1.0, 2.0), (2.0, 3.5), (3.0, 6.0)]
for epoch in range(20):
    loss = Value(0.0)
    for x, y in points:
        loss = loss + (w * x + b - y) ** 2
    loss.backward()  # wrong: not_zeroed
    for p in (w, b):
        p.data -= 0.001 * p.grad
