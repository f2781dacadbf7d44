"""backward, zero, update: zeroed at the wrong place."""
from autograd.engine import Value
xs, ys = [0.0, 0.5, 1.0, 1.5], [0.2, 0.9, 1.3, 2.1]
m, c = Value(0.0), Value(0.0)
for k in range(15):
    loss = sum((m * x + c - y) ** 2 for x, y in zip(xs, ys))
    loss.backward()
    for p in (m, c):
        p.grad = 0.0
    for p in (m, c):
        p.data -= 0.05 * p.grad  # wrong: step_without_backward
