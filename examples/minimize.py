"""Minimise relu((x - y)³ + e^y) + y by gradient descent on two scalars."""

from autograd.engine import Value

x = Value(7)
y = Value(3)
lr = 0.001

for i in range(20001):
    f = (x - y) ** 3 + y.exp()
    f = f.relu() + y

    x.zero_grad()
    y.zero_grad()
    f.backward()

    x.data -= lr * x.grad
    y.data -= lr * y.grad
    if i % 4000 == 0:
        print(f"{i:5}  f = {f:8.3f}  x = {x:.3f}  y = {y:.3f}")
