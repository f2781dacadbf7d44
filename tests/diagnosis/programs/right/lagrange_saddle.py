"""Constrained optimum: descent in x, ascent in the multiplier; the Lagrangian goes up and down by nature."""
from autograd.engine import Value

x, y, lam = Value(1.5), Value(0.0), Value(0.0)
for k in range(200):
    f = (x - 2) ** 2 + (y - 1) ** 2
    g = x + y - 2
    L = f + lam * g + g * g
    for v in (x, y, lam):
        v.zero_grad()
    L.backward()
    x.data -= 0.1 * x.grad
    y.data -= 0.1 * y.grad
    lam.data += 0.1 * lam.grad
print(x.data, y.data, lam.data)
