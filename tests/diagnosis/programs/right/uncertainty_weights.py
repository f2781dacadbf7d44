"""Weights of two tasks are learnt as log-variances; the total falls below 0, as likelihoods may."""
import math
import random
from autograd.engine import Value

random.seed(31)
xs = [random.uniform(-1, 1) for _ in range(30)]
u = [0.5 * x + random.gauss(0, 0.2) for x in xs]
v = [-x + random.gauss(0, 0.5) for x in xs]
a, b, sa, sb = Value(0.0), Value(0.0), Value(0.0), Value(0.0)
ps = (a, b, sa, sb)
for k in range(150):
    la = sum((a * x - t) ** 2 for x, t in zip(xs, u)) / 30
    lb = sum((b * x - t) ** 2 for x, t in zip(xs, v)) / 30
    loss = (-sa).exp() * la + sa + (-sb).exp() * lb + sb
    for p in ps:
        p.zero_grad()
    loss.backward()
    for p in ps:
        p.data -= 0.05 * p.grad
    if k % 50 == 0:
        print(k, loss.data)
print(loss.data, sa.data, sb.data)
