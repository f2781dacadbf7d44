"""Iteratively reweighted least squares: weights come from residuals as numbers, on purpose."""
import random
from autograd.engine import Value

random.seed(102)
xs = [i / 10 for i in range(-10, 11)]
ys = [0.8 * x + 0.3 + random.gauss(0, 0.05) for x in xs]
ys[3], ys[15] = 4.0, -3.0
slope, offset = Value(0.0), Value(0.0)
weights = [1.0] * len(xs)
for outer in range(12):
    for inner in range(10):
        loss = sum(w * (slope * x + offset - y) ** 2 for w, x, y in zip(weights, xs, ys)) / sum(weights)
        slope.zero_grad()
        offset.zero_grad()
        loss.backward()
        slope.data -= 0.4 * slope.grad
        offset.data -= 0.4 * offset.grad
    residuals = [abs((slope * x + offset - y).data) for x, y in zip(xs, ys)]
    weights = [1 / max(r, 0.05) for r in residuals]
print(slope.data, offset.data)
