"""Focal weights (1-p)^2 as numbers, in a loop of Values: weights of samples, not part of what is differentiated."""
import random
from autograd.engine import Value

random.seed(35)
rows = [((random.gauss(0.9, 0.6), random.gauss(0.5, 0.6)), 1) for _ in range(8)]
rows += [((random.gauss(-0.6, 0.6), random.gauss(-0.6, 0.6)), 0) for _ in range(32)]
w1, w2, b = Value(0.0), Value(0.0), Value(0.0)
for k in range(60):
    ps = [(w1 * x[0] + w2 * x[1] + b).sigmoid() for x, _ in rows]
    right = [p if t else 1 - p for p, (_, t) in zip(ps, rows)]
    weight = [(1 - r.data) ** 2 for r in right]
    loss = -sum(wt * r.log() for wt, r in zip(weight, right)) / sum(weight)
    for v in (w1, w2, b):
        v.zero_grad()
    loss.backward()
    for v in (w1, w2, b):
        v.data -= 0.3 * v.grad
print(loss.data, sum(r.data > 0.5 for r in right), "of", len(rows))
